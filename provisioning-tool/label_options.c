#include "label_options.h"

#include "tool.h"

#include <stdio.h>

/** A template, whose words are known. */
static const char *
check_text(struct span text)
{
	struct span word;

	if (text.len == 0)
		return "it is empty";
	if (text.len > 1000)
		return "it is longer than 1000 bytes";
	if (!label_words_known(text, &word))
		return "a word in braces is none of {endpoint}, {serial}, "
		       "{fingerprint}, {identity}, {image}, {batch}, "
		       "{order}, {station}, {model} and {lot}";
	return NULL;
}

static const char *
set_payload(struct label_spec *spec, const struct span *values, size_t count)
{
	const char *fault = check_text(values[0]);

	if (!fault && count == 1)
		spec->payload = values[0];
	return fault;
}

static const char *
set_level(struct label_spec *spec, const struct span *values, size_t count)
{
	static const char levels[] = "LMQH";
	const char *at = values[0].len == 1
	    ? memchr(levels, values[0].p[0], sizeof(levels) - 1)
	    : NULL;

	if (!at || count != 1)
		return "it is L, M, Q or H";
	spec->level = (enum label_level)(at - levels);
	return NULL;
}

static const char *
set_dpi(struct label_spec *spec, const struct span *values, size_t count)
{
	uint64_t n = 0;

	if (count != 1 || !span_decimal(values[0], 600, &n) ||
	    (n != 152 && n != 203 && n != 300 && n != 600))
		return "it is 152, 203, 300 or 600";
	spec->dpi = (unsigned)n;
	return NULL;
}

static const char *
set_module(struct label_spec *spec, const struct span *values, size_t count)
{
	uint64_t n = 0;

	if (count != 1 || !span_decimal(values[0], LABEL_MODULE_MAX, &n) ||
	    n == 0)
		return "it is 1 to 10 dots";
	spec->module = (unsigned)n;
	return NULL;
}

/** "25.4" of units of `unit_um` micrometres. */
static bool
take_length(struct span s, unsigned unit_um, unsigned *out_um)
{
	const uint8_t *dot = s.len ? memchr(s.p, '.', s.len) : NULL;
	struct span whole = dot ? span_of(s.p, (size_t)(dot - s.p)) : s;
	struct span part = dot ? span_from(s, whole.len + 1) : span_of("0", 1);
	uint64_t n, fraction, um, scale = 1;

	if (!span_decimal(whole, 1000, &n) || part.len > 3)
		return false;
	for (size_t i = 0; i < part.len; i++) {
		if (part.p[i] < '0' || part.p[i] > '9')
			return false;
		scale *= 10;
	}
	if (part.len == 0)
		return false;
	fraction = 0;
	for (size_t i = 0; i < part.len; i++)
		fraction = fraction * 10 + (uint64_t)(part.p[i] - '0');
	um = n * unit_um + (fraction * unit_um + scale / 2) / scale;
	if (um < 5000 || um > 300000)
		return false;
	*out_um = (unsigned)um;
	return true;
}

static const char *
set_size(struct label_spec *spec, const struct span *values, size_t count)
{
	struct span s = values[0];
	const uint8_t *by;
	unsigned unit_um, width, height;

	if (span_ends(s, SPAN_LIT("mm")))
		unit_um = 1000;
	else if (span_ends(s, SPAN_LIT("in")))
		unit_um = 25400;
	else
		unit_um = 0;
	s.len -= unit_um ? 2 : 0;
	by = s.len ? memchr(s.p, 'x', s.len) : NULL;
	if (count != 1 || unit_um == 0 || !by ||
	    !take_length(span_of(s.p, (size_t)(by - s.p)), unit_um, &width) ||
	    !take_length(
		span_from(s, (size_t)(by - s.p) + 1), unit_um, &height))
		return "it is WIDTHxHEIGHT with a unit, 50x25mm, 50.8x25.4mm "
		       "or 2x1in, each side 5 to 300 mm";
	spec->width_um = width;
	spec->height_um = height;
	return NULL;
}

static const char *
set_text(struct label_spec *spec, const struct span *values, size_t count)
{
	if (count > LABEL_TEXTS_MAX)
		return "there are more than eight lines";
	for (size_t i = 0; i < count; i++) {
		const char *fault = check_text(values[i]);

		if (fault)
			return fault;
		spec->texts[i] = values[i];
	}
	spec->text_count = count;
	spec->texts_optional = false;
	return NULL;
}

static const struct {
	const char *name;
	size_t given; /* in struct options */
	const char *(*set)(
	    struct label_spec *spec, const struct span *values, size_t count);
} table[] = {
    {"payload", offsetof(struct options, label_payload), set_payload},
    {"level", offsetof(struct options, label_level), set_level},
    {"dpi", offsetof(struct options, label_dpi), set_dpi},
    {"size", offsetof(struct options, label_size), set_size},
    {"module", offsetof(struct options, label_module), set_module},
    {"text", offsetof(struct options, label_text), set_text},
};
enum { OPTIONS = sizeof(table) / sizeof(table[0]) };

const char *const label_option_names[] = {
    "payload", "level", "dpi", "size", "module", "text", NULL};

const char *
label_option_set(struct label_spec *spec, const char *name,
    const struct span *values, size_t count)
{
	for (size_t i = 0; i < OPTIONS; i++)
		if (strcmp(table[i].name, name) == 0 && count > 0)
			return table[i].set(spec, values, count);
	return "a label has no such option";
}

/** The lines of --text, which a | parts; more than there may be are counted. */
static size_t
split(struct span s, struct span out[static LABEL_TEXTS_MAX + 1])
{
	size_t n = 0;

	while (n <= LABEL_TEXTS_MAX) {
		const uint8_t *bar = s.len ? memchr(s.p, '|', s.len) : NULL;
		size_t len = bar ? (size_t)(bar - s.p) : s.len;

		out[n++] = span_of(s.p, len);
		if (!bar)
			break;
		s = span_from(s, len + 1);
	}
	return n;
}

int
label_options_read(const struct options *o, struct label_spec *spec)
{
	for (size_t i = 0; i < OPTIONS; i++) {
		const char *const *given =
		    (const char *const *)(const void *)((const char *)o +
			table[i].given);
		struct span values[LABEL_TEXTS_MAX + 1];
		const char *fault;
		struct quoted q;
		size_t count = 1;

		if (!*given)
			continue;
		values[0] = span_str(*given);
		if (table[i].set == set_text)
			count = split(values[0], values);
		fault = table[i].set(spec, values, count);
		if (fault)
			return tool_error(EX_USAGE, fault, "--%s %s",
			    table[i].name, quote_str(&q, *given));
	}
	return EX_OK;
}
