#include "base/text.h"
#include "ledger/merge_proof.h"
#include "ledger/store.h"

#include <stdio.h>
#include <stdlib.h>

enum { PROGRESS_ROWS = 4096 };

/* What the chain does not cover. No row, or it was altered. */
static const struct {
	const char *query;
	const char *finding;
} beside[] = {
    {"SELECT name FROM inconsistencies LIMIT 1",
	"the chain holds, but a table beside it is not as its rows make it "
	"(SELECT * FROM inconsistencies)"},
    /* without a limit as its argument: newer SQLite takes that for a table */
    {"SELECT 1 FROM pragma_integrity_check "
     "WHERE integrity_check <> 'ok' LIMIT 1",
	"the chain holds, but an index or a page is damaged "
	"(PRAGMA integrity_check)"},
};

/* Why the row does not fit; NULL when it does. */
static const char *
find_fault(struct ledger *l, sqlite3_stmt *stmt, const struct ledger_row *row,
    const uint8_t previous[static DIGEST_LEN])
{
	struct span shown = store_column(stmt, 7);
	uint8_t hash[DIGEST_LEN];
	bool plain;

	chain_hash(previous, row, hash);
	if (memcmp(hash, row->hash, DIGEST_LEN) != 0)
		return "its hash is not that of its contents after the row "
		       "before";
	/* The chain covers the bytes; people read their printable form. */
	if (row->endpoint.len > LEDGER_ENDPOINT_MAX ||
	    !span_equal(store_shown(l, row->endpoint), shown))
		return "the endpoint shown is not the one recorded";
	plain = sqlite3_column_type(stmt, 8) == SQLITE_NULL;
	if (plain != span_equal(row->endpoint, shown))
		return "the endpoint is recorded in a way that hides it";
	return NULL;
}

/* The same of the row as it was at its station, if it was merged. */
static enum rc
find_merge_fault(struct merge_proof *proof, const struct ledger_row *row,
    struct ledger_verdict *out)
{
	char text[sizeof(out->text) - 32];
	struct writer what;
	enum rc rc;

	writer_init(&what, text, sizeof(text));
	rc = merge_proof_row(proof, row, &what);
	if (rc == RC_CONFLICT) {
		out->bad_seq = row->seq;
		snprintf(out->text, sizeof(out->text), "row %llu: %.*s",
		    (unsigned long long)row->seq, SPAN_FMT(writer_span(&what)));
	}
	return rc;
}

static int
walk(struct ledger *l, struct ledger_verdict *out, struct merge_proof *proof,
    uint64_t total, ledger_progress_fn progress, void *ctx)
{
	sqlite3_stmt *stmt;
	const char *fault;
	enum rc rc;
	int code;

	if (store_take(l, STORE_VERIFY, &stmt) != RC_OK)
		return SQLITE_ERROR;
	while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
		uint64_t expected = out->rows + 1;
		struct ledger_row row;

		store_row(stmt, &row);
		if (row.seq != expected) {
			out->bad_seq = expected;
			snprintf(out->text, sizeof(out->text),
			    "row %llu is missing: row %lld is in its place",
			    (unsigned long long)expected, (long long)row.seq);
			break;
		}
		fault = find_fault(l, stmt, &row, out->head);
		if (fault) {
			out->bad_seq = expected;
			snprintf(out->text, sizeof(out->text), "row %llu: %s",
			    (unsigned long long)expected, fault);
			break;
		}
		rc = find_merge_fault(proof, &row, out);
		if (rc != RC_OK) {
			if (rc == RC_MEMORY)
				code = SQLITE_NOMEM;
			break;
		}
		out->rows = expected;
		memcpy(out->head, row.hash, DIGEST_LEN);
		if (progress && expected % PROGRESS_ROWS == 0)
			progress(ctx, expected, total);
	}
	store_give_back(l, stmt);
	if (progress)
		progress(ctx, out->rows, total);
	return code;
}

/* SQLITE_ROW when something is altered, SQLITE_DONE when not. */
static int
ask_beside(struct ledger *l, struct ledger_verdict *out)
{
	sqlite3_stmt *stmt = NULL;
	int code = SQLITE_DONE;

	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		code =
		    sqlite3_prepare_v2(l->db, beside[i].query, -1, &stmt, NULL);
		if (code == SQLITE_OK)
			code = sqlite3_step(stmt);
		if (code == SQLITE_ROW) {
			out->altered = true;
			snprintf(out->text, sizeof(out->text), "%s",
			    beside[i].finding);
		}
		sqlite3_finalize(stmt);
		if (code != SQLITE_DONE)
			break;
	}
	return code;
}

/* What is sorted for it grows with the ledger: into files without a name, where
 * they can be made, so that memory does not. */
static int
look_beside(struct ledger *l, struct ledger_verdict *out)
{
	static const char in_files[] = "PRAGMA temp_store = FILE";
	static const char in_memory[] = "PRAGMA temp_store = MEMORY";
	int code = sqlite3_exec(l->db, in_files, NULL, NULL, NULL);

	if (code == SQLITE_OK)
		code = ask_beside(l, out);
	if (sqlite3_exec(l->db, in_memory, NULL, NULL, NULL) == SQLITE_OK &&
	    code != SQLITE_DONE && code != SQLITE_ROW)
		code = ask_beside(l, out);
	return code;
}

static enum rc
look_at_blobs(struct ledger *l, struct ledger_verdict *out)
{
	char hex[2 * DIGEST_LEN];
	uint8_t which[DIGEST_LEN];
	struct writer w;
	enum rc rc = blob_check(l, &out->altered, which);

	if (rc != RC_OK || !out->altered)
		return rc;
	writer_init(&w, hex, sizeof(hex));
	text_hex(&w, span_of(which, sizeof(which)));
	snprintf(out->text, sizeof(out->text),
	    "the chain holds, but the bytes kept as %.*s are others",
	    SPAN_FMT(writer_span(&w)));
	return RC_OK;
}

static enum rc
judge(struct ledger *l, struct ledger_verdict *out, struct merge_proof *proof,
    ledger_progress_fn progress, void *ctx)
{
	uint64_t total;
	struct writer w;
	char what[80];
	int code;
	enum rc rc;

	rc = ledger_head(l, &total, out->head);
	memset(out->head, 0, DIGEST_LEN);
	if (rc)
		return rc;
	code = walk(l, out, proof, total, progress, ctx);
	if (out->bad_seq)
		return RC_OK;
	if (code != SQLITE_DONE)
		return store_failed(l, code, "verify");
	writer_init(&w, what, sizeof(what));
	rc = schema_check(l->db, &w);
	if (rc == RC_CONFIG) {
		out->altered = true;
		snprintf(out->text, sizeof(out->text),
		    "the chain holds, but the %.*s", SPAN_FMT(writer_span(&w)));
		return RC_OK;
	}
	if (rc)
		return rc;
	code = look_beside(l, out);
	if (code != SQLITE_DONE && code != SQLITE_ROW)
		return store_failed(l, code, "verify");
	if (out->altered)
		return RC_OK;
	rc = secret_check_shown(l, &out->altered);
	if (rc == RC_OK && out->altered)
		snprintf(out->text, sizeof(out->text),
		    "the chain holds, but a name that is shown of the sealed "
		    "store is not the one recorded there");
	return rc == RC_OK && !out->altered ? look_at_blobs(l, out) : rc;
}

enum rc
ledger_verify(struct ledger *l, struct ledger_verdict *out,
    ledger_progress_fn progress, void *ctx)
{
	bool alone = sqlite3_get_autocommit(l->db);
	struct merge_proof *proof;
	enum rc rc;

	*out = (struct ledger_verdict){0};
	proof = calloc(1, sizeof(*proof));
	if (!proof)
		return RC_MEMORY;
	/* One view of the file for all that is asked of it. */
	if (alone && sqlite3_exec(l->db, "BEGIN", NULL, NULL, NULL)) {
		free(proof);
		return RC_DB;
	}
	rc = judge(l, out, proof, progress, ctx);
	merge_proof_fini(proof);
	free(proof);
	if (rc)
		snprintf(out->text, sizeof(out->text),
		    "cannot be read after row %llu: %s",
		    (unsigned long long)out->rows, sqlite3_errmsg(l->db));
	else if (!out->bad_seq && !out->altered)
		snprintf(out->text, sizeof(out->text),
		    "%llu rows, and the chain holds",
		    (unsigned long long)out->rows);
	if (alone && !sqlite3_get_autocommit(l->db))
		sqlite3_exec(l->db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}
