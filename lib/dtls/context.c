#include "dtls/context.h"

#include "dtls/der.h"
#include "dtls/dtls.h"

#include <pthread.h>
#include <string.h>

enum suite_kind {
	SUITE_PSK, /* of DTLS 1.2 */
	SUITE_CERTIFICATE,
	SUITE_13,
};

/*
 * In this order the server chooses (LwM2M transport binding 5.2; RFC 7925
 * 4.2, 4.4). Plain PSK stands first also where certificates are: clients that
 * offer both mostly hold a key. Under 1.3 CCM-8 comes last, because RFC 9147
 * 4.5.3 wants it to be avoided.
 */
static const struct {
	const char *name;
	uint16_t id;
	enum suite_kind kind;
	bool required;
	bool cbc;
} suites[] = {
    {"PSK-AES128-CCM-8", 0xc0a8, SUITE_PSK, true, false},
    {"PSK-AES128-CCM", 0xc0a4, SUITE_PSK, false, false},
    {"PSK-AES128-GCM-SHA256", 0x00a8, SUITE_PSK, true, false},
    {"PSK-AES128-CBC-SHA256", 0x00ae, SUITE_PSK, true, true},
    {"ECDHE-ECDSA-AES128-CCM-8", 0xc0ae, SUITE_CERTIFICATE, true, false},
    {"ECDHE-ECDSA-AES128-CCM", 0xc0ac, SUITE_CERTIFICATE, false, false},
    {"ECDHE-ECDSA-AES128-GCM-SHA256", 0xc02b, SUITE_CERTIFICATE, true, false},
    {"ECDHE-ECDSA-AES128-SHA256", 0xc023, SUITE_CERTIFICATE, true, true},
#if DTLS_HAVE_13
    {"TLS13-AES128-GCM-SHA256", 0x1301, SUITE_13, true, false},
    {"TLS13-AES128-CCM-SHA256", 0x1304, SUITE_13, false, false},
    {"TLS13-AES128-CCM-8-SHA256", 0x1305, SUITE_13, false, false},
#endif
};

enum {
	SUITE_COUNT = sizeof(suites) / sizeof(suites[0]),
	LIST_LEN = 512,
	KEY_BITS_MIN = 256, /* no curve below it (LwM2M transport 5.2) */
};

static bool started;

static void
start(void)
{
	started = wolfSSL_Init() == WOLFSSL_SUCCESS;
}

bool
context_library(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	return pthread_once(&once, start) == 0 && started;
}

/* One by one: in a list wolfSSL skips in silence what it does not have. */
static enum rc
set_suites(WOLFSSL_CTX *ctx, bool psk, bool certificates)
{
	char list[LIST_LEN] = "";

	for (size_t i = 0; i < SUITE_COUNT; i++) {
		if ((suites[i].kind == SUITE_PSK && !psk) ||
		    (suites[i].kind == SUITE_CERTIFICATE && !certificates))
			continue;
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

bool
context_suite_is_psk(int suite)
{
	for (size_t i = 0; i < SUITE_COUNT; i++)
		if (suites[i].id == suite)
			return suites[i].kind == SUITE_PSK;
	return false;
}

static bool
has_suite(struct span offered, uint16_t id)
{
	for (size_t at = 0; at + 1 < offered.len; at += 2)
		if ((offered.p[at] << 8 | offered.p[at + 1]) == id)
			return true;
	return false;
}

bool
context_chooses_cbc(struct span offered)
{
	for (size_t i = 0; i < SUITE_COUNT; i++)
		if (suites[i].kind != SUITE_13 &&
		    has_suite(offered, suites[i].id))
			return suites[i].cbc;
	return false;
}

const char *
context_suite_13(struct span offered)
{
	for (size_t i = 0; i < SUITE_COUNT; i++)
		if (suites[i].kind == SUITE_13 &&
		    has_suite(offered, suites[i].id))
			return suites[i].name;
	return NULL;
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
#if DTLS_HAVE_13
	/* On a client's context it does nothing, and says so. */
	(void)wolfSSL_CTX_no_ticket_TLSv13(ctx);
#endif
#endif
	return done;
}

enum rc
context_new(WOLFSSL_METHOD *method, const char *list, bool psk,
    bool certificates, WOLFSSL_CTX **out)
{
	WOLFSSL_CTX *ctx = method ? wolfSSL_CTX_new(method) : NULL;
	enum rc rc;

	*out = NULL;
	if (!ctx)
		return RC_MEMORY;
	if (!list)
		rc = set_suites(ctx, psk, certificates);
	else
		rc = wolfSSL_CTX_set_cipher_list(ctx, list) == WOLFSSL_SUCCESS
		    ? RC_OK
		    : RC_UNSUPPORTED;
	if (rc == RC_OK && !forget_sessions(ctx))
		rc = RC_UNSUPPORTED;
	if (rc) {
		wolfSSL_CTX_free(ctx);
		return rc;
	}
	*out = ctx;
	return RC_OK;
}

bool
context_alpn(WOLFSSL *ssl)
{
#if DTLS_HAVE_ALPN
	char coap[] = "coap";

	return wolfSSL_UseALPN(ssl, coap, sizeof(coap) - 1,
		   WOLFSSL_ALPN_FAILED_ON_MISMATCH) == WOLFSSL_SUCCESS;
#else
	(void)ssl;
	return true;
#endif
}

static bool
set_groups(WOLFSSL_CTX *ctx)
{
	/* Not whatever wolfSSL knows: a larger curve is work for nothing that
	 * a stranger can ask for. */
	if (wolfSSL_CTX_UseSupportedCurve(ctx, WOLFSSL_ECC_SECP256R1) !=
	    WOLFSSL_SUCCESS)
		return false;
	(void)wolfSSL_CTX_UseSupportedCurve(ctx, WOLFSSL_ECC_X25519);
	(void)wolfSSL_CTX_UseSupportedCurve(ctx, WOLFSSL_ECC_SECP384R1);
	return wolfSSL_CTX_SetMinEccKey_Sz(ctx, KEY_BITS_MIN) ==
	    WOLFSSL_SUCCESS;
}

bool
context_raw_key(WOLFSSL_CTX *ctx, struct span public_key)
{
#if DTLS_HAVE_RPK
	static const char raw[] = {WOLFSSL_CERT_TYPE_RPK};

	return wolfSSL_CTX_use_certificate_buffer(ctx, public_key.p,
		   (long)public_key.len,
		   WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS &&
	    wolfSSL_CTX_set_server_cert_type(ctx, raw, 1) == WOLFSSL_SUCCESS;
#else
	(void)ctx;
	(void)public_key;
	return false;
#endif
}

/* Devices may show a raw key or a certificate, whatever we show. */
static bool
client_types(WOLFSSL_CTX *ctx, bool raw)
{
#if DTLS_HAVE_RPK
	const char types[] = {
	    raw ? WOLFSSL_CERT_TYPE_RPK : WOLFSSL_CERT_TYPE_X509,
	    raw ? WOLFSSL_CERT_TYPE_X509 : WOLFSSL_CERT_TYPE_RPK,
	};

	return wolfSSL_CTX_set_client_cert_type(ctx, types, sizeof(types)) ==
	    WOLFSSL_SUCCESS;
#else
	(void)ctx;
	return !raw;
#endif
}

static enum rc
set_certificate(WOLFSSL_CTX *ctx, const struct context_setup *setup)
{
	struct span trust = setup->trust;
	struct der anchor;

	if (setup->raw && !context_raw_key(ctx, setup->public_key))
		return RC_MALFORMED;
	if (!setup->raw &&
	    wolfSSL_CTX_use_certificate_chain_buffer_format(ctx, setup->chain.p,
		(long)setup->chain.len,
		WOLFSSL_FILETYPE_ASN1) != WOLFSSL_SUCCESS)
		return RC_MALFORMED;
	/* The public half alone, which wolfSSL takes once somebody signs: it has
	 * the curve and the kind of signature from it (DTLS 1.3 does not go
	 * without). */
	wolfSSL_CTX_SetEccSignCb(ctx, setup->sign);
	wolfSSL_CTX_SetEccVerifyCb(ctx, setup->proof);
	if (wolfSSL_CTX_use_PrivateKey_buffer(ctx, setup->public_key.p,
		(long)setup->public_key.len,
		WOLFSSL_FILETYPE_ASN1) != WOLFSSL_SUCCESS ||
	    !client_types(ctx, setup->raw))
		return RC_MALFORMED;
	while (der_next(&trust, &anchor))
		if (wolfSSL_CTX_load_verify_buffer(ctx, anchor.raw.p,
			(long)anchor.raw.len,
			WOLFSSL_FILETYPE_ASN1) != WOLFSSL_SUCCESS)
			return RC_DENIED;
	return RC_OK;
}

static WOLFSSL_METHOD *
server_method(bool stream)
{
	if (stream)
		return DTLS_HAVE_13 ? wolfTLS_server_method()
				    : wolfTLSv1_2_server_method();
#if DTLS_HAVE_13
	return wolfDTLS_server_method();
#else
	return wolfDTLSv1_2_server_method();
#endif
}

enum rc
context_server(const struct context_setup *setup, WOLFSSL_CTX **out)
{
	bool certificates = setup->public_key.len > 0;
	enum rc rc;

	*out = NULL;
	if (!context_library())
		return RC_MEMORY;
	if (certificates && !DTLS_HAVE_CERTIFICATES)
		return RC_UNSUPPORTED;
	rc = context_new(
	    server_method(setup->stream), NULL, true, certificates, out);
	if (rc)
		return rc;
	if (setup->stream &&
	    wolfSSL_CTX_SetMinVersion(*out, WOLFSSL_TLSV1_2) !=
		WOLFSSL_SUCCESS) {
		wolfSSL_CTX_free(*out);
		*out = NULL;
		return RC_UNSUPPORTED;
	}
	/* Without it wolfSSL_new() asks for a certificate. */
	wolfSSL_CTX_set_psk_server_callback(*out, setup->key_of);
#if DTLS_HAVE_13
	wolfSSL_CTX_set_psk_server_tls13_callback(*out, setup->key_of_13);
#endif
	/*
	 * With verification on, wolfSSL does not send its last flight again for
	 * each repeated ClientKeyExchange: with a wrong key and a peer that
	 * answers at once that would be a storm without any timer. See
	 * conn_established(), which takes it back. FAIL_IF_NO_PEER_CERT beside
	 * it would fail every handshake with a key.
	 */
	wolfSSL_CTX_set_verify(*out,
	    WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_EXCEPT_PSK,
	    setup->verify);
	rc = set_groups(*out) ? RC_OK : RC_UNSUPPORTED;
	if (rc == RC_OK && certificates)
		rc = set_certificate(*out, setup);
	if (rc) {
		wolfSSL_CTX_free(*out);
		*out = NULL;
	}
	return rc;
}

bool
context_forget_chain(WOLFSSL_CTX *ctx)
{
#if DTLS_HAVE_CERTIFICATES
	/* Not wolfSSL_CTX_UnloadIntermediateCerts(), which does nothing while
	 * there is any association. */
	return wolfSSL_CertManagerUnloadIntermediateCerts(
		   wolfSSL_CTX_GetCertManager(ctx)) == WOLFSSL_SUCCESS;
#else
	(void)ctx;
	return true;
#endif
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
#if DTLS_HAVE_RPK
	    ", RPK"
#endif
#if DTLS_HAVE_ALPN
	    ", ALPN"
#endif
	    ;
}
