/* Patterns of endpoint names: `match.endpoint`. */
#include "policy/load.h"

#include "policy/match.h"
#include "policy/regex.h"

static bool
in_list(const struct policy_pattern *p, struct span endpoint)
{
	size_t low = 0, high = p->name_count;

	while (low < high) {
		size_t at = low + (high - low) / 2;
		int c = span_compare(p->names[at], endpoint);

		if (c == 0)
			return true;
		if (c < 0)
			low = at + 1;
		else
			high = at;
	}
	return false;
}

bool
pattern_fits(const struct policy_pattern *p, struct span endpoint)
{
	switch (p->kind) {
	case PATTERN_GLOB:
		return glob_match(p->text, endpoint);
	case PATTERN_PREFIX:
		return span_starts(endpoint, span_str(p->text));
	case PATTERN_REGEX:
		return regex_match(p->regex, endpoint);
	case PATTERN_LIST:
		return in_list(p, endpoint);
	}
	return false;
}

/* --- reading -------------------------------------------------------------- */

static const char *
word_regex(struct span text)
{
	return text.len == 0 || text.len > REGEX_TEXT_MAX
	    ? "an expression has 1 to 1000 bytes"
	    : NULL;
}

static bool
read_regex(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy_pattern *out)
{
	struct regex_fault fault;
	enum rc rc;

	out->kind = PATTERN_REGEX;
	if (!load_word(l, c, n, "policy-regex", word_regex, &out->text))
		return false;
	rc = regex_compile(l->arena, n->text, &out->regex, &fault);
	if (rc == RC_MEMORY)
		l->no_memory = true;
	else if (rc != RC_OK)
		yaml_error(c, n, "policy-regex", "%s: at byte %zu: %s",
		    YAML_SHOW(n->text), fault.at + 1, fault.why);
	return rc == RC_OK;
}

static bool
read_list(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy_pattern *out)
{
	const struct read_file *f = load_list(l, c, n);

	out->kind = PATTERN_LIST;
	if (!f)
		return false;
	if (f->name_count == 0 && !f->faulty)
		yaml_report(c, DIAG_WARNING, n, "policy-list-empty",
		    "%s names no device: nobody fits it",
		    YAML_SHOW(span_str(f->path)));
	out->text = f->name;
	out->names = f->names;
	out->name_count = f->name_count;
	return true;
}

/* {prefix: ...}, {regex: ...} or {list: ...} */
static bool
read_map(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy_pattern *out)
{
	struct yaml_node *regex = yaml_get(n, "regex");
	struct yaml_node *list = yaml_get(n, "list");
	struct yaml_node *prefix = yaml_get(n, "prefix");

	yaml_rest(c, n, &grammar_pattern);
	if (!regex + !list + !prefix != 2) {
		yaml_error(c, n, "policy-match",
		    "exactly one of `regex:`, `list:` and `prefix:` is "
		    "expected here; more than one go in a list");
		return false;
	}
	if (regex)
		return read_regex(l, c, regex, out);
	if (list)
		return read_list(l, c, list, out);
	out->kind = PATTERN_PREFIX;
	return load_word(l, c, prefix, "policy-match", word_prefix, &out->text);
}

/* A glob that all names of the one pattern fit. */
static const char *
glob_of(struct load *l, const struct policy_pattern *p)
{
	char text[POLICY_ENDPOINT_MAX + 1];

	if (p->kind == PATTERN_GLOB)
		return p->text;
	if (p->kind != PATTERN_PREFIX || strlen(p->text) >= POLICY_ENDPOINT_MAX)
		return "*";
	snprintf(text, sizeof(text), "%s*", p->text);
	return load_keep(l, text);
}

void
load_patterns(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy *out)
{
	struct policy_pattern *patterns;
	struct yaml_node *item;
	size_t count, kept = 0;

	item = yaml_items(n, &count);
	if (count == 0 || count > GRAMMAR_PATTERNS_MAX) {
		yaml_error(c, n, "policy-match",
		    count ? "%zu patterns; at most %d are expected: put "
			    "endpoints into a file, {list: FILE}"
			  : "an empty list matches nobody; name a pattern, "
			    "or leave the key out for any",
		    count, GRAMMAR_PATTERNS_MAX);
		return;
	}
	patterns = load_alloc(l, count, sizeof(*patterns));
	if (!patterns)
		return;
	for (size_t i = 0; i < count; i++, item = item->next) {
		struct policy_pattern *p = &patterns[kept];

		*p = (struct policy_pattern){.kind = PATTERN_GLOB};
		if (item->kind == YAML_MAP
			? read_map(l, c, item, p)
			: load_word(
			      l, c, item, "policy-glob", word_glob, &p->text))
			kept++;
	}
	out->match.endpoints = patterns;
	out->match.endpoint_count = kept;
	if (kept == 1 && count == 1)
		out->endpoint = glob_of(l, &patterns[0]);
}
