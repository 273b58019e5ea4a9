/**
 * image_room.h - the memory that one image is made and read back in, kept from
 * one to the next.
 */
#ifndef TOOL_IMAGE_ROOM_H
#define TOOL_IMAGE_ROOM_H

#include "image_mint.h"

struct image_room {
	struct lwm2m_entry entries[PLAN_ENTRIES_MAX]; /**< to be written */
	struct lwm2m_entry read[IMAGE_ENTRIES_MAX]; /**< as they were read */
	uint8_t psk_identity[128]; /**< RFC 7925 4.2 */
	struct secret scratch; /**< of writing */
	struct secret read_scratch;
};

/** Make the rooms of `m`, unless they are there. Errors: RC_MEMORY. */
MUST_CHECK enum rc image_room_make(struct image_mint *m);
void image_room_free(struct image_room *r);

/**
 * Hold the bytes of `m` to `wanted`: they read back as it, as far as the format
 * holds it, and no rule for accounts is broken. Returns m->fault.code.
 */
MUST_CHECK int image_check(struct image_mint *m, const struct image *wanted);

#endif
