/*
 * Keys of the token and what for. One key to derive with and to seal with is
 * refused: each of the two would answer questions about the other. One master
 * for two derivations is allowed, because purpose and Short Server ID are in
 * what is derived, so the keys differ; but who takes it takes both, and
 * replacing one replaces both.
 */
#include "policy/load.h"

struct purposes {
	struct load *load;
	struct table entry; /* derived from, for the way in */
	struct table derive; /* derived from, for servers */
	struct table seal;
};

static void
two_purposes(const struct yaml_ctx *c, const struct yaml_node *n,
    const char *label, const struct noted *first, const char *does,
    const char *did)
{
	yaml_error(c, n, "policy-two-purposes",
	    "the key %s %s here and %s at %s:%u; each needs a key of its own",
	    YAML_SHOW(span_str(label)), does, did, first->place.file,
	    first->place.line);
}

static void
check_derived(struct purposes *p, const struct yaml_ctx *c,
    const struct yaml_node *n, const struct policy_key *key,
    const struct policy_place *place)
{
	const struct noted *first = noted_find(&p->seal, key->master);

	if (first)
		two_purposes(c, n, key->master, first, "derives", "seals");
	noted_add(p->load, &p->derive, key->master, place, 0);
	first = noted_find(&p->entry, key->master);
	if (first)
		yaml_report(c, DIAG_WARNING, n, "policy-shared-master",
		    "the master %s is also that of the identity at %s:%u; the "
		    "keys differ, but give each purpose a master of its own",
		    key->master, first->place.file, first->place.line);
}

static void
check_sealed(struct purposes *p, const struct yaml_ctx *c,
    const struct yaml_node *n, const struct policy_key *key,
    const struct policy_place *place)
{
	const struct noted *first = noted_find(&p->entry, key->master);

	if (!first)
		first = noted_find(&p->derive, key->master);
	if (first)
		two_purposes(c, n, key->master, first, "seals", "derives");
	noted_add(p->load, &p->seal, key->master, place, 0);
}

static void
check_key(struct purposes *p, const struct yaml_ctx *c,
    const struct yaml_node *n, const struct policy_key *key,
    const struct policy_place *place)
{
	if (!n)
		return;
	if (key->source == KEY_DERIVED)
		check_derived(p, c, n, key, place);
	else if (key->source == KEY_RANDOM)
		check_sealed(p, c, n, key, place);
}

/* `map` is the server, or the account that is handed over. */
static void
check_server(struct purposes *p, const struct yaml_ctx *c,
    struct yaml_node *map, const struct policy_server *s)
{
	const struct policy_place place = {
	    s->file ? s->file : c->file, s->line};
	struct yaml_node *security = yaml_get(map, "security");
	struct yaml_node *oscore;

	if (!security)
		return;
	if (s->mode == SERVER_PSK)
		check_key(p, c, yaml_get(security, "key"), &s->key, &place);
	oscore = yaml_get(security, "oscore");
	if (oscore && s->oscore.present)
		check_key(
		    p, c, yaml_get(oscore, "key"), &s->oscore.key, &place);
}

static void
check_policy(struct purposes *p, struct read_policy *d)
{
	for (size_t i = 0; i < d->value.server_count; i++)
		check_server(
		    p, &d->ctx, d->server_nodes[i], &d->value.servers[i]);
	if (d->value.account.change == ACCOUNT_HAND_OVER)
		check_server(p, &d->ctx, d->account, &d->value.account.server);
}

void
check_purposes(struct load *l)
{
	struct purposes p = {.load = l};

	if (table_init(&p.entry) != RC_OK || table_init(&p.derive) != RC_OK ||
	    table_init(&p.seal) != RC_OK) {
		l->no_memory = true;
		goto out;
	}
	for (struct read_identity *d = l->identities; d; d = d->next)
		if (d->value.kind == IDENTITY_PSK)
			noted_add(
			    l, &p.entry, d->value.master, &d->value.place, 0);
	for (struct read_policy *d = l->policies; d; d = d->next)
		check_policy(&p, d);
out:
	table_fini(&p.seal);
	table_fini(&p.derive);
	table_fini(&p.entry);
}
