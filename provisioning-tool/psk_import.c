/*
 * psk import: a vendor's list of keys into the sealed store of the ledger.
 * Nothing that stands in the list is ever printed: where columns are shifted,
 * what looks like a name may be a key.
 */
#include "base/progress.h"
#include "key_check.h"
#include "psk_store.h"
#include "record.h"
#include "rows.h"
#include "settings.h"
#include "tool.h"
#include "verbs.h"

#include "base/text.h"
#include "policy/word.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct import {
	const struct options *o;
	char name[PSK_RECORD_MAX / 2]; /**< of the list, printable */
	int fd;
	uint64_t size; /**< bytes; 0: not known */
	struct psk_file file;
	struct psk_store store;
	struct progress progress;
	uint64_t rows, findings;
};

static void
finding(void *ctx, uint64_t line, const char *fault)
{
	struct import *i = ctx;

	if (i->findings++ >= (uint64_t)i->o->max_findings)
		return;
	progress_end(&i->progress);
	fprintf(
	    stderr, "%s:%llu: %s\n", i->name, (unsigned long long)line, fault);
}

/** Its path as it stands, where that is printable, or in quotes. */
static void
name_list(struct import *i)
{
	const char *path = i->o->operands[0];
	struct quoted q;
	size_t len = strlen(path);

	if (strcmp(path, "-") == 0)
		path = "standard input";
	else if (strlen(quote_str(&q, path)) != len + 2)
		path = q.text;
	snprintf(i->name, sizeof(i->name), "%s", path);
}

static enum psk_format
format_of(const struct options *o)
{
	static const char *const json[] = {".jsonl", ".ndjson", ".json"};
	const char *dot = strrchr(o->operands[0], '.');

	if (o->input_format)
		return strcmp(o->input_format, "csv") == 0 ? PSK_FORMAT_CSV
							   : PSK_FORMAT_JSONL;
	if (!dot)
		return PSK_FORMAT_SNIFF;
	for (size_t i = 0; i < sizeof(json) / sizeof(json[0]); i++)
		if (strcasecmp(dot, json[i]) == 0)
			return PSK_FORMAT_JSONL;
	return strcasecmp(dot, ".csv") == 0 ? PSK_FORMAT_CSV : PSK_FORMAT_SNIFF;
}

static int
unreadable(const struct import *i)
{
	return tool_error(EX_IOERR, NULL, "%s: %s", i->name, strerror(errno));
}

static int
open_list(struct import *i)
{
	const char *path = i->o->operands[0];
	struct stat st;

	if (strcmp(path, "-") == 0)
		i->fd = STDIN_FILENO;
	else
		i->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (i->fd < 0 || fstat(i->fd, &st) < 0)
		return unreadable(i);
	if (S_ISREG(st.st_mode))
		i->size = (uint64_t)st.st_size;
	if (psk_file_begin(&i->file, i->fd, format_of(i->o)) != RC_OK)
		return tool_fault(RC_MEMORY, "list of keys");
	return EX_OK;
}

static enum psk_encoding
encoding_of(const struct options *o)
{
	if (!o->key_encoding)
		return PSK_ENCODING_NONE;
	return strcmp(o->key_encoding, "hex") == 0 ? PSK_HEX : PSK_BASE64;
}

/** How many rows there may be, by how long those were that were read. */
static void
show_progress(struct import *i)
{
	uint64_t total = 0;

	if (i->size > 0 && i->file.taken > 0)
		total = (uint64_t)((double)i->rows * (double)i->size /
		    (double)i->file.taken);
	progress_at(&i->progress, i->rows, total);
}

static int
store_failed(struct import *i, const struct token *t, enum rc rc)
{
	progress_end(&i->progress);
	if (i->store.token_failed)
		return token_fault(t, rc);
	if (rc == RC_MEMORY)
		return tool_fault(rc, "list of keys");
	return tool_error(EX_IOERR,
	    rc == RC_FULL ? "make room on its disk and run this again"
			  : "see that the file and its folder can be written",
	    "the ledger took no rows (%s)", rc_name(rc));
}

static int
take_row(struct import *i, const struct token *t, const struct psk_record *r,
    struct psk_row *row)
{
	const char *fault;
	enum rc rc;

	i->rows++;
	rc = psk_row_read(r, encoding_of(i->o), row, &fault);
	if (rc == RC_MALFORMED) {
		finding(i, r->line, fault);
		return EX_OK;
	}
	if (rc == RC_OK && !i->o->check)
		rc = psk_store_add(&i->store, r->line, row);
	return rc == RC_OK ? EX_OK : store_failed(i, t, rc);
}

static int
take_rows(struct import *i, const struct token *t)
{
	struct psk_row row = {0};
	struct psk_record r;
	enum psk_next next;
	int code = EX_OK;
	enum rc rc;

	progress_begin(&i->progress, i->o->check ? "checking" : "importing");
	while (code == EX_OK &&
	    (next = psk_file_next(&i->file, &r)) == PSK_RECORD) {
		code = take_row(i, t, &r, &row);
		show_progress(i);
	}
	secret_fini(&row.key);
	progress_end(&i->progress);
	if (code != EX_OK)
		return code;
	if (next == PSK_UNUSABLE)
		finding(i, r.line, r.fault);
	if (next == PSK_UNREADABLE)
		code = unreadable(i);
	rc = i->o->check ? RC_OK : psk_store_flush(&i->store);
	return rc == RC_OK ? code : store_failed(i, t, rc);
}

static void
summarise_json(const struct import *i)
{
	const struct options *o = i->o;
	struct field f[9];
	size_t n = 0;

	f[n++] = F_TEXT("file", (const char *)i->name);
	f[n++] = F_BOOL("checked_only", o->check);
	f[n++] = F_INT("rows", i->rows);
	f[n++] = F_INT("findings", i->findings);
	if (!o->check) {
		f[n++] = F_TEXT("collection", o->collection);
		f[n++] = F_TEXT("master", o->seal);
		f[n++] = F_INT("epoch", o->epoch);
		f[n++] = F_INT("new", i->store.new_count);
		f[n++] = F_INT("there", i->store.there_count);
	}
	rows_json(f, n);
}

static void
summarise(const struct import *i)
{
	const struct options *o = i->o;
	struct quoted q;

	if (i->findings > (uint64_t)o->max_findings)
		fprintf(stderr,
		    "%s: and %llu findings more; --max-findings shows them\n",
		    i->name,
		    (unsigned long long)i->findings -
			(unsigned long long)o->max_findings);
	if (strcmp(o->format, "json") == 0) {
		summarise_json(i);
		return;
	}
	printf("%s: %llu rows", i->name, (unsigned long long)i->rows);
	if (!o->check)
		printf(", %llu new, %llu there already",
		    (unsigned long long)i->store.new_count,
		    (unsigned long long)i->store.there_count);
	printf(", %llu with findings", (unsigned long long)i->findings);
	if (!o->check) {
		printf("; collection %s", quote_str(&q, o->collection));
		printf(" under key %s", quote_str(&q, o->seal));
	}
	putchar('\n');
}

/** The list, and what there is to say of it at the end. */
static int
run(struct import *i, const struct token *t)
{
	int code = open_list(i);

	if (code == EX_OK) {
		code = take_rows(i, t);
		summarise(i);
		if (code != EX_OK && !i->o->check)
			fprintf(stderr,
			    "what was committed stays; run the same command "
			    "again to go on\n");
	}
	psk_file_end(&i->file);
	if (i->fd > STDIN_FILENO)
		close(i->fd);
	return code == EX_OK && i->findings > 0 ? EX_DATAERR : code;
}

static int
check_options(const struct options *o)
{
	struct quoted q;
	const char *wrong;

	if (!o->check && !o->collection)
		return tool_error(EX_USAGE,
		    "see provisioning-tool psk import --help",
		    "--collection NAME is missing");
	if (!o->check && !o->seal)
		return tool_error(EX_USAGE,
		    "see provisioning-tool psk import --help",
		    "--seal LABEL is missing");
	wrong = o->collection ? word_name(span_str(o->collection)) : NULL;
	if (wrong)
		return tool_error(EX_USAGE, NULL, "--collection %s: %s",
		    quote_str(&q, o->collection), wrong);
	return EX_OK;
}

static int
import(const struct options *o, struct import *i)
{
	struct settings s = {0};
	struct token t = {0};
	struct ledger *l = NULL;
	int code;

	code = settings_load(o, SETTINGS_TOKEN | SETTINGS_LEDGER, &s);
	if (code == EX_OK)
		code = record_open(s.ledger, LEDGER_WRITE, &l);
	if (code == EX_OK)
		code = token_open(&s, &t);
	if (code == EX_OK)
		code = key_check(l, &t, o->seal);
	if (code == EX_OK) {
		ledger_expect_many(l);
		i->store = (struct psk_store){
		    .hsm = t.session,
		    .ledger = l,
		    .collection = o->collection,
		    .master = o->seal,
		    .file = i->name,
		    .epoch = (uint32_t)o->epoch,
		    .finding = finding,
		    .ctx = i,
		};
		code = run(i, &t);
		psk_store_fini(&i->store);
	}
	token_close(&t);
	ledger_close(l);
	settings_fini(&s);
	return code;
}

int
psk_import(const struct options *o)
{
	struct import i = {.o = o, .fd = -1};
	int code = check_options(o);

	if (code != EX_OK)
		return code;
	name_list(&i);
	return o->check ? run(&i, NULL) : import(o, &i);
}
