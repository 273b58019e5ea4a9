/**
 * image.h - what a factory line is told of an image: documents `image:`. They
 * name the identity that devices come by, where they come, the form that their
 * firmware loads and what of a serial number becomes an endpoint name. Only
 * `provisioning-tool` acts by them; bootstrapd reads them with the rest of the
 * folder and does nothing with them.
 *
 * What a format takes and what a label looks like is not known here: their keys
 * are checked by their tables (policy/grammar.c) and stand as text, with the
 * place they were written at, for whoever uses them.
 */
#ifndef POLICY_IMAGE_H
#define POLICY_IMAGE_H

#include "policy/set.h"

enum {
	IMAGE_HOLD_OFF_S = 10, /**< where nothing is said */
	IMAGE_INSTANCE = 1, /**< likewise */
};

/** Where a value is written, for findings. */
struct policy_at {
	const char *file; /**< NULL: nowhere, it was not said */
	unsigned line, column;
};

/** A key of `options:` or `label:`. */
struct policy_setting {
	const char *name; /**< "partition" */
	/** As written: one, or the items of a list. A file (`nvs-keys`) is its
	 *  path as it is to be opened. */
	const char *const *values;
	size_t value_count; /**< from 1 */
	struct policy_at at; /**< of the value */
};

struct policy_image {
	const char *name;
	struct policy_place place;
	const struct identity *identity; /**< one that mints, of the set */
	const char *uri; /**< of the bootstrap server */
	int64_t hold_off_s; /**< /0/x/11 */
	uint16_t instance; /**< of /0, for the account */
	uint32_t epoch; /**< 0: the newest */
	/** The policy of the set whose accounts go into the image too; NULL:
	 *  the Bootstrap-Server Account alone. */
	const struct policy *servers;
	const char *format; /**< one of grammar_image_formats */
	const struct policy_setting *options;
	size_t option_count;
	/* `serial:`; all NULL where it is not said: then devices are listed by
	 * their endpoints */
	const char *pattern; /**< expression of a serial number, as written */
	const struct regex *serial;
	const char *endpoint; /**< template with one {serial} */
	size_t endpoint_max; /**< bytes; POLICY_ENDPOINT_MAX when not said */
	bool has_label;
	const struct policy_setting *label;
	size_t label_count;
	struct policy_at uri_at, format_at, servers_at;
};

/** NULL: no document of that name. */
const struct policy_image *image_document_find(
    const struct policy_set *s, const char *name);

/** NULL: that key was not said. */
const struct policy_setting *image_option_find(
    const struct policy_image *image, const char *name);
const struct policy_setting *image_label_find(
    const struct policy_image *image, const char *name);

/**
 * The endpoint name of a device by its serial number, NUL-terminated. `why`
 * receives static text after an error: what is wrong with the serial number.
 * Errors: RC_NOT_FOUND (the document has no `serial:`), RC_MALFORMED (the
 * pattern, or what comes out is no endpoint name), RC_TOO_LARGE (longer than
 * `endpoint_max`), RC_DENIED (the identity does not admit it).
 */
MUST_CHECK enum rc image_endpoint_of_serial(const struct policy_image *image,
    struct span serial, char out[static POLICY_ENDPOINT_MAX + 1],
    const char **why);

/** The same checks of an endpoint name that is there already. Errors: as
 *  above, but RC_NOT_FOUND. */
MUST_CHECK enum rc image_endpoint_check(
    const struct policy_image *image, struct span endpoint, const char **why);

/** The serial number that an endpoint name was made of, borrowed from it;
 *  empty: of none by this document. */
struct span image_serial_of_endpoint(
    const struct policy_image *image, struct span endpoint);

#endif
