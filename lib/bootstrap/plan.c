#include "bootstrap/plan.h"
#include "bootstrap/plan_wire.h"

#include "lwm2m/object.h"

#include <stdlib.h>

struct span
plan_value_bytes(const struct lwm2m_value *v, struct writer *scalar)
{
	uint64_t bits = 0;

	switch (v->type) {
	case LWM2M_STRING:
	case LWM2M_CORELNK:
	case LWM2M_OPAQUE:
		return v->bytes;
	case LWM2M_INTEGER:
	case LWM2M_TIME:
		bits = (uint64_t)v->integer;
		break;
	case LWM2M_UNSIGNED:
		bits = v->number;
		break;
	case LWM2M_FLOAT:
		memcpy(&bits, &v->real, sizeof(bits));
		break;
	case LWM2M_BOOLEAN:
		bits = v->boolean;
		break;
	case LWM2M_OBJLNK:
		bits = (uint64_t)v->link.object << 16 | v->link.instance;
		break;
	case LWM2M_NONE:
		break;
	}
	writer_be(scalar, bits, 8);
	return writer_span(scalar);
}

enum rc
plan_value_parse(unsigned type, struct span bytes, struct lwm2m_value *out)
{
	struct reader r;
	uint64_t bits;

	if (type == LWM2M_STRING || type == LWM2M_CORELNK ||
	    type == LWM2M_OPAQUE) {
		out->type = type;
		out->bytes = bytes;
		return RC_OK;
	}
	reader_init(&r, bytes);
	bits = reader_be(&r, 8);
	if (r.bad || reader_left(&r) != 0)
		return RC_MALFORMED;
	out->type = type;
	switch (type) {
	case LWM2M_INTEGER:
	case LWM2M_TIME:
		out->integer = (int64_t)bits;
		return RC_OK;
	case LWM2M_UNSIGNED:
		out->number = bits;
		return RC_OK;
	case LWM2M_FLOAT:
		memcpy(&out->real, &bits, sizeof(bits));
		return RC_OK;
	case LWM2M_BOOLEAN:
		out->boolean = bits != 0;
		return bits > 1 ? RC_MALFORMED : RC_OK;
	case LWM2M_OBJLNK:
		out->link.object = (uint16_t)(bits >> 16);
		out->link.instance = (uint16_t)bits;
		return bits >> 32 ? RC_MALFORMED : RC_OK;
	default:
		return RC_MALFORMED;
	}
}

/** The first `levels` levels. */
static struct lwm2m_path
read_path(struct reader *r, unsigned levels)
{
	struct lwm2m_path p = LWM2M_ROOT;

	p.object = (uint16_t)reader_be(r, 2);
	p.instance = (uint16_t)reader_be(r, 2);
	p.resource = (uint16_t)reader_be(r, 2);
	if (levels > 3)
		p.resource_instance = (uint16_t)reader_be(r, 2);
	/* a level below one that is not there */
	if (path_compare(p, path_upper(p, path_depth(p))) != 0)
		reader_fail(r);
	return p;
}

bool
plan_object_chosen(uint16_t object)
{
	return object == OBJECT_SECURITY || object == OBJECT_SERVER ||
	    object == OBJECT_OSCORE;
}

/** May `account` be whose instance of the object in `path` this is? */
static bool
account_sane(
    const struct plan_head *h, unsigned account, struct lwm2m_path path)
{
	if (account == 0)
		return true;
	if (path.instance != 0)
		return false;
	if (account == PLAN_ACCOUNT_OURS)
		return path.object == OBJECT_SECURITY;
	return account <= h->account_count && plan_object_chosen(path.object);
}

static bool
resolve_sane(const struct plan_head *h, const struct plan_entry *e)
{
	if (e->resolve == 0)
		return e->resolve_object == 0;
	return e->resolve <= h->account_count &&
	    plan_object_chosen(e->resolve_object) && !e->secret &&
	    (e->entry.value.type == LWM2M_INTEGER ||
		e->entry.value.type == LWM2M_OBJLNK);
}

static bool
entry_sane(const struct plan_head *h, const struct plan_step *step,
    const struct plan_entry *e)
{
	struct lwm2m_path path = e->entry.path;

	if (e->label.len > PLAN_LABEL_MAX || e->secret != (e->label.len > 0) ||
	    (e->secret && e->entry.value.type != LWM2M_OPAQUE))
		return false;
	if (path_depth(path) < 3 || !path_within(path, step->path) ||
	    !account_sane(h, e->account, path))
		return false;
	/* below an instance all are that account's; an object holds many */
	if (path_depth(step->path) > 1 && e->account != step->account)
		return false;
	return resolve_sane(h, e);
}

static void
read_entry(struct reader *r, const struct plan_head *h,
    const struct plan_step *step, struct plan_entry *e)
{
	unsigned flags = (unsigned)reader_be(r, 1);
	unsigned type;
	struct span value;

	e->secret = flags & PLAN_ENTRY_SECRET;
	e->account = (unsigned)reader_be(r, 1);
	e->resolve = (unsigned)reader_be(r, 1);
	e->resolve_object = (uint16_t)reader_be(r, 2);
	e->entry.path = read_path(r, 4);
	type = (unsigned)reader_be(r, 1);
	e->label = reader_take(r, (size_t)reader_be(r, 1));
	value = reader_take(r, (size_t)reader_be(r, 2));
	if (r->bad)
		return;
	if (flags & ~(unsigned)PLAN_ENTRY_SECRET ||
	    plan_value_parse(type, value, &e->entry.value) != RC_OK ||
	    !entry_sane(h, step, e))
		reader_fail(r);
}

/** What a step of that kind may look like. */
static bool
step_sane(const struct plan_head *h, const struct plan_step *s)
{
	unsigned depth = path_depth(s->path);

	if (s->flags & ~(s->op == PLAN_DELETE ? (unsigned)PLAN_STRICT : 0U))
		return false;
	if (s->op != PLAN_WRITE && (s->entry_count != 0 || s->account != 0))
		return false;
	switch (s->op) {
	case PLAN_DISCOVER:
		return depth <= 1;
	case PLAN_VERIFY:
		return depth == 0;
	case PLAN_DELETE:
		return depth <= 2;
	case PLAN_WRITE:
		return depth > 0 && s->entry_count > 0 &&
		    account_sane(h, s->account, s->path);
	case PLAN_READ:
		/* nothing else can be read (LwM2M Core, Bootstrap-Read) */
		return depth == 1 &&
		    (s->path.object == OBJECT_SERVER ||
			s->path.object == OBJECT_ACCESS_CONTROL);
	case PLAN_FINISH:
		return true;
	}
	return false;
}

static void
read_step(struct reader *r, const struct plan_head *h, struct plan_step *s)
{
	s->op = (enum plan_op)reader_be(r, 1);
	s->flags = (unsigned)reader_be(r, 1);
	s->account = (unsigned)reader_be(r, 1);
	s->path = read_path(r, 3);
	s->entry_count = (size_t)reader_be(r, 2);
	if (s->entry_count > PLAN_ENTRIES_MAX || !step_sane(h, s))
		reader_fail(r);
	s->ssid = 0;
	if (!r->bad && s->account != 0 && s->account != PLAN_ACCOUNT_OURS)
		s->ssid = h->ssids[s->account - 1];
}

/** All steps, into `p` where it has room for them (`p->steps`): the first of
 *  two passes only counts. */
static void
read_steps(struct reader *r, struct plan *p)
{
	size_t steps = (size_t)reader_be(r, 1), finishes = 0;
	struct plan_entry spare_entry;
	struct plan_step spare;
	enum plan_op last = PLAN_FINISH;

	p->entry_count = 0;
	if (steps == 0)
		reader_fail(r);
	for (p->step_count = 0; p->step_count < steps && !r->bad;
	     p->step_count++) {
		struct plan_step *s =
		    p->steps ? &p->steps[p->step_count] : &spare;

		read_step(r, &p->head, s);
		s->entry_first = p->entry_count;
		for (size_t i = 0; i < s->entry_count && !r->bad; i++) {
			read_entry(r, &p->head, s,
			    p->entries ? &p->entries[p->entry_count]
				       : &spare_entry);
			p->entry_count++;
		}
		last = s->op;
		finishes += last == PLAN_FINISH;
	}
	/* what stood behind the last Finish would never be done */
	if (finishes > 2 || (finishes > 0 && last != PLAN_FINISH) ||
	    reader_left(r) != 0)
		reader_fail(r);
}

static bool
ssid_sane(const struct plan_head *h, size_t at)
{
	if (h->ssids[at] == 0 || h->ssids[at] == LWM2M_ID_NONE)
		return false;
	for (size_t i = 0; i < at; i++)
		if (h->ssids[i] == h->ssids[at])
			return false;
	return true;
}

static void
read_head(struct reader *r, struct plan_head *h, uint8_t *digest)
{
	struct span d;

	if (reader_be(r, 1) != PLAN_VERSION)
		reader_fail(r);
	h->flags = (unsigned)reader_be(r, 1);
	h->max_message = (size_t)reader_be(r, 2);
	h->block_size = (size_t)reader_be(r, 2);
	h->version = (unsigned)reader_be(r, 1);
	h->own = (uint16_t)reader_be(r, 2);
	h->format_count = (size_t)reader_be(r, 1);
	if (h->flags & ~(unsigned)PLAN_CLEAN_ON_FAILURE ||
	    h->format_count > PLAN_FORMATS_MAX)
		reader_fail(r);
	for (size_t i = 0; i < h->format_count && !r->bad; i++)
		h->formats[i] = (uint16_t)reader_be(r, 2);
	d = reader_take(r, DIGEST_LEN);
	if (d.len)
		memcpy(digest, d.p, DIGEST_LEN);
	h->account_count = (size_t)reader_be(r, 1);
	if (h->account_count > PLAN_ACCOUNTS_MAX)
		reader_fail(r);
	for (size_t i = 0; i < h->account_count && !r->bad; i++) {
		h->ssids[i] = (uint16_t)reader_be(r, 2);
		if (!ssid_sane(h, i))
			reader_fail(r);
	}
}

enum rc
plan_decode(struct secret *bytes, struct plan *out)
{
	struct reader r, steps;
	struct plan_step *step_room;
	enum rc rc = RC_MALFORMED;

	*out = (struct plan){0};
	secret_move(&out->bytes, bytes);
	reader_init(&r, secret_expose(&out->bytes));
	read_head(&r, &out->head, out->digest);
	if (r.bad)
		goto out;
	steps = r;
	read_steps(&r, out);
	if (r.bad)
		goto out;
	rc = RC_MEMORY;
	step_room = calloc(out->step_count, sizeof(*step_room));
	out->entries = calloc(
	    out->entry_count ? out->entry_count : 1, sizeof(*out->entries));
	out->steps = step_room;
	if (!out->steps || !out->entries)
		goto out;
	read_steps(&steps, out);
	rc = RC_OK;
out:
	if (rc != RC_OK)
		plan_fini(out);
	return rc;
}

size_t
plan_first_finish(const struct plan *p)
{
	size_t i = 0;

	while (i < p->step_count && p->steps[i].op != PLAN_FINISH)
		i++;
	return i;
}

void
plan_fini(struct plan *p)
{
	free(p->steps);
	free(p->entries);
	secret_fini(&p->bytes);
	*p = (struct plan){0};
}

const char *
plan_op_name(enum plan_op op)
{
	switch (op) {
	case PLAN_DISCOVER:
		return "Discover";
	case PLAN_DELETE:
		return "Delete";
	case PLAN_WRITE:
		return "Write";
	case PLAN_VERIFY:
		return "Verify";
	case PLAN_FINISH:
		return "Finish";
	case PLAN_READ:
		return "Read";
	}
	return "?";
}
