/**
 * typed.h - what a value is in the formats that describe themselves (SenML,
 * CBOR, JSON): the format says "number", "text", "bytes"; the object tables
 * say which of the types of LwM2M that is (LwM2M Core Appendix C).
 *
 * For a resource of the tables the value has that resource's type afterwards,
 * or is refused: nobody downstream finds a number where the tables promise
 * bytes. The one exception is object 21, whose Opaque resources were String
 * before version 2.0: there the value has the type that was written. What the
 * tables do not know has the type that the format says.
 */
#ifndef LWM2M_TYPED_H
#define LWM2M_TYPED_H

#include "lwm2m/number.h"
#include "lwm2m/object.h"

/** A whole number: `n`, or -1 - `n` when `negative`.
 *  Errors: RC_MALFORMED (not a number by the tables, or out of its type). */
MUST_CHECK enum rc typed_integer(
    struct lwm2m_path path, bool negative, uint64_t n, struct lwm2m_value *out);

/** A number with a point. A whole one is taken for an integer where the tables
 *  ask for that. Errors: RC_MALFORMED, as above. */
MUST_CHECK enum rc typed_real(
    struct lwm2m_path path, double real, struct lwm2m_value *out);

/** A number that was read as text. One without a point is an Integer, an
 *  Unsigned where it is above those, and where the tables do not know better
 *  never a rounded Float. Errors: RC_MALFORMED, as above. */
MUST_CHECK enum rc typed_number(struct lwm2m_path path,
    const struct lwm2m_number *n, struct lwm2m_value *out);

/** Seconds since 1970 that are known to be such.
 *  Errors: RC_MALFORMED, as above. */
MUST_CHECK enum rc typed_time(
    struct lwm2m_path path, int64_t time_s, struct lwm2m_value *out);

/** Text; borrowed. Errors: RC_MALFORMED (another type by the tables, or not
 *  UTF-8 without a NUL). */
MUST_CHECK enum rc typed_text(
    struct lwm2m_path path, struct span text, struct lwm2m_value *out);

/** Bytes; borrowed. Errors: RC_MALFORMED, as above. */
MUST_CHECK enum rc typed_bytes(
    struct lwm2m_path path, struct span bytes, struct lwm2m_value *out);

/** Bytes in base64 or base64url, padded or not; in `scratch` afterwards.
 *  Errors: RC_MALFORMED, as above, or no base64; RC_TOO_LARGE (scratch). */
MUST_CHECK enum rc typed_base64(struct lwm2m_path path, struct span text,
    struct writer *scratch, struct lwm2m_value *out);

/** Errors: RC_MALFORMED, as above. */
MUST_CHECK enum rc typed_boolean(
    struct lwm2m_path path, bool boolean, struct lwm2m_value *out);

/** Text that is known to be an object link, "66:0".
 *  Errors: RC_MALFORMED, as above. */
MUST_CHECK enum rc typed_link(
    struct lwm2m_path path, struct span text, struct lwm2m_value *out);

#endif
