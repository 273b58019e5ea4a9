/* The plan of a policy: its steps, in the order that all clients take. */
#include "issue/making.h"

#include "issue/rules_internal.h"

#include <stdlib.h>

enum {
	KEPT_PER_SERVER = 3, /**< `/0/x/3`, `/5`, `/21/x/0` */
};

static struct lwm2m_value
integer(int64_t n)
{
	return LWM2M_VALUE_INTEGER(n);
}

static void
put_server(struct making *m, const struct policy_server *s)
{
	const struct lwm2m_path at = LWM2M_INSTANCE(OBJECT_SERVER, 0);

	making_put(m, at, SERVER_SSID, integer(s->short_server_id));
	making_put(m, at, SERVER_LIFETIME, integer(s->lifetime_s));
	if (s->min_period_s >= 0)
		making_put(m, at, SERVER_MIN_PERIOD, integer(s->min_period_s));
	if (s->max_period_s >= 0)
		making_put(m, at, SERVER_MAX_PERIOD, integer(s->max_period_s));
	if (s->disable_timeout_s >= 0)
		making_put(m, at, SERVER_DISABLE_TIMEOUT,
		    integer(s->disable_timeout_s));
	making_put(m, at, SERVER_STORING, LWM2M_VALUE_BOOLEAN(s->storing));
	making_put(
	    m, at, SERVER_BINDING, LWM2M_VALUE_STRING(span_str(s->binding)));
	for (size_t i = 0; i < s->server_entry_count; i++)
		making_entry(m, &s->server_entries[i]);
}

/** `/0/x` of all. */
static enum rc
put_securities(struct making *m, const struct policy *p, struct span endpoint)
{
	const struct lwm2m_path at = LWM2M_INSTANCE(OBJECT_SECURITY, 0);
	const struct lwm2m_entry link = {
	    LWM2M_RESOURCE(OBJECT_SECURITY, 0, SECURITY_OSCORE),
	    {.type = LWM2M_OBJLNK, .link = {OBJECT_OSCORE, 0}}};
	enum rc rc = RC_OK;

	if (p->server_count > 0)
		making_object(m, OBJECT_SECURITY);
	for (size_t i = 0; rc == RC_OK && i < p->server_count; i++) {
		making_instance(m, (unsigned)i + 1, at);
		rc = making_security(m, at, &p->servers[i],
		    rules_server_key(m->issuer->rules, &p->servers[i]),
		    endpoint);
		if (p->servers[i].oscore.present)
			making_instance_of(
			    m, &link, (unsigned)i + 1, OBJECT_OSCORE);
	}
	return rc;
}

/** `/21/x` of those that have it. */
static enum rc
put_oscores(struct making *m, const struct policy *p, struct span endpoint)
{
	bool open = false;
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < p->server_count; i++) {
		if (!p->servers[i].oscore.present)
			continue;
		if (!open)
			making_object(m, OBJECT_OSCORE);
		open = true;
		making_instance(
		    m, (unsigned)i + 1, LWM2M_INSTANCE(OBJECT_OSCORE, 0));
		rc = making_oscore(m, &p->servers[i], endpoint);
	}
	return rc;
}

static void
put_servers(struct making *m, const struct policy *p)
{
	if (p->server_count > 0)
		making_object(m, OBJECT_SERVER);
	for (size_t i = 0; i < p->server_count; i++) {
		making_instance(
		    m, (unsigned)i + 1, LWM2M_INSTANCE(OBJECT_SERVER, 0));
		put_server(m, &p->servers[i]);
	}
}

static const struct policy_account_of *
account_of(const struct policy_object *o, size_t entry)
{
	for (size_t i = 0; i < o->account_of_count; i++)
		if (o->account_of[i].entry == entry)
			return &o->account_of[i];
	return NULL;
}

static enum rc
put_instance(struct making *m, const struct policy_object *o)
{
	enum rc rc = RC_OK;

	making_instance(m, 0, o->path);
	for (size_t i = 0; rc == RC_OK && i < o->entry_count; i++) {
		const struct policy_account_of *of = account_of(o, i);

		if (of)
			making_instance_of(m, &o->entries[i],
			    (unsigned)of->server + 1, of->object);
		else
			rc = making_object_entry(m, &o->entries[i]);
	}
	return rc;
}

/** Object by object, as they come; instances of one together. */
static enum rc
put_objects(struct making *m, const struct policy_object *objects, size_t count)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < count; i++) {
		uint16_t object = objects[i].path.object;
		size_t before = 0;

		while (before < i && objects[before].path.object != object)
			before++;
		if (before < i)
			continue;
		making_object(m, object);
		for (size_t n = i; rc == RC_OK && n < count; n++)
			if (objects[n].path.object == object)
				rc = put_instance(m, &objects[n]);
	}
	return rc;
}

static bool
writes_object(const struct policy_object *objects, size_t count, uint16_t id)
{
	for (size_t i = 0; i < count; i++)
		if (objects[i].path.object == id)
			return true;
	return false;
}

/** Is it there? A change of its own account is looked at in any case, where the
 *  device can be asked. */
static void
put_verify(struct making *m, const struct policy *p)
{
	struct plan_builder *b = &m->plan;

	if (p->verify == VERIFY_DISCOVER ||
	    (p->account.change != ACCOUNT_KEEP && p->device.discover))
		plan_step(b, PLAN_VERIFY, 0, 0, LWM2M_ROOT);
	if (p->verify != VERIFY_READ)
		return;
	if (p->server_count > 0)
		plan_step(b, PLAN_READ, 0, 0, LWM2M_OBJECT(OBJECT_SERVER));
	if (writes_object(p->objects, p->object_count, OBJECT_ACCESS_CONTROL))
		plan_step(
		    b, PLAN_READ, 0, 0, LWM2M_OBJECT(OBJECT_ACCESS_CONTROL));
}

static void
put_deletes(struct making *m, const struct lwm2m_path *paths, size_t count)
{
	for (size_t i = 0; i < count; i++)
		plan_step(&m->plan, PLAN_DELETE,
		    m->device->strict_delete ? PLAN_STRICT : 0, 0, paths[i]);
}

/** Accounts, then the rest (bootstrap.md section 7). */
static enum rc
put_accounts(struct making *m, const struct policy *p, struct span endpoint)
{
	enum rc rc = put_securities(m, p, endpoint);

	if (rc == RC_OK)
		rc = put_oscores(m, p, endpoint);
	if (rc == RC_OK)
		put_servers(m, p);
	return rc;
}

/** What is sent once when the device refuses Finish (4.06). */
static enum rc
put_correction(struct making *m, const struct policy *p, struct span endpoint)
{
	const struct policy_correction *c = p->correction;
	enum rc rc;

	m->device = &c->device;
	m->correcting = true;
	put_deletes(m, c->clean, c->clean_count);
	rc = put_accounts(m, p, endpoint);
	if (rc == RC_OK)
		rc = put_objects(m, c->objects, c->object_count);
	if (rc != RC_OK)
		return rc;
	put_verify(m, p);
	plan_step(&m->plan, PLAN_FINISH, 0, 0, LWM2M_ROOT);
	return RC_OK;
}

/** Discover, Delete, accounts, other objects, the device's own account, verify,
 *  Finish: the order that all clients take (bootstrap.md section 7). */
static enum rc
put_steps(struct making *m, const struct policy *p, struct span endpoint)
{
	enum rc rc;

	if (p->device.discover)
		plan_step(&m->plan, PLAN_DISCOVER, 0, 0, LWM2M_ROOT);
	put_deletes(m, p->clean, p->clean_count);
	rc = put_accounts(m, p, endpoint);
	if (rc == RC_OK)
		rc = put_objects(m, p->objects, p->object_count);
	/* last: what went wrong before has not touched the way back to us */
	if (rc == RC_OK)
		rc = making_account(m, p, endpoint);
	if (rc != RC_OK)
		return rc;
	put_verify(m, p);
	plan_step(&m->plan, PLAN_FINISH, 0, 0, LWM2M_ROOT);
	return p->correction ? put_correction(m, p, endpoint) : RC_OK;
}

/** What holds for the whole plan. */
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

	if (d->account_instance >= 0)
		h.own = (uint16_t)d->account_instance;
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
	struct making m = {
	    .issuer = i,
	    .fill = fill,
	    .device = &policy->device,
	    .out = out,
	};
	enum rc rc = RC_OK;

	out->credential_count = out->sealed_count = 0;
	out->detail[0] = '\0';
	making_values(&m, endpoint, policy);
	plan_begin(&m.plan, &head);
	if (policy->correction) {
		m.kept_cap = KEPT_PER_SERVER * policy->server_count + 1;
		m.kept = calloc(m.kept_cap, sizeof(*m.kept));
		rc = m.kept ? RC_OK : RC_MEMORY;
	}
	if (rc == RC_OK)
		rc = put_steps(&m, policy, endpoint);
	out->steps = (unsigned)m.plan.steps;
	if (rc == RC_OK)
		rc = plan_end(&m.plan, &out->plan, out->plan_digest);
	plan_abandon(&m.plan);
	making_forget(&m);
	return rc;
}

enum rc
issue_plan(const struct issuer *i, const struct policy *policy,
    struct span endpoint, struct issue_decision *out)
{
	return making_plan(
	    i, i->hsm ? FILL_REAL : FILL_LABEL, policy, endpoint, out);
}
