/**
 * peek_tls.h - what TLS says in the clear on a stream (RFC 5246 6.2, 7.4; RFC
 * 8446 5.1): records, and the handshake messages that are cut over them. Beside
 * peek.h, and as pure.
 */
#ifndef DTLS_PEEK_TLS_H
#define DTLS_PEEK_TLS_H

#include "dtls/peek.h"

enum {
	PEEK_TLS_HEAD_LEN = 5, /**< bytes of a record's header */
	PEEK_TLS_MESSAGE_HEAD_LEN = 4,
	PEEK_TLS_PLAIN_MAX = 16384, /**< bytes of a record's content */
	PEEK_TLS_RECORD_MAX = PEEK_TLS_PLAIN_MAX + 2048, /**< RFC 5246 6.2.3 */
	PEEK_TLS_HELLO_MAX = 8192, /**< bytes of a ClientHello */
};

/**
 * The record that `stream` begins with. Errors: RC_AGAIN (it is not whole),
 * RC_MALFORMED (what has come is none of TLS 1.0 to 1.3, or too long).
 */
MUST_CHECK enum rc peek_tls_record(struct span stream, struct peek_record *out);

/**
 * The handshake message that `stream` begins with: type and body. Errors:
 * RC_AGAIN (it is not whole), RC_TOO_LARGE (longer than `max`).
 */
MUST_CHECK enum rc peek_tls_message(
    struct span stream, size_t max, uint8_t *type, struct span *body);

/** The body of a ClientHello: suites and extensions, as of peek_hello() those
 *  that TLS has. Errors: RC_MALFORMED. */
MUST_CHECK enum rc peek_tls_hello(struct span body, struct peek_hello *out);

#endif
