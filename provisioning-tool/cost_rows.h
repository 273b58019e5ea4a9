/**
 * cost_rows.h - what the bootstraps of a policy cost: one row for each way in
 * which its devices come, by the identity documents that it takes.
 */
#ifndef TOOL_COST_ROWS_H
#define TOOL_COST_ROWS_H

#include "cost_given.h"

#include "issue/rules.h"

enum {
	/** NoSec, and PSK, certificate and raw key over two versions. */
	COST_ROWS_MAX = 7,
};

struct cost_row {
	enum cost_transport transport;
	enum cost_proof proof;
	struct cost cost;
};

struct cost_rows {
	uint8_t room[POLICY_ENDPOINT_MAX];
	struct span endpoint; /**< of the device that was measured */
	struct cost_chain device_chain; /**< what it showed */
	struct cost_row rows[COST_ROWS_MAX];
	size_t count;
	bool times; /**< worst_ms was measured too */
};

/** What they are measured with. All is borrowed. */
struct cost_bench {
	const struct issue_rules *rules;
	const struct cost_given *given;
	struct cost_meter *meter;
	int64_t now_s;
};

/**
 * Measure the bootstraps of `p`. `out` is not to be moved. A policy whose plan
 * cannot be made has no rows: what is wrong with it is a finding of its own.
 * Errors: RC_MEMORY.
 */
MUST_CHECK enum rc cost_rows_measure(const struct cost_bench *b,
    const struct policy *p, bool times, struct cost_rows *out);

/**
 * The same for one device that is known: it comes by the document `by`, and is
 * given `p`, whose plan has zeros for secrets. Errors: RC_MEMORY.
 */
MUST_CHECK enum rc cost_rows_of(const struct cost_bench *b,
    const struct policy *p, const struct identity *by, struct span endpoint,
    struct span plan, struct cost_rows *out);

/** A heading and a table on stdout. */
void cost_rows_print(const struct policy *p, const struct cost_rows *r,
    const struct cost_given *given);
/** An object a line. */
void cost_rows_json(const struct policy *p, const struct cost_rows *r);

/** What of the budget of `p` is not kept becomes a finding of `d`. */
void cost_rows_budget(
    const struct policy *p, const struct cost_rows *r, struct diag *d);

#endif
