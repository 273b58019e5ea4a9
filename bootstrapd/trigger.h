/**
 * trigger.h - what a policy's `trigger:` says, made out for one device: the
 * HTTP request by which a LwM2M server is asked to have it bootstrap again
 * (LwM2M Core 1.1, Bootstrap-Request Trigger, /1/x/9).
 *
 * What placeholders stand for (policy/placeholder.h) comes from devices, lists
 * and policies, so each stands as its place wants it: percent-encoded in the URL
 * (RFC 3986 section 2.1), escaped as in a JSON string in the body, and in a
 * header as it is, where nothing but visible characters may stand.
 *
 * Pure; nothing here sends anything.
 */
#ifndef BOOTSTRAPD_TRIGGER_H
#define BOOTSTRAPD_TRIGGER_H

#include "policy/placeholder.h"

enum {
	TRIGGER_URL_MAX = 2048, /**< bytes */
	TRIGGER_HEADER_MAX = 1024, /**< bytes of one */
	TRIGGER_BODY_MAX = 8192, /**< bytes */
	TRIGGER_METHOD_MAX = 16, /**< bytes */
};

/*
 * Each appends to `w`. Errors: RC_DENIED (what a placeholder stands for is not
 * known, or cannot stand there: a header with a line break, a path of dots);
 * RC_CONFIG (what the policy says is no method, no URL of http or https with all names behind its
 * host, no header); RC_TOO_LARGE (for the limits above, or for `w`). `w` is as
 * it was after an error.
 */
MUST_CHECK enum rc trigger_method(
    struct writer *w, const struct policy_trigger *t);
MUST_CHECK enum rc trigger_url(struct writer *w, const struct policy_trigger *t,
    const struct placeholder_values *names);
MUST_CHECK enum rc trigger_header(struct writer *w, const char *pattern,
    const struct placeholder_values *names);
/** Nothing is appended where there is no body. */
MUST_CHECK enum rc trigger_body(struct writer *w,
    const struct policy_trigger *t, const struct placeholder_values *names);

#endif
