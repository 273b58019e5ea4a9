#include "ledger/store.h"

#include "base/loop.h"
#include "base/text.h"

bool
store_is_name(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!(s.p[i] >= 'a' && s.p[i] <= 'z') && s.p[i] != '_' &&
		    !(s.p[i] >= '0' && s.p[i] <= '9'))
			return false;
	return s.len > 0;
}

/* False: a fault of the caller's, not of what the fields hold. */
static bool
put_json(struct writer *w, const struct field *fields, size_t count)
{
	writer_str(w, "{");
	for (size_t i = 0; i < count; i++) {
		const struct field *f = &fields[i];

		/* what tells a merged row is never a field of one's own */
		if (!store_is_name(span_str(f->name)) ||
		    strcmp(f->name, "station_seq") == 0)
			return false;
		writer_fmt(w, "%s\"%s\":", i ? "," : "", f->name);
		switch (f->kind) {
		case FIELD_TEXT:
			text_quote(w, f->span);
			break;
		case FIELD_BYTES:
			writer_str(w, "\"");
			text_hex(w, f->span);
			writer_str(w, "\"");
			break;
		case FIELD_INT:
			writer_fmt(w, "%lld", (long long)f->number);
			break;
		case FIELD_BOOL:
			writer_str(w, f->number ? "true" : "false");
			break;
		default:
			return false;
		}
	}
	writer_str(w, "}");
	return true;
}

static int
read_head(struct ledger *l, uint64_t *seq, uint8_t hash[static DIGEST_LEN])
{
	sqlite3_stmt *stmt;
	int code;

	*seq = 0;
	memset(hash, 0, DIGEST_LEN);
	if (store_take(l, STORE_HEAD, &stmt) != RC_OK)
		return SQLITE_ERROR;
	code = sqlite3_step(stmt);
	if (code == SQLITE_ROW) {
		struct span s = store_column(stmt, 1);

		*seq = (uint64_t)sqlite3_column_int64(stmt, 0);
		if (s.len == DIGEST_LEN)
			memcpy(hash, s.p, DIGEST_LEN);
		else
			code = SQLITE_CORRUPT;
	}
	store_give_back(l, stmt);
	return code;
}

enum rc
ledger_head(struct ledger *l, uint64_t *seq, uint8_t hash[static DIGEST_LEN])
{
	return store_failed(l, read_head(l, seq, hash), "read the head");
}

enum rc
ledger_begin(struct ledger *l)
{
	int code;

	if (!l->writable || l->group == GROUP_OPEN)
		return RC_BUG;
	l->group = GROUP_NONE;
	if (ledger_replaced(l))
		return RC_DB;
	code = store_run(l, STORE_BEGIN);
	if (code != SQLITE_DONE)
		return store_failed(l, code, "begin");
	/* Under the lock: the last row may be another process's. */
	code = read_head(l, &l->seq, l->hash);
	if (code != SQLITE_ROW && code != SQLITE_DONE) {
		enum rc rc = store_lose_group(l, code, "read the head");

		l->group = GROUP_NONE;
		return rc;
	}
	l->group = GROUP_OPEN;
	return RC_OK;
}

static void
bind_text(sqlite3_stmt *stmt, int at, struct span s)
{
	if (s.len)
		sqlite3_bind_text(
		    stmt, at, (const char *)s.p, (int)s.len, SQLITE_STATIC);
}

static void
bind_blob(sqlite3_stmt *stmt, int at, struct span s)
{
	if (s.len)
		sqlite3_bind_blob(stmt, at, s.p, (int)s.len, SQLITE_STATIC);
}

static int
insert(struct ledger *l, const struct ledger_row *row)
{
	struct span shown = store_shown(l, row->endpoint);
	sqlite3_stmt *stmt;
	int code;

	if (store_take(l, STORE_INSERT, &stmt) != RC_OK)
		return SQLITE_ERROR;
	sqlite3_bind_int64(stmt, 1, (int64_t)row->seq);
	sqlite3_bind_int64(stmt, 2, row->time_ms);
	bind_text(stmt, 3, row->kind);
	bind_blob(stmt, 4, row->session);
	bind_text(stmt, 5, shown);
	if (!span_equal(shown, row->endpoint))
		bind_blob(stmt, 6, row->endpoint);
	bind_text(stmt, 7, row->data);
	bind_blob(stmt, 8, span_of(row->hash, DIGEST_LEN));
	code = sqlite3_step(stmt);
	store_give_back(l, stmt);
	return code;
}

enum rc
store_append(struct ledger *l, struct ledger_row *row)
{
	int code;

	row->seq = l->seq + 1;
	chain_hash(l->hash, row, row->hash);
	code = insert(l, row);
	if (code != SQLITE_DONE)
		return store_lose_group(l, code, "append");
	l->seq = row->seq;
	memcpy(l->hash, row->hash, DIGEST_LEN);
	return RC_OK;
}

enum rc
ledger_append(struct ledger *l, const struct ledger_event *e, uint64_t *seq)
{
	struct ledger_row row;
	struct writer w;
	enum rc rc;

	if (l->group == GROUP_LOST)
		return l->lost;
	if (l->group != GROUP_OPEN || !store_is_name(span_str(e->kind)) ||
	    (e->session.len != 0 && e->session.len != LEDGER_SESSION_LEN))
		return RC_BUG;
	writer_init(&w, l->data, LEDGER_DATA_MAX);
	if (!put_json(&w, e->fields, e->field_count))
		return RC_BUG;
	if (w.full || e->endpoint.len > LEDGER_ENDPOINT_MAX)
		return RC_TOO_LARGE;
	row = (struct ledger_row){
	    .time_ms = clock_wall_ms(),
	    .kind = span_str(e->kind),
	    .session = e->session,
	    .endpoint = e->endpoint,
	    .data = writer_span(&w),
	};
	rc = store_append(l, &row);
	if (rc == RC_OK && seq)
		*seq = row.seq;
	return rc;
}

enum rc
ledger_commit(struct ledger *l)
{
	enum rc rc;
	int code;

	if (l->group == GROUP_NONE)
		return RC_BUG;
	if (l->group == GROUP_OPEN) {
		code = store_run(l, STORE_COMMIT);
		if (code == SQLITE_DONE) {
			l->group = GROUP_NONE;
			return RC_OK;
		}
		(void)store_lose_group(l, code, "commit");
	}
	rc = l->lost;
	l->group = GROUP_NONE;
	return rc;
}

void
ledger_rollback(struct ledger *l)
{
	if (l->group == GROUP_OPEN)
		store_roll_back(l);
	l->group = GROUP_NONE;
}
