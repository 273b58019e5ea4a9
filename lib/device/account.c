#include "device/account.h"

#include "dtls/der.h"

size_t
account_matching_len(uint64_t matching)
{
	static const size_t lens[] = {0, 32, 48, 64};

	return matching < 4 ? lens[matching] : SIZE_MAX;
}

enum rc
account_certificate(struct span chain, struct x509_certificate *out)
{
	struct der first;

	if (!der_next(&chain, &first))
		return RC_MALFORMED;
	return x509_certificate(first.raw, out);
}

struct span
account_common_name(struct span chain)
{
	struct x509_certificate c;

	if (account_certificate(chain, &c) != RC_OK)
		return (struct span){0};
	return c.common_name;
}
