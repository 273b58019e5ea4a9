/**
 * nearest.h - "did you mean": the known word that a typing error is closest
 * to, by insertions, deletions, replacements and swaps of neighbours.
 */
#ifndef POLICY_NEAREST_H
#define POLICY_NEAREST_H

#include "base/span.h"

enum {
	NEAREST_WORD_MAX = 64, /**< bytes; longer words are near to nothing */
};

/**
 * The number of edits between the two, or a number above `limit` as soon as it
 * is known to be above.
 */
unsigned nearest_distance(struct span a, struct span b, unsigned limit);

/**
 * The nearest of `known` (NULL-ended), the first of equals; NULL when none is
 * within a third of the word's length.
 */
const char *nearest_of(struct span word, const char *const *known);

#endif
