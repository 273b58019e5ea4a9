/**
 * json_line.h - one line of JSON lines taken apart: an object (RFC 8259), whose
 * members that are no text are passed over, nested ones too.
 */
#ifndef TOOL_JSON_LINE_H
#define TOOL_JSON_LINE_H

#include "base/cursor.h"

/** A member; `text` false: its value is something else, and empty here. Both
 *  borrowed as long as `room` is. */
typedef void (*json_member_fn)(
    void *ctx, struct span name, bool text, struct span value);

/**
 * `room`, as large as the line, gets what the texts say. NULL, or what is
 * wrong, and the cure; static. `each` is called before it is known that all of
 * the line is well formed.
 */
MUST_CHECK const char *json_line_take(
    struct span line, struct writer *room, json_member_fn each, void *ctx);

#endif
