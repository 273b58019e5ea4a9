/* One line of the list: which device it means, and whether there is anything to
 * be made for it. */
#include "batch_run.h"

#include "tool.h"

#include <stdio.h>
#include <string.h>

static void
copy_text(char *out, size_t cap, struct span s)
{
	/* device_record_check has held it to this */
	if (s.len >= cap)
		s.len = cap - 1;
	if (s.len)
		memcpy(out, s.p, s.len);
	out[s.len] = '\0';
}

/** The endpoint of a record, into `j`. False: a finding. */
static bool
name_device(
    struct batch_run *b, const struct device_record *r, struct batch_job *j)
{
	char endpoint[POLICY_ENDPOINT_MAX + 1];
	const char *why = r->fault;
	struct span unit = r->cells[DEVICE_SERIAL];
	struct span name = r->cells[DEVICE_ENDPOINT];
	struct quoted q;
	enum rc rc;

	if (why) {
		batch_finding(b, r->line, "%s", why);
		return false;
	}
	rc = image_recipe_device(
	    &b->recipe, &name, &unit, r->cells[DEVICE_NAME], endpoint, &why);
	if (rc != RC_OK) {
		batch_finding(b, r->line, "%s: %s",
		    quote(&q,
			name.len ? name
				 : (unit.len ? unit : r->cells[DEVICE_NAME])),
		    why);
		return false;
	}
	memcpy(j->endpoint, name.p, name.len);
	j->endpoint_len = name.len;
	j->line = r->line;
	copy_text(j->unit, sizeof(j->unit), unit);
	copy_text(j->model, sizeof(j->model), r->cells[DEVICE_MODEL]);
	copy_text(j->lot, sizeof(j->lot), r->cells[DEVICE_LOT]);
	return true;
}

static int
ledger_unread(enum rc rc)
{
	return tool_error(EX_IOERR, "see provisioning-tool audit verify",
	    "the ledger could not be read (%s)", rc_name(rc));
}

/** An image of this batch is there. It was passed over, or is named twice. */
static int
pass_over(struct batch_run *b, const struct batch_job *j,
    const struct image_live *live)
{
	struct quoted q;
	bool is_new = false;

	if (batch_seen_mark(&b->seen, live->index, &is_new) != RC_OK)
		return tool_fault(RC_MEMORY, "batch");
	if (!is_new || live->index > b->kept_index)
		batch_finding(b, j->line,
		    "%s is named twice in the list; take one line out",
		    quote(&q, span_of(j->endpoint, j->endpoint_len)));
	return EX_OK;
}

struct look {
	const struct batch_run *b;
	struct image_live *out;
};

static enum rc
look_for_batch(void *ctx, const struct ledger_row *row)
{
	struct look *l = ctx;
	struct image_live live;
	bool revoked;
	enum rc rc = image_row_read(l->b->ledger, row, &live, &revoked);

	if (rc != RC_OK || strcmp(live.batch, l->b->folder.id) != 0)
		return rc;
	*l->out = live;
	return RC_AGAIN; /* enough */
}

/**
 * What this batch had made of it before it was reissued, or taken back; seq 0:
 * nothing that counts. A certificate that the folder lost counts not: its device
 * gets another, if it has none from elsewhere.
 */
static enum rc
made_before(const struct batch_run *b, struct span endpoint, bool is_live,
    struct image_live *out)
{
	const struct ledger_query q = {
	    .kind = SPAN_LIT("image_minted"),
	    .endpoint = endpoint,
	    .newest_first = true,
	};
	struct look l = {b, out};
	enum rc rc = RC_OK;

	*out = (struct image_live){0};
	if (b->folder.resumed)
		rc = ledger_read(b->ledger, &q, look_for_batch, &l);
	if (out->seq && !is_live && !batch_is_held(b, out->index))
		*out = (struct image_live){0};
	return rc == RC_AGAIN ? RC_OK : rc;
}

struct owner {
	const struct batch_run *b;
	struct span endpoint; /* whose serial number it is to be */
	struct quoted other;
	uint64_t row; /* of another; 0: none */
};

static enum rc
look_for_owner(void *ctx, const struct ledger_row *row)
{
	struct owner *o = ctx;
	const struct image_recipe *r = &o->b->recipe;
	char document[IMAGE_ROW_TEXT_MAX];
	struct image_live live;
	struct writer w;
	bool revoked;
	enum rc rc;

	writer_init(&w, document, sizeof(document));
	if (span_equal(row->endpoint, o->endpoint))
		return RC_OK;
	/* two products may count from one */
	if (ledger_field(row, "image", &w) != (r->document != NULL) ||
	    (r->document && !span_is(writer_span(&w), r->document)))
		return RC_OK;
	rc = image_row_read(o->b->ledger, row, &live, &revoked);
	if (rc != RC_OK || revoked ||
	    strcmp(live.identity, r->identity->name) != 0)
		return rc;
	o->row = row->seq;
	quote(&o->other, row->endpoint);
	return RC_AGAIN; /* enough */
}

enum rc
batch_unit_admit(
    struct batch_run *b, const struct batch_job *j, struct image_fault *f)
{
	struct span endpoint = span_of(j->endpoint, j->endpoint_len);
	struct owner o = {.b = b, .endpoint = endpoint};
	struct quoted unit;
	enum rc rc;

	/* one that the document makes endpoints of cannot have two */
	if (!j->unit[0] || image_recipe_unit(&b->recipe, endpoint).len)
		return RC_OK;
	rc = ledger_minted_unit(
	    b->ledger, span_str(j->unit), look_for_owner, &o);
	if (rc != RC_OK && rc != RC_AGAIN)
		return rc;
	if (!o.row)
		return RC_OK;
	f->code = EX_DATAERR;
	f->stops = false;
	snprintf(f->text, sizeof(f->text),
	    "serial number %s is that of %s, too, minted in row %llu",
	    quote_str(&unit, j->unit), o.other.text, (unsigned long long)o.row);
	snprintf(f->remedy, sizeof(f->remedy), "correct the one that is wrong");
	return RC_DENIED;
}

/** Has another device of the list, or of the ledger, its serial number? */
static int
check_owner(struct batch_run *b, const struct batch_job *j, bool *wanted)
{
	const struct batch_job *other =
	    j->unit[0] ? batch_group_unit(b, j->unit) : NULL;
	struct image_fault fault = {0};
	struct quoted unit, name;
	enum rc rc;

	if (other) {
		*wanted = false;
		batch_finding(b, j->line,
		    "serial number %s is that of %s, too, in line %llu; "
		    "correct the one that is wrong",
		    quote_str(&unit, j->unit),
		    quote(&name, span_of(other->endpoint, other->endpoint_len)),
		    (unsigned long long)other->line);
		return EX_OK;
	}
	rc = batch_unit_admit(b, j, &fault);
	if (rc != RC_OK && rc != RC_DENIED)
		return ledger_unread(rc);
	*wanted = rc == RC_OK;
	if (rc == RC_DENIED)
		batch_finding(b, j->line, "%s; %s", fault.text, fault.remedy);
	return EX_OK;
}

/** Is there anything to mint? */
static int
ask_ledger(struct batch_run *b, struct batch_job *j, bool *wanted)
{
	struct span endpoint = span_of(j->endpoint, j->endpoint_len);
	struct image_fault fault = {0};
	struct image_live live = {0}, before;
	enum rc rc = batch_group_ask(b), admitted = RC_OK;

	if (rc == RC_OK)
		admitted = image_row_admit(b->ledger, &b->recipe, endpoint,
		    b->o->again, &live, &fault);
	if (rc == RC_OK && admitted != RC_DENIED)
		rc = admitted;

	*wanted = false;
	if (rc == RC_OK && live.seq && strcmp(live.batch, b->folder.id) == 0)
		return pass_over(b, j, &live);
	if (rc == RC_OK)
		rc = made_before(b, endpoint, live.seq != 0, &before);
	if (rc != RC_OK)
		return ledger_unread(rc);
	if (before.seq)
		return pass_over(b, j, &before);
	if (admitted == RC_DENIED) {
		batch_finding(b, j->line, "%s; %s", fault.text, fault.remedy);
		return EX_OK;
	}
	j->again = live.same;
	*wanted = true;
	return check_owner(b, j, wanted);
}

int
batch_take_device(struct batch_run *b, const struct device_record *r)
{
	struct batch_job *j = batch_group_place(b);
	struct quoted q;
	bool wanted;
	uint64_t line;
	int code = EX_OK;

	b->devices++;
	if (!j) {
		code = batch_turn(b);
		j = batch_group_place(b);
	}
	if (code != EX_OK || !j || !name_device(b, r, j))
		return code;
	line = batch_group_line_of(b, span_of(j->endpoint, j->endpoint_len));
	if (line) {
		batch_finding(b, j->line,
		    "%s is named twice in the list, line %llu has it, too; "
		    "take one out",
		    quote(&q, span_of(j->endpoint, j->endpoint_len)),
		    (unsigned long long)line);
		return EX_OK;
	}
	code = ask_ledger(b, j, &wanted);
	if (code == EX_OK && wanted)
		batch_group_put(b);
	return code;
}
