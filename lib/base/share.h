/**
 * share.h - a part of a whole, as people write it: "1%", "0.25%", "100%", with
 * at most four digits behind the point.
 */
#ifndef BASE_SHARE_H
#define BASE_SHARE_H

#include "base/cursor.h"

enum { SHARE_WHOLE = 1000000 /**< shares are parts of a million */ };

/** False: it is none, or above the whole. "0%" is one. */
bool share_parse(struct span text, uint32_t *out);

/** Append it as share_parse reads it, with no digit too many. */
void share_print(struct writer *w, uint32_t share);

#endif
