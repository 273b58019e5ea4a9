/**
 * manifest.h - what a policy set was made of, in words that coreutils know: a
 * line a file, sorted by name,
 *
 *   SHA-256 in hex, two spaces, name, line feed
 *
 * as sha256sum prints it. The SHA-256 of these lines is the set's digest, so
 * `sha256sum -c` in the folder checks what was signed or stands in a row.
 */
#ifndef POLICY_MANIFEST_H
#define POLICY_MANIFEST_H

#include "base/arena.h"
#include "policy/set.h"

enum {
	POLICY_NAME_MAX = 1023, /**< bytes of a file's name */
};

/** The lines, in `a`. Errors: RC_MEMORY. */
MUST_CHECK enum rc policy_manifest(
    const struct policy_set *s, struct arena *a, struct span *out);

/** A line of a manifest; `name` is borrowed from its text. */
struct policy_manifest_line {
	uint8_t sha256[DIGEST_LEN];
	struct span name;
};

/**
 * Take the first line off `rest`, which is not empty. Errors: RC_MALFORMED: it
 * is not such a line (64 small hex digits, a name that policy_name_fault has
 * nothing against, a line feed); nothing was taken.
 */
MUST_CHECK enum rc policy_manifest_next(
    struct span *rest, struct policy_manifest_line *out);

/** Why a file of that name cannot stand in a manifest: a static sentence;
 *  NULL: it can. */
const char *policy_name_fault(struct span name);

#endif
