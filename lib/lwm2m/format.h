/**
 * format.h - Content-Formats of LwM2M payloads, and the one place that picks
 * an encoder or decoder by number. A format is one file with the same two
 * calls: adding one is adding a line to the table in format.c.
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

/** True when lwm2m_encode can write several resources in this format. */
bool format_writable(int content_format);

/** "TLV", "SenML CBOR"; "unknown". */
const char *format_name(int content_format);

/**
 * Encode `entries` (absolute paths within `base`, sorted by path_compare) as
 * the payload of a request to `base` (/o or /o/i).
 * Errors: RC_UNSUPPORTED (format, or TLV for "/"), RC_MALFORMED (an entry
 * outside `base`, out of order, duplicate, of a type the format cannot carry,
 * or with a resource instance where the tables say single, and the other way
 * about), RC_TOO_LARGE (does not fit `w`).
 */
MUST_CHECK enum rc lwm2m_encode(int content_format, struct lwm2m_path base,
    const struct lwm2m_entry *entries, size_t count, struct writer *w);

/**
 * Decode a payload that a peer sent for `base`. Values borrow from `payload`
 * or from `scratch` (unescaped text, rewritten numbers). Types come from the
 * object tables where the format does not say them.
 * Errors: RC_UNSUPPORTED, RC_MALFORMED (broken, outside `base`, duplicate
 * path), RC_TOO_LARGE (more than `cap` entries, or scratch exhausted).
 */
MUST_CHECK enum rc lwm2m_decode(int content_format, struct lwm2m_path base,
    struct span payload, struct writer *scratch, struct lwm2m_entry *entries,
    size_t cap, size_t *count);

#endif
