/**
 * fault_calls.h - which PKCS#11 calls an operation makes, as the shim has
 * written them down, and every way in which each may fail.
 */
#ifndef TESTS_TOKEN_FAULT_CALLS_H
#define TESTS_TOKEN_FAULT_CALLS_H

#include <stdbool.h>
#include <stddef.h>

enum { FAULT_CALLS_MAX = 48 };

struct fault_call {
	char function[32];
	unsigned long n; /**< how often */
};

struct fault_calls {
	struct fault_call list[FAULT_CALLS_MAX];
	size_t count;
};

enum fault_often {
	FAULT_ONCE, /**< at the first such call, the last, and one in between */
	FAULT_ALWAYS,
};

struct fault {
	const char *what; /**< as the shim's control file has it */
	enum fault_often often;
	bool everywhere; /**< not only where nothing is remembered */
	const char *function; /**< of this one alone; NULL: of any */
};

/** Does it change the length of an attribute: what a key is, the token says,
 *  and it is not so? */
bool fault_lies(const struct fault_call *c, const struct fault *f);

/** Write calls down from now on; before the module is loaded. */
void fault_log_use(void);
void fault_log_reset(void);
void fault_log_read(struct fault_calls *out);

/** A fault at the `at`-th call of a function. */
typedef void (*fault_fn)(void *ctx, const struct fault_call *c,
    unsigned long at, const struct fault *f);

/** All of them; `all` false: those that may hit everywhere, at the first call
 *  and at the last. */
void fault_each(
    const struct fault_calls *calls, bool all, fault_fn fn, void *ctx);
/** Ask the shim for it. */
void fault_set(
    const struct fault_call *c, unsigned long at, const struct fault *f);

#endif
