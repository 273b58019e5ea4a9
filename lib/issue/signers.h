/**
 * signers.h - who may sign policies: a file in OpenSSH's allowed_signers format
 * (ssh-keygen(1)), read strictly.
 *
 *   ada@example.org namespaces="bootstrapd" ssh-ed25519 AAAAC3...
 *   ben@example.org valid-before="20271231Z" ecdsa-sha2-nistp256 AAAAE2...
 *
 * A line is principals (names, separated by commas), options, and a key. Of the
 * options there are namespaces=, valid-after= and valid-before=. Refused are
 * cert-authority and certificates, patterns among principals, and times
 * without the Z that says UTC, and an option twice: what they mean depends on more than this file.
 *
 * Lines that share a principal (in whatever case) or a key are one person, whose
 * signatures count once.
 */
#ifndef ISSUE_SIGNERS_H
#define ISSUE_SIGNERS_H

#include "base/arena.h"
#include "base/diag.h"
#include "hsm/sshkey.h"

enum {
	SIGNERS_FILE_MAX = 1 << 18, /**< bytes */
	SIGNERS_MAX = 1000, /**< lines with a key */
	SIGNERS_NAME_MAX = 128, /**< bytes of one principal */
	SIGNERS_NAMES_MAX = 16, /**< principals of one line */
};

struct signer {
	unsigned line; /**< from 1 */
	struct span names[SIGNERS_NAMES_MAX];
	size_t name_count; /**< from 1 */
	struct sshkey key;
	struct span namespaces; /**< "a,b*"; empty: any */
	int64_t after_s, before_s; /**< UTC, both included */
	size_t person; /**< the same number: the same person */
};

struct signers {
	const char *file;
	struct signer *list; /**< in order of lines */
	size_t count;
	size_t persons;
};

/**
 * Read the lines of `text`, which is of the file `file`; everything lives in
 * `a`, and in `text`. Every fault is a finding.
 * Errors: RC_CONFIG, RC_MEMORY.
 */
MUST_CHECK enum rc signers_read(struct arena *a, const char *file,
    struct span text, struct diag *d, struct signers *out);

/** May that line's key sign for the namespace at that time? NULL: yes, else
 *  why not; static. */
const char *signer_fault(
    const struct signer *s, const char *space, int64_t now_s);

#endif
