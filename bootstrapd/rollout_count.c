/* What counts in a rollout, as it happens and as the ledger tells it. */
#include "rollout_run.h"

#include "base/text.h"

bool
rollout_ending_counts(enum outcome said, enum reason why, enum outcome *as)
{
	*as = said;
	/* the device's next attempt tells */
	if (why == REASON_SUPERSEDED || why == REASON_CANCELLED)
		return false;
	if (why == REASON_WORKER_LOST || why == REASON_DAEMON_LOST)
		*as = OUTCOME_UNKNOWN;
	return true;
}

static const enum reason failures[] = {
    REASON_NO_IDENTITY,
    REASON_NO_POLICY,
    REASON_PLAN_TOO_LARGE,
    REASON_EXPIRED,
    REASON_UNTRUSTED,
    REASON_CERTIFICATE,
    REASON_RAW_KEY,
    REASON_CERTIFICATE_REFUSED,
    REASON_KEY_MISSING,
    REASON_KEY_REVOKED,
    REASON_NOT_POSSIBLE,
    REASON_NO_SERVER,
};
enum { FAILURES = sizeof(failures) / sizeof(failures[0]) };

bool
rollout_refusal_counts(enum reason why)
{
	for (size_t i = 0; i < FAILURES; i++)
		if (failures[i] == why)
			return true;
	return false;
}

/* --- as the ledger tells it ----------------------------------------------- */

struct counting {
	struct rollout_run *run;
	bool refusals; /**< rows of them, and not of endings */
};

static struct span
text_of(
    const struct ledger_row *row, const char *name, uint8_t *room, size_t cap)
{
	struct writer w;

	writer_init(&w, room, cap);
	return ledger_field(row, name, &w) ? writer_span(&w) : (struct span){0};
}

static bool
is_of(const struct ledger_row *row, const struct rollout_run *r)
{
	uint8_t text[2 * ROLLOUT_ID_LEN], id[ROLLOUT_ID_LEN];
	struct writer w;

	writer_init(&w, id, sizeof(id));
	return text_unhex(&w, text_of(row, "rollout", text, sizeof(text))) ==
	    RC_OK &&
	    span_equal(writer_span(&w), span_of(r->id, sizeof(r->id)));
}

static enum reason
reason_of(struct span code)
{
	enum reason r = REASON_NONE;

	while (r < REASON_COUNT && !span_is(code, reason_code(r)))
		r++;
	return r;
}

static enum outcome
outcome_of(struct span name)
{
	static const enum outcome known[] = {OUTCOME_OK, OUTCOME_FAILED};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (span_is(name, outcome_name(known[i])))
			return known[i];
	return OUTCOME_UNKNOWN;
}

static enum rc
count(void *ctx, const struct ledger_row *row)
{
	struct counting *c = ctx;
	struct rollout_run *r = c->run;
	uint8_t room[64], other[64];
	enum reason why = reason_of(text_of(row, "reason", room, sizeof(room)));
	enum outcome as = OUTCOME_FAILED;
	bool given = is_of(row, r), now = row->seq > r->row;

	if (c->refusals
		? !given || !rollout_refusal_counts(why)
		: !rollout_ending_counts(
		      outcome_of(text_of(row, "outcome", other, sizeof(other))),
		      why, &as))
		return RC_OK;
	if (!given && !now)
		return RC_OK;
	return tally_note(given ? &r->given : &r->others,
	    rollout_place(r->id, row->endpoint), as, row->seq, now);
}

enum rc
rollout_recount(struct ledger *l, struct rollout_run *r)
{
	struct ledger_query q = {
	    .after_seq = r->first_row,
	    .kind = SPAN_LIT("bootstrap_end"),
	};
	struct counting c = {.run = r};
	enum rc rc = ledger_read(l, &q, count, &c);

	q.kind = SPAN_LIT("bootstrap_refused");
	c.refusals = true;
	return rc == RC_OK ? ledger_read(l, &q, count, &c) : rc;
}
