/**
 * making.h - a plan while it is made: what the files of plan.c share. Within
 * this module.
 */
#ifndef ISSUE_MAKING_H
#define ISSUE_MAKING_H

#include "issue/issue.h"

#include "lwm2m/object.h"
#include "policy/placeholder.h"

/** What stands where a secret belongs. */
enum making_fill {
	FILL_LABEL, /**< nothing: there is no token */
	FILL_SAMPLE, /**< zeros, of the largest size that it can have */
	FILL_REAL,
};

/** A secret that was put, for the correction to put once more: a certificate
 *  that is made twice would be two. */
struct making_kept {
	unsigned account;
	uint16_t object, resource;
	struct secret value;
	char label[PLAN_LABEL_MAX + 1];
};

struct making {
	const struct issuer *issuer;
	enum making_fill fill;
	struct plan_builder plan;
	/** Of the device and its policy. */
	struct placeholder_values values;
	/** How the device is written; NULL: each instance whole, by the Write
	 *  that is open (an image). */
	const struct policy_profile *device;
	unsigned account; /**< whose instance is written, as in plan.h */
	struct lwm2m_path resource; /**< WRITE_RESOURCE: of the open Write */
	/** Owned; NULL: nothing is kept. */
	struct making_kept *kept;
	size_t kept_count, kept_cap;
	bool correcting; /**< secrets are those that are kept */
	/** Credentials, sealed keys, `reason` and `detail` of a failure. */
	struct issue_decision *out;
};

/* --- plan_write.c: what one Write is about -------------------------------- */

/** All that follows is of that object, until the next: one Write, where the
 *  device is written that way. */
void making_object(struct making *m, uint16_t object);
/** The instance `at`, /o/i, of `account` (0: of none), until the next. */
void making_instance(struct making *m, unsigned account, struct lwm2m_path at);

/** A public resource of the instance `at`. */
void making_put(struct making *m, struct lwm2m_path at, uint16_t resource,
    struct lwm2m_value value);
/** A value as it stands. */
void making_entry(struct making *m, const struct lwm2m_entry *e);
/** One that is the instance of `object` chosen for the account `of`. */
void making_instance_of(struct making *m, const struct lwm2m_entry *e,
    unsigned of, uint16_t object);
/** A resource without a use: there but empty where the profile wants that. */
void making_empty(struct making *m, struct lwm2m_path at, uint16_t resource);

/** A secret one: `value`, or what `fill` says in its place. */
MUST_CHECK enum rc making_put_secret(struct making *m, struct lwm2m_path at,
    uint16_t resource, const struct secret *value, size_t sample_len,
    const char *label);
/** In a correction: the secret of before, of the account that is open. Nothing
 *  is made there that no row tells of. Errors: RC_BUG (there was none). */
MUST_CHECK enum rc making_again(
    struct making *m, struct lwm2m_path at, uint16_t resource);
void making_forget(struct making *m);

/* --- plan_text.c: what placeholders stand for ----------------------------- */

/** What they stand for, of the device `endpoint` and of `policy` (NULL: it is
 *  for an image); a sample has a model and a batch in any case. */
void making_values(
    struct making *m, struct span endpoint, const struct policy *policy);

/**
 * `pattern` with its placeholders filled in, into `buf`; of a server where `s`
 * is not NULL. `what` names the text. Errors: RC_CONFIG (making_impossible: one
 * is not known, or cannot stand there; too long).
 */
MUST_CHECK enum rc making_text(struct making *m, const char *what,
    struct span pattern, enum placeholder_form form,
    const struct policy_server *s, uint8_t *buf, size_t cap, struct span *out);

/** A value of `objects:`, as making_entry. Errors: as making_text. */
MUST_CHECK enum rc making_object_entry(
    struct making *m, const struct lwm2m_entry *e);

/* --- plan_security.c ------------------------------------------------------ */

enum {
	MAKING_TEMPLATE_MAX = 512, /**< bytes of an expanded identity */
};

/** A PSK identity from its template, into `buf`. Errors: RC_TOO_LARGE. */
MUST_CHECK enum rc making_identity(const char *pattern, struct span endpoint,
    uint8_t *buf, size_t cap, struct span *out);

/**
 * `/3` to `/5` of `at` by an `issue:`: certificate, what the device is to
 * expect of the server (empty: nothing), private key.
 * Errors: as mint_certificate; RC_CONFIG (nobody to issue it).
 */
MUST_CHECK enum rc making_certificate(struct making *m, struct lwm2m_path at,
    const struct policy_issue *issue, struct span server,
    struct issue_credential *c);

/** `/13`, `/14` and `/15`, as far as the document says them. */
void making_expected(struct making *m, struct lwm2m_path at,
    const struct policy_server_key *key);

/**
 * URI, Bootstrap-Server, mode and keys of the instance `at` for the server
 * `s`, whose `/4` is `expected`. A second time, of the same account, the keys
 * are those of the first. Credentials go to `out`.
 */
MUST_CHECK enum rc making_security(struct making *m, struct lwm2m_path at,
    const struct policy_server *s, struct span expected, struct span endpoint);

/** A place for one more credential; NULL: there are too many. It counts once
 *  `out->credential_count` does. */
struct issue_credential *making_credential(
    struct making *m, uint16_t short_server_id);

/* --- plan_key.c ----------------------------------------------------------- */

/** The pre-shared key of an account into `resource` of `at`, from where it
 *  comes; with `c->oscore` the Master Secret of its OSCORE context. */
MUST_CHECK enum rc making_key(struct making *m, struct lwm2m_path at,
    uint16_t resource, const struct policy_key *key, struct span endpoint,
    struct issue_credential *c);
/** A key that the token derives. */
MUST_CHECK enum rc making_derived(struct making *m, struct lwm2m_path at,
    uint16_t resource, const struct hsm_derivation *d,
    struct issue_credential *c);

/* --- plan_oscore.c, plan_account.c, account.c ----------------------------- */

/** The OSCORE context of the n-th server, its instance of /21. */
MUST_CHECK enum rc making_oscore(
    struct making *m, const struct policy_server *s, struct span endpoint);

/** What the policy does to the Bootstrap-Server Account; nothing for most. */
MUST_CHECK enum rc making_account(
    struct making *m, const struct policy *p, struct span endpoint);

/** What an identity document gives a device to come by, `/2` to `/5`.
 *  `epoch` 0: the newest. Errors: as issue_account. */
MUST_CHECK enum rc making_proof(struct making *m, struct lwm2m_path at,
    const struct identity *id, struct span endpoint, uint32_t epoch,
    struct issue_credential *c);
/** The newest epoch of the document that is accepted now; 0: none. */
uint32_t making_newest_epoch(const struct identity *id, int64_t now_s);

/** The policy cannot be carried out: `detail` says what it lacks. */
PRINTF_LIKE(2, 3)
MUST_CHECK enum rc making_impossible(struct making *m, const char *fmt, ...);

/** As issue_plan, of that fill. */
MUST_CHECK enum rc making_plan(const struct issuer *i, enum making_fill fill,
    const struct policy *policy, struct span endpoint,
    struct issue_decision *out);

#endif
