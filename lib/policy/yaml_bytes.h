/**
 * yaml_bytes.h - what is refused in the bytes of a YAML file before any parser
 * sees them. For yaml_parse.c.
 */
#ifndef POLICY_YAML_BYTES_H
#define POLICY_YAML_BYTES_H

#include "base/diag.h"

enum yaml_bytes {
	YAML_BYTES_GOOD,
	YAML_BYTES_TABS, /**< findings; the parser may go on for more */
	YAML_BYTES_BAD, /**< a finding; not to be parsed */
};

/**
 * Size, UTF-8, control characters, line breaks, directives and tabs of a whole
 * file. Every line with a tab gets a finding; the other faults end the run.
 */
enum yaml_bytes yaml_bytes_check(
    struct diag *d, const char *file, struct span text);

/** Has that line (from 1) a tab? */
bool yaml_bytes_tab(struct span text, size_t line);

#endif
