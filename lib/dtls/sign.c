#include "dtls/internal.h"

#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include <stdlib.h>

enum {
	HALF = DTLS_SIGNATURE_LEN / 2,
	/* Bytes of a digest below which nothing is signed: SHA-256's. */
	DIGEST_MIN = DTLS_DIGEST_LEN,
	AGAIN_MS = 1000, /* when the key could not be had */
};

/* wolfSSL is left alone until the answer; no timer of DTLS runs. */
static void
ask(struct conn *c)
{
	c->signing->state = SIGN_ASKED;
	c->resend_ms = TIME_NEVER;
	c->tell_sign = true;
	event_ready(c);
}

static int
begin(struct conn *c, struct span digest)
{
	c->signing = calloc(1, sizeof(*c->signing));
	if (!c->signing)
		return MEMORY_E;
	memcpy(c->signing->digest, digest.p, DTLS_DIGEST_LEN);
	ask(c);
	return WC_PENDING_E;
}

static int
finish(struct conn *c, unsigned char *out, unsigned int *out_len)
{
	const uint8_t *s = c->signing->signature;
	int ret = wc_ecc_rs_raw_to_sig(s, HALF, s + HALF, HALF, out, out_len);

	free(c->signing);
	c->signing = NULL;
	c->proved = ret == 0;
	return ret;
}

int
sign_callback(WOLFSSL *ssl, const unsigned char *in, unsigned int in_len,
    unsigned char *out, unsigned int *out_len, const unsigned char *key,
    unsigned int key_len, void *ctx)
{
	struct conn *c = wolfSSL_GetIOReadCtx(ssl);

	(void)key;
	(void)key_len;
	(void)ctx;
	/* ECDSA takes as many bits of a longer digest as the curve has
	 * (FIPS 186-4 6.4). */
	if (!c || in_len < DIGEST_MIN)
		return BAD_FUNC_ARG;
	if (!c->signing)
		return begin(c, span_of(in, in_len));
	/* Called again it must ask for the same. */
	if (memcmp(in, c->signing->digest, DTLS_DIGEST_LEN) != 0)
		return BAD_STATE_E;
	if (c->signing->state != SIGN_KNOWN)
		return WC_PENDING_E;
	return finish(c, out, out_len);
}

bool
sign_timer(struct conn *c)
{
	if (c->signing && c->signing->state == SIGN_PUT_OFF)
		ask(c);
	return c->signing != NULL;
}

enum rc
dtls_sign_answer(
    struct dtls *d, uint64_t conn, const uint8_t *signature, uint64_t now_ms)
{
	struct conn *c = conn_by_id(d, conn);

	d->now_ms = now_ms;
	if (!c || !c->signing || c->signing->state != SIGN_ASKED)
		return RC_NOT_FOUND;
	c->tell_sign = false;
	if (!signature) {
		c->signing->state = SIGN_PUT_OFF;
		c->resend_ms = now_ms + AGAIN_MS;
		conn_schedule(c);
		return RC_OK;
	}
	memcpy(c->signing->signature, signature, DTLS_SIGNATURE_LEN);
	c->signing->state = SIGN_KNOWN;
	conn_accept(c, (struct span){0});
	queue_replay(c);
	return RC_OK;
}
