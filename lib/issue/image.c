#include "issue/image.h"

#include "bootstrap/resolve.h"
#include "issue/making.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void
issue_servers_fini(struct issue_servers *s)
{
	/* they point into the plan, where the secrets are */
	free(s->entries);
	plan_fini(&s->plan);
	issue_decision_fini(&s->decision);
	s->entries = NULL;
	s->entry_count = 0;
}

PRINTF_LIKE(2, 3)
static enum rc
deny(struct issue_decision *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(d->detail, sizeof(d->detail), fmt, ap);
	va_end(ap);
	return RC_DENIED;
}

/** What a factory knows of a device is what its policies may ask. */
static bool
is_known(enum policy_miss condition)
{
	return condition != MISS_ISSUER && condition != MISS_SAN &&
	    condition != MISS_NETWORK;
}

/** Is it the policy that the daemon would take? */
static enum rc
check_policy(const struct policy_set *set, const struct policy *policy,
    const struct policy_facts *facts, struct issue_decision *d)
{
	const struct policy *taken = policy_for(set, facts);

	for (int c = MISS_IDENTITY; c <= (int)MISS_BATCH; c++) {
		const enum policy_miss miss = (enum policy_miss)c;

		if (is_known(miss) && !policy_holds(set, policy, facts, miss))
			return deny(d,
			    "the policy %s is not for this device: its "
			    "`match.%s` does not hold",
			    policy->name, policy_miss_key(miss));
	}
	/* what stands in front in the set is tried before */
	if (taken && taken < policy)
		return deny(d,
		    "the policy %s is tried before %s and takes this device",
		    taken->name, policy->name);
	return RC_OK;
}

static enum rc
rc_of(enum reason why, struct issue_decision *d)
{
	if (why == REASON_LEDGER_AWAY)
		return RC_DB;
	if (why == REASON_BUSY)
		return RC_MEMORY;
	if (!d->detail[0])
		return deny(d, "%s", reason_sentence(why));
	return RC_DENIED;
}

/** Accounts and objects, and nothing else. */
static void
keep_writes(struct policy *p)
{
	p->clean_count = 0;
	p->account = (struct policy_account){.change = ACCOUNT_KEEP};
	p->correction = NULL;
	p->verify = VERIFY_NONE;
	p->device.discover = false;
}

static int
by_path(const void *a, const void *b)
{
	const struct lwm2m_entry *x = a, *y = b;

	return path_compare(x->path, y->path);
}

/** The instances, as on a device that has its own account and no other. */
static enum rc
resolve(struct issue_servers *s, uint16_t own)
{
	const struct plan *plan = &s->plan;
	struct accounts known = {0};
	struct lwm2m_path path;
	enum rc rc = RC_OK;

	accounts_own(&known, LWM2M_INSTANCE(OBJECT_SECURITY, own));
	known.discovered = true;
	s->entries = calloc(plan->entry_count + 1, sizeof(*s->entries));
	if (!s->entries)
		return RC_MEMORY;
	for (size_t i = 0; rc == RC_OK && i < plan->step_count; i++) {
		const struct plan_step *step = &plan->steps[i];

		if (step->op == PLAN_FINISH)
			break;
		if (step->op != PLAN_WRITE)
			continue;
		rc = resolve_write(
		    plan, step, &known, &path, s->entries + s->entry_count);
		s->entry_count += step->entry_count;
	}
	if (rc == RC_OK)
		qsort(s->entries, s->entry_count, sizeof(*s->entries), by_path);
	return rc;
}

enum rc
issue_servers(const struct issuer *i, const struct policy *policy,
    const struct identity *id, struct span endpoint, uint16_t own,
    struct issue_servers *out)
{
	const struct policy_facts facts = {
	    .identity = id,
	    .endpoint = endpoint,
	};
	struct issue_decision *d = &out->decision;
	struct policy_decided *decided = calloc(1, sizeof(*decided));
	enum reason why;
	enum rc rc;

	if (!decided)
		return RC_MEMORY;
	d->peer.identity = id;
	d->peer.endpoint = endpoint;
	rc = check_policy(issue_rules_set(i->rules), policy, &facts, d);
	if (rc == RC_OK) {
		why = issue_decide_policy(i, policy, &facts, d, decided);
		rc = why == REASON_NONE ? RC_OK : rc_of(why, d);
	}
	if (rc == RC_OK) {
		keep_writes(&decided->given);
		rc = issue_plan(i, &decided->given, endpoint, d);
	}
	if (rc == RC_OK)
		rc = plan_decode(&d->plan, &out->plan);
	if (rc == RC_OK)
		rc = resolve(out, own);
	d->granted = rc == RC_OK;
	free(decided);
	return rc;
}
