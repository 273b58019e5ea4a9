/**
 * output.h - the datagrams that wait to be sent: a ring of fixed size, in
 * which wolfSSL's records are grouped to datagrams. What does not fit is
 * dropped, as a network would.
 */
#ifndef DTLS_OUTPUT_H
#define DTLS_OUTPUT_H

#include "base/address.h"
#include "dtls/dtls.h"

struct output_slot {
	struct address to;
	size_t len; /**< bytes; 0: cancelled */
	uint8_t bytes[DTLS_DATAGRAM_MAX];
};

struct output {
	struct output_slot *slots;
	size_t cap; /**< slots */
	size_t mtu; /**< bytes that records are grouped to */
	uint64_t first; /**< number of the oldest datagram that waits */
	uint64_t end; /**< number of the next one to be begun */
	bool open; /**< the last one may still grow */
};

/** Errors: RC_MEMORY. */
MUST_CHECK enum rc output_init(struct output *o, size_t cap, size_t mtu);
void output_fini(struct output *o);

/**
 * Append one record to the open datagram, or begin another where it has no
 * room. Copied. One record has at most DTLS_DATAGRAM_MAX bytes; false if not.
 */
bool output_put(struct output *o, const struct address *to, struct span record);

/** The open datagram is complete. */
void output_flush(struct output *o);

/** Datagrams that still find room. */
size_t output_room(const struct output *o);

/** Never send the datagrams with the numbers from `from` to before `end`. */
void output_cancel(struct output *o, uint64_t from, uint64_t end);

/** Append the oldest to `w`. RC_AGAIN: none. Errors: RC_FULL (`w` has too
 *  little room; the datagram stays). */
MUST_CHECK enum rc output_take(
    struct output *o, struct address *to, struct writer *w);

#endif
