#include "base/span.h"

bool
span_decimal(struct span text, uint64_t max, uint64_t *value)
{
	uint64_t v = 0;

	if (text.len == 0 || (text.len > 1 && text.p[0] == '0'))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		uint64_t digit;

		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		digit = (uint64_t)(text.p[i] - '0');
		if (v > (UINT64_MAX - digit) / 10)
			return false;
		v = v * 10 + digit;
		if (v > max)
			return false;
	}
	*value = v;
	return true;
}
