/**
 * finding_source.h - the line of a file that a finding is about, to be shown
 * with it or to know it again. A line that holds a secret is none.
 */
#ifndef TOOL_FINDING_SOURCE_H
#define TOOL_FINDING_SOURCE_H

#include "base/arena.h"
#include "base/diag.h"

/** Reads each file once, for findings in order. */
struct finding_source {
	struct arena *arena; /**< of the file that is open; NULL: none */
	const char *file;
	struct span text, rest;
	unsigned line; /**< that `rest` begins with */
};

/**
 * The line of the i-th finding, without its end; empty: it is not about a line,
 * the file cannot be read, or the line is none to repeat: it cannot be printed,
 * or a finding says that a secret is in it. Borrowed until the next call.
 */
struct span finding_source_line(
    struct finding_source *s, const struct diag *d, size_t i);
void finding_source_fini(struct finding_source *s);

#endif
