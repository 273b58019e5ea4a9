/**
 * regex.h - regular expressions over endpoint names, matched in time linear in
 * the name: an expression becomes a list of states, and each byte of the name
 * is shown to all states that are alive. No expression makes that backtrack.
 *
 * The extended syntax of POSIX without back references: a b . [a-z] [^0-9]
 * (...) | * + ? {2} {2,} {2,5}, and \d (a digit), \w (a letter, a digit or _),
 * \ before a character that has a meaning. An expression describes the name
 * whole; a ^ in front and a $ at the end may say so. `.` is any one byte, a
 * character beyond ASCII stands for its bytes.
 */
#ifndef POLICY_REGEX_H
#define POLICY_REGEX_H

#include "base/arena.h"

enum {
	REGEX_TEXT_MAX = 1000, /**< bytes of an expression */
	REGEX_STATES_MAX = 1024,
	REGEX_REPEAT_MAX = 255, /**< in {m,n} */
	REGEX_DEPTH_MAX = 16, /**< groups in groups */
};

struct regex;

/** Where it is wrong, and how. */
struct regex_fault {
	size_t at; /**< byte of the expression, from 0 */
	const char *why; /**< static */
};

/**
 * Make `text` ready for matching, in `a`. Errors: RC_MALFORMED (`fault`),
 * RC_TOO_LARGE (`fault`: more than the limits), RC_MEMORY.
 */
MUST_CHECK enum rc regex_compile(struct arena *a, struct span text,
    const struct regex **out, struct regex_fault *fault);

/** Does it describe the whole of `name`? At most REGEX_STATES_MAX steps a
 *  byte. Thread-safe. */
bool regex_match(const struct regex *r, struct span name);

/** What every name that it describes begins with; borrowed from `r`. */
struct span regex_prefix(const struct regex *r);

#endif
