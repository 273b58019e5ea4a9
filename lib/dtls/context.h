/**
 * context.h - the WOLFSSL_CTX of the server and of the client: version,
 * cipher suites, callbacks. DTLS 1.2 with pre-shared keys.
 *
 * No session is ever resumed and none renegotiated, by decision: a bootstrap
 * is rare and short, and a resumed session would outlive the withdrawal of the
 * key it rests on.
 */
#ifndef DTLS_CONTEXT_H
#define DTLS_CONTEXT_H

#include "base/rc.h"

#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

/**
 * `key_of` is asked in each handshake. Errors: RC_MEMORY, RC_UNSUPPORTED (a
 * suite that must be there is not).
 */
MUST_CHECK enum rc context_server(
    wc_psk_server_callback key_of, WOLFSSL_CTX **out);

/** `suite`: wolfSSL's name, NULL: all that the server has. Errors: as above. */
MUST_CHECK enum rc context_client(const char *suite, WOLFSSL_CTX **out);

#endif
