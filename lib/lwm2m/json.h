/**
 * json.h - the part of JSON (RFC 8259) that LwM2M payloads use: a bounded pull
 * reader for what peers send, strict (nothing but the grammar, text in UTF-8,
 * no byte order mark), with the depth in the hands of the caller as in cbor.h.
 *
 * Writing needs no more than json_key, text_quote (base/text.h) and
 * number_print. Whether a name comes twice in an object is the caller's to see.
 */
#ifndef LWM2M_JSON_H
#define LWM2M_JSON_H

#include "lwm2m/number.h"

/** Append `"name":`, with a comma before it unless `*first`, which is then
 *  false. `name` needs no escapes. */
void json_key(struct writer *w, bool *first, const char *name);

enum json_kind {
	JSON_STRING,
	JSON_NUMBER,
	JSON_BOOL,
	JSON_NULL,
	JSON_ARRAY,
	JSON_OBJECT,
};

struct json_item {
	enum json_kind kind;
	bool escaped; /**< STRING: backslashes stand in `text` */
	bool boolean; /**< BOOL */
	bool begun; /**< ARRAY, OBJECT: of json_element and json_member */
	struct span text; /**< STRING: between the quotes; borrowed */
	struct lwm2m_number number; /**< NUMBER */
};

/** The next value; of an array or object no more than its bracket. `r->bad` on
 *  error. Errors: RC_MALFORMED. */
MUST_CHECK enum rc json_next(struct reader *r, struct json_item *item);

/**
 * The next element of the array `in`, whose bracket json_next has given. The
 * caller reads the elements of an element before the next of its parent.
 * False: the end, or an error (then `r->bad`).
 */
bool json_element(
    struct reader *r, struct json_item *in, struct json_item *item);

/** The next name (a STRING) of the object `in`: the caller reads its value
 *  (json_next, json_skip) before the next call. False: as json_element. */
bool json_member(
    struct reader *r, struct json_item *in, struct json_item *name);

/** Skip one whole value, `depth` levels of nesting at most (0: no array, no
 *  object). Errors: RC_MALFORMED. */
MUST_CHECK enum rc json_skip(struct reader *r, unsigned depth);

/** True when nothing but white space is left. */
bool json_ended(struct reader *r);

/**
 * The text of a STRING without its escapes: borrowed from the input, or where
 * there are any from `scratch`, in no more bytes than `item->text` has.
 * Errors: RC_MALFORMED (half a surrogate pair, a NUL); RC_TOO_LARGE (scratch).
 */
MUST_CHECK enum rc json_text(
    const struct json_item *item, struct writer *scratch, struct span *out);

#endif
