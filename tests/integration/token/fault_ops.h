/**
 * fault_ops.h - every operation of lib/hsm that asks the token something, each
 * with what tells its right result from a wrong one.
 */
#ifndef TESTS_TOKEN_FAULT_OPS_H
#define TESTS_TOKEN_FAULT_OPS_H

#include "fixture.h"

#define MADE "made-meanwhile" /* label of the keys that operations make */

struct fault_op {
	const char *name;
	/** Do it, and keep the result. `err` is for what has no session; it is
	 *  empty otherwise. */
	enum rc (*run)(struct hsm_session *s, struct hsm_error *err);
	/** Is the result that was kept the right one? No fault is on now. */
	bool (*right)(struct hsm_session *s);
	/** Objects that it leaves in the token, under the label MADE. */
	unsigned made;
	/** Its result is what attributes say: a token that lies is believed. */
	bool describes;
};

/** The i-th; NULL: there are no more. */
const struct fault_op *fault_op_at(size_t i);

/** Run it; `err` says why not. */
MUST_CHECK enum rc fault_op_run(
    const struct fault_op *op, struct hsm_session *s, struct hsm_error *err);

/** Make the keys that operations use, where they are missing, and find out what
 *  the right results are. */
void fault_ops_prepare(struct hsm_session *s);
void fault_ops_fini(void);

/** The key of a device, as it was before any fault. */
bool fault_ops_derives(struct hsm_session *s);

#endif
