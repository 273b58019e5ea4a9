/**
 * issue.h - the decisions of the keeper: who is this, what may it have, what
 * is minted for it, and what goes into the record first.
 *
 * Straight-line and synchronous: one issuer belongs to one thread, holds one
 * HSM session, and borrows the policy set for one decision. The daemon's
 * keeper and the provisioning tool call the same functions.
 */
#ifndef ISSUE_ISSUE_H
#define ISSUE_ISSUE_H

#include "base/address.h"
#include "bootstrap/plan.h"
#include "bootstrap/reason.h"
#include "hsm/hsm.h"
#include "ledger/ledger.h"
#include "policy/match.h"

/** What a device has proved, and asks for; as the worker saw it. */
struct issue_request {
	uint8_t session[LEDGER_SESSION_LEN];
	bool nosec; /**< over plain CoAP: nothing is proved */
	struct span credential; /**< PSK identity; empty with nosec */
	uint32_t epoch; /**< of the key that the handshake proved */
	bool has_endpoint; /**< `ep` was in the query */
	struct span endpoint;
	struct address address;
	int pct; /**< -1: not in the query */
	enum reason fault; /**< what the worker found wrong already */
	unsigned worker;
};

enum { ISSUE_CREDENTIALS_MAX = 16 };

/** One credential that a plan hands out: public facts for the ledger. */
struct issue_credential {
	uint16_t short_server_id;
	const char *master; /**< borrowed from the policy set */
	uint32_t epoch;
	uint8_t fingerprint[HSM_FINGERPRINT_LEN];
};

/** A decision. Strings borrow from the policy set and the request. */
struct issue_decision {
	bool granted;
	enum reason reason; /**< when refused */
	const struct identity *identity; /**< NULL: none found */
	struct span endpoint; /**< proved; claimed if refused */
	const struct policy *policy; /**< NULL: none found */
	struct secret plan; /**< granted: bytes of the plan */
	uint8_t plan_digest[DIGEST_LEN];
	unsigned steps;
	struct issue_credential credentials[ISSUE_CREDENTIALS_MAX];
	size_t credential_count;
};

void issue_decision_fini(struct issue_decision *d);

/**
 * The key of a PSK handshake. Where a document accepts several epochs, the
 * `attempt`-th of them (modulo their number) is taken: `first` (0: none) in
 * front, then from the newest down. `epoch` says which it was.
 * Errors: RC_NOT_FOUND (no identity document, or no such master: the peer must
 * not notice the difference), and those of hsm_derive.
 */
MUST_CHECK enum rc issue_psk(struct hsm_session *hsm,
    const struct policy_set *set, struct span psk_identity, uint32_t first,
    unsigned attempt, struct secret *key, uint32_t *epoch);

/**
 * The key of a PSK handshake whose Finished has come already (base/evidence.h):
 * the one of the accepted epochs that opens it, tried in the same order.
 * Errors: RC_DENIED (none of them does, or the evidence is none that keys can
 * be tried on), and those of issue_psk.
 */
MUST_CHECK enum rc issue_psk_by_evidence(struct hsm_session *hsm,
    const struct policy_set *set, struct span psk_identity, uint32_t first,
    struct span evidence, struct secret *key, uint32_t *epoch);

/**
 * Decide a Bootstrap-Request. Always fills `out` (granted or a reason); the
 * caller records it before anything leaves the process.
 */
void issue_begin(struct hsm_session *hsm, const struct policy_set *set,
    const struct issue_request *rq, struct issue_decision *out);

/**
 * Compile the plan of `policy` for `endpoint`. With `hsm` NULL secret values
 * are left empty and only their labels stand (explain): the digest is the
 * same. Fills plan, digest, steps, credentials of `out`.
 * Errors: RC_TOKEN, RC_NOT_FOUND (master), RC_TOO_LARGE, RC_MEMORY.
 */
MUST_CHECK enum rc issue_plan(struct hsm_session *hsm,
    const struct policy *policy, struct span endpoint,
    struct issue_decision *out);

/**
 * Append the rows of a decision to the open group of `l`: bootstrap_begin and
 * one credential_issued a credential, or bootstrap_refused.
 * Errors: as ledger_append.
 */
MUST_CHECK enum rc issue_record(struct ledger *l, const struct policy_set *set,
    const struct issue_request *rq, const struct issue_decision *d,
    const char *instance);

/** The Bootstrap-Server Account that a factory image carries. */
struct issue_account {
	const char *uri; /**< of the bootstrap server */
	int64_t hold_off_s; /**< /0/x/11; -1: not written */
	uint16_t instance; /**< of /0 */
	uint32_t epoch; /**< 0: the newest of the document */
};

/**
 * Mint the account of one endpoint by an identity document: entries of
 * /0/x (URI, Bootstrap-Server, mode, identity, key) as one Write step of a
 * plan. `credential` receives the public facts.
 * Errors: RC_DENIED (the document does not admit that endpoint), RC_CONFIG
 * (no such epoch), and those of hsm_derive.
 */
MUST_CHECK enum rc issue_account(struct hsm_session *hsm,
    const struct identity *id, struct span endpoint,
    const struct issue_account *account, struct secret *plan,
    struct issue_credential *credential);

#endif
