/**
 * credentials.h - what dtls_set_credentials() has been given, made into
 * contexts of wolfSSL and sorted tables: immutable, counted by who uses it,
 * replaced whole.
 */
#ifndef DTLS_CREDENTIALS_H
#define DTLS_CREDENTIALS_H

#include "dtls/context.h"
#include "dtls/dtls.h"
#include "dtls/peek.h"
#include "dtls/x509.h"

enum {
	/** One for pre-shared keys alone, and for each key of ours one that
	 *  shows its certificate and one that shows it raw. */
	CREDENTIALS_SITES = 1 + 2 * DTLS_SERVERS_MAX,
};

/** One face of this server. */
struct site {
	WOLFSSL_CTX *ctx; /**< NULL: there is none */
	bool shows; /**< a certificate or a raw key */
	uint32_t key;
	struct x509_certificate names; /**< of `leaf` */
};

/** Digests, sorted. */
struct digests {
	uint8_t (*at)[DTLS_DIGEST_LEN];
	size_t count;
};

struct credentials {
	size_t refs;
	struct site sites[CREDENTIALS_SITES]; /**< 0: pre-shared keys alone */
	uint8_t *leaves[DTLS_SERVERS_MAX]; /**< chains, for `names` */
	struct digests revoked; /**< of issuer and serial number */
	struct digests raw_keys;
};

/** `in` may be NULL. `stream`: for TLS, in place of DTLS. With one reference.
 *  Errors: as dtls_set_credentials. */
MUST_CHECK enum rc credentials_new(const struct dtls_credentials *in,
    bool stream, struct dtls_fault *fault, struct credentials **out);

struct credentials *credentials_ref(struct credentials *c);
/** NULL is harmless. */
void credentials_unref(struct credentials *c);

/** The site that answers a hello. */
const struct site *credentials_choose(
    const struct credentials *c, const struct peek_hello *hello);

/** It has neither certificate nor raw key. */
bool credentials_bare(const struct site *s);

bool credentials_know_raw_key(
    const struct credentials *c, struct span public_key);
/** Errors: RC_DENIED (revoked), RC_MALFORMED (no certificate). */
MUST_CHECK enum rc credentials_revoked(
    const struct credentials *c, struct span certificate);

#endif
