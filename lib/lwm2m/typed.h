/**
 * typed.h - what a value is in the formats that describe themselves (SenML,
 * CBOR): the format says "number", "text", "bytes"; the object tables say
 * which of the types of LwM2M that is.
 *
 * For a resource of the tables the value has that resource's type afterwards,
 * or is refused: nobody downstream finds a number where the tables promise
 * bytes. The one exception is object 21, whose Opaque resources were String
 * before version 2.0: there the value has the type that was written. What the
 * tables do not know has the type that the format says.
 */
#ifndef LWM2M_TYPED_H
#define LWM2M_TYPED_H

#include "lwm2m/object.h"

/** A whole number: `n`, or -1 - `n` when `negative`.
 *  Errors: RC_MALFORMED (not a number by the tables, or out of its type). */
MUST_CHECK enum rc typed_integer(
    struct lwm2m_path path, bool negative, uint64_t n, struct lwm2m_value *out);

/** A number with a point. A whole one is taken for an integer where the tables
 *  ask for that. Errors: RC_MALFORMED, as above. */
MUST_CHECK enum rc typed_real(
    struct lwm2m_path path, double real, struct lwm2m_value *out);

/** Text; borrowed. Errors: RC_MALFORMED (another type by the tables). */
MUST_CHECK enum rc typed_text(
    struct lwm2m_path path, struct span text, struct lwm2m_value *out);

/** Bytes; borrowed. Errors: RC_MALFORMED, as above. */
MUST_CHECK enum rc typed_bytes(
    struct lwm2m_path path, struct span bytes, struct lwm2m_value *out);

/** Errors: RC_MALFORMED, as above. */
MUST_CHECK enum rc typed_boolean(
    struct lwm2m_path path, bool boolean, struct lwm2m_value *out);

/** Text that is known to be an object link, "66:0".
 *  Errors: RC_MALFORMED, as above. */
MUST_CHECK enum rc typed_link(
    struct lwm2m_path path, struct span text, struct lwm2m_value *out);

#endif
