/* What handshakes wait for: a key, or a signature. Asked again until there is
 * an answer, because a question may be lost with the keeper. */
#include "worker_state.h"

#include <stdlib.h>

enum {
	ASK_MS = 500, /**< an unanswered question is repeated */
	ASKS_MAX = 8,
};

void
wait_forget(struct wait *p)
{
	loop_timer_clear(p->worker->loop, &p->timer);
	table_remove(&p->worker->waits, &p->item);
	free(p);
}

static void ask(struct wait *p, uint64_t now_ms);

static void
due(void *ctx, uint64_t now_ms)
{
	struct wait *p = ctx;
	struct listener *l = p->listener;

	if (p->asked < ASKS_MAX) {
		ask(p, now_ms);
		return;
	}
	if (p->signature)
		(void)!dtls_sign_answer(l->dtls, p->conn, NULL, now_ms);
	else
		dtls_psk_unavailable(l->dtls, p->conn, now_ms);
	wait_forget(p);
	listener_serve(l, now_ms);
}

static void
send_psk(const struct wait *p)
{
	struct question q = {.kind = Q_PSK};
	uint8_t bytes[EVIDENCE_BYTES_MAX];
	struct writer w;

	writer_init(&w, bytes, sizeof(bytes));
	/* its Finished may be there already, and names the key by itself */
	if (dtls_evidence(p->listener->dtls, p->conn, &w) == RC_OK)
		q.psk.evidence = writer_span(&w);
	q.psk.ref = p->ref;
	q.psk.address = p->address;
	q.psk.identity = span_of(p->what, p->what_len);
	(void)!link_send(p->worker->keeper, &q);
}

static void
send_sign(const struct wait *p)
{
	struct question q = {.kind = Q_SIGN};

	q.sign.ref = p->ref;
	q.sign.address = p->address;
	q.sign.key = p->key;
	memcpy(q.sign.digest, p->what, sizeof(q.sign.digest));
	(void)!link_send(p->worker->keeper, &q);
}

static void
ask(struct wait *p, uint64_t now_ms)
{
	p->asked++;
	if (p->signature)
		send_sign(p);
	else
		send_psk(p);
	if (loop_timer_set(
		p->worker->loop, &p->timer, now_ms + ASK_MS, due, p) != RC_OK)
		LOG(LOG_ERROR, "out_of_memory", F_TEXT("for", "timer"));
}

/**
 * The number of the question of an association. It is told apart from those of
 * a process before this one, whose answers may still come, and a signature's
 * from a key's.
 */
static uint64_t
ref_of(const struct listener *l, uint64_t conn, bool signature)
{
	return l->worker->wait_salt ^ ((uint64_t)signature << 63) ^
	    ((uint64_t)l->index << 56) ^ conn;
}

struct wait *
wait_find(struct worker *w, uint64_t ref)
{
	/* the item is the first member */
	return (struct wait *)table_get(&w->waits, span_of(&ref, sizeof(ref)));
}

bool
wait_begin(struct listener *l, const struct dtls_event *ev, uint64_t now_ms)
{
	bool signature = ev->kind == DTLS_EVENT_SIGN_WANTED;
	struct span what = signature ? ev->digest : ev->identity;
	uint64_t ref = ref_of(l, ev->conn, signature);
	struct worker *w = l->worker;
	struct wait *p = wait_find(w, ref);

	if (p)
		return true; /* asked for already */
	p = calloc(1, sizeof(*p));
	if (!p || what.len > sizeof(p->what)) {
		free(p);
		return false;
	}
	p->worker = w;
	p->listener = l;
	p->conn = ev->conn;
	p->address = ev->address;
	p->ref = ref;
	p->signature = signature;
	p->key = ev->key;
	p->what_len = what.len;
	if (what.len)
		memcpy(p->what, what.p, what.len);
	p->item.key = span_of(&p->ref, sizeof(p->ref));
	table_put(&w->waits, &p->item);
	ask(p, now_ms);
	return true;
}

void
wait_end(struct listener *l, uint64_t conn)
{
	for (int signature = 0; signature < 2; signature++) {
		struct wait *p =
		    wait_find(l->worker, ref_of(l, conn, signature));

		if (p)
			wait_forget(p);
	}
}
