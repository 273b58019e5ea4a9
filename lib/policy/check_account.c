/*
 * Bootstrap-Server Accounts that policies change: whose credential they get,
 * whether it can be made, and whether the device's instance can be found.
 */
#include "policy/checking.h"

#include "policy/match.h"

struct accounts {
	struct load *load;
	const struct identity *identities;
	struct table names; /* struct noted: index into `identities` */
	struct noted_near near;
};

/* False: memory. */
static bool
note_all(struct accounts *k)
{
	struct load *l = k->load;

	k->near.budget = NOTED_NEAR_BUDGET;
	k->near.names = arena_array(
	    l->scratch, l->identity_count + 1, sizeof(*k->near.names));
	if (!k->near.names)
		return false;
	for (size_t i = 0; i < l->identity_count; i++) {
		const struct identity *id = &k->identities[i];

		noted_add(l, &k->names, id->name, &id->place, i);
		k->near.names[k->near.count++] = id->name;
	}
	return !l->no_memory;
}

static const struct identity *
find(struct accounts *k, const char *name)
{
	const struct noted *n = noted_find(&k->names, name);

	return n ? &k->identities[n->index] : NULL;
}

/* --- the credential ------------------------------------------------------- */

/* What keeps a new credential of that document from being made; NULL: nothing. */
static const char *
obstacle(const struct identity *id)
{
	switch (id->kind) {
	case IDENTITY_PSK:
		return NULL;
	case IDENTITY_CERTIFICATE:
		return id->issue.ca ? NULL
				    : "has certificates that others make; say "
				      "`issue:` there";
	case IDENTITY_IMPORTED:
		return "has keys that others make; import the new ones, or "
		       "name an identity with `psk: {derive: ...}`";
	case IDENTITY_RPK:
		return "has keys that devices make themselves; name an "
		       "identity with `psk: {derive: ...}`";
	case IDENTITY_NOSEC:
		return "has no credential that could be newer; name the "
		       "identity that devices are to have from now on";
	}
	return NULL;
}

static bool
accepts(const struct load *l, const struct identity *id, uint32_t epoch)
{
	for (size_t i = 0; i < id->epoch_count; i++)
		if (id->epochs[i] == epoch)
			return identity_accepts(id, i, l->now_s);
	return false;
}

static enum server_mode
mode_of(const struct identity *id)
{
	return id->kind == IDENTITY_CERTIFICATE ? SERVER_CERTIFICATE
						: SERVER_PSK;
}

/* `named`: by the key itself, and not as that which the device comes by. */
static void
check_identity(struct accounts *k, const struct read_policy *d,
    const struct identity *id, bool named)
{
	const struct policy_account *a = &d->value.account;
	const struct policy_profile *device = &d->value.device;
	const char *wrong = obstacle(id);
	struct yaml_node *n = d->account;
	struct yaml_node *epoch = yaml_get(n, "epoch");

	if (wrong) {
		yaml_error(&d->ctx, n, "policy-account", "the identity %s %s",
		    id->name, wrong);
		return;
	}
	if (!(device->modes & 1u << mode_of(id)))
		yaml_error(&d->ctx, n, "policy-device-mode",
		    "the device (profile %s) cannot use the credential of "
		    "the identity %s; name another, or say `security:` in "
		    "`device:` if it can",
		    device->name, id->name);
	if (a->epoch && id->kind != IDENTITY_PSK)
		yaml_error(&d->ctx, epoch, "policy-account",
		    "the identity %s has certificates, which have no epoch",
		    id->name);
	else if (a->epoch && !accepts(k->load, id, a->epoch))
		yaml_error(&d->ctx, epoch, "policy-account",
		    "the identity %s does not accept epoch %u (any more): the "
		    "device could not come back; add it to `epoch:` there",
		    id->name, a->epoch);
	else if (!named && id->kind == IDENTITY_PSK && id->epoch_count == 1)
		yaml_report(&d->ctx, DIAG_WARNING, n, "policy-account",
		    "the identity %s has one epoch: devices get the key again "
		    "that they have; add a newer one to `epoch:` there",
		    id->name);
}

/* --- the account ---------------------------------------------------------- */

/* An account that is not found cannot be written, only another one beside it:
 * LwM2M Core 6.1.6, a client has one. */
static void
check_instance(const struct read_policy *d)
{
	const struct policy_profile *p = &d->value.device;

	if (!p->discover && p->account_instance < 0)
		yaml_error(&d->ctx, d->account, "policy-account",
		    "in which instance of /0 the account is cannot be "
		    "known: the device (profile %s) answers no Discover; "
		    "say `account_instance:` in `device:`",
		    p->name);
	if (p->pack)
		yaml_error(&d->ctx, d->account, "policy-account",
		    "a Bootstrap-Pack does not change the account; say `pack: "
		    "false` in `device:`");
}

static void
check_rotation(struct accounts *k, struct read_policy *d)
{
	struct policy_account *a = &d->value.account;
	const char **names = d->value.identities;

	if (d->account_identity) {
		a->identity =
		    find(k, (const char *)d->account_identity->text.p);
		if (a->identity)
			check_identity(k, d, a->identity, true);
		else
			noted_unknown(&k->near, &d->ctx, d->account_identity,
			    "policy-identity-unknown", "identity");
		return;
	}
	/* Those by which devices come to this policy. */
	for (; names && *names; names++) {
		const struct identity *id = find(k, *names);

		if (id)
			check_identity(k, d, id, false);
	}
	for (size_t i = 0; !d->value.identities && i < k->load->identity_count;
	     i++)
		check_identity(k, d, &k->identities[i], false);
}

static void
check_hand_over(const struct read_policy *d)
{
	const struct checking k = {d, &d->ctx, &d->value, &d->value.device};

	check_device_account(&k, d->account, &d->value.account.server);
}

void
check_accounts(struct load *l, const struct identity *identities)
{
	struct accounts k = {.load = l, .identities = identities};

	if (table_init(&k.names) != RC_OK || !note_all(&k)) {
		l->no_memory = true;
		goto out;
	}
	for (struct read_policy *d = l->policies; d; d = d->next) {
		switch (d->value.account.change) {
		case ACCOUNT_KEEP:
			continue;
		case ACCOUNT_ROTATE:
			check_rotation(&k, d);
			break;
		case ACCOUNT_HAND_OVER:
			check_hand_over(d);
			break;
		}
		check_instance(d);
	}
out:
	table_fini(&k.names);
}
