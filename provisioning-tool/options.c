#include "options.h"

#include "policy/nearest.h"
#include "tool.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 48 };

const struct option_spec *
option_at(const struct option_table *t, size_t i)
{
	for (size_t g = 0; g < OPTION_GROUPS_MAX && t->groups[g]; g++) {
		if (i < t->groups[g]->count)
			return &t->groups[g]->specs[i];
		i -= t->groups[g]->count;
	}
	return NULL;
}

static void *
member(struct options *o, const struct option_spec *s)
{
	return (char *)o + s->offset;
}

PRINTF_LIKE(2, 3)
static enum rc
refuse(const char *verb, const char *fmt, ...)
{
	char remedy[96], what[1800];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	snprintf(
	    remedy, sizeof(remedy), "see provisioning-tool %s --help", verb);
	tool_error(EX_USAGE, remedy, "%s: %s", verb, what);
	return RC_USAGE;
}

static enum rc
unknown(const struct option_table *t, const char *verb, struct span name)
{
	const char *names[NAMES_MAX + 2];
	const struct option_spec *s;
	const char *near;
	struct quoted q;
	size_t n = 0;

	while (n < NAMES_MAX && (s = option_at(t, n)))
		names[n++] = s->name;
	names[n++] = "help";
	names[n] = NULL;
	near = nearest_of(name, names);
	/* with its dashes, without the value: people type PINs there */
	quote(&q, span_of(name.p - 2, name.len + 2));
	if (near)
		return refuse(
		    verb, "no option %s, did you mean --%s?", q.text, near);
	return refuse(verb, "no option %s", q.text);
}

static const struct option_spec *
by_name(const struct option_table *t, struct span name)
{
	const struct option_spec *s;

	for (size_t i = 0; (s = option_at(t, i)); i++)
		if (span_is(name, s->name))
			return s;
	return NULL;
}

static const struct option_spec *
by_letter(const struct option_table *t, char letter)
{
	const struct option_spec *s;

	for (size_t i = 0; (s = option_at(t, i)); i++)
		if (s->letter && s->letter == letter)
			return s;
	return NULL;
}

/** "10s", "5m", "2h", "1d", "1y" (365 days) in seconds; "0s" too, a bare
 *  number not. */
static bool
read_seconds(const char *text, uint64_t *out)
{
	static const struct {
		char unit;
		uint64_t seconds;
	} units[] = {
	    {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'y', 31536000}};
	size_t len = strlen(text);

	if (len < 2)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (text[len - 1] != units[i].unit)
			continue;
		if (!span_decimal(span_of(text, len - 1), INT32_MAX, out))
			return false;
		*out *= units[i].seconds;
		return true;
	}
	return false;
}

static enum rc
set_number(const char *verb, const struct option_spec *s, const char *value,
    struct options *o)
{
	bool seconds = s->kind == OPTION_SECONDS;
	uint64_t n = 0;
	struct quoted q;
	bool good = seconds ? read_seconds(value, &n)
			    : span_decimal(span_str(value), INT64_MAX, &n);

	if (!good || (int64_t)n < s->min || (int64_t)n > s->max)
		return refuse(verb, "--%s %s: expected %lld%s to %lld%s",
		    s->name, quote_str(&q, value), (long long)s->min,
		    seconds ? "s" : "", (long long)s->max, seconds ? "s" : "");
	*(int64_t *)member(o, s) = (int64_t)n;
	return RC_OK;
}

static enum rc
set_choice(const char *verb, const struct option_spec *s, const char *value,
    struct options *o)
{
	char all[256] = "";
	struct writer w;
	struct quoted q;

	writer_init(&w, all, sizeof(all) - 1);
	for (size_t i = 0; s->choices[i]; i++) {
		if (strcmp(value, s->choices[i]) == 0) {
			*(const char **)member(o, s) = s->choices[i];
			return RC_OK;
		}
		writer_fmt(&w, "%s%s", i ? ", " : "", s->choices[i]);
	}
	all[w.len] = '\0';
	return refuse(verb, "--%s %s: expected one of %s", s->name,
	    quote_str(&q, value), all);
}

static enum rc
set(const char *verb, const struct option_spec *s, const char *value,
    struct options *o)
{
	switch (s->kind) {
	case OPTION_FLAG:
		*(bool *)member(o, s) = true;
		return RC_OK;
	case OPTION_TEXT:
	case OPTION_FILE:
		if (value[0] == '\0')
			return refuse(verb, "--%s is empty", s->name);
		*(const char **)member(o, s) = value;
		return RC_OK;
	case OPTION_CHOICE:
		return set_choice(verb, s, value, o);
	case OPTION_NUMBER:
	case OPTION_SECONDS:
		return set_number(verb, s, value, o);
	}
	return RC_BUG;
}

/** Take the option at argv[*i] and its value; *i is then the last taken. */
static enum rc
take_option(const struct option_table *t, const char *verb,
    const char *const *argv, size_t *i, bool *seen, struct options *o)
{
	const char *arg = argv[*i], *equals = strchr(arg, '=');
	const struct option_spec *s;
	const char *value = NULL;
	struct span name;
	struct quoted q;

	if (arg[1] == '-') {
		name = span_str(arg + 2);
		if (equals)
			name.len = (size_t)(equals - arg - 2);
		if (span_is(name, "help") && !equals) {
			o->help = true;
			return RC_OK;
		}
		s = by_name(t, name);
		if (!s)
			return unknown(t, verb, name);
		value = equals ? equals + 1 : NULL;
	} else {
		s = arg[2] == '\0' ? by_letter(t, arg[1]) : NULL;
		if (!s)
			return refuse(
			    verb, "no option %s", quote(&q, span_of(arg, 2)));
	}
	for (size_t n = 0; option_at(t, n); n++) {
		if (option_at(t, n) != s)
			continue;
		if (seen[n])
			return refuse(verb, "--%s is given twice", s->name);
		seen[n] = true;
	}
	if (s->kind == OPTION_FLAG && value)
		return refuse(verb, "--%s takes no value", s->name);
	if (s->kind != OPTION_FLAG && !value) {
		value = argv[*i + 1];
		if (!value)
			return refuse(verb, "--%s needs %s", s->name, s->value);
		++*i;
	}
	return set(verb, s, value, o);
}

static enum rc
check_all(const struct option_table *t, const char *verb, const bool *seen,
    struct options *o)
{
	const struct option_spec *s;
	struct quoted q;
	enum rc rc;

	for (size_t i = 0; (s = option_at(t, i)); i++) {
		if (!seen[i] && s->required)
			return refuse(
			    verb, "--%s %s is missing", s->name, s->value);
		if (!seen[i] && s->absent)
			memcpy((char *)o + s->offset, &s->absent,
			    sizeof(s->absent));
		if (!seen[i] && s->preset) {
			rc = set(verb, s, s->preset, o);
			if (rc != RC_OK)
				return rc;
		}
	}
	if (o->operand_count < t->operand_min)
		return refuse(verb, "%s is missing", t->operands);
	if (o->operand_count > t->operand_max)
		return refuse(verb, "unexpected %s",
		    quote_str(&q, o->operands[t->operand_max]));
	for (size_t i = 0; i < o->operand_count; i++)
		if (o->operands[i][0] == '\0')
			return refuse(verb, "an argument is empty");
	return RC_OK;
}

enum rc
options_parse(const struct option_table *t, const char *verb,
    const char *const *argv, struct options *out)
{
	bool seen[NAMES_MAX] = {false};
	const char **operands;
	bool ended = false;
	enum rc rc = RC_OK;
	size_t count = 0;

	*out = (struct options){0};
	while (argv[count])
		count++;
	operands = calloc(count + 1, sizeof(*operands));
	if (!operands)
		return RC_MEMORY;
	out->operands = operands;
	for (size_t i = 0; argv[i] && rc == RC_OK && !out->help; i++) {
		if (!ended && strcmp(argv[i], "--") == 0)
			ended = true;
		else if (!ended && argv[i][0] == '-' && argv[i][1] != '\0')
			rc = take_option(t, verb, argv, &i, seen, out);
		else
			operands[out->operand_count++] = argv[i];
	}
	if (rc == RC_OK && !out->help)
		rc = check_all(t, verb, seen, out);
	return rc;
}

void
options_fini(struct options *o)
{
	/* the array is ours, its texts are argv's */
	free((void *)(uintptr_t)o->operands);
	o->operands = NULL;
	o->operand_count = 0;
}
