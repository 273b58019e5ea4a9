#include "policy/nearest.h"

static unsigned
min(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/*
 * Optimal string alignment over three rows: d[i % 3][j] is the number of edits
 * from the first i bytes of `a` to the first j bytes of `b`.
 */
unsigned
nearest_distance(struct span a, struct span b, unsigned limit)
{
	unsigned d[3][NEAREST_WORD_MAX + 1];
	size_t difference = a.len > b.len ? a.len - b.len : b.len - a.len;

	if (a.len > NEAREST_WORD_MAX || b.len > NEAREST_WORD_MAX ||
	    difference > limit)
		return limit + 1;
	for (size_t j = 0; j <= b.len; j++)
		d[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a.len; i++) {
		const unsigned *two = d[(i + 1) % 3];
		const unsigned *one = d[(i + 2) % 3];
		unsigned *row = d[i % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b.len; j++) {
			unsigned same = a.p[i - 1] == b.p[j - 1] ? 0 : 1;

			row[j] = min(one[j], row[j - 1]) + 1;
			row[j] = min(row[j], one[j - 1] + same);
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] &&
			    a.p[i - 2] == b.p[j - 1])
				row[j] = min(row[j], two[j - 2] + 1);
		}
	}
	return min(d[a.len % 3][b.len], limit + 1);
}

const char *
nearest_of(struct span word, const char *const *known)
{
	const char *best = NULL;
	unsigned best_edits;

	/* A third of the word: of one letter or two, nothing, because there
	 * everything is near to everything. */
	if (word.len > NEAREST_WORD_MAX)
		return NULL;
	best_edits = (unsigned)word.len / 3 + 1;
	for (; *known; known++) {
		unsigned edits =
		    nearest_distance(word, span_str(*known), best_edits - 1);

		if (edits < best_edits) {
			best = *known;
			best_edits = edits;
		}
		if (best_edits == 0)
			break;
	}
	return best;
}
