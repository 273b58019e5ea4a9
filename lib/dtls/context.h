/**
 * context.h - the WOLFSSL_CTX of the server and of the client: versions,
 * cipher suites, callbacks, certificates.
 *
 * No session is ever resumed and none renegotiated, by decision: a bootstrap
 * is rare and short, and a resumed session would outlive the withdrawal of the
 * key it rests on.
 */
#ifndef DTLS_CONTEXT_H
#define DTLS_CONTEXT_H

#include "base/rc.h"
#include "base/span.h"
#include "dtls/features.h"

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

/**
 * Without callbacks and certificates: the client's, and what the server's is
 * made of.
 * `method`: NULL where there is no memory. `suites`: wolfSSL's names, NULL: all
 * that the server has, of DTLS 1.2 those for a pre-shared key and for
 * certificates only as wanted. Errors: RC_MEMORY, RC_UNSUPPORTED.
 */
MUST_CHECK enum rc context_new(WOLFSSL_METHOD *method, const char *suites,
    bool psk, bool certificates, WOLFSSL_CTX **out);

/** What one server context is made of. Everything is copied. */
struct context_setup {
	struct span chain; /**< DER, leaf first; or, if `raw`, `public_key` */
	/** SubjectPublicKeyInfo, P-256; empty: pre-shared keys alone. */
	struct span public_key;
	bool raw; /**< shows its key raw (RFC 7250) */
	bool stream; /**< TLS, in place of DTLS of the same versions */
	struct span trust; /**< DER, end to end; may be empty */
	wc_psk_server_callback key_of;
#if DTLS_HAVE_13
	wc_psk_server_tls13_callback key_of_13;
#endif
	CallbackEccSign sign;
	CallbackEccVerify proof; /**< of each signature of the peers' */
	VerifyCallback verify; /**< also of every good leaf, and of raw keys */
};

/**
 * DTLS 1.2, and 1.3 where wolfSSL has it. Errors: RC_MEMORY; RC_UNSUPPORTED (a
 * suite that must be there is not; certificates, where wolfSSL has no way to
 * check them); RC_MALFORMED (wolfSSL refuses the chain or the key); RC_DENIED
 * (it refuses the trust anchors).
 */
MUST_CHECK enum rc context_server(
    const struct context_setup *setup, WOLFSSL_CTX **out);

/** Only the trust anchors are left of what it has verified. False: no. */
bool context_forget_chain(WOLFSSL_CTX *ctx);

/** wolfSSL is ready for its first call. */
bool context_library(void);

/** Is `suite` (wolfSSL_get_current_cipher_suite) one of DTLS 1.2 with a
 *  pre-shared key? */
bool context_suite_is_psk(int suite);

/** Would a hello of DTLS 1.2 with these be answered with one in CBC? */
bool context_chooses_cbc(struct span offered);

/** Ours for a pre-shared key under DTLS 1.3, of those in a ClientHello:
 *  wolfSSL's name, NULL: none. */
const char *context_suite_13(struct span offered);

/** ALPN: "coap" and nothing else (RFC 8323 section 8.2), where wolfSSL has it.
 *  For both sides of TLS. False: out of memory. */
bool context_alpn(WOLFSSL *ssl);

/** SubjectPublicKeyInfo as the only certificate type of a context. False: it
 *  cannot be. */
bool context_raw_key(WOLFSSL_CTX *ctx, struct span public_key);

#endif
