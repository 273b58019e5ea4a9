/**
 * text_diff.h - two texts as a unified diff, what `diff -u` prints and
 * `patch` reads.
 */
#ifndef TOOL_TEXT_DIFF_H
#define TOOL_TEXT_DIFF_H

#include "base/rc.h"
#include "base/span.h"

/**
 * Print on stdout how `from` becomes `to`, with three lines around each change;
 * nothing where they are equal. Where the two differ in more than a few
 * thousand lines they may differ in fewer than is shown. Errors: RC_MEMORY.
 */
MUST_CHECK enum rc text_diff(
    const char *name, struct span from, struct span to);

#endif
