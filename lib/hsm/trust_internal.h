/**
 * trust_internal.h - what trust.c (any chain, by OpenSSL) and trust_direct.c
 * (the plain case, by ourselves) share.
 */
#ifndef HSM_TRUST_INTERNAL_H
#define HSM_TRUST_INTERNAL_H

#include "hsm/crl.h"
#include "hsm/trust.h"

struct evp_pkey_st;
struct x509_store_st;

/** An anchor whose key is on P-256. */
struct trust_anchor {
	struct trust_anchor *next;
	bool serves; /**< the plain case can be judged under it */
	struct cert cert; /**< of `der` */
	struct evp_pkey_st *key;
	uint8_t der[];
};

/** A revocation list. */
struct trust_list {
	struct trust_list *next;
	struct crl crl; /**< of `der` */
	const struct trust_anchor *signer; /**< NULL: not among them */
	struct span *serials; /**< of its entries, in `der`, sorted */
	uint8_t der[];
};

struct trust {
	struct x509_store_st *store;
	bool crl;
	/** Owned: SHA-256 of the key of each anchor, whatever its curve. */
	uint8_t (*keys)[DIGEST_LEN];
	size_t key_count;
	struct trust_anchor *anchors;
	struct trust_list *lists;
};

/** Note an anchor, where its key may be used. Errors: RC_MEMORY. */
MUST_CHECK enum rc trust_direct_anchor(struct trust *t, const struct cert *c);
/** Note a list. Errors: RC_MEMORY. */
MUST_CHECK enum rc trust_direct_list(struct trust *t, const struct crl *c);
void trust_direct_fini(struct trust *t);

/**
 * Is this certificate good beyond doubt: signed by an anchor itself, ECDSA on
 * P-256 with SHA-256, nothing in either of the two that is not plain, the dates
 * right, the use right, on no list? `by` receives the anchor. False: it must be
 * asked in full why not, or whether it is good all the same.
 */
bool trust_direct(const struct trust *t, const struct cert *c,
    enum cert_eku eku, int64_t now_s, const struct trust_anchor **by);

/** Note in a verdict who has signed it, by that key. Errors: RC_MEMORY,
 *  RC_DENIED, RC_MALFORMED (no signature of such a key). */
MUST_CHECK enum rc trust_issuer(const struct cert *c, struct span spki,
    const struct evp_pkey_st *key, struct trust_verdict *v);

#endif
