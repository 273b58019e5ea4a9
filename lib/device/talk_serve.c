#include "device/talk_internal.h"

#include <stdlib.h>

static struct talk_known *
find_known(struct talk *t, uint16_t mid, uint64_t now_ms)
{
	for (size_t i = 0; i < TALK_ANSWERS_MAX; i++) {
		struct talk_known *k = &t->known[i];

		if (k->used && now_ms >= k->at_ms + TALK_LIFETIME_MS)
			talk_forget(k);
		if (k->used && k->mid == mid)
			return k;
	}
	return NULL;
}

static struct talk_known *
add_known(struct talk *t, uint16_t mid, uint64_t now_ms)
{
	struct talk_known *oldest = &t->known[0];

	for (size_t i = 0; i < TALK_ANSWERS_MAX; i++) {
		struct talk_known *k = &t->known[i];

		if (!k->used || (oldest->used && k->at_ms < oldest->at_ms))
			oldest = k;
	}
	talk_forget(oldest);
	oldest->used = true;
	oldest->mid = mid;
	oldest->at_ms = now_ms;
	return oldest;
}

static void
repeat(struct talk *t, const struct talk_known *k)
{
	if (k->acked)
		talk_send_empty(t, COAP_ACK, k->mid);
	else if (k->answered && k->due_ms == TIME_NEVER)
		talk_send(t, span_of(k->bytes, k->len));
}

static uint32_t
hash_path(const struct coap_message *m)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < m->option_count; i++) {
		const struct coap_option *o = &m->options[i];

		if (o->number != COAP_URI_PATH)
			continue;
		for (size_t n = 0; n < o->value.len; n++)
			h = (h ^ o->value.p[n]) * 16777619u;
		h = (h ^ '/') * 16777619u;
	}
	return h;
}

static bool
find_block(const struct coap_message *m, uint16_t number, struct coap_block *b)
{
	const struct coap_option *o = coap_find(m, number);

	return o && coap_block_decode(o->value, b) == RC_OK;
}

static enum rc
put_uint(struct coap_message *m, uint16_t number, uint32_t v, uint8_t *bytes)
{
	return coap_add(m, number, coap_uint(v, bytes));
}

/** Encode and send the answer to the command of `k`, or keep it for later. */
static enum rc
give(struct talk *t, struct talk_known *k, struct coap_message *m,
    const struct coap_message *command, const struct talk_answer *a,
    uint64_t now_ms)
{
	uint8_t buf[TALK_DATAGRAM_MAX];
	struct writer w;

	m->code = a->code;
	m->token = command->token;
	m->type = COAP_ACK;
	m->mid = command->mid;
	if (a->reaction == REACT_SEPARATE) {
		m->type = COAP_CON;
		m->mid = t->mid++;
	}
	writer_init(&w, buf, sizeof(buf));
	coap_encode(m, &w);
	if (w.full)
		return RC_TOO_LARGE;
	k->bytes = malloc(w.len);
	if (!k->bytes)
		return RC_MEMORY;
	memcpy(k->bytes, buf, w.len);
	k->len = w.len;
	k->answered = true;
	k->due_ms = TIME_NEVER;
	if (a->reaction == REACT_SEPARATE) {
		k->separate = k->acked = true;
		k->own_mid = m->mid;
		k->timeout_ms = ACK_TIMEOUT_MS + talk_draw(t) % ACK_JITTER_MS;
		k->again_ms = now_ms + a->delay_ms;
		talk_send_empty(t, COAP_ACK, k->mid);
	} else if (a->reaction == REACT_LATE) {
		k->due_ms = now_ms + a->delay_ms;
	} else {
		talk_send(t, span_of(k->bytes, k->len));
	}
	return RC_OK;
}

/** A block that is not the last, or is not to be had. True: it is answered. */
static bool
answer_block(struct talk *t, struct talk_known *k,
    const struct coap_message *command, uint8_t code,
    const struct coap_block *b, uint64_t now_ms)
{
	struct talk_answer a = {.code = code};
	struct coap_message m = {0};
	uint8_t bytes[4];

	if (b &&
	    coap_add(&m, COAP_BLOCK1, coap_block_encode(*b, bytes)) != RC_OK)
		return true;
	(void)!give(t, k, &m, command, &a, now_ms);
	return true;
}

/** Gather a Block1 body. True: the block is answered, wait for more. */
static bool
gather(
    struct talk *t, struct talk_known *k, struct talk_heard *h, uint64_t now_ms)
{
	const struct coap_message *m = &h->message;
	const struct device_behaviour *v = t->behaviour;
	size_t max = v->message_max ? v->message_max : TALK_BODY_MAX;
	uint32_t path = hash_path(m);
	struct coap_block b;
	size_t offset;

	h->body = m->payload;
	if (!find_block(m, COAP_BLOCK1, &b)) {
		if (m->payload.len <= max)
			return false;
		b = (struct coap_block){.szx = coap_szx_for(max)};
		return answer_block(t, k, m, COAP_TOO_LARGE, &b, now_ms);
	}
	if (v->no_block1)
		return answer_block(t, k, m, COAP_BAD_OPTION, NULL, now_ms);
	offset = (size_t)b.num * coap_block_size(b.szx);
	if (b.num == 0) {
		t->up.open = secret_reserve(&t->body, TALK_BODY_MAX) == RC_OK;
		t->up.method = m->code;
		t->up.path_hash = path;
		t->up.count = 0;
	}
	if (!t->up.open || t->up.method != m->code || t->up.path_hash != path ||
	    offset != t->body.len)
		return answer_block(t, k, m, COAP_INCOMPLETE, NULL, now_ms);
	if (b.more && m->payload.len != coap_block_size(b.szx))
		return answer_block(t, k, m, COAP_BAD_REQUEST, NULL, now_ms);
	if (m->payload.len > t->body.cap - t->body.len)
		return answer_block(t, k, m, COAP_TOO_LARGE, NULL, now_ms);
	memcpy(t->body.bytes + t->body.len, m->payload.p, m->payload.len);
	t->body.len += m->payload.len;
	t->up.count++;
	if (!b.more) {
		t->up.open = false;
		h->body = secret_expose(&t->body);
		h->blocks = t->up.count;
		return false;
	}
	/* a smaller size is asked for with the number as it was (RFC 7959
	 * section 2.5) */
	if (v->block_max && coap_block_size(b.szx) > v->block_max)
		b.szx = coap_szx_for(v->block_max);
	return answer_block(t, k, m, COAP_CONTINUE, &b, now_ms);
}

/** One block of the answer that is kept. */
static enum rc
give_block2(struct talk *t, struct talk_known *k,
    const struct coap_message *command, struct coap_block b,
    const struct talk_answer *a, uint64_t now_ms)
{
	size_t size = coap_block_size(b.szx);
	size_t offset = (size_t)b.num * size;
	struct coap_message m = {0};
	uint8_t block[4], format[4];
	enum rc rc;

	b.more = offset + size < t->down_len;
	m.payload = span_from(span_of(t->down, t->down_len), offset);
	if (m.payload.len > size)
		m.payload.len = size;
	rc = coap_add(&m, COAP_ETAG, span_of(&t->down_etag, 1));
	if (rc == RC_OK && t->down_format != COAP_FORMAT_NONE)
		rc = put_uint(
		    &m, COAP_CONTENT_FORMAT, (uint32_t)t->down_format, format);
	if (rc == RC_OK)
		rc = coap_add(&m, COAP_BLOCK2, coap_block_encode(b, block));
	return rc == RC_OK ? give(t, k, &m, command, a, now_ms) : rc;
}

/** A request for a further block of the last answer. */
static bool
serve_block(struct talk *t, struct talk_known *k, const struct talk_heard *h,
    uint64_t now_ms)
{
	struct talk_answer a = {.code = COAP_CONTENT};
	struct coap_block b;

	if (h->message.code != COAP_GET ||
	    !find_block(&h->message, COAP_BLOCK2, &b) || b.num == 0)
		return false;
	if (t->down_len == 0 || t->down_path != hash_path(&h->message) ||
	    (size_t)b.num * coap_block_size(b.szx) >= t->down_len)
		return answer_block(
		    t, k, &h->message, COAP_INCOMPLETE, NULL, now_ms);
	(void)!give_block2(t, k, &h->message, b, &a, now_ms);
	return true;
}

enum rc
talk_answer(struct talk *t, const struct talk_heard *h,
    const struct talk_answer *a, uint64_t now_ms)
{
	struct talk_known *k = find_known(t, h->message.mid, now_ms);
	struct coap_block b = {0};
	struct coap_message m = {0};
	uint8_t format[4], block[4];
	size_t size = t->behaviour->block2 ? t->behaviour->block2 : 1024;
	enum rc rc = RC_OK;

	if (!k)
		return RC_BUG;
	if (a->payload.len > TALK_BODY_MAX)
		return RC_TOO_LARGE;
	if (find_block(&h->message, COAP_BLOCK2, &b) &&
	    coap_block_size(b.szx) < size)
		size = coap_block_size(b.szx);
	if (h->message.code == COAP_GET && a->payload.len > size) {
		memcpy(t->down, a->payload.p, a->payload.len);
		t->down_len = a->payload.len;
		t->down_format = a->content_format;
		t->down_path = hash_path(&h->message);
		t->down_etag++;
		b = (struct coap_block){.szx = coap_szx_for(size)};
		return give_block2(t, k, &h->message, b, a, now_ms);
	}
	if (a->content_format != COAP_FORMAT_NONE)
		rc = put_uint(&m, COAP_CONTENT_FORMAT,
		    (uint32_t)a->content_format, format);
	if (rc == RC_OK && h->blocks &&
	    find_block(&h->message, COAP_BLOCK1, &b))
		rc = coap_add(&m, COAP_BLOCK1, coap_block_encode(b, block));
	m.payload = a->payload;
	return rc == RC_OK ? give(t, k, &m, &h->message, a, now_ms) : rc;
}

void
talk_unhear(struct talk *t, const struct talk_heard *h)
{
	for (size_t i = 0; i < TALK_ANSWERS_MAX; i++)
		if (t->known[i].used && t->known[i].mid == h->message.mid)
			talk_forget(&t->known[i]);
}

void
talk_reset(struct talk *t, const struct talk_heard *h)
{
	talk_unhear(t, h);
	talk_send_empty(t, COAP_RST, h->message.mid);
}

void
talk_take_command(struct talk *t, struct talk_heard *h, uint64_t now_ms)
{
	const struct coap_message *m = &h->message;
	struct talk_known *k = find_known(t, m->mid, now_ms);

	if (m->type != COAP_CON)
		return; /* all commands are CON (bootstrap.md section 4) */
	if (k) {
		repeat(t, k);
		return;
	}
	k = add_known(t, m->mid, now_ms);
	if (coap_bad_option(m)) {
		answer_block(t, k, m, COAP_BAD_OPTION, NULL, now_ms);
		return;
	}
	if (gather(t, k, h, now_ms) || serve_block(t, k, h, now_ms))
		return;
	h->kind = TALK_COMMAND;
}
