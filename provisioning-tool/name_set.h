/**
 * name_set.h - which of many names came before, in 8 bytes or so for each: their
 * hashes under a key of chance.
 */
#ifndef TOOL_NAME_SET_H
#define TOOL_NAME_SET_H

#include "base/rc.h"
#include "base/span.h"

struct name_set {
	uint8_t key[16];
	uint64_t *slots; /**< owned; 0: empty */
	size_t cap, count;
};

void name_set_init(struct name_set *s);

/** Errors: RC_CONFLICT (it came before), RC_MEMORY. */
MUST_CHECK enum rc name_set_add(struct name_set *s, struct span name);

bool name_set_has(const struct name_set *s, struct span name);

/** Harmless on zeros, and twice. */
void name_set_fini(struct name_set *s);

#endif
