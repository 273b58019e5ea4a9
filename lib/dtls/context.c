#include "dtls/context.h"

#include "dtls/dtls.h"
#include "dtls/features.h"

#include <pthread.h>
#include <string.h>

/*
 * In this order the server chooses (LwM2M transport binding 5.2; RFC 7925
 * 4.2). Plain PSK stands first also when certificates come to it: clients
 * that offer both mostly hold a key.
 */
static const struct {
	const char *name;
	bool required;
} suites[] = {
    {"PSK-AES128-CCM-8", true},
    {"PSK-AES128-CCM", false},
    {"PSK-AES128-GCM-SHA256", true},
    {"PSK-AES128-CBC-SHA256", true},
};

enum {
	SUITE_COUNT = sizeof(suites) / sizeof(suites[0]),
	LIST_LEN = 256,
};

static bool started;

static void
start(void)
{
	started = wolfSSL_Init() == WOLFSSL_SUCCESS;
}

static bool
library_started(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	return pthread_once(&once, start) == 0 && started;
}

/* One by one: in a list wolfSSL skips in silence what it does not have. */
static enum rc
set_suites(WOLFSSL_CTX *ctx)
{
	char list[LIST_LEN] = "";

	for (size_t i = 0; i < SUITE_COUNT; i++) {
		if (wolfSSL_CTX_set_cipher_list(ctx, suites[i].name) !=
		    WOLFSSL_SUCCESS) {
			if (suites[i].required)
				return RC_UNSUPPORTED;
			continue;
		}
		if (list[0])
			strncat(list, ":", sizeof(list) - strlen(list) - 1);
		strncat(list, suites[i].name, sizeof(list) - strlen(list) - 1);
	}
	return wolfSSL_CTX_set_cipher_list(ctx, list) == WOLFSSL_SUCCESS
	    ? RC_OK
	    : RC_UNSUPPORTED;
}

static bool
forget_sessions(WOLFSSL_CTX *ctx)
{
	bool done = true;

	(void)ctx;
#if DTLS_HAVE_SESSION_CACHE
	done = wolfSSL_CTX_set_session_cache_mode(
		   ctx, WOLFSSL_SESS_CACHE_OFF) == WOLFSSL_SUCCESS;
#endif
#if DTLS_HAVE_TICKETS
	done = done && wolfSSL_CTX_NoTicketTLSv12(ctx) == WOLFSSL_SUCCESS;
#endif
	return done;
}

static enum rc
context_new(WOLFSSL_METHOD *method, const char *suite, WOLFSSL_CTX **out)
{
	WOLFSSL_CTX *ctx = method ? wolfSSL_CTX_new(method) : NULL;
	enum rc rc;

	*out = NULL;
	if (!ctx)
		return RC_MEMORY;
	if (!suite)
		rc = set_suites(ctx);
	else
		rc = wolfSSL_CTX_set_cipher_list(ctx, suite) == WOLFSSL_SUCCESS
		    ? RC_OK
		    : RC_UNSUPPORTED;
	if (rc) {
		wolfSSL_CTX_free(ctx);
		return rc;
	}
	if (!forget_sessions(ctx)) {
		wolfSSL_CTX_free(ctx);
		return RC_UNSUPPORTED;
	}
	*out = ctx;
	return RC_OK;
}

enum rc
context_server(wc_psk_server_callback key_of, WOLFSSL_CTX **out)
{
	enum rc rc;

	*out = NULL;
	if (!library_started())
		return RC_MEMORY;
	rc = context_new(wolfDTLSv1_2_server_method(), NULL, out);
	if (rc)
		return rc;
	/* Without it wolfSSL_new() asks for a certificate. */
	wolfSSL_CTX_set_psk_server_callback(*out, key_of);
	/*
	 * With verification on, wolfSSL does not send its last flight again for
	 * each repeated ClientKeyExchange: with a wrong key and a peer that
	 * answers at once that would be a storm without any timer. See
	 * conn_established(), which takes it back.
	 */
	wolfSSL_CTX_set_verify(
	    *out, WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_EXCEPT_PSK, NULL);
	return RC_OK;
}

enum rc
context_client(const char *suite, WOLFSSL_CTX **out)
{
	*out = NULL;
	if (!library_started())
		return RC_MEMORY;
	return context_new(wolfDTLSv1_2_client_method(), suite, out);
}

const char *
dtls_features(void)
{
	return LIBWOLFSSL_VERSION_STRING
#if DTLS_HAVE_CID
	    ", CID"
#endif
#if DTLS_HAVE_13
	    ", DTLS 1.3"
#endif
#if DTLS_HAVE_13_CCM_8
	    " CCM-8"
#endif
#if DTLS_HAVE_RPK
	    ", RPK"
#endif
	    ;
}
