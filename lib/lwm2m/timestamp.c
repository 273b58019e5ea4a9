#include "lwm2m/timestamp.h"

enum {
	MINUTE_S = 60,
	HOUR_S = 60 * MINUTE_S,
	DAY_S = 24 * HOUR_S,
	DAYS_400_YEARS = 146097, /* after which the calendar repeats */
	DAYS_TO_1970 = 719468, /* from 1 March of the year 0 */
};

/** Cut `count` digits off the front, a number of `least` to `most`. */
static bool
take_number(
    struct span *text, size_t count, unsigned least, unsigned most, int *out)
{
	unsigned v = 0;

	if (text->len < count)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (text->p[i] < '0' || text->p[i] > '9')
			return false;
		v = v * 10 + (text->p[i] - '0');
	}
	*text = span_from(*text, count);
	*out = (int)v;
	return v >= least && v <= most;
}

/** Either letter: RFC 3339 section 5.6 takes T and Z in lower case too. */
static bool
take_letter(struct span *text, char a, char b)
{
	if (text->len == 0 ||
	    (text->p[0] != (uint8_t)a && text->p[0] != (uint8_t)b))
		return false;
	*text = span_from(*text, 1);
	return true;
}

static bool
take(struct span *text, char c)
{
	return take_letter(text, c, c);
}

static int
month_days(int year, int month)
{
	static const int days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/** Days since 1970. Years begin in March here: the leap day is their last. */
static int64_t
days_since_1970(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year =
	    (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 -
	    year_of_era / 100 + day_of_year;

	return era * DAYS_400_YEARS + day_of_era - DAYS_TO_1970;
}

/** ".000": nothing that a whole second would lose. */
static bool
take_fraction(struct span *text)
{
	if (!take(text, '.'))
		return true;
	if (!take(text, '0'))
		return false;
	while (take(text, '0'))
		continue;
	return true;
}

/** "Z", "+01:00": what the clock is ahead of UTC. */
static bool
take_offset(struct span *text, int *out_s)
{
	bool west;
	int hours;
	int minutes;

	*out_s = 0;
	if (take_letter(text, 'Z', 'z'))
		return true;
	west = take(text, '-');
	if ((!west && !take(text, '+')) ||
	    !take_number(text, 2, 0, 23, &hours) || !take(text, ':') ||
	    !take_number(text, 2, 0, 59, &minutes))
		return false;
	*out_s = hours * HOUR_S + minutes * MINUTE_S;
	if (west)
		*out_s = -*out_s;
	return true;
}

enum rc
timestamp_parse(struct span text, int64_t *time_s)
{
	int year, month, day, hour, minute, second, offset_s;

	/* A leap second counts as the first of the next minute. */
	if (!take_number(&text, 4, 0, 9999, &year) || !take(&text, '-') ||
	    !take_number(&text, 2, 1, 12, &month) || !take(&text, '-') ||
	    !take_number(&text, 2, 1, 31, &day) ||
	    !take_letter(&text, 'T', 't') ||
	    !take_number(&text, 2, 0, 23, &hour) || !take(&text, ':') ||
	    !take_number(&text, 2, 0, 59, &minute) || !take(&text, ':') ||
	    !take_number(&text, 2, 0, 60, &second) || !take_fraction(&text) ||
	    !take_offset(&text, &offset_s) || text.len > 0 ||
	    day > month_days(year, month))
		return RC_MALFORMED;
	*time_s = days_since_1970(year, month, day) * DAY_S + hour * HOUR_S +
	    minute * MINUTE_S + second - offset_s;
	return RC_OK;
}
