#include "dtls/client_internal.h"

#include <stdlib.h>

void
dtls_client_free(struct dtls_client *c)
{
	if (!c)
		return;
	wolfSSL_free(c->ssl);
	wolfSSL_CTX_free(c->ctx);
	secret_fini(&c->key);
	output_fini(&c->out);
	fifo_fini(&c->bytes);
	free(c);
}

static uint64_t
timeout_ms(const struct dtls_client *c)
{
	uint64_t ms = (uint64_t)wolfSSL_dtls_get_current_timeout(c->ssl) * 1000;

#if DTLS_HAVE_13
	if (wolfSSL_dtls13_use_quick_timeout(c->ssl))
		return ms / 4;
#endif
	return ms;
}

static bool
over_13(const struct dtls_client *c)
{
	return strcmp(wolfSSL_get_version(c->ssl),
		   c->stream ? "TLSv1.3" : "DTLSv1.3") == 0;
}

/* One step of the handshake. */
static enum rc
connect_on(struct dtls_client *c, uint64_t now_ms)
{
	int ret = wolfSSL_connect(c->ssl);
	int error = ret == WOLFSSL_SUCCESS ? 0 : wolfSSL_get_error(c->ssl, ret);

	if (ret == WOLFSSL_SUCCESS) {
		/* The limit that is left is that for reading. */
		if (!c->stream &&
		    wolfSSL_dtls_set_mtu(c->ssl, CLIENT_RECORD_MAX) !=
			WOLFSSL_SUCCESS)
			c->over = true;
		c->established = true;
		c->resend_ms = TIME_NEVER;
		secret_fini(&c->key);
	} else if (error != WOLFSSL_ERROR_WANT_READ) {
		c->over = true;
		c->resend_ms = TIME_NEVER;
	} else if (c->stream) {
		c->resend_ms = TIME_NEVER;
	} else if (c->out.open || c->resend_ms == TIME_NEVER || over_13(c)) {
		c->resend_ms = now_ms + timeout_ms(c);
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
	c->resend_ms = now_ms + timeout_ms(c);
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

struct span
dtls_client_cid(const struct dtls_client *c)
{
	unsigned char *cid = NULL;
	unsigned int len = 0;

#if DTLS_HAVE_CID
	if (wolfSSL_dtls_cid_is_enabled(c->ssl) &&
	    wolfSSL_dtls_cid_get_tx_size(c->ssl, &len) == WOLFSSL_SUCCESS &&
	    len > 0 &&
	    wolfSSL_dtls_cid_get0_tx(c->ssl, &cid) == WOLFSSL_SUCCESS)
		return span_of(cid, len);
#endif
	(void)c;
	return span_of(cid, len);
}

enum rc
dtls_client_send(struct dtls_client *c, struct span data)
{
	int sent;

	if (!dtls_client_established(c))
		return RC_IO;
	if (data.len == 0)
		return RC_OK;
	if (!c->stream &&
	    (data.len > DTLS_DATAGRAM_MAX ||
		wolfSSL_GetOutputSize(c->ssl, (int)data.len) >
		    DTLS_DATAGRAM_MAX))
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
	struct span waits = fifo_span(&c->bytes);
	struct address to;

	if (!c->stream)
		return output_take(&c->out, &to, w);
	if (waits.len > w->cap - w->len)
		waits.len = w->cap - w->len;
	if (waits.len == 0 || w->full)
		return RC_AGAIN;
	writer_put(w, waits);
	fifo_drop(&c->bytes, waits.len);
	return RC_OK;
}

bool
dtls_client_server(const struct dtls_client *c, uint8_t digest[static 32])
{
	memcpy(digest, c->digest, DIGEST_LEN);
	return c->seen;
}

bool
dtls_client_refused(const struct dtls_client *c)
{
	return c->refused;
}

enum dtls_client_fault
dtls_client_fault(const struct dtls_client *c)
{
	return c->fault;
}

const char *
dtls_client_version(const struct dtls_client *c)
{
	if (c->stream)
		return over_13(c) ? "TLS 1.3" : "TLS 1.2";
	return over_13(c) ? "DTLS 1.3" : "DTLS 1.2";
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
