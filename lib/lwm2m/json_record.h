/**
 * json_record.h - one record of SenML JSON or of OMA JSON: an object of a name,
 * a value and what else there may be. The two differ in their labels, in which
 * base64 they write, and in where opaque values stand; that is a dialect.
 * For the formats of this module; others call lwm2m_encode and lwm2m_decode.
 */
#ifndef LWM2M_JSON_RECORD_H
#define LWM2M_JSON_RECORD_H

#include "lwm2m/entry.h"
#include "lwm2m/json.h"

/** What a label says. */
enum json_field {
	JSON_BASE_NAME,
	JSON_NAME,
	JSON_VALUE_NUMBER,
	JSON_VALUE_TEXT,
	JSON_VALUE_BOOLEAN,
	JSON_VALUE_DATA,
	JSON_VALUE_LINK,
	JSON_VERSION, /**< above SENML_VERSION: not to be read */
	JSON_REFUSED, /**< changes what values mean in a way we do not follow */
	JSON_IGNORED, /**< time, unit and the like: no part of a value */
};

struct json_label {
	const char *text;
	enum json_field field;
};

struct json_dialect {
	const struct json_label *labels; /**< at most 32; ends with NULL */
	const char *text, *boolean, *data, *link; /**< to write under */
	void (*base64)(struct writer *w, struct span bytes);
	bool text_is_data; /**< text holds base64 where the tables say Opaque */
	bool must_understand; /**< RFC 8428 section 4.4: labels that end in _ */
};

/**
 * Append a record. `base` and `name` are left out where they are empty.
 * Errors: RC_MALFORMED (a Float that is no number: JSON has none such).
 */
MUST_CHECK enum rc json_record_put(struct writer *w,
    const struct json_dialect *dialect, struct span base, struct span name,
    const struct lwm2m_value *v);

/** One record as it stands there: its names may come in any order. */
struct json_record {
	bool has_base;
	bool has_value;
	struct span base;
	struct span name;
	enum json_field field; /**< of the value */
	struct json_item value;
};

/**
 * Read a record whose bracket json_next has given.
 * Errors: RC_MALFORMED (also: a known label twice, two values);
 * RC_TOO_LARGE (scratch).
 */
MUST_CHECK enum rc json_record_read(struct reader *r, struct json_item *object,
    const struct json_dialect *dialect, struct writer *scratch,
    struct json_record *out);

/** Its value, for `path`. Errors: RC_MALFORMED (none, or not what the tables
 *  say); RC_TOO_LARGE (scratch). */
MUST_CHECK enum rc json_record_value(const struct json_record *record,
    const struct json_dialect *dialect, struct lwm2m_path path,
    struct writer *scratch, struct lwm2m_value *out);

#endif
