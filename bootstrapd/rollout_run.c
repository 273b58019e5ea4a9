/* A rollout as it goes on: movements, counting, and whom it is told to. */
#include "rollout_run.h"

#include "rollout_words.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	/** After a movement of its own accord that could not be made. */
	TRY_AGAIN_MS = 10000,
};

void
rollout_free(struct rollout_run *r)
{
	if (!r)
		return;
	issue_rules_unref(r->candidate);
	policy_set_unref(r->set);
	rollout_way_unref(r->way);
	tally_fini(&r->given);
	tally_fini(&r->others);
	free(r);
}

enum rc
rollout_renew_way(struct rollout_run *r)
{
	struct rollout_way *w = rollout_way_new(r->id, (unsigned)r->stage + 1,
	    r->terms.stages[r->stage], r->halted, &r->group, r->candidate);

	if (!w)
		return RC_MEMORY;
	rollout_way_unref(r->way);
	r->way = w;
	return RC_OK;
}

uint64_t
rollout_elapsed_ms(const struct rollout_run *r, uint64_t now_ms)
{
	return now_ms > r->began_ms ? now_ms - r->began_ms : 0;
}

/* --- movements ------------------------------------------------------------ */

static void
say(struct keeper *k, enum rollout_move move, const struct rollout_row *row)
{
	log_event(move == MOVE_HALT ? LOG_WARNING : LOG_NOTICE, row->event.kind,
	    row->fields, row->event.field_count);
	keeper_note(k, move == MOVE_HALT ? KEEPER_HALTED : KEEPER_NOT_HALTED);
}

/** The state as it is after the movement, but for what has to be made. */
static void
advance(struct rollout_run *r, enum rollout_move move, const char *why)
{
	r->stage += move == MOVE_STAGE;
	r->halted = move == MOVE_HALT;
	snprintf(r->why, sizeof(r->why), "%s", r->halted ? why : "");
}

/** Nothing of the stage before counts for this one. */
static void
open_window(struct rollout_run *r)
{
	r->stage_ms = clock_wall_ms();
	r->began_ms = clock_now_ms();
	tally_fresh(&r->given);
	/* of the others only a window is of interest: not to grow for weeks */
	tally_fini(&r->others);
	tally_init(&r->others);
}

static enum rc
record_row(struct keeper *k, const struct rollout_row *row)
{
	return record_events(k, &row->event, 1);
}

static enum rc
move_on(
    struct keeper *k, enum rollout_move move, const char *by, const char *why)
{
	struct rollout_run *r = k->rollout;
	const size_t stage = r->stage;
	const bool halted = r->halted;
	struct rollout_way *old = rollout_way_ref(r->way);
	char old_why[ROLLOUT_WHY_MAX];
	struct rollout_row row;
	enum rc rc;

	memcpy(old_why, r->why, sizeof(old_why));
	advance(r, move, why);
	rollout_row(&row, k, r, move, by, why);
	rc = rollout_renew_way(r);
	if (rc == RC_OK)
		rc = record_row(k, &row);
	if (rc != RC_OK) {
		r->stage = stage;
		r->halted = halted;
		memcpy(r->why, old_why, sizeof(r->why));
		rollout_way_unref(r->way);
		r->way = old;
		return rc;
	}
	rollout_way_unref(old);
	if (move != MOVE_HALT)
		open_window(r);
	say(k, move, &row);
	return RC_OK;
}

static enum rc
end(struct keeper *k, enum rollout_move move, const char *by, const char *why)
{
	struct rollout_run *r = k->rollout;
	struct rollout_row row;
	enum rc rc;

	rollout_row(&row, k, r, move, by, why);
	rc = rollout_settle(k, move, by, &row.event);
	if (rc != RC_OK)
		return rc;
	say(k, move, &row);
	rollout_free(r);
	return RC_OK;
}

enum rc
rollout_go(
    struct keeper *k, enum rollout_move move, const char *by, const char *why)
{
	if (move == MOVE_REVERT || move == MOVE_FINISH)
		return end(k, move, by, why);
	return move_on(k, move, by, why);
}

void
rollout_tick(struct keeper *k, uint64_t now_ms)
{
	static const char by[] = "keeper";
	struct rollout_run *r = k->rollout;
	enum rollout_verdict verdict;
	const char *why;
	enum rc rc = RC_OK;

	/* what cannot be recorded does not happen: record_gap tries */
	if (!r || r->halted || !k->ledger_health.ok || now_ms < k->rollout_ms)
		return;
	verdict = rollout_judge(
	    &r->terms, &r->given.now, rollout_elapsed_ms(r, now_ms), &why);
	if (verdict == ROLLOUT_FAILS)
		rc = rollout_go(k, MOVE_HALT, by, why);
	else if (verdict == ROLLOUT_PASSES)
		rc = rollout_go(k,
		    r->stage + 1 < r->terms.stage_count ? MOVE_STAGE
							: MOVE_FINISH,
		    by, why);
	if (rc == RC_OK)
		return;
	k->rollout_ms = now_ms + TRY_AGAIN_MS;
	LOG(LOG_ERROR, "rollout_stuck", F_TEXT("error", rc_name(rc)),
	    F_TEXT("remedy", "see `bootstrapctl status`; it is tried again"));
}

/* --- whom it is told to --------------------------------------------------- */

void
rollout_enter(struct keeper *k, struct job *j)
{
	if (k->rollout)
		j->way = rollout_way_ref(k->rollout->way);
}

bool
rollout_overtook(const struct keeper *k, const struct job *j)
{
	const struct rollout_run *r = k->rollout;

	if (!j->staged)
		return false;
	/* the shares of one rollout only grow */
	return !r || (r->halted && r->way != j->way) ||
	    !span_equal(rollout_way_id(j->way), span_of(r->id, sizeof(r->id)));
}

void
rollout_enter_again(struct keeper *k, struct job *j)
{
	if (!j->way)
		return;
	rollout_way_unref(j->way);
	j->way = NULL;
	j->staged = false;
	j->request.rollout = (struct span){0};
	issue_rules_unref(j->rules);
	j->rules = issue_rules_ref(k->policies.rules);
	rollout_enter(k, j);
}

/* --- counting ------------------------------------------------------------- */

static void
is_waiting(void *ctx, struct table_item *item)
{
	size_t *n = ctx;
	/* the item is the first member */
	const struct known_session *s =
	    (const struct known_session *)(const void *)item;

	*n += s->staged && s->recorded && !s->superseded;
}

size_t
rollout_waiting(struct keeper *k)
{
	size_t n = 0;

	table_each(&k->sessions, is_waiting, &n);
	return n;
}

static void
note(struct rollout_run *r, struct tally *t, struct span endpoint,
    enum outcome as)
{
	if (tally_note(t, rollout_place(r->id, endpoint), as, 0, true) != RC_OK)
		LOG(LOG_ERROR, "rollout_uncounted",
		    F_TEXT("endpoint", endpoint),
		    F_TEXT("remedy", "there is no memory left"));
}

void
rollout_count_end(struct keeper *k, const struct known_session *s,
    const struct session_verdict *v)
{
	struct rollout_run *r = k->rollout;
	enum outcome as;

	if (!r || !rollout_ending_counts(v->outcome, v->reason, &as))
		return;
	if (!s->staged)
		note(r, &r->others, session_endpoint(s), as);
	else if (memcmp(s->rollout, r->id, sizeof(r->id)) == 0)
		note(r, &r->given, session_endpoint(s), as);
}

void
rollout_count_refused(struct keeper *k, const struct job *j)
{
	struct rollout_run *r = k->rollout;

	if (!r || !j->staged || j->decision.granted ||
	    !rollout_refusal_counts(j->decision.reason) ||
	    !span_equal(j->request.rollout, span_of(r->id, sizeof(r->id))))
		return;
	note(r, &r->given, issue_row_endpoint(j->decision.peer.endpoint),
	    OUTCOME_FAILED);
}
