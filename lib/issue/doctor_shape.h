/**
 * doctor_shape.h - what a key may have been written as before it was taken for
 * the key: hex, base64, its bytes in another order.
 */
#ifndef ISSUE_DOCTOR_SHAPE_H
#define ISSUE_DOCTOR_SHAPE_H

#include "base/cursor.h"

enum {
	SHAPES = 17,
	/** The first ones: the key itself, its hex, its base64. Devices are
	 *  known to cut and to fill up these. */
	SHAPES_CHANGED = 4,
};

typedef void (*shape_fn)(struct writer *w, struct span key);

struct shape {
	const char *code;
	const char *sentence; /**< without its full stop */
	const char *remedy;
	shape_fn write; /**< sets w->full where there is no such shape */
};

/** [0]: the key as it is. */
extern const struct shape shapes[SHAPES];

#endif
