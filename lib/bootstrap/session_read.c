/* Bootstrap-Read (LwM2M Core 1.1): is there what was written? */
#include "bootstrap/session_state.h"

#include "lwm2m/format.h"
#include "lwm2m/object.h"

#include <stdlib.h>

/** What a body was decoded to. */
struct read_back {
	struct lwm2m_entry *entries; /**< PLAN_ENTRIES_MAX */
	size_t count;
	uint8_t *scratch;
};

/** Equal as numbers: a format that does not know Unsigned says Integer. */
static bool
same_number(const struct lwm2m_value *a, const struct lwm2m_value *b)
{
	const struct lwm2m_value *u = a->type == LWM2M_UNSIGNED ? a : b;
	const struct lwm2m_value *i = u == a ? b : a;

	if (u->type != LWM2M_UNSIGNED ||
	    (i->type != LWM2M_INTEGER && i->type != LWM2M_TIME))
		return false;
	return i->integer >= 0 && (uint64_t)i->integer == u->number;
}

static bool
same_value(const struct lwm2m_entry *written, const struct lwm2m_entry *read)
{
	/* of what no table knows, TLV brings bytes: there it must be, no more
	 * can be said */
	if (!resource_find(written->path.object, written->path.resource) &&
	    written->value.type != read->value.type)
		return true;
	return value_equal(&written->value, &read->value) ||
	    same_number(&written->value, &read->value);
}

static bool
is_there(const struct read_back *b, const struct lwm2m_entry *written)
{
	for (size_t i = 0; i < b->count; i++)
		if (path_compare(b->entries[i].path, written->path) == 0)
			return same_value(written, &b->entries[i]);
	return false;
}

/** True when a step behind `step`, before the Read, writes that once more, or
 *  deletes it. */
static bool
is_outdated(const struct session *s, size_t step, struct lwm2m_path path)
{
	for (size_t i = step + 1; i < s->index; i++) {
		const struct plan_step *later = &s->plan.steps[i];

		if (later->op == PLAN_DELETE && path_within(path, later->path))
			return true;
		if (later->op != PLAN_WRITE)
			continue;
		for (size_t n = 0; n < later->entry_count; n++) {
			struct lwm2m_entry e;

			if (resolve_written(&s->plan,
				&s->plan.entries[later->entry_first + n],
				&s->accounts, &e) &&
			    path_compare(e.path, path) == 0)
				return true;
		}
	}
	return false;
}

static bool
step_is_there(const struct session *s, size_t index, const struct read_back *b)
{
	const struct plan_step *step = &s->plan.steps[index];
	uint16_t object = s->plan.steps[s->index].path.object;

	if (step->op != PLAN_WRITE || step->path.object != object)
		return true;
	for (size_t i = 0; i < step->entry_count; i++) {
		const struct plan_entry *e =
		    &s->plan.entries[step->entry_first + i];
		struct lwm2m_entry written;

		/* an account that a Delete has taken away again is none */
		if (e->secret ||
		    !resolve_written(&s->plan, e, &s->accounts, &written) ||
		    is_outdated(s, index, written.path))
			continue;
		if (!is_there(b, &written))
			return false;
	}
	return true;
}

static enum rc
decode(
    const struct session *s, int format, struct span body, struct read_back *b)
{
	size_t scratch_len = 2 * body.len + 1;
	struct writer w;

	*b = (struct read_back){
	    .entries = calloc(PLAN_ENTRIES_MAX, sizeof(*b->entries)),
	    .scratch = malloc(scratch_len),
	};
	if (!b->entries || !b->scratch)
		return RC_MEMORY;
	writer_init(&w, b->scratch, scratch_len);
	/* an object without instances is nothing at all in some formats */
	if (body.len == 0)
		return RC_OK;
	return lwm2m_decode(format, s->plan.steps[s->index].path, body, &w,
	    b->entries, PLAN_ENTRIES_MAX, &b->count);
}

enum reason
session_compare(const struct session *s, int content_format, struct span body)
{
	enum reason why = REASON_NONE;
	struct read_back b;
	enum rc rc;

	if (!format_writable(content_format))
		content_format = s->formats[s->format];
	rc = decode(s, content_format, body, &b);
	if (rc != RC_OK)
		why = rc == RC_MEMORY ? REASON_BUSY : REASON_VERIFY_UNAVAILABLE;
	for (size_t i = 0; why == REASON_NONE && i < s->index; i++)
		if (!step_is_there(s, i, &b))
			why = REASON_VERIFY_MISMATCH;
	free(b.entries);
	free(b.scratch);
	return why;
}
