/**
 * image_options.h - where an image lies, as the geometry of its format: said by
 * the options of `image build` or by an `image:` document, which are read by one
 * table. What is wrong is said where it was written: --option of the command
 * line, or file:line:column.
 */
#ifndef TOOL_IMAGE_OPTIONS_H
#define TOOL_IMAGE_OPTIONS_H

#include "base/diag.h"
#include "base/secret.h"
#include "image_format.h"
#include "options.h"
#include "policy/image.h"

/** The value of one option, as text. */
struct image_said {
	const char *text; /**< NULL: not given */
	char number[24]; /**< what `text` may point to */
	struct policy_at at; /**< `file` NULL: on the command line */
};

/** What was given of all options, by the number of image_option_name(). Not to
 *  be copied. */
struct image_given {
	struct image_said said[IMAGE_OPTION_COUNT];
	/** Of the format, for what is missing. */
	struct policy_at format_at;
};

/** What the document says (NULL: nothing), and over it what the command line
 *  does (NULL: nothing). Borrows from both. */
void image_options_gather(const struct policy_image *document,
    const struct options *o, struct image_given *given);

/**
 * Fill `g` from what was given. What the format, and what it carries, has no
 * use for is refused, and so is what cannot be. What is wrong with the command
 * line is said on stderr, what is wrong with the document is added to `d`.
 * `keys` receives the partition of NVS keys that `g` then borrows from; NULL: it
 * is not read. Returns an exit code: EX_OK, EX_USAGE, EX_NOINPUT, EX_DATAERR,
 * EX_OSERR.
 */
MUST_CHECK int image_options_read(const struct image_given *given,
    const struct image_format *format, struct diag *d, struct image_geometry *g,
    struct secret *keys);

/**
 * For reading: what is given, and nothing of what is not; any format may need
 * it. `which` receives what, enum image_option. Returns as image_options_read.
 */
MUST_CHECK int image_options_any(const struct image_given *given,
    struct diag *d, struct image_geometry *g, struct secret *keys,
    unsigned *which);

/** "4096B", "4KiB", "0x1000"; false: no size, or above `max`. */
bool image_size_parse(const char *text, uint64_t max, uint64_t *out);

#endif
