/*
 * Can the device do what its policy asks? What its profile says against all
 * that would be sent to it, at the place in the policy that would fail.
 */
#include "policy/load.h"

struct checking {
	const struct read_policy *doc;
	const struct yaml_ctx *c;
	const struct policy *p;
	const struct policy_profile *device;
};

/* Where the document says it, or else the document. */
static struct yaml_node *
at(const struct checking *k, const char *key)
{
	struct yaml_node *n = yaml_get(k->doc->root, key);

	return n ? n : k->doc->root;
}

static void
check_verify(const struct checking *k)
{
	if (k->p->verify == VERIFY_DISCOVER && !k->device->discover)
		yaml_error(k->c, at(k, "verify"), "policy-verify",
		    "profile %s says that the device answers no Discover; "
		    "leave `verify:` out, or say `discover: true` in "
		    "`device:` if it does",
		    k->device->name);
	if (k->p->verify == VERIFY_READ && !k->device->read)
		yaml_error(k->c, at(k, "verify"), "policy-verify",
		    "profile %s says that the device answers no "
		    "Bootstrap-Read; take `discover` if it answers that, or "
		    "say `read: true` in `device:` if it does",
		    k->device->name);
	if (k->p->verify != VERIFY_NONE && k->device->pack)
		yaml_report(k->c, DIAG_WARNING, at(k, "verify"),
		    "policy-verify",
		    "nothing is compared where the device takes a "
		    "Bootstrap-Pack (`pack: true`)");
}

static void
check_policy(const struct read_policy *d)
{
	const struct checking k = {d, &d->ctx, &d->value, &d->value.device};

	check_verify(&k);
}

void
check_devices(struct load *l)
{
	for (struct read_policy *d = l->policies; d; d = d->next)
		check_policy(d);
}
