#include "base/cursor.h"

#include <stdarg.h>
#include <stdio.h>

void
writer_init(struct writer *w, void *buf, size_t cap)
{
	*w = (struct writer){.buf = buf, .cap = cap};
}

uint8_t *
writer_skip(struct writer *w, size_t n)
{
	uint8_t *place;

	if (w->full || n > w->cap - w->len) {
		w->full = true;
		return NULL;
	}
	/* A writer of no capacity may have no buffer to point into. */
	place = w->buf ? w->buf + w->len : NULL;
	w->len += n;
	return place;
}

void
writer_put(struct writer *w, struct span s)
{
	uint8_t *place = writer_skip(w, s.len);

	/* The source may lie in the buffer itself: a copy of what was said. */
	if (place && s.len)
		memmove(place, s.p, s.len);
}

void
writer_str(struct writer *w, const char *s)
{
	writer_put(w, span_str(s));
}

void
writer_be(struct writer *w, uint64_t v, size_t width)
{
	uint8_t *place;

	if (width > sizeof(v)) {
		w->full = true;
		return;
	}
	place = writer_skip(w, width);
	if (!place)
		return;
	while (width > 0) {
		place[--width] = (uint8_t)v;
		v >>= 8;
	}
}

void
writer_fmt(struct writer *w, const char *fmt, ...)
{
	size_t room = w->cap - w->len;
	char spare[WRITER_FMT_EXACT];
	char *text = spare;
	size_t text_cap = sizeof(spare);
	va_list ap;
	int n;

	if (w->full)
		return;
	/*
	 * vsnprintf wants a byte for its NUL, which the result does not keep.
	 * Where room is short it gets it on the stack; where there is plenty
	 * it writes in place, and the NUL costs the last byte.
	 */
	if (room >= sizeof(spare)) {
		text = (char *)w->buf + w->len;
		text_cap = room;
	}
	va_start(ap, fmt);
	n = vsnprintf(text, text_cap, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n > room || (size_t)n >= text_cap) {
		w->full = true;
		return;
	}
	if (text == spare) {
		writer_put(w, span_of(spare, (size_t)n));
		return;
	}
	w->len += (size_t)n;
}

struct span
writer_span(const struct writer *w)
{
	return span_of(w->buf, w->len);
}

void
reader_init(struct reader *r, struct span s)
{
	*r = (struct reader){.p = s.p, .end = s.p ? s.p + s.len : s.p};
}

size_t
reader_left(const struct reader *r)
{
	if (r->bad || r->p == r->end)
		return 0;
	return (size_t)(r->end - r->p);
}

void
reader_fail(struct reader *r)
{
	r->bad = true;
}

struct span
reader_take(struct reader *r, size_t n)
{
	struct span s;

	if (r->bad || n > reader_left(r)) {
		r->bad = true;
		return span_of(NULL, 0);
	}
	s = span_of(r->p, n);
	/* An empty input may have no address to count from. */
	if (n)
		r->p += n;
	return s;
}

uint64_t
reader_be(struct reader *r, size_t width)
{
	uint64_t v = 0;
	struct span s;

	if (width > sizeof(v)) {
		r->bad = true;
		return 0;
	}
	s = reader_take(r, width);
	for (size_t i = 0; i < s.len; i++)
		v = v << 8 | s.p[i];
	return v;
}

struct span
reader_rest(struct reader *r)
{
	return reader_take(r, reader_left(r));
}
