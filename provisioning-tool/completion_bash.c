#include "completion.h"

#include <stdio.h>
#include <string.h>

static void
bash_word(const char *prefix, const char *word, const char *summary)
{
	(void)prefix;
	(void)summary;
	printf("%s ", word);
}

static void
bash_prefix(const char *prefix)
{
	printf("\t'%s') words='", prefix);
	completion_words(prefix, bash_word);
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

void
completion_bash(void)
{
	const struct option_spec *s;
	char words[COMPLETION_WORDS_MAX];

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
	completion_prefixes(bash_prefix);
	fputs("\tesac\n\tcase $verb in\n"
	      "\t'') options='--help --version' operands='' ;;\n",
	    stdout);
	for (const struct verb_group *g = verb_groups; g->name; g++)
		printf("\t'%s') options='--help' operands='' ;;\n", g->name);
	for (const struct verb *v = verbs; v->name; v++)
		bash_options(v);
	fputs("\tesac\n\tcase $verb in\n", stdout);
	for (const struct verb *v = verbs; v->name; v++) {
		if (completion_closed(v, words, sizeof(words)))
			printf("\t'%s') words='%s' operands='' ;;\n", v->name,
			    words);
		else if (!completion_files(v))
			printf("\t'%s') operands='' ;;\n", v->name);
	}
	fputs("\tesac\n\tcase \"$verb $prev\" in\n", stdout);
	for (const struct verb *v = verbs; v->name; v++)
		for (size_t i = 0; (s = option_at(&v->options, i)); i++)
			bash_value(v, s);
	fputs("\tesac\n"
	      "\tcase $kind in\n"
	      "\twords) mapfile -t COMPREPLY < "
	      "<(compgen -W \"$values\" -- \"$cur\"); return ;;\n"
	      "\tfiles) mapfile -t COMPREPLY < "
	      "<(compgen -f -- \"$cur\"); return ;;\n"
	      "\tnone) return ;;\n"
	      "\tesac\n"
	      "\t[[ $cur == -* ]] && words=$options operands=''\n"
	      "\tmapfile -t COMPREPLY < <(\n"
	      "\t\tcompgen -W \"$words\" -- \"$cur\"\n"
	      "\t\t[[ $operands ]] && compgen -f -- \"$cur\")\n"
	      "}\n"
	      "complete -o filenames -F _provisioning_tool "
	      "provisioning-tool\n",
	    stdout);
}
