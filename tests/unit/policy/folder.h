/**
 * folder.h - a folder of its own for a test that reads files.
 */
#ifndef TEST_POLICY_FOLDER_H
#define TEST_POLICY_FOLDER_H

#include "base/span.h"

struct folder {
	char path[64];
};

/** Made under $TMPDIR or /tmp; false: it could not be. */
bool folder_init(struct folder *f);
/** Removes all files in it, and itself. */
void folder_fini(struct folder *f);

/** Write `name` with that content. */
void folder_put(const struct folder *f, const char *name, struct span content);

/** The path of `name` in it; valid until the next call. */
const char *folder_path(const struct folder *f, const char *name);

#endif
