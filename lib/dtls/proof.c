#include "dtls/internal.h"

#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>

/*
 * wolfSSL asks here about each ECDSA signature: those above a peer's
 * certificate first, and last the one by which the peer proves that it is its
 * own. The proof of who is let in by nobody fails, whatever it is: at the place
 * where that of a certificate without its key does. Who has only found a
 * certificate cannot ask us what we think of it.
 */
int
proof_callback(WOLFSSL *ssl, const unsigned char *sig, unsigned int sig_len,
    const unsigned char *digest, unsigned int digest_len,
    const unsigned char *key, unsigned int key_len, int *good, void *ctx)
{
	struct conn *c = wolfSSL_GetIOReadCtx(ssl);
	word32 at = 0;
	ecc_key k;
	int ret;

	(void)ctx;
	*good = 0;
	ret = wc_ecc_init(&k);
	if (ret)
		return ret;
	ret = wc_EccPublicKeyDecode(key, &at, &k, key_len);
	if (ret == 0)
		ret = wc_ecc_verify_hash(
		    sig, sig_len, digest, digest_len, good, &k);
	wc_ecc_free(&k);
	if (!c->peer)
		return ret;
	/*
	 * On a stream under 1.3 wolfSSL would say that it has failed, sealed,
	 * and in the one way that it knows. So it goes on to the end, where
	 * refuse() tells all of them the same.
	 */
	if (c->tls && c->is_13) {
		c->peer_refused |= ret != 0 || !*good;
		*good = 1;
		return 0;
	}
	if (c->peer_refused)
		*good = 0;
	return ret;
}
