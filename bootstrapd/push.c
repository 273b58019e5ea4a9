#include "push_op.h"

#include "policy/match.h"

#include <stdlib.h>

enum {
	LOOK_MS = 1000, /**< a worker that says nothing has nothing */
	PROBE_MS = 20000, /**< five times, as RFC 7252 section 4.8 has it */
	GO_GRACE_MS = 2000,
	OPS_MOST = 1024,
};

static void
look(struct keeper *k, struct push_op *op)
{
	op->way = PUSH_SESSION;
	op->state = PUSH_LOOKING;
	op->deadline_ms = clock_now_ms() + LOOK_MS;
	for (unsigned i = 0; i < k->args->link_count; i++)
		op_ask_worker(k, op, i, Q_PUSH_LOOK);
}

void
op_go(struct keeper *k, struct push_op *op)
{
	op->state = PUSH_GOING;
	op->found = op->busy = false;
	op->deadline_ms =
	    clock_now_ms() + k->config->keeper_wait_ms + GO_GRACE_MS;
	op_ask_worker(k, op, op->worker, Q_PUSH_GO);
}

static void
probe(struct keeper *k, struct push_op *op, const struct address *to)
{
	op->way = PUSH_ADDRESS;
	op->to = *to;
	op->state = PUSH_PROBING;
	op->deadline_ms = clock_now_ms() + PROBE_MS;
	/* those that only listen first: the answer may be quick */
	for (unsigned i = 1; i < k->args->link_count; i++)
		op_ask_worker(k, op, i, Q_PUSH_EXPECT);
	op_ask_worker(k, op, 0, Q_PUSH_PROBE);
}

/** By a server's trigger, or not at all: `why`. */
static void
trigger_or_fail(struct keeper *k, struct push_op *op,
    const struct push_last *last, enum push_reason why)
{
	struct push_wish w = op_wish(op);

	if (op->wanted == PUSH_ANY && push_has_trigger(k, last))
		push_trigger(k, op->client, &w, last, false);
	else
		push_fail(k, op->client, &w, why, NULL);
	op_free(k, op);
}

static bool
is_admitted(struct keeper *k, const struct address *a, struct span endpoint)
{
	return a->family != 0 && a->port != 0 &&
	    identity_for_nosec(k->policies.set, a, endpoint) != NULL;
}

/** Nobody has a session of it. */
void
op_no_session(struct keeper *k, struct push_op *op)
{
	struct push_last last;

	if (push_last_of(k, op->by_endpoint.key, &last) != RC_OK) {
		push_lost(op->client, op->by_endpoint.key);
		op_free(k, op);
	} else if (!last.found) {
		op_end_failed(k, op, PUSH_UNKNOWN_ENDPOINT, NULL);
	} else if (op->wanted == PUSH_SESSION) {
		op_end_failed(k, op, PUSH_NO_SESSION, NULL);
	} else if (last.nosec &&
	    is_admitted(k, &last.address, op->by_endpoint.key)) {
		probe(k, op, &last.address);
	} else {
		trigger_or_fail(k, op, &last, PUSH_NO_WAY);
	}
}

void
op_no_answer(struct keeper *k, struct push_op *op)
{
	struct push_last last;

	op_forget_probe(k, op);
	if (push_last_of(k, op->by_endpoint.key, &last) == RC_OK) {
		trigger_or_fail(k, op, &last, PUSH_UNREACHABLE);
		return;
	}
	push_lost(op->client, op->by_endpoint.key);
	op_free(k, op);
}

void
op_looked(struct keeper *k, struct push_op *op)
{
	if (op->found)
		op_go(k, op);
	else if (op->busy)
		op_end_busy(k, op);
	else
		op_no_session(k, op);
}

static void
to_address(struct keeper *k, struct client *c, const struct push_wish *w)
{
	struct address to = w->to;
	struct push_last last = {0};
	struct push_op *op;

	if (to.family == 0 && push_last_of(k, w->endpoint, &last) != RC_OK) {
		push_lost(c, w->endpoint);
		return;
	}
	if (to.family == 0 && !last.found) {
		push_fail(k, c, w, PUSH_UNKNOWN_ENDPOINT, NULL);
		return;
	}
	if (to.family == 0 && last.nosec)
		to = last.address;
	if (to.family == 0) {
		push_fail(k, c, w, PUSH_NO_ADDRESS, NULL);
		return;
	}
	if (!is_admitted(k, &to, w->endpoint)) {
		push_fail(k, c, w, PUSH_NOT_ADMITTED, NULL);
		return;
	}
	op = op_new(k, c, w);
	if (op)
		probe(k, op, &to);
	else
		push_say(c, "busy", w->endpoint);
}

static void
to_server(struct keeper *k, struct client *c, const struct push_wish *w)
{
	struct push_last last;

	if (push_last_of(k, w->endpoint, &last) != RC_OK)
		push_lost(c, w->endpoint);
	else if (!last.found)
		push_fail(k, c, w, PUSH_UNKNOWN_ENDPOINT, NULL);
	else if (!push_has_trigger(k, &last))
		push_fail(k, c, w, PUSH_NO_TRIGGER, NULL);
	else
		push_trigger(k, c, w, &last, false);
}

/** One at a time for one device: the newest. False: it must wait. */
static bool
make_room(struct keeper *k, const struct push_wish *w)
{
	struct push_op *op = op_of(k, w->endpoint);

	if (op &&
	    (op->state == PUSH_DECIDING ||
		memcmp(op->push, w->push, PUSH_ID_LEN) == 0))
		return false;
	if (op && op->state == PUSH_PROBING)
		op_forget_probe(k, op);
	if (op)
		op_end_failed(k, op, PUSH_SUPERSEDED, NULL);
	return k->pushes.ops.count < OPS_MOST;
}

void
push_send(struct keeper *k, struct client *c, const struct push_wish *w)
{
	struct push_seen seen;
	struct push_op *op;

	if (push_look(k, w->push, w->endpoint, &seen) != RC_OK) {
		push_lost(c, w->endpoint);
	} else if (!seen.planned) {
		push_say(c, "error", w->endpoint);
	} else if (seen.sent || seen.failed || seen.begun) {
		push_say(c, "done", w->endpoint);
	} else if (!make_room(k, w)) {
		push_say(c, "busy", w->endpoint);
	} else if (w->way == PUSH_ADDRESS || w->to.family != 0) {
		to_address(k, c, w);
	} else if (w->way == PUSH_TRIGGER) {
		to_server(k, c, w);
	} else {
		op = op_new(k, c, w);
		if (op)
			look(k, op);
		else
			push_say(c, "busy", w->endpoint);
	}
}
