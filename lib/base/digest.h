/**
 * digest.h - SHA-256 for public bytes: ledger chain, plan and policy digests.
 * A wrapper over nettle so that no layer needs a cryptographic library of its
 * own to name something. Nothing keyed happens here.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/span.h"

#include <nettle/sha2.h>

enum { DIGEST_LEN = 32 /**< bytes */ };

struct digest {
	struct sha256_ctx ctx;
};

void digest_init(struct digest *d);
void digest_put(struct digest *d, struct span s);
/** Ends the computation; `d` may be initialised again. */
void digest_final(struct digest *d, uint8_t out[static DIGEST_LEN]);

/** All of it in one call. */
void digest_of(struct span s, uint8_t out[static DIGEST_LEN]);

enum { DIGEST512_LEN = 64 /**< bytes */ };

/** SHA-512 of what streams past. */
struct digest512 {
	struct sha512_ctx ctx;
};

void digest512_init(struct digest512 *d);
void digest512_put(struct digest512 *d, struct span s);
/** Ends the computation; `d` may be initialised again. */
void digest512_final(struct digest512 *d, uint8_t out[static DIGEST512_LEN]);

/** SHA-512, where a standard asks for it (`/0/x/13`). */
void digest512_of(struct span s, uint8_t out[static DIGEST512_LEN]);

/** Fill with random bytes of the kernel (getrandom); aborts if it cannot. */
void random_bytes(void *out, size_t len);

/** SipHash-2-4 of `s` under a 16-byte key: for hash tables over peers' bytes. */
uint64_t hash_keyed(const uint8_t key[static 16], struct span s);

#endif
