/**
 * p256_internal.h - the curve, for those who compute on it.
 */
#ifndef HSM_P256_INTERNAL_H
#define HSM_P256_INTERNAL_H

#include "hsm/p256.h"

#include <openssl/ec.h>

/** NIST P-256; NULL when out of memory. Lives for ever. */
const EC_GROUP *p256_group(void);

/** A public key that lies on the curve, as whoever calls knows: p256_spki_check
 *  need not find out, for the last one of a thread. */
void p256_made(const uint8_t spki[static P256_SPKI_LEN]);

/** The key for OpenSSL; owned. Errors: as p256_spki_check. */
MUST_CHECK enum rc p256_load(struct span spki, EVP_PKEY **key);

#endif
