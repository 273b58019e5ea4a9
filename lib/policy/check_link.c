/*
 * Links of accounts: /0/x/26 and 27, /1/x/10 and 24 name instances that the
 * policy writes too, or that the device has to have already.
 */
#include "policy/checking.h"

static bool
is_null(const struct lwm2m_value *v)
{
	return v->link.object == LWM2M_ID_NONE &&
	    v->link.instance == LWM2M_ID_NONE;
}

static bool
is_written(const struct policy *p, const struct lwm2m_value *v)
{
	for (size_t i = 0; i < p->object_count; i++)
		if (p->objects[i].path.object == v->link.object &&
		    p->objects[i].path.instance == v->link.instance)
			return true;
	return false;
}

/* The object that a link of an account leads to. */
static uint16_t
target(struct lwm2m_path path)
{
	if (path.object == OBJECT_SERVER)
		return OBJECT_APN;
	return path.resource == SECURITY_COSE ? OBJECT_COSE : OBJECT_MQTT;
}

static void
check_link(const struct read_policy *d, const struct yaml_node *n,
    const struct lwm2m_entry *e)
{
	const uint16_t object = target(e->path);
	const struct lwm2m_resource *r =
	    resource_find(e->path.object, e->path.resource);

	if (is_null(&e->value))
		return;
	if (e->value.link.object != object)
		yaml_error(&d->ctx, n, "policy-link",
		    "%s is a link to an instance of object %u; \"%u:0\" is "
		    "expected",
		    r->name, object, object);
	else if (!is_written(&d->value, &e->value))
		yaml_report(&d->ctx, DIAG_WARNING, n, "policy-link",
		    "/%u/%u is not written by this policy: the device has to "
		    "have it already",
		    object, e->value.link.instance);
}

static void
check_entries(const struct read_policy *d, struct yaml_node *server,
    const struct lwm2m_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (entries[i].value.type == LWM2M_OBJLNK)
			check_link(d,
			    server_entry_node(server, entries[i].path.object,
				entries[i].path.resource),
			    &entries[i]);
}

void
check_links(struct load *l)
{
	for (struct read_policy *d = l->policies; d; d = d->next) {
		for (size_t i = 0; i < d->value.server_count; i++) {
			const struct policy_server *s = &d->value.servers[i];
			struct yaml_node *n = d->server_nodes[i];

			check_entries(
			    d, n, s->server_entries, s->server_entry_count);
			check_entries(
			    d, n, s->security_entries, s->security_entry_count);
		}
		if (d->value.account.change == ACCOUNT_HAND_OVER)
			check_entries(d, d->account,
			    d->value.account.server.security_entries,
			    d->value.account.server.security_entry_count);
	}
}
