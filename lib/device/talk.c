#include "device/talk_internal.h"

#include <stdlib.h>

enum {
	MAX_RETRANSMIT = 4,
	RESPONSE_WAIT_MS = 93000, /* MAX_TRANSMIT_WAIT, after an empty ACK */
	TOKEN_LEN = 8,
};

uint64_t
talk_draw(struct talk *t)
{
	/* xorshift64: a device that can be played again, no secrets */
	t->random ^= t->random << 13;
	t->random ^= t->random >> 7;
	t->random ^= t->random << 17;
	return t->random;
}

void
talk_init(
    struct talk *t, const struct device_behaviour *behaviour, uint64_t seed)
{
	memset(t, 0, sizeof(*t));
	t->behaviour = behaviour;
	t->random = seed ? seed : 1;
	t->mid = (uint16_t)talk_draw(t);
}

void
talk_forget(struct talk_known *k)
{
	if (k->bytes)
		secret_wipe(k->bytes, k->len);
	free(k->bytes);
	*k = (struct talk_known){.due_ms = TIME_NEVER};
}

void
talk_fini(struct talk *t)
{
	for (size_t i = 0; i < TALK_ANSWERS_MAX; i++)
		talk_forget(&t->known[i]);
	secret_fini(&t->body);
	secret_wipe(t->down, sizeof(t->down));
	secret_wipe(t->out, sizeof(t->out));
}

/* --- sending -------------------------------------------------------------- */

void
talk_send(struct talk *t, struct span s)
{
	unsigned copies = t->behaviour->sends_twice ? 2 : 1;

	for (unsigned i = 0; i < copies; i++) {
		struct talk_datagram *d;

		if (t->dead || t->out_count == TALK_OUT_MAX ||
		    s.len > sizeof(d->bytes))
			return;
		d = &t->out[(t->out_first + t->out_count) % TALK_OUT_MAX];
		memcpy(d->bytes, s.p, s.len);
		d->len = s.len;
		t->out_count++;
		t->sent++;
		if (t->behaviour->dies_after &&
		    t->sent >= t->behaviour->dies_after)
			t->dead = true;
	}
}

void
talk_send_empty(struct talk *t, enum coap_type type, uint16_t mid)
{
	struct coap_message m = {.type = type, .mid = mid};
	uint8_t buf[4];
	struct writer w;

	writer_init(&w, buf, sizeof(buf));
	coap_encode(&m, &w);
	talk_send(t, writer_span(&w));
}

enum rc
talk_output(struct talk *t, struct writer *w)
{
	struct talk_datagram *d = &t->out[t->out_first];

	if (t->out_count == 0)
		return RC_AGAIN;
	if (w->cap - w->len < d->len)
		return RC_TOO_LARGE;
	writer_put(w, span_of(d->bytes, d->len));
	secret_wipe(d->bytes, d->len);
	t->out_first = (t->out_first + 1) % TALK_OUT_MAX;
	t->out_count--;
	return RC_OK;
}

/* --- our request ---------------------------------------------------------- */

enum rc
talk_ask(struct talk *t, struct coap_message *m, uint64_t now_ms)
{
	struct writer w;

	m->type = COAP_CON;
	m->mid = t->mid++;
	m->token = (struct coap_token){0};
	if (!t->behaviour->empty_token) {
		uint64_t bits = talk_draw(t);

		m->token.len = TOKEN_LEN;
		memcpy(m->token.bytes, &bits, TOKEN_LEN);
	}
	writer_init(&w, t->request, sizeof(t->request));
	coap_encode(m, &w);
	if (w.full)
		return RC_TOO_LARGE;
	t->request_len = w.len;
	t->request_mid = m->mid;
	t->token = m->token;
	t->asking = true;
	t->asking_acked = false;
	t->request_tries = 0;
	t->request_timeout_ms = ACK_TIMEOUT_MS + talk_draw(t) % ACK_JITTER_MS;
	t->request_again_ms = now_ms + t->request_timeout_ms;
	talk_send(t, span_of(t->request, t->request_len));
	return RC_OK;
}

static void
take_response(struct talk *t, struct talk_heard *h)
{
	const struct coap_message *m = &h->message;
	bool ours = t->asking && coap_token_equal(m->token, t->token) &&
	    (m->type != COAP_ACK || m->mid == t->request_mid);

	if (!ours) {
		/* a separate response that is repeated was ours */
		if (m->type == COAP_CON)
			talk_send_empty(t,
			    coap_token_equal(m->token, t->token) ? COAP_ACK
								 : COAP_RST,
			    m->mid);
		return;
	}
	if (m->type == COAP_CON)
		talk_send_empty(t, COAP_ACK, m->mid);
	t->asking = false;
	h->kind = TALK_RESPONSE;
}

static void
take_empty(struct talk *t, struct talk_heard *h, uint64_t now_ms)
{
	const struct coap_message *m = &h->message;

	if (m->type == COAP_CON) {
		talk_send_empty(t, COAP_RST, m->mid); /* a ping */
		return;
	}
	for (size_t i = 0; i < TALK_ANSWERS_MAX; i++)
		if (t->known[i].separate && t->known[i].own_mid == m->mid)
			t->known[i].separate = false;
	if (!t->asking || m->mid != t->request_mid)
		return;
	if (m->type == COAP_RST) {
		t->asking = false;
		h->kind = TALK_REJECTED;
	} else if (m->type == COAP_ACK && !t->asking_acked) {
		t->asking_acked = true;
		t->request_again_ms = now_ms + RESPONSE_WAIT_MS;
	}
}

void
talk_receive(struct talk *t, struct span datagram, uint64_t now_ms,
    struct talk_heard *out)
{
	enum rc rc;

	out->kind = TALK_NOTHING;
	out->body = (struct span){0};
	out->blocks = 0;
	if (t->dead)
		return;
	rc = coap_decode(datagram, &out->message);
	if (rc != RC_OK) {
		if (rc != RC_UNSUPPORTED && datagram.len >= 4 &&
		    out->message.type == COAP_CON)
			talk_send_empty(t, COAP_RST, out->message.mid);
		return;
	}
	if (out->message.code == COAP_EMPTY)
		take_empty(t, out, now_ms);
	else if (coap_is_response(out->message.code))
		take_response(t, out);
	else if (coap_is_request(out->message.code))
		talk_take_command(t, out, now_ms);
}

/* --- time ----------------------------------------------------------------- */

static void
tick_known(struct talk *t, struct talk_known *k, uint64_t now_ms)
{
	if (k->used && k->due_ms <= now_ms) {
		k->due_ms = TIME_NEVER;
		talk_send(t, span_of(k->bytes, k->len));
	}
	if (!k->separate || now_ms < k->again_ms)
		return;
	if (k->tries > MAX_RETRANSMIT) {
		k->separate = false;
		return;
	}
	talk_send(t, span_of(k->bytes, k->len));
	k->again_ms = now_ms + (k->timeout_ms << k->tries);
	k->tries++;
}

void
talk_tick(struct talk *t, uint64_t now_ms, struct talk_heard *out)
{
	out->kind = TALK_NOTHING;
	if (t->dead)
		return;
	for (size_t i = 0; i < TALK_ANSWERS_MAX; i++)
		tick_known(t, &t->known[i], now_ms);
	if (!t->asking || now_ms < t->request_again_ms)
		return;
	if (t->asking_acked || t->request_tries == MAX_RETRANSMIT) {
		t->asking = false;
		out->kind = TALK_UNANSWERED;
		return;
	}
	t->request_tries++;
	t->request_again_ms =
	    now_ms + (t->request_timeout_ms << t->request_tries);
	talk_send(t, span_of(t->request, t->request_len));
}

uint64_t
talk_deadline(const struct talk *t)
{
	uint64_t at = TIME_NEVER;

	if (t->dead)
		return at;
	if (t->asking)
		at = t->request_again_ms;
	for (size_t i = 0; i < TALK_ANSWERS_MAX; i++) {
		const struct talk_known *k = &t->known[i];

		if (k->used && k->due_ms < at)
			at = k->due_ms;
		if (k->separate && k->again_ms < at)
			at = k->again_ms;
	}
	return at;
}
