/**
 * stand_in.h - a key in the place of one that is still to be made, so that a
 * certificate can be linted and shown before there is one.
 */
#ifndef TOOL_STAND_IN_H
#define TOOL_STAND_IN_H

#include "base/cursor.h"
#include "hsm/p256.h"

/** A public key that nobody has the private half of. Errors: RC_MEMORY. */
MUST_CHECK enum rc stand_in_key(uint8_t spki[static P256_SPKI_LEN]);

/** Append the text of cert_draft_print, with "(to be made)" for its digest. */
void stand_in_hide(struct writer *w, struct span text);

#endif
