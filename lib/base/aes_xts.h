/**
 * aes_xts.h - AES-256 in XTS mode (IEEE 1619): what flash of Espressif's chips
 * is encrypted with. A wrapper over nettle, as digest.h is.
 */
#ifndef BASE_AES_XTS_H
#define BASE_AES_XTS_H

#include <stddef.h>
#include <stdint.h>

enum {
	AES_XTS_KEY_LEN = 64, /**< bytes: 32 for the data, 32 for the tweak */
	AES_XTS_TWEAK_LEN = 16, /**< bytes */
};

/**
 * Encrypt or decrypt one data unit in place: `len` bytes, at least 16. The two
 * halves of the key differ.
 */
void aes_xts_encrypt(const uint8_t key[static AES_XTS_KEY_LEN],
    const uint8_t tweak[static AES_XTS_TWEAK_LEN], uint8_t *unit, size_t len);
void aes_xts_decrypt(const uint8_t key[static AES_XTS_KEY_LEN],
    const uint8_t tweak[static AES_XTS_TWEAK_LEN], uint8_t *unit, size_t len);

#endif
