/**
 * sshsig_make.h - signatures as `ssh-keygen -Y sign` makes them (OpenSSH's
 * PROTOCOL.sshsig), by a P-256 key that lives in the token. `ssh-keygen -Y
 * verify` takes them, and so does sshsig.h.
 *
 * The message is hashed by the caller, by SHA-512 (struct digest512), as it
 * streams past: a manifest of any length is signed in constant memory.
 */
#ifndef HSM_SSHSIG_MAKE_H
#define HSM_SSHSIG_MAKE_H

#include "base/cursor.h"
#include "base/digest.h"
#include "hsm/ec.h"
#include "hsm/sshkey.h"

enum {
	SSHSIG_MADE_MAX = 1024, /**< bytes of an armored signature, enough */
	SSHSIG_SPACE_MAX = 64, /**< bytes of a namespace that is signed for */
};

/**
 * Sign: armor, signature and all, appended to `w`. `space` is the namespace,
 * 1 to SSHSIG_SPACE_MAX bytes ("bootstrapd-image"); a verifier asks for the
 * same one. The signature is verified against the key before it is given out.
 * Errors: as hsm_ec_sign; RC_DENIED (the token signs wrongly), RC_MALFORMED
 * (the namespace), RC_TOO_LARGE (`w`), RC_MEMORY.
 */
MUST_CHECK enum rc sshsig_make(struct hsm_session *s,
    const struct hsm_ec_ref *ref, const char *space,
    const uint8_t hash[static DIGEST512_LEN], struct writer *w);

#endif
