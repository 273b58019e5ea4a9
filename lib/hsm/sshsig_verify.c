/* Signatures of OpenSSH, verified by OpenSSL. */
#include "hsm/sshsig.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <stdlib.h>

enum {
	SK_USER_PRESENT = 1, /* PROTOCOL.u2f: bit 0 of the flags */
	SK_LEN = DIGEST_LEN + 1 + 4 + DIGEST_LEN,
};

static void
put_string(struct writer *w, struct span s)
{
	writer_be(w, s.len, 4);
	writer_put(w, s);
}

/* What was signed: never the message itself. NULL: memory. */
static uint8_t *
signed_bytes(const struct sshsig *s, const uint8_t *sha256,
    const uint8_t *sha512, size_t *len)
{
	const size_t cap =
	    6 + 4 * 4 + s->space.len + s->reserved.len + 6 + DIGEST512_LEN;
	struct span hash = span_of(sha256, DIGEST_LEN);
	uint8_t *buf = malloc(cap);
	struct writer w;

	if (!buf)
		return NULL;
	if (span_is(s->hash, "sha512"))
		hash = span_of(sha512, DIGEST512_LEN);
	writer_init(&w, buf, cap);
	writer_str(&w, "SSHSIG");
	put_string(&w, s->space);
	put_string(&w, s->reserved);
	put_string(&w, s->hash);
	put_string(&w, hash);
	*len = w.len;
	return buf;
}

/* A security key signs a hash of that, beside what it has seen. */
static void
sk_bytes(
    const struct sshsig *s, struct span message, uint8_t out[static SK_LEN])
{
	uint8_t hash[DIGEST_LEN];
	struct writer w;

	writer_init(&w, out, SK_LEN);
	digest_of(s->key.application, hash);
	writer_put(&w, span_of(hash, sizeof(hash)));
	writer_be(&w, s->flags, 1);
	writer_be(&w, s->counter, 4);
	digest_of(message, hash);
	writer_put(&w, span_of(hash, sizeof(hash)));
}

/* By name and parameters; NULL: not a key, or memory. */
static EVP_PKEY *
key_of(const char *name, OSSL_PARAM_BLD *bld)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, name, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY *key = NULL;

	if (ctx && params && EVP_PKEY_fromdata_init(ctx) == 1)
		(void)!EVP_PKEY_fromdata(
		    ctx, &key, EVP_PKEY_PUBLIC_KEY, params);
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static EVP_PKEY *
rsa_key(const struct sshkey *k)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	BIGNUM *n = BN_bin2bn(k->n.p, (int)k->n.len, NULL);
	BIGNUM *e = BN_bin2bn(k->e.p, (int)k->e.len, NULL);
	EVP_PKEY *key = NULL;

	if (bld && n && e &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e))
		key = key_of("RSA", bld);
	BN_free(e);
	BN_free(n);
	OSSL_PARAM_BLD_free(bld);
	return key;
}

static EVP_PKEY *
ec_key(const struct sshkey *k, const char *group)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY *key = NULL;

	if (bld &&
	    OSSL_PARAM_BLD_push_utf8_string(
		bld, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) &&
	    OSSL_PARAM_BLD_push_octet_string(
		bld, OSSL_PKEY_PARAM_PUB_KEY, k->point.p, k->point.len))
		key = key_of("EC", bld);
	OSSL_PARAM_BLD_free(bld);
	return key;
}

/* How a kind of key is used. */
static EVP_PKEY *
key_and_hash(const struct sshsig *s, const EVP_MD **md)
{
	const struct sshkey *k = &s->key;

	*md = NULL;
	switch (k->kind) {
	case SSHKEY_ED25519:
	case SSHKEY_SK_ED25519:
		return EVP_PKEY_new_raw_public_key(
		    EVP_PKEY_ED25519, NULL, k->point.p, k->point.len);
	case SSHKEY_ECDSA_P256:
	case SSHKEY_SK_ECDSA_P256:
		*md = EVP_sha256();
		return ec_key(k, "P-256");
	case SSHKEY_ECDSA_P384:
		*md = EVP_sha384();
		return ec_key(k, "P-384");
	case SSHKEY_ECDSA_P521:
		*md = EVP_sha512();
		return ec_key(k, "P-521");
	case SSHKEY_RSA:
		*md = s->rsa_bits == 512 ? EVP_sha512() : EVP_sha256();
		return rsa_key(k);
	}
	return NULL;
}

/* Two numbers as OpenSSL wants them; 0: it does not. */
static int
ecdsa_der(const struct sshsig *s, uint8_t **der)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(s->r.p, (int)s->r.len, NULL);
	BIGNUM *t = BN_bin2bn(s->s.p, (int)s->s.len, NULL);
	int len = 0;

	if (sig && r && t && ECDSA_SIG_set0(sig, r, t)) {
		r = t = NULL;
		len = i2d_ECDSA_SIG(sig, der);
	}
	BN_free(r);
	BN_free(t);
	ECDSA_SIG_free(sig);
	return len > 0 ? len : 0;
}

static bool
verifies(const struct sshsig *s, struct span bytes)
{
	const EVP_MD *md;
	EVP_PKEY *key = key_and_hash(s, &md);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct span raw = s->raw;
	uint8_t *der = NULL;
	bool ok;

	if (s->r.len > 0)
		raw = span_of(NULL, (size_t)ecdsa_der(s, &der));
	if (der)
		raw.p = der;
	ok = key && ctx && raw.len > 0 &&
	    EVP_DigestVerifyInit(ctx, NULL, md, NULL, key) == 1 &&
	    EVP_DigestVerify(ctx, raw.p, raw.len, bytes.p, bytes.len) == 1;
	OPENSSL_free(der);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return ok;
}

enum rc
sshsig_verify(const struct sshsig *s, struct span message, const char **why)
{
	uint8_t sha256[DIGEST_LEN], sha512[DIGEST512_LEN];

	digest_of(message, sha256);
	digest512_of(message, sha512);
	return sshsig_verify_digest(s, sha256, sha512, why);
}

enum rc
sshsig_verify_digest(const struct sshsig *s,
    const uint8_t sha256[static DIGEST_LEN],
    const uint8_t sha512[static DIGEST512_LEN], const char **why)
{
	uint8_t seen[SK_LEN];
	struct span bytes;
	uint8_t *buf;
	size_t len;
	bool ok;

	*why = "its security key does not say that it was touched";
	if (sshkey_is_sk(s->key.kind) && !(s->flags & SK_USER_PRESENT))
		return RC_DENIED;
	*why = "it is not of these bytes by that key";
	buf = signed_bytes(s, sha256, sha512, &len);
	if (!buf)
		return RC_MEMORY;
	bytes = span_of(buf, len);
	if (sshkey_is_sk(s->key.kind)) {
		sk_bytes(s, bytes, seen);
		bytes = span_of(seen, sizeof(seen));
	}
	ok = verifies(s, bytes);
	free(buf);
	return ok ? RC_OK : RC_DENIED;
}
