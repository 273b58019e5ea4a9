#include "record.h"

#include "tool.h"

/** SQLite repeats names out of the file in what it says. */
static const char *
printable(char *text, const char *from)
{
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || (unsigned char)*p >= 0x7f)
			*p = '?';
	return from;
}

int
record_open(const char *path, enum ledger_mode mode, struct ledger **out)
{
	char why[512] = "";
	const char *rest = why;
	struct quoted q;
	enum rc rc = ledger_open(path, mode, out, why, sizeof(why));

	if (rc == RC_OK)
		return EX_OK;
	quote_str(&q, path);
	if (span_starts(span_str(why), span_str(path)))
		rest += strlen(path) + (why[strlen(path)] == ':');
	while (*rest == ' ')
		rest++;
	if (rc == RC_NOT_FOUND)
		return tool_error(EX_IOERR,
		    "look at its name; -c takes that of the configuration",
		    "no ledger %s", q.text);
	if (rc == RC_MEMORY)
		return tool_fault(rc, "ledger");
	return tool_error(rc == RC_CONFIG ? EX_DATAERR : EX_IOERR,
	    rc == RC_FULL ? "make room on its disk" : "look at that file",
	    "ledger %s: %s", q.text,
	    *rest ? printable(why, rest) : rc_name(rc));
}

int
record_row(struct ledger *l, const struct ledger_event *e, uint64_t *seq,
    const char *hence)
{
	enum rc rc = ledger_begin(l);

	if (rc == RC_OK) {
		rc = ledger_append(l, e, seq);
		if (rc == RC_OK)
			rc = ledger_commit(l);
		else
			ledger_rollback(l);
	}
	if (rc == RC_OK)
		return EX_OK;
	return tool_error(EX_IOERR,
	    rc == RC_FULL ? "make room on its disk and try again"
			  : "see that the file and its folder can be written",
	    "the ledger took no row (%s); %s", rc_name(rc), hence);
}

static enum rc
any_row(void *ctx, const struct ledger_row *row)
{
	(void)row;
	*(bool *)ctx = true;
	return RC_AGAIN;
}

enum rc
record_any(struct ledger *l, const struct ledger_query *q, bool *any)
{
	enum rc rc;

	*any = false;
	rc = ledger_read(l, q, any_row, any);
	return rc == RC_AGAIN ? RC_OK : rc;
}
