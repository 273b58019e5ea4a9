/* audit verify: does every row follow from the one before it? */
#include "base/progress.h"
#include "record.h"
#include "rows.h"
#include "settings.h"
#include "tool.h"
#include "verbs.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static void
draw(void *ctx, uint64_t done, uint64_t total)
{
	progress_at(ctx, done, total);
}

static void
print_json(const struct ledger_verdict *v)
{
	const struct field f[] = {
	    F_BOOL("ok", v->bad_seq == 0 && !v->altered),
	    F_INT("rows", v->rows),
	    F_INT("bad_seq", v->bad_seq),
	    F_BOOL("altered", v->altered),
	    F_TEXT("text", span_of(v->text, strnlen(v->text, sizeof(v->text)))),
	    F_BYTES("head", span_of(v->head, DIGEST_LEN)),
	};

	rows_json(f, sizeof(f) / sizeof(f[0]));
}

static int
verify(struct ledger *ledger, const char *path, bool json)
{
	struct ledger_verdict v = {0};
	struct progress p;
	char hex[HEX_TEXT_MAX];
	struct quoted q;
	enum rc rc;

	progress_begin(&p, "verifying rows");
	rc = ledger_verify(ledger, &v, draw, &p);
	progress_end(&p);
	if (rc != RC_OK)
		return tool_error(EX_IOERR, "restore it from a copy",
		    "ledger %s cannot be read behind row %llu (%s)",
		    quote_str(&q, path), (unsigned long long)v.rows,
		    rc_name(rc));
	if (json)
		print_json(&v);
	else if (v.bad_seq == 0 && !v.altered)
		printf("%s: %llu row%s, chain whole, head %s\n",
		    quote_str(&q, path), (unsigned long long)v.rows,
		    v.rows == 1 ? "" : "s",
		    hex_text(hex, span_of(v.head, DIGEST_LEN)));
	if (v.bad_seq == 0 && !v.altered)
		return EX_OK;
	if (v.bad_seq != 0)
		return tool_error(EX_DATAERR,
		    "keep this file as it is, and compare it with a copy",
		    "ledger %s: row %llu does not fit: %s; %llu row%s before "
		    "it hold",
		    quote_str(&q, path), (unsigned long long)v.bad_seq, v.text,
		    (unsigned long long)v.rows, v.rows == 1 ? "" : "s");
	return tool_error(EX_DATAERR,
	    "trust its rows, not its views, and compare it with a copy",
	    "ledger %s: the chain holds, but %s", quote_str(&q, path), v.text);
}

int
audit_verify(const struct options *o)
{
	struct ledger *ledger = NULL;
	struct settings s;
	int code = settings_load(o, SETTINGS_LEDGER, &s);

	/* files that cannot grow are an error, which is dealt with */
	(void)signal(SIGXFSZ, SIG_IGN);
	if (code == EX_OK)
		code = record_open(s.ledger, LEDGER_READ, &ledger);
	if (code == EX_OK)
		code = verify(ledger, s.ledger, strcmp(o->format, "json") == 0);
	ledger_close(ledger);
	settings_fini(&s);
	return code;
}
