#include "hsm/psk_test.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>

enum {
	MAC_LEN = 32, /* bytes, HMAC-SHA256 */
	MASTER_LEN = 48,
	AES_KEY_LEN = 16,
	AES_BLOCK = 16,
	SALT_LEN = 4, /* RFC 5288 3, RFC 6655 3 */
	NONCE_LEN = 12,
	EXPLICIT_LEN = NONCE_LEN - SALT_LEN,
	SEQUENCE_AT = 3, /* of epoch and sequence number in the header */
	SEQUENCE_LEN = 8,
	ASSOCIATED_MAX = SEQUENCE_LEN + 2 + EVIDENCE_CID_HEAD_LEN,
	/* CBC: two MAC keys, the client's AES key. AEAD: two AES keys, the
	 * client's salt (RFC 5246 6.3). */
	CBC_BLOCK_LEN = 2 * MAC_LEN + AES_KEY_LEN,
	AEAD_BLOCK_LEN = 2 * AES_KEY_LEN + SALT_LEN,
	PREMASTER_MAX = 2 * (2 + PSK_TEST_KEY_MAX),
};

enum mode { AEAD_CCM, AEAD_GCM, CBC_SHA256 };

static const struct suite {
	uint16_t id;
	enum mode mode;
	size_t tag_len;
	const char *cipher;
} suites[] = {
    {0xc0a8, AEAD_CCM, 8, "AES-128-CCM"},
    {0xc0a4, AEAD_CCM, 16, "AES-128-CCM"},
    {0x00a8, AEAD_GCM, 16, "AES-128-GCM"},
    {0x00ae, CBC_SHA256, MAC_LEN, "AES-128-CBC"},
};

struct psk_test {
	const struct suite *suite;
	struct psk_evidence facts;
	uint8_t record[EVIDENCE_RECORD_MAX];
	size_t head_len; /* of it */
	EVP_MAC *hmac;
	EVP_MAC_CTX *mac;
	EVP_CIPHER *cipher;
	EVP_CIPHER_CTX *aes;
};

static const struct suite *
find_suite(uint16_t id)
{
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		if (suites[i].id == id)
			return &suites[i];
	return NULL;
}

/* What the record has in front of and behind its content, at least. */
static bool
is_long_enough(const struct psk_test *t)
{
	size_t len = t->facts.record.len - t->head_len;

	if (t->suite->mode != CBC_SHA256)
		return len > EXPLICIT_LEN + t->suite->tag_len;
	if (t->facts.encrypt_then_mac)
		return len > AES_BLOCK + MAC_LEN;
	return len % AES_BLOCK == 0 && len > AES_BLOCK + MAC_LEN;
}

enum rc
psk_test_new(const struct psk_evidence *e, struct psk_test **out)
{
	const struct suite *suite = find_suite(e->suite);
	struct psk_test *t;

	*out = NULL;
	if (!suite)
		return RC_UNSUPPORTED;
	if (e->record.len < evidence_head_len(e->record) ||
	    e->record.len > EVIDENCE_RECORD_MAX)
		return RC_MALFORMED;
	t = calloc(1, sizeof(*t));
	if (!t)
		return RC_MEMORY;
	t->suite = suite;
	t->facts = *e;
	memcpy(t->record, e->record.p, e->record.len);
	t->facts.record.p = t->record;
	t->head_len = evidence_head_len(e->record);
	if (!is_long_enough(t)) {
		psk_test_free(t);
		return RC_MALFORMED;
	}
	t->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	t->mac = t->hmac ? EVP_MAC_CTX_new(t->hmac) : NULL;
	t->cipher = EVP_CIPHER_fetch(NULL, suite->cipher, NULL);
	t->aes = EVP_CIPHER_CTX_new();
	if (!t->mac || !t->cipher || !t->aes) {
		psk_test_free(t);
		return RC_MEMORY;
	}
	*out = t;
	return RC_OK;
}

void
psk_test_free(struct psk_test *t)
{
	if (!t)
		return;
	EVP_CIPHER_CTX_free(t->aes);
	EVP_CIPHER_free(t->cipher);
	EVP_MAC_CTX_free(t->mac);
	EVP_MAC_free(t->hmac);
	free(t);
}

static bool
set_key(struct psk_test *t, struct span key)
{
	char sha256[] = "SHA256";
	const OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256, 0),
	    OSSL_PARAM_construct_end(),
	};

	return EVP_MAC_init(t->mac, key.p, key.len, params) == 1;
}

/* Under the key that is set, over up to three parts. */
static bool
hmac(struct psk_test *t, const struct span *parts, size_t count,
    uint8_t out[static MAC_LEN])
{
	size_t len = 0;

	if (EVP_MAC_init(t->mac, NULL, 0, NULL) != 1)
		return false;
	for (size_t i = 0; i < count; i++)
		if (EVP_MAC_update(t->mac, parts[i].p, parts[i].len) != 1)
			return false;
	return EVP_MAC_final(t->mac, out, &len, MAC_LEN) == 1 && len == MAC_LEN;
}

/* The PRF of TLS 1.2 (RFC 5246 5) under the key that is set. */
static bool
prf(struct psk_test *t, const char *label, struct span a, struct span b,
    uint8_t *out, size_t out_len)
{
	uint8_t chain[MAC_LEN], block[MAC_LEN];
	const struct span seed[] = {span_str(label), a, b};
	const struct span next[] = {{chain, MAC_LEN}};
	const struct span output[] = {{chain, MAC_LEN}, span_str(label), a, b};
	bool good = hmac(t, seed, 3, chain);

	for (size_t done = 0; good && done < out_len;) {
		size_t n = out_len - done < MAC_LEN ? out_len - done : MAC_LEN;

		good = hmac(t, output, 4, block);
		memcpy(out + done, block, n);
		done += n;
		good = good && (done == out_len || hmac(t, next, 1, chain));
	}
	secret_wipe(chain, sizeof(chain));
	secret_wipe(block, sizeof(block));
	return good;
}

/* From the premaster secret, or what stands for it, to the key block. */
static bool
key_block(struct psk_test *t, struct span premaster,
    uint8_t block[static CBC_BLOCK_LEN])
{
	const struct psk_evidence *e = &t->facts;
	struct span client = span_of(e->client_random, EVIDENCE_RANDOM_LEN);
	struct span server = span_of(e->server_random, EVIDENCE_RANDOM_LEN);
	struct span hash = span_of(e->session_hash, EVIDENCE_HASH_LEN);
	uint8_t master[MASTER_LEN] = {0};
	bool good = set_key(t, premaster) &&
	    (e->extended_master ? prf(t, "extended master secret", hash,
				      (struct span){0}, master, sizeof(master))
				: prf(t, "master secret", client, server,
				      master, sizeof(master))) &&
	    set_key(t, span_of(master, sizeof(master))) &&
	    prf(t, "key expansion", server, client, block,
		t->suite->mode == CBC_SHA256 ? CBC_BLOCK_LEN : AEAD_BLOCK_LEN);

	secret_wipe(master, sizeof(master));
	return good;
}

/* What a tag covers beside the content: epoch and sequence number, type,
 * version, and a length of our own (RFC 5246 6.2.3.3, RFC 6347 4.1.2.1); or
 * with a Connection ID, as RFC 9146 5 has it. */
static struct span
associated(
    const struct psk_test *t, size_t len, uint8_t out[static ASSOCIATED_MAX])
{
	struct writer w;

	writer_init(&w, out, ASSOCIATED_MAX);
	if (t->head_len == EVIDENCE_CID_HEAD_LEN) {
		writer_be(&w, UINT64_MAX, SEQUENCE_LEN);
		writer_be(&w, EVIDENCE_CID_TYPE, 1);
		writer_be(&w, EVIDENCE_CID_LEN, 1);
		writer_put(&w, span_of(t->record, t->head_len - 2));
	} else {
		writer_put(&w, span_of(t->record + SEQUENCE_AT, SEQUENCE_LEN));
		writer_put(&w, span_of(t->record, SEQUENCE_AT));
	}
	writer_be(&w, len, 2);
	return writer_span(&w);
}

/* Content and tag: with CCM the tag goes in before the nonce, and the length
 * before the associated data. */
static bool
aead_opens(struct psk_test *t, const uint8_t *key, const uint8_t *salt)
{
	size_t tag_len = t->suite->tag_len;
	struct span body = span_from(t->facts.record, t->head_len);
	struct span text = span_from(body, EXPLICIT_LEN);
	uint8_t nonce[NONCE_LEN], head[ASSOCIATED_MAX], tag[16];
	struct span data = associated(t, text.len - tag_len, head);
	uint8_t plain[EVIDENCE_RECORD_MAX];
	bool ccm = t->suite->mode == AEAD_CCM;
	int n = 0, len;
	bool good;

	text.len -= tag_len;
	len = (int)text.len;
	memcpy(tag, text.p + text.len, tag_len);
	memcpy(nonce, salt, SALT_LEN);
	memcpy(nonce + SALT_LEN, body.p, EXPLICIT_LEN);
	good = EVP_CIPHER_CTX_reset(t->aes) == 1 &&
	    EVP_DecryptInit_ex(t->aes, t->cipher, NULL, NULL, NULL) == 1 &&
	    EVP_CIPHER_CTX_ctrl(
		t->aes, EVP_CTRL_AEAD_SET_IVLEN, NONCE_LEN, NULL) == 1 &&
	    EVP_CIPHER_CTX_ctrl(
		t->aes, EVP_CTRL_AEAD_SET_TAG, (int)tag_len, tag) == 1 &&
	    EVP_DecryptInit_ex(t->aes, NULL, NULL, key, nonce) == 1 &&
	    (!ccm || EVP_DecryptUpdate(t->aes, NULL, &n, NULL, len) == 1) &&
	    EVP_DecryptUpdate(t->aes, NULL, &n, data.p, (int)data.len) == 1 &&
	    EVP_DecryptUpdate(t->aes, plain, &n, text.p, len) == 1 &&
	    (ccm || EVP_DecryptFinal_ex(t->aes, plain + n, &n) == 1);
	secret_wipe(plain, sizeof(plain));
	return good;
}

/* RFC 7366 3: the tag covers the ciphertext; nothing is decrypted. */
static bool
outer_mac_fits(struct psk_test *t, struct span mac_key)
{
	struct span text = span_from(t->facts.record, t->head_len);
	uint8_t head[ASSOCIATED_MAX], mac[MAC_LEN];
	const struct span parts[] = {associated(t, text.len - MAC_LEN, head),
	    {text.p, text.len - MAC_LEN}};
	bool good;

	good = set_key(t, mac_key) && hmac(t, parts, 2, mac) &&
	    bytes_equal_ct(mac, text.p + text.len - MAC_LEN, MAC_LEN);
	secret_wipe(mac, sizeof(mac));
	return good;
}

/* RFC 5246 6.2.3.2. Nobody waits for the answer whom its time could tell
 * something of the padding. */
static bool
inner_mac_fits(struct psk_test *t, struct span mac_key, const uint8_t *key)
{
	struct span body = span_from(t->facts.record, t->head_len);
	uint8_t plain[EVIDENCE_RECORD_MAX + AES_BLOCK], mac[MAC_LEN];
	uint8_t head[ASSOCIATED_MAX];
	size_t len = body.len - AES_BLOCK, pad;
	int n = 0;
	bool good;

	good = EVP_CIPHER_CTX_reset(t->aes) == 1 &&
	    EVP_DecryptInit_ex(t->aes, t->cipher, NULL, key, body.p) == 1 &&
	    EVP_CIPHER_CTX_set_padding(t->aes, 0) == 1 &&
	    EVP_DecryptUpdate(
		t->aes, plain, &n, body.p + AES_BLOCK, (int)len) == 1 &&
	    (size_t)n == len;
	pad = good ? plain[len - 1] + 1U : 0;
	good = good && pad + MAC_LEN < len;
	for (size_t i = 0; good && i < pad; i++)
		good = plain[len - 1 - i] == pad - 1;
	if (good) {
		const struct span parts[] = {
		    associated(t, len - pad - MAC_LEN, head),
		    {plain, len - pad - MAC_LEN}};

		good = set_key(t, mac_key) && hmac(t, parts, 2, mac) &&
		    bytes_equal_ct(mac, plain + parts[1].len, MAC_LEN);
	}
	secret_wipe(plain, sizeof(plain));
	secret_wipe(mac, sizeof(mac));
	return good;
}

static bool
opens(struct psk_test *t, struct span premaster)
{
	uint8_t block[CBC_BLOCK_LEN];
	struct span mac_key = span_of(block, MAC_LEN);
	bool good = key_block(t, premaster, block);

	if (!good)
		;
	else if (t->suite->mode != CBC_SHA256)
		good = aead_opens(t, block, block + 2 * AES_KEY_LEN);
	else if (t->facts.encrypt_then_mac)
		good = outer_mac_fits(t, mac_key);
	else
		good = inner_mac_fits(t, mac_key, block + 2 * MAC_LEN);
	secret_wipe(block, sizeof(block));
	return good;
}

bool
psk_test_key(struct psk_test *t, const struct secret *key)
{
	uint8_t premaster[PREMASTER_MAX];
	struct writer w;
	bool good;

	if (key->len > PSK_TEST_KEY_MAX)
		return false;
	writer_init(&w, premaster, sizeof(premaster));
	writer_be(&w, key->len, 2);
	for (size_t i = 0; i < key->len; i++)
		writer_be(&w, 0, 1);
	writer_be(&w, key->len, 2);
	writer_put(&w, secret_expose(key));
	good = opens(t, writer_span(&w));
	secret_wipe(premaster, sizeof(premaster));
	return good;
}

bool
psk_test_premaster(
    struct psk_test *t, const uint8_t digest[static PSK_TEST_PREMASTER_LEN])
{
	return opens(t, span_of(digest, PSK_TEST_PREMASTER_LEN));
}

bool
psk_test(const struct psk_evidence *e, const struct secret *key)
{
	struct psk_test *t;
	bool good;

	if (psk_test_new(e, &t))
		return false;
	good = psk_test_key(t, key);
	psk_test_free(t);
	return good;
}
