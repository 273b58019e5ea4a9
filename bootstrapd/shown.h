/**
 * shown.h - what the server shows and whom it lets in, as the keeper hands it
 * to the workers: one run of bytes in a sealed memory file, whose descriptor
 * goes over the link. All of it is public.
 *
 *   "BSSH" | version 1 (u8) | servers (u8), each:
 *     key (u32) | len (u16) SubjectPublicKeyInfo | len (u32) chain
 *   len (u32) trust anchors | len (u32) revocation lists |
 *   count (u32) SHA-256 of raw public keys
 *
 * Certificates and lists are DER, end to end.
 */
#ifndef BOOTSTRAPD_SHOWN_H
#define BOOTSTRAPD_SHOWN_H

#include "base/cursor.h"
#include "config.h"

enum {
	SHOWN_BYTES_MAX = 256 << 20, /**< all of it */
	SHOWN_DIGEST_LEN = 32,
};

/** One certificate of ours. */
struct shown_server {
	uint32_t key; /**< the keeper's number of its private key */
	struct span public_key; /**< SubjectPublicKeyInfo */
	struct span chain; /**< it, and what is behind it */
};

/** Everything borrowed. */
struct shown {
	struct shown_server servers[SERVERS_MAX];
	size_t server_count;
	struct span trust, crls;
	struct span raw_keys; /**< digests, end to end */
};

/** Bytes of its encoding. */
size_t shown_len(const struct shown *s);
/** Append them. */
void shown_put(struct writer *w, const struct shown *s);
/** Take them apart; spans borrow from `bytes`. Errors: RC_MALFORMED,
 *  RC_UNSUPPORTED (version). */
MUST_CHECK enum rc shown_get(struct span bytes, struct shown *s);

/**
 * Into a new memory file that nobody can change any more. `fd` is owned.
 * Errors: RC_TOO_LARGE, RC_MEMORY, RC_IO.
 */
MUST_CHECK enum rc shown_seal(const struct shown *s, int *fd, size_t *len);

/**
 * The bytes of such a file. `fd` is borrowed, its offset is left alone, and it
 * must be sealed; `*bytes` is owned (free).
 * Errors: RC_DENIED (it is not), RC_MALFORMED (it has another length),
 * RC_TOO_LARGE, RC_MEMORY, RC_IO.
 */
MUST_CHECK enum rc shown_read(int fd, uint64_t len, uint8_t **bytes);

#endif
