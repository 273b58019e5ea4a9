/**
 * batch_file.h - a file of a batch that grows by appending, and is cut back to
 * where it was sound. What waits to be written stands in locked memory.
 */
#ifndef TOOL_BATCH_FILE_H
#define TOOL_BATCH_FILE_H

#include "base/secret.h"

struct batch_file {
	int fd; /**< -1: none */
	uint64_t len; /**< bytes, with what waits */
	struct secret waiting;
};

/** Make it (mode 0600), or open the one that is there. Errors: RC_IO (errno),
 *  RC_MEMORY. */
MUST_CHECK enum rc batch_file_open(
    struct batch_file *f, int dir, const char *name, bool make);
/** Errors: RC_FULL, RC_IO (errno). */
MUST_CHECK enum rc batch_file_put(struct batch_file *f, struct span bytes);
/** Hand what waits to the system. Errors: as batch_file_put. */
MUST_CHECK enum rc batch_file_flush(struct batch_file *f);
/** The same, and return when it is durable. Errors: as batch_file_put. */
MUST_CHECK enum rc batch_file_sync(struct batch_file *f);
/** Cut it to `len` bytes; what waits is forgotten. Errors: RC_IO (errno). */
MUST_CHECK enum rc batch_file_cut(struct batch_file *f, uint64_t len);
/** Harmless twice; with fd -1. */
void batch_file_close(struct batch_file *f);

/** write(2) until all is written. Errors: RC_FULL, RC_IO (errno). */
MUST_CHECK enum rc batch_write_all(int fd, struct span bytes);

#endif
