/*
 * completion: what a shell offers behind `provisioning-tool`, written out from
 * the table of verbs.
 */
#include "tool.h"
#include "verbs.h"

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

/** Call `each` for every word that can follow `prefix` ("": at the start). */
static void
next_words(const char *prefix,
    void (*each)(const char *prefix, const char *word, const char *summary))
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

/** Every prefix that a word can follow: "", the groups, and longer verbs. */
static void
prefixes(void (*each)(const char *prefix))
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

/** Operands written as alternatives, "bash|zsh|fish", are words to offer. */
static bool
closed_operands(const struct verb *v, char *out, size_t cap)
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

/* bash */

static void
bash_word(const char *prefix, const char *word, const char *summary)
{
	(void)prefix;
	(void)summary;
	printf(" %s", word);
}

static void
bash_prefix(const char *prefix)
{
	printf("\t'%s') words='", prefix);
	next_words(prefix, bash_word);
	fputs("' ;;\n", stdout);
}

static void
bash_options(const struct verb *v)
{
	const struct option_spec *s;

	printf("\t'%s') options='--help", v->name);
	for (size_t i = 0; (s = option_at(&v->options, i)); i++) {
		printf(" --%s", s->name);
		if (s->letter)
			printf(" -%c", s->letter);
	}
	fputs("' ;;\n", stdout);
}

/** `'image build --format') values='json senml-cbor'`, or files. */
static void
bash_value(const struct verb *v, const struct option_spec *s)
{
	if (s->kind == OPTION_FLAG)
		return;
	printf("\t'%s --%s'", v->name, s->name);
	if (s->letter)
		printf(" | '%s -%c'", v->name, s->letter);
	fputs(") ", stdout);
	if (s->kind == OPTION_CHOICE) {
		fputs("values='", stdout);
		for (size_t i = 0; s->choices[i]; i++)
			printf("%s%s", i ? " " : "", s->choices[i]);
		fputs("' kind=words ;;\n", stdout);
	} else {
		printf(
		    "kind=%s ;;\n", s->kind == OPTION_FILE ? "files" : "none");
	}
}

static void
bash(void)
{
	const struct option_spec *s;
	char words[NAME_MAX_LEN];

	fputs("# bash completion for provisioning-tool, made from its table of "
	      "verbs\n"
	      "_provisioning_tool()\n{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} verb='' kind='' i\n"
	      "\tlocal prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
	      "\tlocal words='' options='' values='' operands=files\n"
	      "\tCOMPREPLY=()\n"
	      "\t# the longest run of words that some verb begins with\n"
	      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "\t\tcase \"${verb:+$verb }${COMP_WORDS[i]}\" in\n\t\t",
	    stdout);
	for (const struct verb_group *g = verb_groups; g->name; g++)
		printf("'%s' | ", g->name);
	for (const struct verb *v = verbs; v->name; v++)
		printf("'%s'%s", v->name, v[1].name ? " | " : ")");
	fputs("\n\t\t\tverb=\"${verb:+$verb }${COMP_WORDS[i]}\" ;;\n"
	      "\t\t*) break ;;\n\t\tesac\n\tdone\n"
	      "\tcase $verb in\n",
	    stdout);
	prefixes(bash_prefix);
	fputs("\tesac\n\tcase $verb in\n"
	      "\t'') options='--help --version' operands='' ;;\n",
	    stdout);
	for (const struct verb_group *g = verb_groups; g->name; g++)
		printf("\t'%s') options='--help' operands='' ;;\n", g->name);
	for (const struct verb *v = verbs; v->name; v++)
		bash_options(v);
	fputs("\tesac\n\tcase $verb in\n", stdout);
	for (const struct verb *v = verbs; v->name; v++) {
		if (closed_operands(v, words, sizeof(words)))
			printf("\t'%s') words='%s' operands='' ;;\n", v->name,
			    words);
		else if (!v->options.operands ||
		    !strstr(v->options.operands, "PATH"))
			printf("\t'%s') operands='' ;;\n", v->name);
	}
	fputs("\tesac\n\tcase \"$verb $prev\" in\n", stdout);
	for (const struct verb *v = verbs; v->name; v++)
		for (size_t i = 0; (s = option_at(&v->options, i)); i++)
			bash_value(v, s);
	fputs("\tesac\n"
	      "\tcase $kind in\n"
	      "\twords) COMPREPLY=($(compgen -W \"$values\" -- \"$cur\")); "
	      "return ;;\n"
	      "\tfiles) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n"
	      "\tnone) return ;;\n"
	      "\tesac\n"
	      "\tif [[ $cur == -* ]]; then\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
	      "\telse\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	      "\t\tif [[ $operands ]]; then\n"
	      "\t\t\tCOMPREPLY+=($(compgen -f -- \"$cur\"))\n"
	      "\t\tfi\n"
	      "\tfi\n}\n"
	      "complete -o filenames -F _provisioning_tool "
	      "provisioning-tool\n",
	    stdout);
}

/* zsh */

/** Text inside single quotes inside _arguments: no quote, colon or bracket. */
static void
zsh_text(const char *text)
{
	for (; *text; text++) {
		if (strchr("[]:\\", *text))
			putchar('\\');
		if (*text == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*text);
	}
}

static void
zsh_word(const char *prefix, const char *word, const char *summary)
{
	(void)prefix;
	printf("\t\t'%s:", word);
	zsh_text(summary);
	fputs("'\n", stdout);
}

static void
zsh_prefix(const char *prefix)
{
	printf("\t'%s') next=(\n", prefix);
	next_words(prefix, zsh_word);
	fputs("\t) ;;\n", stdout);
}

static void
zsh_option(const struct option_spec *s)
{
	if (s->letter)
		printf("\t\t'(-%c --%s)'{-%c,--%s}'[", s->letter, s->name,
		    s->letter, s->name);
	else
		printf("\t\t'--%s[", s->name);
	zsh_text(s->help);
	putchar(']');
	if (s->kind == OPTION_FLAG) {
		fputs("'\n", stdout);
		return;
	}
	printf(":%s:", s->value[0] == 'I' ? "address" : s->value);
	if (s->kind == OPTION_FILE)
		fputs("_files", stdout);
	if (s->kind == OPTION_CHOICE) {
		putchar('(');
		for (size_t i = 0; s->choices[i]; i++)
			printf("%s%s", i ? " " : "", s->choices[i]);
		putchar(')');
	}
	fputs("'\n", stdout);
}

static void
zsh_verb(const struct verb *v)
{
	const struct option_spec *s;
	char words[NAME_MAX_LEN];

	printf("\t'%s') specs=(\n\t\t'--help[show help]'\n", v->name);
	for (size_t i = 0; (s = option_at(&v->options, i)); i++)
		zsh_option(s);
	if (closed_operands(v, words, sizeof(words)))
		printf("\t\t'*:word:(%s)'\n", words);
	else if (v->options.operands && strstr(v->options.operands, "PATH"))
		fputs("\t\t'*:path:_files'\n", stdout);
	fputs("\t) ;;\n", stdout);
}

static void
zsh(void)
{
	fputs("#compdef provisioning-tool\n"
	      "# zsh completion for provisioning-tool, made from its table of "
	      "verbs\n"
	      "_provisioning_tool()\n{\n"
	      "\tlocal verb='' try i\n"
	      "\tlocal -a specs next\n"
	      "\tfor ((i = 2; i < CURRENT; i++)); do\n"
	      "\t\ttry=\"${verb:+$verb }${words[i]}\"\n"
	      "\t\tcase $try in\n\t\t(",
	    stdout);
	for (const struct verb_group *g = verb_groups; g->name; g++)
		printf("'%s' | ", g->name);
	for (const struct verb *v = verbs; v->name; v++)
		printf("'%s'%s", v->name, v[1].name ? " | " : ")");
	fputs(" verb=$try ;;\n\t\t(*) break ;;\n\t\tesac\n\tdone\n"
	      "\tcase $verb in\n",
	    stdout);
	prefixes(zsh_prefix);
	fputs("\tesac\n"
	      "\tcase $verb in\n"
	      "\t'') specs=('--help[show help]' '--version[show the version]') "
	      ";;\n",
	    stdout);
	for (const struct verb_group *g = verb_groups; g->name; g++)
		printf("\t'%s') specs=('--help[show help]') ;;\n", g->name);
	for (const struct verb *v = verbs; v->name; v++)
		zsh_verb(v);
	fputs("\tesac\n"
	      "\tif (( $#next )) && [[ ${words[CURRENT]} != -* ]] &&\n"
	      "\t    (( i == CURRENT )); then\n"
	      "\t\t_describe -t verbs 'verb' next\n"
	      "\t\treturn\n"
	      "\tfi\n"
	      "\t# what is left of the line is the verb's own\n"
	      "\twords=(\"provisioning-tool\" \"${(@)words[i,-1]}\")\n"
	      "\t(( CURRENT = CURRENT - i + 2 ))\n"
	      "\t_arguments $specs\n"
	      "}\n"
	      "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n"
	      "\t_provisioning_tool \"$@\"\n"
	      "else\n"
	      "\tcompdef _provisioning_tool provisioning-tool\n"
	      "fi\n",
	    stdout);
}

/* fish */

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
	next_words(prefix, fish_word);
}

static void
fish_option(const struct verb *v, const struct option_spec *s)
{
	printf("complete -c provisioning-tool -n "
	       "'__provisioning_tool_in \"%s\"' -l %s",
	    v->name, s->name);
	if (s->letter)
		printf(" -s %c", s->letter);
	if (s->kind != OPTION_FLAG)
		fputs(" -r", stdout);
	if (s->kind == OPTION_FILE)
		fputs(" -F", stdout);
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
	char words[NAME_MAX_LEN];

	for (size_t i = 0; (s = option_at(&v->options, i)); i++)
		fish_option(v, s);
	if (closed_operands(v, words, sizeof(words)))
		printf("complete -c provisioning-tool -n "
		       "'__provisioning_tool_at \"%s\"' -a '%s'\n",
		    v->name, words);
	else if (v->options.operands && strstr(v->options.operands, "PATH"))
		printf("complete -c provisioning-tool -n "
		       "'__provisioning_tool_in \"%s\"' -F\n",
		    v->name);
}

static void
fish(void)
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
	prefixes(fish_prefix);
	for (const struct verb *v = verbs; v->name; v++)
		fish_verb(v);
}

int
completion(const struct options *o)
{
	const struct {
		const char *shell;
		void (*print)(void);
	} shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
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
