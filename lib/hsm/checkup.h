/**
 * checkup.h - what the files of the doctor share.
 */
#ifndef HSM_CHECKUP_H
#define HSM_CHECKUP_H

#include "hsm/doctor.h"
#include "hsm/ec.h"
#include "hsm/hsm_internal.h"

struct checkup {
	struct hsm_session *s;
	hsm_finding_fn each;
	void *ctx;
	/** The first keys that do their work, for what is tried but once. */
	char master[HSM_LABEL_MAX + 1];
	struct hsm_ec_ref signer;
};

/** Tell the caller. `remedy` may be NULL. Returns what `each` does. */
PRINTF_LIKE(6, 7)
MUST_CHECK enum rc checkup_say(struct checkup *d, const char *check,
    const char *subject, enum hsm_verdict verdict, const char *remedy,
    const char *fmt, ...);

/**
 * Run a part of a check on the session. What the token refuses although it
 * should not becomes a finding of HSM_FAIL.
 * Errors: RC_UNSUPPORTED (that was said; the check ends here), RC_TOKEN, and
 * what `each` returns.
 */
MUST_CHECK enum rc checkup_run(struct checkup *d, const char *check,
    const char *subject, session_fn fn, void *arg);

/** A key of which the handle is wanted anew in each call: handles go stale
 *  with a session that is lost. */
struct checkup_key {
	struct object_ref ref;
	const char *label; /**< for findings */
};

/** Errors, of all: as checkup_run, but for RC_UNSUPPORTED. */

/* checkup_token.c: what the token says of itself. */
MUST_CHECK enum rc checkup_token(struct checkup *d, unsigned sessions);
MUST_CHECK enum rc checkup_mechanisms(struct checkup *d);

/* checkup_keys.c: attributes, and that each key does its work. */
MUST_CHECK enum rc checkup_keys(struct checkup *d);

/* checkup_escape.c: a key must not come out. */
MUST_CHECK enum rc checkup_escape(
    struct checkup *d, const struct checkup_key *k);

/* checkup_answer.c: a known key, a known answer. */
MUST_CHECK enum rc checkup_answer(struct checkup *d);

/* checkup_latency.c */
MUST_CHECK enum rc checkup_latency(struct checkup *d);

#endif
