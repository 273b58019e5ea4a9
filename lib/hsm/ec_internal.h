/**
 * ec_internal.h - what the files about signing keys share.
 */
#ifndef HSM_EC_INTERNAL_H
#define HSM_EC_INTERNAL_H

#include "hsm/ec.h"
#include "hsm/hsm_internal.h"

/** DER of the OID secp256r1: CKA_EC_PARAMS. */
extern const struct span ec_p256_params;

/** Errors: RC_MALFORMED (the session's error is filled). */
MUST_CHECK enum rc ec_ref_check(
    struct hsm_session *s, const struct hsm_ec_ref *ref);
/** The objects that `ref` names. Borrows it. */
struct object_ref ec_object(
    const struct hsm_ec_ref *ref, CK_OBJECT_CLASS class);
/** Fill the session's error: key, token, what. */
void ec_error(struct hsm_session *s, CK_RV rv, const struct hsm_ec_ref *ref,
    const char *what);
/** Put in the remedy for keys that are no signing keys; returns `rc`. */
MUST_CHECK enum rc ec_explain(struct hsm_session *s, enum rc rc);

/** Attributes of a private key; fills all but the public half. */
CK_RV ec_read_private(struct hsm_session *s, CK_OBJECT_HANDLE key,
    struct hsm_ec_key *k, const char **call);
/** The point of a public key; `*p256` false where it is none on P-256. */
CK_RV ec_read_public(struct hsm_session *s, CK_OBJECT_HANDLE key,
    uint8_t spki[static P256_SPKI_LEN], bool *p256, const char **call);

/* ca_key.c: what a CA signs. */

/**
 * SHA-256 and ECDSA over `message`; `signature` gets DER. The public half of the
 * key must be `spki`. Call without epoch_lock.
 * Errors: as hsm_ec_sign; RC_CONFLICT (another public key).
 */
MUST_CHECK enum rc ca_key_sign(struct hsm_session *s,
    const struct hsm_ec_ref *ref, struct span spki, struct span message,
    uint8_t signature[static P256_SIGNATURE_DER_MAX], size_t *len);

#endif
