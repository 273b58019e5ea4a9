/**
 * psk_test.h - does this key open that handshake? A pre-shared key is tried on
 * the evidence of one DTLS 1.2 handshake (base/evidence.h): premaster secret
 * (RFC 4279 2), master secret (RFC 5246 8.1, RFC 7627 4), key block (RFC 5246
 * 6.3), and then the client's Finished record, which was made with the key or
 * was not: its authentication tag is 8 to 32 bytes.
 *
 * In process, with OpenSSL; no token is asked. Whatever is derived on the way
 * is wiped, and tags are compared in constant time.
 */
#ifndef HSM_PSK_TEST_H
#define HSM_PSK_TEST_H

#include "base/evidence.h"
#include "hsm/hsm.h"

enum {
	PSK_TEST_KEY_MAX = 256, /**< bytes of a key that can be tried */
	PSK_TEST_PREMASTER_LEN = 32, /**< bytes of a premaster's digest */
};

/** One handshake, ready to be tried with many keys. One thread at a time. */
struct psk_test;

/**
 * Copies what it needs. Owned. Errors: RC_UNSUPPORTED (none of the suites
 * 00a8, 00ae, c0a4, c0a8), RC_MALFORMED (a record too short for its suite, or
 * longer than EVIDENCE_RECORD_MAX), RC_MEMORY.
 */
MUST_CHECK enum rc psk_test_new(
    const struct psk_evidence *e, struct psk_test **out);
void psk_test_free(struct psk_test *t);

/** Was it this key? Also the empty one; false above PSK_TEST_KEY_MAX, and
 *  where OpenSSL fails. */
bool psk_test_key(struct psk_test *t, const struct secret *key);

/** The same with the SHA-256 of a premaster secret of more than 64 bytes in
 *  place of the key, which it stands for in HMAC (RFC 2104 2). */
bool psk_test_premaster(
    struct psk_test *t, const uint8_t digest[static PSK_TEST_PREMASTER_LEN]);

/** All of it for one key; false also where psk_test_new() fails. */
bool psk_test(const struct psk_evidence *e, const struct secret *key);

/**
 * The digest for psk_test_premaster() of the master itself, for a device that
 * was given the master in place of a key derived from it. The token digests it
 * (C_DigestKey): the master does not leave.
 * Errors: RC_UNSUPPORTED (this token does not digest keys, or the master is
 * not longer than 30 bytes), and those of hsm_derive.
 */
MUST_CHECK enum rc hsm_master_premaster(struct hsm_session *s,
    const char *master, uint8_t digest[static PSK_TEST_PREMASTER_LEN]);

#endif
