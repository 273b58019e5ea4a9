/* The rows of a rollout: written, and read again by who comes next. */
#include "rollout_run.h"

#include "base/text.h"
#include "rollout_words.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const kinds[ROLLOUT_MOVES] = {
    [MOVE_START] = "rollout_started",
    [MOVE_STAGE] = "rollout_stage",
    [MOVE_HALT] = "rollout_halted",
    [MOVE_RESUME] = "rollout_resumed",
    [MOVE_REVERT] = "rollout_reverted",
    [MOVE_FINISH] = "rollout_finished",
};

const char *
rollout_move_kind(enum rollout_move move)
{
	return kinds[move];
}

static struct writer
room(char *text, size_t cap)
{
	struct writer w;

	memset(text, 0, cap);
	writer_init(&w, text, cap - 1);
	return w;
}

/** What was asked for. */
static size_t
put_terms(struct rollout_row *out, const struct rollout_run *r, size_t n)
{
	struct field *f = out->fields;
	struct writer w = room(out->stages, sizeof(out->stages));

	rollout_stages_print(&w, &r->terms);
	w = room(out->success, sizeof(out->success));
	share_print(&w, r->terms.success);
	w = room(out->window, sizeof(out->window));
	rollout_window_print(&w, r->terms.window_ms);
	f[n++] = F_TEXT("stages", (const char *)out->stages);
	f[n++] = F_TEXT("success", (const char *)out->success);
	f[n++] = F_TEXT("window", (const char *)out->window);
	f[n++] = F_INT("minimum", r->terms.minimum);
	if (r->group.glob[0])
		f[n++] = F_TEXT("group", (const char *)r->group.glob);
	if (r->group.policy[0])
		f[n++] = F_TEXT("policy", (const char *)r->group.policy);
	return n;
}

void
rollout_row(struct rollout_row *out, const struct keeper *k,
    const struct rollout_run *r, enum rollout_move move, const char *by,
    const char *why)
{
	const struct rollout_counts *c = &r->given.now;
	struct writer w = room(out->share, sizeof(out->share));
	struct field *f = out->fields;
	size_t n = 0;

	share_print(&w, r->terms.stages[r->stage]);
	f[n++] = F_BYTES("base", span_of(r->base, DIGEST_LEN));
	f[n++] = F_BYTES("candidate", span_of(r->next, DIGEST_LEN));
	f[n++] = F_INT("stage", r->stage + 1);
	f[n++] = F_TEXT("share", (const char *)out->share);
	/* of the stage until now */
	f[n++] = F_INT("ok", c->ok);
	f[n++] = F_INT("failed", c->failed);
	f[n++] = F_INT("unknown", c->unknown);
	f[n++] = F_TEXT("by", by);
	f[n++] = F_TEXT("why", why);
	if (move == MOVE_START) {
		f[n++] = F_TEXT("source", k->config->policies);
		n = put_terms(out, r, n);
	}
	/* for who comes next: rollout_began_ms */
	f[n++] = F_INT("uptime_ms", clock_now_ms());
	f[n++] = F_TEXT("instance", k->args->instance);
	out->event = (struct ledger_event){
	    .kind = kinds[move],
	    .session = span_of(r->id, sizeof(r->id)),
	    .fields = f,
	    .field_count = n,
	};
}

/* --- read again ----------------------------------------------------------- */

struct reading_rows {
	struct rollout_told *told;
	uint64_t now_ms;
};

static bool
text_of(const struct ledger_row *row, const char *name, char *out, size_t cap)
{
	struct writer w = room(out, cap);

	return ledger_field(row, name, &w);
}

static bool
digest_of_row(const struct ledger_row *row, const char *name,
    uint8_t out[static DIGEST_LEN])
{
	char hex[2 * DIGEST_LEN + 1];
	struct writer w;

	writer_init(&w, out, DIGEST_LEN);
	return text_of(row, name, hex, sizeof(hex)) &&
	    text_unhex(&w, span_str(hex)) == RC_OK && w.len == DIGEST_LEN;
}

static enum rc
take_start(struct rollout_run *r, const struct ledger_row *row)
{
	char stages[ROLLOUT_STAGES_TEXT], success[ROLLOUT_SHARE_TEXT],
	    window[32];
	int64_t minimum;

	if (row->session.len != ROLLOUT_ID_LEN ||
	    !digest_of_row(row, "base", r->base) ||
	    !digest_of_row(row, "candidate", r->next) ||
	    !text_of(row, "stages", stages, sizeof(stages)) ||
	    !text_of(row, "success", success, sizeof(success)) ||
	    !text_of(row, "window", window, sizeof(window)) ||
	    !ledger_field_int(row, "minimum", &minimum) || minimum < 1 ||
	    minimum > ROLLOUT_MINIMUM_MAX ||
	    rollout_stages_read(span_str(stages), &r->terms) ||
	    !rollout_share_read(span_str(success), &r->terms.success) ||
	    !rollout_window_read(span_str(window), &r->terms.window_ms))
		return RC_MALFORMED;
	r->terms.minimum = (uint32_t)minimum;
	memcpy(r->id, row->session.p, sizeof(r->id));
	(void)text_of(row, "group", r->group.glob, sizeof(r->group.glob));
	(void)text_of(row, "policy", r->group.policy, sizeof(r->group.policy));
	(void)text_of(row, "by", r->by, sizeof(r->by));
	r->started_ms = row->time_ms;
	r->first_row = row->seq;
	return RC_OK;
}

/** The window began with this row. */
static void
take_window(
    struct rollout_run *r, const struct ledger_row *row, uint64_t now_ms)
{
	int64_t uptime_ms = -1;

	(void)ledger_field_int(row, "uptime_ms", &uptime_ms);
	r->began_ms =
	    rollout_began_ms(row->time_ms, uptime_ms, clock_wall_ms(), now_ms);
	r->stage_ms = row->time_ms;
	r->row = row->seq;
	r->halted = false;
}

static bool
kind_of(const struct ledger_row *row, enum rollout_move *move)
{
	for (size_t i = 0; i < ROLLOUT_MOVES; i++)
		if (span_is(row->kind, kinds[i])) {
			*move = (enum rollout_move)i;
			return true;
		}
	return false;
}

static enum rc
take_row(void *ctx, const struct ledger_row *row)
{
	struct reading_rows *c = ctx;
	struct rollout_told *told = c->told;
	struct rollout_run *r = told->run;
	enum rollout_move move;
	int64_t stage;

	if (!kind_of(row, &move))
		return RC_OK;
	told->last = move;
	told->last_row = row->seq;
	switch (move) {
	case MOVE_START:
		take_window(r, row, c->now_ms);
		return take_start(r, row);
	case MOVE_STAGE:
		if (!ledger_field_int(row, "stage", &stage) || stage < 1 ||
		    (uint64_t)stage > r->terms.stage_count)
			return RC_MALFORMED;
		r->stage = (size_t)stage - 1;
		take_window(r, row, c->now_ms);
		break;
	case MOVE_RESUME:
		take_window(r, row, c->now_ms);
		break;
	case MOVE_HALT:
		r->halted = true;
		(void)text_of(row, "why", r->why, sizeof(r->why));
		break;
	case MOVE_REVERT:
	case MOVE_FINISH:
		break;
	}
	return RC_OK;
}

struct newest {
	uint64_t seq;
	uint8_t id[ROLLOUT_ID_LEN];
};

static enum rc
take_newest(void *ctx, const struct ledger_row *row)
{
	struct newest *n = ctx;

	if (row->session.len == ROLLOUT_ID_LEN) {
		n->seq = row->seq;
		memcpy(n->id, row->session.p, sizeof(n->id));
	}
	return RC_OK;
}

enum rc
rollout_read(struct ledger *l, uint64_t now_ms, struct rollout_told *out)
{
	struct ledger_query q = {
	    .kind = span_str(kinds[MOVE_START]),
	    .newest_first = true,
	    .limit = 1,
	};
	struct reading_rows c = {out, now_ms};
	struct newest n = {0};
	enum rc rc = ledger_read(l, &q, take_newest, &n);

	*out = (struct rollout_told){0};
	if (rc != RC_OK || n.seq == 0)
		return rc;
	out->run = calloc(1, sizeof(*out->run));
	if (!out->run)
		return RC_MEMORY;
	tally_init(&out->run->given);
	tally_init(&out->run->others);
	/* there is one at a time: the last that was started */
	q = (struct ledger_query){.session = span_of(n.id, sizeof(n.id))};
	rc = ledger_read(l, &q, take_row, &c);
	if (rc != RC_OK) {
		rollout_free(out->run);
		out->run = NULL;
	}
	return rc;
}

static enum rc
take_any(void *ctx, const struct ledger_row *row)
{
	(void)row;
	*(bool *)ctx = true;
	return RC_OK;
}

enum rc
rollout_known(
    struct ledger *l, const uint8_t id[static ROLLOUT_ID_LEN], bool *known)
{
	const struct ledger_query q = {
	    .session = span_of(id, ROLLOUT_ID_LEN),
	    .limit = 1,
	};

	*known = false;
	return ledger_read(l, &q, take_any, known);
}
