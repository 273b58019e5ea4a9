/**
 * doctor.h - is this token fit for its work? What a token says of itself is
 * read, and what it promises is tried: keys are asked for in every way that
 * PKCS#11 has, a known key must give a known answer, signatures must verify.
 *
 * Nothing is changed: the keys that the trials need are session objects, and
 * destroyed. What comes out of a trial that should have failed is wiped and
 * never shown.
 */
#ifndef HSM_DOCTOR_H
#define HSM_DOCTOR_H

#include "hsm/hsm.h"

enum hsm_verdict {
	HSM_OK,
	HSM_WARN, /**< works, and yet somebody should look */
	HSM_FAIL, /**< not to be relied upon */
};

/** What one check found. */
struct hsm_finding {
	/** "token", "pin", "sessions", "mechanism", "keys", "attributes",
	 *  "read", "copy", "wrap", "answer", "sign", "latency"; static */
	const char *check;
	/** Label of a key, or what is measured; as the token says it: quote
	 *  it. Empty: the token itself. */
	char subject[HSM_LABEL_MAX + 1];
	enum hsm_verdict verdict;
	char text[256]; /**< one line, printable */
	char remedy[256]; /**< what to do; empty with HSM_OK */
	/** With "latency", of `samples` calls one after the other. */
	unsigned samples;
	uint64_t min_us, median_us, max_us;
};

/** Returns RC_OK to go on. `f` is borrowed until it returns. */
typedef enum rc (*hsm_finding_fn)(void *ctx, const struct hsm_finding *f);

/**
 * Look at the token, at each master key and at each EC signing key. Takes a few
 * seconds at most, most of them for latencies. `sessions`: as many as the pool
 * is meant to have. `each` may use the session.
 * Errors: RC_TOKEN (the token went away), RC_MEMORY, and what `each` returns to
 * stop.
 */
MUST_CHECK enum rc hsm_doctor(
    struct hsm_session *s, unsigned sessions, hsm_finding_fn each, void *ctx);

#endif
