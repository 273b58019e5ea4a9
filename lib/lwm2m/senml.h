/**
 * senml.h - what SenML is in either clothing (RFC 8428 with LwM2M Core 7.4.4
 * and 7.4.5): the labels, and how base name and name make a path.
 * For the formats of this module; others call lwm2m_encode and lwm2m_decode.
 */
#ifndef LWM2M_SENML_H
#define LWM2M_SENML_H

#include "lwm2m/path.h"

enum {
	SENML_VERSION = 10, /**< `bver`: the newest that is understood */
};

/** The integer labels of RFC 8428 section 6. */
enum senml_label {
	SENML_BASE_SUM = -6,
	SENML_BASE_VALUE = -5,
	SENML_BASE_UNIT = -4,
	SENML_BASE_TIME = -3,
	SENML_BASE_NAME = -2,
	SENML_BASE_VERSION = -1,
	SENML_NAME = 0,
	SENML_UNIT = 1,
	SENML_VALUE = 2,
	SENML_STRING = 3,
	SENML_BOOLEAN = 4,
	SENML_SUM = 5,
	SENML_TIME = 6,
	SENML_UPDATE_TIME = 7,
	SENML_DATA = 8,
	SENML_LINK = 256, /**< "vlo": text, it has no number */
	SENML_OTHER = 257, /**< a label that RFC 8428 does not have */
};

/** How an encoder splits paths between `bn` and `n`. */
struct senml_names {
	unsigned base_depth; /**< levels that stand in `bn`, 0: no `bn` */
	struct lwm2m_path last; /**< the base that was written last */
};

/** For a request to `base`: its own levels; per instance under "/". */
void senml_names_init(struct senml_names *s, struct lwm2m_path base);

/** Whole paths in `n`. */
void senml_names_init_absolute(struct senml_names *s);

/** The two texts of one record; empty: left out. */
struct senml_record_name {
	char base_text[LWM2M_PATH_TEXT_MAX];
	char text[LWM2M_PATH_TEXT_MAX];
	struct span base; /**< within base_text */
	struct span name; /**< within text */
};

/** The texts for the next record, of the value at `path`. */
void senml_names_next(struct senml_names *s, struct lwm2m_path path,
    struct senml_record_name *out);

/** `bn` and `n` to a path. Errors: RC_MALFORMED. */
MUST_CHECK enum rc senml_resolve(
    struct span base, struct span name, struct lwm2m_path *out);

#endif
