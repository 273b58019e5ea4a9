#include "completion.h"

#include "tool.h"

#include <stdio.h>
#include <string.h>

enum { NAME_MAX_LEN = 64 };

/** Was the word at this place of the names already seen in an earlier verb? */
static bool
repeated(const struct verb *v, size_t len)
{
	for (const struct verb *e = verbs; e != v; e++)
		if (strncmp(e->name, v->name, len) == 0 &&
		    (e->name[len] == ' ' || e->name[len] == '\0'))
			return true;
	return false;
}

void
completion_words(const char *prefix, completion_word_fn each)
{
	size_t skip = strlen(prefix);

	for (const struct verb *v = verbs; v->name; v++) {
		const char *rest = v->name, *summary = v->summary;
		char word[NAME_MAX_LEN];
		size_t len;

		if (skip > 0) {
			if (!verb_within(v->name, prefix) || !v->name[skip])
				continue;
			rest += skip + 1;
		}
		len = strcspn(rest, " ");
		if (repeated(v, (size_t)(rest - v->name) + len))
			continue;
		snprintf(word, sizeof(word), "%.*s", (int)len, rest);
		for (const struct verb_group *g = verb_groups; g->name; g++)
			if (skip == 0 && strcmp(g->name, word) == 0)
				summary = g->summary;
		each(prefix, word, summary);
	}
}

void
completion_prefixes(completion_prefix_fn each)
{
	each("");
	for (const struct verb_group *g = verb_groups; g->name; g++)
		each(g->name);
	for (const struct verb *v = verbs; v->name; v++)
		for (const struct verb *o = verbs; o->name; o++)
			if (o != v && verb_within(o->name, v->name)) {
				each(v->name);
				break;
			}
}

bool
completion_closed(const struct verb *v, char *out, size_t cap)
{
	const char *text = v->options.operands;

	if (!text || !strchr(text, '|') ||
	    strpbrk(text,
		"ABCDEFGHIJKLMNOPQRST"
		"UVWXYZ."))
		return false;
	snprintf(out, cap, "%s", text);
	for (char *p = out; *p; p++)
		if (*p == '|')
			*p = ' ';
	return true;
}

bool
completion_files(const struct verb *v)
{
	const char *text = v->options.operands;

	return text && (strstr(text, "PATH") || strstr(text, "FILE"));
}

int
completion(const struct options *o)
{
	const struct {
		const char *shell;
		void (*print)(void);
	} shells[] = {
	    {"bash", completion_bash},
	    {"zsh", completion_zsh},
	    {"fish", completion_fish},
	};
	struct quoted q;

	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
		if (strcmp(o->operands[0], shells[i].shell) != 0)
			continue;
		shells[i].print();
		return EX_OK;
	}
	return tool_error(EX_USAGE, "bash, zsh or fish", "no completion for %s",
	    quote_str(&q, o->operands[0]));
}
