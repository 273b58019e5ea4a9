/**
 * json_out.h - JSON that grows in a file: objects and lists in each other, with
 * the commas where they belong. Texts are those of a peer as well: they stand
 * as text_quote has them.
 *
 * A name is NULL within a list, and at the outside.
 */
#ifndef BASE_JSON_OUT_H
#define BASE_JSON_OUT_H

#include "base/span.h"

#include <stdbool.h>
#include <stdio.h>

struct json_out {
	FILE *f; /**< borrowed */
	bool behind; /**< something stands before, on the same level */
};

/** '{' or '['. */
void jout_begin(struct json_out *j, const char *name, char bracket);
/** '}' or ']'. */
void jout_end(struct json_out *j, char bracket);

void jout_text(struct json_out *j, const char *name, struct span text);
/** NULL: null. */
void jout_str(struct json_out *j, const char *name, const char *text);
void jout_int(struct json_out *j, const char *name, int64_t number);
void jout_real(struct json_out *j, const char *name, double number);
void jout_bool(struct json_out *j, const char *name, bool truth);
/** Bytes in hex, as a text. */
void jout_hex(struct json_out *j, const char *name, struct span bytes);
/** What is JSON already. */
void jout_raw(struct json_out *j, const char *name, struct span json);

/** The same text in its quotes, where there is no object around it: for lines
 *  that people read. */
void put_quoted(FILE *f, struct span text);

#endif
