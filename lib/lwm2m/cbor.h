/**
 * cbor.h - the part of CBOR (RFC 8949) that LwM2M payloads use: a writer that
 * always takes the shortest form, and a bounded pull reader for what peers
 * send (nested depth is the caller's, lengths are checked against what is
 * left before anything is believed).
 *
 * Floats are the exception: written as doubles, because some clients read no
 * other width. The reader takes every width, of numbers and of lengths, and
 * never looks whether text is UTF-8: what becomes a value does (typed.h).
 */
#ifndef LWM2M_CBOR_H
#define LWM2M_CBOR_H

#include "base/cursor.h"

void cbor_uint(struct writer *w, uint64_t v);
void cbor_int(struct writer *w, int64_t v);
void cbor_bool(struct writer *w, bool v);
void cbor_float(struct writer *w, double v);
void cbor_text(struct writer *w, struct span s);
void cbor_bytes(struct writer *w, struct span s);
void cbor_array(struct writer *w, uint64_t count);
void cbor_map(struct writer *w, uint64_t count);

enum cbor_kind {
	CBOR_UINT,
	CBOR_NEGATIVE, /**< value is -1 - number */
	CBOR_BYTES,
	CBOR_TEXT,
	CBOR_ARRAY,
	CBOR_MAP,
	CBOR_TAG,
	CBOR_BOOL,
	CBOR_NULL, /**< null and undefined; other simple values: malformed */
	CBOR_FLOAT, /**< half, single and double */
	CBOR_BREAK, /**< end of an indefinite array, map or string */
};

struct cbor_item {
	enum cbor_kind kind;
	uint64_t number; /**< UINT, NEGATIVE, TAG, BOOL; ARRAY, MAP: count */
	bool indefinite; /**< ARRAY, MAP, BYTES, TEXT: ends with CBOR_BREAK */
	double real; /**< FLOAT */
	struct span bytes; /**< BYTES, TEXT (definite); borrowed */
};

/** The next item head (and content of definite strings). `r->bad` on error.
 *  Errors: RC_MALFORMED. */
MUST_CHECK enum rc cbor_next(struct reader *r, struct cbor_item *item);

/**
 * The next element of `in`, an array, a map or an indefinite string whose head
 * cbor_next has given; `in` counts what is left. Of a map it gives the keys:
 * the caller reads each value (cbor_next, cbor_skip) before the next call, and
 * the elements of an element before that of its parent.
 * False: the end, or an error (then `r->bad`).
 */
bool cbor_element(
    struct reader *r, struct cbor_item *in, struct cbor_item *item);

/**
 * All bytes of `item`, a string whose head cbor_next has given: borrowed from
 * the input, or where it comes in pieces joined in `scratch`, which may be full
 * afterwards. On a fault `r->bad`.
 */
struct span cbor_whole(
    struct reader *r, struct cbor_item *item, struct writer *scratch);

/** Skip one whole item, `depth` levels of nesting at most (0: no array, map,
 *  tag or indefinite string). Errors: RC_MALFORMED. */
MUST_CHECK enum rc cbor_skip(struct reader *r, unsigned depth);

#endif
