/**
 * differing.h - what differ.c and differ_server.c share. Within this module.
 */
#ifndef POLICY_DIFFERING_H
#define POLICY_DIFFERING_H

#include "policy/differ.h"

enum {
	DIFFER_TEXT_MAX = 512, /**< bytes of one text, and NUL */
};

struct differing {
	policy_differ_fn each;
	void *ctx;
};

/** As struct policy_difference. */
void differ_say(const struct differing *d, enum policy_change kind,
    const char *what, const char *before, const char *after);

/** The same of two texts that may be NULL, if they are not equal. */
void differ_text(const struct differing *d, enum policy_change kind,
    const char *what, const char *before, const char *after);
/** Of two numbers; `none` is not said. */
void differ_number(const struct differing *d, enum policy_change kind,
    const char *what, int64_t before, int64_t after, int64_t none);

/** "WHAT NAME" in `out`. */
const char *differ_join(
    char out[static DIFFER_TEXT_MAX], const char *name, const char *what);

/** Values of two instances, both sorted; `what` is "NAME " or "". */
struct differ_entries {
	const struct lwm2m_entry *p;
	size_t count;
};
void differ_entries(const struct differing *d, enum policy_change kind,
    const char *of, struct differ_entries before, struct differ_entries after);

bool differ_same(const char *a, const char *b);

/** Accounts of the two, and the order that they are in. */
void differ_servers(const struct differing *d, const struct policy *before,
    const struct policy *after);
/** One account. */
void differ_server(const struct differing *d, const char *name,
    const struct policy_server *a, const struct policy_server *b);

#endif
