/* The report: totals, then a line a kind of change, the greatest first. */
#include "fleet.h"

#include "rows.h"
#include "tool.h"

#include <stdlib.h>
#include <string.h>

/** Hundredths of a percent, rounded to the nearest; not 0 for a few, nor all
 *  for nearly all. */
static uint64_t
share_of(uint64_t part, uint64_t all)
{
	uint64_t share;

	if (all == 0)
		return 0;
	share = (part * 10000 + all / 2) / all;
	if (part > 0 && share == 0)
		return 1;
	if (part < all && share == 10000)
		return 9999;
	return share;
}

static const char *
share_text(char out[static 16], uint64_t part, uint64_t all)
{
	uint64_t s = share_of(part, all);

	(void)snprintf(out, 16, "%u.%02u%%", (unsigned)(s / 100) % 1000,
	    (unsigned)(s % 100));
	return out;
}

/* --- text ----------------------------------------------------------------- */

/** What policies say is printable, mostly; what is not stands in quotes. */
static const char *
plain(struct quoted *q, const char *s)
{
	for (const char *p = s; *p; p++)
		if (*p < ' ' || *p >= 0x7f || *p == '"')
			return quote_str(q, s);
	return s;
}

static void
print_total(
    const struct fleet_report *r, enum fleet_outcome o, const char *words)
{
	const struct fleet_result *x = r->result;
	char share[16];

	printf("%-11s %10llu  %7s  %s\n", fleet_outcome_name(o),
	    (unsigned long long)x->tally.counts[o],
	    share_text(share, x->tally.counts[o], x->fleet.came), words);
}

static void
print_change(const struct fleet_line *l)
{
	struct quoted what, before, after;

	fputs(l->outcome == FLEET_REFUSED ? "refused: " : "", stdout);
	fputs(l->change, stdout);
	if (l->what[0])
		printf(" %s", plain(&what, l->what));
	if (l->before[0])
		printf("  %s", plain(&before, l->before));
	if (l->before[0] || l->after[0])
		printf(" -> %s",
		    l->after[0] ? plain(&after, l->after) : "(nothing)");
	putchar('\n');
}

static void
print_line(const struct fleet_report *r, const struct fleet_line *l)
{
	char share[16];
	struct quoted q;

	printf("%10llu  %7s  ", (unsigned long long)l->count,
	    share_text(share, l->count, r->result->fleet.came));
	print_change(l);
	for (size_t i = 0; i < l->example_count; i++)
		printf("%s%s", i ? ", " : "                     ",
		    quote(&q, l->examples[i]));
	if (l->example_count > 0)
		puts(l->count > l->example_count ? ", ..." : "");
}

static void
print_notes(const struct fleet_report *r)
{
	const struct fleet_result *x = r->result;

	if (x->tally.assumed > 0)
		printf("note: %llu were let in by a CA that is not known here "
		       "(-c, or rows of an older version): taken to be "
		       "believed still\n",
		    (unsigned long long)x->tally.assumed);
	puts("note: as each device came last. It may come by another "
	     "credential or from another\n"
	     "      address; certificates run out; who finds room at a server "
	     "with a capacity\n"
	     "      depends on who comes first.");
}

static void
print_text(
    const struct fleet_report *r, struct fleet_line *const *lines, size_t count)
{
	const struct fleet_result *x = r->result;
	int last = -1;
	char hex[HEX_TEXT_MAX];
	struct quoted q;

	printf("policies    %s\n            digest %s\n",
	    quote_str(&q, r->policies),
	    hex_text(hex, span_of(r->digest, DIGEST_LEN)));
	printf("ledger      %s\n", quote_str(&q, r->ledger));
	printf("devices     %10llu           that came\n",
	    (unsigned long long)x->fleet.came);
	printf("first boot  %10llu           minted, not here yet\n",
	    (unsigned long long)x->fleet.first_boot);
	print_total(r, FLEET_UNCHANGED, "the same plan");
	print_total(r, FLEET_CHANGED, "another plan");
	print_total(r, FLEET_REFUSED, "cannot come any more");
	for (size_t i = 0; i < count; i++) {
		static const char *const titles[FLEET_OUTCOMES] = {
		    [FLEET_UNCHANGED] = "the plan stays the same, but",
		    [FLEET_CHANGED] = "what changes, and for how many",
		    [FLEET_REFUSED] = "who cannot come any more, and why",
		};

		if ((int)lines[i]->outcome != last)
			printf("\n%s\n", titles[lines[i]->outcome]);
		last = (int)lines[i]->outcome;
		print_line(r, lines[i]);
	}
	putchar('\n');
	print_notes(r);
}

/* --- for machines --------------------------------------------------------- */

static void
json_examples(const struct fleet_line *l)
{
	fputs(",\"examples\":[", stdout);
	for (size_t i = 0; i < l->example_count; i++) {
		if (i > 0)
			putchar(',');
		rows_json_text(l->examples[i]);
	}
	putchar(']');
}

static void
print_json(
    const struct fleet_report *r, struct fleet_line *const *lines, size_t count)
{
	const struct fleet_result *x = r->result;
	const struct field totals[] = {
	    F_TEXT("policies", r->policies),
	    F_BYTES("policy_set", span_of(r->digest, DIGEST_LEN)),
	    F_TEXT("ledger", r->ledger),
	    F_INT("devices", x->fleet.came),
	    F_INT("first_boot", x->fleet.first_boot),
	    F_INT("unchanged", x->tally.counts[FLEET_UNCHANGED]),
	    F_INT("changed", x->tally.counts[FLEET_CHANGED]),
	    F_INT("refused", x->tally.counts[FLEET_REFUSED]),
	    F_INT("assumed", x->tally.assumed),
	};

	rows_json(totals, sizeof(totals) / sizeof(totals[0]));
	for (size_t i = 0; i < count; i++) {
		const struct fleet_line *l = lines[i];
		const struct field f[] = {
		    F_TEXT("outcome", fleet_outcome_name(l->outcome)),
		    F_TEXT("change", l->change),
		    F_TEXT("what", l->what),
		    F_TEXT("before", l->before),
		    F_TEXT("after", l->after),
		    F_INT("devices", l->count),
		};

		putchar('{');
		for (size_t n = 0; n < sizeof(f) / sizeof(f[0]); n++) {
			if (n > 0)
				putchar(',');
			rows_json_member(&f[n]);
		}
		json_examples(l);
		puts("}");
	}
}

static void
print_csv(
    const struct fleet_report *r, struct fleet_line *const *lines, size_t count)
{
	char share[16];

	for (size_t i = 0; i < count || i == 0; i++) {
		const struct fleet_line *l = count > 0 ? lines[i] : NULL;
		const struct field f[] = {
		    F_TEXT("outcome", l ? fleet_outcome_name(l->outcome) : ""),
		    F_TEXT("change", l ? l->change : ""),
		    F_TEXT("what", l ? l->what : ""),
		    F_TEXT("before", l ? l->before : ""),
		    F_TEXT("after", l ? l->after : ""),
		    F_INT("devices", l ? l->count : 0),
		    F_TEXT("share",
			(const char *)share_text(
			    share, l ? l->count : 0, r->result->fleet.came)),
		    F_TEXT("example",
			l && l->example_count > 0 ? l->examples[0]
						  : span_of(NULL, 0)),
		};

		if (i == 0)
			rows_csv_names(f, sizeof(f) / sizeof(f[0]));
		if (l)
			rows_csv(f, sizeof(f) / sizeof(f[0]));
	}
}

int
fleet_print(const struct fleet_report *r)
{
	size_t count;
	struct fleet_line **lines = fleet_lines(&r->result->tally, &count);

	if (!lines)
		return tool_fault(RC_MEMORY, "plan");
	if (strcmp(r->format, "json") == 0)
		print_json(r, lines, count);
	else if (strcmp(r->format, "csv") == 0)
		print_csv(r, lines, count);
	else
		print_text(r, lines, count);
	free(lines);
	return EX_OK;
}
