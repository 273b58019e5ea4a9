#include "coap/outbox.h"
#include "base/secret.h"

#include <stdlib.h>

enum { CAP_FIRST = 64 };

void
outbox_init(struct outbox *o, size_t max)
{
	*o = (struct outbox){.max = max};
}

void
outbox_clear(struct outbox *o)
{
	if (o->buf)
		secret_wipe(o->buf, o->cap);
	free(o->buf);
	outbox_init(o, o->max);
}

void
outbox_fini(struct outbox *o)
{
	outbox_clear(o);
}

/* Room for `n` bytes behind what waits; never by realloc, which would leave a
 * copy of answers behind. */
static bool
make_room(struct outbox *o, size_t n)
{
	size_t cap = o->cap ? o->cap : CAP_FIRST;
	uint8_t *buf;

	if (o->start + o->len + n <= o->cap)
		return true;
	while (cap < o->len + n)
		cap *= 2;
	buf = malloc(cap);
	if (!buf)
		return false;
	if (o->buf) {
		memcpy(buf, o->buf + o->start, o->len);
		secret_wipe(o->buf, o->cap);
		free(o->buf);
	}
	o->buf = buf;
	o->cap = cap;
	o->start = 0;
	return true;
}

/* Errors: RC_MEMORY, RC_BUG. */
static enum rc
append(struct outbox *o, const struct coap_message *m, size_t frame_len)
{
	struct writer w;

	if (!make_room(o, frame_len))
		return RC_MEMORY;
	writer_init(&w, o->buf + o->start + o->len, frame_len);
	coap_frame_encode(m, &w);
	if (w.full) {
		secret_wipe(w.buf, w.len);
		return RC_BUG;
	}
	if (o->len == 0)
		o->left = frame_len;
	o->len += frame_len;
	return RC_OK;
}

enum rc
outbox_put(struct outbox *o, const struct coap_message *m)
{
	size_t len = coap_frame_len(m);

	if (len > o->max)
		return RC_TOO_LARGE;
	if (len > o->max - o->len)
		return RC_FULL;
	return append(o, m, len);
}

void
outbox_end(struct outbox *o, const struct coap_message *m)
{
	size_t keep = o->begun ? o->left : 0;

	if (o->len > keep)
		secret_wipe(o->buf + o->start + keep, o->len - keep);
	o->len = keep;
	(void)!append(o, m, coap_frame_len(m));
}

/* `n` bytes have left. Where the next frame ends, it says itself. */
static void
advance(struct outbox *o, size_t n)
{
	while (n > 0) {
		size_t step = n < o->left ? n : o->left;

		o->start += step;
		o->len -= step;
		o->left -= step;
		n -= step;
		o->begun = o->left > 0;
		if (!o->begun && o->len > 0)
			(void)!coap_frame_measure(
			    span_of(o->buf + o->start, o->len), SIZE_MAX,
			    &o->left);
	}
}

bool
outbox_take(struct outbox *o, struct writer *w)
{
	size_t room = w->full ? 0 : w->cap - w->len;
	size_t n = o->len < room ? o->len : room;

	if (n == 0)
		return false;
	writer_put(w, span_of(o->buf + o->start, n));
	advance(o, n);
	if (o->len == 0)
		outbox_clear(o);
	return true;
}
