#include "policy/set.h"

#include "base/table.h"

#include <stdlib.h>

struct masters {
	struct table seen;
	struct table_item *items;
	size_t count;
	policy_label_fn each;
	void *ctx;
};

static enum rc
tell_once(struct masters *m, const char *label)
{
	struct table_item *item = &m->items[m->count];

	if (table_get(&m->seen, span_str(label)))
		return RC_OK;
	m->count++;
	item->key = span_str(label);
	table_put(&m->seen, item);
	return m->each(m->ctx, label);
}

/* What was imported is sealed under the key that its row names. */
static bool
has_label(const struct policy_server *s)
{
	return s->mode == SERVER_PSK && s->key.source != KEY_IMPORTED;
}

static enum rc
tell_server(struct masters *m, const struct policy_server *s)
{
	enum rc rc = has_label(s) ? tell_once(m, s->key.master) : RC_OK;

	if (rc == RC_OK && s->oscore.present)
		rc = tell_once(m, s->oscore.key.master);
	return rc;
}

static enum rc
tell_all(const struct policy_set *s, struct masters *m)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < s->identity_count && rc == RC_OK; i++)
		if (s->identities[i].kind == IDENTITY_PSK)
			rc = tell_once(m, s->identities[i].master);
	for (size_t i = 0; i < s->policy_count; i++) {
		const struct policy *p = &s->policies[i];

		for (size_t k = 0; k < p->server_count && rc == RC_OK; k++)
			rc = tell_server(m, &p->servers[k]);
		if (rc == RC_OK && p->account.change == ACCOUNT_HAND_OVER)
			rc = tell_server(m, &p->account.server);
	}
	return rc;
}

enum rc
policy_masters(const struct policy_set *s, policy_label_fn each, void *ctx)
{
	struct masters m = {.each = each, .ctx = ctx};
	size_t most = s->identity_count;
	enum rc rc;

	for (size_t i = 0; i < s->policy_count; i++)
		most += 2 * (s->policies[i].server_count + 1);
	rc = table_init(&m.seen);
	if (rc != RC_OK)
		return rc;
	m.items = calloc(most + 1, sizeof(*m.items));
	rc = m.items ? tell_all(s, &m) : RC_MEMORY;
	table_fini(&m.seen);
	free(m.items);
	return rc;
}
