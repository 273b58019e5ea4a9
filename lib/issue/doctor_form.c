#include "issue/doctor_form.h"

#include "issue/doctor_shape.h"

#include <stdio.h>

/*
 * Two tables: what the key was written as (doctor_shape.c), and what then
 * happened to what was written. A form is one of each.
 */

enum change {
	END_NEWLINE,
	END_CRLF,
	END_NUL,
	END_SPACE,
	CUT_AT_ZERO,
	NO_ZEROS_BEFORE,
	NO_ZEROS_BEHIND,
	CUT_TO, /* so many bytes from its front */
	LAST_OF, /* from its end */
	FILL_BEHIND, /* zeros, up to so many bytes */
	FILL_BEFORE,
};

static const char as_bytes[] =
    "Put the key into the device as bytes, with its length, and nothing of "
    "the file around it.";
static const char text_function[] =
    "Copy the key with its length: a function for text or numbers has taken "
    "its zero bytes for something else.";
static const char room[] =
    "Give the key its whole length on its way: the device's buffer, the flash "
    "layout or the tool's field is of another size.";

/* Behind the shape's words; "#" is the number of bytes. */
static const struct {
	const char *code, *phrase, *remedy;
} words[] = {
    [END_NEWLINE] = {"-newline", ", with a newline at the end", as_bytes},
    [END_CRLF] = {"-crlf", ", with a carriage return and a newline at the end",
	as_bytes},
    [END_NUL] = {"-nul", ", with a NUL at the end", as_bytes},
    [END_SPACE] = {"-space", ", with a space at the end", as_bytes},
    [CUT_AT_ZERO] = {"-cut-at-zero", ", cut at its first zero byte",
	text_function},
    [NO_ZEROS_BEFORE] = {"-no-zeros-before",
	", without the zero bytes at its front", text_function},
    [NO_ZEROS_BEHIND] = {"-no-zeros-behind",
	", without the zero bytes at its end", text_function},
    [CUT_TO] = {"-cut-#", ", cut to its first # bytes", room},
    [LAST_OF] = {"-last-#", ", of which it kept the last # bytes", room},
    [FILL_BEHIND] = {"-zeros-behind-#",
	", filled up with zeros at the end to # bytes", room},
    [FILL_BEFORE] = {"-zeros-before-#",
	", filled up with zeros at the front to # bytes", room},
};

static const struct mishap {
	enum change change;
	size_t len; /* bytes */
} mishaps[] = {
    {END_NEWLINE, 0},
    {END_CRLF, 0},
    {END_NUL, 0},
    {END_SPACE, 0},
    {CUT_AT_ZERO, 0},
    {NO_ZEROS_BEFORE, 0},
    {NO_ZEROS_BEHIND, 0},
    {CUT_TO, 8},
    {CUT_TO, 12},
    {CUT_TO, 15},
    {CUT_TO, 16},
    {CUT_TO, 20},
    {CUT_TO, 23},
    {CUT_TO, 24},
    {CUT_TO, 28},
    {CUT_TO, 30},
    {CUT_TO, 31},
    {CUT_TO, 32},
    {CUT_TO, 47},
    {CUT_TO, 48},
    {CUT_TO, 63},
    {CUT_TO, 64},
    {LAST_OF, 8},
    {LAST_OF, 16},
    {LAST_OF, 24},
    {LAST_OF, 28},
    {LAST_OF, 30},
    {LAST_OF, 31},
    {LAST_OF, 32},
    {FILL_BEHIND, 16},
    {FILL_BEFORE, 16},
    {FILL_BEHIND, 24},
    {FILL_BEFORE, 24},
    {FILL_BEHIND, 32},
    {FILL_BEFORE, 32},
    {FILL_BEHIND, 48},
    {FILL_BEFORE, 48},
    {FILL_BEHIND, 64},
    {FILL_BEFORE, 64},
};

enum { MISHAPS = sizeof(mishaps) / sizeof(mishaps[0]) };

static void
zeros(struct writer *w, size_t count)
{
	while (count-- > 0)
		writer_be(w, 0, 1);
}

static struct span
without_zeros(struct span s, bool front)
{
	size_t n = 0;

	while (n < s.len && s.p[front ? n : s.len - 1 - n] == 0)
		n++;
	return front ? span_from(s, n) : span_of(s.p, s.len - n);
}

static struct span
until_zero(struct span s)
{
	const uint8_t *zero = s.len ? memchr(s.p, 0, s.len) : NULL;

	return zero ? span_of(s.p, (size_t)(zero - s.p)) : s;
}

/* Nothing is left, or nothing has happened: no such form. */
static void
put_part(struct writer *w, struct span part, struct span whole)
{
	if (part.len == 0 || part.len == whole.len)
		w->full = true;
	writer_put(w, part);
}

static void
change(struct writer *w, const struct mishap *m, struct span s)
{
	size_t more = m->len > s.len ? m->len - s.len : 0;
	size_t fewer = m->len < s.len ? m->len : s.len;

	switch (m->change) {
	case END_NEWLINE:
		writer_put(w, s);
		writer_str(w, "\n");
		break;
	case END_CRLF:
		writer_put(w, s);
		writer_str(w, "\r\n");
		break;
	case END_NUL:
		writer_put(w, s);
		zeros(w, 1);
		break;
	case END_SPACE:
		writer_put(w, s);
		writer_str(w, " ");
		break;
	case CUT_AT_ZERO:
		put_part(w, until_zero(s), s);
		break;
	case NO_ZEROS_BEFORE:
		put_part(w, without_zeros(s, true), s);
		break;
	case NO_ZEROS_BEHIND:
		put_part(w, without_zeros(s, false), s);
		break;
	case CUT_TO:
		put_part(w, span_of(s.p, fewer), s);
		break;
	case LAST_OF:
		put_part(w, span_from(s, s.len - fewer), s);
		break;
	case FILL_BEHIND:
		writer_put(w, s);
		zeros(w, more);
		break;
	case FILL_BEFORE:
		zeros(w, more);
		writer_put(w, s);
		break;
	}
}

size_t
form_count(void)
{
	return SHAPES + SHAPES_CHANGED * MISHAPS;
}

/* The plain shapes first, then each mishap of those that are changed. NULL:
 * none. */
static const struct shape *
find(size_t i, const struct mishap **mishap)
{
	*mishap = NULL;
	if (i < SHAPES)
		return &shapes[i];
	i -= SHAPES;
	*mishap = &mishaps[i / SHAPES_CHANGED];
	return &shapes[i % SHAPES_CHANGED];
}

bool
form_make(size_t i, const struct secret *key, struct secret *out)
{
	uint8_t text[2 * FORM_KEY_MAX];
	const struct mishap *mishap;
	const struct shape *shape = find(i, &mishap);
	struct writer written, w;

	writer_init(&written, text, sizeof(text));
	writer_init(&w, out->bytes, out->cap);
	shape->write(&written, secret_expose(key));
	if (mishap)
		change(&w, mishap, writer_span(&written));
	else
		writer_put(&w, writer_span(&written));
	out->len = written.full || w.full ? 0 : w.len;
	secret_wipe(text, sizeof(text));
	return out->len > 0 && !secret_equal(key, out);
}

static void
put_words(struct writer *w, const char *text, size_t number)
{
	for (; *text; text++) {
		if (*text == '#')
			writer_fmt(w, "%zu", number);
		else
			writer_be(w, (uint8_t)*text, 1);
	}
}

void
form_name(size_t i, struct form_name *out)
{
	const struct mishap *mishap;
	const struct shape *shape = find(i, &mishap);
	struct writer code, sentence;

	*out = (struct form_name){.remedy = shape->remedy};
	writer_init(&code, out->code, sizeof(out->code) - 1);
	writer_init(&sentence, out->sentence, sizeof(out->sentence) - 1);
	writer_str(&code, shape->code);
	writer_str(&sentence, shape->sentence);
	if (mishap) {
		put_words(&code, words[mishap->change].code, mishap->len);
		put_words(&sentence, words[mishap->change].phrase, mishap->len);
		/* of text it is the text that is the mistake */
		if (shape == &shapes[0])
			out->remedy = words[mishap->change].remedy;
	}
	writer_str(&sentence, ".");
}
