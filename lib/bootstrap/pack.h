/**
 * pack.h - a Bootstrap-Pack: all that a plan writes, as one payload that the
 * device fetches by itself (LwM2M Core 1.2, 6.1.7.2; bootstrap.md section 11).
 *
 * In it is what stands in the Writes before the first Finish. Nothing is
 * deleted by it and nothing asked: the client drops what it had of each object
 * that the pack names, and does without Finish. Its own Bootstrap-Server
 * Account has no place in it.
 */
#ifndef BOOTSTRAP_PACK_H
#define BOOTSTRAP_PACK_H

#include "bootstrap/choose.h"
#include "bootstrap/plan.h"

enum {
	PACK_ETAG_LEN = 8, /**< bytes */
	PACK_UNIT = 16, /**< bytes: the smallest block of CoAP */
};

/** A pack, and how much of it the device has fetched. Zero is the empty one. */
struct pack {
	struct secret body; /**< up to SECRET_MAX bytes */
	int format; /**< its Content-Format */
	/** Of session, plan digest and format: says nothing about a key. */
	uint8_t etag[PACK_ETAG_LEN];
	uint8_t fetched[SECRET_MAX / PACK_UNIT / 8]; /**< a bit a unit */
	size_t left; /**< units that were not fetched yet */
};

/** True: 110, 112, 11544, the formats that hold several objects. */
bool pack_format(int content_format);

/**
 * Write the pack of a plan. Instances are chosen in `a`, where its own account
 * may stand (accounts_own). `id`: of the session, 16 bytes.
 * Errors: RC_CONFLICT (no instance without risk), RC_UNSUPPORTED (format; a
 * plan that writes the device's own account, or nothing), RC_MALFORMED (the
 * plan writes one resource twice), RC_TOO_LARGE, RC_MEMORY. On error `out` is
 * empty.
 */
MUST_CHECK enum rc pack_make(struct pack *out, const struct plan *plan,
    struct accounts *a, int format, const uint8_t id[static 16]);
/** Wipes it. */
void pack_clear(struct pack *p);

/**
 * The block of `size` bytes (16 to 1024, a power of two) that begins at
 * `offset`, a multiple of it, borrowed; it counts as fetched from now on.
 * Errors: RC_MALFORMED (there is no such block).
 */
MUST_CHECK enum rc pack_block(
    struct pack *p, size_t offset, size_t size, struct span *block, bool *more);

/** Each byte of it was handed out, in whatever order. */
bool pack_is_fetched(const struct pack *p);

#endif
