/**
 * account.h - the Bootstrap-Server Account as a device reads it out of its
 * image, or is told by its command line: where to go, what to show there, and
 * what to expect (LwM2M Core, object 0).
 */
#ifndef DEVICE_ACCOUNT_H
#define DEVICE_ACCOUNT_H

#include "device/held.h"
#include "dtls/x509.h"

/** Certificate Usage, /0/x/15. */
enum certificate_usage {
	USAGE_CA_CONSTRAINT = 0,
	USAGE_SERVICE_CONSTRAINT = 1,
	USAGE_TRUST_ANCHOR = 2,
	USAGE_DOMAIN_ISSUED = 3, /**< where nothing is said */
};

/** Matching Type, /0/x/13. */
enum matching_type {
	MATCHING_EXACT = 0, /**< where nothing is said */
	MATCHING_SHA256 = 1,
	MATCHING_SHA384 = 2,
	MATCHING_SHA512 = 3,
};

/** Spans are borrowed, and empty where there is no such resource. */
struct account {
	uint16_t instance; /**< of /0 */
	int64_t mode; /**< enum security_mode */
	struct span uri;
	struct span identity; /**< /3: by mode identity, key or certificate */
	struct span server_key; /**< /4 */
	struct span key; /**< /5, a secret: for struct secret alone */
	uint64_t matching; /**< enum matching_type */
	uint64_t usage; /**< enum certificate_usage */
	struct span sni; /**< /14 */
	struct span endpoint; /**< as far as it is known */
};

/**
 * /0/`instance` as the device holds it. Its endpoint is that of its PSK identity
 * or of its certificate's common name, as clients have it that are told none.
 * Borrowed until the store changes.
 */
void account_read(
    const struct held *held, uint16_t instance, struct account *out);

/**
 * Bytes of a /4 with that Matching Type: 0, any; SIZE_MAX: there is no such
 * type.
 */
size_t account_matching_len(uint64_t matching);

/** The first of the certificates that stand end to end in a /3.
 *  Errors: RC_MALFORMED. */
MUST_CHECK enum rc account_certificate(
    struct span chain, struct x509_certificate *out);

/** Its common name, borrowed; empty: none, or no certificate. */
struct span account_common_name(struct span chain);

#endif
