/**
 * match.h - the decisions that policy documents make: whose credential is
 * this, which endpoint does it prove, and which policy does that endpoint get.
 */
#ifndef POLICY_MATCH_H
#define POLICY_MATCH_H

#include "policy/set.h"

/**
 * Shell-like glob: `*` any run (including none), `?` one byte, everything else
 * literal. No pattern backtracks: at most as many steps as the product of the
 * two lengths.
 */
bool glob_match(const char *pattern, struct span name);

/** Replace {endpoint} in `pattern`. Sets w->full when it does not fit. */
void template_expand(
    struct writer *w, const char *pattern, struct span endpoint);

/**
 * The identity document that a PSK identity belongs to, and the endpoint it
 * proves (borrowed from `psk_identity`). The first in order whose template
 * and endpoint glob both fit. NULL: none. Of documents that derive keys only:
 * what is imported or shown as a certificate, lib/issue looks up.
 */
const struct identity *identity_for_psk(const struct policy_set *s,
    struct span psk_identity, struct span *endpoint);

/** Is the i-th epoch of the document accepted at that time? */
bool identity_accepts(const struct identity *id, size_t i, int64_t now_s);

/** Whose fingerprint is it, by the document's table? Empty: not there. */
struct span identity_table_find(
    const struct identity *id, const uint8_t sha256[static DIGEST_LEN]);

/** May the document's devices have that endpoint: by its glob, its length, and
 *  as UTF-8? */
bool identity_fits(const struct identity *id, struct span endpoint);

/** The `nosec` document that admits `endpoint` from that address; NULL. */
const struct identity *identity_for_nosec(const struct policy_set *s,
    const struct address *from, struct span endpoint);

/** Why a policy did not match. MISS_LATER is the caller's to say, who knows
 *  what policy_for has found. */
enum policy_miss {
	MISS_NONE, /**< it matched */
	MISS_LATER, /**< would match, an earlier one did */
	MISS_IDENTITY, /**< `match.identity` does not name the document */
	MISS_ENDPOINT, /**< `match.endpoint` does not fit */
	MISS_CREDENTIAL, /**< it came by another kind */
	MISS_ISSUER, /**< by no certificate, or one of another CA */
	MISS_SAN, /**< by no certificate with such a name */
	MISS_NETWORK, /**< from another network */
	MISS_MODEL, /**< of another model, or in no list of devices */
	MISS_BATCH, /**< likewise */
};

/** The key of `match:` that a miss is about, "network"; "" where none is. */
const char *policy_miss_key(enum policy_miss miss);

/** The next name of `rest`, whose form the caller knows; false: no more. */
typedef bool (*policy_san_fn)(struct span *rest, struct span *name);

/** What the ledger knows of a device, for policies that ask
 *  (policy_asks_history). Borrowed. */
struct policy_history {
	uint64_t oks; /**< bootstraps of it that ended ok */
	/** By how much the epochs of its keys were raised in the last one that
	 *  ended ok (`reprovision: rotate`). */
	uint32_t turn;
	/** `never`: an operator has let it in since the last that ended ok. */
	bool released;
	/** Names of the servers that it was given last, one space between them;
	 *  empty: none. */
	struct span servers;
};

/** How many devices were last given the server of that name. Errors: RC_DB. */
typedef enum rc (*policy_load_fn)(
    void *ctx, const char *server, uint64_t *devices);

/**
 * What is known of a device that asks for its policy. All is borrowed. What is
 * not known fits no condition.
 */
struct policy_facts {
	const struct identity *identity; /**< that it came by, of the set */
	struct span endpoint; /**< that it has proved */
	const struct address *from; /**< NULL, or family 0: not known */
	/* of its certificate, where that was verified */
	bool has_issuer;
	uint8_t issuer_key[DIGEST_LEN]; /**< SHA-256 of the CA's key */
	struct span issuer_cn; /**< empty unless there is exactly one */
	policy_san_fn san_next; /**< names to compare; NULL: none */
	struct span sans; /**< for `san_next` */
	/* for policy_decide alone */
	const struct policy_history *history; /**< NULL: it was never here */
	policy_load_fn load; /**< NULL: every server has room */
	void *load_ctx;
};

/** The policy for a device; NULL: none. */
const struct policy *policy_for(
    const struct policy_set *s, const struct policy_facts *f);

/** What one policy of the set says to the device, for `policy explain`: the
 *  first condition that does not hold, in the order of enum policy_miss. */
enum policy_miss policy_miss(const struct policy_set *s, const struct policy *p,
    const struct policy_facts *f);

/** Does that condition of `match:`, from MISS_IDENTITY on, hold for the device?
 *  One that is not said does. */
bool policy_holds(const struct policy_set *s, const struct policy *p,
    const struct policy_facts *f, enum policy_miss condition);

/** Which kind of credential an identity document is about. */
enum policy_credential policy_credential_of(const struct identity *id);

/** What the files of `devices:` say of an endpoint; NULL: nothing. */
const struct policy_device *policy_device_find(
    const struct policy_set *s, struct span endpoint);

/** Does it describe that endpoint? */
bool pattern_fits(const struct policy_pattern *p, struct span endpoint);

#endif
