/**
 * image_format.h - a factory image: the Bootstrap-Server Account of one device,
 * and what else it leaves the line with, as the bytes that its firmware loads.
 *
 * A format is one struct image_format with a writer and a strict reader back
 * to the same entries. Formats nest: Intel HEX and UF2 carry a partition, and
 * a raw partition carries a payload; which ones, struct image_geometry says.
 * Adding a format is adding a line to image_format.c.
 *
 * Codecs: nothing here allocates or logs, all memory is the caller's. It holds
 * keys, so it is that of a struct secret.
 */
#ifndef TOOL_IMAGE_FORMAT_H
#define TOOL_IMAGE_FORMAT_H

#include "image_geometry.h"
#include "lwm2m/object.h"

/** What an image says. All borrowed. */
struct image {
	struct span endpoint; /**< UTF-8; empty where the format has none */
	const struct lwm2m_entry *entries; /**< sorted by path */
	size_t entry_count; /**< at least 1 */
};

enum {
	IMAGE_ENTRIES_MAX = 512, /**< of one image */
	IMAGE_NESTED_MAX = 3, /**< HEX of a raw partition of SenML CBOR */
};

/** What a writer is given beside the image. */
struct image_writing {
	const struct image_geometry *geometry;
	/** Room for what is carried, image_scratch_len() bytes. */
	struct writer scratch;
	/** After an error: what does not fit, static text; NULL: nothing to
	 *  say beyond the code. */
	const char *why;
};

/** What a reader is given, and fills. */
struct image_reading {
	struct lwm2m_entry *entries; /**< room, borrowed */
	size_t entry_cap;
	/** Values that do not stand in the image as they are, and what it
	 *  carries. IMAGE_READ_SCRATCH(length of the image) is enough. */
	struct writer scratch;
	/** In: what is known, image_geometry_any() where nothing is.
	 *  Out: what was found. */
	struct image_geometry geometry;

	struct image image; /**< borrows from the bytes and from scratch */
	/** The formats that were found, from the outermost. */
	const struct image_format *nested[IMAGE_NESTED_MAX];
	size_t depth;
	/** After an error: what is wrong, static text, and at which byte of
	 *  what the innermost of `nested` was given. */
	const char *fault;
	size_t fault_at;
};

/** Bytes of scratch that reading `len` bytes takes at most. */
#define IMAGE_READ_SCRATCH(len) (3 * (len) + 8192)

struct image_format {
	const char *name; /**< "senml-cbor" */
	const char *summary; /**< who reads it, in one line */
	const char *extension; /**< of its files, "senml.cbor" */
	bool text; /**< may be shown on a terminal */
	/** It holds the credentials of accounts and nothing else, see
	 *  image_credentials(). */
	bool credentials_only;
	unsigned options; /**< enum image_option: what of the geometry it
	                       asks for itself */
	/** Could these bytes be of this format? Cheap; a reader says. */
	bool (*guess)(struct span bytes);
	/**
	 * Append the image. Errors: RC_MALFORMED (entries out of order, twice
	 * or none), RC_UNSUPPORTED (an entry that the format has no room for
	 * by its kind), RC_TOO_LARGE (does not fit `w` or the partition, or a
	 * value is beyond what the format's readers take).
	 */
	enum rc (*write)(const struct image *image, struct image_writing *g,
	    struct writer *w);
	/**
	 * Read all of `bytes`. Called by image_read. Errors: RC_MALFORMED,
	 * RC_UNSUPPORTED (sound, but not what an image holds), RC_TOO_LARGE
	 * (entries or scratch).
	 */
	enum rc (*read)(struct span bytes, struct image_reading *r);
};

extern const struct image_format image_esp_nvs; /* image_esp_nvs.c */
extern const struct image_format image_ihex; /* image_ihex.c */
extern const struct image_format image_json; /* image_json.c */
extern const struct image_format image_lwm2m_cbor; /* image_lwm2m_cbor.c */
extern const struct image_format image_nrf91_at; /* image_nrf91_at.c */
extern const struct image_format image_raw; /* image_raw.c */
extern const struct image_format image_senml_cbor; /* image_senml_cbor.c */
extern const struct image_format image_smartcard; /* image_smartcard.c */
extern const struct image_format image_uf2; /* image_uf2.c */
extern const struct image_format image_zephyr_nvs; /* image_zephyr_nvs.c */

/** NULL-ended, sorted by name. */
extern const struct image_format *const image_formats_known[];
/** Names, NULL-ended: of all; of what HEX and UF2 carry; of what a raw
 *  partition carries. */
extern const char *const image_format_names[];
extern const char *const image_carried_names[];
extern const char *const image_payload_names[];

/** NULL: none of that name. */
const struct image_format *image_format_find(const char *name);

/** What `format` carries by that geometry; NULL: entries, nothing nested. */
const struct image_format *image_carried(
    const struct image_format *format, const struct image_geometry *g);

/** enum image_option of `format` and of all that it carries. */
unsigned image_options_of(
    const struct image_format *format, const struct image_geometry *g);

/** The format that `bytes` have by the look of them; NULL: none. */
const struct image_format *image_guess(struct span bytes);

/**
 * Read an image of `format`, NULL: of the one it looks like. The entries come
 * sorted. Errors: RC_NOT_FOUND (it looks like none), as image_format.read.
 */
MUST_CHECK enum rc image_read(struct span bytes,
    const struct image_format *format, struct image_reading *r);

/* For the formats themselves. */

/** Read the partition that was put into r->scratch from `start` on, and is for
 *  that address. Errors: as image_read; RC_TOO_LARGE (the scratch is full). */
MUST_CHECK enum rc image_read_carried(
    struct image_reading *r, size_t start, uint32_t address);

/** True for entries that every writer takes: as lwm2m_encode wants them, and
 *  not none: an empty image wipes a device. */
bool image_valid(const struct image *image);

/** Note a fault; returns RC_MALFORMED. */
enum rc image_fault(struct image_reading *r, size_t at, const char *what);
/** The same, RC_UNSUPPORTED. */
enum rc image_foreign(struct image_reading *r, size_t at, const char *what);

/** Sort what was read and hand it out; `count` entries. RC_MALFORMED: none. */
MUST_CHECK enum rc image_take(struct image_reading *r, size_t count);

/** The scratch that is left, as a writer of its own. */
struct writer image_room(const struct image_reading *r);

/** Same endpoint, same paths, same values. */
bool image_equal(const struct image *a, const struct image *b);

/**
 * The entries of `image` that a format of credentials holds: /0/x/1 to 5.
 * `out` has room for them all; returns how many.
 */
size_t image_credentials(const struct image *image, struct lwm2m_entry *out);

#endif
