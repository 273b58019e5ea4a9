/**
 * ec.h - signing keys in the token: EC key pairs on P-256 whose private half
 * was made there and cannot leave.
 *
 * A key is named by label and id together (CKA_LABEL, CKA_ID). PKCS#11 lets
 * several objects share both, so what matches more than one key is refused.
 * Signatures are ECDSA over a digest that the caller has made (CKM_ECDSA), r
 * and s as 32 bytes each.
 */
#ifndef HSM_EC_H
#define HSM_EC_H

#include "hsm/hsm.h"
#include "hsm/p256.h"

enum {
	HSM_EC_ID_MAX = 32, /**< bytes of CKA_ID */
};

/** Which key. */
struct hsm_ec_ref {
	char label[HSM_LABEL_MAX + 1];
	uint8_t id[HSM_EC_ID_MAX];
	size_t id_len; /**< 0: any, as long as the label names one key */
};

/**
 * Read "pkcs11:object=LABEL[;id=%01%02][;type=private]" (RFC 7512). The token
 * is not named here. Errors: RC_CONFIG (`err`).
 */
MUST_CHECK enum rc hsm_ec_ref_parse(
    const char *uri, struct hsm_ec_ref *out, struct hsm_error *err);
/** The URI of a key; `cap` of 256 bytes is enough. Returns `buf`. */
const char *hsm_ec_ref_print(
    const struct hsm_ec_ref *ref, char *buf, size_t cap);

/** A key pair as the token describes it. */
struct hsm_ec_key {
	struct hsm_ec_ref ref; /**< its own label and id */
	/* As the token says; `extractable` also when the value can be read. */
	bool sensitive, extractable, local, never_extractable, always_sensitive,
	    sign, token;
	bool other_use; /**< may also decrypt, unwrap or derive */
	bool p256; /**< `spki` is set */
	uint8_t spki[P256_SPKI_LEN];
};

/**
 * Generate a key pair: token objects, the private one private, sensitive, not
 * extractable, SIGN only. Without an id in `ref` it gets 8 random bytes. Reads
 * the attributes back, then signs and verifies a nonce. After a failure nothing
 * of it is left in the token, or the error's remedy says what is to be deleted
 * by hand: what cannot be told from another's key of that label and id, or what
 * the token was away for.
 * Errors: RC_CONFLICT (the label exists: keys are never overwritten),
 * RC_DENIED (the token made a key that can be extracted, or that signs wrongly:
 * it is destroyed again), RC_UNSUPPORTED (the token cannot make one),
 * RC_TOKEN, RC_MALFORMED (label), RC_MEMORY.
 */
MUST_CHECK enum rc hsm_ec_generate(struct hsm_session *s,
    const struct hsm_ec_ref *ref, struct hsm_ec_key *out);

/**
 * Describe one key. Errors: RC_NOT_FOUND (no such key, or its public half is
 * missing), RC_CONFLICT (more than one matches), RC_TOKEN, RC_MALFORMED
 * (label).
 */
MUST_CHECK enum rc hsm_ec_describe(struct hsm_session *s,
    const struct hsm_ec_ref *ref, struct hsm_ec_key *out);

/** Its public key. Errors: as hsm_ec_describe; RC_UNSUPPORTED (not P-256). */
MUST_CHECK enum rc hsm_ec_public(struct hsm_session *s,
    const struct hsm_ec_ref *ref, uint8_t spki[static P256_SPKI_LEN]);

/**
 * Sign a digest: r and s. A lost session or a stale handle is recovered once,
 * unseen. Errors: as hsm_ec_public; RC_TOKEN.
 */
MUST_CHECK enum rc hsm_ec_sign(struct hsm_session *s,
    const struct hsm_ec_ref *ref, const uint8_t digest[static P256_DIGEST_LEN],
    uint8_t signature[static P256_SIGNATURE_LEN]);

/**
 * Sign a nonce and verify it against `spki` (that of a certificate, say).
 * Errors: as hsm_ec_sign; RC_DENIED (the signature does not hold: another key).
 */
MUST_CHECK enum rc hsm_ec_self_test(
    struct hsm_session *s, const struct hsm_ec_ref *ref, struct span spki);

/** All EC private keys of the token, once each. `each` may use the session.
 *  Errors: RC_TOKEN, RC_MEMORY, and what `each` returns to stop. */
typedef enum rc (*hsm_ec_fn)(void *ctx, const struct hsm_ec_key *key);
MUST_CHECK enum rc hsm_ec_list(
    struct hsm_session *s, hsm_ec_fn each, void *ctx);

#endif
