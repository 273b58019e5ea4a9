/**
 * image_format.h - a factory image: the Bootstrap-Server Account of one device
 * as the bytes that its firmware loads. A format is one file with one
 * struct image_format; adding one is adding a line to image_format.c.
 */
#ifndef TOOL_IMAGE_FORMAT_H
#define TOOL_IMAGE_FORMAT_H

#include "lwm2m/value.h"

/** What an image says. All borrowed. */
struct image {
	struct span endpoint; /**< UTF-8 */
	const struct lwm2m_entry *entries; /**< sorted by path */
	size_t entry_count; /**< at least 1 */
};

enum { IMAGE_BYTES_MAX = 32768 /**< of any format */ };

struct image_format {
	const char *name; /**< "senml-cbor" */
	const char *summary; /**< who reads it, in one line */
	bool text; /**< may be shown on a terminal */
	/**
	 * Append the image. Errors: RC_MALFORMED (entries out of order or of
	 * a type the format has not), RC_TOO_LARGE (does not fit `w`, or a
	 * value is beyond what the format's readers take).
	 */
	enum rc (*write)(const struct image *image, struct writer *w);
};

extern const struct image_format image_json; /* image_json.c */
extern const struct image_format image_senml_cbor; /* image_senml_cbor.c */

/** NULL-ended. */
extern const struct image_format *const image_formats_known[];
/** Their names, NULL-ended. */
extern const char *const image_format_names[];

/** NULL: none of that name. */
const struct image_format *image_format_find(const char *name);

#endif
