/**
 * number.h - numbers as decimal text, exact on both sides: what JSON (RFC 8259
 * section 6) and plain text (LwM2M Core Appendix C) hold, and what a decimal
 * fraction of CBOR comes down to.
 *
 * A whole number never passes through a double, and neither call looks at the
 * locale. For the formats of this module.
 */
#ifndef LWM2M_NUMBER_H
#define LWM2M_NUMBER_H

#include "base/cursor.h"
#include "lwm2m/real.h"

enum {
	/** Bytes of the longest text that is read. The exact digits of any
	 *  double, the smallest too, are fewer. */
	NUMBER_TEXT_MAX = REAL_DIGITS_MAX,
	/** Bytes of the longest text that number_print_plain writes. */
	NUMBER_PLAIN_MAX = 330,
};

struct lwm2m_number {
	bool negative;
	bool point; /**< written with a point or an exponent */
	bool whole; /**< it is `magnitude`, or -`magnitude`, exactly */
	uint64_t magnitude;
	double real; /**< the nearest double; finite */
};

/**
 * Read the whole of `text`: -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?
 * What is too small for a double is 0.
 * Errors: RC_MALFORMED (also: too long, or too large for a double).
 */
MUST_CHECK enum rc number_parse(struct span text, struct lwm2m_number *out);

/** Append the shortest text that reads back as `real`, which is finite. It has
 *  a point or an exponent: nobody takes it for an Integer. */
void number_print(struct writer *w, double real);

/** The same without an exponent, as plain text wants it. */
void number_print_plain(struct writer *w, double real);

#endif
