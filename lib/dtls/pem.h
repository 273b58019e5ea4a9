/**
 * pem.h - certificates and CRLs as people keep them: PEM (RFC 7468), or DER
 * objects end to end. Pure.
 */
#ifndef DTLS_PEM_H
#define DTLS_PEM_H

#include "base/cursor.h"

/**
 * Append the DER objects of `in` to `der`, which needs at most `in.len` bytes.
 * PEM: those of `label` ("CERTIFICATE"), whatever stands between them; DER:
 * all of `in`.
 * Errors: RC_MALFORMED (neither; an end without a beginning; what is inside is
 * no DER object), RC_NOT_FOUND (no object at all), RC_TOO_LARGE.
 */
MUST_CHECK enum rc pem_unpack(
    struct span in, const char *label, struct writer *der);

#endif
