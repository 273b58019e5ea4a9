/**
 * cursor.h - bounded reader and writer over the caller's memory, both with a
 * sticky error: straight-line codecs check once, at the end.
 *
 * Integers are big-endian, as all formats of this project are.
 */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include "base/rc.h"
#include "base/span.h"

/**
 * Bounded writer. Once a write does not fit, `full` stays set and later
 * writes do nothing.
 */
struct writer {
	uint8_t *buf;
	size_t cap; /**< bytes */
	size_t len; /**< bytes written, <= cap */
	bool full;
};

/** `buf` is borrowed for as long as the writer is used. */
void writer_init(struct writer *w, void *buf, size_t cap);

/** Append bytes. Copies `s`. */
void writer_put(struct writer *w, struct span s);

/** Append the C string `s` without its NUL. */
void writer_str(struct writer *w, const char *s);

/** Append the low `width` bytes (0..8) of `v`, big-endian. */
void writer_be(struct writer *w, uint64_t v, size_t width);

enum {
	WRITER_FMT_EXACT = 512, /**< bytes */
};

/**
 * Append formatted text. Sets `full` if it does not fit whole; text of
 * WRITER_FMT_EXACT bytes and more needs one byte of room beyond its own.
 */
PRINTF_LIKE(2, 3) void writer_fmt(struct writer *w, const char *fmt, ...);

/** Reserve `n` bytes and return their place, NULL (and `full`) if none. */
uint8_t *writer_skip(struct writer *w, size_t n);

/** What is written so far; borrowed until the buffer changes. */
struct span writer_span(const struct writer *w);

/**
 * Bounded reader. Once a read runs past the end, `bad` stays set and later
 * reads return 0 or the empty span.
 */
struct reader {
	const uint8_t *p;
	const uint8_t *end;
	bool bad;
};

void reader_init(struct reader *r, struct span s);

/** Read `width` bytes (0..8), big-endian; 0 and `bad` past the end. */
uint64_t reader_be(struct reader *r, size_t width);

/** Take `n` bytes; borrowed from the input. Empty and `bad` past the end. */
struct span reader_take(struct reader *r, size_t n);

/** All that is left; the reader is then at its end. */
struct span reader_rest(struct reader *r);

/** Bytes not yet read; 0 once `bad`. */
size_t reader_left(const struct reader *r);

/** Mark the input as bad: for codecs that find a fault of their own. */
void reader_fail(struct reader *r);

#endif
