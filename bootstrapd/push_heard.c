/* What workers say of a push, what becomes of it, and those who say nothing. */
#include "push_op.h"

#include <stdlib.h>

enum { DECIDE_MS = 120000 /**< a decision that never came back */ };

static void
heard_look(struct link *l, struct push_op *op, const struct q_pushed *q)
{
	struct keeper *k = l->keeper;
	uint64_t all = UINT64_MAX >> (64 - k->args->link_count);

	op->answered |= UINT64_C(1) << l->worker;
	op->busy |= q->status == Q_PUSHED_BUSY;
	/* where it was bootstrapped last */
	if (q->status == Q_PUSHED_FOUND &&
	    (!op->found || q->granted_ms > op->granted_ms)) {
		op->found = true;
		op->worker = l->worker;
		op->granted_ms = q->granted_ms;
	}
	if (op->answered == all)
		op_looked(k, op);
}

static void
heard_probe(struct link *l, struct push_op *op, const struct q_pushed *q)
{
	if (q->status == Q_PUSHED_FOUND) {
		op_forget_probe(l->keeper, op);
		op->worker = l->worker;
		op_go(l->keeper, op);
	} else if (q->status == Q_PUSHED_BUSY) {
		op_forget_probe(l->keeper, op);
		op_end_busy(l->keeper, op);
	} else if (l->worker == 0) {
		op_no_answer(l->keeper, op);
	}
}

void
push_heard(struct link *l, const struct q_pushed *q)
{
	struct keeper *k = l->keeper;
	struct push_op *op = k->pushes.first;

	while (op && op->ref != q->ref)
		op = op->next;
	if (!op)
		return;
	switch (op->state) {
	case PUSH_LOOKING:
		heard_look(l, op, q);
		break;
	case PUSH_PROBING:
		heard_probe(l, op, q);
		break;
	case PUSH_GOING:
		if (l->worker != op->worker)
			break;
		if (q->status == Q_PUSHED_BUSY)
			op_end_busy(k, op);
		else if (op->way == PUSH_SESSION) /* gone meanwhile */
			op_no_session(k, op);
		else
			op_no_answer(k, op);
		break;
	case PUSH_DECIDING:
		break;
	}
}

enum push_way
push_begins(struct link *l, const struct q_begin *q)
{
	struct push_op *op = op_of(l->keeper, q->endpoint);

	if (!op || op->state != PUSH_GOING || op->worker != l->worker ||
	    memcmp(op->push, q->push, PUSH_ID_LEN) != 0)
		return PUSH_ANY;
	op->state = PUSH_DECIDING;
	op->deadline_ms = clock_now_ms() + DECIDE_MS;
	return op->way;
}

static struct push_op *
deciding(struct keeper *k, struct span endpoint, const uint8_t *push)
{
	struct push_op *op = op_of(k, endpoint);

	return op && op->state == PUSH_DECIDING &&
		memcmp(op->push, push, PUSH_ID_LEN) == 0
	    ? op
	    : NULL;
}

void
push_decided(struct keeper *k, const struct job *j, enum rc rc)
{
	struct push_op *op = deciding(k, j->request.endpoint, j->push);

	if (!op)
		return;
	if (rc != RC_OK) {
		push_lost(op->client, op->by_endpoint.key);
	} else if (!j->push_recorded) {
		/* its peer went before it was decided: nothing was recorded */
		op_end_failed(k, op, PUSH_UNDECIDED, NULL);
		return;
	} else if (!j->decision.granted) {
		push_say_failed(op->client, op->by_endpoint.key, PUSH_REFUSED,
		    reason_code(j->decision.reason));
	} else {
		push_say_sent(op->client, op, j->request.session);
	}
	op_free(k, op);
}

void
push_not_now(struct keeper *k, const struct q_begin *q)
{
	struct push_op *op = deciding(k, q->endpoint, q->push);

	if (op)
		op_end_busy(k, op);
}

void
push_client_gone(struct keeper *k, const struct client *c)
{
	for (struct push_op *op = k->pushes.first; op; op = op->next)
		if (op->client == c)
			op->client = NULL;
}

/* --- time ----------------------------------------------------------------- */

static void
op_late(struct keeper *k, struct push_op *op)
{
	switch (op->state) {
	case PUSH_LOOKING:
		op_looked(k, op);
		break;
	case PUSH_PROBING:
		op_no_answer(k, op);
		break;
	case PUSH_GOING:
	case PUSH_DECIDING:
		op_end_failed(k, op, PUSH_UNDECIDED, NULL);
		break;
	}
}

void
op_on_tick(void *ctx, uint64_t now_ms)
{
	struct keeper *k = ctx;
	struct push_op *op, *next;

	for (op = k->pushes.first; op; op = next) {
		next = op->next;
		if (now_ms >= op->deadline_ms)
			op_late(k, op);
	}
	if (k->pushes.first)
		op_tick_soon(k);
}

enum rc
pushes_init(struct keeper *k)
{
	enum rc rc = table_init(&k->pushes.ops);

	return rc == RC_OK ? table_init(&k->pushes.triggered) : rc;
}

void
pushes_free(struct keeper *k)
{
	struct table_item *item;

	while (k->pushes.first)
		op_free(k, k->pushes.first);
	while ((item = table_any(&k->pushes.triggered))) {
		table_remove(&k->pushes.triggered, item);
		free(item); /* the first member */
	}
	table_fini(&k->pushes.ops);
	table_fini(&k->pushes.triggered);
}
