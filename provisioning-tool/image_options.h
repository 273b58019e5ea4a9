/**
 * image_options.h - the options of `image build` that say where an image lies,
 * as the geometry of its format.
 */
#ifndef TOOL_IMAGE_OPTIONS_H
#define TOOL_IMAGE_OPTIONS_H

#include "base/secret.h"
#include "image_format.h"
#include "options.h"

/**
 * Fill `g` from the options. What the format, and what it carries, has no use
 * for is refused, and so is what cannot be. `keys` receives the partition of
 * NVS keys that `g` then borrows from. What is wrong is said on stderr.
 * Returns an exit code: EX_OK, EX_USAGE, EX_NOINPUT, EX_DATAERR, EX_OSERR.
 */
MUST_CHECK int image_options_read(const struct options *o,
    const struct image_format *format, struct image_geometry *g,
    struct secret *keys);

/**
 * For reading: what is given, and nothing of what is not; any format may need
 * it. `given` receives which, enum image_option. Returns as image_options_read.
 */
MUST_CHECK int image_options_any(const struct options *o,
    struct image_geometry *g, struct secret *keys, unsigned *given);

/** "4096B", "4KiB", "0x1000"; false: no size, or above `max`. */
bool image_size_parse(const char *text, uint64_t max, uint64_t *out);

#endif
