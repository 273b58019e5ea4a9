/*
 * The longest common lines by the table that everybody learns, of what is left
 * when the equal begin and end are taken off. Formatting changes few lines; a
 * table that would be too large is not made, and all that is left is replaced.
 */
#include "text_diff.h"

#include "tool.h"

#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	AROUND = 3, /* equal lines shown before and behind a change */
	CELLS_MAX = 16 << 20,
};

struct lines {
	struct span *at; /* without their ends */
	size_t count;
};

/* How a line of the result came about. */
struct step {
	char mark; /* ' ', '-', '+' */
	struct span line;
};

struct diffing {
	struct lines from, to;
	uint16_t *longest; /* of what is behind [i][k], at most UINT16_MAX */
	struct step *steps;
	size_t count;
};

static enum rc
split(struct span text, struct lines *out)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += text.p[i] == '\n';
	out->at = calloc(n + 1, sizeof(*out->at));
	if (!out->at)
		return RC_MEMORY;
	while (text.len > 0) {
		const uint8_t *end = memchr(text.p, '\n', text.len);
		size_t len = end ? (size_t)(end - text.p) : text.len;

		out->at[out->count++] = span_of(text.p, len);
		text = span_from(text, len + (end != NULL));
	}
	return RC_OK;
}

static void
step(struct diffing *d, char mark, struct span line)
{
	d->steps[d->count++] = (struct step){mark, line};
}

/* Fill the table for lines first.. of both, `n` and `m` of them. */
static enum rc
measure(struct diffing *d, size_t first, size_t n, size_t m)
{
	if (n == 0 || m == 0 || n > CELLS_MAX / m || n >= UINT16_MAX)
		return RC_OK;
	d->longest = calloc((n + 1) * (m + 1), sizeof(*d->longest));
	if (!d->longest)
		return RC_MEMORY;
	for (size_t i = n; i-- > 0;) {
		uint16_t *row = d->longest + i * (m + 1);
		const uint16_t *below = row + m + 1;

		for (size_t k = m; k-- > 0;) {
			if (span_equal(
				d->from.at[first + i], d->to.at[first + k]))
				row[k] = (uint16_t)(below[k + 1] + 1);
			else
				row[k] = row[k + 1] > below[k] ? row[k + 1]
							       : below[k];
		}
	}
	return RC_OK;
}

static void
walk(struct diffing *d, size_t first, size_t n, size_t m)
{
	size_t i = 0, k = 0;

	while (d->longest && i < n && k < m) {
		const uint16_t *row = d->longest + i * (m + 1);

		if (span_equal(d->from.at[first + i], d->to.at[first + k])) {
			step(d, ' ', d->from.at[first + i]);
			i++;
			k++;
		} else if (row[m + 1 + k] >= row[k + 1]) {
			step(d, '-', d->from.at[first + i++]);
		} else {
			step(d, '+', d->to.at[first + k++]);
		}
	}
	while (i < n)
		step(d, '-', d->from.at[first + i++]);
	while (k < m)
		step(d, '+', d->to.at[first + k++]);
}

static enum rc
compare(struct diffing *d)
{
	size_t n = d->from.count, m = d->to.count, first = 0;
	enum rc rc;

	d->steps = calloc(n + m + 1, sizeof(*d->steps));
	if (!d->steps)
		return RC_MEMORY;
	while (first < n && first < m &&
	    span_equal(d->from.at[first], d->to.at[first]))
		step(d, ' ', d->from.at[first++]);
	while (n > first && m > first &&
	    span_equal(d->from.at[n - 1], d->to.at[m - 1])) {
		n--;
		m--;
	}
	rc = measure(d, first, n - first, m - first);
	if (rc != RC_OK)
		return rc;
	walk(d, first, n - first, m - first);
	while (n < d->from.count)
		step(d, ' ', d->from.at[n++]);
	return RC_OK;
}

/* --- hunks ---------------------------------------------------------------- */

/* The end of the hunk that the change at `i` is in: behind it are more equal
 * lines than two hunks share. */
static size_t
hunk_end(const struct diffing *d, size_t i)
{
	size_t equal = 0, end = i;

	for (; i < d->count && equal <= 2 * (size_t)AROUND; i++) {
		equal = d->steps[i].mark == ' ' ? equal + 1 : 0;
		if (equal == 0)
			end = i + 1;
	}
	return end + AROUND < d->count ? end + AROUND : d->count;
}

static void
print_range(char mark, size_t line, size_t count)
{
	printf(" %c%zu", mark, count ? line : line - 1);
	if (count != 1)
		printf(",%zu", count);
}

static void
print_hunk(
    const struct diffing *d, size_t i, size_t end, size_t from, size_t to)
{
	size_t removed = 0, added = 0;

	for (size_t k = i; k < end; k++) {
		removed += d->steps[k].mark != '+';
		added += d->steps[k].mark != '-';
	}
	fputs("@@", stdout);
	print_range('-', from, removed);
	print_range('+', to, added);
	puts(" @@");
	for (; i < end; i++) {
		putchar(d->steps[i].mark);
		print_span(d->steps[i].line);
		putchar('\n');
	}
}

static void
print_hunks(const struct diffing *d)
{
	size_t from = 1, to = 1; /* the lines that step `at` is about */
	size_t at = 0;

	for (size_t i = 0; i < d->count;) {
		size_t begin, end;

		if (d->steps[i].mark == ' ') {
			i++;
			continue;
		}
		begin = i > at + AROUND ? i - AROUND : at;
		for (; at < begin; at++) {
			from += d->steps[at].mark != '+';
			to += d->steps[at].mark != '-';
		}
		end = hunk_end(d, i);
		print_hunk(d, begin, end, from, to);
		for (; at < end; at++) {
			from += d->steps[at].mark != '+';
			to += d->steps[at].mark != '-';
		}
		i = end;
	}
}

enum rc
text_diff(const char *name, struct span from, struct span to)
{
	struct diffing d = {0};
	enum rc rc = RC_OK;

	if (span_equal(from, to))
		return RC_OK;
	rc = split(from, &d.from);
	if (rc == RC_OK)
		rc = split(to, &d.to);
	if (rc == RC_OK)
		rc = compare(&d);
	if (rc == RC_OK) {
		bool plain =
		    text_printable(span_str(name)) && !strpbrk(name, " \"\\");
		struct quoted q;

		if (!plain)
			name = quote_str(&q, name);
		printf("--- %s\n+++ %s\n", name, name);
		print_hunks(&d);
	}
	free(d.longest);
	free(d.steps);
	free(d.from.at);
	free(d.to.at);
	return rc;
}
