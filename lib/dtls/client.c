#include "dtls/client.h"

#include "dtls/context.h"
#include "dtls/dtls.h"
#include "dtls/output.h"

#include <stdlib.h>

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
	bool started;
	bool established;
	bool over; /* wolfSSL is not called again */
};

static int
io_receive(WOLFSSL *ssl, char *buf, int cap, void *ctx)
{
	struct dtls_client *c = ctx;
	size_t len = c->in.len;

	(void)ssl;
	if (len == 0 || cap < 0 || len > (size_t)cap) {
		c->in = (struct span){0};
		return WOLFSSL_CBIO_ERR_WANT_READ;
	}
	memcpy(buf, c->in.p, len);
	c->in = (struct span){0};
	return (int)len;
}

static int
io_send(WOLFSSL *ssl, char *buf, int len, void *ctx)
{
	static const struct address nobody;
	struct dtls_client *c = ctx;

	(void)ssl;
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

enum rc
dtls_client_new(struct span identity, const struct secret *key,
    const char *suite, struct dtls_client **out)
{
	struct dtls_client *c;
	enum rc rc;

	*out = NULL;
	if (identity.len == 0 || identity.len > DTLS_IDENTITY_MAX ||
	    memchr(identity.p, 0, identity.len) || key->len == 0 ||
	    key->len > DTLS_KEY_MAX)
		return RC_UNSUPPORTED;
	c = calloc(1, sizeof(*c));
	if (!c)
		return RC_MEMORY;
	memcpy(c->identity, identity.p, identity.len);
	c->resend_ms = TIME_NEVER;
	rc = secret_set(&c->key, secret_expose(key));
	if (rc == RC_OK)
		rc = output_init(&c->out, CLIENT_SLOTS, CLIENT_MTU);
	if (rc == RC_OK)
		rc = context_client(suite, &c->ctx);
	if (rc)
		goto fail;
	rc = RC_MEMORY;
	c->ssl = wolfSSL_new(c->ctx);
	if (!c->ssl)
		goto fail;
	wolfSSL_SSLSetIORecv(c->ssl, io_receive);
	wolfSSL_SSLSetIOSend(c->ssl, io_send);
	wolfSSL_SetIOReadCtx(c->ssl, c);
	wolfSSL_SetIOWriteCtx(c->ssl, c);
	wolfSSL_set_psk_client_callback(c->ssl, give_key);
	wolfSSL_dtls_set_using_nonblock(c->ssl, 1);
	if (wolfSSL_dtls_set_mtu(c->ssl, CLIENT_RECORD_MAX) != WOLFSSL_SUCCESS)
		goto fail;
	*out = c;
	return RC_OK;
fail:
	dtls_client_free(c);
	return rc;
}

void
dtls_client_free(struct dtls_client *c)
{
	if (!c)
		return;
	wolfSSL_free(c->ssl);
	wolfSSL_CTX_free(c->ctx);
	secret_fini(&c->key);
	output_fini(&c->out);
	free(c);
}

/* One step of the handshake. */
static enum rc
connect_on(struct dtls_client *c, uint64_t now_ms)
{
	int ret = wolfSSL_connect(c->ssl);
	int error = ret == WOLFSSL_SUCCESS ? 0 : wolfSSL_get_error(c->ssl, ret);
	uint64_t timeout_s = (uint64_t)wolfSSL_dtls_get_current_timeout(c->ssl);

	if (ret == WOLFSSL_SUCCESS) {
		c->established = true;
		c->resend_ms = TIME_NEVER;
		secret_fini(&c->key);
	} else if (error != WOLFSSL_ERROR_WANT_READ) {
		c->over = true;
		c->resend_ms = TIME_NEVER;
	} else if (c->out.open || c->resend_ms == TIME_NEVER) {
		c->resend_ms = now_ms + timeout_s * 1000;
	}
	output_flush(&c->out);
	return c->over ? RC_IO : RC_OK;
}

static enum rc
read_on(struct dtls_client *c, struct writer *data)
{
	uint8_t plain[DTLS_PLAINTEXT_MAX];
	int n;

	do {
		n = wolfSSL_read(c->ssl, plain, (int)sizeof(plain));
		if (n > 0)
			writer_put(data, span_of(plain, (size_t)n));
	} while (n > 0);
	secret_wipe(plain, sizeof(plain));
	if (wolfSSL_get_error(c->ssl, n) != WOLFSSL_ERROR_WANT_READ)
		c->over = true;
	output_flush(&c->out);
	if (c->over)
		return RC_IO;
	return data->full ? RC_TOO_LARGE : RC_OK;
}

enum rc
dtls_client_receive(struct dtls_client *c, struct span datagram,
    struct writer *data, uint64_t now_ms)
{
	enum rc rc = RC_OK;

	if (c->over)
		return RC_IO;
	if (!c->started)
		return RC_OK; /* whatever it is, we have not asked for it */
	c->in = datagram;
	if (!c->established)
		rc = connect_on(c, now_ms);
	/* What the datagram has behind the server's Finished. */
	if (rc == RC_OK && c->established)
		rc = read_on(c, data);
	c->in = (struct span){0};
	return rc;
}

enum rc
dtls_client_tick(struct dtls_client *c, uint64_t now_ms)
{
	if (c->over)
		return RC_IO;
	if (!c->started) {
		c->started = true;
		return connect_on(c, now_ms);
	}
	if (now_ms < c->resend_ms)
		return RC_OK;
	if (wolfSSL_dtls_got_timeout(c->ssl) != WOLFSSL_SUCCESS) {
		c->over = true;
		c->resend_ms = TIME_NEVER;
		return RC_TIMEOUT;
	}
	output_flush(&c->out);
	c->resend_ms =
	    now_ms + (uint64_t)wolfSSL_dtls_get_current_timeout(c->ssl) * 1000;
	return RC_OK;
}

uint64_t
dtls_client_deadline(const struct dtls_client *c)
{
	if (c->over)
		return TIME_NEVER;
	return c->started ? c->resend_ms : 0;
}

bool
dtls_client_established(const struct dtls_client *c)
{
	return c->established && !c->over;
}

const char *
dtls_client_suite(const struct dtls_client *c)
{
	return c->established ? wolfSSL_get_cipher(c->ssl) : NULL;
}

enum rc
dtls_client_send(struct dtls_client *c, struct span data)
{
	int sent;

	if (!dtls_client_established(c))
		return RC_IO;
	if (data.len == 0)
		return RC_OK;
	if (data.len > DTLS_DATAGRAM_MAX ||
	    wolfSSL_GetOutputSize(c->ssl, (int)data.len) > DTLS_DATAGRAM_MAX)
		return RC_TOO_LARGE;
	sent = wolfSSL_write(c->ssl, data.p, (int)data.len);
	output_flush(&c->out);
	if (sent == (int)data.len)
		return RC_OK;
	c->over = true;
	return RC_IO;
}

enum rc
dtls_client_output(struct dtls_client *c, struct writer *w)
{
	struct address to;

	return output_take(&c->out, &to, w);
}

int
dtls_client_alert(const struct dtls_client *c)
{
	WOLFSSL_ALERT_HISTORY alerts = {.last_rx = {-1, -1}};

	(void)wolfSSL_get_alert_history(c->ssl, &alerts);
	return alerts.last_rx.level == alert_fatal ? alerts.last_rx.code : -1;
}

void
dtls_client_close(struct dtls_client *c)
{
	if (dtls_client_established(c))
		(void)wolfSSL_shutdown(c->ssl);
	output_flush(&c->out);
	c->over = true;
}
