/* Devices that a client waits to hear of. */
#include "push_op.h"

#include "link.h"

#include <stdlib.h>

enum { TICK_MS = 100 };

void
op_tick_soon(struct keeper *k)
{
	if (loop_timer_set(k->loop, &k->pushes.timer, clock_now_ms() + TICK_MS,
		op_on_tick, k) != RC_OK)
		LOG(LOG_ERROR, "out_of_memory", F_TEXT("for", "timer"));
}

struct push_wish
op_wish(const struct push_op *op)
{
	return (struct push_wish){
	    .push = op->push,
	    .endpoint = op->by_endpoint.key,
	    .way = op->wanted,
	    .to = op->to,
	};
}

struct push_op *
op_new(struct keeper *k, struct client *c, const struct push_wish *w)
{
	struct push_op *op = calloc(1, sizeof(*op));

	if (!op)
		return NULL;
	op->client = c;
	op->ref = ++k->pushes.last_ref;
	memcpy(op->push, w->push, PUSH_ID_LEN);
	memcpy(op->endpoint, w->endpoint.p, w->endpoint.len);
	op->by_endpoint.key = span_of(op->endpoint, w->endpoint.len);
	op->wanted = w->way;
	op->to = w->to;
	table_put(&k->pushes.ops, &op->by_endpoint);
	if (!k->pushes.first)
		op_tick_soon(k);
	op->next = k->pushes.first;
	k->pushes.first = op;
	return op;
}

void
op_free(struct keeper *k, struct push_op *op)
{
	struct push_op **at = &k->pushes.first;

	while (*at != op)
		at = &(*at)->next;
	*at = op->next;
	table_remove(&k->pushes.ops, &op->by_endpoint);
	free(op);
	if (!k->pushes.first)
		loop_timer_clear(k->loop, &k->pushes.timer);
}

struct push_op *
op_of(struct keeper *k, struct span endpoint)
{
	return (struct push_op *)table_get(&k->pushes.ops, endpoint);
}

void
op_ask_worker(struct keeper *k, const struct push_op *op, unsigned worker,
    enum q_push_what what)
{
	struct question q = {.kind = Q_PUSH};

	q.push.ref = op->ref;
	q.push.what = what;
	memcpy(q.push.push, op->push, PUSH_ID_LEN);
	/* the message ID: nobody foresees it who does not see the probe */
	q.push.mid = (uint16_t)hash_keyed(
	    k->sources.secret, span_of(&op->ref, sizeof(op->ref)));
	if (op->way == PUSH_ADDRESS)
		q.push.address = op->to;
	q.push.endpoint = op->by_endpoint.key;
	(void)!link_send(k->links[worker].fd, &q);
}

void
op_forget_probe(struct keeper *k, const struct push_op *op)
{
	for (unsigned i = 0; i < k->args->link_count; i++)
		op_ask_worker(k, op, i, Q_PUSH_FORGET);
}

void
op_end_failed(struct keeper *k, struct push_op *op, enum push_reason why,
    const char *detail)
{
	const struct push_wish w = op_wish(op);

	push_fail(k, op->client, &w, why, detail);
	op_free(k, op);
}

void
op_end_busy(struct keeper *k, struct push_op *op)
{
	push_say(op->client, "busy", op->by_endpoint.key);
	op_free(k, op);
}
