#include "image_row.h"

#include "buffer_row.h"
#include "image_credential.h"
#include "tool.h"

#include <stdio.h>
#include <time.h>

enum { FIELDS_MAX = IMAGE_CREDENTIAL_FIELDS + 15 };

static void
put_text(struct field *f, size_t *n, const char *name, struct span text)
{
	if (text.len)
		f[(*n)++] = F_TEXT(name, text);
}

enum rc
image_row_append(struct ledger *l, const struct image_row *r, uint64_t *seq)
{
	const struct identity *id = r->recipe->identity;
	struct field f[FIELDS_MAX];
	struct writer until;
	char text[32];
	size_t n = 0;
	enum rc rc = RC_OK;

	if (r->recipe->servers && !r->servers)
		return RC_BUG;
	if (r->servers)
		rc = issue_servers_record(
		    l, r->recipe->rules, r->servers, r->again);
	if (rc != RC_OK)
		return rc;
	writer_init(&until, text, sizeof(text));
	f[n++] = F_TEXT("identity", id->name);
	n += image_credential_fields(id, r->credential, f + n, &until);
	f[n++] = F_TEXT("format", r->recipe->format->name);
	f[n++] = F_BYTES("sha256", span_of(r->sha256, DIGEST_LEN));
	if (r->recipe->document)
		f[n++] = F_TEXT("image", r->recipe->document);
	put_text(f, &n, "batch", r->batch);
	if (r->index)
		f[n++] = F_INT("index", r->index);
	put_text(f, &n, "unit", r->unit);
	put_text(f, &n, "model", r->model);
	put_text(f, &n, "lot", r->lot);
	put_text(f, &n, "order", r->order);
	put_text(f, &n, "station", r->station);
	put_text(f, &n, "buffer", r->buffer);
	if (r->entry)
		f[n++] = F_INT("entry", r->entry);
	if (r->again)
		f[n++] = F_BOOL("again", true);
	if (r->replaces)
		f[n++] = F_INT("replaces", r->replaces);
	return ledger_append(l,
	    &(struct ledger_event){
		.kind = "image_minted",
		.endpoint = r->endpoint,
		.fields = f,
		.field_count = n,
	    },
	    seq);
}

/** A text of the row, "" where it has none or a longer one. */
static void
take(char *out, size_t cap, const struct ledger_member *m)
{
	out[0] = '\0';
	if (!m->is_text || m->raw.len >= cap)
		return;
	memcpy(out, m->raw.p, m->raw.len);
	out[m->raw.len] = '\0';
}

#define TAKE(out, m) take((out), sizeof(out), (m))

static void
take_number(int64_t *out, const struct ledger_member *m)
{
	uint64_t n;

	if (!m->is_text && span_decimal(m->raw, INT64_MAX, &n))
		*out = (int64_t)n;
}

static void
take_member(struct image_live *out, const struct ledger_member *m)
{
	int64_t row = 0;

	if (span_is(m->name, "sha256"))
		TAKE(out->sha256, m);
	else if (span_is(m->name, "batch"))
		TAKE(out->batch, m);
	else if (span_is(m->name, "identity"))
		TAKE(out->identity, m);
	else if (span_is(m->name, "buffer"))
		TAKE(out->buffer, m);
	else if (span_is(m->name, "fingerprint"))
		TAKE(out->fingerprint, m);
	else if (span_is(m->name, "serial"))
		TAKE(out->serial, m);
	else if (span_is(m->name, "issuer_key"))
		TAKE(out->issuer_key, m);
	else if (span_is(m->name, "epoch"))
		take_number(&out->epoch, m);
	else if (span_is(m->name, "again"))
		out->again = span_is(m->raw, "true");
	else if (span_is(m->name, "index")) {
		take_number(&row, m);
		out->index = (uint64_t)row;
	} else if (span_is(m->name, "replaces")) {
		take_number(&row, m);
		out->replaces = (uint64_t)row;
	}
}

struct taken_back {
	const char *issuer_key;
	bool found;
};

/** A row that names no issuer takes back that number of any. */
static enum rc
of_issuer(void *ctx, const struct ledger_row *row)
{
	struct taken_back *t = ctx;
	char text[2 * DIGEST_LEN];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	if (!t->issuer_key || !ledger_field(row, "issuer_key", &w) ||
	    span_is(writer_span(&w), t->issuer_key))
		t->found = true;
	return RC_OK;
}

static enum rc
is_revoked(struct ledger *l, const struct image_live *live, bool *out)
{
	struct ledger_query q = {.kind = SPAN_LIT("credential_revoked")};
	struct taken_back t = {0};
	enum rc rc = RC_OK;

	*out = false;
	if (!live->fingerprint[0])
		return RC_OK;
	q.fingerprint = span_str(live->fingerprint);
	rc = ledger_read(l, &q, of_issuer, &t);
	if (rc == RC_OK && !t.found && live->serial[0]) {
		q.fingerprint = (struct span){0};
		q.serial = span_str(live->serial);
		t.issuer_key = live->issuer_key;
		rc = ledger_read(l, &q, of_issuer, &t);
	}
	*out = t.found;
	return rc;
}

enum rc
image_row_read(struct ledger *l, const struct ledger_row *row,
    struct image_live *out, bool *revoked)
{
	struct ledger_member m;
	struct span rest = row->data;

	*out = (struct image_live){.seq = row->seq};
	for (bool first = true; ledger_member_next(&rest, first, &m);
	     first = false)
		take_member(out, &m);
	return is_revoked(l, out, revoked);
}

struct search {
	struct ledger *l;
	struct image_live *out;
	bool found;
};

static enum rc
first_live(void *ctx, const struct ledger_row *row)
{
	struct search *s = ctx;
	bool revoked;
	enum rc rc = image_row_read(s->l, row, s->out, &revoked);

	if (rc != RC_OK || revoked)
		return rc;
	s->found = true;
	return RC_AGAIN; /* enough */
}

enum rc
image_row_live(struct ledger *l, struct span endpoint, struct image_live *out)
{
	const struct ledger_query q = {
	    .kind = SPAN_LIT("image_minted"),
	    .endpoint = endpoint,
	    .newest_first = true,
	};
	struct search s = {.l = l, .out = out};
	enum rc rc = ledger_read(l, &q, first_live, &s);

	if (!s.found)
		*out = (struct image_live){0};
	if (rc != RC_OK && rc != RC_AGAIN)
		return rc;
	return s.found ? RC_OK : RC_NOT_FOUND;
}

enum rc
image_row_revoke(struct ledger *l, struct span endpoint,
    const struct image_live *live, const char *reason)
{
	struct field f[4];
	size_t n = 0;

	if (!live->fingerprint[0])
		return RC_OK;
	f[n++] = F_TEXT("fingerprint", (const char *)live->fingerprint);
	if (live->serial[0])
		f[n++] = F_TEXT("serial", (const char *)live->serial);
	if (live->issuer_key[0])
		f[n++] = F_TEXT("issuer_key", (const char *)live->issuer_key);
	f[n++] = F_TEXT("reason", reason);
	return ledger_append(l,
	    &(struct ledger_event){
		.kind = "credential_revoked",
		.endpoint = endpoint,
		.fields = f,
		.field_count = n,
	    },
	    NULL);
}

/** The epoch that is going to be minted; as issue_account chooses it. */
static uint32_t
epoch_of(const struct image_recipe *r)
{
	return r->account.epoch ? r->account.epoch
				: issue_newest_epoch(r->identity, time(NULL));
}

enum rc
image_row_admit(struct ledger *l, const struct image_recipe *r,
    struct span endpoint, bool again, struct image_live *live,
    struct image_fault *f)
{
	bool derived = r->identity->kind == IDENTITY_PSK;
	struct quoted ep;
	enum rc rc = image_row_live(l, endpoint, live);

	if (rc == RC_NOT_FOUND)
		return buffer_row_admit(l, r->buffer, endpoint, f);
	if (rc != RC_OK)
		return rc;
	live->same = !derived || live->epoch == (int64_t)epoch_of(r);
	if (again && r->buffer && strcmp(live->buffer, r->buffer) == 0)
		return RC_OK;
	if (!live->fingerprint[0] && r->identity->kind == IDENTITY_NOSEC)
		return RC_OK; /* nothing in it that could be there twice */
	if (again && derived &&
	    (r->account.epoch || live->epoch == (int64_t)epoch_of(r)) &&
	    strcmp(live->identity, r->identity->name) == 0)
		return RC_OK;
	f->code = EX_DATAERR;
	f->stops = false;
	snprintf(f->text, sizeof(f->text),
	    "%s is minted already, in row %llu%s%s", quote(&ep, endpoint),
	    (unsigned long long)live->seq, live->batch[0] ? " of batch " : "",
	    live->batch);
	if (again && derived)
		snprintf(f->remedy, sizeof(f->remedy),
		    "--again is for the same key: identity %s, --epoch %lld; "
		    "a new one takes image reissue",
		    live->identity, (long long)live->epoch);
	else
		snprintf(f->remedy, sizeof(f->remedy), "%s",
		    derived ? "image reissue gives it a new key, --again the "
			      "same image once more"
			    : "image reissue gives it a new certificate and "
			      "takes the old one back");
	return RC_DENIED;
}
