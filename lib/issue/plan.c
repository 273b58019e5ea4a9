/* The plan of a policy: its steps, in the order that all clients take. */
#include "issue/making.h"

enum { VERSION_USUAL = 11, BLOCK_USUAL = 1024 };

void
making_put(struct making *m, struct lwm2m_path at, uint16_t resource,
    struct lwm2m_value value)
{
	struct lwm2m_entry e = {
	    LWM2M_RESOURCE(at.object, at.instance, resource), value};

	plan_put(&m->plan, &e);
}

static void
put_server(struct making *m, const struct policy_server *s)
{
	const struct lwm2m_path at = LWM2M_INSTANCE(OBJECT_SERVER, 0);

	making_put(m, at, SERVER_SSID, LWM2M_VALUE_INTEGER(s->short_server_id));
	making_put(m, at, SERVER_LIFETIME, LWM2M_VALUE_INTEGER(s->lifetime_s));
	if (s->min_period_s >= 0)
		making_put(m, at, SERVER_MIN_PERIOD,
		    LWM2M_VALUE_INTEGER(s->min_period_s));
	if (s->max_period_s >= 0)
		making_put(m, at, SERVER_MAX_PERIOD,
		    LWM2M_VALUE_INTEGER(s->max_period_s));
	if (s->disable_timeout_s >= 0)
		making_put(m, at, SERVER_DISABLE_TIMEOUT,
		    LWM2M_VALUE_INTEGER(s->disable_timeout_s));
	making_put(m, at, SERVER_STORING, LWM2M_VALUE_BOOLEAN(s->storing));
	making_put(
	    m, at, SERVER_BINDING, LWM2M_VALUE_STRING(span_str(s->binding)));
}

/** Discover, Delete, /0 of all, /1 of all, other objects, verify, Finish: the
 *  order that all clients take (bootstrap.md section 7). */
static enum rc
put_steps(struct making *m, const struct policy *p, struct span endpoint)
{
	struct plan_builder *b = &m->plan;
	enum rc rc;

	if (p->device.discover)
		plan_step(b, PLAN_DISCOVER, 0, 0, LWM2M_ROOT);
	for (size_t i = 0; i < p->clean_count; i++)
		plan_step(b, PLAN_DELETE,
		    p->device.strict_delete ? PLAN_STRICT : 0, 0, p->clean[i]);
	for (size_t i = 0; i < p->server_count; i++) {
		plan_step(b, PLAN_WRITE, 0, (unsigned)i + 1,
		    LWM2M_INSTANCE(OBJECT_SECURITY, 0));
		rc = making_security(m, p, i, endpoint);
		if (rc != RC_OK)
			return rc;
	}
	for (size_t i = 0; i < p->server_count; i++) {
		plan_step(b, PLAN_WRITE, 0, (unsigned)i + 1,
		    LWM2M_INSTANCE(OBJECT_SERVER, 0));
		put_server(m, &p->servers[i]);
	}
	for (size_t i = 0; i < p->object_count; i++) {
		plan_step(b, PLAN_WRITE, 0, 0, p->objects[i].path);
		for (size_t n = 0; n < p->objects[i].entry_count; n++)
			plan_put(b, &p->objects[i].entries[n]);
	}
	if (p->verify == VERIFY_DISCOVER)
		plan_step(b, PLAN_VERIFY, 0, 0, LWM2M_ROOT);
	plan_step(b, PLAN_FINISH, 0, 0, LWM2M_ROOT);
	return RC_OK;
}

/** What holds for the whole plan. A profile that does not say its version says
 *  nothing of what came with versions either. */
static struct plan_head
head_of(const struct policy *p)
{
	const struct policy_profile *d = &p->device;
	struct plan_head h = {
	    .flags = p->on_failure == FAILURE_CLEAN ? PLAN_CLEAN_ON_FAILURE : 0,
	    .max_message = d->max_message,
	    .block_size = d->block_size,
	    .version = d->version,
	    .own = LWM2M_ID_NONE,
	    .format_count = d->format_count,
	    .account_count = p->server_count,
	};

	if (d->version == 0) {
		h.version = VERSION_USUAL;
		h.block_size = BLOCK_USUAL;
	} else if (d->account_instance >= 0) {
		h.own = (uint16_t)d->account_instance;
	}
	for (size_t i = 0; i < d->format_count && i < PLAN_FORMATS_MAX; i++)
		h.formats[i] = d->formats[i];
	for (size_t i = 0; i < p->server_count && i < PLAN_ACCOUNTS_MAX; i++)
		h.ssids[i] = p->servers[i].short_server_id;
	return h;
}

enum rc
making_plan(const struct issuer *i, enum making_fill fill,
    const struct policy *policy, struct span endpoint,
    struct issue_decision *out)
{
	const struct plan_head head = head_of(policy);
	struct making m = {.issuer = i, .fill = fill, .out = out};
	enum rc rc;

	out->credential_count = out->sealed_count = 0;
	out->detail[0] = '\0';
	plan_begin(&m.plan, &head);
	rc = put_steps(&m, policy, endpoint);
	out->steps = (unsigned)m.plan.steps;
	if (rc != RC_OK) {
		plan_abandon(&m.plan);
		return rc;
	}
	return plan_end(&m.plan, &out->plan, out->plan_digest);
}

enum rc
issue_plan(const struct issuer *i, const struct policy *policy,
    struct span endpoint, struct issue_decision *out)
{
	return making_plan(
	    i, i->hsm ? FILL_REAL : FILL_LABEL, policy, endpoint, out);
}
