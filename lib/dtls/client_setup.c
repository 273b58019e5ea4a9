#include "dtls/client_internal.h"

#include "dtls/der.h"
#include "dtls/pem.h"

#include <stdio.h>
#include <stdlib.h>

static int
io_receive(WOLFSSL *ssl, char *buf, int cap, void *ctx)
{
	struct dtls_client *c = ctx;
	size_t len = c->in.len;

	(void)ssl;
	if (c->stream && cap > 0 && len > (size_t)cap)
		len = (size_t)cap;
	if (len == 0 || cap < 0 || len > (size_t)cap) {
		c->in = (struct span){0};
		return WOLFSSL_CBIO_ERR_WANT_READ;
	}
	memcpy(buf, c->in.p, len);
	c->in = c->stream ? span_from(c->in, len) : (struct span){0};
	return (int)len;
}

static int
io_send(WOLFSSL *ssl, char *buf, int len, void *ctx)
{
	static const struct address nobody;
	struct dtls_client *c = ctx;

	(void)ssl;
	if (len >= 0 && c->stream)
		return fifo_put(&c->bytes, span_of(buf, (size_t)len),
			   CLIENT_WAITING_MAX) == RC_OK
		    ? len
		    : WOLFSSL_CBIO_ERR_GENERAL;
	if (len < 0 || !output_put(&c->out, &nobody, span_of(buf, (size_t)len)))
		return WOLFSSL_CBIO_ERR_GENERAL;
	return len;
}

static unsigned int
give_key(WOLFSSL *ssl, const char *hint, char *identity,
    unsigned int identity_cap, unsigned char *key, unsigned int key_cap)
{
	struct dtls_client *c = wolfSSL_GetIOReadCtx(ssl);
	struct span secret = secret_expose(&c->key);
	size_t len = strlen(c->identity) + 1;

	(void)hint;
	if (len > identity_cap || secret.len > key_cap)
		return 0;
	memcpy(identity, c->identity, len);
	memcpy(key, secret.p, secret.len);
	return (unsigned int)secret.len;
}

#if DTLS_HAVE_13
static unsigned int
give_key_13(WOLFSSL *ssl, const char *hint, char *identity,
    unsigned int identity_cap, unsigned char *key, unsigned int key_cap,
    const char **suite)
{
	struct dtls_client *c = wolfSSL_GetIOReadCtx(ssl);

	*suite = c->suite_13;
	return give_key(ssl, hint, identity, identity_cap, key, key_cap);
}
#endif

static WOLFSSL_METHOD *
method(enum dtls_client_version version, bool stream)
{
	if (!context_library())
		return NULL;
#if DTLS_HAVE_13
	if (stream && version == DTLS_CLIENT_13)
		return wolfTLSv1_3_client_method();
#endif
	if (stream)
		return version == DTLS_CLIENT_ANY ? wolfTLS_client_method()
						  : wolfTLSv1_2_client_method();
#if DTLS_HAVE_13
	if (version == DTLS_CLIENT_13)
		return wolfDTLSv1_3_client_method();
	if (version == DTLS_CLIENT_ANY)
		return wolfDTLS_client_method();
#endif
	return wolfDTLSv1_2_client_method();
}

/* Each object in `in` to `add`. */
static bool
each_der(WOLFSSL_CTX *ctx, struct span in,
    bool (*add)(WOLFSSL_CTX *ctx, struct span der))
{
	uint8_t *bytes = malloc(in.len ? in.len : 1);
	struct writer w;
	bool done = false;

	if (!bytes)
		return false;
	writer_init(&w, bytes, in.len);
	if (pem_unpack(in, "CERTIFICATE", &w) == RC_OK)
		done = add(ctx, writer_span(&w));
	free(bytes);
	return done;
}

static bool
add_trust(WOLFSSL_CTX *ctx, struct span der)
{
	struct der anchor;

	while (der_next(&der, &anchor))
		if (wolfSSL_CTX_load_verify_buffer(ctx, anchor.raw.p,
			(long)anchor.raw.len,
			WOLFSSL_FILETYPE_ASN1) != WOLFSSL_SUCCESS)
			return false;
	return true;
}

static bool
add_chain(WOLFSSL_CTX *ctx, struct span der)
{
	return wolfSSL_CTX_use_certificate_chain_buffer_format(ctx, der.p,
		   (long)der.len, WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS;
}

/* What kinds of key it shows and wants (RFC 7250): said only where one of
 * them is raw. */
static bool
set_types(WOLFSSL_CTX *ctx, bool raw, bool server_raw)
{
#if DTLS_HAVE_RPK
	const char client[] = {
	    raw ? WOLFSSL_CERT_TYPE_RPK : WOLFSSL_CERT_TYPE_X509};
	const char server[] = {
	    server_raw ? WOLFSSL_CERT_TYPE_RPK : WOLFSSL_CERT_TYPE_X509};

	if (!raw && !server_raw)
		return true;
	return wolfSSL_CTX_set_client_cert_type(ctx, client, 1) ==
	    WOLFSSL_SUCCESS &&
	    wolfSSL_CTX_set_server_cert_type(ctx, server, 1) == WOLFSSL_SUCCESS;
#else
	(void)ctx;
	return !raw && !server_raw;
#endif
}

static enum rc
set_certificates(WOLFSSL_CTX *ctx, const struct dtls_client_config *config)
{
	bool raw = config->public_key.len > 0;
	struct span private_key = {0};

	if (config->private_key)
		private_key = secret_expose(config->private_key);
	wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_PEER, judge);
	if (config->trust.len > 0 && !each_der(ctx, config->trust, add_trust))
		return RC_MALFORMED;
	if (config->chain.len > 0 && !each_der(ctx, config->chain, add_chain))
		return RC_MALFORMED;
	if (raw &&
	    wolfSSL_CTX_use_certificate_buffer(ctx, config->public_key.p,
		(long)config->public_key.len,
		WOLFSSL_FILETYPE_ASN1) != WOLFSSL_SUCCESS)
		return RC_MALFORMED;
	if (private_key.len > 0 &&
	    wolfSSL_CTX_use_PrivateKey_buffer(ctx, private_key.p,
		(long)private_key.len,
		WOLFSSL_FILETYPE_ASN1) != WOLFSSL_SUCCESS)
		return RC_MALFORMED;
	return set_types(
		   ctx, raw, config->server_raw || config->server_key.len > 0)
	    ? RC_OK
	    : RC_UNSUPPORTED;
}

static enum rc
set_server(struct dtls_client *c)
{
	size_t len = strlen(c->name);

	if (len == 0)
		return RC_OK;
	if (wolfSSL_UseSNI(c->ssl, WOLFSSL_SNI_HOST_NAME, c->name,
		(unsigned short)len) != WOLFSSL_SUCCESS)
		return RC_UNSUPPORTED;
	if (c->anchored &&
	    wolfSSL_check_domain_name(c->ssl, c->name) != WOLFSSL_SUCCESS)
		return RC_MEMORY;
	return RC_OK;
}

static bool
acceptable(const struct dtls_client_config *config)
{
	struct span id = config->identity;

	if (!config->key)
		return id.len == 0;
	return id.len > 0 && id.len <= DTLS_IDENTITY_MAX &&
	    !memchr(id.p, 0, id.len) && config->key->len > 0 &&
	    config->key->len <= DTLS_KEY_MAX;
}

static enum rc
set_psk(struct dtls_client *c, const struct dtls_client_config *config)
{
	const char *first = config->suites;

	if (!config->key)
		return RC_OK;
	memcpy(c->identity, config->identity.p, config->identity.len);
	if (!first || strncmp(first, "TLS13-", 6) != 0)
		first = "TLS13-AES128-GCM-SHA256";
	(void)snprintf(c->suite_13, sizeof(c->suite_13), "%.*s",
	    (int)strcspn(first, ":"), first);
	return secret_set(&c->key, secret_expose(config->key));
}

static enum rc
offer_cid(struct dtls_client *c, const struct dtls_client_config *config)
{
	uint8_t cid[DTLS_CLIENT_CID_MAX];

	if (!config->offer_cid)
		return RC_OK;
	if (config->cid.len > sizeof(cid))
		return RC_UNSUPPORTED;
	if (config->cid.len)
		memcpy(cid, config->cid.p, config->cid.len);
#if DTLS_HAVE_CID
	if (wolfSSL_dtls_cid_use(c->ssl) != WOLFSSL_SUCCESS)
		return RC_MEMORY;
	/* none of its own would be said as none at all */
	if (config->cid.len > 0 &&
	    wolfSSL_dtls_cid_set(c->ssl, cid, (unsigned int)config->cid.len) !=
		WOLFSSL_SUCCESS)
		return RC_UNSUPPORTED;
	return RC_OK;
#else
	(void)c;
	return RC_UNSUPPORTED;
#endif
}

static enum rc
set_session(struct dtls_client *c, const struct dtls_client_config *config)
{
	enum rc rc;

	c->ssl = wolfSSL_new(c->ctx);
	if (!c->ssl)
		return RC_MEMORY;
	wolfSSL_SSLSetIORecv(c->ssl, io_receive);
	wolfSSL_SSLSetIOSend(c->ssl, io_send);
	wolfSSL_SetIOReadCtx(c->ssl, c);
	wolfSSL_SetIOWriteCtx(c->ssl, c);
	wolfSSL_SetCertCbCtx(c->ssl, c);
	if (config->key) {
		wolfSSL_set_psk_client_callback(c->ssl, give_key);
#if DTLS_HAVE_13
		wolfSSL_set_psk_client_tls13_callback(c->ssl, give_key_13);
#endif
	}
	if (c->stream)
		return context_alpn(c->ssl) ? set_server(c) : RC_MEMORY;
	wolfSSL_dtls_set_using_nonblock(c->ssl, 1);
	if (wolfSSL_dtls_set_mtu(c->ssl, CLIENT_MTU) != WOLFSSL_SUCCESS)
		return RC_MEMORY;
	rc = offer_cid(c, config);
	return rc == RC_OK ? set_server(c) : rc;
}

enum rc
dtls_client_open(
    const struct dtls_client_config *config, struct dtls_client **out)
{
	struct dtls_client *c;
	enum rc rc;

	*out = NULL;
	if (!acceptable(config) ||
	    (config->server_key.len > 0 &&
		!x509_is_p256_key(config->server_key)) ||
	    (config->server_raw &&
		(config->trust.len > 0 || config->anchor_digest.len > 0)) ||
	    (config->version != DTLS_CLIENT_12 && !DTLS_HAVE_13))
		return RC_UNSUPPORTED;
	c = calloc(1, sizeof(*c));
	if (!c)
		return RC_MEMORY;
	c->resend_ms = TIME_NEVER;
	c->stream = config->stream;
	rc = judge_init(c, config);
	if (rc == RC_OK)
		rc = set_psk(c, config);
	if (rc == RC_OK)
		rc = output_init(&c->out, CLIENT_SLOTS, CLIENT_MTU);
	if (rc == RC_OK)
		rc = context_new(method(config->version, config->stream),
		    config->suites, config->key != NULL,
		    c->anchored || c->server.len > 0, &c->ctx);
	if (rc == RC_OK)
		rc = set_certificates(c->ctx, config);
	if (rc == RC_OK)
		rc = set_session(c, config);
	if (rc) {
		dtls_client_free(c);
		return rc;
	}
	*out = c;
	return RC_OK;
}

enum rc
dtls_client_new(struct span identity, const struct secret *key,
    const char *suite, struct dtls_client **out)
{
	return dtls_client_open(
	    &(struct dtls_client_config){
		.identity = identity, .key = key, .suites = suite},
	    out);
}
