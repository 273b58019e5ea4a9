#include "bootstrap/resolve.h"

#include "lwm2m/object.h"

#include <stdlib.h>

/** The instance of `object` for `account`, which is not 0. */
static enum rc
choose(const struct plan *plan, struct accounts *a, uint16_t object,
    unsigned account, uint16_t *instance)
{
	if (account == PLAN_ACCOUNT_OURS)
		return accounts_ours(a, instance) ? RC_OK : RC_CONFLICT;
	return accounts_choose(
	    a, object, account, plan->head.ssids[account - 1], instance);
}

static void
set_value(struct lwm2m_value *v, uint16_t object, uint16_t instance)
{
	if (v->type == LWM2M_OBJLNK) {
		v->link.object = object;
		v->link.instance = instance;
	} else {
		v->integer = instance;
	}
}

static enum rc
resolve_entry(const struct plan *plan, const struct plan_entry *e,
    struct accounts *a, struct lwm2m_entry *out)
{
	uint16_t instance;
	enum rc rc = RC_OK;

	*out = e->entry;
	if (e->account != 0)
		rc = choose(
		    plan, a, out->path.object, e->account, &out->path.instance);
	else if (!accounts_may_touch(a, out->path.object, out->path.instance))
		rc = RC_CONFLICT;
	if (rc != RC_OK || e->resolve == 0)
		return rc;
	rc = choose(plan, a, e->resolve_object, e->resolve, &instance);
	if (rc == RC_OK)
		set_value(&out->value, e->resolve_object, instance);
	return rc;
}

static int
by_path(const void *a, const void *b)
{
	const struct lwm2m_entry *x = a, *y = b;

	return path_compare(x->path, y->path);
}

enum rc
resolve_write(const struct plan *plan, const struct plan_step *step,
    struct accounts *a, struct lwm2m_path *path, struct lwm2m_entry *entries)
{
	enum rc rc = RC_OK;

	*path = step->path;
	if (step->account != 0)
		rc = choose(
		    plan, a, path->object, step->account, &path->instance);
	for (size_t i = 0; rc == RC_OK && i < step->entry_count; i++)
		rc = resolve_entry(plan, &plan->entries[step->entry_first + i],
		    a, &entries[i]);
	if (rc == RC_OK)
		qsort(entries, step->entry_count, sizeof(*entries), by_path);
	return rc;
}

static bool
chosen(const struct plan *plan, const struct accounts *a, uint16_t object,
    unsigned account, uint16_t *instance)
{
	if (account == PLAN_ACCOUNT_OURS)
		return accounts_ours(a, instance);
	return accounts_chosen(
	    a, object, plan->head.ssids[account - 1], instance);
}

bool
resolve_written(const struct plan *plan, const struct plan_entry *e,
    const struct accounts *a, struct lwm2m_entry *out)
{
	uint16_t instance;

	*out = e->entry;
	if (e->account != 0 &&
	    !chosen(plan, a, out->path.object, e->account, &out->path.instance))
		return false;
	if (e->resolve == 0)
		return true;
	if (!chosen(plan, a, e->resolve_object, e->resolve, &instance))
		return false;
	set_value(&out->value, e->resolve_object, instance);
	return true;
}
