/**
 * real.h - decimal digits to the nearest double (IEEE 754, ties to even),
 * exactly: in whole numbers of bounded length, with no memory of its own and no
 * look at the locale. For number.c.
 */
#ifndef LWM2M_REAL_H
#define LWM2M_REAL_H

#include "base/span.h"

enum {
	REAL_DIGITS_MAX = 1100, /**< bytes */
};

/**
 * The number that `digits`, a whole one of at most REAL_DIGITS_MAX digits, is
 * times 10^`exponent`. Infinity: too large for a double; 0: too small.
 */
double real_from_decimal(struct span digits, long exponent);

#endif
