#include "policy/decide.h"

#include <stdio.h>

const char *
policy_chosen_name(enum policy_chosen why)
{
	static const char *const names[] = {
	    [CHOSEN_ALONE] = "",
	    [CHOSEN_STAYS] = "stays",
	    [CHOSEN_HASH] = "hash",
	    [CHOSEN_NETWORK] = "network",
	    [CHOSEN_LIST] = "list",
	    [CHOSEN_DEFAULT] = "default",
	};

	return names[why];
}

bool
policy_asks_history(const struct policy *p)
{
	if (!p || p->refusal.kind != POLICY_GIVES)
		return false;
	for (size_t i = 0; i < p->pool_count; i++)
		if (p->pools[i].name)
			return true;
	return p->reprovision != REPROVISION_KEEP;
}

/* What is the same for all devices of the policy. */
static void
begin(struct policy_decided *d, const struct policy *p)
{
	d->answer = p ? POLICY_GIVEN : POLICY_NONE;
	d->policy = p;
	d->why[0] = '\0';
	d->wait_s = 0;
	d->again = AGAIN_FIRST;
	d->turn = 0;
	d->override_count = 0;
	if (!p)
		return;
	d->given = *p;
	d->given.pools = NULL;
	d->given.pool_count = 0;
}

static void
turn_away(struct policy_decided *d, const struct policy_refusal *r)
{
	d->answer = r->kind == POLICY_DENIES ? POLICY_DENIED : POLICY_HELD;
	d->wait_s = r->kind == POLICY_HOLDS ? r->retry_s : 0;
	(void)snprintf(d->why, sizeof(d->why), "%s", r->why);
}

enum rc
policy_decide_by(const struct policy_set *s, const struct policy *p,
    const struct policy_facts *f, struct policy_decided *out)
{
	(void)s;
	(void)f;
	begin(out, p);
	if (!p)
		return RC_OK;
	if (p->refusal.kind != POLICY_GIVES) {
		turn_away(out, &p->refusal);
		return RC_OK;
	}
	for (size_t i = 0; i < p->pool_count; i++)
		out->choices[i] = (struct policy_choice){
		    .pool = &p->pools[i],
		    .server = p->pools[i].first,
		};
	return RC_OK;
}

enum rc
policy_decide(const struct policy_set *s, const struct policy_facts *f,
    struct policy_decided *out)
{
	return policy_decide_by(s, policy_for(s, f), f, out);
}

size_t
policy_sample_count(const struct policy *p)
{
	size_t count = 1;

	for (size_t i = 0; i < p->pool_count; i++)
		if (p->pools[i].count > count)
			count = p->pools[i].count;
	return count;
}

void
policy_sample(const struct policy_set *s, const struct policy *p, size_t n,
    struct policy_decided *out)
{
	(void)s;
	(void)n;
	begin(out, p);
}
