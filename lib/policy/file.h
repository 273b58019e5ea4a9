/**
 * file.h - a file whole into memory, whatever stands under its name: for the
 * YAML that people write, and for the files that it names.
 */
#ifndef POLICY_FILE_H
#define POLICY_FILE_H

#include "base/arena.h"

/** Bytes of a file that this process alone has; owned by an arena. */
struct file_bytes {
	uint8_t *p;
	size_t len;
};

/**
 * Read a regular file of at most `max` bytes into `a`. Symbolic links are
 * followed, nothing is waited for (a FIFO). `why` says what went wrong: static,
 * or as strerror. Errors: RC_IO, RC_TOO_LARGE, RC_MEMORY.
 */
MUST_CHECK enum rc file_read(struct arena *a, const char *path, size_t max,
    struct file_bytes *out, const char **why);

#endif
