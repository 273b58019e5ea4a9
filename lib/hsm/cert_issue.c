/* From a draft to a certificate: what would be signed, and the signature. */
#include "hsm/cert_issue.h"
#include "hsm/ec_internal.h"
#include "hsm/x509_internal.h"

enum rc
cert_draft_print(const struct cert_draft *d, struct writer *w)
{
	uint8_t tbs[CERT_DER_MAX];
	struct cert_draft shown = *d;
	struct der_fault fault;
	struct writer out;
	struct cert c;
	enum rc rc;

	/* A number stands where the token's will stand. */
	if (!d->has_serial)
		memset(shown.serial, 0x55, sizeof(shown.serial));
	writer_init(&out, tbs, sizeof(tbs));
	rc = cert_tbs(&shown, &out);
	if (rc)
		return rc;
	if (cert_parse_tbs(writer_span(&out), &c, &fault))
		return RC_MALFORMED;
	if (!d->has_serial) {
		c.serial = span_of(NULL, 0);
		writer_fmt(w, "%-20s%d random bits of the token\n", "serial",
		    8 * CERT_SERIAL_LEN);
	}
	cert_print(&c, w);
	writer_fmt(w, "%-20s%zu bytes\n", "to be signed", out.len);
	return w->full ? RC_TOO_LARGE : RC_OK;
}

static enum rc
refused(struct hsm_session *s, const struct cert_findings *f)
{
	for (size_t i = 0; i < f->count; i++) {
		if (!f->list[i].error)
			continue;
		hsm_error_text(&s->error, 0, "not signed: %s (%s)",
		    f->list[i].text, f->list[i].clause);
		break;
	}
	hsm_error_remedy(&s->error, "correct the profile of the certificate");
	return RC_DENIED;
}

/* Four for one call of the token; what was a number is gone from the pool. */
static enum rc
draw_serial(struct hsm_session *s, uint8_t serial[static CERT_SERIAL_LEN])
{
	enum rc rc;

	if (s->serials_left < CERT_SERIAL_LEN) {
		rc = hsm_random(s, s->serials, sizeof(s->serials));
		if (rc)
			return rc;
		s->serials_left = sizeof(s->serials);
	}
	s->serials_left -= CERT_SERIAL_LEN;
	memcpy(serial, s->serials + s->serials_left, CERT_SERIAL_LEN);
	return RC_OK;
}

/* RFC 5280 4.1.2.2: positive, unique, at most 20 bytes. */
static enum rc
take_serial(struct hsm_session *s, struct cert_draft *d)
{
	static const uint8_t zero[CERT_SERIAL_LEN];
	enum rc rc = RC_OK;

	while (!rc &&
	    (!d->has_serial || memcmp(d->serial, zero, sizeof(zero)) == 0)) {
		rc = draw_serial(s, d->serial);
		d->has_serial = rc == RC_OK;
	}
	return rc;
}

enum rc
cert_issue(struct hsm_session *s, const struct hsm_ec_ref *ca,
    struct cert_draft *d, struct writer *out, struct cert_findings *findings)
{
	uint8_t tbs[CERT_DER_MAX], signature[P256_SIGNATURE_DER_MAX];
	struct span key = d->issuer ? d->issuer->spki : d->spki;
	struct cert_findings mine;
	struct der_fault fault;
	struct cert read_back;
	size_t signature_len;
	struct writer w;
	enum rc rc;

	if (!findings)
		findings = &mine;
	rc = take_serial(s, d);
	if (rc)
		return rc;
	if (cert_lint(d, findings))
		return refused(s, findings);
	writer_init(&w, tbs, sizeof(tbs));
	rc = cert_tbs(d, &w);
	/* What cannot be read is not signed. */
	if (!rc && cert_parse_tbs(writer_span(&w), &read_back, &fault))
		rc = RC_MALFORMED;
	if (rc) {
		hsm_error_text(&s->error, 0,
		    "a certificate that cannot be written: %s", rc_name(rc));
		hsm_error_remedy(&s->error,
		    "shorten the names; %d bytes are the limit", CERT_DER_MAX);
		return rc;
	}
	rc =
	    ca_key_sign(s, ca, key, writer_span(&w), signature, &signature_len);
	if (rc)
		return rc;
	/* One that lasts for years is worth a look; a device's is made by the
	 * thousand, and the device finds out at once. */
	if (d->profile->kind != CERT_DEVICE &&
	    p256_verify_message(
		key, writer_span(&w), span_of(signature, signature_len))) {
		hsm_error_text(&s->error, 0,
		    "token %s has made a signature that does not verify",
		    s->hsm->name);
		hsm_error_remedy(&s->error, "the token is faulty");
		return RC_TOKEN;
	}
	x509_signed_write(
	    out, writer_span(&w), span_of(signature, signature_len));
	return out->full ? RC_TOO_LARGE : RC_OK;
}
