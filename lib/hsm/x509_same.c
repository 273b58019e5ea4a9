/* Names that are the same, however they are written: RFC 5280 section 7.1. */
#include "hsm/x509_internal.h"

#include <openssl/err.h>
#include <openssl/x509.h>

static X509_NAME *
load(struct span name)
{
	const uint8_t *at = name.p;

	return d2i_X509_NAME(NULL, &at, (long)name.len);
}

bool
x509_name_same(struct span a, struct span b)
{
	X509_NAME *x, *y;
	bool same;

	if (span_equal(a, b))
		return true;
	x = load(a);
	y = load(b);
	same = x && y && X509_NAME_cmp(x, y) == 0;
	X509_NAME_free(x);
	X509_NAME_free(y);
	ERR_clear_error();
	return same;
}
