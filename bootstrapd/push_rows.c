/* A push in the ledger: its rows, and what they say of a device. */
#include "push.h"

#include "base/text.h"

#include <stdio.h>

static void
hex_of(const uint8_t *push, char out[static PUSH_HEX_LEN])
{
	struct writer w;

	writer_init(&w, out, PUSH_HEX_LEN);
	text_hex(&w, span_of(push, PUSH_ID_LEN));
}

/** Is that text field of the row just this? */
static bool
field_is(const struct ledger_row *row, const char *name, struct span value)
{
	uint8_t room[64];
	struct writer w;

	writer_init(&w, room, sizeof(room));
	return ledger_field(row, name, &w) && !w.full &&
	    span_equal(writer_span(&w), value);
}

/* --- a device in a push --------------------------------------------------- */

struct looking {
	const uint8_t *push;
	char hex[PUSH_HEX_LEN];
	struct push_seen *out;
	/* the newest ending before the row we are at */
	uint8_t ended[SESSION_ID_LEN];
	bool ended_ok;
};

static void
look_at_sent(struct looking *l, const struct ledger_row *row)
{
	uint8_t room[16];
	struct writer w;

	writer_init(&w, room, sizeof(room));
	if (l->out->sent)
		return; /* a newer one counts */
	l->out->sent = true;
	if (!ledger_field(row, "way", &w) ||
	    !push_way_read(writer_span(&w), &l->out->way))
		l->out->way = PUSH_ANY;
}

static void
look_at_begin(struct looking *l, const struct ledger_row *row)
{
	if (!field_is(row, "push", span_of(l->hex, sizeof(l->hex))))
		return;
	l->out->begun = true;
	l->out->ended_ok |= l->ended_ok &&
	    span_equal(row->session, span_of(l->ended, SESSION_ID_LEN));
}

/** Newest first; RC_CONFLICT: all rows of the push are behind us. */
static enum rc
look_at(void *ctx, const struct ledger_row *row)
{
	struct looking *l = ctx;

	if (span_is(row->kind, "bootstrap_begin")) {
		look_at_begin(l, row);
		return RC_OK;
	}
	if (span_is(row->kind, "bootstrap_end") &&
	    row->session.len == SESSION_ID_LEN) {
		memcpy(l->ended, row->session.p, SESSION_ID_LEN);
		l->ended_ok = field_is(row, "outcome", SPAN_LIT("ok"));
		return RC_OK;
	}
	if (!span_equal(row->session, span_of(l->push, PUSH_ID_LEN)))
		return RC_OK;
	if (span_is(row->kind, "push_sent"))
		look_at_sent(l, row);
	else if (span_is(row->kind, "push_answered"))
		l->out->answered |= field_is(row, "result", SPAN_LIT("taken"));
	else if (span_is(row->kind, "push_failed"))
		l->out->failed = true;
	else if (span_is(row->kind, "push_planned"))
		l->out->planned = true;
	return l->out->planned ? RC_CONFLICT : RC_OK;
}

enum rc
push_look(struct keeper *k, const uint8_t *push, struct span endpoint,
    struct push_seen *out)
{
	struct looking l = {.push = push, .out = out};
	const struct ledger_query q = {
	    .endpoint = endpoint,
	    .newest_first = true,
	};
	enum rc rc;

	*out = (struct push_seen){0};
	hex_of(push, l.hex);
	rc = ledger_read(k->ledger, &q, look_at, &l);
	return rc == RC_CONFLICT ? RC_OK : rc;
}

/* --- its last bootstrap --------------------------------------------------- */

struct last {
	struct keeper *keeper;
	struct push_last *out;
};

static enum rc
is_good(void *ctx, const struct ledger_row *row)
{
	*(bool *)ctx = !field_is(row, "outcome", SPAN_LIT("failed"));
	return RC_OK;
}

static void
read_last(const struct ledger_row *row, struct push_last *out)
{
	uint8_t room[ADDRESS_TEXT_MAX];
	struct writer w;

	*out = (struct push_last){.found = true};
	out->nosec = field_is(row, "kind", SPAN_LIT("nosec"));
	writer_init(&w, room, sizeof(room));
	if (!ledger_field(row, "address", &w) || w.full ||
	    address_parse(writer_span(&w), &out->address) != RC_OK)
		out->address = (struct address){0};
	writer_init(&w, out->policy, sizeof(out->policy) - 1);
	if (!ledger_field(row, "policy", &w) || w.full)
		w.len = 0;
	out->policy[w.len] = '\0';
}

/** Newest first; RC_CONFLICT: that is it. */
static enum rc
look_for_last(void *ctx, const struct ledger_row *row)
{
	struct last *l = ctx;
	const struct ledger_query q = {
	    .session = row->session,
	    .kind = SPAN_LIT("bootstrap_end"),
	    .limit = 1,
	};
	bool good = false;
	enum rc rc;

	if (!l->out->found)
		read_last(row, l->out);
	rc = ledger_read(l->keeper->ledger, &q, is_good, &good);
	if (rc != RC_OK)
		return rc;
	if (good)
		read_last(row, l->out);
	return good ? RC_CONFLICT : RC_OK;
}

enum rc
push_last_of(struct keeper *k, struct span endpoint, struct push_last *out)
{
	enum { TRIES = 8 };
	struct last l = {k, out};
	const struct ledger_query q = {
	    .endpoint = endpoint,
	    .kind = SPAN_LIT("bootstrap_begin"),
	    .newest_first = true,
	    .limit = TRIES,
	};
	enum rc rc;

	*out = (struct push_last){0};
	rc = ledger_read(k->ledger, &q, look_for_last, &l);
	return rc == RC_CONFLICT ? RC_OK : rc;
}

/* --- rows ----------------------------------------------------------------- */

enum rc
push_record(struct keeper *k, const char *kind, const uint8_t *push,
    struct span endpoint, const struct field *fields, size_t count)
{
	const struct ledger_event e = {
	    .kind = kind,
	    .session = span_of(push, PUSH_ID_LEN),
	    .endpoint = endpoint,
	    .fields = fields,
	    .field_count = count,
	};

	return record_events(k, &e, 1);
}

static size_t
failed_fields(struct field f[static 8], enum push_reason why,
    struct span detail, const char *instance)
{
	size_t n = 0;

	f[n++] = F_TEXT("reason", push_reason_code(why));
	f[n++] = F_TEXT("sentence", push_reason_sentence(why));
	f[n++] = F_TEXT("remedy", push_reason_remedy(why));
	if (detail.len)
		f[n++] = F_TEXT("detail", detail);
	f[n++] = F_TEXT("instance", instance);
	return n;
}

enum rc
push_record_failed(struct keeper *k, const struct push_wish *w,
    enum push_reason why, const char *detail)
{
	struct field f[8];
	size_t n = failed_fields(f, why, span_str(detail), k->args->instance);

	return push_record(k, "push_failed", w->push, w->endpoint, f, n);
}

static enum rc
append(struct keeper *k, const char *kind, const struct job *j,
    const struct field *f, size_t n)
{
	return record_append(k,
	    &(struct ledger_event){
		.kind = kind,
		.session = span_of(j->push, PUSH_ID_LEN),
		.endpoint = j->request.endpoint,
		.fields = f,
		.field_count = n,
	    },
	    issue_rules_set(j->rules));
}

static enum rc
append_sent(struct keeper *k, const struct job *j)
{
	uint8_t text[ADDRESS_TEXT_MAX];
	struct writer address;
	struct field f[4];
	size_t n = 0;

	writer_init(&address, text, sizeof(text));
	address_print(&address, &j->request.address);
	f[n++] = F_TEXT("way", push_way_name(j->push_way));
	f[n++] = F_TEXT("address", writer_span(&address));
	f[n++] = F_INT("worker", j->worker);
	f[n++] = F_TEXT("instance", k->args->instance);
	return append(k, "push_sent", j, f, n);
}

enum rc
push_append(struct keeper *k, struct job *j)
{
	struct field f[8];
	enum rc rc;

	if (j->decision.granted)
		rc = append_sent(k, j);
	else
		rc = append(k, "push_failed", j, f,
		    failed_fields(f, PUSH_REFUSED,
			span_str(reason_code(j->decision.reason)),
			k->args->instance));
	j->push_recorded = rc == RC_OK;
	return rc;
}
