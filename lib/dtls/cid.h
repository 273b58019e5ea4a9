/**
 * cid.h - the Connection IDs that this server gives out (RFC 9146, RFC 9147 9):
 * 8 bytes that nobody can tell from random ones, and that name the worker which
 * has the association.
 *
 * A device that has changed its address is not where its address would lead:
 * only the Connection ID says to which of the workers' sockets its records
 * belong. Whoever spreads the datagrams over them (the kernel, by a filter of a
 * few instructions) finds that out with the key that all of them share from the
 * daemon's start to its end:
 *
 *     worker | 3 random bytes | 4 random bytes
 *     ^ the first byte is masked with the highest one of a product of the rest
 *
 * The mask hides which associations share a worker from who sees them go by. It
 * protects nothing else: a Connection ID is public, and opens nothing.
 */
#ifndef DTLS_CID_H
#define DTLS_CID_H

#include "base/span.h"

enum {
	DTLS_CID_LEN = 8, /**< bytes */
	DTLS_CID_WORKERS = 256, /**< from 0 */
	DTLS_CID_TYPE =
	    25, /**< a record with one under DTLS 1.2: content type */
	/** Where it stands there. */
	DTLS_CID_AT = 11,
	/** And under DTLS 1.3: a first byte that is this under that mask, the
	 *  Connection ID behind it. */
	DTLS_CID_13 = 0x30,
	DTLS_CID_13_MASK = 0xf0,
	DTLS_CID_13_AT = 1,
	DTLS_CID_SHIFT = 15, /**< of the mask's computation */
};

/** Random; of all workers the same. */
struct dtls_cid_key {
	uint32_t add;
	uint32_t first; /**< odd */
	uint32_t second; /**< odd */
};

void dtls_cid_key_make(struct dtls_cid_key *out);

/** A new one. */
void dtls_cid_make(const struct dtls_cid_key *key, uint8_t worker,
    uint8_t out[static DTLS_CID_LEN]);

/** Whose it is. Of bytes that nobody here has made: any number. */
uint8_t dtls_cid_worker(
    const struct dtls_cid_key *key, const uint8_t cid[static DTLS_CID_LEN]);

#endif
