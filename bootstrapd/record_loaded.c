/* Rows of what goes into force: policies, and what is shown to devices. */
#include "keeper_state.h"

#include "base/text.h"
#include "issue/kept.h"

enum { ROWS_MAX = 3, FIELDS_MAX = 10 + SIGNED_FIELDS };

/** The rows, and their texts. */
struct rows {
	struct ledger_event list[ROWS_MAX];
	size_t count;
	struct field policies[FIELDS_MAX], credentials[FIELDS_MAX];
	char certificates[SERVERS_MAX * (2 * DIGEST_LEN + 1)];
	char not_after[25];
};

static void
add(struct rows *r, const char *kind, const struct field *f, size_t n)
{
	r->list[r->count++] =
	    (struct ledger_event){.kind = kind, .fields = f, .field_count = n};
}

static void
add_policies(struct keeper *k, struct rows *r, const struct policy_set *set,
    const struct signed_by *signed_by, const char *by)
{
	struct field *f = r->policies;
	size_t n = 0;

	f[n++] = F_BYTES("policy_set", span_of(set->digest, DIGEST_LEN));
	if (k->policies.set)
		f[n++] = F_BYTES(
		    "replaces", span_of(k->policies.set->digest, DIGEST_LEN));
	f[n++] = F_INT("identities", set->identity_count);
	f[n++] = F_INT("policies", set->policy_count);
	f[n++] = F_TEXT("source", k->config->policies);
	f[n++] = F_BOOL("kept", issue_set_fits(set));
	n += signed_fields(signed_by, f + n);
	f[n++] = F_TEXT("by", by);
	f[n++] = F_TEXT("instance", k->args->instance);
	add(r, "policies_loaded", f, n);
}

/** "hex,hex": what is shown. */
static struct span
print_certificates(const struct server_files *f, char *text, size_t cap)
{
	struct writer w;

	writer_init(&w, text, cap);
	for (size_t i = 0; i < f->cert_count; i++) {
		if (i)
			writer_str(&w, ",");
		text_hex(&w, span_of(f->certs[i].sha256, DIGEST_LEN));
	}
	return writer_span(&w);
}

static int64_t
first_to_expire(const struct server_files *f)
{
	int64_t first_s = f->certs[0].cert.not_after_s;

	for (size_t i = 1; i < f->cert_count; i++)
		if (f->certs[i].cert.not_after_s < first_s)
			first_s = f->certs[i].cert.not_after_s;
	return first_s;
}

static void
add_credentials(struct keeper *k, struct rows *r, const struct policy_set *set,
    const struct server_files *f, const struct showing *s, const char *by)
{
	struct field *row = r->credentials;
	size_t n = 0;

	ledger_time(first_to_expire(f) * 1000, r->not_after);
	row[n++] = F_TEXT("certificates",
	    print_certificates(f, r->certificates, sizeof(r->certificates)));
	row[n++] = F_TEXT("not_after", (const char *)r->not_after);
	row[n++] = F_INT("anchors", s->anchors);
	row[n++] = F_INT("crls", s->crls);
	row[n++] = F_INT("raw_keys", s->raw_keys);
	row[n++] = F_TEXT("by", by);
	row[n++] = F_TEXT("instance", k->args->instance);
	/* what is about to be in force, with its policies */
	if (set)
		row[n++] =
		    F_BYTES("policy_set", span_of(set->digest, DIGEST_LEN));
	add(r, "credentials_loaded", row, n);
}

enum rc
record_loaded(struct keeper *k, const struct policy_set *set,
    const struct signed_by *signed_by, const struct server_files *f,
    const struct showing *s, const char *by, const struct ledger_event *also)
{
	struct rows r = {0};

	if (set)
		add_policies(k, &r, set, signed_by, by);
	if (f->cert_count > 0)
		add_credentials(k, &r, set, f, s, by);
	if (also)
		r.list[r.count++] = *also;
	return r.count ? record_keeping(k, set, r.list, r.count) : RC_OK;
}
