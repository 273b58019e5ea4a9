/* What became of each device. */
#include "base/text.h"
#include "ctl_push.h"

#include <stdio.h>

/** planned, sent, open, ok, failed, unknown: as the view `pushes` has it. */
static const char *
outcome_of(const struct target *t)
{
	if (t->ended)
		return t->outcome;
	if (t->begun)
		return "open";
	if (t->failed || target_is_late(t))
		return "failed";
	return t->sent ? "sent" : "planned";
}

struct line {
	const char *outcome, *way, *reason, *sentence, *remedy, *detail;
	char session[2 * LEDGER_SESSION_LEN + 1];
};

static void
read_line(const struct target *t, struct line *out)
{
	bool late = !t->ended && target_is_late(t);
	struct writer w;

	*out = (struct line){.outcome = outcome_of(t), .way = t->way};
	writer_init(&w, out->session, sizeof(out->session) - 1);
	if (t->begun)
		text_hex(&w, span_of(t->session, sizeof(t->session)));
	if (late) {
		out->reason = push_reason_code(PUSH_NO_REQUEST);
		out->sentence = push_reason_sentence(PUSH_NO_REQUEST);
		out->remedy = push_reason_remedy(PUSH_NO_REQUEST);
	} else if (t->ended || t->failed) {
		out->reason = t->reason;
		out->sentence = t->sentence;
		out->remedy = t->remedy;
		out->detail = t->detail;
	}
}

static void
put_json(const char *key, const char *value)
{
	if (!value || !value[0])
		return;
	printf(",\"%s\":", key);
	ctl_put_quoted(span_str(value));
}

static void
report_json(const struct push *p, struct span endpoint, const struct line *l)
{
	printf("{\"push\":\"%s\",\"endpoint\":", p->id);
	ctl_put_quoted(endpoint);
	put_json("outcome", l->outcome);
	put_json("way", l->way);
	put_json("session", l->session);
	put_json("reason", l->reason);
	put_json("sentence", l->sentence);
	put_json("remedy", l->remedy);
	put_json("detail", l->detail);
	printf("}\n");
}

static void
report_csv(const struct push *p, struct span endpoint, const struct line *l)
{
	const char *const cells[] = {l->outcome, l->way, l->session, l->reason,
	    l->sentence, l->remedy, l->detail};

	printf("%s,", p->id);
	ctl_put_csv(endpoint);
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		putchar(',');
		if (cells[i])
			ctl_put_csv(span_str(cells[i]));
	}
	fputs("\r\n", stdout);
}

static void
report_text(struct span endpoint, const struct line *l, bool tells)
{
	printf("%-8s %-8s ", l->outcome, l->way ? l->way : "-");
	ctl_put_quoted(endpoint);
	if (l->reason && strcmp(l->outcome, "ok") != 0)
		printf(" %s", l->reason);
	putchar('\n');
	if (!tells || strcmp(l->outcome, "ok") == 0)
		return;
	if (l->sentence)
		printf("  %s", l->sentence);
	if (l->sentence && l->detail) {
		printf(" (");
		ctl_put_quoted(span_str(l->detail));
		putchar(')');
	}
	if (l->sentence)
		putchar('\n');
	if (l->remedy && l->remedy[0])
		printf("  remedy: %s\n", l->remedy);
}

/** How many of each. */
struct totals {
	size_t ok, failed, unknown, open, sent, planned;
};

static void
count(struct totals *n, const char *outcome)
{
	const struct {
		const char *word;
		size_t *out;
	} all[] = {
	    {"ok", &n->ok},
	    {"failed", &n->failed},
	    {"unknown", &n->unknown},
	    {"open", &n->open},
	    {"sent", &n->sent},
	    {"planned", &n->planned},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		*all[i].out += strcmp(outcome, all[i].word) == 0;
}

static void
say_totals(const struct push *p, const struct totals *n)
{
	const struct {
		const char *word;
		size_t count;
	} all[] = {
	    {"ok", n->ok},
	    {"failed", n->failed},
	    {"unknown", n->unknown},
	    {"under way", n->open},
	    {"triggered", n->sent},
	    {"not sent", n->planned},
	};
	const char *gap = "";

	fprintf(stderr, "push %s: ", p->id);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i].count == 0)
			continue;
		fprintf(stderr, "%s%zu %s", gap, all[i].count, all[i].word);
		gap = ", ";
	}
	fputc('\n', stderr);
}

int
push_report(struct push *p, bool finished)
{
	enum { FEW = 20 }; /* remedies are told one by one */
	struct totals n = {0};

	if (p->ctl->format == FORMAT_CSV)
		fputs("push,endpoint,outcome,way,session,reason,sentence,"
		      "remedy,detail\r\n",
		    stdout);
	for (const struct target *t = p->first; t; t = t->next) {
		struct line l;

		read_line(t, &l);
		count(&n, l.outcome);
		switch (p->ctl->format) {
		case FORMAT_JSON:
			report_json(p, t->item.key, &l);
			break;
		case FORMAT_CSV:
			report_csv(p, t->item.key, &l);
			break;
		case FORMAT_TEXT:
			report_text(t->item.key, &l, p->count <= FEW);
			break;
		}
	}
	fflush(stdout);
	say_totals(p, &n);
	if (!finished)
		return EXIT_UNFINISHED;
	return n.failed + n.unknown > 0 ? EXIT_SOME_FAILED : 0;
}
