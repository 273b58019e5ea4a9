#include "lwm2m/number.h"

#include <math.h>
#include <stdio.h>

enum {
	DOUBLE_DIGITS = 17, /* always enough to tell one double from another */
	EXPONENT_MAX = 99999, /* any text in between is 0, or too large */
	/* Where a number is written out in full rather than with an exponent:
	 * as ECMAScript does it, whose JSON the world has got used to. */
	PLAIN_LEAST = -6,
	PLAIN_MOST = 21,
};

/** Its significant digits: `digits` is a whole number, times 10^exponent. */
struct decimal {
	char digits[NUMBER_TEXT_MAX];
	size_t count;
	long exponent;
};

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/** Cut the digits at the front of `text` off. */
static struct span
take_digits(struct span *text)
{
	size_t n = 0;
	struct span s;

	while (n < text->len && is_digit(text->p[n]))
		n++;
	s = span_of(text->p, n);
	*text = span_from(*text, n);
	return s;
}

static bool
take(struct span *text, char c)
{
	if (text->len == 0 || text->p[0] != (uint8_t)c)
		return false;
	*text = span_from(*text, 1);
	return true;
}

static void
add_digits(struct decimal *d, struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (d->count > 0 || s.p[i] != '0')
			d->digits[d->count++] = (char)s.p[i];
	}
}

/** "e-12", "E+3": false where there are no digits. */
static bool
take_exponent(struct span *text, long *out)
{
	bool negative = take(text, '-');
	struct span s;
	long v = 0;

	if (!negative)
		(void)take(text, '+');
	s = take_digits(text);
	for (size_t i = 0; i < s.len; i++) {
		if (v < EXPONENT_MAX)
			v = v * 10 + (s.p[i] - '0');
	}
	*out = negative ? -v : v;
	return s.len > 0;
}

static bool
read_decimal(struct span text, struct lwm2m_number *out, struct decimal *d)
{
	struct span whole;
	struct span fraction;

	out->negative = take(&text, '-');
	whole = take_digits(&text);
	if (whole.len == 0 || (whole.len > 1 && whole.p[0] == '0'))
		return false;
	add_digits(d, whole);
	if (take(&text, '.')) {
		out->point = true;
		fraction = take_digits(&text);
		if (fraction.len == 0)
			return false;
		add_digits(d, fraction);
		d->exponent = -(long)fraction.len;
	}
	if (take(&text, 'e') || take(&text, 'E')) {
		long exponent;

		out->point = true;
		if (!take_exponent(&text, &exponent))
			return false;
		d->exponent += exponent;
	}
	while (d->count > 0 && d->digits[d->count - 1] == '0') {
		d->count--;
		d->exponent++;
	}
	return text.len == 0;
}

/** The exact value, where it is whole and fits. */
static bool
read_magnitude(const struct decimal *d, uint64_t *out)
{
	uint64_t v = 0;

	*out = 0;
	if (d->count == 0)
		return true;
	if (d->exponent < 0 || d->exponent > PLAIN_MOST)
		return false;
	for (size_t i = 0; i < d->count + (size_t)d->exponent; i++) {
		unsigned digit =
		    i < d->count ? (unsigned)(d->digits[i] - '0') : 0;

		if (__builtin_mul_overflow(v, 10u, &v) ||
		    __builtin_add_overflow(v, digit, &v))
			return false;
	}
	*out = v;
	return true;
}

enum rc
number_parse(struct span text, struct lwm2m_number *out)
{
	struct decimal d = {.count = 0};

	*out = (struct lwm2m_number){0};
	if (text.len > NUMBER_TEXT_MAX || !read_decimal(text, out, &d))
		return RC_MALFORMED;
	out->whole = read_magnitude(&d, &out->magnitude);
	out->real = real_from_decimal(span_of(d.digits, d.count), d.exponent);
	if (out->negative)
		out->real = -out->real;
	return isfinite(out->real) ? RC_OK : RC_MALFORMED;
}

/**
 * The digits of `real` as d.ddd times 10^*exponent, with `after` of them behind
 * the point.
 */
static struct span
print_digits(
    double real, int after, char digits[static DOUBLE_DIGITS], long *exponent)
{
	char text[64];
	struct span s;
	size_t count = 0;
	int len = snprintf(text, sizeof(text), "%.*e", after, real);

	s = span_of(text, len > 0 ? (size_t)len : 0);
	/* Whatever the locale puts between them is no digit. */
	for (; s.len > 0 && s.p[0] != 'e'; s = span_from(s, 1)) {
		if (is_digit(s.p[0]) && count < DOUBLE_DIGITS)
			digits[count++] = (char)s.p[0];
	}
	s = span_from(s, 1);
	*exponent = 0;
	(void)take_exponent(&s, exponent);
	return span_of(digits, count);
}

/** The fewest digits that read back as `real`. */
static struct span
shortest(double real, char digits[static DOUBLE_DIGITS], long *exponent)
{
	struct span s = span_of(digits, 0);

	for (int after = 0; after < DOUBLE_DIGITS; after++) {
		s = print_digits(real, after, digits, exponent);
		if (real_from_decimal(s, *exponent - after) == real)
			break;
	}
	return s;
}

static void
put_zeros(struct writer *w, long count)
{
	while (count-- > 0)
		writer_str(w, "0");
}

static void
put_plain(struct writer *w, struct span digits, long exponent)
{
	size_t before = exponent < 0 ? 0 : (size_t)exponent + 1;
	struct span after = span_from(digits, before);

	if (before == 0)
		writer_str(w, "0");
	writer_put(w, span_of(digits.p, digits.len - after.len));
	put_zeros(w, (long)before - (long)digits.len);
	writer_str(w, ".");
	put_zeros(w, -exponent - 1);
	writer_put(w, after);
	if (after.len == 0)
		writer_str(w, "0");
}

static void
put_scientific(struct writer *w, struct span digits, long exponent)
{
	writer_put(w, span_of(digits.p, 1));
	if (digits.len > 1) {
		writer_str(w, ".");
		writer_put(w, span_from(digits, 1));
	}
	writer_fmt(w, "e%ld", exponent);
}

static void
put_real(struct writer *w, double real, bool plain)
{
	char digits[DOUBLE_DIGITS];
	long exponent;
	struct span s = shortest(fabs(real), digits, &exponent);

	if (signbit(real))
		writer_str(w, "-");
	if (plain || (exponent >= PLAIN_LEAST && exponent < PLAIN_MOST))
		put_plain(w, s, exponent);
	else
		put_scientific(w, s, exponent);
}

void
number_print(struct writer *w, double real)
{
	put_real(w, real, false);
}

void
number_print_plain(struct writer *w, double real)
{
	put_real(w, real, true);
}
