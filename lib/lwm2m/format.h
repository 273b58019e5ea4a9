/**
 * format.h - Content-Formats of LwM2M payloads, and the one place that picks
 * an encoder or decoder by number. A format is one file with the same two
 * calls: adding one is adding a line to the table in format.c.
 *
 * Their headers name the clauses of LwM2M Core by the numbers of 1.1. In 1.1.1
 * and later CBOR has become 7.4.3, and what follows it is one up.
 */
#ifndef LWM2M_FORMAT_H
#define LWM2M_FORMAT_H

#include "lwm2m/object.h"

enum lwm2m_format {
	FORMAT_TEXT = 0,
	FORMAT_LINK = 40,
	FORMAT_OPAQUE = 42,
	FORMAT_CBOR = 60,
	FORMAT_SENML_JSON = 110,
	FORMAT_SENML_CBOR = 112,
	FORMAT_TLV = 11542,
	FORMAT_OMA_JSON = 11543,
	FORMAT_LWM2M_CBOR = 11544,
};

/** Before IANA gave numbers out: other names for what is above. */
enum lwm2m_format_legacy {
	FORMAT_LEGACY_TEXT = 1541,
	FORMAT_LEGACY_TLV = 1542,
	FORMAT_LEGACY_JSON = 1543,
	FORMAT_LEGACY_OPAQUE = 1544,
};

/** How much a payload in a format can be about. */
enum format_holds {
	FORMAT_HOLDS_LINKS, /**< what there is, and no values (link.h) */
	FORMAT_HOLDS_VALUE, /**< one resource, or one resource instance */
	FORMAT_HOLDS_OBJECT, /**< any number, within one object */
	FORMAT_HOLDS_ALL, /**< any number, of any objects: a pack too */
};

/** See lwm2m_encode. */
typedef enum rc (*format_encode_fn)(struct lwm2m_path base,
    const struct lwm2m_entry *entries, size_t count, struct writer *w);

/** See lwm2m_decode. */
typedef enum rc (*format_decode_fn)(struct lwm2m_path base, struct span payload,
    struct writer *scratch, struct lwm2m_entry *entries, size_t cap,
    size_t *count);

/** A line of the table. */
struct format {
	int number; /**< of IANA */
	int legacy; /**< as above; -1: none */
	const char *name; /**< "SenML CBOR" */
	const char *media_type; /**< "application/senml+cbor" */
	enum format_holds holds;
	uint8_t since; /**< version of LwM2M: 10 = 1.0, 11, 12 */
	uint8_t until; /**< the last that has it; 0: none is the last */
	format_encode_fn encode; /**< NULL: of FORMAT_HOLDS_LINKS */
	format_decode_fn decode; /**< as `encode` */
};

/** All of them, ascending by number. */
extern const struct format lwm2m_formats[];
extern const size_t lwm2m_format_count;

/** By either number; NULL: unknown. */
const struct format *format_by_number(int content_format);

/** True when LwM2M `version` (10, 11, 12) has the format. */
bool format_in_version(const struct format *f, unsigned version);

/** True when lwm2m_encode can write several resources in this format. */
bool format_writable(int content_format);

/** "TLV", "SenML CBOR"; "unknown". */
const char *format_name(int content_format);

/**
 * Encode `entries` (absolute paths within `base`, sorted by path_compare) as
 * the payload of a request to `base`.
 * Errors: RC_UNSUPPORTED (format; a base or a number of entries that it does
 * not hold: see `holds`; LwM2M CBOR for no entries; opaque for another type);
 * RC_MALFORMED (an entry outside `base`, out of order, duplicate, of a type the
 * format cannot carry, with text that is not UTF-8, or with a resource instance
 * where the tables say single, and the other way about), RC_TOO_LARGE (does not
 * fit `w`). After an error `w` may hold a part.
 */
MUST_CHECK enum rc lwm2m_encode(int content_format, struct lwm2m_path base,
    const struct lwm2m_entry *entries, size_t count, struct writer *w);

/**
 * Decode a payload that a peer sent for `base`. Values borrow from `payload`
 * or from `scratch` (unescaped text, decoded base64, strings that came in
 * pieces: twice the payload's length is always enough). Types come from the
 * object tables where the format does not say them.
 * Errors: RC_UNSUPPORTED (format, or a base that it does not hold),
 * RC_MALFORMED (broken, outside `base`, duplicate path, not the type of the
 * tables), RC_TOO_LARGE (more than `cap` entries, or scratch exhausted).
 * After an error `*count` is 0.
 */
MUST_CHECK enum rc lwm2m_decode(int content_format, struct lwm2m_path base,
    struct span payload, struct writer *scratch, struct lwm2m_entry *entries,
    size_t cap, size_t *count);

#endif
