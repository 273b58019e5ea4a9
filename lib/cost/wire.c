#include "cost/wire.h"

#include "cost/dialogue.h"

#include <stdlib.h>

/** A message that was heard. */
struct heard {
	struct heard *next;
	bool down;
	size_t len;
	uint8_t bytes[];
};

/** All of one bootstrap. */
struct tape {
	struct heard *first, **last;
};

static enum rc
keep(void *ctx, enum air_way way, struct span message)
{
	struct tape *t = ctx;
	struct heard *h = calloc(1, sizeof(*h) + message.len);

	if (!h)
		return RC_MEMORY;
	h->down = way == AIR_DOWN;
	h->len = message.len;
	if (message.len)
		memcpy(h->bytes, message.p, message.len);
	*t->last = h;
	t->last = &h->next;
	return RC_OK;
}

static void
tape_fini(struct tape *t)
{
	struct heard *h;

	while ((h = t->first)) {
		t->first = h->next;
		free(h);
	}
}

/** The plan with that in the place of each secret: its digest stays. */
static enum rc
fill(struct span plan, uint8_t byte, struct secret *out)
{
	struct secret copy = {0};
	struct plan p = {0};
	enum rc rc = secret_set(&copy, plan);

	if (rc == RC_OK)
		rc = plan_decode(&copy, &p);
	for (size_t i = 0; rc == RC_OK && i < p.entry_count; i++) {
		struct span v = p.entries[i].entry.value.bytes;

		if (p.entries[i].secret && v.len > 0)
			memset(
			    p.bytes.bytes + (v.p - p.bytes.bytes), byte, v.len);
	}
	if (rc == RC_OK)
		rc = secret_set(out, secret_expose(&p.bytes));
	plan_fini(&p);
	secret_fini(&copy);
	return rc;
}

static enum rc
record(const struct cost_case *c, uint8_t byte, struct tape *tape,
    struct session_verdict *verdict)
{
	struct secret plan = {0};
	struct cost_case plain = {
	    .device = c->device,
	    .endpoint = c->endpoint,
	    .transport = COST_UDP,
	    .proof = COST_NONE,
	    .echo = c->echo,
	};
	struct dialogue t;
	enum rc rc = fill(c->plan, byte, &plan);

	tape->last = &tape->first;
	if (rc == RC_OK) {
		plain.plan = secret_expose(&plan);
		rc = dialogue_hear(&t, &plain, keep, tape);
		*verdict = t.decided
		    ? t.verdict
		    : (struct session_verdict){.outcome = OUTCOME_FAILED,
			  .reason = REASON_NO_ANSWER};
		dialogue_fini(&t);
	}
	secret_fini(&plan);
	return rc;
}

static enum rc
play(
    const struct tape *a, const struct tape *b, cost_message_fn each, void *ctx)
{
	const struct heard *x = a->first, *y = b->first;
	enum rc rc = RC_OK;

	for (; rc == RC_OK && x && y; x = x->next, y = y->next) {
		const struct cost_message m = {
		    .down = x->down,
		    .bytes = span_of(x->bytes, x->len),
		    .other = span_of(y->bytes, y->len),
		};

		if (x->len != y->len || x->down != y->down)
			return RC_BUG;
		rc = each(ctx, &m);
	}
	return rc == RC_OK && (x || y) ? RC_BUG : rc;
}

enum rc
cost_wire(const struct cost_case *c, cost_message_fn each, void *ctx,
    struct cost *end)
{
	struct tape zeros = {0}, ones = {0};
	struct session_verdict verdict = {0}, other;
	enum rc rc = record(c, 0, &zeros, &verdict);

	if (rc == RC_OK)
		rc = record(c, 0xff, &ones, &other);
	if (rc == RC_OK)
		rc = play(&zeros, &ones, each, ctx);
	*end = (struct cost){
	    .outcome = verdict.outcome,
	    .reason = verdict.reason,
	    .step = verdict.step,
	    .steps = verdict.steps,
	};
	tape_fini(&zeros);
	tape_fini(&ones);
	return rc;
}
