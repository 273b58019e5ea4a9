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
#include "hsm/device_key.h"
#include "issue/history.h"
#include "issue/rules.h"
#include "issue/vault.h"
#include "ledger/ledger.h"
#include "policy/decide.h"

/** What decisions are made with: of one thread, borrowed for one call. */
struct issuer {
	/** NULL: nothing secret is made, only its labels stand (explain). */
	struct hsm_session *hsm;
	/** A connection of this thread, to read from: sealed keys, revocations.
	 *  NULL: there are none. */
	struct ledger *store;
	const struct issue_rules *rules;
	int64_t now_s; /**< UTC */
	/** Where devices find this bootstrap server, for policies that renew
	 *  their account and do not say it; NULL: not known. */
	const char *server_uri;
	/** Other rules are asked after these: for issue_psk_by_evidence one
	 *  key is something to choose from, too. */
	bool one_of_several;
};

/** How the device has proved itself. */
enum issue_proof {
	PROOF_NONE, /**< over plain CoAP */
	PROOF_PSK,
	PROOF_CERTIFICATE,
	PROOF_RAW_KEY,
};

/** "nosec", "psk", "certificate", "rpk": as in the ledger. */
const char *issue_proof_name(enum issue_proof p);

enum {
	ISSUE_PEER_MAX = 4096, /**< bytes of a peer's certificate, or raw key */
	ISSUE_CHAIN_MAX = 12288, /**< of what came behind it */
};

/*
 * What a peer says of itself, as it stands in rows: cut (text_cut), so that no
 * peer has a say in whether a row can be written.
 */
/** A name in a certificate: CERT_CN_MAX characters. */
struct span issue_row_cn(struct span cn);
/** A PSK identity: 128 bytes (RFC 7925 4.2 has implementations take so many).
 */
struct span issue_row_psk_identity(struct span identity);
/** An endpoint that is claimed: LEDGER_NAME_MAX bytes. */
struct span issue_row_endpoint(struct span endpoint);

/** What a device has proved, and asks for; as the worker saw it. */
struct issue_request {
	uint8_t session[LEDGER_SESSION_LEN];
	enum issue_proof proof;
	struct span credential; /**< PROOF_PSK: the identity */
	uint32_t epoch; /**< PROOF_PSK: of the key that was used */
	/** Certificate, or SubjectPublicKeyInfo, DER. Whose it is is verified
	 *  here once more; that the peer has its private key, only the worker
	 *  has seen. */
	struct span peer;
	struct span chain; /**< certificates behind it, DER, end to end */
	bool has_endpoint; /**< `ep` was in the query */
	struct span endpoint;
	struct address address;
	bool stream; /**< by a connection; else by datagrams */
	int pct; /**< -1: not in the query */
	bool pack; /**< a Bootstrap-Pack-Request */
	int accept; /**< of a pack: its Content-Format */
	/** PROOF_NONE: its address was shown to be its own (RFC 9175). */
	bool fresh;
	/** It was granted as many bootstraps as it may have for now. */
	bool too_often;
	enum reason fault; /**< what the worker found wrong already */
	/** Number of the push that has brought it here (bootstrapctl push); empty:
	 *  none. Into the row. */
	struct span push;
	/** Number of the rollout whose candidate decides about it; empty: none.
	 *  Into the row, with the stage. */
	struct span rollout;
	unsigned rollout_stage;
	unsigned worker;
};

/** Who a credential belongs to. Not to be copied: it points into itself. */
struct issue_peer {
	const struct identity *identity; /**< NULL: no document knows it */
	struct span endpoint; /**< borrowed from request, rules or `room` */
	/** REASON_NONE; or why it is refused, though it is known. */
	enum reason why;
	/** Of the pre-shared key that it came by; 0: not said. For issue_plan:
	 *  an account that has the newest key is not written once more. */
	uint32_t epoch;
	uint8_t room[LEDGER_NAME_MAX];
	/** PROOF_CERTIFICATE and PROOF_RAW_KEY: of the DER. */
	uint8_t sha256[DIGEST_LEN];
	/* PROOF_CERTIFICATE, where it can be read: borrowed from the request */
	struct span cn; /**< UTF-8; empty unless there is exactly one */
	struct span serial; /**< unsigned, no leading zero */
	bool has_issuer_key; /**< its chain was verified */
	uint8_t issuer_key[DIGEST_LEN]; /**< SHA-256 of its CA's key */
	uint8_t anchor_key[DIGEST_LEN]; /**< of the anchor above it */
	struct span issuer_cn; /**< of its CA; empty unless exactly one */
	struct span san; /**< for cert_name_next */
};

/**
 * Whose credential is this: the first document in order that fits. A
 * certificate is verified (chain, dates, use, lists, no CA's), and compared
 * with the ledger's revocations, by its SHA-256, by that of its twin
 * (cert_twin), and by serial number and issuer. A
 * pre-shared key is not shown here, so of one that is imported, or whose
 * endpoint has had a key taken back, the key is made once more.
 * Where several documents were tried, `why` is the most telling reason:
 * revoked, then expired, then what is wrong with it, then that nobody knows it.
 * Errors: RC_DB (the store: nobody may be let in), RC_MEMORY, RC_TOKEN and the
 * other errors of hsm_derive.
 */
MUST_CHECK enum rc issue_identify(const struct issuer *i,
    const struct issue_request *rq, struct issue_peer *out);

/** What policies are matched with, of a peer that was identified. Borrows from
 *  both. */
struct policy_facts issue_facts(
    const struct issue_request *rq, const struct issue_peer *peer);

enum {
	/** A key and an OSCORE context for each account, and the device's own. */
	ISSUE_CREDENTIALS_MAX = 2 * PLAN_ACCOUNTS_MAX + 1,
};

enum issue_credential_kind {
	CREDENTIAL_PSK,
	CREDENTIAL_CERTIFICATE,
	CREDENTIAL_RAW_KEY,
};

/** One credential that a plan hands out: public facts for the ledger. Strings
 *  are borrowed from the policy set. */
struct issue_credential {
	enum issue_credential_kind kind;
	uint16_t short_server_id; /**< 0: of the Bootstrap-Server Account */
	bool oscore; /**< CREDENTIAL_PSK: a Master Secret of /21 */
	/* CREDENTIAL_PSK */
	enum key_source source;
	const char *master; /**< derived: of it; random: sealed under it */
	const char *collection; /**< imported */
	uint32_t epoch;
	uint8_t fingerprint[HSM_FINGERPRINT_LEN];
	/* CREDENTIAL_CERTIFICATE, CREDENTIAL_RAW_KEY */
	uint8_t sha256[DIGEST_LEN]; /**< of the certificate, or the key */
	/* CREDENTIAL_CERTIFICATE */
	const char *ca, *profile;
	uint8_t serial[CERT_SERIAL_LEN];
	uint8_t issuer_key[DIGEST_LEN]; /**< SHA-256 of the CA's key */
	int64_t not_after_s;
};

/** A credential of a device's Bootstrap-Server Account, by what names it in
 *  the ledger, in hex; "": there is none, or not that of it. */
struct issue_replaced {
	char fingerprint[2 * DIGEST_LEN + 1];
	char serial[2 * CERT_SERIAL_MAX + 1];
	char issuer_key[2 * DIGEST_LEN + 1];
};

/** A random key that was made for this decision: into the store with its
 *  rows. */
struct issue_sealed {
	char collection[LEDGER_COLLECTION_MAX + 1];
	uint32_t epoch;
	const char *master;
	uint8_t sealed[SEAL_OVERHEAD + 64];
	size_t sealed_len;
};

/** A server with a capacity. */
struct issue_limit {
	const char *server;
	uint64_t capacity; /**< devices */
};

/** A decision. Strings borrow from the rules and the request. */
struct issue_decision {
	bool granted;
	enum reason reason; /**< when refused */
	struct issue_peer peer; /**< its endpoint: proved; claimed if refused */
	const struct policy *policy; /**< NULL: none found */
	struct secret plan; /**< granted: bytes of the plan */
	uint8_t plan_digest[DIGEST_LEN];
	unsigned steps;
	struct issue_credential credentials[ISSUE_CREDENTIALS_MAX];
	size_t credential_count;
	struct issue_sealed sealed[ISSUE_CREDENTIALS_MAX];
	size_t sealed_count;
	/** What the device came by, where it is given a new account. */
	struct issue_replaced replaces;
	/** What it came by before it was given the account that it has come by
	 *  now: of no use any more, and taken back with this decision. */
	struct issue_replaced takes_back;
	/** REASON_CERTIFICATE_REFUSED: the lint's first words;
	 *  REASON_KEY_REVOKED: which key it is; REASON_DENIED,
	 *  REASON_QUARANTINED, REASON_NO_SERVER, REASON_SERVERS_FULL and
	 *  REASON_PROVISIONED: words of the policy, or about it. */
	char detail[200];
	/** REASON_QUARANTINED, REASON_SERVERS_FULL: when the device may ask
	 *  again. */
	uint32_t wait_s;
	/** Granted: names of the servers that it gives, one space between. */
	char servers[ISSUE_SERVERS_MAX];
	uint32_t turn; /**< as in struct policy_decided */
	enum policy_again again; /**< likewise */
	/** Servers of `servers` that take so many devices and no more, this one
	 *  with them: issue_record counts once more. */
	struct issue_limit limits[POLICY_SERVERS_MAX];
	size_t limit_count;
};

void issue_decision_fini(struct issue_decision *d);

/** The key of a PSK handshake. */
struct issue_psk_answer {
	struct secret key; /**< owned */
	uint32_t epoch; /**< which it was; of an imported key, its own */
	/** Not REASON_NONE: unknown, or known and refused all the same (revoked;
	 *  the store cannot open it). The peer must not notice the
	 *  difference. */
	struct issue_peer peer;
};

/**
 * The key of a PSK handshake. Where a document accepts several epochs at this
 * time, the `attempt`-th of them (modulo their number) is taken: `first` (0:
 * none) in front, then from the newest down. One that was revoked is passed
 * over.
 * Errors: RC_NOT_FOUND (no document, no such master or key, or `peer.why` says
 * why not: the peer must not notice the difference), and those of hsm_derive
 * and issue_identify.
 */
MUST_CHECK enum rc issue_psk(const struct issuer *i, struct span psk_identity,
    uint32_t first, unsigned attempt, struct issue_psk_answer *out);

/**
 * The key of a PSK handshake whose Finished has come already (base/evidence.h):
 * the one of the accepted epochs that opens it, tried in the same order. Only
 * what is not revoked is tried.
 * Errors: RC_DENIED (none of them does, or the evidence is none that keys can
 * be tried on), and those of issue_psk.
 */
MUST_CHECK enum rc issue_psk_by_evidence(const struct issuer *i,
    struct span psk_identity, uint32_t first, struct span evidence,
    struct issue_psk_answer *out);

/**
 * Decide a Bootstrap-Request. Always fills `out` (granted or a reason); the
 * caller records it before anything leaves the process. A device whose
 * credential was revoked since its handshake is refused here.
 */
void issue_begin(const struct issuer *i, const struct issue_request *rq,
    struct issue_decision *out);

/**
 * Compile the plan of `policy` for `endpoint`. Without an HSM secret values and
 * what is made for this device alone (its certificate) are left empty and only
 * their labels stand: the digest is the same. Fills plan, digest, steps,
 * credentials, sealed of `out`. Keys of devices are in the plan alone.
 * `out->peer` says how the device came, where that is known: its identity
 * document, when `bootstrap_account` names none, and the epoch of its key.
 * Errors: RC_TOKEN, RC_NOT_FOUND (master; or a key in the store, then `reason`
 * is REASON_KEY_MISSING), RC_DENIED (`detail`: the certificate; or a key that
 * was revoked, then `reason` is REASON_KEY_REVOKED), RC_CONFIG (the policy asks
 * for what cannot be made: `reason` is REASON_NOT_POSSIBLE, `detail` says
 * what), RC_TOO_LARGE, RC_MEMORY, RC_DB.
 */
MUST_CHECK enum rc issue_plan(const struct issuer *i,
    const struct policy *policy, struct span endpoint,
    struct issue_decision *out);

/**
 * The part of a decision that the policy makes, for `d->peer`: what the ledger
 * knows of the device, if its policy asks, then policy_decide. REASON_NONE:
 * `decided->given` is to be compiled (issue_plan). Else why not; `detail` and
 * `wait_s` are set. `d->policy` is set in any case.
 */
enum reason issue_decide(const struct issuer *i, const struct issue_request *rq,
    struct issue_decision *d, struct policy_decided *decided);

/** The same by facts that are known already. With `by->history` set, its
 *  servers, the ledger is asked only by a policy that wants more of it. */
enum reason issue_decide_by(const struct issuer *i,
    const struct policy_facts *by, struct issue_decision *d,
    struct policy_decided *decided);

/** The same for a policy that is known already: nobody is asked which one is
 *  for the device. */
enum reason issue_decide_policy(const struct issuer *i,
    const struct policy *policy, const struct policy_facts *by,
    struct issue_decision *d, struct policy_decided *decided);

/**
 * The rest of issue_begin, for a peer that was identified elsewhere:
 * `out->peer` stands and the rest of `out` is empty; `why` is what is wrong
 * with it. `decided` receives what was chosen, where it comes to that.
 */
void issue_begin_by(const struct issuer *i, const struct issue_request *rq,
    enum reason why, const struct policy_facts *facts,
    struct policy_decided *decided, struct issue_decision *out);

/**
 * Append what a decision has to say to the open group of `l`: sealed keys to
 * the store; bootstrap_begin and one credential_issued a credential, or
 * bootstrap_refused. `again`: of a session whose bootstrap_begin stands
 * already; then only credentials that are new each time (certificates, raw
 * keys), which the answer that is given now holds.
 * Errors: as ledger_append; RC_CONFLICT (another decision has made the same
 * random key meanwhile, or taken the last room at a server: decide again; no
 * row of this one was appended).
 */
MUST_CHECK enum rc issue_record(struct ledger *l,
    const struct issue_rules *rules, const struct issue_request *rq,
    const struct issue_decision *d, const char *instance, bool again);

/** The Bootstrap-Server Account that a factory image carries. */
struct issue_account {
	const char *uri; /**< of the bootstrap server */
	int64_t hold_off_s; /**< /0/x/11; -1: not written */
	uint16_t instance; /**< of /0 */
	uint32_t epoch; /**< 0: the newest of the document */
};

/** The newest epoch of a document that is accepted at that time; 0: none. */
uint32_t issue_newest_epoch(const struct identity *id, int64_t now_s);

/**
 * Mint the account of one endpoint by an identity document: entries of
 * /0/x (URI, Bootstrap-Server, mode, identity, key) as one Write step of a
 * plan. With a certificate document its CA makes key and certificate, and
 * `server_certificate` of the document stands in `/0/x/4`. `credential`
 * receives the public facts.
 * Errors: RC_DENIED (the document does not admit that endpoint; or its
 * certificate would not do or its key was revoked, then `detail`, of 200 bytes,
 * says so), RC_CONFIG (no such epoch
 * or none that is accepted now; a document by which nothing can be minted:
 * imported, raw keys, certificates without a CA), RC_DB, and those of
 * hsm_derive.
 */
MUST_CHECK enum rc issue_account(const struct issuer *i,
    const struct identity *id, struct span endpoint,
    const struct issue_account *account, struct secret *plan,
    struct issue_credential *credential, char *detail);

#endif
