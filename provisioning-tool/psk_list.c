/* psk list: what lies in the sealed store of the ledger, by collection. */
#include "record.h"
#include "rows.h"
#include "settings.h"
#include "tool.h"
#include "verbs.h"

#include <stdio.h>
#include <string.h>

struct list {
	const char *format;
	bool begun;
};

static enum rc
show(void *ctx, const struct ledger_collection *c)
{
	struct list *l = ctx;
	const struct field f[] = {
	    F_TEXT("collection", c->collection),
	    F_TEXT("master", c->master),
	    F_INT("count", c->count),
	};
	const size_t n = sizeof(f) / sizeof(f[0]);
	struct quoted q;

	if (strcmp(l->format, "json") == 0) {
		rows_json(f, n);
	} else if (strcmp(l->format, "csv") == 0) {
		if (!l->begun)
			rows_csv_names(f, n);
		rows_csv(f, n);
	} else {
		if (!l->begun)
			printf("%-32s  %10s  %s\n", "collection", "keys",
			    "sealed under");
		printf("%-32s  %10llu  ", quote(&q, c->collection),
		    (unsigned long long)c->count);
		puts(quote(&q, c->master));
	}
	l->begun = true;
	return ferror(stdout) ? RC_IO : RC_OK;
}

int
psk_list(const struct options *o)
{
	struct list l = {.format = o->format};
	struct ledger *ledger = NULL;
	struct settings s;
	enum rc rc;
	int code = settings_load(o, SETTINGS_LEDGER, &s);

	if (code == EX_OK)
		code = record_open(s.ledger, LEDGER_READ, &ledger);
	if (code == EX_OK) {
		rc = ledger_collections(ledger, show, &l);
		if (rc != RC_OK && rc != RC_IO)
			code = tool_error(EX_IOERR,
			    "see provisioning-tool audit verify",
			    "the sealed store could not be read (%s)",
			    rc_name(rc));
		else if (!l.begun)
			fputs("no keys in the sealed store; import them: "
			      "provisioning-tool psk import\n",
			    stderr);
	}
	ledger_close(ledger);
	settings_fini(&s);
	return code;
}
