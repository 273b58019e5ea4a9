/*
 * The other signature of the same certificate. Where (r, s) holds, (r, n - s)
 * does (SEC 1 4.1.4 looks at the x of a point alone), and nobody needs a key to
 * make the one of the other: a certificate signed by ECDSA has two fingerprints.
 */
#include "hsm/cert.h"
#include "hsm/x509_internal.h"

enum { ORDER_MAX = 72 /* bytes of n, brainpoolP512 and P-521 included */ };

/* out = n - s, both big-endian; `s` is not longer than `n`. False: s > n. */
static bool
subtract(struct span n, struct span s, uint8_t out[static ORDER_MAX])
{
	unsigned borrow = 0;

	for (size_t i = 0; i < n.len; i++) {
		unsigned from = n.p[n.len - 1 - i];
		unsigned less = borrow;

		if (i < s.len)
			less += s.p[s.len - 1 - i];
		borrow = from < less;
		out[n.len - 1 - i] = (uint8_t)(from - less);
	}
	return borrow == 0;
}

enum rc
cert_twin(const struct cert *c, struct span order, struct writer *out)
{
	uint8_t other[ORDER_MAX];
	size_t whole, bits, pair;
	struct x509_ecdsa sig;

	if (!x509_ecdsa_is(c->algorithm) || order.len > ORDER_MAX)
		return RC_UNSUPPORTED;
	if (!x509_ecdsa_read(c->signature, &sig) || sig.s.len > order.len ||
	    !subtract(order, sig.s, other))
		return RC_MALFORMED;
	whole = der_open(out, DER_SEQUENCE);
	writer_put(out, c->tbs);
	writer_put(out, c->algorithm);
	bits = der_open(out, DER_BIT_STRING);
	writer_be(out, 0, 1);
	pair = der_open(out, DER_SEQUENCE);
	der_put_unsigned(out, sig.r);
	der_put_unsigned(out, span_of(other, order.len));
	der_close(out, pair);
	der_close(out, bits);
	der_close(out, whole);
	return out->full ? RC_TOO_LARGE : RC_OK;
}
