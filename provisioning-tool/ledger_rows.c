#include "ledger_rows.h"

#include "flat_json.h"
#include "rows.h"
#include "tool.h"

#include <stdio.h>

enum { NAME_COLUMN = 16, SET_SHOWN = 12 /**< digits of its digest */ };

/** A kind is [a-z_]+ where we wrote it. */
static bool
plain(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!(s.p[i] >= 'a' && s.p[i] <= 'z') && s.p[i] != '_')
			return false;
	return s.len > 0;
}

static void
print_kind(struct span kind)
{
	struct quoted q;

	if (plain(kind))
		print_span(kind);
	else
		fputs(quote(&q, kind), stdout);
}

/** A value bare where that cannot be misread, else in its quotes. */
static void
print_value(const struct flat_member *m)
{
	struct span bare = m->value;

	if (m->text) {
		bare = span_of(bare.p + 1, bare.len - 2);
		if (bare.len == 0)
			bare = m->value;
		for (size_t i = 0; i < bare.len; i++)
			if (bare.p[i] <= ' ' || bare.p[i] == '\\' ||
			    bare.p[i] == '"' || bare.p[i] >= 0x7f)
				bare = m->value;
	}
	print_span(bare);
}

/** In a line: the digest that stands in every row is cut. */
static void
print_short(const struct flat_member *m)
{
	if (span_is(m->name, "policy_set") && m->text &&
	    m->value.len == 2 * DIGEST_LEN + 2)
		printf("%.*s..", SET_SHOWN, (const char *)m->value.p + 1);
	else
		print_value(m);
}

static void
print_session(struct span session)
{
	for (size_t i = 0; i < session.len; i++)
		printf("%02x", session.p[i]);
}

void
row_line(const struct ledger_row *row)
{
	struct flat_member m;
	struct flat_walk f;
	struct quoted q;
	char time[25];

	ledger_time(row->time_ms, time);
	printf("%llu  %s  ", (unsigned long long)row->seq, time);
	print_kind(row->kind);
	if (row->endpoint.len > 0)
		printf("  %s", quote(&q, row->endpoint));
	if (!flat_valid(row->data)) {
		printf("  data=%s\n", quote(&q, row->data));
		return;
	}
	flat_begin(&f, row->data);
	for (const char *gap = "  "; flat_next(&f, &m); gap = " ") {
		fputs(gap, stdout);
		print_span(m.name);
		putchar('=');
		print_short(&m);
	}
	if (row->session.len > 0) {
		fputs("  session=", stdout);
		print_session(row->session);
	}
	putchar('\n');
}

static void
name_column(struct span name)
{
	fputs("    ", stdout);
	print_span(name);
	for (size_t i = name.len; i < NAME_COLUMN; i++)
		putchar(' ');
	putchar(' ');
}

void
row_story(const struct ledger_row *row, int64_t since_ms)
{
	char time[25], hex[HEX_TEXT_MAX];
	struct flat_member m;
	struct flat_walk f;
	struct quoted q;

	ledger_time(row->time_ms, time);
	printf("row %llu  %s", (unsigned long long)row->seq, time);
	if (since_ms >= 0)
		printf("  %+.3f s", (double)(row->time_ms - since_ms) / 1000);
	fputs("  ", stdout);
	print_kind(row->kind);
	putchar('\n');
	if (row->endpoint.len > 0) {
		name_column(SPAN_LIT("endpoint"));
		puts(quote(&q, row->endpoint));
	}
	if (row->session.len > 0 && since_ms < 0) {
		name_column(SPAN_LIT("session"));
		print_session(row->session);
		putchar('\n');
	}
	if (flat_valid(row->data)) {
		flat_begin(&f, row->data);
		while (flat_next(&f, &m)) {
			name_column(m.name);
			print_value(&m);
			putchar('\n');
		}
	} else {
		name_column(SPAN_LIT("data"));
		puts(quote(&q, row->data));
	}
	if (since_ms < 0) {
		name_column(SPAN_LIT("hash"));
		puts(hex_text(hex, span_of(row->hash, DIGEST_LEN)));
	}
}

/** What is outside `data`. */
static size_t
head_fields(const struct ledger_row *row, char time[static 25],
    struct field f[static 6])
{
	size_t n = 0;

	ledger_time(row->time_ms, time);
	f[n++] = F_INT("seq", row->seq);
	f[n++] = F_TEXT("time", (const char *)time);
	f[n++] = F_TEXT("kind", row->kind);
	f[n++] = F_BYTES("session", row->session);
	f[n++] = F_TEXT("endpoint", row->endpoint);
	f[n++] = F_BYTES("hash", span_of(row->hash, DIGEST_LEN));
	return n;
}

void
row_json(const struct ledger_row *row)
{
	struct field f[6];
	char time[25];
	size_t n = head_fields(row, time, f);

	putchar('{');
	for (size_t i = 0; i < n; i++) {
		/* absent rather than empty */
		if (f[i].kind != FIELD_INT && f[i].span.len == 0)
			continue;
		rows_json_member(&f[i]);
		putchar(',');
	}
	fputs("\"data\":", stdout);
	if (flat_valid(row->data))
		print_span(row->data);
	else
		rows_json_text(row->data);
	puts("}");
}

void
row_csv(const struct ledger_row *row, bool names)
{
	struct field f[7];
	char time[25];
	size_t n = head_fields(row, time, f);

	f[n++] = F_TEXT("data", row->data);
	if (names)
		rows_csv_names(f, n);
	rows_csv(f, n);
}
