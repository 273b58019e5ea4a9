/*
 * pki ceremony: keys and certificates by a file that was reviewed before. It
 * is looked at as a whole first; then come the steps, each with its row of the
 * ledger and its lines of the transcript.
 */
#include "build_config.h"
#include "ceremony_run.h"
#include "record.h"
#include "verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int
load(const struct options *o, struct ceremony *c)
{
	struct diag *d = diag_new();
	struct quoted q;
	enum rc rc;

	if (!d)
		return tool_fault(RC_MEMORY, "ceremony");
	rc = ceremony_load(o->operands[0], o->directory, d, c);
	diag_sort(d);
	diag_print(d, stderr);
	diag_free(d);
	if (rc == RC_OK)
		return EX_OK;
	if (rc == RC_MEMORY)
		return tool_fault(rc, "ceremony");
	return tool_error(EX_DATAERR, "mend what is named above",
	    "%s cannot be used", quote_str(&q, o->operands[0]));
}

/** Which steps; the whole of the file by default. */
static int
choose(const struct options *o, struct run *r)
{
	struct quoted q;

	r->from = o->from ? (unsigned)o->from : 1;
	r->to = o->to ? (unsigned)o->to : (unsigned)r->c->step_count;
	if (r->to <= r->c->step_count && r->from <= r->to)
		return EX_OK;
	return tool_error(EX_USAGE, "see --dry-run for their numbers",
	    "%s has no steps %u to %u, it has %zu", quote_str(&q, r->c->file),
	    r->from, r->to, r->c->step_count);
}

static void
head(struct run *r)
{
	char hex[HEX_TEXT_MAX], when[32];
	struct quoted q;
	struct writer w;

	writer_init(&w, when, sizeof(when) - 1);
	der_print_time(&w, r->now_s);
	when[w.len] = '\0';
	transcript_line(&r->log, "ceremony %s", quote_str(&q, r->c->name));
	transcript_line(&r->log, "file %s", quote_str(&q, r->c->file));
	transcript_line(&r->log, "SHA-256 of the file %s",
	    hex_text(hex, span_of(r->c->sha256, DIGEST_LEN)));
	transcript_line(
	    &r->log, "program provisioning-tool %s", PROJECT_VERSION);
	transcript_line(
	    &r->log, "begun %s, steps %u to %u", when, r->from, r->to);
	if (r->dry)
		transcript_line(
		    &r->log, "dry run: nothing is made, signed or written");
}

/** A ledger that cannot be written must show before the first key. */
static int
open_ledger(struct run *r)
{
	return record_open(r->c->ledger, LEDGER_WRITE, &r->ledger);
}

static int
known(struct run *r)
{
	int code = run_keys_known(r);

	if (code == EX_OK)
		return EX_OK;
	return tool_error(
	    code, "nothing was made", "the ceremony has not begun");
}

static int
run(const struct options *o, struct ceremony *c, struct run *r)
{
	int code = load(o, c);

	r->c = c;
	r->open = SIZE_MAX;
	r->dry = o->dry_run;
	r->append = o->from != 0;
	r->now_s = (int64_t)time(NULL);
	if (code == EX_OK)
		code = choose(o, r);
	if (code != EX_OK)
		return code;
	if (r->dry) {
		head(r);
		return run_look(r);
	}
	r->log.quiet = true;
	code = run_look(r);
	if (code != EX_OK)
		return tool_error(
		    code, "nothing was made", "the ceremony has not begun");
	code = open_ledger(r);
	if (code == EX_OK)
		code = known(r);
	if (code == EX_OK)
		code = transcript_open(&r->log, c->transcript, r->append);
	if (code != EX_OK)
		return code;
	head(r);
	return run_take(r);
}

int
pki_ceremony(const struct options *o)
{
	struct ceremony c = {0};
	struct run *r = calloc(1, sizeof(*r)); /* some MB */
	int code;

	if (!r)
		return tool_fault(RC_MEMORY, "ceremony");
	code = run(o, &c, r);
	token_close(&r->token);
	transcript_fini(&r->log);
	ledger_close(r->ledger);
	for (size_t i = 0; i < CEREMONY_TOKENS_MAX; i++)
		secret_fini(&r->pins[i]);
	free(r);
	ceremony_fini(&c);
	return code;
}
