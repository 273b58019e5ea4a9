/**
 * making.h - a plan while it is made: what the files of plan.c share. Within
 * this module.
 */
#ifndef ISSUE_MAKING_H
#define ISSUE_MAKING_H

#include "issue/issue.h"

#include "lwm2m/object.h"

/** What stands where a secret belongs. */
enum making_fill {
	FILL_LABEL, /**< nothing: there is no token */
	FILL_SAMPLE, /**< zeros, of the largest size that it can have */
	FILL_REAL,
};

struct making {
	const struct issuer *issuer;
	enum making_fill fill;
	struct plan_builder plan;
	/** Credentials, sealed keys, `reason` and `detail` of a failure. */
	struct issue_decision *out;
};

/** A public resource of the instance `at`. */
void making_put(struct making *m, struct lwm2m_path at, uint16_t resource,
    struct lwm2m_value value);
/** A secret one: `value`, or what `fill` says in its place. */
enum rc making_put_secret(struct making *m, struct lwm2m_path at,
    uint16_t resource, const struct secret *value, size_t sample_len,
    const char *label);

/** A PSK identity from its template, into `buf`. Errors: RC_TOO_LARGE. */
MUST_CHECK enum rc making_identity(const char *pattern, struct span endpoint,
    uint8_t *buf, size_t cap, struct span *out);

enum {
	MAKING_TEMPLATE_MAX = 512, /**< bytes of an expanded identity */
};

/**
 * `/3` to `/5` of `at` by an `issue:`: certificate, what the device is to
 * expect of the server (empty: nothing), private key.
 * Errors: as mint_certificate; RC_CONFIG (nobody to issue it).
 */
MUST_CHECK enum rc making_certificate(struct making *m, struct lwm2m_path at,
    const struct policy_issue *issue, struct span server, struct span endpoint,
    struct issue_credential *c);

/** `/13`, `/14` and `/15`, as far as the document says them. */
void making_expected(struct making *m, struct lwm2m_path at,
    const struct policy_server_key *key);

/** The pre-shared key of an account, from where it comes: plan_key.c. */
MUST_CHECK enum rc making_key(struct making *m, struct lwm2m_path at,
    const struct policy_server *s, struct span endpoint,
    struct issue_credential *c);
/** A key that the token derives. */
MUST_CHECK enum rc making_derived(struct making *m, struct lwm2m_path at,
    const struct hsm_derivation *d, struct issue_credential *c);

/** The Security instance of the n-th server of a policy. */
MUST_CHECK enum rc making_security(struct making *m, const struct policy *p,
    size_t server, struct span endpoint);

/** As issue_plan, of that fill. */
MUST_CHECK enum rc making_plan(const struct issuer *i, enum making_fill fill,
    const struct policy *policy, struct span endpoint,
    struct issue_decision *out);

#endif
