/**
 * identify_cert.h - whose certificate is it? The part of issue_identify that
 * verifies chains. Within this module.
 */
#ifndef ISSUE_IDENTIFY_CERT_H
#define ISSUE_IDENTIFY_CERT_H

#include "issue/issue.h"

/** As issue_identify, of PROOF_CERTIFICATE; `out` is cleared. */
MUST_CHECK enum rc identify_certificate(const struct issuer *i,
    const struct issue_request *rq, struct issue_peer *out);

#endif
