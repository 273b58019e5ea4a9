/**
 * silence.h - comments by which an author says that a warning is known:
 *
 *     # check: ignore policy-nosec because the bench has no other network
 *     nosec: {network: 10.1.0.0/16}
 *
 * In a line of its own, before the line that the warning is about; several may
 * stand below each other. Within this module.
 */
#ifndef POLICY_SILENCE_H
#define POLICY_SILENCE_H

#include "base/diag.h"

/** Give `d` (diag_silence) what the comments of a file silence. One that cannot
 *  be understood is a warning. */
void silence_read(struct diag *d, const char *file, struct span text);

#endif
