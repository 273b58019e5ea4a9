#include "coap/block.h"

enum { BLOCKS_MAX = 1 << 20 /* NUM has 20 bits */ };

uint8_t
coap_szx_for(size_t bytes)
{
	uint8_t szx = 0;

	while (
	    szx < COAP_SZX_MAX && coap_block_size((uint8_t)(szx + 1)) <= bytes)
		szx++;
	return szx;
}

enum rc
coap_block_decode(struct span value, struct coap_block *b)
{
	enum rc rc = coap_block_decode_bert(value, b);

	if (rc == RC_OK && b->szx == COAP_SZX_BERT)
		return RC_MALFORMED;
	return rc;
}

enum rc
coap_block_decode_bert(struct span value, struct coap_block *b)
{
	uint32_t v;

	if (value.len > 3 || !coap_uint_value(value, &v))
		return RC_MALFORMED;
	b->num = v >> 4;
	b->more = v >> 3 & 1;
	b->szx = v & 7;
	return RC_OK;
}

struct span
coap_block_encode(struct coap_block b, uint8_t *bytes)
{
	return coap_uint(b.num << 4 | (uint32_t)b.more << 3 | b.szx, bytes);
}

static bool
read_block(const struct coap_option *o, bool bert, struct coap_block *b)
{
	enum rc rc;

	if (bert)
		rc = coap_block_decode_bert(o->value, b);
	else
		rc = coap_block_decode(o->value, b);
	return rc == RC_OK;
}

/* The block option `number` of `m`; false when it is absent or malformed. */
static bool
find_block(const struct coap_message *m, uint16_t number, bool bert,
    struct coap_block *b)
{
	const struct coap_option *o = coap_find(m, number);

	return o && read_block(o, bert, b);
}

static const char blocks_too_small[] =
    "the peer wants blocks too small for this body";

static enum block_step
broken(const char **why, const char *sentence)
{
	*why = sentence;
	return BLOCK_BROKEN;
}

static bool
too_many(size_t body_len, uint8_t szx)
{
	return body_len > (size_t)BLOCKS_MAX * coap_block_size(szx);
}

static void
set_szx(struct block_send *s, uint8_t szx)
{
	s->szx = szx;
	s->size = szx == COAP_SZX_BERT ? s->bert_size : coap_block_size(szx);
}

enum rc
block_send_start(struct block_send *s, size_t body_len, size_t block_size)
{
	size_t largest = coap_block_size(COAP_SZX_MAX);

	if (block_size == 0 || block_size > largest)
		block_size = largest;
	if (block_size < coap_block_size(0))
		block_size = coap_block_size(0);
	*s = (struct block_send){.active = body_len > block_size};
	set_szx(s, coap_szx_for(block_size));
	return too_many(body_len, s->szx) ? RC_TOO_LARGE : RC_OK;
}

enum rc
block_send_start_stream(
    struct block_send *s, size_t body_len, struct block_room room)
{
	size_t unit = coap_block_size(COAP_SZX_BERT);

	*s = (struct block_send){.active = !room.whole};
	if (room.bert)
		s->bert_size = room.bytes / unit * unit;
	set_szx(s, s->bert_size ? COAP_SZX_BERT : coap_szx_for(room.bytes));
	if (room.whole)
		return RC_OK;
	if (room.bytes < s->size || too_many(body_len, s->szx))
		return RC_TOO_LARGE;
	return RC_OK;
}

struct coap_block
block_send_now(const struct block_send *s, struct span body, struct span *part)
{
	*part = span_from(body, s->offset);
	if (part->len > s->size)
		part->len = s->size;
	return (struct coap_block){
	    .num = (uint32_t)(s->offset / coap_block_size(s->szx)),
	    .more = s->offset + part->len < body.len,
	    .szx = s->szx,
	};
}

static enum block_step
send_restart(
    struct block_send *s, size_t body_len, uint8_t szx, const char **why)
{
	if (too_many(body_len, szx))
		return broken(why, blocks_too_small);
	set_szx(s, szx);
	s->offset = 0;
	s->active = true;
	return BLOCK_MORE;
}

/* RFC 7959 section 2.9.3. A hint that is not smaller than what was refused
 * leads nowhere; each one taken is smaller than the last, so this ends. */
static enum block_step
send_too_large(struct block_send *s, size_t body_len,
    const struct coap_message *answer, const char **why)
{
	struct coap_block hint;
	bool smaller;

	if (!find_block(answer, COAP_BLOCK1, s->bert_size > 0, &hint))
		return BLOCK_DONE;
	if (s->active)
		smaller = hint.szx < s->szx;
	else if (hint.szx == COAP_SZX_BERT)
		smaller = s->bert_size < body_len;
	else
		smaller = coap_block_size(hint.szx) < body_len;
	return smaller ? send_restart(s, body_len, hint.szx, why) : BLOCK_DONE;
}

/* 2.31 to the current block, which is not the last: the peer has all of it,
 * even where it wants the following ones smaller (RFC 7959 section 2.5). */
static enum block_step
send_continue(struct block_send *s, size_t body_len,
    const struct coap_message *answer, const char **why)
{
	const struct coap_option *o = coap_find(answer, COAP_BLOCK1);
	size_t size = s->size;
	struct coap_block b;

	/* Some peers answer 2.31 without the option: it says enough. */
	if (o) {
		if (!read_block(o, s->bert_size > 0, &b))
			return broken(why, "malformed Block1 in the answer");
		if (b.num != s->offset / coap_block_size(s->szx))
			return broken(why, "the answer names another block");
		if (b.szx < s->szx) {
			if (too_many(body_len, b.szx))
				return broken(why, blocks_too_small);
			set_szx(s, b.szx);
		}
	}
	s->offset += size;
	return BLOCK_MORE;
}

enum block_step
block_send_answer(struct block_send *s, size_t body_len,
    const struct coap_message *answer, const char **why)
{
	bool last = !s->active || body_len - s->offset <= s->size;

	if (answer->code == COAP_TOO_LARGE)
		return send_too_large(s, body_len, answer, why);
	if (answer->code == COAP_INCOMPLETE && s->active &&
	    s->restarts < BLOCK_SEND_RESTARTS) {
		s->restarts++;
		return send_restart(s, body_len, s->szx, why);
	}
	if (coap_class(answer->code) >= 4)
		return BLOCK_DONE;
	if (answer->code == COAP_CONTINUE) {
		if (last)
			return broken(
			    why, "2.31 Continue after the last block");
		return send_continue(s, body_len, answer, why);
	}
	if (!last)
		return broken(why, "a final answer before the last block");
	return BLOCK_DONE;
}

bool
block_receive_begins(const struct coap_message *answer)
{
	struct coap_block b;
	const struct coap_option *o = coap_find(answer, COAP_BLOCK2);

	if (!o)
		return false;
	/* What is malformed begins too, and breaks at once. */
	return coap_block_decode(o->value, &b) != RC_OK || b.more || b.num > 0;
}

struct coap_block
block_receive_next(const struct block_receive *r)
{
	return (struct coap_block){
	    .num = (uint32_t)(r->body.len / coap_block_size(r->szx)),
	    .szx = r->szx,
	};
}

/* The ETag of `m`; none when its length is out of range, since the option is
 * elective (RFC 7252 section 5.4.3). */
static struct span
etag_of(const struct coap_message *m)
{
	const struct coap_option *o = coap_find(m, COAP_ETAG);

	if (!o || o->value.len > sizeof((struct block_receive){0}.etag))
		return span_of(NULL, 0);
	return o->value;
}

static enum block_step
receive_again(struct block_receive *r, const char **why)
{
	if (r->restarts == BLOCK_RECEIVE_RESTARTS)
		return broken(why, "the body keeps changing between blocks");
	r->restarts++;
	r->body.len = 0;
	r->blocks = 0;
	return BLOCK_MORE;
}

/* RFC 8323 section 6: a BERT block that is not the last is of whole units. */
static bool
right_size(struct coap_block b, size_t len)
{
	size_t size = coap_block_size(b.szx);

	if (b.szx == COAP_SZX_BERT)
		return !b.more || (len > 0 && len % size == 0);
	return b.more ? len == size : len <= size;
}

enum block_step
block_receive_answer(struct block_receive *r, const struct coap_message *answer,
    const char **why)
{
	struct span etag = etag_of(answer);
	struct coap_block b;
	size_t size;

	if (!find_block(answer, COAP_BLOCK2, r->bert, &b))
		return broken(why, "Block2 is missing or malformed");
	if (r->blocks > 0 && !span_equal(etag, span_of(r->etag, r->etag_len)))
		return receive_again(r, why);
	size = coap_block_size(b.szx);
	if ((uint64_t)b.num * size != r->body.len)
		return broken(why, "not the block that was asked for");
	if (!right_size(b, answer->payload.len))
		return broken(why, "a block of the wrong size");
	if (r->blocks == 0 && etag.len > 0)
		memcpy(r->etag, etag.p, etag.len);
	if (r->blocks == 0)
		r->etag_len = (uint8_t)etag.len;
	writer_put(&r->body, answer->payload);
	if (r->body.full)
		return broken(why, "the body is larger than we take");
	if (!r->started || b.szx < r->szx)
		r->szx = b.szx;
	r->started = true;
	r->blocks++;
	if (b.more && r->body.len / coap_block_size(r->szx) >= BLOCKS_MAX)
		return broken(why, "the body has too many blocks");
	return b.more ? BLOCK_MORE : BLOCK_DONE;
}
