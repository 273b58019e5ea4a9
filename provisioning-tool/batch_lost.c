/*
 * Rows of a batch whose images are not in its folder: a disk was lost, or
 * somebody took them away. A derived key is minted once more into the same
 * bytes, under the row that is there, and so is what lies in a buffer. Another
 * certificate cannot be: it is taken back, and its device gets another when the
 * list comes to it.
 */
#include "batch_run.h"

#include "tool.h"

enum { LOST_MAX = 256 /* rows to a turn */ };

struct lost_row {
	uint8_t endpoint[POLICY_ENDPOINT_MAX];
	size_t endpoint_len;
	struct image_live live;
	char unit[IMAGE_ROW_UNIT_MAX + 1];
	char model[IMAGE_ROW_TEXT_MAX + 1], lot[IMAGE_ROW_TEXT_MAX + 1];
};

struct lost {
	struct batch_run *b;
	struct lost_row *rows;
	size_t count;
	uint64_t after;
};

static void
take_text(const struct ledger_row *row, const char *name, char *out, size_t cap)
{
	struct writer w;

	writer_init(&w, out, cap - 1);
	if (!ledger_field(row, name, &w) || w.full)
		w.len = 0;
	out[w.len] = '\0';
}

static enum rc
look(void *ctx, const struct ledger_row *row)
{
	struct lost *l = ctx;
	struct lost_row *r = &l->rows[l->count];
	bool revoked;
	enum rc rc = image_row_read(l->b->ledger, row, &r->live, &revoked);

	l->after = row->seq;
	if (rc != RC_OK)
		return rc;
	if (strcmp(r->live.batch, l->b->folder.id) != 0)
		return RC_OK;
	if (r->live.index >= l->b->next_index)
		l->b->next_index = r->live.index + 1;
	if (revoked || row->endpoint.len > sizeof(r->endpoint) ||
	    batch_is_held(l->b, r->live.index))
		return RC_OK;
	memcpy(r->endpoint, row->endpoint.p, row->endpoint.len);
	r->endpoint_len = row->endpoint.len;
	take_text(row, "unit", r->unit, sizeof(r->unit));
	take_text(row, "model", r->model, sizeof(r->model));
	take_text(row, "lot", r->lot, sizeof(r->lot));
	return ++l->count == LOST_MAX ? RC_AGAIN : RC_OK;
}

/** What is there under its name is not what was minted. */
static enum rc
drop(struct batch_run *b, const struct lost_row *r)
{
	struct batch_job j;

	memcpy(j.endpoint, r->endpoint, r->endpoint_len);
	j.endpoint_len = r->endpoint_len;
	batch_folder_name(&b->recipe, &j);
	return batch_folder_drop(&b->folder, j.name);
}

/** The files go first: what is in the way of the new ones is nobody's then. */
static enum rc
take_back(struct batch_run *b, const struct lost *l)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < l->count; i++)
		rc = drop(b, &l->rows[i]);
	if (rc == RC_OK)
		rc = ledger_begin(b->ledger);

	for (size_t i = 0; rc == RC_OK && i < l->count; i++)
		rc = image_row_revoke(b->ledger,
		    span_of(l->rows[i].endpoint, l->rows[i].endpoint_len),
		    &l->rows[i].live, "superseded");
	if (rc == RC_OK)
		rc = ledger_commit(b->ledger);
	else
		ledger_rollback(b->ledger);
	if (rc == RC_OK)
		b->revoked += l->count;
	return rc;
}

static void
fill(struct batch_job *j, const struct lost_row *r)
{
	memcpy(j->endpoint, r->endpoint, r->endpoint_len);
	j->endpoint_len = r->endpoint_len;
	memcpy(j->unit, r->unit, sizeof(j->unit));
	memcpy(j->model, r->model, sizeof(j->model));
	memcpy(j->lot, r->lot, sizeof(j->lot));
	memcpy(j->wanted, r->live.sha256, sizeof(j->wanted));
	j->seq = r->live.seq;
	j->index = r->live.index;
}

static int
make_again(struct batch_run *b, const struct lost *l)
{
	int code = EX_OK;

	for (size_t i = 0; code == EX_OK && i < l->count; i++) {
		struct batch_job *j = batch_group_place(b);

		if (!j) {
			code = batch_turn(b);
			j = code == EX_OK ? batch_group_place(b) : NULL;
		}
		if (!j)
			return code;
		fill(j, &l->rows[i]);
		batch_group_put(b);
	}
	return code;
}

int
batch_lost(struct batch_run *b, uint64_t after)
{
	static struct lost_row rows[LOST_MAX];
	struct lost l = {.b = b, .rows = rows, .after = after};
	enum rc rc = RC_AGAIN;
	int code = EX_OK;

	while (rc == RC_AGAIN && code == EX_OK) {
		const struct ledger_query q = {
		    .kind = SPAN_LIT("image_minted"),
		    .after_seq = l.after,
		};

		l.count = 0;
		rc = ledger_read(b->ledger, &q, look, &l);
		if (rc != RC_OK && rc != RC_AGAIN)
			break;
		if (l.count == 0)
			continue;
		if (b->recipe.buffer ||
		    b->recipe.identity->kind != IDENTITY_CERTIFICATE) {
			code = make_again(b, &l);
		} else {
			rc = take_back(b, &l) == RC_OK ? rc : RC_DB;
		}
	}
	if (rc != RC_OK && rc != RC_AGAIN)
		return tool_error(EX_IOERR,
		    "see that it can be read and written",
		    "the ledger failed (%s)", rc_name(rc));
	return code == EX_OK ? batch_drain(b) : code;
}
