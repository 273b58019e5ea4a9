/* Scalars as values of a type, strictly: what people write carries its unit. */
#include "base/cursor.h"
#include "policy/nearest.h"
#include "policy/yaml.h"

#include <stdio.h>
#include <strings.h>

static const char *
kind_name(const struct yaml_node *n)
{
	if (n->kind == YAML_MAP)
		return "a map";
	if (n->kind == YAML_LIST)
		return "a list";
	return yaml_is_null(n) ? "nothing" : "a single value";
}

enum rc
yaml_expect(
    const struct yaml_ctx *c, const struct yaml_node *n, enum yaml_kind kind)
{
	static const char *const wanted[] = {
	    [YAML_SCALAR] = "a single value",
	    [YAML_MAP] = "a map (`key: value`)",
	    [YAML_LIST] = "a list",
	};

	if (n->refused)
		return RC_CONFIG;
	if (n->kind == kind)
		return RC_OK;
	/* The value is not shown: it may be a key in the wrong place. */
	yaml_error(c, n, "yaml-type", "%s is expected, found %s%s",
	    wanted[kind], kind_name(n),
	    kind == YAML_SCALAR && n->kind == YAML_MAP
		? " (text that begins with { goes in quotes)"
		: "");
	return RC_CONFIG;
}

/* A scalar that is there. */
static enum rc
expect_value(const struct yaml_ctx *c, const struct yaml_node *n)
{
	enum rc rc = yaml_expect(c, n, YAML_SCALAR);

	if (rc == RC_OK && yaml_is_null(n)) {
		yaml_error(c, n, "yaml-empty", "a value is missing");
		rc = RC_CONFIG;
	}
	return rc;
}

enum rc
yaml_text(const struct yaml_ctx *c, struct yaml_node *n, const char **out)
{
	enum rc rc = expect_value(c, n);

	if (rc == RC_OK)
		*out = (const char *)n->text.p;
	return rc;
}

/* A decimal integer with an optional minus; no other base, no leading zero. */
static bool
parse_integer(struct span text, int64_t *out)
{
	bool negative = text.len > 1 && text.p[0] == '-';
	uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
	uint64_t v;

	if (!span_decimal(negative ? span_from(text, 1) : text, limit, &v))
		return false;
	if (negative)
		*out = v == 0 ? 0 : -(int64_t)(v - 1) - 1;
	else
		*out = (int64_t)v;
	return true;
}

enum rc
yaml_number(const struct yaml_ctx *c, struct yaml_node *n, int64_t min,
    int64_t max, int64_t *out)
{
	enum rc rc = expect_value(c, n);
	int64_t v;

	if (rc != RC_OK)
		return rc;
	if (n->quoted || !parse_integer(n->text, &v)) {
		yaml_error(c, n, "yaml-number",
		    "%s is no number; a whole one from %lld to %lld is "
		    "expected%s",
		    YAML_SHOW(n->text), (long long)min, (long long)max,
		    n->quoted ? ", without quotes" : "");
		return RC_CONFIG;
	}
	if (v < min || v > max) {
		yaml_error(c, n, "yaml-range",
		    "%lld is out of range; %lld to %lld is expected",
		    (long long)v, (long long)min, (long long)max);
		return RC_CONFIG;
	}
	*out = v;
	return RC_OK;
}

enum rc
yaml_bool(const struct yaml_ctx *c, struct yaml_node *n, bool *out)
{
	static const char *const old[] = {
	    "yes", "no", "on", "off", "y", "n", "true", "false"};
	enum rc rc = expect_value(c, n);
	bool is_old = false;

	if (rc != RC_OK)
		return rc;
	if (!n->quoted && span_is(n->text, "true")) {
		*out = true;
		return RC_OK;
	}
	if (!n->quoted && span_is(n->text, "false")) {
		*out = false;
		return RC_OK;
	}
	for (size_t i = 0; i < sizeof(old) / sizeof(old[0]); i++)
		is_old |= strcasecmp(old[i], (const char *)n->text.p) == 0;
	yaml_error(c, n, "yaml-boolean",
	    "%s is not accepted; write `true` or `false`%s", YAML_SHOW(n->text),
	    n->quoted    ? ", without quotes"
		: is_old ? ", which mean the same to every reader of YAML"
			 : "");
	return RC_CONFIG;
}

struct unit {
	const char *name;
	uint64_t factor;
};

/* The largest last, as `scaled` wants them. */
static const struct unit durations[] = {
    {"ms", 1},
    {"s", 1000},
    {"m", 60 * 1000},
    {"h", 3600 * 1000},
    {"d", 86400 * 1000},
    {"y", UINT64_C(365) * 86400 * 1000},
    {NULL, 0},
};

static const struct unit sizes[] = {
    {"B", 1},
    {"KiB", 1024},
    {"MiB", 1024 * 1024},
    {NULL, 0},
};

/* A number and one of `units`. False: neither, or beyond 64 bits. */
static bool
parse_scaled(struct span text, const struct unit *units, uint64_t *out)
{
	size_t digits = 0;
	uint64_t v;

	while (
	    digits < text.len && text.p[digits] >= '0' && text.p[digits] <= '9')
		digits++;
	if (!span_decimal(span_of(text.p, digits), UINT64_MAX, &v))
		return false;
	for (; units->name; units++)
		if (span_is(span_from(text, digits), units->name))
			return !__builtin_mul_overflow(v, units->factor, out);
	return false;
}

struct scaled_text {
	char text[32];
};

/* The number in the largest unit that says it exactly. */
static const char *
print_scaled(struct scaled_text *t, const struct unit *units, uint64_t v)
{
	const struct unit *best = units;

	for (; units->name; units++)
		if (v != 0 && v % units->factor == 0)
			best = units;
	snprintf(t->text, sizeof(t->text), "%llu%s",
	    (unsigned long long)(v / best->factor), best->name);
	return t->text;
}

static enum rc
read_scaled(const struct yaml_ctx *c, struct yaml_node *n,
    const struct unit *units, const char *code, const char *examples,
    uint64_t min, uint64_t max, uint64_t *out)
{
	struct scaled_text bound;
	enum rc rc = expect_value(c, n);
	uint64_t v;

	if (rc != RC_OK)
		return rc;
	rc = RC_CONFIG;
	if (!parse_scaled(n->text, units, &v)) {
		yaml_error(c, n, code, "%s %s; %s", YAML_SHOW(n->text),
		    span_decimal(n->text, UINT64_MAX, &v) ? "has no unit"
							  : "is not understood",
		    examples);
	} else if (v < min) {
		yaml_error(c, n, "yaml-range", "%s is below %s",
		    (const char *)n->text.p, print_scaled(&bound, units, min));
	} else if (v > max) {
		yaml_error(c, n, "yaml-range", "%s is above %s",
		    (const char *)n->text.p, print_scaled(&bound, units, max));
	} else {
		*out = v;
		rc = RC_OK;
	}
	return rc;
}

enum rc
yaml_duration_ms(const struct yaml_ctx *c, struct yaml_node *n, uint64_t min_ms,
    uint64_t max_ms, uint64_t *out)
{
	return read_scaled(c, n, durations, "yaml-duration",
	    "a duration is expected, like 250ms, 90s, 5m, 2h, 1d or 10y",
	    min_ms, max_ms, out);
}

enum rc
yaml_size(const struct yaml_ctx *c, struct yaml_node *n, uint64_t min,
    uint64_t max, uint64_t *out)
{
	return read_scaled(c, n, sizes, "yaml-size",
	    "a size is expected, like 500B, 64KiB or 1MiB", min, max, out);
}

/* "a, b or c"; cut where it does not fit. */
static void
print_choices(struct writer *w, const char *const *names)
{
	for (size_t i = 0; names[i]; i++) {
		if (i > 0)
			writer_str(w, names[i + 1] ? ", " : " or ");
		writer_str(w, names[i]);
	}
}

enum rc
yaml_choice(const struct yaml_ctx *c, struct yaml_node *n,
    const char *const *names, unsigned *out)
{
	enum rc rc = expect_value(c, n);
	char choices[256];
	const char *near;
	struct writer w;

	if (rc != RC_OK)
		return rc;
	for (unsigned i = 0; names[i]; i++) {
		if (span_is(n->text, names[i])) {
			*out = i;
			return RC_OK;
		}
	}
	writer_init(&w, choices, sizeof(choices) - 1);
	print_choices(&w, names);
	choices[w.len] = '\0';
	near = nearest_of(n->text, names);
	if (near)
		yaml_error(c, n, "yaml-choice",
		    "%s is not known; did you mean %s? (%s)",
		    YAML_SHOW(n->text), near, choices);
	else
		yaml_error(c, n, "yaml-choice", "%s is not known; expected: %s",
		    YAML_SHOW(n->text), choices);
	return RC_CONFIG;
}
