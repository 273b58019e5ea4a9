/**
 * span.h - a borrowed run of bytes: pointer and length, nothing owned.
 *
 * Text is a span too: nothing here is NUL-terminated. A span is valid as long
 * as the memory it points into; functions that keep one say so.
 */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const uint8_t *p;
	size_t len; /**< bytes */
};

/** For printf("%.*s", SPAN_FMT(s)). Only for text known to be printable. */
#define SPAN_FMT(s) (int)(s).len, (const char *)(s).p

/** A span over a string literal, without its NUL. */
#define SPAN_LIT(s) ((struct span){(const uint8_t *)("" s), sizeof(s) - 1})

static inline struct span
span_of(const void *p, size_t len)
{
	return (struct span){p, len};
}

/** A span over a C string, without its NUL. NULL gives the empty span. */
static inline struct span
span_str(const char *s)
{
	return span_of(s, s ? strlen(s) : 0);
}

/** Not constant in time: for public bytes. Secrets: secret_equal(). */
static inline bool
span_equal(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static inline bool
span_is(struct span a, const char *text)
{
	return span_equal(a, span_str(text));
}

static inline bool
span_starts(struct span a, struct span prefix)
{
	return a.len >= prefix.len &&
	    (prefix.len == 0 || memcmp(a.p, prefix.p, prefix.len) == 0);
}

static inline bool
span_ends(struct span a, struct span suffix)
{
	return a.len >= suffix.len &&
	    (suffix.len == 0 ||
		memcmp(a.p + a.len - suffix.len, suffix.p, suffix.len) == 0);
}

/** The part from `from` (clamped) to the end. */
static inline struct span
span_from(struct span a, size_t from)
{
	if (from > a.len)
		from = a.len;
	return span_of(a.p ? a.p + from : a.p, a.len - from);
}

/** Bytewise order, shorter first where one is a prefix: as memcmp. */
static inline int
span_compare(struct span a, struct span b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	if (c == 0)
		c = (a.len > b.len) - (a.len < b.len);
	return c;
}

/**
 * Parse the whole of `text` as an unsigned decimal number: digits only, no
 * sign, no leading zero but "0" itself. False on anything else or > `max`.
 */
bool span_decimal(struct span text, uint64_t max, uint64_t *value);

#endif
