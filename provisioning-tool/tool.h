/**
 * tool.h - what all verbs share: exit codes, one form of error, quoting.
 */
#ifndef TOOL_TOOL_H
#define TOOL_TOOL_H

#include "base/cursor.h"

#include <sysexits.h>

/**
 * Print `provisioning-tool: what: remedy` on stderr and return `code`, which is
 * what the verb ends with. `remedy` may be NULL. What comes from elsewhere is
 * to be quoted by the caller.
 */
PRINTF_LIKE(3, 4)
int tool_error(int code, const char *remedy, const char *fmt, ...);

/** tool_error in the words of an rc that needs no others. */
int tool_fault(enum rc rc, const char *doing);

/** Text in quotes, safe on any terminal; cut with "..." when too long. */
struct quoted {
	char text[1600];
};

/** Fill `q` and return its text. */
const char *quote(struct quoted *q, struct span s);
const char *quote_str(struct quoted *q, const char *s);

enum { HEX_TEXT_MAX = 64 + 1 /**< of 32 bytes, and NUL */ };

/** Lower-case hex of at most 32 bytes, with NUL, in `out`; returns it. */
const char *hex_text(char out[static HEX_TEXT_MAX], struct span bytes);

/** To stdout, as it is. */
void print_span(struct span s);

#endif
