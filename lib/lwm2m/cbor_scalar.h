/**
 * cbor_scalar.h - one value in CBOR: what stands alone in Content-Format 60 and
 * at the ends of the maps of LwM2M CBOR (LwM2M Core 1.2, section 7.4 and
 * Appendix C), and what SenML puts behind its labels (RFC 8428 section 6).
 * For the formats of this module; others call lwm2m_encode and lwm2m_decode.
 */
#ifndef LWM2M_CBOR_SCALAR_H
#define LWM2M_CBOR_SCALAR_H

#include "lwm2m/cbor.h"
#include "lwm2m/typed.h"

/** Append a value: Integer, Unsigned and Time as the shortest integer, Float as
 *  a double, Objlnk as the text "66:0". Nothing for LWM2M_NONE. */
void cbor_value(struct writer *w, const struct lwm2m_value *v);

enum cbor_scalar_kind {
	SCALAR_INTEGER, /**< `item` is UINT or NEGATIVE */
	SCALAR_FLOAT, /**< `item.real` */
	SCALAR_DECIMAL, /**< `decimal`: a decimal fraction (tag 4) */
	SCALAR_TIME, /**< `time_s`: a date (tag 0) or an epoch (tag 1) */
	SCALAR_TEXT, /**< `item.bytes`, whole */
	SCALAR_BYTES, /**< `item.bytes`, whole */
	SCALAR_BOOL, /**< `item.number` */
};

struct cbor_scalar {
	enum cbor_scalar_kind kind;
	struct cbor_item item;
	struct lwm2m_number decimal;
	int64_t time_s;
};

/**
 * Read what belongs to `head`, which cbor_next has given. Strings in pieces are
 * joined in `scratch`. Other tags, null, arrays and maps are refused.
 * Errors: RC_MALFORMED; RC_TOO_LARGE (scratch).
 */
MUST_CHECK enum rc cbor_scalar_read(struct reader *r,
    const struct cbor_item *head, struct writer *scratch,
    struct cbor_scalar *out);

/** A number, for `path`. Errors: RC_MALFORMED (none, or not what the tables
 *  say). */
MUST_CHECK enum rc cbor_scalar_number(struct lwm2m_path path,
    const struct cbor_scalar *s, struct lwm2m_value *out);

/** Any value, for `path`; text is an object link where the tables say so.
 *  Errors: RC_MALFORMED. */
MUST_CHECK enum rc cbor_scalar_value(struct lwm2m_path path,
    const struct cbor_scalar *s, struct lwm2m_value *out);

#endif
