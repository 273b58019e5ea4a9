/**
 * json.h - a small, strict reader of JSON (RFC 8259) for factory images: one
 * pass, bounded depth, nothing kept. Text is unescaped into the caller's
 * memory, since keys may be among it.
 */
#ifndef DEVICE_JSON_H
#define DEVICE_JSON_H

#include "base/cursor.h"

enum { JSON_DEPTH_MAX = 8 };

enum jsonfile_kind {
	JSON_OBJECT, /**< its members follow: jsonfile_member */
	JSON_ARRAY, /**< its elements follow: jsonfile_element */
	JSON_STRING,
	JSON_NUMBER,
	JSON_BOOLEAN,
	JSON_NULL,
};

struct jsonfile_value {
	enum jsonfile_kind kind;
	struct span text; /**< STRING: unescaped; NUMBER: as it stands */
	bool boolean;
};

struct jsonfile {
	struct span in;
	struct writer *text; /**< borrowed: where unescaped strings go */
	size_t at;
	bool bad;
	bool first[JSON_DEPTH_MAX]; /**< nothing read of it yet */
	unsigned depth;
};

/** `in` and `text` are borrowed for as long as it is used. */
void jsonfile_init(struct jsonfile *j, struct span in, struct writer *text);

/** The next value. Errors: RC_MALFORMED (also: too deep), RC_TOO_LARGE (no
 *  room for its text). */
MUST_CHECK enum rc jsonfile_value(struct jsonfile *j, struct jsonfile_value *v);

/** The next member's name; its value is read by jsonfile_value. False: the object
 *  has ended, or `j->bad`. */
bool jsonfile_member(struct jsonfile *j, struct span *name);

/** True when another element of the array follows: read it by jsonfile_value. */
bool jsonfile_element(struct jsonfile *j);

/** Skip a value that was begun by jsonfile_value. */
void jsonfile_skip(struct jsonfile *j, const struct jsonfile_value *v);

/** True when all was read and nothing was wrong. */
bool jsonfile_done(struct jsonfile *j);

#endif
