#include "coap/peer_internal.h"

#include <stdlib.h>

static uint64_t
lifetime_ms(const struct coap_peer *p, const struct answer *a)
{
	return a->type == COAP_CON ? p->params->exchange_lifetime_ms
				   : p->params->non_lifetime_ms;
}

static void
answer_clear(struct answer *a)
{
	if (!a->keys.bytes)
		free(a->bytes);
	secret_fini(&a->keys);
	*a = (struct answer){.state = ANSWER_FREE};
}

static void
forget_old(struct coap_peer *p, uint64_t now_ms)
{
	for (size_t i = 0; i < ANSWERS_MAX; i++) {
		struct answer *a = &p->answers.ring[i];

		if (a->state != ANSWER_FREE &&
		    time_over(a->received_ms, lifetime_ms(p, a), now_ms))
			answer_clear(a);
	}
}

/* A free entry, else the one of the oldest answered request. There always is
 * one, since fewer than all may be open. */
static struct answer *
make_room(struct answers *as)
{
	struct answer *oldest = NULL;

	for (size_t i = 0; i < ANSWERS_MAX; i++) {
		struct answer *a = &as->ring[i];

		if (a->state == ANSWER_FREE)
			return a;
		if (a->state == ANSWER_GIVEN &&
		    (!oldest || a->received_ms < oldest->received_ms))
			oldest = a;
	}
	answer_clear(oldest);
	return oldest;
}

bool
answer_duplicate(
    struct coap_peer *p, const struct coap_message *m, uint64_t now_ms)
{
	struct answer *a = NULL;

	forget_old(p, now_ms);
	for (size_t i = 0; i < ANSWERS_MAX && !a; i++) {
		struct answer *b = &p->answers.ring[i];

		if (b->state != ANSWER_FREE && b->mid == m->mid &&
		    coap_token_equal(b->token, m->token))
			a = b;
	}
	if (!a)
		return false;
	/* A separate answer is repeated by its own timer, not by this. */
	if (a->type == COAP_CON && a->acked)
		a->send_ack = true;
	else if (a->type == COAP_CON && a->state == ANSWER_GIVEN)
		a->send = true;
	return true;
}

uint32_t
answer_open(struct coap_peer *p, const struct coap_message *m, uint64_t now_ms)
{
	size_t open = 0;
	struct answer *a;

	forget_old(p, now_ms);
	for (size_t i = 0; i < ANSWERS_MAX; i++)
		open += p->answers.ring[i].state == ANSWER_OPEN;
	if (open >= ANSWERS_OPEN_MAX)
		return 0;
	a = make_room(&p->answers);
	*a = (struct answer){
	    .state = ANSWER_OPEN,
	    .type = m->type,
	    .mid = m->mid,
	    .token = m->token,
	    .ref = peer_ref(p),
	    .received_ms = now_ms,
	};
	return a->ref;
}

enum rc
answer_make(
    struct coap_message *m, const struct coap_response *rs, uint8_t *scratch)
{
	enum rc rc = RC_OK;

	if (!coap_is_response(rs->code) || rs->content_format > 0xffff ||
	    rs->content_format < COAP_FORMAT_NONE)
		return RC_BUG;
	m->code = rs->code;
	m->payload = rs->payload;
	if (rs->content_format != COAP_FORMAT_NONE)
		rc = coap_add(m, COAP_CONTENT_FORMAT,
		    coap_uint((uint32_t)rs->content_format, scratch));
	if (rc == RC_OK && rs->max_age_s >= 0)
		rc = coap_add(m, COAP_MAX_AGE,
		    coap_uint((uint32_t)rs->max_age_s, scratch + 4));
	for (size_t i = 0; rc == RC_OK && i < rs->option_count; i++)
		rc = coap_add(m, rs->options[i].number, rs->options[i].value);
	return rc;
}

/* An answer with a payload may carry keys: a Bootstrap-Pack does. Errors:
 * RC_MEMORY. */
static enum rc
keep(struct answer *a, struct span bytes, bool keys)
{
	enum rc rc = RC_OK;

	if (keys)
		rc = secret_set(&a->keys, bytes);
	a->bytes = keys ? a->keys.bytes : malloc(bytes.len);
	if (rc != RC_OK || !a->bytes)
		return RC_MEMORY;
	if (!keys)
		memcpy(a->bytes, bytes.p, bytes.len);
	a->len = bytes.len;
	return RC_OK;
}

/* Errors: RC_TOO_LARGE, RC_MEMORY. */
static enum rc
encode(struct answer *a, const struct coap_response *rs,
    const struct coap_message *head)
{
	uint8_t buf[ANSWER_LEN_MAX], scratch[ANSWER_SCRATCH];
	struct coap_message m = *head;
	struct writer w;
	enum rc rc = answer_make(&m, rs, scratch);

	if (rc != RC_OK)
		return rc;
	writer_init(&w, buf, sizeof(buf));
	coap_encode(&m, &w);
	if (w.full) {
		rc = RC_TOO_LARGE;
		goto out;
	}
	rc = keep(a, writer_span(&w), rs->payload.len > 0);
out:
	secret_wipe(buf, sizeof(buf));
	return rc;
}

/* RFC 7252 section 5.2: piggybacked, separate, or NON for NON. */
static enum rc
give(struct coap_peer *p, struct answer *a, const struct coap_response *rs,
    uint64_t now_ms)
{
	struct coap_message m = {.token = a->token};
	bool separate = a->type == COAP_CON && a->acked;
	enum rc rc;

	if (a->type == COAP_CON && !separate) {
		m.type = COAP_ACK;
		m.mid = a->mid;
	} else {
		m.type = a->type;
		rc = peer_mid(p, now_ms, &m.mid);
		if (rc != RC_OK)
			return rc;
	}
	rc = encode(a, rs, &m);
	if (rc != RC_OK)
		return rc;
	a->state = ANSWER_GIVEN;
	a->send = true;
	a->own_mid = m.mid;
	if (separate)
		flight_start(&a->flight, p->params, peer_random(p), now_ms);
	return RC_OK;
}

enum rc
answer_give(struct coap_peer *p, uint32_t ref, const struct coap_response *rs,
    uint64_t now_ms)
{
	if (!coap_is_response(rs->code) || rs->content_format > 0xffff ||
	    rs->content_format < COAP_FORMAT_NONE)
		return RC_BUG;
	if (rs->payload.len > ANSWER_PAYLOAD_MAX)
		return RC_TOO_LARGE;
	forget_old(p, now_ms);
	for (size_t i = 0; i < ANSWERS_MAX; i++) {
		struct answer *a = &p->answers.ring[i];

		if (a->state == ANSWER_OPEN && a->ref == ref)
			return give(p, a, rs, now_ms);
	}
	return RC_NOT_FOUND;
}

void
answer_received(struct coap_peer *p, uint16_t mid)
{
	for (size_t i = 0; i < ANSWERS_MAX; i++) {
		struct answer *a = &p->answers.ring[i];

		if (a->flight.active && a->own_mid == mid) {
			flight_end(&a->flight);
			a->send = false;
		}
	}
}

void
answer_tick(struct coap_peer *p, uint64_t now_ms)
{
	for (size_t i = 0; i < ANSWERS_MAX; i++) {
		struct answer *a = &p->answers.ring[i];

		if (a->state == ANSWER_OPEN && a->type == COAP_CON &&
		    !a->acked &&
		    time_over(a->received_ms, ANSWER_ACK_DELAY_MS, now_ms)) {
			a->acked = true;
			a->send_ack = true;
		}
		if (flight_tick(&a->flight, p->params, now_ms) ==
		    FLIGHT_AGAIN) {
			a->send = true;
			p->counters.retransmitted++;
		}
	}
}

bool
answer_in_flight(const struct coap_peer *p)
{
	for (size_t i = 0; i < ANSWERS_MAX; i++) {
		if (p->answers.ring[i].flight.active)
			return true;
	}
	return false;
}

uint64_t
answer_deadline(const struct coap_peer *p)
{
	uint64_t first = TIME_NEVER;

	for (size_t i = 0; i < ANSWERS_MAX; i++) {
		const struct answer *a = &p->answers.ring[i];
		uint64_t at = flight_deadline(&a->flight);

		if (a->state == ANSWER_OPEN && a->type == COAP_CON && !a->acked)
			at = time_after(a->received_ms, ANSWER_ACK_DELAY_MS);
		if (at < first)
			first = at;
	}
	return first;
}

uint64_t
answer_keep_until(const struct coap_peer *p)
{
	uint64_t last = 0;

	for (size_t i = 0; i < ANSWERS_MAX; i++) {
		const struct answer *a = &p->answers.ring[i];
		const struct acked *k = &p->answers.acked[i];
		uint64_t at = 0;

		if (a->state != ANSWER_FREE)
			at = time_after(a->received_ms, lifetime_ms(p, a));
		if (a->flight.active && a->flight.deadline_ms > at)
			at = a->flight.deadline_ms;
		if (at > last)
			last = at;
		if (k->used) {
			at = time_after(
			    k->at_ms, p->params->exchange_lifetime_ms);
			if (at > last)
				last = at;
		}
	}
	return last;
}

bool
answer_output(struct coap_peer *p, struct writer *w)
{
	for (size_t i = 0; i < ANSWERS_MAX; i++) {
		struct answer *a = &p->answers.ring[i];
		struct coap_message ack = {.type = COAP_ACK, .mid = a->mid};

		if (a->send_ack) {
			a->send_ack = false;
			coap_encode(&ack, w);
			return true;
		}
		if (a->send) {
			a->send = false;
			writer_put(w, span_of(a->bytes, a->len));
			return true;
		}
	}
	return false;
}

void
answer_ack(struct coap_peer *p, const struct coap_message *m, uint64_t now_ms)
{
	struct answers *as = &p->answers;

	peer_note_empty(p, COAP_ACK, m->mid);
	as->acked[as->acked_next] = (struct acked){
	    .used = true,
	    .mid = m->mid,
	    .token = m->token,
	    .at_ms = now_ms,
	};
	as->acked_next = (as->acked_next + 1) % ANSWERS_MAX;
}

bool
answer_ack_again(
    struct coap_peer *p, const struct coap_message *m, uint64_t now_ms)
{
	for (size_t i = 0; i < ANSWERS_MAX; i++) {
		const struct acked *k = &p->answers.acked[i];

		if (k->used && k->mid == m->mid &&
		    coap_token_equal(k->token, m->token) &&
		    !time_over(
			k->at_ms, p->params->exchange_lifetime_ms, now_ms)) {
			peer_note_empty(p, COAP_ACK, m->mid);
			return true;
		}
	}
	return false;
}

void
answer_fini(struct coap_peer *p)
{
	for (size_t i = 0; i < ANSWERS_MAX; i++)
		answer_clear(&p->answers.ring[i]);
}
