/**
 * pair.h - whether the certificates and keys of a Security instance hold
 * together: what a client that takes them apart at Finish finds.
 */
#ifndef DEVICE_PAIR_H
#define DEVICE_PAIR_H

#include "device/held.h"

/**
 * Of /0/`instance` in mode certificate or rpk. A static sentence that says what
 * is wrong; NULL: nothing:
 *
 * - /3 is in DER: certificates, or a SubjectPublicKeyInfo; the key on P-256;
 * - /5 is PKCS #8 of version 1, and the other half of that key;
 * - /4 is a certificate, a SubjectPublicKeyInfo, or as long as the digest that
 *   /13 says it is; /13 and /15 have values that there are.
 */
const char *pair_fault(const struct held *s, uint16_t instance, int64_t mode);

#endif
