/*
 * order flashed, order scrapped: what became of units, from the command line or
 * from the log of who flashes them. A line that is wrong is named, and the rest
 * is recorded.
 */
#include "order_unit.h"

#include "policy/csv.h"
#include "record.h"
#include "settings.h"
#include "tool.h"
#include "verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
	GROUP_MAX = 500, /* rows in one commit, of a file */
	LINE_MAX_LEN = 65536,
};

enum column {
	COLUMN_ENDPOINT,
	COLUMN_SERIAL,
	COLUMN_STATION,
	COLUMN_CHIP,
	COLUMN_SHA256,
	COLUMN_TIME,
	COLUMN_REASON,
	COLUMN_COUNT
};

static const char *const names[COLUMN_COUNT] = {
    "endpoint", "serial", "station", "chip", "sha256", "time", "reason"};

enum { COLUMNS_MAX = 64 };

struct line {
	const struct options *o;
	enum unit_fate fate;
	struct ledger *ledger;
	const char *file; /**< NULL: the command line */
	unsigned number;
	size_t in_group; /**< rows of the open one; 0: none is open */
	size_t group_max;
	/* the head of the file */
	enum column columns[COLUMNS_MAX];
	size_t column_count;
	/* what came of it */
	uint64_t recorded, again, known, not_minted, bad;
};

static const char *
place(const struct line *s, char text[static 400])
{
	struct quoted q;

	if (s->file)
		snprintf(text, 400, "%.360s:%u: ",
		    strcmp(s->file, "-") == 0 ? "standard input"
					      : quote_str(&q, s->file),
		    s->number);
	else
		text[0] = '\0';
	return text;
}

static int
lost(const struct line *s, enum rc rc)
{
	char at[400];

	return tool_error(EX_IOERR,
	    rc == RC_FULL ? "make room on its disk; rows up to the last group "
			    "are there, and lines with a time are not "
			    "recorded twice"
			  : "see that the file and its folder can be written",
	    "%sthe ledger took no row (%s)", place(s, at), rc_name(rc));
}

static int
commit(struct line *s)
{
	enum rc rc = s->in_group > 0 ? ledger_commit(s->ledger) : RC_OK;

	s->in_group = 0;
	return rc == RC_OK ? EX_OK : lost(s, rc);
}

static void
tell(struct line *s, const struct unit_report *r, const struct unit_outcome *u)
{
	char at[400];
	struct quoted q;

	quote(&q, r->name);
	place(s, at);
	if (u->not_minted)
		fprintf(stderr, "%s%s: no image of it was minted here%s\n", at,
		    q.text, u->recorded ? "; recorded all the same" : "");
	if (u->other_bytes)
		fprintf(stderr,
		    "%s%s: flashed with other bytes than its image has; "
		    "recorded all the same\n",
		    at, q.text);
	if (!u->recorded)
		fprintf(stderr, "%s%s: is in row %llu already\n", at, q.text,
		    (unsigned long long)u->seq);
	s->recorded += u->recorded;
	s->known += !u->recorded;
	s->again += u->recorded && u->again && s->fate == UNIT_FLASHED;
	s->not_minted += u->not_minted || u->other_bytes;
}

static void
bad_line(struct line *s, const char *why)
{
	char at[400];

	s->bad++;
	fprintf(stderr, "%s%s\n", place(s, at), why);
}

static int
report(struct line *s, const struct unit_report *r)
{
	struct unit_outcome u;
	enum rc rc = s->in_group > 0 ? RC_OK : ledger_begin(s->ledger);

	if (rc == RC_OK) {
		s->in_group++;
		rc = unit_report_append(s->ledger, r, &u);
	}
	if (rc == RC_MALFORMED)
		bad_line(s,
		    "a name is 1 to 252 bytes, sha256 64 digits in lower-"
		    "case hex, the rest lines of at most 128 bytes");
	else if (rc == RC_CONFLICT)
		bad_line(s,
		    "that serial number is of several endpoints; name the "
		    "endpoint");
	else if (rc != RC_OK)
		return lost(s, rc);
	else
		tell(s, r, &u);
	return s->in_group >= s->group_max ? commit(s) : EX_OK;
}

static struct unit_report
preset(const struct line *s)
{
	struct unit_report r = {.fate = s->fate};

	if (s->o->station)
		r.station = span_str(s->o->station);
	if (s->o->chip)
		r.chip = span_str(s->o->chip);
	if (s->o->reason)
		r.reason = span_str(s->o->reason);
	return r;
}

/* --- a file --------------------------------------------------------------- */

static struct span
strip(struct span s)
{
	while (s.len > 0 && (s.p[s.len - 1] == '\n' || s.p[s.len - 1] == '\r'))
		s.len--;
	return s;
}

/* Columns that nobody asked for may be there: it is another's log. */
static bool
take_head(struct line *s, struct csv *c, struct span record)
{
	bool last = false, named = false;
	const char *why = NULL;

	while (!last && !why && s->column_count < COLUMNS_MAX) {
		enum column *at = &s->columns[s->column_count];
		struct span field;

		why = csv_field(c, &record, &field, &last);
		*at = COLUMN_COUNT;
		for (unsigned i = 0; !why && i < COLUMN_COUNT; i++)
			if (span_is(field, names[i]))
				*at = (enum column)i;
		named |= *at == COLUMN_ENDPOINT || *at == COLUMN_SERIAL;
		s->column_count++;
	}
	if (!why && !last)
		why = "more than 64 columns";
	if (!why && !named)
		why = "the first line names the columns: `endpoint` or "
		      "`serial`, and of station, chip, sha256, time, reason "
		      "those that are there";
	if (why)
		bad_line(s, why);
	return !why;
}

static int
take_record(struct line *s, struct csv *c, struct span record)
{
	struct unit_report r = preset(s);
	struct span fields[COLUMN_COUNT] = {{0}};
	const char *why = NULL;
	bool last = false;
	size_t i = 0;

	for (; !last && !why; i++) {
		struct span field;

		why = csv_field(c, &record, &field, &last);
		if (!why && i >= s->column_count)
			why = "more fields than the first line has";
		else if (!why && s->columns[i] != COLUMN_COUNT)
			fields[s->columns[i]] = field;
	}
	if (!why && i < s->column_count)
		why = "fewer fields than the first line has";
	r.name = fields[COLUMN_ENDPOINT].len > 0 ? fields[COLUMN_ENDPOINT]
						 : fields[COLUMN_SERIAL];
	if (!why && r.name.len == 0)
		why = "no endpoint, and no serial number";
	if (fields[COLUMN_STATION].len > 0)
		r.station = fields[COLUMN_STATION];
	if (fields[COLUMN_CHIP].len > 0)
		r.chip = fields[COLUMN_CHIP];
	if (fields[COLUMN_REASON].len > 0)
		r.reason = fields[COLUMN_REASON];
	r.sha256 = fields[COLUMN_SHA256];
	r.at = fields[COLUMN_TIME];
	if (!why && s->fate == UNIT_SCRAPPED && r.reason.len == 0)
		why = "no reason; give a column `reason`, or --reason";
	if (why) {
		bad_line(s, why);
		return EX_OK;
	}
	return report(s, &r);
}

/* A byte order mark, in front of the first line. */
static struct span
without_mark(struct span text)
{
	return span_starts(text, SPAN_LIT("\xef\xbb\xbf")) ? span_from(text, 3)
							   : text;
}

static int
take_line(struct line *s, struct span text, bool *begun)
{
	struct arena *a = arena_new(4 * LINE_MAX_LEN);
	struct csv c;
	struct span record;
	int code = EX_OK;

	if (!a)
		return tool_fault(RC_MEMORY, "order");
	csv_init(&c, a, text);
	if (csv_record(&c, &record)) {
		if (*begun)
			code = take_record(s, &c, record);
		else if (!take_head(s, &c, record))
			code = EX_DATAERR;
		*begun = true;
	}
	if (c.no_memory)
		code = tool_fault(RC_MEMORY, "order");
	arena_free(a);
	return code;
}

static int
take_file(struct line *s, FILE *in)
{
	bool begun = false;
	size_t room = 0;
	char *text = NULL;
	ssize_t len;
	int code = EX_OK;

	while (code == EX_OK && (len = getline(&text, &room, in)) >= 0) {
		struct span line = strip(span_of(text, (size_t)len));

		s->number++;
		if (s->number == 1)
			line = without_mark(line);
		if (line.len > LINE_MAX_LEN)
			bad_line(s, "a line of more than 64 KiB");
		else
			code = take_line(s, line, &begun);
	}
	if (code == EX_OK && ferror(in))
		code = tool_error(EX_IOERR, NULL, "the list cannot be read");
	free(text);
	return code;
}

static int
take_path(struct line *s)
{
	const bool is_stdin = strcmp(s->file, "-") == 0;
	FILE *in = is_stdin ? stdin : fopen(s->file, "re");
	struct quoted q;
	struct stat st;
	int code;

	if (!in)
		return tool_error(EX_NOINPUT, NULL, "%s: %s",
		    quote_str(&q, s->file), strerror(errno));
	/* who writes to a pipe line by line wants each to be there */
	if (fstat(fileno(in), &st) == 0 && S_ISREG(st.st_mode))
		s->group_max = GROUP_MAX;
	code = take_file(s, in);
	if (!is_stdin)
		fclose(in);
	return code;
}

/* --- the verbs ------------------------------------------------------------ */

static int
take_operands(struct line *s)
{
	int code = EX_OK;

	s->group_max = GROUP_MAX;
	for (size_t i = 0; i < s->o->operand_count && code == EX_OK; i++) {
		struct unit_report r = preset(s);

		r.name = span_str(s->o->operands[i]);
		code = report(s, &r);
	}
	return code;
}

static int
check(const struct line *s)
{
	const struct options *o = s->o;

	if ((o->operand_count > 0) == (o->from_file != NULL))
		return tool_error(EX_USAGE, NULL,
		    "either serial numbers and endpoints, or --from FILE");
	if (s->fate == UNIT_SCRAPPED && !o->reason && !o->from_file)
		return tool_error(EX_USAGE, "add --reason TEXT",
		    "why they are scrapped is recorded, too");
	if (o->chip && o->operand_count != 1)
		return tool_error(EX_USAGE,
		    "a list has a column `chip`: --from FILE",
		    "--chip is of one unit");
	return EX_OK;
}

static void
summary(const struct line *s)
{
	fprintf(stderr, "%s %llu",
	    s->fate == UNIT_FLASHED ? "flashed" : "scrapped",
	    (unsigned long long)s->recorded);
	if (s->again > 0)
		fprintf(stderr, ", of these %llu once more",
		    (unsigned long long)s->again);
	if (s->known > 0)
		fprintf(stderr, ", recorded before %llu",
		    (unsigned long long)s->known);
	if (s->not_minted > 0)
		fprintf(stderr, ", not as minted %llu",
		    (unsigned long long)s->not_minted);
	if (s->bad > 0)
		fprintf(stderr, ", lines that are wrong %llu",
		    (unsigned long long)s->bad);
	fputc('\n', stderr);
}

static int
run(const struct options *o, enum unit_fate fate)
{
	struct line s = {
	    .o = o,
	    .fate = fate,
	    .file = o->from_file,
	    .group_max = 1,
	};
	struct settings settings = {0};
	int code = check(&s), last;

	if (code == EX_OK)
		code = settings_load(o, SETTINGS_LEDGER, &settings);
	if (code == EX_OK)
		code = record_open(settings.ledger, LEDGER_WRITE, &s.ledger);
	if (code == EX_OK) {
		code = s.file ? take_path(&s) : take_operands(&s);
		/* what was right before the fault is kept */
		last = commit(&s);
		code = code == EX_OK ? last : code;
		summary(&s);
	}
	ledger_close(s.ledger);
	settings_fini(&settings);
	if (code == EX_OK && (s.bad > 0 || s.not_minted > 0))
		code = EX_DATAERR;
	return code;
}

int
order_flashed(const struct options *o)
{
	return run(o, UNIT_FLASHED);
}

int
order_scrapped(const struct options *o)
{
	return run(o, UNIT_SCRAPPED);
}
