#include "completion.h"

#include <stdio.h>
#include <string.h>

static void
fish_text(const char *text)
{
	putchar('\'');
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
	putchar('\'');
}

static void
fish_word(const char *prefix, const char *word, const char *summary)
{
	printf("complete -c provisioning-tool -n "
	       "'__provisioning_tool_at \"%s\"' -a %s -d ",
	    prefix, word);
	fish_text(summary);
	putchar('\n');
}

static void
fish_prefix(const char *prefix)
{
	completion_words(prefix, fish_word);
}

static void
fish_option(const struct verb *v, const struct option_spec *s)
{
	printf("complete -c provisioning-tool -n "
	       "'__provisioning_tool_in \"%s\"' -l %s",
	    v->name, s->name);
	if (s->letter)
		printf(" -s %c", s->letter);
	/* -x: a value and no file names */
	if (s->kind != OPTION_FLAG)
		fputs(s->kind == OPTION_FILE ? " -r -F" : " -x", stdout);
	if (s->kind == OPTION_CHOICE) {
		fputs(" -a '", stdout);
		for (size_t i = 0; s->choices[i]; i++)
			printf("%s%s", i ? " " : "", s->choices[i]);
		putchar('\'');
	}
	fputs(" -d ", stdout);
	fish_text(s->help);
	putchar('\n');
}

static void
fish_verb(const struct verb *v)
{
	const struct option_spec *s;
	char words[COMPLETION_WORDS_MAX];

	for (size_t i = 0; (s = option_at(&v->options, i)); i++)
		fish_option(v, s);
	if (completion_closed(v, words, sizeof(words)))
		printf("complete -c provisioning-tool -n "
		       "'__provisioning_tool_at \"%s\"' -a '%s'\n",
		    v->name, words);
	else if (completion_files(v))
		printf("complete -c provisioning-tool -n "
		       "'__provisioning_tool_in \"%s\"' -F\n",
		    v->name);
}

void
completion_fish(void)
{
	fputs("# fish completion for provisioning-tool, made from its table of "
	      "verbs\n"
	      "function __provisioning_tool_verb\n"
	      "\tset -l verb ''\n"
	      "\tfor word in (commandline -opc)[2..-1]\n"
	      "\t\tset -l try (string trim -- \"$verb $word\")\n"
	      "\t\tif not contains -- $try",
	    stdout);
	for (const struct verb_group *g = verb_groups; g->name; g++)
		printf(" '%s'", g->name);
	for (const struct verb *v = verbs; v->name; v++)
		printf(" '%s'", v->name);
	fputs("\n\t\t\tbreak\n\t\tend\n"
	      "\t\tset verb $try\n"
	      "\tend\n"
	      "\techo $verb\n"
	      "end\n"
	      "# the line so far is just this verb\n"
	      "function __provisioning_tool_at\n"
	      "\tset -l line (commandline -opc)\n"
	      "\ttest \"$line[2..-1]\" = \"$argv[1]\"\n"
	      "end\n"
	      "function __provisioning_tool_in\n"
	      "\ttest (__provisioning_tool_verb) = \"$argv[1]\"\n"
	      "end\n"
	      "complete -c provisioning-tool -f\n"
	      "complete -c provisioning-tool -l help -d 'show help'\n"
	      "complete -c provisioning-tool -n "
	      "'__provisioning_tool_at \"\"' -l version -d "
	      "'show the version'\n",
	    stdout);
	completion_prefixes(fish_prefix);
	for (const struct verb *v = verbs; v->name; v++)
		fish_verb(v);
}
