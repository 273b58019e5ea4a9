/**
 * identify_cert.h - whose certificate, whose raw key is it? Parts of
 * issue_identify. Within this module.
 */
#ifndef ISSUE_IDENTIFY_CERT_H
#define ISSUE_IDENTIFY_CERT_H

#include "issue/issue.h"

/** As issue_identify, of PROOF_CERTIFICATE; `out` is cleared. */
MUST_CHECK enum rc identify_certificate(const struct issuer *i,
    const struct issue_request *rq, struct issue_peer *out);

/** Whose raw public key is it, by `out->sha256`, in the tables of documents?
 *  `out->why` says why nobody's. */
void identify_raw_key(const struct policy_set *set, struct issue_peer *out);

#endif
