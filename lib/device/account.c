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

static uint64_t
number_at(const struct held *held, uint16_t instance, uint16_t resource,
    uint64_t otherwise)
{
	struct lwm2m_path at =
	    LWM2M_RESOURCE(OBJECT_SECURITY, instance, resource);
	int64_t n = -1;
	uint64_t v = UINT64_MAX;

	if (!held_has(held, at))
		return otherwise;
	/* what is there and cannot be is no default */
	if (!held_unsigned(held, at, &v) && held_integer(held, at, &n) &&
	    n >= 0)
		v = (uint64_t)n;
	return v;
}

static struct span
bytes_at(const struct held *held, uint16_t instance, uint16_t resource)
{
	return held_bytes(
	    held, LWM2M_RESOURCE(OBJECT_SECURITY, instance, resource));
}

void
account_read(const struct held *held, uint16_t i, struct account *out)
{
	*out = (struct account){.instance = i, .mode = MODE_NOSEC};
	(void)held_integer(held,
	    LWM2M_RESOURCE(OBJECT_SECURITY, i, SECURITY_MODE), &out->mode);
	out->uri = bytes_at(held, i, SECURITY_URI);
	out->identity = bytes_at(held, i, SECURITY_IDENTITY);
	out->server_key = bytes_at(held, i, SECURITY_SERVER_KEY);
	out->key = bytes_at(held, i, SECURITY_SECRET_KEY);
	out->matching =
	    number_at(held, i, SECURITY_MATCHING_TYPE, MATCHING_EXACT);
	out->usage =
	    number_at(held, i, SECURITY_CERTIFICATE_USAGE, USAGE_DOMAIN_ISSUED);
	out->sni = bytes_at(held, i, SECURITY_SNI);
	if (out->mode == MODE_PSK)
		out->endpoint = out->identity;
	else if (out->mode == MODE_CERTIFICATE)
		out->endpoint = account_common_name(out->identity);
}
