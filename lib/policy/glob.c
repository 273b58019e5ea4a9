#include "policy/match.h"

/*
 * One star is enough to go back to: what an earlier one could take instead,
 * the later can take as well. So the work is bounded by the product of the
 * lengths, and no pattern makes it more.
 */
bool
glob_match(const char *pattern, struct span name)
{
	const char *star = NULL; /* the last one met */
	size_t taken = 0; /* where the text behind that star is tried */
	size_t i = 0;

	while (i < name.len) {
		if (*pattern == '*') {
			star = pattern++;
			taken = i;
		} else if (*pattern != '\0' &&
		    (*pattern == '?' || (uint8_t)*pattern == name.p[i])) {
			pattern++;
			i++;
		} else if (star) {
			pattern = star + 1;
			i = ++taken;
		} else {
			return false;
		}
	}
	return pattern[strspn(pattern, "*")] == '\0';
}
