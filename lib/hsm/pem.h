/**
 * pem.h - the textual form of certificates, requests, lists and public keys
 * (RFC 7468). Private keys are not read here.
 */
#ifndef HSM_PEM_H
#define HSM_PEM_H

#include "base/cursor.h"

/** Append a block: "CERTIFICATE", "X509 CRL", "PUBLIC KEY". */
void pem_write(struct writer *w, const char *label, struct span der);

/**
 * Append the DER of the next block labelled `label` to `der` and move `rest`
 * behind it; blocks with other labels and text between blocks are passed over.
 * Errors: RC_NOT_FOUND (none left), RC_MALFORMED (a block that does not end,
 * or is not base64), RC_TOO_LARGE (`der` is full).
 */
MUST_CHECK enum rc pem_next(
    struct span *rest, const char *label, struct writer *der);

#endif
