/* audit list: the rows of the ledger, as many and of what kind as asked for. */
#include "ledger_rows.h"
#include "record.h"
#include "settings.h"
#include "tool.h"
#include "verbs.h"

#include <stdio.h>
#include <string.h>

struct list {
	const char *format;
	bool begun;
	uint64_t oldest; /* number of the last row seen going backwards */
};

static enum rc
show(void *ctx, const struct ledger_row *row)
{
	struct list *l = ctx;

	if (strcmp(l->format, "json") == 0)
		row_json(row);
	else if (strcmp(l->format, "csv") == 0)
		row_csv(row, !l->begun);
	else
		row_line(row);
	l->begun = true;
	/* the reader has gone (head): no need to go on */
	return ferror(stdout) ? RC_IO : RC_OK;
}

static enum rc
note_oldest(void *ctx, const struct ledger_row *row)
{
	struct list *l = ctx;

	l->oldest = row->seq;
	return RC_OK;
}

static enum rc
list(struct ledger *ledger, const struct options *o, struct list *l)
{
	struct ledger_query q = {
	    .after_seq = o->since ? (uint64_t)o->since - 1 : 0,
	    .limit = (uint64_t)o->limit,
	    .kind = span_str(o->kind),
	    .endpoint = span_str(o->endpoint),
	};
	enum rc rc;

	/* the newest, oldest of them first: find where they begin */
	if (o->limit && !o->since) {
		q.newest_first = true;
		rc = ledger_read(ledger, &q, note_oldest, l);
		if (rc != RC_OK || l->oldest == 0)
			return rc;
		q.newest_first = false;
		q.after_seq = l->oldest - 1;
	}
	rc = ledger_read(ledger, &q, show, l);
	return rc == RC_IO ? RC_OK : rc;
}

int
audit_list(const struct options *o)
{
	struct list l = {.format = o->format};
	struct ledger *ledger = NULL;
	struct settings s;
	enum rc rc;
	int code = settings_load(o, SETTINGS_LEDGER, &s);

	if (code == EX_OK)
		code = record_open(s.ledger, LEDGER_READ, &ledger);
	if (code == EX_OK) {
		rc = list(ledger, o, &l);
		if (rc != RC_OK)
			code = tool_error(EX_IOERR,
			    "see provisioning-tool audit verify",
			    "the ledger could not be read to its end (%s)",
			    rc_name(rc));
	}
	ledger_close(ledger);
	settings_fini(&s);
	return code;
}
