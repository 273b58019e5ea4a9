#include "base/share.h"

#include <string.h>

enum { PERCENT = SHARE_WHOLE / 100, DECIMALS = 4 };

/** What stands behind the point, in parts of a million; zeros in front of it
 *  say something. */
static bool
read_decimals(struct span digits, uint32_t *out)
{
	uint32_t v = 0;

	if (digits.len == 0 || digits.len > DECIMALS)
		return false;
	for (size_t i = 0; i < DECIMALS; i++) {
		uint8_t c = i < digits.len ? digits.p[i] : '0';

		if (c < '0' || c > '9')
			return false;
		v = v * 10 + (uint32_t)(c - '0');
	}
	*out = v;
	return true;
}

bool
share_parse(struct span text, uint32_t *out)
{
	struct span whole = text;
	const uint8_t *point;
	uint32_t part = 0;
	uint64_t percent;

	if (text.len < 2 || text.p[text.len - 1] != '%')
		return false;
	whole.len = --text.len;
	point = memchr(text.p, '.', text.len);
	if (point)
		whole.len = (size_t)(point - text.p);
	if (!span_decimal(whole, 100, &percent) ||
	    (point && !read_decimals(span_from(text, whole.len + 1), &part)))
		return false;
	part += (uint32_t)percent * PERCENT;
	if (part > SHARE_WHOLE)
		return false;
	*out = part;
	return true;
}

void
share_print(struct writer *w, uint32_t share)
{
	unsigned part = share % PERCENT, digits = DECIMALS;

	writer_fmt(w, "%u", (unsigned)(share / PERCENT));
	while (part && part % 10 == 0) {
		part /= 10;
		digits--;
	}
	if (part)
		writer_fmt(w, ".%0*u", (int)digits, part);
	writer_str(w, "%");
}
