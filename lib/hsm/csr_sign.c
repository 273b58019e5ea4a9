/* CertificationRequestInfo (RFC 2986 section 4.1) of a key in the token. */
#include "hsm/csr.h"
#include "hsm/ec_internal.h"
#include "hsm/x509_internal.h"

enum rc
csr_sign(struct hsm_session *s, const struct hsm_ec_ref *key,
    const struct cert_profile *profile, struct writer *out)
{
	uint8_t info[CSR_DER_MAX], signature[P256_SIGNATURE_DER_MAX];
	uint8_t spki[P256_SPKI_LEN];
	size_t all, signature_len;
	struct writer w;
	enum rc rc = hsm_ec_public(s, key, spki);

	if (rc)
		return rc;
	writer_init(&w, info, sizeof(info));
	all = der_open(&w, DER_SEQUENCE);
	der_put_small(&w, DER_INTEGER, 0);
	cert_put_subject(&w, profile);
	writer_put(&w, span_of(spki, sizeof(spki)));
	/* attributes [0]: none, but the field is not OPTIONAL */
	der_put(&w, DER_CONTEXT_CONSTRUCTED, span_of(NULL, 0));
	der_close(&w, all);
	if (w.full)
		return RC_TOO_LARGE;
	rc = ca_key_sign(s, key, span_of(spki, sizeof(spki)), writer_span(&w),
	    signature, &signature_len);
	if (rc)
		return rc;
	x509_signed_write(
	    out, writer_span(&w), span_of(signature, signature_len));
	return out->full ? RC_TOO_LARGE : RC_OK;
}
