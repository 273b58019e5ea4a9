/**
 * ceremony.h - a key ceremony as its file says it: one YAML document that is
 * reviewed before, with the tokens, and in order what is made in them.
 *
 *     ceremony: development
 *     on_missing: generate
 *     token: {module: ..., token: "pkcs11:token=L", pin: {file: ...}}
 *     ledger: ceremony.db
 *     transcript: ceremony.txt
 *     steps:
 *       - master: fleet-2026
 *       - root: {key: root, subject: {CN: Root}, validity: 20y, out: root.pem}
 *
 * A file with several tokens has `tokens:`, a map by name, and each step says
 * which one it works in. Nothing secret stands in it: PINs are named by where
 * they are. pki/README.md has the grammar by example.
 */
#ifndef TOOL_CEREMONY_H
#define TOOL_CEREMONY_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/digest.h"
#include "hsm/cert_issue.h"

enum {
	CEREMONY_TOKENS_MAX = 8,
	CEREMONY_STEPS_MAX = 32,
};

enum ceremony_kind {
	CEREMONY_MASTER, /**< a key that PSKs are derived from */
	CEREMONY_SEAL, /**< a key that secrets at rest are sealed under */
	CEREMONY_REQUEST, /**< a key pair, and a request for a certificate */
	CEREMONY_ROOT,
	CEREMONY_ISSUING, /**< a CA under another */
	CEREMONY_SERVER,
};

struct ceremony_token {
	const char *name; /**< NULL: the only one */
	struct hsm_config hsm;
};

/** A key of a token, by label and id. */
struct ceremony_key {
	size_t token; /**< index */
	struct hsm_ec_ref ref; /**< of masters: the label alone */
};

struct ceremony_step;

/** Who signs. */
struct ceremony_ca {
	const struct ceremony_step *step; /**< NULL: one from before */
	const char *certificate; /**< path, PEM */
	struct ceremony_key key;
};

struct ceremony_step {
	enum ceremony_kind kind;
	unsigned number; /**< from 1 */
	unsigned line; /**< in the file */
	/** Without a label: a certificate by a request alone. */
	struct ceremony_key key;
	bool generate; /**< a key that is not there: make it */
	struct cert_profile profile; /**< of what is signed or asked for */
	struct ceremony_ca issuer; /**< ISSUING and SERVER */
	/** Path, PEM: the key is not made but in this request. NULL: none. */
	const char *request;
	bool chain; /**< the CAs below the root stand behind it */
	const char *out; /**< path, PEM; NULL: nothing is written */
};

/** All of it lives in `arena`. */
struct ceremony {
	struct arena *arena;
	const char *file; /**< borrowed: as the user named it */
	const char *folder; /**< what relative paths go from, "" or with / */
	uint8_t sha256[DIGEST_LEN]; /**< of the file */
	const char *name;
	const char *ledger, *transcript; /**< paths */
	bool generate; /**< `on_missing:` of steps that do not say */
	struct ceremony_token tokens[CEREMONY_TOKENS_MAX];
	size_t token_count;
	struct ceremony_step steps[CEREMONY_STEPS_MAX];
	size_t step_count;
};

/** "root"; static. */
const char *ceremony_kind_name(enum ceremony_kind kind);

/** Does the step make or use a key of its own? */
bool ceremony_step_has_key(const struct ceremony_step *s);
/** Does a certificate come out of it? */
bool ceremony_step_certifies(const struct ceremony_step *s);
/** Does it make, or take, the key of a CA? */
bool ceremony_step_is_ca(const struct ceremony_step *s);

/**
 * Read a file. `directory` (may be NULL) is what relative paths go from,
 * instead of the file's own folder. `file` and `directory` are borrowed.
 * Errors: RC_CONFIG (findings in `d`), RC_MEMORY.
 */
MUST_CHECK enum rc ceremony_load(const char *file, const char *directory,
    struct diag *d, struct ceremony *out);
/** Harmless on a zero ceremony, and twice. */
void ceremony_fini(struct ceremony *c);

#endif
