#include "probe.h"
#include "rows.h"
#include "tool.h"

enum { COLUMN_MAX = 48 /* what is longer shifts its line */ };

struct probe_finding *
probe_find(struct probe *p, const char *name, const char *key)
{
	struct probe_finding *f;

	if (p->finding_count == PROBE_FINDINGS_MAX)
		return NULL;
	f = &p->findings[p->finding_count++];
	*f = (struct probe_finding){.name = name, .key = key};
	return f;
}

void
probe_print_table(const struct probe *p, FILE *out)
{
	int width = 0, sent = 0;

	for (size_t i = 0; i < p->finding_count; i++) {
		const struct probe_finding *f = &p->findings[i];

		if ((int)strlen(f->name) > width)
			width = (int)strlen(f->name);
		if ((int)strlen(f->sent) > sent &&
		    strlen(f->sent) <= COLUMN_MAX)
			sent = (int)strlen(f->sent);
	}
	for (size_t i = 0; i < p->finding_count; i++) {
		const struct probe_finding *f = &p->findings[i];

		fprintf(out, "%-*s  %-*s  %s\n", width, f->name, sent, f->sent,
		    f->answer);
		if (f->means[0])
			fprintf(out, "%-*s  %-*s  = %s%s%s%s\n", width, "",
			    sent, "", f->means, f->key ? " (" : "",
			    f->key ? f->key : "", f->key ? ")" : "");
	}
}

static struct span
words(const char text[static PROBE_TEXT_MAX])
{
	return span_of(text, strnlen(text, PROBE_TEXT_MAX));
}

void
probe_print_json(const struct probe *p)
{
	for (size_t i = 0; i < p->finding_count; i++) {
		const struct probe_finding *f = &p->findings[i];
		const struct field fields[] = {
		    F_TEXT("finding", f->name),
		    F_TEXT("sent", words(f->sent)),
		    F_TEXT("answer", words(f->answer)),
		    F_TEXT("means", words(f->means)),
		    F_TEXT("key", f->key),
		};

		rows_json(fields, sizeof(fields) / sizeof(fields[0]));
	}
}
