/*
 * One input, read as a certificate, as a CRL and as PEM. What is borrowed must
 * lie in the input.
 */
#include "dtls/der.h"
#include "dtls/pem.h"
#include "dtls/x509.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x) \
	do { \
		if (!(x)) \
			abort(); \
	} while (0)

static bool
within(struct span inner, struct span outer)
{
	return inner.len == 0 ||
	    (inner.p >= outer.p && inner.len <= outer.len &&
		inner.p - outer.p <= (ptrdiff_t)(outer.len - inner.len));
}

static void
read_certificate(struct span in)
{
	struct x509_certificate c;

	if (x509_certificate(in, &c) != RC_OK)
		return;
	MUST(within(c.serial, in) && within(c.issuer, in));
	MUST(within(c.public_key, in) && within(c.common_name, in));
	MUST(within(c.alt_names, in));
	MUST(!x509_is_for(&c, SPAN_LIT("")));
	(void)x509_is_for(&c, SPAN_LIT("bs.example"));
	(void)x509_is_for(&c, c.common_name);
	(void)x509_is_p256_key(c.public_key);
}

static void
read_crl(struct span in)
{
	struct x509_crl crl;
	struct span serial;
	size_t left;

	if (x509_crl(in, &crl) != RC_OK)
		return;
	MUST(within(crl.issuer, in) && within(crl.entries, in));
	for (left = crl.entries.len;
	     x509_revoked(&crl.entries, &serial) == RC_OK;
	     left = crl.entries.len) {
		MUST(within(serial, in));
		MUST(crl.entries.len < left);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);
	uint8_t *bytes = malloc(size ? size : 1);
	struct writer w;
	struct span der;
	struct der d;

	MUST(bytes);
	read_certificate(in);
	read_crl(in);
	/* Whatever it is, it has room in what it came from. */
	writer_init(&w, bytes, size);
	MUST(pem_unpack(in, "CERTIFICATE", &w) != RC_TOO_LARGE);
	der = writer_span(&w);
	while (der_next(&der, &d)) {
		MUST(d.raw.len >= d.value.len + 2);
		read_certificate(d.raw);
		read_crl(d.raw);
	}
	free(bytes);
	return 0;
}
