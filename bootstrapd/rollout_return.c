/* Is there a way back from a candidate? What is written to devices is undone by
 * their next bootstrap, unless it decides whether there can be one. */
#include "rollout_run.h"

#include <stdio.h>

static const struct identity *
find(const struct policy_set *set, const char *name)
{
	for (size_t i = 0; i < set->identity_count; i++)
		if (strcmp(set->identities[i].name, name) == 0)
			return &set->identities[i];
	return NULL;
}

static bool
accepts(const struct identity *id, uint32_t epoch)
{
	for (size_t i = 0; id && i < id->epoch_count; i++)
		if (id->epochs[i] == epoch)
			return true;
	return false;
}

static uint32_t
newest(const struct identity *id)
{
	uint32_t epoch = 0;

	for (size_t i = 0; i < id->epoch_count; i++)
		if (id->epochs[i] > epoch)
			epoch = id->epochs[i];
	return epoch;
}

/** May devices of that policy have come by that document? */
static bool
is_of(const struct policy *p, const struct identity *id)
{
	if (p->account.identity)
		return p->account.identity == id;
	for (const char **name = p->identities; name && *name; name++)
		if (strcmp(*name, id->name) == 0)
			return true;
	return !p->identities;
}

/** The policy gives a key that only the candidate accepts. */
static const struct identity *
unknown_key(const struct policy_set *base, const struct policy_set *next,
    const struct policy *p, uint32_t *epoch)
{
	for (size_t i = 0; i < next->identity_count; i++) {
		const struct identity *id = &next->identities[i];

		if (id->kind != IDENTITY_PSK || !is_of(p, id))
			continue;
		*epoch = p->account.epoch ? p->account.epoch : newest(id);
		if (!accepts(find(base, id->name), *epoch))
			return id;
	}
	return NULL;
}

void
rollout_no_return(const struct policy_set *base, const struct policy_set *next,
    char *text, size_t cap)
{
	text[0] = '\0';
	for (size_t i = 0; i < next->policy_count && !text[0]; i++) {
		const struct policy *p = &next->policies[i];
		const struct identity *id;
		uint32_t epoch;

		if (p->account.change == ACCOUNT_HAND_OVER) {
			snprintf(text, cap,
			    "policy %.60s hands devices over to another "
			    "bootstrap server: no revert brings them back",
			    p->name);
			continue;
		}
		if (p->account.change != ACCOUNT_ROTATE)
			continue;
		id = unknown_key(base, next, p, &epoch);
		if (id)
			snprintf(text, cap,
			    "policy %.60s gives devices a key of epoch %u of "
			    "%.60s, which the set in force does not accept: "
			    "after a revert they could not come back; roll "
			    "out first that it is accepted",
			    p->name, (unsigned)epoch, id->name);
	}
}
