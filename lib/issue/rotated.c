#include "issue/rotated.h"

#include "base/text.h"
#include "hsm/cert.h"
#include "issue/revoked.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	NEW_MAX = 40, /* credentials of one bootstrap: ISSUE_CREDENTIALS_MAX */
	OLD_MAX = 64, /* of those before that are looked at */
};

/* What a row of a credential says, in the words of the row. */
struct told {
	char purpose[16];
	int64_t short_server_id;
	char fingerprint[2 * DIGEST_LEN + 1];
	char serial[2 * CERT_SERIAL_MAX + 1];
	char issuer_key[2 * DIGEST_LEN + 1];
};

struct search {
	struct span session;
	struct told given[NEW_MAX], old[OLD_MAX];
	size_t given_count, old_count;
};

static bool
text(const struct ledger_row *row, const char *name, char *out, size_t cap)
{
	struct writer w;

	writer_init(&w, out, cap - 1);
	out[0] = '\0';
	if (!ledger_field(row, name, &w) || w.full) {
		out[0] = '\0';
		return false;
	}
	out[w.len] = '\0';
	return true;
}

/* The way back to us is renewed by its own rules (renewal.h). */
static bool
read_told(const struct ledger_row *row, struct told *t)
{
	if (!text(row, "purpose", t->purpose, sizeof(t->purpose)) ||
	    strcmp(t->purpose, "bootstrap") == 0 ||
	    !ledger_field_int(row, "short_server_id", &t->short_server_id) ||
	    !text(row, "fingerprint", t->fingerprint, sizeof(t->fingerprint)))
		return false;
	(void)text(row, "serial", t->serial, sizeof(t->serial));
	(void)text(row, "issuer_key", t->issuer_key, sizeof(t->issuer_key));
	return true;
}

static enum rc
take(void *ctx, const struct ledger_row *row)
{
	struct search *s = ctx;
	struct told t = {0};

	if (!read_told(row, &t))
		return RC_OK;
	if (span_equal(row->session, s->session)) {
		if (s->given_count < NEW_MAX)
			s->given[s->given_count++] = t;
	} else if (s->old_count < OLD_MAX) {
		s->old[s->old_count++] = t;
	}
	return RC_OK;
}

/* Of an account that has a new one by now, which is not the same. */
static bool
is_over(const struct search *s, const struct told *old)
{
	bool replaced = false;

	for (size_t i = 0; i < s->given_count; i++) {
		const struct told *g = &s->given[i];

		if (strcmp(g->fingerprint, old->fingerprint) == 0)
			return false;
		replaced |= g->short_server_id == old->short_server_id &&
		    strcmp(g->purpose, old->purpose) == 0;
	}
	return replaced;
}

static enum rc
revoke(struct ledger *l, struct span session, struct span endpoint,
    const struct told *t)
{
	uint8_t bytes[DIGEST_LEN];
	struct field f[5];
	struct writer w;
	size_t n = 0;
	bool revoked;
	enum rc rc;

	writer_init(&w, bytes, sizeof(bytes));
	if (text_unhex(&w, span_str(t->fingerprint)) != RC_OK)
		return RC_OK;
	rc = revoked_fingerprint(l, writer_span(&w), &revoked);
	if (rc || revoked)
		return rc;
	f[n++] = F_TEXT("fingerprint", (const char *)t->fingerprint);
	if (t->serial[0])
		f[n++] = F_TEXT("serial", (const char *)t->serial);
	if (t->issuer_key[0])
		f[n++] = F_TEXT("issuer_key", (const char *)t->issuer_key);
	f[n++] = F_INT("short_server_id", t->short_server_id);
	f[n++] = F_TEXT("reason", "rotated");
	return ledger_append(l,
	    &(struct ledger_event){
		.kind = "credential_revoked",
		.session = session,
		.endpoint = endpoint,
		.fields = f,
		.field_count = n,
	    },
	    NULL);
}

static enum rc
is_rotation(void *ctx, const struct ledger_row *row)
{
	char again[16];

	*(bool *)ctx = text(row, "again", again, sizeof(again)) &&
	    strcmp(again, "rotated") == 0;
	return RC_OK;
}

enum rc
issue_rotated(struct ledger *l, struct span session, struct span endpoint)
{
	const struct ledger_query begin = {
	    .kind = SPAN_LIT("bootstrap_begin"),
	    .session = session,
	    .limit = 1,
	    .newest_first = true,
	};
	const struct ledger_query issued = {
	    .kind = SPAN_LIT("credential_issued"),
	    .endpoint = endpoint,
	    .limit = NEW_MAX + OLD_MAX,
	    .newest_first = true,
	};
	struct search *s = NULL;
	bool rotated = false;
	/* cheap where nobody rotates: the row of the ending is there already */
	enum rc rc = ledger_history_turned(l);

	if (rc == RC_OK)
		rc = ledger_read(l, &begin, is_rotation, &rotated);
	if (rc || !rotated)
		return rc == RC_NOT_FOUND ? RC_OK : rc;
	s = calloc(1, sizeof(*s));
	if (!s)
		return RC_MEMORY;
	s->session = session;
	rc = ledger_read(l, &issued, take, s);
	for (size_t i = 0; rc == RC_OK && i < s->old_count; i++)
		if (is_over(s, &s->old[i]))
			rc = revoke(l, session, endpoint, &s->old[i]);
	free(s);
	return rc;
}
