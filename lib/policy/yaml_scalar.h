/**
 * yaml_scalar.h - how a single value is written. For yaml_emit.c and
 * yaml_format.c.
 */
#ifndef POLICY_YAML_SCALAR_H
#define POLICY_YAML_SCALAR_H

#include "policy/yaml_layout.h"

#include <stdio.h>

/** A word that means itself with quotes and without: letters, digits, `_`, `-`,
 *  `.` and `/`, the first a letter, and no YAML of any version knows it. */
bool yaml_scalar_is_word(struct span text);

/** Columns on one line; LAYOUT_WIDE: it stands on several lines. A key is
 *  always on one. */
size_t yaml_scalar_width(const struct layout_node *n);

/** That line. */
void yaml_scalar_put(FILE *out, const struct layout_node *n);

/** Of a block: `|` or `>` with its indicators; how many columns that took. */
size_t yaml_scalar_head(FILE *out, const struct layout_node *n);
/** And its lines, indented by that. */
void yaml_scalar_body(FILE *out, const struct layout_node *n, size_t indent);

/** Would an empty line behind it be part of it? */
bool yaml_scalar_keeps(const struct layout_node *n);

/** One of several lines that is no block: all but the end of the last line;
 *  the columns of that. */
size_t yaml_scalar_lines(FILE *out, const struct layout_node *n, size_t indent);

#endif
