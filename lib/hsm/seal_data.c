/* Secrets under a data key: AES-GCM in process, by number. */
#include "hsm/seal_internal.h"

_Static_assert((int)SEAL_DATA_KEY_LEN == (int)SEAL_KEY_LEN, "one cipher");
_Static_assert((int)SEAL_DATA_OVERHEAD == (int)SEAL_TAG_LEN, "a tag alone");

static void
put_nonce(uint64_t number, uint8_t nonce[static SEAL_NONCE_LEN])
{
	struct writer w;

	writer_init(&w, nonce, SEAL_NONCE_LEN);
	writer_be(&w, 0, SEAL_NONCE_LEN - 8);
	writer_be(&w, number, 8);
}

enum rc
seal_data_close(const struct secret *key, uint64_t number, struct span aad,
    struct span plain, struct writer *out)
{
	uint8_t nonce[SEAL_NONCE_LEN];
	size_t before = out->len;
	uint8_t *at;
	enum rc rc;

	if (key->len != SEAL_DATA_KEY_LEN || plain.len == 0)
		return RC_MALFORMED;
	at = plain.len > SECRET_MAX
	    ? NULL
	    : writer_skip(out, plain.len + SEAL_TAG_LEN);
	if (!at)
		return RC_TOO_LARGE;
	put_nonce(number, nonce);
	rc = seal_encrypt(key->bytes, nonce, aad, plain, at);
	if (rc)
		out->len = before;
	return rc;
}

enum rc
seal_data_open(const struct secret *key, uint64_t number, struct span aad,
    struct span sealed, struct secret *out)
{
	uint8_t nonce[SEAL_NONCE_LEN];
	enum rc rc;

	secret_fini(out);
	if (key->len != SEAL_DATA_KEY_LEN || sealed.len <= SEAL_TAG_LEN)
		return RC_MALFORMED;
	rc = secret_reserve(out, sealed.len);
	if (rc)
		return rc;
	put_nonce(number, nonce);
	rc = seal_decrypt(key->bytes, nonce, aad, sealed, out->bytes);
	if (rc)
		secret_fini(out);
	else
		out->len = sealed.len - SEAL_TAG_LEN;
	return rc;
}
