/* A push, as the ledger tells of it. */
#include "base/loop.h"
#include "base/text.h"
#include "ctl_push.h"

#include <stdio.h>

enum { EXIT_INPUT = 66, EXIT_FAULT = 70 };

/* --- what a row says ------------------------------------------------------ */

static const char *
text_of(struct push *p, const struct ledger_row *row, const char *name)
{
	uint8_t room[1024];
	struct span copy;
	struct writer w;

	writer_init(&w, room, sizeof(room));
	if (!ledger_field(row, name, &w) || w.len == 0)
		return NULL;
	copy = arena_copy(p->arena, writer_span(&w));
	return (const char *)copy.p;
}

static bool
field_is(const struct ledger_row *row, const char *name, const char *value)
{
	uint8_t room[64];
	struct writer w;

	writer_init(&w, room, sizeof(room));
	return ledger_field(row, name, &w) && span_is(writer_span(&w), value);
}

static const char *
way_of(const struct ledger_row *row)
{
	static const char *const ways[] = {"session", "address", "trigger"};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (field_is(row, "way", ways[i]))
			return ways[i];
	return "?";
}

static void
note_reason(struct push *p, struct target *t, const struct ledger_row *row)
{
	t->reason = text_of(p, row, "reason");
	t->sentence = text_of(p, row, "sentence");
	t->remedy = text_of(p, row, "remedy");
	t->detail = text_of(p, row, "detail");
}

static void
note_ended(struct push *p, struct target *t, const struct ledger_row *row)
{
	static const char *const outcomes[] = {"ok", "failed", "unknown"};

	t->ended = true;
	t->outcome = "unknown";
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
		if (field_is(row, "outcome", outcomes[i]))
			t->outcome = outcomes[i];
	note_reason(p, t, row);
}

/** Rows of the push itself. */
static void
note_own(struct push *p, struct target *t, const struct ledger_row *row)
{
	int64_t window_s = 0;

	if (span_is(row->kind, "push_sent")) {
		t->sent = true;
		t->way = way_of(row);
		t->sent_ms = row->time_ms;
		if (ledger_field_int(row, "window_s", &window_s))
			t->until_ms = row->time_ms + window_s * 1000;
	} else if (span_is(row->kind, "push_answered")) {
		t->taken |= field_is(row, "result", "taken");
	} else if (span_is(row->kind, "push_failed")) {
		t->failed = true;
		note_reason(p, t, row);
	}
}

static enum rc
note_row(void *ctx, const struct ledger_row *row)
{
	struct push *p = ctx;
	struct target *t;

	p->after_seq = row->seq;
	if (row->endpoint.len == 0)
		return RC_OK;
	t = push_find(p, row->endpoint);
	if (span_equal(
		row->session, span_of(p->id_bytes, sizeof(p->id_bytes)))) {
		if (span_is(row->kind, "push_planned")) {
			p->planned++;
			return push_add(p, row->endpoint);
		}
		if (t)
			note_own(p, t, row);
	} else if (t && span_is(row->kind, "bootstrap_begin") &&
	    row->session.len == sizeof(t->session) &&
	    field_is(row, "push", p->id)) {
		memcpy(t->session, row->session.p, sizeof(t->session));
		t->begun = true;
		/* it came again, or after all */
		t->ended = t->failed = false;
	} else if (t && t->begun && span_is(row->kind, "bootstrap_end") &&
	    span_equal(row->session, span_of(t->session, sizeof(t->session)))) {
		note_ended(p, t, row);
	}
	return RC_OK;
}

enum rc
push_follow(struct push *p)
{
	const struct ledger_query q = {.after_seq = p->after_seq};

	return ledger_read(p->ledger, &q, note_row, p);
}

/* --- what it means -------------------------------------------------------- */

bool
target_is_late(const struct target *t)
{
	return t->sent && !t->begun && !t->failed && t->until_ms != 0 &&
	    clock_wall_ms() > t->until_ms;
}

bool
target_has_failed(const struct target *t)
{
	if (t->ended)
		return strcmp(t->outcome, "ok") != 0;
	return !t->begun && (t->failed || target_is_late(t));
}

bool
target_is_done(const struct target *t, bool wait)
{
	if (t->asked || t->trigger)
		return false;
	if (t->busy > PUSH_BUSY_MOST)
		return true; /* given up: it stays as it is */
	if (t->ended || (t->failed && !t->begun) || target_is_late(t))
		return true;
	if (wait)
		return false;
	/* a trigger that may never have been sent is not done */
	return t->begun || t->taken ||
	    (t->sent && strcmp(t->way, "trigger") != 0);
}

/* --- one that was broken off ---------------------------------------------- */

static enum rc
note_start(void *ctx, const struct ledger_row *row)
{
	struct push *p = ctx;
	int64_t count = 0;
	const char *selection = text_of(p, row, "selection");

	p->after_seq = row->seq;
	(void)ledger_field_int(row, "count", &count);
	p->said_count = (uint64_t)count;
	p->via = text_of(p, row, "via");
	p->to = text_of(p, row, "to");
	if (p->to && strcmp(p->to, "-") == 0)
		p->to = NULL;
	snprintf(p->selection, sizeof(p->selection), "%s",
	    selection ? selection : "");
	return RC_OK;
}

int
push_recall(struct push *p)
{
	const struct ledger_query q = {
	    .session = span_of(p->id_bytes, sizeof(p->id_bytes)),
	    .kind = SPAN_LIT("push_started"),
	    .limit = 1,
	};
	enum rc rc = ledger_read(p->ledger, &q, note_start, p);

	if (rc == RC_OK && p->after_seq == 0) {
		fprintf(stderr, "bootstrapctl: the ledger knows no push %s\n",
		    p->id);
		return EXIT_INPUT;
	}
	if (rc == RC_OK)
		rc = push_follow(p);
	if (rc != RC_OK) {
		fprintf(stderr, "bootstrapctl: %s: %s\n",
		    p->ctl->config->ledger, rc_name(rc));
		return rc_exit(rc);
	}
	if (p->planned < p->said_count) {
		fprintf(stderr,
		    "bootstrapctl: push %s was broken off before it began: "
		    "nothing was sent\n"
		    "  remedy: start it anew\n",
		    p->id);
		return EXIT_INPUT;
	}
	if (!p->via)
		p->via = "any";
	return 0;
}
