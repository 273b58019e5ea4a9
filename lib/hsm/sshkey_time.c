#include "hsm/sshkey.h"

#include <time.h>

static int
digits(struct span *s, size_t n)
{
	int v = 0;

	for (size_t i = 0; i < n; i++)
		v = v * 10 + (s->p[i] - '0');
	*s = span_from(*s, n);
	return v;
}

bool
sshkey_time(struct span s, int64_t *out)
{
	struct tm tm = {0}, back;

	if (s.len == 0 || s.p[s.len - 1] != 'Z')
		return false;
	s.len--;
	if (s.len != 8 && s.len != 12 && s.len != 14)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	tm.tm_year = digits(&s, 4) - 1900;
	tm.tm_mon = digits(&s, 2) - 1;
	tm.tm_mday = digits(&s, 2);
	tm.tm_hour = s.len ? digits(&s, 2) : 0;
	tm.tm_min = s.len ? digits(&s, 2) : 0;
	tm.tm_sec = s.len ? digits(&s, 2) : 0;
	back = tm;
	*out = timegm(&tm);
	/* what the calendar has put right was wrong */
	return tm.tm_year == back.tm_year && tm.tm_mon == back.tm_mon &&
	    tm.tm_mday == back.tm_mday && tm.tm_hour == back.tm_hour &&
	    tm.tm_min == back.tm_min && tm.tm_sec == back.tm_sec;
}
