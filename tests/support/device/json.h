/**
 * json.h - a small, strict reader of JSON (RFC 8259) for factory images: one
 * pass, bounded depth, nothing kept. Text is unescaped into the caller's
 * memory, since keys may be among it.
 */
#ifndef DEVICE_JSON_H
#define DEVICE_JSON_H

#include "base/cursor.h"

enum { JSON_DEPTH_MAX = 8 };

enum json_kind {
	JSON_OBJECT, /**< its members follow: json_member */
	JSON_ARRAY, /**< its elements follow: json_element */
	JSON_STRING,
	JSON_NUMBER,
	JSON_BOOLEAN,
	JSON_NULL,
};

struct json_value {
	enum json_kind kind;
	struct span text; /**< STRING: unescaped; NUMBER: as it stands */
	bool boolean;
};

struct json {
	struct span in;
	struct writer *text; /**< borrowed: where unescaped strings go */
	size_t at;
	bool bad;
	bool first[JSON_DEPTH_MAX]; /**< nothing read of it yet */
	unsigned depth;
};

/** `in` and `text` are borrowed for as long as it is used. */
void json_init(struct json *j, struct span in, struct writer *text);

/** The next value. Errors: RC_MALFORMED (also: too deep), RC_TOO_LARGE (no
 *  room for its text). */
MUST_CHECK enum rc json_value(struct json *j, struct json_value *v);

/** The next member's name; its value is read by json_value. False: the object
 *  has ended, or `j->bad`. */
bool json_member(struct json *j, struct span *name);

/** True when another element of the array follows: read it by json_value. */
bool json_element(struct json *j);

/** Skip a value that was begun by json_value. */
void json_skip(struct json *j, const struct json_value *v);

/** True when all was read and nothing was wrong. */
bool json_done(struct json *j);

#endif
