#include "image_credential.h"

#include "tool.h"

#include <stdio.h>

size_t
image_credential_fields(const struct identity *id,
    const struct issue_credential *c, struct field *f, struct writer *until)
{
	size_t n = 0;

	if (id->kind == IDENTITY_PSK) {
		f[n++] = F_TEXT("kind", "psk");
		f[n++] = F_TEXT("master", c->master);
		f[n++] = F_INT("epoch", c->epoch);
		f[n++] = F_BYTES("fingerprint",
		    span_of(c->fingerprint, HSM_FINGERPRINT_LEN));
	} else if (id->kind == IDENTITY_CERTIFICATE) {
		der_print_time(until, c->not_after_s);
		f[n++] = F_TEXT("kind", "certificate");
		f[n++] = F_TEXT("ca", c->ca);
		f[n++] = F_TEXT("profile", c->profile);
		f[n++] = F_BYTES("serial", span_of(c->serial, CERT_SERIAL_LEN));
		f[n++] = F_TEXT("not_after", writer_span(until));
		f[n++] = F_BYTES("fingerprint", span_of(c->sha256, DIGEST_LEN));
		f[n++] =
		    F_BYTES("issuer_key", span_of(c->issuer_key, DIGEST_LEN));
	}
	return n;
}

static void
report_key(const struct issue_credential *c)
{
	char hex[HEX_TEXT_MAX];
	struct quoted q;

	fprintf(stderr, "fingerprint  %s\n",
	    hex_text(hex, span_of(c->fingerprint, HSM_FINGERPRINT_LEN)));
	fprintf(stderr, "key          %s epoch %u\n", quote_str(&q, c->master),
	    (unsigned)c->epoch);
}

static void
report_certificate(const struct issue_credential *c)
{
	char hex[HEX_TEXT_MAX], until[32];
	struct quoted q;
	struct writer w;

	writer_init(&w, until, sizeof(until) - 1);
	der_print_time(&w, c->not_after_s);
	until[w.len] = '\0';
	fprintf(stderr, "fingerprint  %s\n",
	    hex_text(hex, span_of(c->sha256, DIGEST_LEN)));
	fprintf(stderr, "certificate  serial %s until %s\n",
	    hex_text(hex, span_of(c->serial, CERT_SERIAL_LEN)), until);
	fprintf(stderr, "signed by    %s\n", quote_str(&q, c->ca));
}

void
image_credential_report(
    const struct identity *id, const struct issue_credential *c)
{
	if (id->kind == IDENTITY_PSK)
		report_key(c);
	else if (id->kind == IDENTITY_CERTIFICATE)
		report_certificate(c);
}
