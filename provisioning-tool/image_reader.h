/**
 * image_reader.h - the memory that images are read in, kept from one to the
 * next, and what one of them turned out to be.
 */
#ifndef TOOL_IMAGE_READER_H
#define TOOL_IMAGE_READER_H

#include "base/secret.h"
#include "image_format.h"

/** Not to be copied. An all-zero struct is an empty one. */
struct image_reader {
	struct secret scratch;
	struct image_reading r; /**< of the last; borrows from its bytes */
	struct lwm2m_entry entries[IMAGE_ENTRIES_MAX];
};

/**
 * Read one: of `format` (NULL: of the one that it looks like), by what is known
 * of its geometry. What `m` held is wiped first. Errors: as image_read, and
 * RC_MEMORY (then, too, `r.fault` says so).
 */
MUST_CHECK enum rc image_reader_read(struct image_reader *m, struct span bytes,
    const struct image_format *format, const struct image_geometry *g);

/** Wipe. Harmless twice. */
void image_reader_end(struct image_reader *m);

/** "ihex > raw > senml-cbor" of what was found. */
void image_reader_print(const struct image_reader *m, struct writer *w);

/** The innermost format; NULL: none was found. */
const struct image_format *image_reader_inner(const struct image_reader *m);

/** Is one of the formats that were found such a one (image_format.h)? */
bool image_reader_credentials_only(const struct image_reader *m);

/** A resource of the first instance of /0 that is a bootstrap server's;
 *  NULL: it is not there, or of another type. */
const struct lwm2m_value *image_reader_account(
    const struct image_reader *m, uint16_t resource);

#endif
