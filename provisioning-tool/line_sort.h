/**
 * line_sort.h - lines of text in the order of their bytes from some byte on,
 * however many: they are sorted in memory a few thousand at a time, put aside
 * into a file without a name, and merged.
 */
#ifndef TOOL_LINE_SORT_H
#define TOOL_LINE_SORT_H

#include "base/rc.h"
#include "base/span.h"

enum {
	LINE_SORT_LEN = 256, /**< bytes of a line at most */
	LINE_SORT_RUN = 4096, /**< lines that are sorted in memory */
};

struct line_sort; /* opaque */

/** Lines without their line feeds; they are compared from byte `key_at` on.
 *  `dir`: where the file may lie. Errors: RC_MEMORY, RC_IO (errno). */
MUST_CHECK enum rc line_sort_new(
    int dir, size_t key_at, struct line_sort **out);
/** Copied. Errors: RC_TOO_LARGE, RC_FULL, RC_IO (errno). */
MUST_CHECK enum rc line_sort_put(struct line_sort *s, struct span line);

typedef enum rc (*line_sort_fn)(void *ctx, struct span line);
/** All of them in order; what `each` returns but RC_OK stops and is returned.
 *  Errors: RC_MEMORY, RC_FULL, RC_IO (errno). */
MUST_CHECK enum rc line_sort_each(
    struct line_sort *s, line_sort_fn each, void *ctx);
/** Harmless with NULL. */
void line_sort_free(struct line_sort *s);

#endif
