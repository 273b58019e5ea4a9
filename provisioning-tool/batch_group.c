/* Groups of jobs: filled, minted, committed. */
#include "batch_run.h"

#include "batch_summary.h"
#include "label.h"
#include "tool.h"

#include "base/loop.h"

#include <errno.h>
#include <stdlib.h>

enum {
	GROUP_BYTES = 2097152, /* of images that wait in locked memory */
	IMAGE_GUESS = 1024, /* bytes of one with a key */
	IMAGE_GUESS_CERTIFICATE = 8192,
};

int
batch_groups_make(struct batch_run *b)
{
	const struct image_recipe *r = &b->recipe;
	size_t len = r->identity->kind == IDENTITY_CERTIFICATE
	    ? IMAGE_GUESS_CERTIFICATE
	    : IMAGE_GUESS;

	/* a partition is as large as it is */
	if (r->format->options & (IMAGE_OPTION_PARTITION | IMAGE_OPTION_CARRY))
		len = image_room_len(r->format, &r->geometry);
	b->group_max = GROUP_BYTES / len;
	if (b->group_max > BATCH_GROUP_MAX)
		b->group_max = BATCH_GROUP_MAX;
	if (b->o->group && b->group_max > (size_t)b->o->group)
		b->group_max = (size_t)b->o->group;
	random_bytes(b->hash_key, sizeof(b->hash_key));
	for (size_t i = 0; i < 2; i++) {
		b->groups[i].jobs =
		    calloc(b->group_max, sizeof(*b->groups[i].jobs));
		if (!b->groups[i].jobs)
			return tool_fault(RC_MEMORY, "batch");
	}
	return EX_OK;
}

static void
empty(struct batch_group *g)
{
	for (size_t i = 0; i < g->count; i++)
		batch_job_fini(&g->jobs[i]);
	g->count = 0;
}

void
batch_groups_free(struct batch_run *b)
{
	for (size_t i = 0; i < 2; i++) {
		empty(&b->groups[i]);
		free(b->groups[i].jobs);
		b->groups[i].jobs = NULL;
	}
}

/** Rows that were not written by this run. */
static enum rc
others(struct batch_run *b, uint64_t *out)
{
	uint8_t hash[DIGEST_LEN];
	enum rc rc = ledger_head(b->ledger, out, hash);

	*out -= b->rows;
	return rc;
}

enum rc
batch_group_ask(struct batch_run *b)
{
	struct batch_group *g = &b->groups[b->filling];

	return g->count == 0 ? others(b, &g->others) : RC_OK;
}

struct batch_job *
batch_group_place(struct batch_run *b)
{
	struct batch_group *g = &b->groups[b->filling];
	struct batch_job *j;

	if (g->count == b->group_max)
		return NULL;
	j = &g->jobs[g->count];
	memset(j, 0, sizeof(*j));
	return j;
}

void
batch_group_put(struct batch_run *b)
{
	struct batch_group *g = &b->groups[b->filling];
	const struct batch_job *j = &g->jobs[g->count];

	if (g->count == 0)
		g->begun_ms = clock_now_ms();
	g->hashes[g->count] =
	    hash_keyed(b->hash_key, span_of(j->endpoint, j->endpoint_len));
	g->units[g->count++] = hash_keyed(b->hash_key, span_str(j->unit));
}

uint64_t
batch_group_line_of(const struct batch_run *b, struct span endpoint)
{
	uint64_t hash = hash_keyed(b->hash_key, endpoint);

	for (size_t n = 0; n < 2; n++) {
		const struct batch_group *g = &b->groups[n];

		for (size_t i = 0; i < g->count; i++)
			if (g->hashes[i] == hash &&
			    span_equal(span_of(g->jobs[i].endpoint,
					   g->jobs[i].endpoint_len),
				endpoint))
				return g->jobs[i].line;
	}
	return 0;
}

const struct batch_job *
batch_group_unit(const struct batch_run *b, const char *unit)
{
	uint64_t hash = hash_keyed(b->hash_key, span_str(unit));

	for (size_t n = 0; n < 2; n++) {
		const struct batch_group *g = &b->groups[n];

		for (size_t i = 0; i < g->count; i++)
			if (g->units[i] == hash &&
			    strcmp(g->jobs[i].unit, unit) == 0)
				return &g->jobs[i];
	}
	return NULL;
}

static int
ledger_failed(struct batch_run *b, enum rc rc)
{
	progress_end(&b->progress);
	return tool_error(EX_IOERR,
	    rc == RC_FULL ? "make room on its disk, then go on with --resume"
			  : "see that the file and its folder can be written, "
			    "then go on with --resume",
	    "the ledger took no rows (%s)", rc_name(rc));
}

/** Why a job gave no image: a finding of the list, or the end of the run. */
static void
judge(struct batch_run *b, const struct batch_job *j)
{
	const struct image_fault *f = j->fault;

	if (!f->stops) {
		batch_finding(b, j->line, "%s%s%s", f->text,
		    f->remedy[0] ? "; " : "", f->remedy);
		return;
	}
	batch_stop(b, j->line, f);
}

/** Somebody else has written to the ledger since it was asked: another line may
 *  have the device on its list, or its serial number, too. */
static enum rc
ask_again(struct batch_run *b, struct batch_job *j)
{
	struct image_live live = {0};
	enum rc rc;

	j->fault = calloc(1, sizeof(*j->fault));
	if (!j->fault)
		return RC_MEMORY;
	rc = image_row_admit(b->ledger, &b->recipe,
	    span_of(j->endpoint, j->endpoint_len), b->o->again, &live,
	    j->fault);
	if (rc == RC_OK)
		rc = batch_unit_admit(b, j, j->fault);
	if (rc == RC_DENIED)
		return rc;
	free(j->fault);
	j->fault = NULL;
	j->again = live.same;
	return rc;
}

/** May the work order have one more? */
static enum rc
claim(struct batch_run *b, struct batch_job *j, int64_t now_s)
{
	struct order_refusal why = {0};
	enum rc rc;

	if (!b->order)
		return RC_OK;
	rc = order_claim(b->order, b->ledger,
	    span_of(j->endpoint, j->endpoint_len), now_s, &why);
	if (rc != RC_DENIED)
		return rc;
	j->fault = calloc(1, sizeof(*j->fault));
	if (!j->fault)
		return RC_MEMORY;
	j->fault->code = EX_NOPERM;
	j->fault->stops = why.stops;
	memcpy(j->fault->text, why.text, sizeof(why.text));
	memcpy(j->fault->remedy, why.remedy, sizeof(why.remedy));
	return RC_DENIED;
}

static enum rc
append(struct batch_run *b, struct batch_job *j)
{
	const struct order *o = b->order;
	struct image_row row = {
	    .recipe = &b->recipe,
	    .endpoint = span_of(j->endpoint, j->endpoint_len),
	    .credential = &j->credential,
	    .servers = j->servers,
	    .sha256 = j->sha256,
	    .batch = span_str(b->folder.id),
	    .unit = span_str(j->unit),
	    .model = span_str(j->model),
	    .lot = span_str(j->lot),
	    .order = o ? span_str(o->name) : (struct span){0},
	    .index = b->next_index,
	    .again = j->again,
	};
	enum rc rc;

	if (b->folder.station)
		row.station = span_str(b->folder.station);
	if (b->recipe.buffer) {
		row.buffer = span_str(b->buffer.id);
		row.entry = buffer_find(&b->buffer, row.endpoint)->number;
	}
	rc = image_row_append(b->ledger, &row, &j->seq);
	if (rc == RC_OK)
		j->index = b->next_index++;
	return rc;
}

/** Made once more: is it what the ledger says it is? */
static bool
is_wanted(struct batch_run *b, struct batch_job *j)
{
	char hex[HEX_TEXT_MAX];
	struct quoted q;

	hex_text(hex, span_of(j->sha256, DIGEST_LEN));
	if (strcmp(hex, j->wanted) == 0)
		return true;
	if (b->code != EX_OK)
		return false;
	progress_end(&b->progress);
	b->code = tool_error(EX_DATAERR,
	    "bring the policies back to what they were, or begin a new batch",
	    "the image of %s (row %llu) comes out as another one now",
	    quote(&q, span_of(j->endpoint, j->endpoint_len)),
	    (unsigned long long)j->seq);
	return false;
}

/** Row, bytes and line of one image. */
static enum rc
put_job(struct batch_run *b, struct batch_job *j, int64_t now_ms, bool moved,
    bool *rows)
{
	bool remade = j->seq != 0;
	char fault[LABEL_FAULT_MAX], text[LABEL_PAYLOAD_MAX];
	struct writer label;
	enum rc rc = RC_OK;

	writer_init(&label, text, sizeof(text));
	batch_folder_name(&b->recipe, j);
	if (remade && !is_wanted(b, j))
		return RC_DENIED;
	if (!remade && batch_folder_has(&b->folder, j->name)) {
		batch_finding(b, j->line,
		    "images/%s is there already, of somebody else; take it "
		    "away",
		    j->name);
		return RC_DENIED;
	}
	/* a device that would have no label */
	if (batch_label_payload(b, j, &label, fault) != RC_OK) {
		label.len = 0;
		if (!remade) {
			batch_finding(b, j->line, "label.payload: %s", fault);
			return RC_DENIED;
		}
	}
	if (!remade && moved)
		rc = ask_again(b, j);
	if (rc == RC_OK && !remade)
		rc = claim(b, j, now_ms / 1000);
	if (rc == RC_DENIED)
		judge(b, j);
	if (rc == RC_OK && !remade) {
		rc = append(b, j);
		*rows |= rc == RC_OK;
	}
	if (rc == RC_OK)
		rc = batch_folder_put(&b->folder, j);
	if (rc == RC_OK)
		rc = batch_summary_put(
		    &b->folder, &b->recipe, j, writer_span(&label), now_ms);
	return rc;
}

/** Jobs that gave an image stay in front. What the run says of the others has
 *  been said. Errors: those that lose the group. */
static enum rc
put_all(struct batch_run *b, struct batch_group *g, bool moved, bool *rows)
{
	int64_t now_ms = clock_wall_ms();

	for (size_t i = 0; i < g->count; i++) {
		struct batch_job *j = &g->jobs[i];
		enum rc rc;

		j->name[0] = '\0';
		if (!j->done)
			continue;
		if (j->fault) {
			judge(b, j);
			continue;
		}
		rc = put_job(b, j, now_ms, moved, rows);
		if (rc == RC_DENIED)
			j->name[0] = '\0';
		else if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

static enum rc
name_all(struct batch_run *b, struct batch_group *g)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < g->count; i++) {
		struct batch_job *j = &g->jobs[i];

		if (!j->name[0])
			continue;
		rc = batch_folder_name_image(
		    &b->folder, j->name, j->wanted[0] != '\0');
		if (rc != RC_OK)
			return rc;
		b->folder.count++;
		b->folder.bytes += j->image.len;
		if (j->wanted[0])
			b->remade++;
		else
			b->made++;
		batch_report_image(b, j);
	}
	return batch_folder_end_group(&b->folder);
}

/**
 * The order that a crash cannot hurt: the bytes are durable, then the rows, then
 * the names.
 */
static int
commit(struct batch_run *b, struct batch_group *g)
{
	uint64_t next_index = b->next_index;
	uint64_t before = 0, after = 0;
	bool rows = false, of_ledger = true;
	enum rc rc;

	if (g->count == 0)
		return EX_OK;
	rc = ledger_begin(b->ledger);
	if (rc != RC_OK)
		return ledger_failed(b, rc);
	rc = others(b, &before);
	if (rc == RC_OK)
		rc = put_all(b, g, before != g->others, &rows);
	if (rc == RC_OK)
		rc = others(b, &after);
	/* only these two are of files alone; what is of either is told twice
	 * as well as once */
	if (rc == RC_OK) {
		of_ledger = false;
		rc = batch_folder_sync(&b->folder);
	} else {
		of_ledger = rc == RC_DB || rc == RC_BUG;
	}
	if (rc == RC_OK && rows) {
		of_ledger = true;
		rc = ledger_commit(b->ledger);
	} else {
		int err = errno;

		ledger_rollback(b->ledger);
		errno = err;
	}
	if (rc != RC_OK) {
		b->next_index = next_index;
		batch_folder_cut(&b->folder);
		progress_end(&b->progress);
		return of_ledger ? ledger_failed(b, rc)
				 : batch_folder_failed(&b->folder, rc);
	}
	if (rows)
		b->rows += after - before;
	rc = name_all(b, g);
	if (rc != RC_OK)
		return batch_folder_failed(&b->folder, rc);
	batch_report_progress(b);
	return EX_OK;
}

int
batch_turn(struct batch_run *b)
{
	struct batch_group *now = &b->groups[b->filling];
	struct batch_group *before = &b->groups[1 - b->filling];
	int code = EX_OK;

	batch_pool_wait(b->pool);
	for (size_t i = 0; i < before->count && b->code == EX_OK; i++)
		if (before->jobs[i].fault && before->jobs[i].fault->stops)
			now->count = 0; /* it would fare the same */
	if (now->count > 0)
		batch_pool_begin(b->pool, now->jobs, now->count);
	code = commit(b, before);
	empty(before);
	b->filling = 1 - b->filling;
	if (b->code == EX_OK)
		b->code = code;
	return b->code;
}

int
batch_drain(struct batch_run *b)
{
	int code = EX_OK;

	while (
	    code == EX_OK && (b->groups[0].count > 0 || b->groups[1].count > 0))
		code = batch_turn(b);
	batch_pool_wait(b->pool);
	return code;
}
