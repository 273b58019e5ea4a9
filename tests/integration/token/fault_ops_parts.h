/**
 * fault_ops_parts.h - the operations, in two files.
 */
#ifndef TESTS_TOKEN_FAULT_OPS_PARTS_H
#define TESTS_TOKEN_FAULT_OPS_PARTS_H

#include "fault_ops.h"

/** Operations, their number; what they need, what they have brought so far
 *  wiped, and the end. */
struct fault_ops_part {
	const struct fault_op *list;
	size_t count;
	void (*prepare)(struct hsm_session *s);
	void (*begin)(void);
	void (*fini)(void);
};

extern const struct fault_ops_part fault_ops_secret; /* keys for MACs */
extern const struct fault_ops_part fault_ops_sign; /* keys that sign */

/** For an operation that brings nothing. */
bool fault_op_right_anyway(struct hsm_session *s);

#endif
