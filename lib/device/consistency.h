/**
 * consistency.h - what a client checks before it answers Finish with 2.04: the
 * reasons for 4.06 that real clients have (spec/bootstrap.md section 9,
 * ETS 1.1-int-9).
 */
#ifndef DEVICE_CONSISTENCY_H
#define DEVICE_CONSISTENCY_H

#include "device/held.h"

/** A static sentence that says what is wrong; NULL: nothing.
 *  `needs_empty_keys`: /0/x/3, 4 and 5 have to be there in every mode. */
const char *consistency_fault(const struct held *s, bool needs_empty_keys);

#endif
