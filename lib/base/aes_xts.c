#include "base/aes_xts.h"

#include "base/secret.h"

#include <assert.h>
#include <nettle/xts.h>

static_assert(AES_XTS_KEY_LEN == 2 * AES256_KEY_SIZE, "data and tweak");
static_assert(AES_XTS_TWEAK_LEN == AES_BLOCK_SIZE, "one block");

void
aes_xts_encrypt(const uint8_t key[static AES_XTS_KEY_LEN],
    const uint8_t tweak[static AES_XTS_TWEAK_LEN], uint8_t *unit, size_t len)
{
	struct xts_aes256_key k;

	xts_aes256_set_encrypt_key(&k, key);
	xts_aes256_encrypt_message(&k, tweak, len, unit, unit);
	secret_wipe(&k, sizeof(k));
}

void
aes_xts_decrypt(const uint8_t key[static AES_XTS_KEY_LEN],
    const uint8_t tweak[static AES_XTS_TWEAK_LEN], uint8_t *unit, size_t len)
{
	struct xts_aes256_key k;

	xts_aes256_set_decrypt_key(&k, key);
	xts_aes256_decrypt_message(&k, tweak, len, unit, unit);
	secret_wipe(&k, sizeof(k));
}
