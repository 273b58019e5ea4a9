/**
 * code.h - every code that a finding can have, in one table: what it means and
 * what to do. A finding says more, of its own case; this is what is true of all
 * of them, for editors, dashboards and `policy codes`.
 *
 * A lint test reads the sources: each code that is reported stands here, and
 * each that stands here is reported.
 */
#ifndef POLICY_CODE_H
#define POLICY_CODE_H

#include "base/diag.h"

/** As what findings of a code come. */
enum code_level {
	CODE_ERROR,
	CODE_WARNING,
	CODE_EITHER, /**< the one or the other, by the case */
};

struct code {
	const char *name; /**< "policy-unreachable" */
	enum code_level level;
	const char *sentence; /**< what it means, with a full stop */
	const char *remedy; /**< what to do, likewise */
};

/** The i-th, by group and within each by name; NULL past the last. */
const struct code *code_at(size_t i);

/** NULL: there is none of that name. */
const struct code *code_find(struct span name);

/** "error", "warning", "error or warning". */
const char *code_level_name(enum code_level level);

/* The groups; code.c puts them together. Each is sorted by name. */
extern const struct code codes_yaml[], codes_policy[], codes_issue[],
    codes_program[], codes_image[];
extern const size_t codes_yaml_count, codes_policy_count, codes_issue_count,
    codes_program_count, codes_image_count;

/** The count of such an array. */
#define CODE_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
