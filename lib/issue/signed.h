/**
 * signed.h - policy sets that load only if enough people have signed them.
 *
 * What is signed is the file MANIFEST in the folder of the documents:
 *
 *   # bootstrapd policies, serial 17
 *
 * and behind that line the set's manifest (policy/manifest.h), so that
 * `sha256sum -c MANIFEST` checks the folder. Signatures lie beside it, as
 * MANIFEST.sig or MANIFEST.*.sig, as `ssh-keygen -Y sign -n bootstrapd` makes
 * them. All of it is read once, after the set was, and compared with the bytes
 * that the set was made of.
 */
#ifndef ISSUE_SIGNED_H
#define ISSUE_SIGNED_H

#include "issue/signers.h"
#include "ledger/ledger.h"
#include "policy/set.h"

#define SIGNED_NAMESPACE "bootstrapd"
#define SIGNED_MANIFEST "MANIFEST"

enum {
	SIGNED_THRESHOLD_MAX = 16,
	SIGNED_FILES_MAX = 64, /**< signatures beside a MANIFEST */
	SIGNED_MANIFEST_MAX = 16 << 20, /**< bytes */
	SIGNED_FIELDS = 2, /**< serial, signers */
	SIGNED_HEAD_MAX = 64, /**< bytes of its first line */
	/** Bytes, with NUL: of each that counts a principal and a
	 *  fingerprint. */
	SIGNED_BY_MAX = SIGNED_THRESHOLD_MAX *
		(SIGNERS_NAME_MAX + SSHKEY_FINGERPRINT_LEN + 2) +
	    1,
};

/** Whom a set has to be signed by. */
struct signed_trust {
	const char *signers; /**< path of an allowed_signers file */
	unsigned threshold; /**< persons, 1..SIGNED_THRESHOLD_MAX */
};

/** What was found of a set that may load. */
struct signed_by {
	uint64_t serial;
	unsigned count; /**< persons, as many as `text` has */
	char text[SIGNED_BY_MAX]; /**< "ada@example SHA256:..., ben@..." */
};

/**
 * Is the set, which was loaded from `path`, the one that enough people have
 * signed? Every file, its MANIFEST and all that beside it count: what is not
 * as it should be is a finding with the remedy. A signature that does not count
 * is a warning where others do.
 * Errors: RC_CONFIG (findings), RC_MEMORY.
 */
MUST_CHECK enum rc signed_check(const struct signed_trust *t, const char *path,
    const struct policy_set *s, int64_t now_s, struct diag *d,
    struct signed_by *out);

/**
 * May that serial come into force by this ledger? None below the highest that
 * stands in a row `policies_loaded`, and that one only with the same set.
 * Errors: RC_CONFIG (a finding at `path`), RC_DB.
 */
MUST_CHECK enum rc signed_serial_check(struct ledger *l, const char *path,
    const struct policy_set *s, const struct signed_by *by, struct diag *d);

/**
 * What the ledger knows of the signatures on the set of that digest, from the
 * row with the highest serial by which it came into force or a rollout of it
 * began; serial 0: nothing.
 * Errors: RC_DB.
 */
MUST_CHECK enum rc signed_recorded(struct ledger *l,
    const uint8_t digest[static DIGEST_LEN], struct signed_by *out);

/** The fields of a row that says so, into `f`: SIGNED_FIELDS, or none where
 *  there are no signatures. Their number. `by` is borrowed by them. */
size_t signed_fields(const struct signed_by *by, struct field *f);

/** The highest serial that the ledger has loaded; 0: none. Errors: RC_DB. */
MUST_CHECK enum rc signed_serial_of(struct ledger *l, uint64_t *out);

/** Append the first line of a MANIFEST. */
void signed_head(struct writer *w, uint64_t serial);

/** Take it off `rest`. Errors: RC_MALFORMED. */
MUST_CHECK enum rc signed_head_take(struct span *rest, uint64_t *serial);

/** Read the MANIFEST in `folder` (beside_folder) for its serial; 0: there is none that has
 *  one. Errors: RC_MEMORY. */
MUST_CHECK enum rc signed_serial_beside(
    struct arena *a, const char *folder, uint64_t *out);

/* signed_manifest.c, for signed.c */

/** Compare a MANIFEST behind its first line with what the set was made of;
 *  false: findings say what differs. */
bool signed_manifest_same(const char *file, struct span lines,
    const struct policy_set *s, struct diag *d);

#endif
