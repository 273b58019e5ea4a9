/**
 * image_folder.h - the names in a folder, sorted, in memory that does not grow
 * with their number: a window of the next ones at a time, and the folder read
 * once more for each window.
 */
#ifndef TOOL_IMAGE_FOLDER_H
#define TOOL_IMAGE_FOLDER_H

#include "base/rc.h"

#include <stddef.h>
#include <stdint.h>

enum { IMAGE_FOLDER_WINDOW = 16384 /**< names */ };

struct image_folder {
	int fd; /**< borrowed */
	char **names; /**< owned, sorted */
	size_t count, at;
	char *last; /**< the name that was given last, owned */
	uint64_t total; /**< names that the folder had at first */
	size_t window; /**< names at a time */
};

/** `fd` is borrowed; of a folder. `window`: IMAGE_FOLDER_WINDOW, or fewer in a
 *  test. Errors: RC_MEMORY, RC_IO (errno). */
MUST_CHECK enum rc image_folder_begin(
    struct image_folder *f, int fd, size_t window);

/**
 * The next name, borrowed until the next call; `.` and `..` are none.
 * Errors: RC_NOT_FOUND (that was all), RC_MEMORY, RC_IO (errno).
 */
MUST_CHECK enum rc image_folder_next(struct image_folder *f, const char **out);

/** Harmless on zeros, and twice. */
void image_folder_end(struct image_folder *f);

#endif
