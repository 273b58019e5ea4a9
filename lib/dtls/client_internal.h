/**
 * client_internal.h - what client.c and client_setup.c share.
 */
#ifndef DTLS_CLIENT_INTERNAL_H
#define DTLS_CLIENT_INTERNAL_H

#include "base/digest.h"
#include "base/fifo.h"
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
	CLIENT_DIGEST_MAX = 64, /* SHA-512's */
	CLIENT_NAME_MAX = 255, /* bytes */
	CLIENT_WAITING_MAX = 1 << 20, /* bytes of a stream */
};

/* What something has to be: nothing, or of that digest. */
struct client_pin {
	size_t len; /* 0: nothing is asked */
	uint8_t digest[CLIENT_DIGEST_MAX];
};

struct dtls_client {
	WOLFSSL_CTX *ctx;
	WOLFSSL *ssl;
	char identity[DTLS_IDENTITY_MAX + 1];
	struct secret key;
	struct output out;
	bool stream; /* TLS */
	struct fifo bytes; /* of a stream, that wait to be sent */
	struct span in; /* the datagram that wolfSSL reads next */
	uint64_t resend_ms;
	struct client_pin server, anchor;
	bool anchored; /* there are anchors: the server's chain counts */
	char name[CLIENT_NAME_MAX + 1]; /* whose it must be; "": anybody's */
	char suite_13[64];
	bool seen; /* the server has shown this */
	uint8_t digest[DIGEST_LEN];
	bool refused; /* and it is not what it has to be */
	enum dtls_client_fault fault; /* the first */
	bool started;
	bool established;
	bool over; /* wolfSSL is not called again */
};

/* client_judge.c: is the server who it has to be */

/** Errors: RC_UNSUPPORTED (a length that no digest has, or no name). */
MUST_CHECK enum rc judge_init(
    struct dtls_client *c, const struct dtls_client_config *config);
/** A VerifyCallback; its user context is the client. */
int judge(int good, WOLFSSL_X509_STORE_CTX *store);

#endif
