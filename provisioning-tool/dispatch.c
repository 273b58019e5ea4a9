/* From the command line to a verb. */
#include "build_config.h"
#include "help.h"
#include "policy/nearest.h"
#include "tool.h"

#include <string.h>

enum { VERB_WORDS_MAX = 3, VERB_NAME_MAX = 64, NAMES_MAX = 64 };

bool
verb_within(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(name, prefix, len) == 0 &&
	    (name[len] == ' ' || name[len] == '\0');
}

const struct verb *
verb_find(const char *const *argv, size_t *used)
{
	char name[VERB_NAME_MAX] = "";
	const struct verb *found = NULL;

	for (size_t i = 0; i < VERB_WORDS_MAX && argv[i]; i++) {
		size_t len = strlen(name);

		if (argv[i][0] == '-' || strchr(argv[i], ' ') ||
		    len + strlen(argv[i]) + 2 > sizeof(name))
			break;
		if (i > 0)
			name[len++] = ' ';
		strcpy(name + len, argv[i]);
		for (const struct verb *v = verbs; v->name; v++) {
			if (strcmp(v->name, name) != 0)
				continue;
			found = v;
			*used = i + 1;
		}
	}
	return found;
}

static const struct verb_group *
find_group(const char *name)
{
	for (const struct verb_group *g = verb_groups; g->name; g++)
		if (strcmp(g->name, name) == 0)
			return g;
	return NULL;
}

/** No verb goes on from `prefix` ("" at the top) with `wrong`. */
static int
no_such(const char *prefix, const char *wrong)
{
	char next[NAMES_MAX][VERB_NAME_MAX];
	const char *names[NAMES_MAX + 1];
	char remedy[160];
	struct quoted q;
	const char *near;
	size_t n = 0, skip = strlen(prefix);

	/* the words that may stand there, from the names of all verbs */
	for (const struct verb *v = verbs; v->name && n < NAMES_MAX; v++) {
		const char *rest = v->name;

		if (skip > 0) {
			if (!verb_within(v->name, prefix) ||
			    v->name[skip] == '\0')
				continue;
			rest = v->name + skip + 1;
		}
		snprintf(next[n], sizeof(next[n]), "%.*s",
		    (int)strcspn(rest, " "), rest);
		names[n] = next[n];
		n++;
	}
	names[n] = NULL;
	near = nearest_of(span_str(wrong), names);
	snprintf(remedy, sizeof(remedy), "see provisioning-tool %s%s--help",
	    prefix, skip ? " " : "");
	if (near)
		return tool_error(EX_USAGE, remedy,
		    "%s%sno verb %s, did you mean %s?", prefix,
		    skip ? ": " : "", quote_str(&q, wrong), near);
	return tool_error(EX_USAGE, remedy, "%s%sno verb %s", prefix,
	    skip ? ": " : "", quote_str(&q, wrong));
}

static int
run(const struct verb *v, const char *const *argv)
{
	struct options o;
	enum rc rc;
	int code;

	/* "hsm keys mkae": no operand can stand there, so a verb was meant */
	if (v->options.operand_max == 0 && argv[0] && argv[0][0] != '-')
		return no_such(v->name, argv[0]);
	rc = options_parse(&v->options, v->name, argv, &o);
	if (rc == RC_USAGE) {
		code = EX_USAGE;
	} else if (rc != RC_OK) {
		code = tool_fault(rc, v->name);
	} else if (o.help) {
		help_verb(stdout, v);
		code = EX_OK;
	} else {
		code = v->run(&o);
	}
	options_fini(&o);
	return code;
}

/** No verb fits: a group alone, a question for help, or a mistake. */
static int
group_or_error(const char *const *argv)
{
	const struct verb_group *g = find_group(argv[0]);
	char what[96];

	if (!g && argv[0][0] == '-') {
		struct quoted q;

		return tool_error(EX_USAGE, "see provisioning-tool --help",
		    "no option %s here",
		    quote(&q, span_of(argv[0], strcspn(argv[0], "="))));
	}
	if (!g)
		return no_such("", argv[0]);
	if (argv[1] && strcmp(argv[1], "--help") == 0) {
		help_group(stdout, g->name);
		return EX_OK;
	}
	if (argv[1] && argv[1][0] != '-')
		return no_such(g->name, argv[1]);
	snprintf(
	    what, sizeof(what), "see provisioning-tool %s --help", g->name);
	return tool_error(EX_USAGE, what, "%s: the verb is missing", g->name);
}

int
verb_dispatch(const char *const *argv)
{
	const struct verb *v;
	size_t used = 0;

	if (!argv[0]) {
		help_program(stderr);
		return EX_USAGE;
	}
	if (strcmp(argv[0], "--help") == 0) {
		help_program(stdout);
		return EX_OK;
	}
	if (strcmp(argv[0], "--version") == 0) {
		puts("provisioning-tool " PROJECT_VERSION);
		return EX_OK;
	}
	v = verb_find(argv, &used);
	return v ? run(v, argv + used) : group_or_error(argv);
}
