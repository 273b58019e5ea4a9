/**
 * sshsig.h - signatures that `ssh-keygen -Y sign` makes, read and verified
 * (OpenSSH's PROTOCOL.sshsig; the key kinds of sshkey.h).
 */
#ifndef HSM_SSHSIG_H
#define HSM_SSHSIG_H

#include "hsm/sshkey.h"

enum {
	SSHSIG_TEXT_MAX = 16384, /**< bytes of an armored signature */
};

/** A signature; all is borrowed from the bytes that were read. */
struct sshsig {
	struct sshkey key; /**< that it says it is by: nothing is proved yet */
	struct span space; /**< namespace, "bootstrapd"; not empty */
	struct span reserved; /**< signed, and of no meaning */
	struct span hash; /**< "sha256" or "sha512" */
	unsigned rsa_bits; /**< RSA: of its hash, 256 or 512 */
	struct span raw; /**< Ed25519: 64 bytes; RSA: as long as n */
	struct span r, s; /**< ECDSA */
	uint8_t flags; /**< of a security key */
	uint32_t counter; /**< likewise */
};

/**
 * The bytes between the lines of armor, appended to `w`. Behind the last line
 * nothing but line feeds. Errors: RC_MALFORMED, RC_TOO_LARGE.
 */
MUST_CHECK enum rc sshsig_unarmor(struct span text, struct writer *w);

/** Read a signature. `why` as sshkey_read. Errors: RC_MALFORMED,
 *  RC_UNSUPPORTED. */
MUST_CHECK enum rc sshsig_read(
    struct span blob, struct sshsig *out, const char **why);

/**
 * Is it one of `message` by its key? A security key must say that somebody
 * touched it. Errors: RC_DENIED (`why` says how it fails), RC_MEMORY.
 */
MUST_CHECK enum rc sshsig_verify(
    const struct sshsig *s, struct span message, const char **why);

/** The same of a message that has streamed past, by its digests: which of them
 *  counts, the signature says. */
MUST_CHECK enum rc sshsig_verify_digest(const struct sshsig *s,
    const uint8_t sha256[static DIGEST_LEN],
    const uint8_t sha512[static DIGEST512_LEN], const char **why);

#endif
