/* What one Write of a plan is about: an object, an instance or a resource. */
#include "issue/making.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static enum write_level
level_of(const struct making *m)
{
	return m->device ? m->device->level : WRITE_INSTANCE;
}

void
making_object(struct making *m, uint16_t object)
{
	if (level_of(m) == WRITE_OBJECT)
		plan_step(&m->plan, PLAN_WRITE, 0, 0, LWM2M_OBJECT(object));
}

void
making_instance(struct making *m, unsigned account, struct lwm2m_path at)
{
	m->account = account;
	m->resource = LWM2M_ROOT;
	switch (level_of(m)) {
	case WRITE_INSTANCE:
		plan_step(&m->plan, PLAN_WRITE, 0, account, at);
		break;
	case WRITE_OBJECT:
		plan_account(&m->plan, account);
		break;
	case WRITE_RESOURCE:
		break;
	}
}

/** Newer than the device's version of the object, and it would refuse it. */
static bool
is_unknown(const struct making *m, struct lwm2m_path path)
{
	const struct lwm2m_resource *r;

	/* object 21 counts its versions differently, and is none of 1.0 */
	if (!m->device || !m->device->refuses_unknown ||
	    m->device->version == 0 || path.object == OBJECT_OSCORE)
		return false;
	r = resource_find(path.object, path.resource);
	return r && r->since > m->device->version;
}

/** The Write that `path` goes into. False: it is left out. */
static bool
take_up(struct making *m, struct lwm2m_path path)
{
	if (is_unknown(m, path))
		return false;
	path = path_upper(path, 3);
	if (level_of(m) != WRITE_RESOURCE ||
	    path_compare(path, m->resource) == 0)
		return true;
	m->resource = path;
	plan_step(&m->plan, PLAN_WRITE, 0, m->account, path);
	return true;
}

void
making_entry(struct making *m, const struct lwm2m_entry *e)
{
	if (take_up(m, e->path))
		plan_put(&m->plan, e);
}

void
making_instance_of(
    struct making *m, const struct lwm2m_entry *e, unsigned of, uint16_t object)
{
	if (take_up(m, e->path))
		plan_put_instance_of(&m->plan, e, of, object);
}

void
making_put(struct making *m, struct lwm2m_path at, uint16_t resource,
    struct lwm2m_value value)
{
	making_entry(m,
	    &(struct lwm2m_entry){
		LWM2M_RESOURCE(at.object, at.instance, resource), value});
}

void
making_empty(struct making *m, struct lwm2m_path at, uint16_t resource)
{
	/* Leshan's client refuses Finish without (clients.md) */
	if (m->device && m->device->empty_keys)
		making_put(m, at, resource, LWM2M_VALUE_OPAQUE(SPAN_LIT("")));
}

/** For the correction. */
static enum rc
keep(struct making *m, struct lwm2m_path path, const struct secret *value,
    const char *label)
{
	struct making_kept *k;

	if (!m->kept || m->correcting)
		return RC_OK;
	if (m->kept_count == m->kept_cap)
		return RC_TOO_LARGE;
	k = &m->kept[m->kept_count++];
	*k = (struct making_kept){
	    .account = m->account,
	    .object = path.object,
	    .resource = path.resource,
	};
	(void)snprintf(k->label, sizeof(k->label), "%s", label);
	return secret_set(&k->value, secret_expose(value));
}

static enum rc
put_secret(struct making *m, struct lwm2m_path path, const struct secret *value,
    const char *label)
{
	if (!take_up(m, path))
		return RC_OK;
	plan_put_secret(&m->plan, path, value, label);
	return keep(m, path, value, label);
}

enum rc
making_put_secret(struct making *m, struct lwm2m_path at, uint16_t resource,
    const struct secret *value, size_t sample_len, const char *label)
{
	const struct lwm2m_path path =
	    LWM2M_RESOURCE(at.object, at.instance, resource);
	struct secret sample = {0};
	enum rc rc;

	if (m->fill != FILL_SAMPLE)
		return put_secret(m, path, value, label);
	rc = secret_reserve(&sample, sample_len);
	if (rc == RC_OK) {
		sample.len = sample_len;
		rc = put_secret(m, path, &sample, label);
	}
	secret_fini(&sample);
	return rc;
}

enum rc
making_again(struct making *m, struct lwm2m_path at, uint16_t resource)
{
	const struct lwm2m_path path =
	    LWM2M_RESOURCE(at.object, at.instance, resource);

	for (size_t i = 0; i < m->kept_count; i++) {
		const struct making_kept *k = &m->kept[i];

		if (k->account != m->account || k->object != at.object ||
		    k->resource != resource)
			continue;
		if (take_up(m, path))
			plan_put_secret(&m->plan, path, &k->value, k->label);
		return RC_OK;
	}
	return RC_BUG;
}

void
making_forget(struct making *m)
{
	for (size_t i = 0; i < m->kept_count; i++)
		secret_fini(&m->kept[i].value);
	free(m->kept);
	m->kept = NULL;
	m->kept_count = m->kept_cap = 0;
}

enum rc
making_impossible(struct making *m, const char *fmt, ...)
{
	va_list ap;

	m->out->reason = REASON_NOT_POSSIBLE;
	va_start(ap, fmt);
	(void)vsnprintf(m->out->detail, sizeof(m->out->detail), fmt, ap);
	va_end(ap);
	return RC_CONFIG;
}
