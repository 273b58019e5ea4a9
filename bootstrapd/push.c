#include "push.h"

#include "base/text.h"
#include "link.h"
#include "policy/match.h"

#include <stdlib.h>

enum {
	TICK_MS = 100,
	LOOK_MS = 1000, /**< a worker that says nothing has nothing */
	PROBE_MS = 20000, /**< five times, as RFC 7252 section 4.8 has it */
	GO_GRACE_MS = 2000,
	DECIDE_MS = 120000, /**< a decision that never came back */
	OPS_MOST = 1024,
};

static const char *const way_names[] = {
    [PUSH_ANY] = "any",
    [PUSH_SESSION] = "session",
    [PUSH_ADDRESS] = "address",
    [PUSH_TRIGGER] = "trigger",
};

const char *
push_way_name(enum push_way way)
{
	return way_names[way];
}

bool
push_way_read(struct span word, enum push_way *out)
{
	for (size_t i = 0; i < sizeof(way_names) / sizeof(way_names[0]); i++) {
		if (span_is(word, way_names[i])) {
			*out = (enum push_way)i;
			return true;
		}
	}
	return false;
}

/* --- what clients are told ------------------------------------------------ */

void
push_say(struct client *c, const char *state, struct span endpoint)
{
	struct reply *r = c ? calloc(1, sizeof(*r)) : NULL;

	if (!r)
		return;
	reply_init(r);
	reply_text(r, "device", endpoint);
	reply_str(r, "state", state);
	writer_str(&r->w, "\n");
	client_say(c, r);
	free(r);
}

void
push_lost(struct client *c, struct span endpoint)
{
	push_say(c, "lost", endpoint);
}

static void
say_failed(struct client *c, struct span endpoint, enum push_reason why,
    const char *detail)
{
	struct reply *r = c ? calloc(1, sizeof(*r)) : NULL;

	if (!r)
		return;
	reply_init(r);
	reply_text(r, "device", endpoint);
	reply_str(r, "state", "failed");
	reply_str(r, "reason", push_reason_code(why));
	reply_str(r, "sentence", push_reason_sentence(why));
	reply_str(r, "remedy", push_reason_remedy(why));
	if (detail)
		reply_str(r, "detail", detail);
	writer_str(&r->w, "\n");
	client_say(c, r);
	free(r);
}

void
push_fail(struct keeper *k, struct client *c, const struct push_wish *w,
    enum push_reason why, const char *detail)
{
	if (push_record_failed(k, w, why, detail) != RC_OK)
		push_lost(c, w->endpoint);
	else
		say_failed(c, w->endpoint, why, detail);
}

static void
say_sent(struct client *c, const struct push_op *op, const uint8_t *session)
{
	struct reply *r = c ? calloc(1, sizeof(*r)) : NULL;

	if (!r)
		return;
	reply_init(r);
	reply_text(r, "device", op->by_endpoint.key);
	reply_str(r, "state", "sent");
	reply_str(r, "way", push_way_name(op->way));
	reply_hex(r, "session", span_of(session, SESSION_ID_LEN));
	writer_str(&r->w, "\n");
	client_say(c, r);
	free(r);
}

/* --- ops ------------------------------------------------------------------ */

static void on_tick(void *ctx, uint64_t now_ms);

static void
tick_soon(struct keeper *k)
{
	if (loop_timer_set(k->loop, &k->pushes.timer, clock_now_ms() + TICK_MS,
		on_tick, k) != RC_OK)
		LOG(LOG_ERROR, "out_of_memory", F_TEXT("for", "timer"));
}

static struct push_wish
wish_of(const struct push_op *op)
{
	return (struct push_wish){
	    .push = op->push,
	    .endpoint = op->by_endpoint.key,
	    .way = op->wanted,
	    .to = op->to,
	};
}

static struct push_op *
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
		tick_soon(k);
	op->next = k->pushes.first;
	k->pushes.first = op;
	return op;
}

static void
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

static struct push_op *
op_of(struct keeper *k, struct span endpoint)
{
	return (struct push_op *)table_get(&k->pushes.ops, endpoint);
}

static void
ask_worker(struct keeper *k, const struct push_op *op, unsigned worker,
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

static void
forget_probe(struct keeper *k, const struct push_op *op)
{
	for (unsigned i = 0; i < k->args->link_count; i++)
		ask_worker(k, op, i, Q_PUSH_FORGET);
}

static void
end_failed(struct keeper *k, struct push_op *op, enum push_reason why,
    const char *detail)
{
	const struct push_wish w = wish_of(op);

	push_fail(k, op->client, &w, why, detail);
	op_free(k, op);
}

static void
end_busy(struct keeper *k, struct push_op *op)
{
	push_say(op->client, "busy", op->by_endpoint.key);
	op_free(k, op);
}

/* --- the three ways ------------------------------------------------------- */

static void
look(struct keeper *k, struct push_op *op)
{
	op->way = PUSH_SESSION;
	op->state = PUSH_LOOKING;
	op->deadline_ms = clock_now_ms() + LOOK_MS;
	for (unsigned i = 0; i < k->args->link_count; i++)
		ask_worker(k, op, i, Q_PUSH_LOOK);
}

static void
go(struct keeper *k, struct push_op *op)
{
	op->state = PUSH_GOING;
	op->found = op->busy = false;
	op->deadline_ms =
	    clock_now_ms() + k->config->keeper_wait_ms + GO_GRACE_MS;
	ask_worker(k, op, op->worker, Q_PUSH_GO);
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
		ask_worker(k, op, i, Q_PUSH_EXPECT);
	ask_worker(k, op, 0, Q_PUSH_PROBE);
}

/** By a server's trigger, or not at all: `why`. */
static void
trigger_or_fail(struct keeper *k, struct push_op *op,
    const struct push_last *last, enum push_reason why)
{
	struct push_wish w = wish_of(op);

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
static void
no_session(struct keeper *k, struct push_op *op)
{
	struct push_last last;

	if (push_last_of(k, op->by_endpoint.key, &last) != RC_OK) {
		push_lost(op->client, op->by_endpoint.key);
		op_free(k, op);
	} else if (!last.found) {
		end_failed(k, op, PUSH_UNKNOWN_ENDPOINT, NULL);
	} else if (op->wanted == PUSH_SESSION) {
		end_failed(k, op, PUSH_NO_SESSION, NULL);
	} else if (last.nosec &&
	    is_admitted(k, &last.address, op->by_endpoint.key)) {
		probe(k, op, &last.address);
	} else {
		trigger_or_fail(k, op, &last, PUSH_NO_WAY);
	}
}

static void
no_answer(struct keeper *k, struct push_op *op)
{
	struct push_last last;

	forget_probe(k, op);
	if (push_last_of(k, op->by_endpoint.key, &last) == RC_OK) {
		trigger_or_fail(k, op, &last, PUSH_UNREACHABLE);
		return;
	}
	push_lost(op->client, op->by_endpoint.key);
	op_free(k, op);
}

static void
looked(struct keeper *k, struct push_op *op)
{
	if (op->found)
		go(k, op);
	else if (op->busy)
		end_busy(k, op);
	else
		no_session(k, op);
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
		forget_probe(k, op);
	if (op)
		end_failed(k, op, PUSH_SUPERSEDED, NULL);
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

/* --- what workers say ----------------------------------------------------- */

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
		looked(k, op);
}

static void
heard_probe(struct link *l, struct push_op *op, const struct q_pushed *q)
{
	if (q->status == Q_PUSHED_FOUND) {
		forget_probe(l->keeper, op);
		op->worker = l->worker;
		go(l->keeper, op);
	} else if (q->status == Q_PUSHED_BUSY) {
		forget_probe(l->keeper, op);
		end_busy(l->keeper, op);
	} else if (l->worker == 0) {
		no_answer(l->keeper, op);
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
			end_busy(k, op);
		else if (op->way == PUSH_SESSION) /* gone meanwhile */
			no_session(k, op);
		else
			no_answer(k, op);
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
		end_failed(k, op, PUSH_UNDECIDED, NULL);
		return;
	} else if (!j->decision.granted) {
		say_failed(op->client, op->by_endpoint.key, PUSH_REFUSED,
		    reason_code(j->decision.reason));
	} else {
		say_sent(op->client, op, j->request.session);
	}
	op_free(k, op);
}

void
push_not_now(struct keeper *k, const struct q_begin *q)
{
	struct push_op *op = deciding(k, q->endpoint, q->push);

	if (op)
		end_busy(k, op);
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
		looked(k, op);
		break;
	case PUSH_PROBING:
		no_answer(k, op);
		break;
	case PUSH_GOING:
	case PUSH_DECIDING:
		end_failed(k, op, PUSH_UNDECIDED, NULL);
		break;
	}
}

static void
on_tick(void *ctx, uint64_t now_ms)
{
	struct keeper *k = ctx;
	struct push_op *op, *next;

	for (op = k->pushes.first; op; op = next) {
		next = op->next;
		if (now_ms >= op->deadline_ms)
			op_late(k, op);
	}
	if (k->pushes.first)
		tick_soon(k);
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
