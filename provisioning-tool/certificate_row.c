#include "certificate_row.h"

void
certificate_row(struct certificate_row *r, const char *role,
    const struct cert *c, struct span issuer_spki, const char *token,
    const char *file)
{
	struct field *f = r->fields;
	struct writer w, t;
	size_t n = 0;

	digest_of(c->der, r->fingerprint);
	digest_of(c->spki, r->key);
	digest_of(issuer_spki, r->issuer_key);
	writer_init(&w, r->subject, sizeof(r->subject));
	cert_print_dn(c->subject, &w);
	writer_init(&t, r->until, sizeof(r->until));
	der_print_time(&t, c->not_after_s);
	f[n++] = F_TEXT("role", role);
	f[n++] = F_TEXT("subject", writer_span(&w));
	f[n++] = F_BYTES("serial", c->serial);
	f[n++] = F_TEXT("not_after", writer_span(&t));
	f[n++] = F_BYTES("fingerprint", span_of(r->fingerprint, DIGEST_LEN));
	f[n++] = F_BYTES("key", span_of(r->key, DIGEST_LEN));
	f[n++] = F_BYTES("issuer_key", span_of(r->issuer_key, DIGEST_LEN));
	f[n++] = F_TEXT("token", token);
	f[n++] = F_TEXT("file", file);
	r->count = n;
}
