/**
 * yaml_format.h - a file that people write, in the one layout that everybody's
 * editor and review show alike. What it says stays the same, and every comment
 * stays with what it belongs to.
 *
 * The layout: two spaces a level, also for lists below a key; documents parted
 * by `---`; at most one empty line in a row, and none behind `---` or behind a
 * key whose value begins on the next line; `key: value` and `- item` on one
 * line; flow maps and lists as {a: 1, b: [x, y]} where they fit into 80 columns
 * and hold no comment, else one line a value; text without quotes where a plain
 * word was in quotes, double quotes elsewhere unless there is a backslash or a
 * quote in it; comments at the indentation of what follows, behind a value at
 * the column that they had; LF, no space at the end of a line, no byte order
 * mark. The order of keys, block or flow, and text without quotes stay as the
 * author has them.
 *
 * What is formatted once is not changed by formatting it again.
 */
#ifndef POLICY_YAML_FORMAT_H
#define POLICY_YAML_FORMAT_H

#include "policy/yaml.h"

/**
 * `text` is the file `file` (a name for findings); `*out` is in `a`. The result
 * was parsed again, and says what `text` says, with the same comments.
 * Errors: RC_CONFIG (findings were added: it is no YAML for us, or cannot be
 * written another way without changing what it says), RC_MEMORY.
 */
MUST_CHECK enum rc yaml_format(struct arena *a, struct diag *d,
    const char *file, struct span text, struct span *out);

#endif
