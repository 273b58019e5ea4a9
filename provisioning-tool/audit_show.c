/* audit show: one row whole, or all rows of one bootstrap as its story. */
#include "ledger_rows.h"
#include "record.h"
#include "settings.h"
#include "tool.h"
#include "verbs.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

struct show {
	bool json, story;
	uint64_t seq; /* the one asked for, without a story */
	int64_t began_ms;
	size_t count;
};

static enum rc
show_row(void *ctx, const struct ledger_row *row)
{
	struct show *s = ctx;

	if (!s->story && row->seq != s->seq)
		return RC_OK;
	if (s->count++ == 0)
		s->began_ms = row->time_ms;
	if (s->json)
		row_json(row);
	else
		row_story(row, s->story ? s->began_ms : -1);
	return RC_OK;
}

/** Which rows the argument asks for. False: it is neither. */
static bool
parse(const char *text, uint8_t session[static LEDGER_SESSION_LEN],
    struct ledger_query *q, struct show *s)
{
	struct span arg = span_str(text);
	struct writer w;

	writer_init(&w, session, LEDGER_SESSION_LEN);
	if (arg.len == 2 * LEDGER_SESSION_LEN && text_unhex(&w, arg) == RC_OK) {
		s->story = true;
		q->session = writer_span(&w);
		return true;
	}
	if (!span_decimal(arg, INT64_MAX, &s->seq) || s->seq == 0)
		return false;
	q->after_seq = s->seq - 1;
	q->limit = 1;
	return true;
}

static int
show(struct ledger *ledger, const struct ledger_query *q, struct show *s,
    const char *arg)
{
	struct quoted text;
	enum rc rc = ledger_read(ledger, q, show_row, s);

	if (rc != RC_OK)
		return tool_error(EX_IOERR,
		    "see provisioning-tool audit verify",
		    "the ledger could not be read (%s)", rc_name(rc));
	if (s->count == 0)
		return tool_error(EX_DATAERR,
		    "see provisioning-tool audit list",
		    "the ledger has no %s %s", s->story ? "session" : "row",
		    quote_str(&text, arg));
	return EX_OK;
}

int
audit_show(const struct options *o)
{
	const char *arg = o->operands[0];
	struct show s = {.json = strcmp(o->format, "json") == 0};
	uint8_t session[LEDGER_SESSION_LEN];
	struct ledger_query q = {0};
	struct ledger *ledger = NULL;
	struct settings settings;
	struct quoted text;
	int code;

	if (!parse(arg, session, &q, &s))
		return tool_error(EX_USAGE,
		    "give the number of a row, or the 32 hex digits of a "
		    "session",
		    "audit show %s", quote_str(&text, arg));
	code = settings_load(o, SETTINGS_LEDGER, &settings);
	if (code == EX_OK)
		code = record_open(settings.ledger, LEDGER_READ, &ledger);
	if (code == EX_OK)
		code = show(ledger, &q, &s, arg);
	ledger_close(ledger);
	settings_fini(&settings);
	return code;
}
