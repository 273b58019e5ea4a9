/* Is there a way back from a candidate? What is written to devices is undone by
 * their next bootstrap, unless it decides whether there can be one. */
#include "rollout_run.h"

#include "policy/cover.h"

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

/* --- keys that cannot be told apart ---------------------------------------- */

static bool
shows_alike(const struct identity *a, const struct identity *b)
{
	return a->kind == IDENTITY_PSK && b->kind == IDENTITY_PSK &&
	    strcmp(a->psk_identity, b->psk_identity) == 0;
}

/** Does one in front of `id` take all devices of it, or of the other? */
static bool
is_behind(const struct policy_set *set, const struct identity *id,
    const struct identity *other)
{
	for (const struct identity *i = set->identities; i < id; i++)
		if (shows_alike(i, id) &&
		    (glob_covers(i->endpoint, id->endpoint) ||
			glob_covers(i->endpoint, other->endpoint)))
			return true;
	return false;
}

/** 0: none. */
static uint32_t
epoch_of_both(const struct identity *a, const struct identity *b)
{
	for (size_t i = 0; i < a->epoch_count; i++)
		if (accepts(b, a->epochs[i]))
			return a->epochs[i];
	return 0;
}

/* The worker says with which epoch's key a device has proved itself, and both
 * sets would take that for a key of theirs. */
bool
rollout_keys_apart(const struct policy_set *base, const struct policy_set *next,
    char *text, size_t cap)
{
	for (size_t i = 0; i < base->identity_count; i++) {
		const struct identity *a = &base->identities[i];

		for (size_t k = 0; k < next->identity_count; k++) {
			const struct identity *b = &next->identities[k];
			uint32_t epoch;

			if (!shows_alike(a, b) ||
			    strcmp(a->master, b->master) == 0 ||
			    !glob_meets(a->endpoint, b->endpoint) ||
			    is_behind(base, a, b) || is_behind(next, b, a))
				continue;
			epoch = epoch_of_both(a, b);
			if (epoch == 0)
				continue;
			snprintf(text, cap,
			    "identity %.60s: epoch %u is of the master %.64s "
			    "in force and of %.64s in the candidate, and "
			    "nobody could tell whose key a device has; give "
			    "the new master another epoch",
			    b->name, (unsigned)epoch, a->master, b->master);
			return false;
		}
	}
	return true;
}
