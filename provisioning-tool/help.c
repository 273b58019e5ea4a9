#include "help.h"

#include <string.h>

enum {
	WIDTH = 80,
	COLUMN = 30, /* where the text of options begins */
	VERB_COLUMN = 21,
};

/** A line that breaks between words and goes on at column `indent`. */
struct line {
	FILE *out;
	unsigned at, indent;
};

static void
word(struct line *l, const char *text)
{
	unsigned len = (unsigned)strlen(text);

	if (l->at > l->indent && l->at + 1 + len > WIDTH) {
		fprintf(l->out, "\n%*s", (int)l->indent, "");
		l->at = l->indent;
	} else if (l->at > l->indent) {
		fputc(' ', l->out);
		l->at++;
	}
	fputs(text, l->out);
	l->at += len;
}

static void
words(struct line *l, const char *text)
{
	char one[WIDTH];

	while (*text) {
		size_t len = strcspn(text, " ");

		snprintf(one, sizeof(one), "%.*s", (int)len, text);
		word(l, one);
		text += len + (text[len] == ' ');
	}
}

static void
usage(FILE *out, const struct verb *v)
{
	int n = fprintf(out, "usage: provisioning-tool %s", v->name);
	struct line l = {out, n > 0 ? (unsigned)n : 0, 11};
	const struct option_spec *s;
	bool optional = false;
	char text[WIDTH];

	for (size_t i = 0; (s = option_at(&v->options, i)); i++) {
		optional = optional || !s->required;
		if (!s->required)
			continue;
		snprintf(text, sizeof(text), "--%s %s", s->name, s->value);
		word(&l, text);
	}
	if (optional)
		word(&l, "[OPTION...]");
	if (v->options.operands)
		word(&l, v->options.operands);
	fputc('\n', out);
}

static void
option(FILE *out, const struct option_spec *s)
{
	char letter[8] = "    ";
	struct line l = {out, COLUMN, COLUMN};
	int n;

	if (s->letter)
		snprintf(letter, sizeof(letter), "-%c, ", s->letter);
	n = fprintf(out, "  %s--%s%s%s", letter, s->name, s->value ? " " : "",
	    s->value ? s->value : "");
	if (n < COLUMN)
		fprintf(out, "%*s", COLUMN - n, "");
	words(&l, s->help);
	fputc('\n', out);
}

static void
list_verbs(FILE *out, const char *prefix)
{
	for (const struct verb *v = verbs; v->name; v++)
		if (verb_within(v->name, prefix))
			fprintf(out, "  %-*s%s\n", VERB_COLUMN - 2, v->name,
			    v->summary);
}

void
help_verb(FILE *out, const struct verb *v)
{
	struct line l = {out, 0, 0};
	bool more = false;

	usage(out, v);
	fputc('\n', out);
	fprintf(out, "%c%s.\n", v->summary[0] - 'a' + 'A', v->summary + 1);
	for (size_t g = 0; g < OPTION_GROUPS_MAX && v->options.groups[g]; g++) {
		const struct option_group *group = v->options.groups[g];

		fprintf(out, "\n%s:\n", group->title);
		for (size_t i = 0; i < group->count; i++)
			option(out, &group->specs[i]);
	}
	for (const struct verb *o = verbs; o->name; o++) {
		if (o == v || !verb_within(o->name, v->name))
			continue;
		if (!more)
			fprintf(out, "\nMore:\n");
		more = true;
		fprintf(
		    out, "  %-*s%s\n", VERB_COLUMN - 2, o->name, o->summary);
	}
	fputc('\n', out);
	words(&l, "The manual is provisioning-tool(1).");
	fputc('\n', out);
}

void
help_group(FILE *out, const char *prefix)
{
	fprintf(
	    out, "usage: provisioning-tool %s VERB [OPTION...]\n\n", prefix);
	list_verbs(out, prefix);
	fprintf(out, "\nEach has its own --help.\n");
}

void
help_program(FILE *out)
{
	fprintf(out,
	    "usage: provisioning-tool GROUP VERB [OPTION...]\n"
	    "       provisioning-tool --help | --version\n\n"
	    "Mint factory images, make master keys, try policies and read the "
	    "ledger.\n");
	for (const struct verb_group *g = verb_groups; g->name; g++) {
		if (strchr(g->name, ' '))
			continue; /* a part of one that is listed */
		fprintf(out, "\n%s - %s\n", g->name, g->summary);
		list_verbs(out, g->name);
	}
	fprintf(out, "\na device on the bench\n");
	list_verbs(out, "probe");
	fprintf(out, "\nshells\n");
	list_verbs(out, "completion");
	fprintf(out,
	    "\nEach level has its own --help. "
	    "The manual is provisioning-tool(1).\n");
}
