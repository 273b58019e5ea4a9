/**
 * buffer_list.h - the devices of a list that a buffer is to be filled with, in
 * the order of their lines. A list with a fault is none.
 */
#ifndef TOOL_BUFFER_LIST_H
#define TOOL_BUFFER_LIST_H

#include "image_mint.h"
#include "options.h"

/** A device of the list. */
struct wanted {
	char *endpoint; /**< owned */
	uint64_t line;
};

/** Zero is empty. */
struct buffer_list {
	struct wanted *wanted; /**< owned */
	size_t count, cap;
};

/**
 * Read the list that the operand of `o` names, up to --max devices, into `out`,
 * which is freed in any case. What is wrong has been said on stderr. EX_OK,
 * EX_NOINPUT, EX_DATAERR, EX_SOFTWARE.
 */
MUST_CHECK int buffer_list_read(const struct options *o,
    const struct image_recipe *r, struct buffer_list *out);
/** Harmless on zeros, and twice. */
void buffer_list_free(struct buffer_list *l);

#endif
