/**
 * help.h - --help on every level, from the table of verbs; 80 columns.
 */
#ifndef TOOL_HELP_H
#define TOOL_HELP_H

#include "verbs.h"

#include <stdio.h>

/** The program: groups and verbs. */
void help_program(FILE *out);

/** All verbs whose name begins with the words of `prefix`. */
void help_group(FILE *out, const char *prefix);

/** One verb: usage and options. */
void help_verb(FILE *out, const struct verb *v);

#endif
