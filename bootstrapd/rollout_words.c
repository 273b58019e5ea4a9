#include "rollout_words.h"

#include <string.h>

bool
rollout_share_read(struct span text, uint32_t *out)
{
	uint32_t share;

	if (!share_parse(text, &share) || share == 0)
		return false;
	*out = share;
	return true;
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
	if (t->stages[t->stage_count - 1] != SHARE_WHOLE)
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
		share_print(w, t->stages[i]);
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
