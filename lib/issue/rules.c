#include "issue/rules.h"

#include <stdatomic.h>
#include <stdlib.h>

struct issue_rules {
	atomic_int references;
	struct policy_set *set; /* one reference */
};

enum rc
issue_rules_new(struct policy_set *set, const struct issue_rules_config *config,
    struct diag *d, struct issue_rules **out)
{
	struct issue_rules *r = calloc(1, sizeof(*r));

	(void)config;
	(void)d;
	if (!r)
		return RC_MEMORY;
	atomic_init(&r->references, 1);
	r->set = policy_set_ref(set);
	*out = r;
	return RC_OK;
}

struct issue_rules *
issue_rules_ref(struct issue_rules *r)
{
	atomic_fetch_add(&r->references, 1);
	return r;
}

void
issue_rules_unref(struct issue_rules *r)
{
	if (!r || atomic_fetch_sub(&r->references, 1) != 1)
		return;
	policy_set_unref(r->set);
	free(r);
}

const struct policy_set *
issue_rules_set(const struct issue_rules *r)
{
	return r->set;
}
