/**
 * client_internal.h - what client.c and client_setup.c share.
 */
#ifndef DTLS_CLIENT_INTERNAL_H
#define DTLS_CLIENT_INTERNAL_H

#include "base/digest.h"
#include "dtls/client.h"
#include "dtls/context.h"
#include "dtls/dtls.h"
#include "dtls/output.h"
#include "dtls/x509.h"

enum {
	CLIENT_SLOTS = 16, /* datagrams that wait to be sent */
	CLIENT_MTU = 1280, /* bytes */
	/* wolfSSL's limit for both directions once established: records of the
	 * largest size that the server takes. */
	CLIENT_RECORD_MAX = DTLS_PLAINTEXT_MAX + 128,
};

struct dtls_client {
	WOLFSSL_CTX *ctx;
	WOLFSSL *ssl;
	char identity[DTLS_IDENTITY_MAX + 1];
	struct secret key;
	struct output out;
	struct span in; /* the datagram that wolfSSL reads next */
	uint64_t resend_ms;
	struct span server_key; /* expected, raw; empty: none */
	uint8_t server_key_bytes[X509_P256_KEY_LEN];
	char suite_13[64];
	bool seen; /* the server has shown this */
	uint8_t digest[DIGEST_LEN];
	bool started;
	bool established;
	bool over; /* wolfSSL is not called again */
};

#endif
