/**
 * image_past.h - all images that the ledger has of a device: whether there is
 * one, up to which epoch it was minted, and which credentials were not taken
 * back.
 */
#ifndef TOOL_IMAGE_PAST_H
#define TOOL_IMAGE_PAST_H

#include "image_row.h"

struct image_past {
	struct image_live newest; /**< revoked or not; seq 0: none */
	uint32_t epoch; /**< the highest by that identity; 0: none */
	struct image_live *live; /**< owned: each credential once */
	size_t live_count, live_cap;
};

/** Fill `p`, in a group of `l` or outside. `identity`: the document whose epochs
 *  count. Errors: RC_DB, RC_MEMORY. */
MUST_CHECK enum rc image_past_read(struct ledger *l, struct span endpoint,
    const char *identity, struct image_past *p);

/** Harmless on zeros, and twice. */
void image_past_fini(struct image_past *p);

#endif
