/**
 * file.h - files of a device, read whole into locked memory, since keys may be
 * in them.
 */
#ifndef DEVICE_FILE_H
#define DEVICE_FILE_H

#include "base/secret.h"

/**
 * Read all of it. `out` is initialised, on failure too.
 * Errors: RC_IO (errno says why), RC_TOO_LARGE (more than `max` bytes),
 * RC_MEMORY.
 */
MUST_CHECK enum rc file_read(const char *path, size_t max, struct secret *out);

/** Write it with mode 0600; what was there is replaced. Errors: RC_IO. */
MUST_CHECK enum rc file_write(const char *path, struct span bytes);

#endif
