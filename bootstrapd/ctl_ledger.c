/* What has happened: read from the ledger, which needs no daemon. */
#include "base/text.h"
#include "ctl.h"
#include "ledger/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int
ctl_open_ledger(const struct ctl *ctl, struct ledger **l)
{
	char why[256] = "";
	enum rc rc;

	if (access(ctl->config->ledger, R_OK) != 0 && errno == EACCES)
		return ctl_denied(ctl->config->ledger);
	rc = ledger_open(ctl->config->ledger, LEDGER_READ, l, why, sizeof(why));
	if (rc == RC_OK)
		return 0;
	fprintf(stderr, "bootstrapctl: %s: %s\n", ctl->config->ledger, why);
	return rc_exit(rc);
}

/* --- rows ----------------------------------------------------------------- */

/** A row as it is printed: the session in hex. */
struct shown {
	const struct ledger_row *row;
	char time[25];
	char session[2 * LEDGER_SESSION_LEN + 1];
};

static void
row_json(const struct shown *s)
{
	const struct ledger_row *row = s->row;

	printf("{\"seq\":%llu,\"time\":\"%s\",\"kind\":",
	    (unsigned long long)row->seq, s->time);
	ctl_put_quoted(row->kind);
	/* absent rather than empty */
	if (s->session[0])
		printf(",\"session\":\"%s\"", s->session);
	if (row->endpoint.len) {
		printf(",\"endpoint\":");
		ctl_put_quoted(row->endpoint);
	}
	printf(",\"data\":%.*s}\n", SPAN_FMT(row->data));
}

static void
row_csv(const struct shown *s)
{
	printf("%llu,%s,", (unsigned long long)s->row->seq, s->time);
	ctl_put_csv(s->row->kind);
	printf(",%s,", s->session);
	ctl_put_csv(s->row->endpoint);
	putchar(',');
	ctl_put_csv(s->row->data);
	fputs("\r\n", stdout);
}

/** The policy set stands in every row: a line has the first digits of it. */
static void
data_text(struct span data)
{
	enum { SHOWN = 12 };
	static const char name[] = "\"policy_set\":\"";
	const uint8_t *at = NULL;
	struct span rest = {0};

	if (!data.p)
		return;
	/* no text has a quote that is not escaped */
	if (data.len > 0)
		at = memmem(data.p, data.len, name, sizeof(name) - 1);
	if (at)
		rest =
		    span_from(data, (size_t)(at - data.p) + sizeof(name) - 1);
	if (rest.len <= (size_t)2 * DIGEST_LEN) {
		printf("%.*s", SPAN_FMT(data));
		return;
	}
	printf("%.*s", (int)(rest.p - data.p) + SHOWN, (const char *)data.p);
	printf("..%.*s", SPAN_FMT(span_from(rest, (size_t)2 * DIGEST_LEN)));
}

static void
row_text(const struct shown *s)
{
	const struct ledger_row *row = s->row;

	printf("%6llu %s %-18.*s ", (unsigned long long)row->seq, s->time,
	    SPAN_FMT(row->kind));
	if (row->endpoint.len)
		ctl_put_quoted(row->endpoint);
	putchar(' ');
	data_text(row->data);
	putchar('\n');
}

struct reading {
	const struct ctl *ctl;
	uint64_t last_seq;
};

static enum rc
show_row(void *ctx, const struct ledger_row *row)
{
	struct reading *r = ctx;
	struct shown s = {.row = row};
	struct writer w;

	ledger_time(row->time_ms, s.time);
	writer_init(&w, s.session, sizeof(s.session) - 1);
	text_hex(&w, row->session);
	r->last_seq = row->seq;
	switch (r->ctl->format) {
	case FORMAT_JSON:
		row_json(&s);
		break;
	case FORMAT_CSV:
		row_csv(&s);
		break;
	case FORMAT_TEXT:
		row_text(&s);
		break;
	}
	return RC_OK;
}

int
ctl_rows(const struct ctl *ctl)
{
	struct ledger_query q = {.endpoint = span_str(ctl->argument)};
	struct reading reading = {.ctl = ctl};
	struct ledger *l = NULL;
	enum rc rc;
	int code = ctl_open_ledger(ctl, &l);

	if (code)
		return code;
	if (ctl->format == FORMAT_CSV)
		fputs("seq,time,kind,session,endpoint,data\r\n", stdout);
	do {
		rc = ledger_read(l, &q, show_row, &reading);
		if (reading.last_seq)
			q.after_seq = reading.last_seq;
		fflush(stdout);
		if (ctl->follow)
			usleep(500000);
	} while (rc == RC_OK && ctl->follow && !ferror(stdout));
	ledger_close(l);
	return rc == RC_OK ? 0 : rc_exit(rc);
}

/* --- devices -------------------------------------------------------------- */

static void
cells_json(const struct ledger_cells *row)
{
	const char *gap = "{";

	for (size_t i = 0; i < row->count; i++) {
		if (row->values[i].len == 0)
			continue;
		printf("%s\"%s\":", gap, row->names[i]);
		if (row->numbers[i])
			printf("%.*s", SPAN_FMT(row->values[i]));
		else
			ctl_put_quoted(row->values[i]);
		gap = ",";
	}
	printf("}\n");
}

static void
cells_csv(const struct ledger_cells *row, bool names)
{
	for (size_t i = 0; names && i < row->count; i++)
		printf("%s%s", i ? "," : "", row->names[i]);
	fputs(names ? "\r\n" : "", stdout);
	for (size_t i = 0; i < row->count; i++) {
		if (i)
			putchar(',');
		if (row->numbers[i])
			printf("%.*s", SPAN_FMT(row->values[i]));
		else
			ctl_put_csv(row->values[i]);
	}
	fputs("\r\n", stdout);
}

static void
cells_text(const struct ledger_cells *row)
{
	for (size_t i = 0; i < row->count; i++) {
		if (row->values[i].len == 0)
			continue;
		if (i)
			printf(" %s=", row->names[i]);
		ctl_put_quoted(row->values[i]);
	}
	printf("\n");
}

static enum rc
show_cells(void *ctx, const struct ledger_cells *row)
{
	struct reading *r = ctx;

	switch (r->ctl->format) {
	case FORMAT_JSON:
		cells_json(row);
		break;
	case FORMAT_CSV:
		cells_csv(row, r->last_seq == 0);
		break;
	case FORMAT_TEXT:
		cells_text(row);
		break;
	}
	r->last_seq++;
	return RC_OK;
}

int
ctl_devices(const struct ctl *ctl)
{
	struct reading reading = {.ctl = ctl};
	struct ledger *l = NULL;
	enum rc rc;
	int code = ctl_open_ledger(ctl, &l);

	if (code)
		return code;
	rc = ledger_view(l, "devices", show_cells, &reading);
	ledger_close(l);
	return rc == RC_OK ? 0 : rc_exit(rc);
}
