/* Days and moments, as people write them in documents. */
#include "policy/instant.h"

enum {
	YEAR_MIN = 2000,
	YEAR_MAX = 9999,
	DAY_S = 86400,
	DAYS_TO_1970 = 719162, /* from the 1st of January of the year 1 */
};

/* Of a time as it is written; `day_alone`: none was. */
struct instant {
	int year, month, day; /* from 1 */
	int hour, minute, second;
	bool day_alone;
};

/* `len` digits at *at, a number within bounds; *at goes behind them. */
static bool
take_number(const char **at, size_t len, int min, int max, int *out)
{
	int v = 0;

	for (; len > 0; len--, (*at)++) {
		if (**at < '0' || **at > '9')
			return false;
		v = v * 10 + (**at - '0');
	}
	*out = v;
	return v >= min && v <= max;
}

static bool
take_char(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

static int
days_of_month(int year, int month)
{
	static const int days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

/*
 * "2027-03-31" or "2027-03-31T12:00:00Z" (RFC 3339). A text ends with a NUL,
 * which is no digit and no sign, so nothing reads beyond.
 */
static bool
parse_instant(const char *text, struct instant *t)
{
	*t = (struct instant){0};
	if (!take_number(&text, 4, YEAR_MIN, YEAR_MAX, &t->year) ||
	    !take_char(&text, '-') ||
	    !take_number(&text, 2, 1, 12, &t->month) ||
	    !take_char(&text, '-') ||
	    !take_number(
		&text, 2, 1, days_of_month(t->year, t->month), &t->day))
		return false;
	t->day_alone = *text == '\0';
	return t->day_alone ||
	    (take_char(&text, 'T') && take_number(&text, 2, 0, 23, &t->hour) &&
		take_char(&text, ':') &&
		take_number(&text, 2, 0, 59, &t->minute) &&
		take_char(&text, ':') &&
		take_number(&text, 2, 0, 59, &t->second) &&
		take_char(&text, 'Z') && *text == '\0');
}

/* Seconds since 1970: of a day alone, of its beginning. */
static int64_t
instant_s(const struct instant *t)
{
	int64_t before = t->year - 1;
	int64_t days = before * 365 + before / 4 - before / 100 + before / 400;

	for (int m = 1; m < t->month; m++)
		days += days_of_month(t->year, m);
	days += t->day - 1 - DAYS_TO_1970;
	return days * DAY_S + t->hour * 3600 + t->minute * 60 + t->second;
}

bool
instant_parse(const char *text, int64_t *begin_s, int64_t *end_s)
{
	struct instant t;

	if (!parse_instant(text, &t))
		return false;
	*begin_s = instant_s(&t);
	*end_s = *begin_s + (t.day_alone ? DAY_S : 0);
	return true;
}
