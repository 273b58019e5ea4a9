/**
 * sshkey.h - public keys as OpenSSH writes them (RFC 4253 section 6.6, RFC 5656
 * section 3.1, RFC 8709, and OpenSSH's PROTOCOL.u2f for keys on a security key).
 *
 * One key has one encoding here: whole numbers are minimal, points are not
 * compressed, nothing is behind. So two texts of one key are the same bytes.
 */
#ifndef HSM_SSHKEY_H
#define HSM_SSHKEY_H

#include "base/cursor.h"
#include "base/digest.h"
#include "hsm/p256.h"

enum sshkey_kind {
	SSHKEY_ED25519,
	SSHKEY_ECDSA_P256,
	SSHKEY_ECDSA_P384,
	SSHKEY_ECDSA_P521,
	SSHKEY_RSA, /**< of 2048 to 16384 bits */
	SSHKEY_SK_ED25519, /**< on a security key */
	SSHKEY_SK_ECDSA_P256,
};

enum {
	SSHKEY_BLOB_MAX = 8192, /**< bytes */
	/** "SHA256:", 43 characters of base64, NUL. */
	SSHKEY_FINGERPRINT_LEN = 7 + 43 + 1,
};

/** A key; all is borrowed from the bytes that were read. */
struct sshkey {
	enum sshkey_kind kind;
	struct span blob; /**< all of it */
	struct span point; /**< EC: uncompressed; Ed25519: 32 bytes */
	struct span e, n; /**< RSA: without a zero in front */
	struct span application; /**< of a security key, "ssh:" */
};

/** Is it on a security key? */
bool sshkey_is_sk(enum sshkey_kind kind);

/** "ssh-ed25519"; static. */
const char *sshkey_name(enum sshkey_kind kind);

/**
 * Read a key. `why` gets a static sentence where it is refused. Whether a point
 * lies on its curve shows when it is used.
 * Errors: RC_MALFORMED, RC_UNSUPPORTED (certificates, DSA, other kinds, RSA that
 * is too small or too large).
 */
MUST_CHECK enum rc sshkey_read(
    struct span blob, struct sshkey *out, const char **why);

/** "SHA256:..." as `ssh-keygen -l` prints it. */
void sshkey_fingerprint(
    struct span blob, char out[static SSHKEY_FINGERPRINT_LEN]);

enum {
	/** Three strings: of 19, 8 and 65 bytes. */
	SSHKEY_P256_BLOB_LEN = 4 + 19 + 4 + 8 + 4 + P256_POINT_LEN,
	SSHKEY_P256_TEXT_MAX = 180, /**< of sshkey_p256_print */
};

/** The key that a SubjectPublicKeyInfo says, as OpenSSH has it. */
void sshkey_p256_blob(const uint8_t spki[static P256_SPKI_LEN],
    uint8_t out[static SSHKEY_P256_BLOB_LEN]);

/** The same as text, "ecdsa-sha2-nistp256 AAAA...", appended. */
void sshkey_p256_print(
    const uint8_t spki[static P256_SPKI_LEN], struct writer *w);

/** A time as options of such keys say it, YYYYMMDD[HHMM[SS]]Z, in UTC alone:
 *  seconds since 1970. False: it is none. */
bool sshkey_time(struct span text, int64_t *out);

/** A string: its length in 4 bytes, and its bytes. For sshsig.c as well. */
struct span sshkey_string(struct reader *r);

/** A whole number above 0 as a string, RFC 4251 section 5, without the zero in
 *  front; `r` is bad where it is not minimal. */
struct span sshkey_mpint(struct reader *r);

#endif
