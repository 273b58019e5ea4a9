#include "completion.h"

#include <stdio.h>
#include <string.h>

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
	completion_words(prefix, zsh_word);
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
	/* a colon would end what the value is called */
	printf(":%.*s:", (int)strcspn(s->value, ":"), s->value);
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
	char words[COMPLETION_WORDS_MAX];

	printf("\t'%s') specs=(\n\t\t'--help[show help]'\n", v->name);
	for (size_t i = 0; (s = option_at(&v->options, i)); i++)
		zsh_option(s);
	if (completion_closed(v, words, sizeof(words)))
		printf("\t\t'*:word:(%s)'\n", words);
	else if (completion_files(v))
		fputs("\t\t'*:path:_files'\n", stdout);
	fputs("\t) ;;\n", stdout);
}

void
completion_zsh(void)
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
	completion_prefixes(zsh_prefix);
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
