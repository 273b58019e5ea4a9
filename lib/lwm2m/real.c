#include "lwm2m/real.h"

#include <math.h>

enum {
	LIMB_BITS = 32,
	/* No double reaches 10^310, or is told from 0 below 10^-330. */
	POWER_MOST = 310,
	POWER_LEAST = -330,
	/* Bits of the digits, of 10^(digits + 330) and of the quotient. */
	LIMBS = (REAL_DIGITS_MAX * 4 + (REAL_DIGITS_MAX - POWER_LEAST) * 4) /
		LIMB_BITS +
	    4,
	DIVISOR_DIGITS = 9, /* 10^9 fits a limb */
	SIGNIFICAND_BITS = 53,
	EXPONENT_MOST = 1023,
	EXPONENT_LEAST = -1074, /* of the last bit of the smallest double */
};

/** A whole number, its lowest limb first. */
struct big {
	uint32_t limbs[LIMBS];
	size_t count;
};

static void
multiply_add(struct big *b, uint32_t factor, uint32_t addend)
{
	uint64_t carry = addend;

	for (size_t i = 0; i < b->count; i++) {
		carry += (uint64_t)b->limbs[i] * factor;
		b->limbs[i] = (uint32_t)carry;
		carry >>= LIMB_BITS;
	}
	if (carry > 0)
		b->limbs[b->count++] = (uint32_t)carry;
}

/** The remainder. */
static uint32_t
divide(struct big *b, uint32_t divisor)
{
	uint64_t left = 0;

	for (size_t i = b->count; i-- > 0;) {
		left = left << LIMB_BITS | b->limbs[i];
		b->limbs[i] = (uint32_t)(left / divisor);
		left %= divisor;
	}
	while (b->count > 0 && b->limbs[b->count - 1] == 0)
		b->count--;
	return (uint32_t)left;
}

static void
shift_up(struct big *b, size_t limbs)
{
	memmove(b->limbs + limbs, b->limbs, b->count * sizeof(b->limbs[0]));
	memset(b->limbs, 0, limbs * sizeof(b->limbs[0]));
	b->count += limbs;
}

static bool
bit(const struct big *b, long i)
{
	return b->limbs[i / LIMB_BITS] >> (i % LIMB_BITS) & 1;
}

static long
bit_length(const struct big *b)
{
	long n = (long)b->count * LIMB_BITS;

	while (n > 0 && !bit(b, n - 1))
		n--;
	return n;
}

/**
 * `b` times 2^-`shift`, to the nearest double; `more`: it is a little more
 * than that.
 */
static double
rounded(const struct big *b, long shift, bool more)
{
	long length = bit_length(b);
	long last = length - SIGNIFICAND_BITS; /* the last bit that is kept */
	uint64_t kept = 0;

	if (length - 1 - shift > EXPONENT_MOST)
		return (double)INFINITY;
	if (last - shift < EXPONENT_LEAST)
		last = EXPONENT_LEAST + shift;
	if (last > length)
		return 0;
	if (last < 0)
		last = 0;
	for (long i = length; i-- > last;)
		kept = kept << 1 | bit(b, i);
	for (long i = 0; i < last - 1 && !more; i++)
		more = bit(b, i);
	if (last > 0 && bit(b, last - 1) && (more || (kept & 1)))
		kept++;
	return ldexp((double)kept, (int)(last - shift));
}

/** Divide by 10^`power`; true when something was left over. */
static bool
divide_power(struct big *b, long power)
{
	bool more = false;

	while (power > 0) {
		uint32_t divisor = 1;

		for (int i = 0; i < DIVISOR_DIGITS && power > 0; i++, power--)
			divisor *= 10;
		if (divide(b, divisor) != 0)
			more = true;
	}
	return more;
}

double
real_from_decimal(struct span digits, long exponent)
{
	struct big b = {.count = 0};
	size_t limbs;
	bool more;

	while (digits.len > 0 && digits.p[0] == '0')
		digits = span_from(digits, 1);
	if (digits.len == 0 || (long)digits.len + exponent < POWER_LEAST)
		return 0;
	if ((long)digits.len + exponent > POWER_MOST)
		return (double)INFINITY;
	for (size_t i = 0; i < digits.len; i++)
		multiply_add(&b, 10, digits.p[i] - (uint32_t)'0');
	for (; exponent > 0; exponent--)
		multiply_add(&b, 10, 0);
	if (exponent == 0)
		return rounded(&b, 0, false);
	/* Enough below the point that the quotient has bits to round: a digit
	 * of the divisor takes less than four. */
	limbs = (size_t)(-exponent * 4) / LIMB_BITS + 3;
	shift_up(&b, limbs);
	more = divide_power(&b, -exponent);
	return rounded(&b, (long)limbs * LIMB_BITS, more);
}
