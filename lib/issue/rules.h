/**
 * rules.h - what decisions are made by: a policy set, and the files that it
 * names taken apart - CAs, trust anchors, certificates of servers - with what
 * the daemon trusts by itself. Immutable, counted by whoever uses it, replaced
 * whole with the set.
 */
#ifndef ISSUE_RULES_H
#define ISSUE_RULES_H

#include "hsm/cert_issue.h"
#include "hsm/trust.h"
#include "policy/set.h"

struct issue_rules;

/** A file of the daemon's own: what it is called in findings, and its bytes. */
struct issue_file {
	const char *path;
	struct span bytes;
};

/** What does not stand in the policies. All is borrowed. */
struct issue_rules_config {
	/** Anchors for documents that name none: PEM, or DER end to end. */
	const struct issue_file *trust;
	size_t trust_count;
	/** Revocation lists, likewise. */
	const struct issue_file *crls;
	size_t crl_count;
	/** The rules in force, which these will replace; NULL: there are none.
	 *  A list must not be older than the one there of the same CA: who is
	 *  on the newer alone would be let in again. */
	const struct issue_rules *previous;
	int64_t now_s;
	/** Where devices find the daemon; NULL: not said. Looked at for policies
	 *  that renew their account, where `of_daemon`. */
	const char *server_uri;
	bool of_daemon;
};

/**
 * Take `set` (a reference of its own) and its files apart. All that is wrong
 * becomes a finding at the document's file and line: no certificate, no CA, a
 * CA that has expired or does so soon, a key that is not on P-256, a list
 * whose issuer is no anchor or whose signature does not hold or that is out of
 * date or older than the one in force, a profile whose certificates would not pass the lint, a Write of `/0`
 * that would be larger than the policy's message limit (how large, and how
 * many blocks). `config` may be NULL: `policy check`.
 * Errors: RC_CONFIG (findings of level error), RC_MEMORY.
 */
MUST_CHECK enum rc issue_rules_new(struct policy_set *set,
    const struct issue_rules_config *config, struct diag *d,
    struct issue_rules **out);

/** Thread-safe. */
struct issue_rules *issue_rules_ref(struct issue_rules *r);
/** NULL is harmless. */
void issue_rules_unref(struct issue_rules *r);

/** Borrowed as long as the rules are. */
const struct policy_set *issue_rules_set(const struct issue_rules *r);

/** Of a set's authority: its certificate, and its key in the token. Borrowed. */
struct issue_authority {
	const struct policy_authority *document;
	struct cert cert;
	struct hsm_ec_ref key;
};

/** By place in set->authorities. */
const struct issue_authority *issue_rules_authority(
    const struct issue_rules *r, size_t i);

/** What an identity document has images expect of the bootstrap server, as it
 *  stands in `/0/x/4`; empty: nothing. Borrowed. */
struct span issue_rules_server_key(
    const struct issue_rules *r, const struct identity *id);

/** Anchors of all documents and of the daemon, each once, in DER: for who
 *  verifies chains elsewhere. Calls `each`; a fault it returns stops. */
typedef enum rc (*issue_der_fn)(void *ctx, struct span der);
MUST_CHECK enum rc issue_rules_anchors(
    const struct issue_rules *r, issue_der_fn each, void *ctx);
/** The revocation lists that hold, likewise. */
MUST_CHECK enum rc issue_rules_crls(
    const struct issue_rules *r, issue_der_fn each, void *ctx);

#endif
