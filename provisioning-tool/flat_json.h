/**
 * flat_json.h - one level of JSON: an object of texts, whole numbers and
 * literals, which is all that the rows of a ledger hold. What is anything else
 * is not taken apart: a ledger may have been written by somebody else.
 */
#ifndef TOOL_FLAT_JSON_H
#define TOOL_FLAT_JSON_H

#include "base/cursor.h"

enum { FLAT_JSON_MAX = 16384 /**< bytes that flat_valid takes */ };

struct flat_member {
	struct span name; /**< between its quotes; [a-z0-9_] only */
	struct span value; /**< as it stands, a text with its quotes */
	bool text;
};

/** Where a walk over an object is. */
struct flat_walk {
	struct reader r;
	bool begun;
};

void flat_begin(struct flat_walk *f, struct span json);

/** The next member. False at the end, and at the first fault. */
bool flat_next(struct flat_walk *f, struct flat_member *out);

/**
 * True when `json` is such an object from its first byte to its last, and all
 * its texts are printable: no control or format character stands unescaped.
 */
bool flat_valid(struct span json);

#endif
