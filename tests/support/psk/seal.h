/**
 * seal.h - the evidence of a handshake that never was: a Finished record made
 * under a key that a test chooses. By other means than lib/hsm/psk_test.c
 * opens it: OpenSSL's own TLS 1.2 PRF.
 */
#ifndef TESTS_PSK_SEAL_H
#define TESTS_PSK_SEAL_H

#include "base/evidence.h"

struct seal {
	uint16_t suite; /**< 00a8, 00ae, c0a4, c0a8 */
	bool extended_master;
	bool encrypt_then_mac;
};

/** Randoms and content are random. Ends the process where OpenSSL fails. */
void seal_evidence(const struct seal *how, struct span key, struct writer *out);

#endif
