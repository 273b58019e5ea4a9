#include "seal.h"

#include "base/digest.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <stdlib.h>

enum { CONTENT_LEN = 24, HEAD = EVIDENCE_HEAD_LEN, KEY_MAX = 1024 };

static void
must(bool good)
{
	if (!good)
		abort();
}

static void
prf(struct span secret, struct span seed, uint8_t *out, size_t len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	uint8_t secret_copy[2 * KEY_MAX + 4], seed_copy[256];
	char sha256[] = "SHA256";
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, sha256, 0),
	    OSSL_PARAM_construct_octet_string(
		OSSL_KDF_PARAM_SECRET, secret_copy, secret.len),
	    OSSL_PARAM_construct_octet_string(
		OSSL_KDF_PARAM_SEED, seed_copy, seed.len),
	    OSSL_PARAM_construct_end(),
	};

	must(
	    secret.len <= sizeof(secret_copy) && seed.len <= sizeof(seed_copy));
	memcpy(secret_copy, secret.p, secret.len);
	memcpy(seed_copy, seed.p, seed.len);
	must(EVP_KDF_derive(ctx, out, len, params) == 1);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

static void
key_block(const struct psk_evidence *e, struct span key, uint8_t out[128])
{
	uint8_t premaster[2 * KEY_MAX + 4] = {0}, master[48], seed[128];
	struct writer p, s;

	writer_init(&p, premaster, sizeof(premaster));
	writer_be(&p, key.len, 2);
	must(writer_skip(&p, key.len) != NULL);
	writer_be(&p, key.len, 2);
	writer_put(&p, key);
	must(!p.full);
	writer_init(&s, seed, sizeof(seed));
	writer_str(&s,
	    e->extended_master ? "extended master secret" : "master secret");
	if (e->extended_master) {
		writer_put(&s, span_of(e->session_hash, 32));
	} else {
		writer_put(&s, span_of(e->client_random, 32));
		writer_put(&s, span_of(e->server_random, 32));
	}
	prf(writer_span(&p), writer_span(&s), master, sizeof(master));
	writer_init(&s, seed, sizeof(seed));
	writer_str(&s, "key expansion");
	writer_put(&s, span_of(e->server_random, 32));
	writer_put(&s, span_of(e->client_random, 32));
	prf(span_of(master, sizeof(master)), writer_span(&s), out, 128);
}

/* Header of the record, or what a MAC covers of it. */
static void
head(struct writer *w, bool for_mac, size_t len)
{
	static const uint8_t sequence[8] = {0, 1, 0, 0, 0, 0, 0, 0};

	if (for_mac)
		writer_put(w, span_of(sequence, 8));
	writer_put(w, SPAN_LIT("\x16\xfe\xfd"));
	if (!for_mac)
		writer_put(w, span_of(sequence, 8));
	writer_be(w, len, 2);
}

static void
mac(const uint8_t *key, struct span content, struct writer *out)
{
	uint8_t text[512], tag[32];
	struct writer w;
	unsigned len = 0;

	writer_init(&w, text, sizeof(text));
	head(&w, true, content.len);
	writer_put(&w, content);
	must(HMAC(EVP_sha256(), key, 32, text, w.len, tag, &len) != NULL);
	writer_put(out, span_of(tag, 32));
}

static void
put_aead(const struct seal *how, const uint8_t *block, struct writer *out)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	bool ccm = how->suite != 0x00a8;
	int tag_len = how->suite == 0xc0a8 ? 8 : 16, n;
	uint8_t plain[CONTENT_LEN], text[CONTENT_LEN], tag[16], nonce[12];
	uint8_t aad[HEAD];
	struct writer w;

	random_bytes(plain, sizeof(plain));
	random_bytes(nonce, sizeof(nonce));
	memcpy(nonce, block + 32, 4);
	writer_init(&w, aad, sizeof(aad));
	head(&w, true, CONTENT_LEN);
	must(EVP_EncryptInit_ex(c, ccm ? EVP_aes_128_ccm() : EVP_aes_128_gcm(),
		 NULL, NULL, NULL) == 1);
	must(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_IVLEN, 12, NULL) == 1);
	if (ccm)
		must(EVP_CIPHER_CTX_ctrl(
			 c, EVP_CTRL_AEAD_SET_TAG, tag_len, NULL) == 1);
	must(EVP_EncryptInit_ex(c, NULL, NULL, block, nonce) == 1);
	if (ccm)
		must(EVP_EncryptUpdate(c, NULL, &n, NULL, CONTENT_LEN) == 1);
	must(EVP_EncryptUpdate(c, NULL, &n, aad, HEAD) == 1);
	must(EVP_EncryptUpdate(c, text, &n, plain, CONTENT_LEN) == 1);
	must(EVP_EncryptFinal_ex(c, text + n, &n) == 1);
	must(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, tag_len, tag) == 1);
	EVP_CIPHER_CTX_free(c);
	head(out, false, 8 + CONTENT_LEN + (size_t)tag_len);
	writer_put(out, span_of(nonce + 4, 8));
	writer_put(out, span_of(text, CONTENT_LEN));
	writer_put(out, span_of(tag, (size_t)tag_len));
}

static void
put_cbc(const struct seal *how, const uint8_t *block, struct writer *out)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t plain[CONTENT_LEN + 32 + 16], text[16 + sizeof(plain) + 32];
	struct writer w, t;
	size_t pad;
	int n;

	writer_init(&w, plain, sizeof(plain));
	random_bytes(writer_skip(&w, CONTENT_LEN), CONTENT_LEN);
	if (!how->encrypt_then_mac)
		mac(block, span_of(plain, CONTENT_LEN), &w);
	pad = 16 - w.len % 16;
	for (size_t i = 0; i < pad; i++)
		writer_be(&w, pad - 1, 1);
	writer_init(&t, text, sizeof(text));
	random_bytes(writer_skip(&t, 16), 16);
	must(EVP_EncryptInit_ex(c, EVP_aes_128_cbc(), NULL, block + 64, text) ==
	    1);
	must(EVP_CIPHER_CTX_set_padding(c, 0) == 1);
	must(EVP_EncryptUpdate(
		 c, writer_skip(&t, w.len), &n, plain, (int)w.len) == 1);
	EVP_CIPHER_CTX_free(c);
	if (how->encrypt_then_mac)
		mac(block, writer_span(&t), &t);
	must(!t.full && !w.full);
	head(out, false, t.len);
	writer_put(out, writer_span(&t));
}

void
seal_evidence(const struct seal *how, struct span key, struct writer *out)
{
	struct psk_evidence e = {
	    .suite = how->suite,
	    .extended_master = how->extended_master,
	    .encrypt_then_mac = how->encrypt_then_mac,
	};
	uint8_t block[128], record[EVIDENCE_RECORD_MAX];
	struct writer w;

	random_bytes(e.client_random, sizeof(e.client_random));
	random_bytes(e.server_random, sizeof(e.server_random));
	random_bytes(e.session_hash, sizeof(e.session_hash));
	key_block(&e, key, block);
	writer_init(&w, record, sizeof(record));
	if (how->suite == 0x00ae)
		put_cbc(how, block, &w);
	else
		put_aead(how, block, &w);
	e.record = writer_span(&w);
	evidence_put(out, &e);
	must(!w.full && !out->full);
}
