/**
 * message.h - one CoAP message and its bytes on UDP (RFC 7252 section 3).
 *
 * A message is a value: options and payload borrow from the datagram it was
 * decoded from, or from whoever built it. Nothing here allocates.
 */
#ifndef COAP_MESSAGE_H
#define COAP_MESSAGE_H

#include "base/cursor.h"

enum {
	COAP_TOKEN_MAX = 8, /**< bytes (RFC 7252 section 3, TKL) */
	COAP_OPTIONS_MAX = 32, /**< options in one message, a limit of ours */
	COAP_SEGMENT_MAX = 255, /**< bytes in one Uri-Path or Uri-Query */
	COAP_FORMAT_NONE = -1, /**< no Content-Format or Accept option */
};

enum coap_type { COAP_CON, COAP_NON, COAP_ACK, COAP_RST };

/** class.detail as 3+5 bits (RFC 7252 section 12.1, RFC 7959, RFC 8516). */
enum coap_code {
	COAP_EMPTY = 0x00,
	COAP_GET = 0x01,
	COAP_POST = 0x02,
	COAP_PUT = 0x03,
	COAP_DELETE = 0x04,
	COAP_CREATED = 0x41,
	COAP_DELETED = 0x42,
	COAP_VALID = 0x43,
	COAP_CHANGED = 0x44,
	COAP_CONTENT = 0x45,
	COAP_CONTINUE = 0x5f,
	COAP_BAD_REQUEST = 0x80,
	COAP_UNAUTHORIZED = 0x81,
	COAP_BAD_OPTION = 0x82,
	COAP_FORBIDDEN = 0x83,
	COAP_NOT_FOUND = 0x84,
	COAP_METHOD_NOT_ALLOWED = 0x85,
	COAP_NOT_ACCEPTABLE = 0x86,
	COAP_INCOMPLETE = 0x88,
	COAP_TOO_LARGE = 0x8d,
	COAP_UNSUPPORTED_FORMAT = 0x8f,
	COAP_TOO_MANY_REQUESTS = 0x9d,
	COAP_INTERNAL = 0xa0,
	COAP_NOT_IMPLEMENTED = 0xa1,
	COAP_UNAVAILABLE = 0xa3,
	COAP_NO_PROXYING = 0xa5,
};

enum coap_option_number {
	COAP_IF_MATCH = 1,
	COAP_URI_HOST = 3,
	COAP_ETAG = 4,
	COAP_IF_NONE_MATCH = 5,
	COAP_OBSERVE = 6,
	COAP_URI_PORT = 7,
	COAP_OSCORE = 9,
	COAP_URI_PATH = 11,
	COAP_CONTENT_FORMAT = 12,
	COAP_MAX_AGE = 14,
	COAP_URI_QUERY = 15,
	COAP_HOP_LIMIT = 16,
	COAP_ACCEPT = 17,
	COAP_BLOCK2 = 23,
	COAP_BLOCK1 = 27,
	COAP_SIZE2 = 28,
	COAP_PROXY_URI = 35,
	COAP_PROXY_SCHEME = 39,
	COAP_SIZE1 = 60,
	COAP_ECHO = 252,
	COAP_REQUEST_TAG = 292,
};

struct coap_option {
	uint16_t number;
	struct span value; /**< borrowed */
};

struct coap_token {
	uint8_t len; /**< 0..COAP_TOKEN_MAX */
	uint8_t bytes[COAP_TOKEN_MAX];
};

struct coap_message {
	enum coap_type type;
	uint8_t code;
	uint16_t mid;
	struct coap_token token;
	size_t option_count;
	/** Ascending by number; equal numbers in order of appearance. */
	struct coap_option options[COAP_OPTIONS_MAX];
	struct span payload; /**< borrowed; empty: no payload marker */
};

static inline unsigned
coap_class(uint8_t code)
{
	return code >> 5;
}

/** A request method (class 0, not Empty). */
static inline bool
coap_is_request(uint8_t code)
{
	return coap_class(code) == 0 && code != COAP_EMPTY;
}

static inline bool
coap_is_response(uint8_t code)
{
	return coap_class(code) >= 2 && coap_class(code) <= 5;
}

static inline bool
coap_token_equal(struct coap_token a, struct coap_token b)
{
	return a.len == b.len && memcmp(a.bytes, b.bytes, a.len) == 0;
}

/**
 * Decode one datagram. Spans in `m` borrow from `datagram`.
 * Errors: RC_UNSUPPORTED (not version 1: ignore in silence); RC_MALFORMED
 * (shorter than a header, or a format error: when `m->type` is COAP_CON and at
 * least four bytes were there, `m->mid` is right and an RST may be sent);
 * RC_TOO_LARGE (more than COAP_OPTIONS_MAX options; type, code, mid, token are
 * right).
 */
MUST_CHECK enum rc coap_decode(struct span datagram, struct coap_message *m);

/** Append the message to `w`; the caller checks w->full. Options must ascend. */
void coap_encode(const struct coap_message *m, struct writer *w);

/** The first option of that number, NULL when there is none. */
const struct coap_option *coap_find(
    const struct coap_message *m, uint16_t number);

/** Insert, keeping the order; borrows `value`. Errors: RC_TOO_LARGE. */
MUST_CHECK enum rc coap_add(
    struct coap_message *m, uint16_t number, struct span value);

/** A uint option in its minimal form (RFC 7252 section 3.2): `bytes` (at least
 *  4) receives 0 to 4 bytes, the span over them is returned. */
struct span coap_uint(uint32_t value, uint8_t *bytes);

/** Value of a uint option; false when longer than 4 bytes. */
bool coap_uint_value(struct span value, uint32_t *out);

/**
 * The first critical (odd) option that a recipient like us must not ignore:
 * one that is not understood, is repeated although it may not be (RFC 7252
 * section 5.4.5), or has a length out of range (5.4.3). Elective ones with the
 * same faults are to be ignored: coap_find() gives the first, its reader checks
 * the length. NULL when all is well.
 */
const struct coap_option *coap_bad_option(const struct coap_message *m);

/** "2.04 Changed", "GET", "0.00": static text for any byte. */
const char *coap_code_name(uint8_t code);

#endif
