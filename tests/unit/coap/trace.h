/**
 * trace.h - a conversation with one coap_peer as a packet trace.
 *
 * Every line says all that happens: a datagram or an event that the trace does
 * not name fails the test at the next line.
 *
 * Datagrams are hex with blanks where they help, and three short forms:
 *   T2       the third token that the peer has drawn (the first is T0)
 *   'text'   the bytes of the text
 *   {32+16}  16 bytes of the test body, from byte 32 on
 */
#ifndef TRACE_H
#define TRACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "coap/peer.h"

enum { TRACE_BODY_MAX = 20000 };

struct trace {
	struct coap_params params; /**< may be changed before a request */
	struct coap_peer *peer;
	uint64_t now_ms;
	uint32_t jitter; /**< what the peer draws for its timers */
	uint16_t mid; /**< and for its first MID */
	uint8_t tokens; /**< drawn so far */
	uint8_t body[TRACE_BODY_MAX];
};

extern struct trace trace;

/** cmocka set-up and tear-down. The clock starts at 1000000 ms, the first MID
 *  is 0x7001, timers have no jitter. The tear-down wants all to be read. */
int trace_setup(void **state);
int trace_teardown(void **state);

/** A fresh peer with another first MID. */
void restart(uint16_t mid);

/** Bytes of the notation above. Returns how many. */
size_t bytes_of(const char *text, uint8_t *out, size_t cap);

/** The peer's datagram comes in. */
void from(const char *datagram);
/** The clock stands at `ms` after the start of the trace, and ticks. */
void at(uint64_t ms);
/** The next datagram that goes out. */
void expect(const char *datagram);
/** coap_peer_deadline() is `ms` after the start; TIME_NEVER: none. */
void wakes(uint64_t ms);

/** A request of the peer is shown; returns its ref. */
uint32_t asked(uint8_t code);
/** Our request is answered with `code` and `body` (in the notation). */
void answered(uint8_t code, const char *body);
/** Our request ends without an answer. */
void ended(enum coap_event_kind kind);
/** Our request ends with COAP_EVENT_FAILED and `why`. */
void failed(const char *why);

/** Requests of ours. */
struct coap_request get_root(void); /**< GET / Accept 40 */
struct coap_request put_server(size_t len); /**< PUT /1/0 CF 11542, the body */
uint32_t request(struct coap_request rq);

/** Answer with a code alone. */
void respond(uint32_t ref, uint8_t code);

#endif
