/*
 * Times of X.509, RFC 5280 section 4.1.2.5: in UTC, to the second, the year
 * with two digits before 2050 and with four from then on.
 */
#include "hsm/der.h"

enum {
	DAY_S = 86400,
	UTC_TIME_LEN = 13, /* YYMMDDHHMMSSZ */
	GENERALIZED_LEN = 15, /* YYYYMMDDHHMMSSZ */
};

struct civil {
	int year;
	unsigned month, day, hour, minute, second;
};

static bool
leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned
month_days(int year, unsigned month)
{
	static const uint8_t days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && leap(year) ? 29 : days[month - 1];
}

/* Days from 1970-01-01 to the first of a year. */
static int64_t
year_days(int year)
{
	int y = year - 1;

	return (int64_t)365 * (year - 1970) + (y / 4 - 1969 / 4) -
	    (y / 100 - 1969 / 100) + (y / 400 - 1969 / 400);
}

static bool
civil_valid(const struct civil *c)
{
	return c->month >= 1 && c->month <= 12 && c->day >= 1 &&
	    c->day <= month_days(c->year, c->month) && c->hour <= 23 &&
	    c->minute <= 59 && c->second <= 59;
}

static int64_t
civil_seconds(const struct civil *c)
{
	int64_t days = year_days(c->year) + c->day - 1;

	for (unsigned m = 1; m < c->month; m++)
		days += month_days(c->year, m);
	return days * DAY_S + c->hour * 3600 + c->minute * 60 + c->second;
}

/* False: not in 1950..9999. */
static bool
civil_of(int64_t time_s, struct civil *c)
{
	int64_t days = time_s / DAY_S, rest = time_s % DAY_S;

	if (rest < 0) {
		rest += DAY_S;
		days--;
	}
	if (days < year_days(1950) || days >= year_days(10000))
		return false;
	c->year = 1970 + (int)(days / 366);
	while (year_days(c->year) > days)
		c->year--;
	while (year_days(c->year + 1) <= days)
		c->year++;
	days -= year_days(c->year);
	for (c->month = 1; days >= month_days(c->year, c->month); c->month++)
		days -= month_days(c->year, c->month);
	c->day = (unsigned)days + 1;
	c->hour = (unsigned)(rest / 3600);
	c->minute = (unsigned)(rest / 60 % 60);
	c->second = (unsigned)(rest % 60);
	return true;
}

static unsigned
two_digits(const uint8_t *p)
{
	return (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0');
}

int64_t
der_time(struct der_reader *r)
{
	const uint8_t *at = r->p;
	struct civil c;
	struct span v;
	uint8_t tag;
	size_t len;

	v = der_take_any(r, &tag);
	if (!der_ok(r))
		return 0;
	len = tag == DER_UTC_TIME ? UTC_TIME_LEN : GENERALIZED_LEN;
	if ((tag != DER_UTC_TIME && tag != DER_GENERALIZED_TIME) ||
	    v.len != len || v.p[len - 1] != 'Z') {
		der_fail_at(r, at,
		    "a time not in the form YYMMDDHHMMSSZ or "
		    "YYYYMMDDHHMMSSZ");
		return 0;
	}
	for (size_t i = 0; i < len - 1; i++) {
		if (v.p[i] < '0' || v.p[i] > '9') {
			der_fail_at(r, at, "a time with other than digits");
			return 0;
		}
	}
	c.year = (int)two_digits(v.p);
	if (tag == DER_UTC_TIME) {
		c.year += c.year >= 50 ? 1900 : 2000;
	} else {
		c.year = c.year * 100 + (int)two_digits(v.p + 2);
		v = span_from(v, 2);
	}
	c.month = two_digits(v.p + 2);
	c.day = two_digits(v.p + 4);
	c.hour = two_digits(v.p + 6);
	c.minute = two_digits(v.p + 8);
	c.second = two_digits(v.p + 10);
	if (tag == DER_GENERALIZED_TIME && c.year < 2050)
		der_fail_at(r, at, "GeneralizedTime before 2050");
	else if (!civil_valid(&c))
		der_fail_at(r, at, "no such day or time of day");
	return der_ok(r) ? civil_seconds(&c) : 0;
}

void
der_put_time(struct writer *w, int64_t time_s)
{
	struct civil c;
	size_t at;

	if (!civil_of(time_s, &c)) {
		w->full = true;
		return;
	}
	if (c.year < 2050) {
		at = der_open(w, DER_UTC_TIME);
		writer_fmt(w, "%02d", c.year % 100);
	} else {
		at = der_open(w, DER_GENERALIZED_TIME);
		writer_fmt(w, "%04d", c.year);
	}
	writer_fmt(w, "%02u%02u%02u%02u%02uZ", c.month, c.day, c.hour, c.minute,
	    c.second);
	der_close(w, at);
}

void
der_print_time(struct writer *w, int64_t time_s)
{
	struct civil c;

	if (!civil_of(time_s, &c))
		writer_str(w, "out of range");
	else if (time_s == DER_TIME_FOREVER)
		writer_str(w, "never");
	else
		writer_fmt(w, "%04d-%02u-%02uT%02u:%02u:%02uZ", c.year, c.month,
		    c.day, c.hour, c.minute, c.second);
}
