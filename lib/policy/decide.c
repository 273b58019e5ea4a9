#include "policy/decide.h"

#include "policy/allocate.h"
#include "policy/override.h"

#include <stdarg.h>
#include <stdio.h>

enum { FULL_WAIT_S = 600 /* until a device asks again for room */ };

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

const char *
policy_again_name(enum policy_again again)
{
	static const char *const names[] = {
	    [AGAIN_FIRST] = "first",
	    [AGAIN_SAME] = "same",
	    [AGAIN_ROTATED] = "rotated",
	    [AGAIN_RESET] = "reset",
	    [AGAIN_RELEASED] = "released",
	};

	return names[again];
}

bool
policy_asks_history(const struct policy *p)
{
	if (!p || p->refusal.kind != POLICY_GIVES)
		return false;
	if (p->reprovision != REPROVISION_KEEP)
		return true;
	for (size_t i = 0; i < p->server_count; i++) {
		const struct policy_server *at = &p->servers[i];

		/* it keeps the turn that its keys have */
		if (at->share.capacity > 0 || at->mode == SERVER_PSK ||
		    at->oscore.present)
			return true;
	}
	return false;
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
	d->entry_count = 0;
	d->account_of_count = 0;
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

PRINTF_LIKE(3, 4)
static void
refuse(
    struct policy_decided *d, enum policy_answer answer, const char *fmt, ...)
{
	va_list ap;

	d->answer = answer;
	va_start(ap, fmt);
	(void)vsnprintf(d->why, sizeof(d->why), fmt, ap);
	va_end(ap);
}

/* --- servers -------------------------------------------------------------- */

static void
no_server(struct policy_decided *d, const struct policy_choice *c,
    enum policy_answer answer)
{
	refuse(d, answer, "pool %s: %zu members, %u drained, %u full",
	    c->pool->name, c->pool->count, c->drained, c->full);
	d->wait_s = answer == POLICY_FULL ? FULL_WAIT_S : 0;
}

/* One server of each pool; those of the set where that is all of them. */
static enum rc
choose_servers(struct policy_decided *d, const struct policy_facts *f)
{
	const struct policy *p = d->policy;
	enum policy_answer answer;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < p->pool_count && rc == RC_OK; i++) {
		rc = allocate(p, &p->pools[i], f, &d->choices[i], &answer);
		if (rc == RC_OK && answer != POLICY_GIVEN) {
			no_server(d, &d->choices[i], answer);
			return RC_OK;
		}
	}
	return rc;
}

/* A copy of them, to change; once. */
void
policy_own_servers(struct policy_decided *d)
{
	const struct policy *p = d->policy;

	if (d->given.servers == d->servers)
		return;
	for (size_t i = 0; i < p->pool_count; i++)
		d->servers[i] = p->servers[d->choices[i].server];
	d->given.servers = d->servers;
	d->given.server_count = p->pool_count;
}

static void
give_servers(struct policy_decided *d)
{
	/* where each account has one member, they are the policy's own */
	if (d->policy->server_count != d->policy->pool_count)
		policy_own_servers(d);
}

/* --- what it was given before --------------------------------------------- */

void
policy_key_turn(struct policy_key *k, uint32_t by)
{
	if (k->source != KEY_IMPORTED)
		k->epoch =
		    k->epoch > UINT32_MAX - by ? UINT32_MAX : k->epoch + by;
}

static void
turn_keys(struct policy_decided *d, uint32_t by)
{
	d->turn = by;
	if (by == 0)
		return;
	policy_own_servers(d);
	for (size_t i = 0; i < d->given.server_count; i++) {
		policy_key_turn(&d->servers[i].key, by);
		policy_key_turn(&d->servers[i].oscore.key, by);
	}
}

static void
provision_again(struct policy_decided *d, const struct policy_history *h)
{
	uint32_t turn = h ? h->turn : 0;

	if (!h || h->oks == 0) {
		turn_keys(d, turn);
		return;
	}
	d->again = AGAIN_SAME;
	switch (d->policy->reprovision) {
	case REPROVISION_KEEP:
		break;
	case REPROVISION_ROTATE:
		d->again = AGAIN_ROTATED;
		turn += turn < UINT32_MAX;
		break;
	case REPROVISION_RESET:
		d->again = AGAIN_RESET;
		d->clean[0] = LWM2M_ROOT;
		d->given.clean = d->clean;
		d->given.clean_count = 1;
		break;
	case REPROVISION_NEVER:
		d->again = AGAIN_RELEASED;
		if (!h->released)
			refuse(d, POLICY_PROVISIONED,
			    "reprovision: never; %llu bootstrap%s of it ended "
			    "ok",
			    (unsigned long long)h->oks, h->oks == 1 ? "" : "s");
		break;
	}
	turn_keys(d, turn);
}

/* --- what is said for it alone -------------------------------------------- */

enum rc
policy_decide_overrides(const struct policy_set *s,
    const struct policy_facts *f, struct policy_decided *d)
{
	const struct policy_override *own[POLICY_OVERRIDES_MAX];
	size_t count;
	enum rc rc = policy_overrides_for(s, d->policy, f, own, &count);

	if (rc != RC_OK)
		refuse(d, d->answer, "more than %d overrides for one device",
		    POLICY_OVERRIDES_MAX);
	for (size_t i = 0; rc == RC_OK && i < count; i++)
		rc = policy_override_apply(d, own[i]);
	return rc;
}

/* --- all of it ------------------------------------------------------------ */

enum rc
policy_decide_by(const struct policy_set *s, const struct policy *p,
    const struct policy_facts *f, struct policy_decided *out)
{
	enum rc rc;

	begin(out, p);
	if (!p)
		return RC_OK;
	if (p->refusal.kind != POLICY_GIVES) {
		turn_away(out, &p->refusal);
		return RC_OK;
	}
	rc = choose_servers(out, f);
	if (rc != RC_OK || out->answer != POLICY_GIVEN)
		return rc;
	give_servers(out);
	provision_again(out, f->history);
	return out->answer == POLICY_GIVEN ? policy_decide_overrides(s, f, out)
					   : RC_OK;
}

enum rc
policy_decide(const struct policy_set *s, const struct policy_facts *f,
    struct policy_decided *out)
{
	return policy_decide_by(s, policy_for(s, f), f, out);
}

/* --- samples -------------------------------------------------------------- */

static size_t
members(const struct policy *p)
{
	size_t count = 1;

	for (size_t i = 0; i < p->pool_count; i++)
		if (p->pools[i].count > count)
			count = p->pools[i].count;
	return count;
}

size_t
policy_sample_count(const struct policy *p)
{
	return members(p) * (1 + p->overriding_count);
}

void
policy_sample(const struct policy_set *s, const struct policy *p, size_t n,
    struct policy_decided *out)
{
	const size_t each = members(p), which = n / each;

	(void)s;
	n %= each;
	begin(out, p);
	for (size_t i = 0; i < p->pool_count; i++) {
		const struct policy_pool *pool = &p->pools[i];
		const size_t last = pool->count ? pool->count - 1 : 0;

		out->choices[i] = (struct policy_choice){
		    .pool = pool,
		    .server = pool->first + (n < last ? n : last),
		};
	}
	give_servers(out);
	if (which == 0 || which > p->overriding_count)
		return;
	/* without the room for it there was a finding at load */
	for (size_t i = 0; i < p->overriding[which - 1].with_count; i++)
		if (policy_override_apply(
			out, p->overriding[which - 1].with[i]) != RC_OK)
			return;
}
