#include "rollout_words.h"

#include <string.h>

enum { PERCENT = ROLLOUT_WHOLE / 100, DECIMALS = 4 };

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
rollout_share_read(struct span text, uint32_t *out)
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
	if (part == 0 || part > ROLLOUT_WHOLE)
		return false;
	*out = part;
	return true;
}

void
rollout_share_print(struct writer *w, uint32_t share)
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

const char *
rollout_stages_fault(const struct rollout_terms *t)
{
	if (t->stage_count == 0)
		return "there is no stage";
	for (size_t i = 1; i < t->stage_count; i++)
		if (t->stages[i] <= t->stages[i - 1])
			return "each stage is a larger share than the one "
			       "before it";
	if (t->stages[t->stage_count - 1] != ROLLOUT_WHOLE)
		return "the last stage is 100%";
	return NULL;
}

const char *
rollout_stages_read(struct span text, struct rollout_terms *out)
{
	out->stage_count = 0;
	for (;;) {
		const uint8_t *comma =
		    text.len ? memchr(text.p, ',', text.len) : NULL;
		struct span one = span_of(
		    text.p, comma ? (size_t)(comma - text.p) : text.len);

		if (out->stage_count == ROLLOUT_STAGES_MAX)
			return "there are more than 16 stages";
		if (!rollout_share_read(one, &out->stages[out->stage_count]))
			return "a stage is a share like 1% or 0.5%, above 0% "
			       "and up to 100%";
		out->stage_count++;
		if (!comma)
			return rollout_stages_fault(out);
		text = span_from(text, one.len + 1);
	}
}

void
rollout_stages_print(struct writer *w, const struct rollout_terms *t)
{
	for (size_t i = 0; i < t->stage_count; i++) {
		if (i)
			writer_str(w, ",");
		rollout_share_print(w, t->stages[i]);
	}
}

/* The largest last. */
static const struct {
	const char *name;
	uint64_t ms;
} units[] = {
    {"ms", 1},
    {"s", 1000},
    {"m", 60000},
    {"h", 3600000},
    {"d", 86400000},
};
enum { UNITS = sizeof(units) / sizeof(units[0]) };

bool
rollout_window_read(struct span text, uint64_t *out_ms)
{
	size_t digits = 0;
	uint64_t v;

	while (
	    digits < text.len && text.p[digits] >= '0' && text.p[digits] <= '9')
		digits++;
	if (!span_decimal(span_of(text.p, digits), UINT32_MAX, &v) || v == 0)
		return false;
	for (size_t i = 0; i < UNITS; i++) {
		if (!span_is(span_from(text, digits), units[i].name))
			continue;
		if (v > ROLLOUT_WINDOW_MAX_MS / units[i].ms)
			return false;
		*out_ms = v * units[i].ms;
		return true;
	}
	return false;
}

void
rollout_window_print(struct writer *w, uint64_t ms)
{
	size_t best = 0;

	for (size_t i = 1; i < UNITS; i++)
		if (ms != 0 && ms % units[i].ms == 0)
			best = i;
	writer_fmt(w, "%llu%s", (unsigned long long)(ms / units[best].ms),
	    units[best].name);
}
