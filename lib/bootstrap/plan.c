#include "bootstrap/plan.h"
#include "bootstrap/plan_wire.h"

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

static struct lwm2m_path
read_path(struct reader *r, bool whole)
{
	struct lwm2m_path p = LWM2M_ROOT;

	p.object = (uint16_t)reader_be(r, 2);
	p.instance = (uint16_t)reader_be(r, 2);
	if (whole) {
		p.resource = (uint16_t)reader_be(r, 2);
		p.resource_instance = (uint16_t)reader_be(r, 2);
	}
	return p;
}

static void
read_entry(struct reader *r, const struct plan_step *step, struct plan_entry *e)
{
	unsigned flags = (unsigned)reader_be(r, 1);
	unsigned type;
	struct span value;

	e->secret = flags & PLAN_ENTRY_SECRET;
	e->entry.path = read_path(r, true);
	type = (unsigned)reader_be(r, 1);
	e->label = reader_take(r, (size_t)reader_be(r, 1));
	value = reader_take(r, (size_t)reader_be(r, 2));
	if (r->bad)
		return;
	if (flags & ~(unsigned)PLAN_ENTRY_SECRET ||
	    e->label.len > PLAN_LABEL_MAX || e->secret != (e->label.len > 0) ||
	    (e->secret && type != LWM2M_OPAQUE) ||
	    e->entry.path.resource == LWM2M_ID_NONE ||
	    !path_within(e->entry.path, step->path) ||
	    plan_value_parse(type, value, &e->entry.value) != RC_OK)
		reader_fail(r);
}

/** What a step of that kind may look like. */
static bool
step_sane(const struct plan_step *s)
{
	unsigned depth = path_depth(s->path);

	if (s->flags & ~(s->op == PLAN_DELETE ? (unsigned)PLAN_STRICT : 0U))
		return false;
	switch (s->op) {
	case PLAN_DISCOVER:
	case PLAN_VERIFY:
		return depth <= 1 && s->entry_count == 0 && s->account == 0;
	case PLAN_DELETE:
		return depth <= 2 && s->entry_count == 0 && s->account == 0;
	case PLAN_WRITE:
		return depth == 2 && s->entry_count > 0 &&
		    (s->account == 0 || (s->path.object <= 1 && s->ssid != 0));
	case PLAN_FINISH:
		return s->entry_count == 0 && s->account == 0;
	}
	return false;
}

/** `count` only when `entries` is NULL: the first of two passes. */
static void
read_steps(struct reader *r, struct plan *p, struct plan_entry *entries)
{
	size_t steps = (size_t)reader_be(r, 1);
	struct plan_entry spare;

	p->entry_count = 0;
	if (steps == 0 || steps > PLAN_STEPS_MAX)
		reader_fail(r);
	for (p->step_count = 0; p->step_count < steps && !r->bad;
	     p->step_count++) {
		struct plan_step *s = &p->steps[p->step_count];

		s->op = (enum plan_op)reader_be(r, 1);
		s->flags = (unsigned)reader_be(r, 1);
		s->account = (unsigned)reader_be(r, 1);
		s->ssid = (uint16_t)reader_be(r, 2);
		s->path = read_path(r, false);
		s->entry_first = p->entry_count;
		s->entry_count = (size_t)reader_be(r, 1);
		if (s->entry_count > PLAN_ENTRIES_MAX || !step_sane(s))
			reader_fail(r);
		/* what stood behind Finish would never be done */
		if (s->op == PLAN_FINISH && p->step_count + 1 != steps)
			reader_fail(r);
		for (size_t i = 0; i < s->entry_count && !r->bad; i++) {
			read_entry(
			    r, s, entries ? &entries[p->entry_count] : &spare);
			p->entry_count++;
		}
	}
	if (reader_left(r) != 0)
		reader_fail(r);
}

enum rc
plan_decode(struct secret *bytes, struct plan *out)
{
	struct reader r, steps;
	struct span digest;
	enum rc rc = RC_MALFORMED;

	*out = (struct plan){0};
	secret_move(&out->bytes, bytes);
	reader_init(&r, secret_expose(&out->bytes));
	if (reader_be(&r, 1) != PLAN_VERSION)
		goto out;
	out->flags = (unsigned)reader_be(&r, 1);
	if (out->flags & ~(unsigned)PLAN_CLEAN_ON_FAILURE)
		goto out;
	out->max_message = (size_t)reader_be(&r, 2);
	digest = reader_take(&r, DIGEST_LEN);
	if (r.bad)
		goto out;
	memcpy(out->digest, digest.p, DIGEST_LEN);

	steps = r;
	read_steps(&r, out, NULL);
	if (r.bad)
		goto out;
	rc = RC_MEMORY;
	out->entries = calloc(
	    out->entry_count ? out->entry_count : 1, sizeof(*out->entries));
	if (!out->entries)
		goto out;
	read_steps(&steps, out, out->entries);
	rc = RC_OK;
out:
	if (rc != RC_OK)
		plan_fini(out);
	return rc;
}

void
plan_fini(struct plan *p)
{
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
	}
	return "?";
}
