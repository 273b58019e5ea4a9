/* Revocation lists made, RFC 5280 section 5, and signed in the token. */
#include "hsm/crl.h"
#include "hsm/ec_internal.h"
#include "hsm/x509_internal.h"

#include <stdlib.h>

size_t
crl_size_max(size_t entry_count)
{
	return CRL_BASE_MAX + entry_count * CRL_ENTRY_MAX;
}

static struct span
strip(struct span serial)
{
	while (serial.len && serial.p[0] == 0)
		serial = span_from(serial, 1);
	return serial;
}

static bool
draft_valid(const struct crl_draft *d)
{
	if (d->this_update_s < 0 || d->next_update_s <= d->this_update_s ||
	    d->next_update_s > DER_TIME_FOREVER)
		return false;
	for (size_t i = 0; i < d->entry_count; i++) {
		const struct crl_entry *e = &d->entries[i];
		struct span serial = strip(e->serial);

		if (serial.len == 0 || serial.len > CERT_SERIAL_MAX ||
		    (serial.len == CERT_SERIAL_MAX && serial.p[0] >= 0x80) ||
		    e->revoked_s < 0 || e->revoked_s > DER_TIME_FOREVER ||
		    !crl_reason_name(e->reason))
			return false;
	}
	return true;
}

static void
put_entry(struct writer *w, const struct crl_entry *e)
{
	size_t entry = der_open(w, DER_SEQUENCE), list;
	struct x509_open at;

	der_put_unsigned(w, e->serial);
	der_put_time(w, e->revoked_s);
	/* 5.3.1: "unspecified" is said by saying nothing. */
	if (e->reason != CRL_UNSPECIFIED) {
		list = der_open(w, DER_SEQUENCE);
		at = x509_extension_open(w, CE_REASON, false);
		der_put_small(w, DER_ENUMERATED, (uint64_t)e->reason);
		x509_extension_close(w, at);
		der_close(w, list);
	}
	der_close(w, entry);
}

static void
put_extensions(struct writer *w, const struct crl_draft *d)
{
	size_t outer = der_open(w, DER_CONTEXT_CONSTRUCTED);
	size_t list = der_open(w, DER_SEQUENCE), in;
	struct x509_open at;

	if (d->issuer->key_id.len) {
		at = x509_extension_open(w, CE_AUTHORITY_KEY_ID, false);
		in = der_open(w, DER_SEQUENCE);
		der_put(w, DER_CONTEXT, d->issuer->key_id);
		der_close(w, in);
		x509_extension_close(w, at);
	}
	at = x509_extension_open(w, CE_CRL_NUMBER, false);
	der_put_small(w, DER_INTEGER, d->number);
	x509_extension_close(w, at);
	der_close(w, list);
	der_close(w, outer);
}

static void
put_tbs(struct writer *w, const struct crl_draft *d)
{
	size_t tbs = der_open(w, DER_SEQUENCE), list;

	der_put_small(w, DER_INTEGER, 1); /* version 2 */
	writer_put(w, p256_sha256_algorithm);
	writer_put(w, d->issuer->subject);
	der_put_time(w, d->this_update_s);
	der_put_time(w, d->next_update_s);
	if (d->entry_count) {
		list = der_open(w, DER_SEQUENCE);
		for (size_t i = 0; i < d->entry_count; i++)
			put_entry(w, &d->entries[i]);
		der_close(w, list);
	}
	put_extensions(w, d);
	der_close(w, tbs);
}

static enum rc
refuse(struct hsm_session *s, enum rc rc, const char *what, const char *remedy)
{
	hsm_error_text(&s->error, 0, "revocation list: %s", what);
	hsm_error_remedy(&s->error, "%s", remedy);
	return rc;
}

enum rc
crl_sign(struct hsm_session *s, const struct hsm_ec_ref *ca,
    const struct crl_draft *d, struct writer *out)
{
	const struct cert *issuer = d->issuer;
	uint8_t signature[P256_SIGNATURE_DER_MAX];
	size_t cap = crl_size_max(d->entry_count), signature_len;
	struct writer w;
	uint8_t *tbs;
	enum rc rc;

	if (!draft_valid(d))
		return refuse(s, RC_MALFORMED,
		    "a date, serial number or reason is out of range",
		    "the next update comes after this one; a serial number "
		    "has 1..20 bytes and is not zero");
	if (!issuer->is_ca || !issuer->has_key_usage ||
	    !(issuer->key_usage & CERT_CRL_SIGN))
		return refuse(s, RC_DENIED,
		    "the issuer's certificate has no cRLSign (RFC 5280 "
		    "4.2.1.3)",
		    "issue a CA certificate with cRLSign");
	tbs = malloc(cap);
	if (!tbs)
		return refuse(s, RC_MEMORY, "out of memory", "");
	writer_init(&w, tbs, cap);
	put_tbs(&w, d);
	rc = w.full ? RC_TOO_LARGE : RC_OK;
	if (!rc)
		rc = ca_key_sign(s, ca, issuer->spki, writer_span(&w),
		    signature, &signature_len);
	if (!rc &&
	    p256_verify_message(issuer->spki, writer_span(&w),
		span_of(signature, signature_len)))
		rc = refuse(s, RC_TOKEN,
		    "the token has made a signature that does not verify",
		    "the token is faulty");
	if (!rc) {
		x509_signed_write(
		    out, writer_span(&w), span_of(signature, signature_len));
		rc = out->full ? RC_TOO_LARGE : RC_OK;
	}
	free(tbs);
	return rc;
}
