/* What the staging daemon has recorded of a device that did not come through. */
#include "../bootstrapd/config.h"
#include "base/text.h"
#include "device/uri.h"
#include "policy/match.h"
#include "rehearse_staging_internal.h"
#include "tool.h"

#include <stdio.h>

enum {
	ROWS_MAX = 5000, /* of the last, that are looked through */
	FIELD_MAX = 400,
};

struct ledger *
staging_ledger(struct staging *s)
{
	if (!s->ledger &&
	    ledger_open(s->ledger_path, LEDGER_READ, &s->ledger, NULL, 0) !=
		RC_OK)
		s->ledger = NULL;
	return s->ledger;
}

/* --- the row that is about a peer ---------------------------------------------------- */

struct search {
	const char *own; /* the peer's address */
	char session[LEDGER_SESSION_LEN];
	size_t session_len; /* of the bootstrap that began from there */
	bool found;
	bool handshake; /* it was refused there */
	char reason[REHEARSE_CODE_MAX];
	char sentence[FIELD_MAX], detail[FIELD_MAX], remedy[FIELD_MAX];
};

static void
take(const struct ledger_row *row, const char *name, char *out, size_t cap)
{
	uint8_t raw[FIELD_MAX];
	struct writer w, shown;
	struct span s;

	out[0] = '\0';
	writer_init(&w, raw, sizeof(raw));
	if (!ledger_field(row, name, &w))
		return;
	writer_init(&shown, out, cap - 1);
	/* it may have what came from a peer */
	s = writer_span(&w);
	if (text_printable(s))
		writer_put(&shown, text_cut(s, cap - 1, cap - 1));
	else
		text_quote(&shown, text_cut(s, 60, 60));
	out[shown.len] = '\0';
}

static bool
is_from(const struct ledger_row *row, const char *own)
{
	uint8_t text[REHEARSE_ADDRESS_MAX];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	return ledger_field(row, "address", &w) &&
	    span_is(writer_span(&w), own);
}

static void
take_refusal(struct search *f, const struct ledger_row *row, const char *reason)
{
	f->found = true;
	take(row, reason, f->reason, sizeof(f->reason));
	take(row, "sentence", f->sentence, sizeof(f->sentence));
	take(row, "detail", f->detail, sizeof(f->detail));
	take(row, "remedy", f->remedy, sizeof(f->remedy));
}

/* From the newest on: an end comes before its begin. */
static enum rc
look(void *ctx, const struct ledger_row *row)
{
	struct search *f = ctx;

	if (span_is(row->kind, "psk_mismatch") && is_from(row, f->own))
		take_refusal(f, row, "diagnosis");
	else if (span_is(row->kind, "handshake_refused") &&
	    is_from(row, f->own)) {
		take_refusal(f, row, "reason");
		f->handshake = true;
	} else if (span_is(row->kind, "bootstrap_refused") &&
	    is_from(row, f->own))
		take_refusal(f, row, "reason");
	else if (span_is(row->kind, "bootstrap_begin") &&
	    row->session.len == LEDGER_SESSION_LEN && is_from(row, f->own)) {
		memcpy(f->session, row->session.p, LEDGER_SESSION_LEN);
		f->session_len = LEDGER_SESSION_LEN;
		return RC_AGAIN;
	}
	return f->found ? RC_AGAIN : RC_OK;
}

static enum rc
look_at_end(void *ctx, const struct ledger_row *row)
{
	struct search *f = ctx;
	char outcome[16];

	if (!span_is(row->kind, "bootstrap_end"))
		return RC_OK;
	take(row, "outcome", outcome, sizeof(outcome));
	if (strcmp(outcome, "ok") != 0)
		take_refusal(f, row, "reason");
	return RC_AGAIN;
}

static bool
search(struct staging *s, const char *own, struct search *f)
{
	struct ledger_query q = {
	    .after_seq = s->since, .limit = ROWS_MAX, .newest_first = true};
	struct ledger *l = staging_ledger(s);

	*f = (struct search){.own = own};
	if (!l || !own[0])
		return false;
	(void)!ledger_read(l, &q, look, f);
	if (f->session_len) {
		q = (struct ledger_query){
		    .session = span_of(f->session, f->session_len)};
		(void)!ledger_read(l, &q, look_at_end, f);
	}
	return f->found;
}

bool
staging_knows(struct staging *s, const char *own)
{
	struct search f;

	return search(s, own, &f);
}

/* --- what is said ------------------------------------------------------------------------ */

static struct rehearse_finding *
last_error(struct rehearse_result *r)
{
	for (size_t i = r->finding_count; i > 0; i--)
		if (!r->findings[i - 1].warning)
			return &r->findings[i - 1];
	return NULL;
}

static void
add_words(struct rehearse_finding *f, const char *what, const char *more)
{
	size_t len = strlen(f->text);

	snprintf(f->text + len, sizeof(f->text) - len, "; %s%s", what, more);
}

static enum rc
seen(void *ctx, const struct ledger_row *row)
{
	(void)row;
	*(bool *)ctx = true;
	return RC_AGAIN;
}

static bool
was_minted(struct staging *s, struct span endpoint)
{
	const struct ledger_query q = {
	    .kind = SPAN_LIT("image_minted"),
	    .endpoint = endpoint,
	    .limit = 1,
	};
	struct ledger *l = staging_ledger(s);
	bool minted = false;

	if (l)
		(void)!ledger_read(l, &q, seen, &minted);
	return minted;
}

static enum rc
seen_secret(void *ctx, const struct ledger_secret *secret)
{
	(void)secret;
	*(bool *)ctx = true;
	return RC_AGAIN;
}

static bool
was_imported(struct staging *s, struct span name)
{
	const struct ledger_secret_query q = {.name = name, .limit = 1};
	struct ledger *l = staging_ledger(s);
	bool imported = false;

	if (l)
		(void)!ledger_secret_read(l, &q, seen_secret, &imported);
	return imported;
}

/* Who is not known leaves no row. True: it is that. */
static bool
is_unknown(struct staging *s, const struct account *account,
    struct rehearse_finding *f)
{
	struct span endpoint;
	struct quoted q;

	if (account->mode != MODE_PSK || strcmp(f->code, "wrong-key") != 0 ||
	    identity_for_psk(s->set, account->identity, &endpoint) ||
	    was_imported(s, account->identity))
		return false;
	snprintf(f->code, sizeof(f->code), "identity-unknown");
	snprintf(f->remedy, sizeof(f->remedy),
	    "widen the identity document that it was minted by, or mint it by "
	    "one that admits it");
	add_words(f, "no identity document admits the PSK identity ",
	    quote(&q, text_cut(account->identity, 80, 160)));
	return true;
}

static void
note_unminted(struct staging *s, const struct account *account,
    struct rehearse_finding *f)
{
	struct span endpoint = account->endpoint;

	if (account->mode != MODE_PSK || !s->copied ||
	    strcmp(f->code, "wrong-key") != 0 || was_minted(s, endpoint))
		return;
	add_words(f,
	    "the ledger knows of no image for this endpoint: is its name "
	    "whole?",
	    "");
}

bool
staging_explain(struct staging *s, const char *own,
    const struct account *account, bool last, struct rehearse_result *r)
{
	struct rehearse_finding *f = last_error(r);
	struct search found;

	if (!f)
		return true;
	if (!search(s, own, &found)) {
		if (is_unknown(s, account, f))
			return true;
		if (last)
			note_unminted(s, account, f);
		return false;
	}
	/* one alert stands for all of them: the ledger alone tells */
	if (found.handshake &&
	    (strcmp(f->code, "handshake-alert") == 0 ||
		strcmp(f->code, "handshake-broken") == 0 ||
		strcmp(f->code, "wrong-key") == 0))
		snprintf(f->code, sizeof(f->code), "%s", found.reason);
	snprintf(f->server, sizeof(f->server), "%s", found.reason);
	add_words(f, "the server's ledger: ", found.sentence);
	if (found.detail[0])
		add_words(f, found.detail, "");
	if (found.remedy[0])
		snprintf(f->remedy, sizeof(f->remedy), "%s", found.remedy);
	note_unminted(s, account, f);
	return true;
}

/* --- the rest -------------------------------------------------------------------------------- */

void
staging_compare(
    const struct staging *s, struct span text, struct rehearse_result *r)
{
	const struct config *c = s->settings.config;
	struct uri uri, ours;
	struct quoted q;

	if (!uri_read(text, &uri))
		return;
	if (c->server_uri && uri_read(span_str(c->server_uri), &ours) &&
	    ours.secure == uri.secure && ours.stream == uri.stream) {
		if (ours.port != uri.port || strcmp(ours.host, uri.host) != 0)
			rehearse_find(r, true, "uri-other",
			    "build it with the URI of `server:`, or mend that",
			    "the device goes to %s, and the configuration "
			    "says that devices find the server elsewhere",
			    quote(&q, text));
		return;
	}
	for (size_t i = 0; i < c->listen_count; i++)
		if (listen_is_secure(c->listen[i].kind) == uri.secure &&
		    listen_is_stream(c->listen[i].kind) == uri.stream &&
		    (c->listen[i].address.port == uri.port ||
			c->listen[i].address.port == 0))
			return;
	rehearse_find(r, true, "uri-port",
	    "compare it with `listen:`; where a router turns one into the "
	    "other, all is well",
	    "the device goes to %s, and the configuration listens at no such "
	    "port",
	    quote(&q, text));
}

struct tally {
	uint64_t ok, open;
};

static enum rc
tally(void *ctx, const struct ledger_row *row)
{
	struct tally *t = ctx;
	char outcome[16];

	take(row, "outcome", outcome, sizeof(outcome));
	t->ok += strcmp(outcome, "ok") == 0;
	return RC_OK;
}

static enum rc
tally_open(void *ctx, const struct ledger_row *row)
{
	struct tally *t = ctx;

	(void)row;
	t->open++;
	return RC_OK;
}

bool
staging_count_ok(struct staging *s, uint64_t *count)
{
	const struct ledger_query q = {
	    .after_seq = s->since, .kind = SPAN_LIT("bootstrap_end")};
	struct ledger *l = staging_ledger(s);
	struct tally t = {0};

	if (!l || ledger_read(l, &q, tally, &t) != RC_OK ||
	    ledger_open_sessions(l, tally_open, &t) != RC_OK)
		return false;
	*count = t.ok;
	return true;
}
