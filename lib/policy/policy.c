/* policy: what a device gets. */
#include "policy/load.h"

enum { ORDER_DEFAULT = 1000 };

/* What a Delete must not name. NULL: nothing is wrong. */
static const char *
clean_fault(struct span text, struct lwm2m_path *path)
{
	if (path_parse(text, path) != RC_OK || path_depth(*path) > 2)
		return "/, or a path to an object or an instance is expected, "
		       "like /1 or /2/0";
	if (path_depth(*path) == 0)
		return NULL;
	if (path->object == OBJECT_DEVICE)
		return "the Device object is never deleted";
	if (path->object == OBJECT_SECURITY && path_depth(*path) == 2)
		return "which instance of /0 holds the device's "
		       "Bootstrap-Server Account differs by client, and "
		       "deleting that one cuts the device off; /0 deletes all "
		       "the others";
	return NULL;
}

static void
read_clean(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    const struct lwm2m_path **out, size_t *out_count)
{
	struct lwm2m_path *paths, path;
	bool all = false;

	if (yaml_expect(c, n, YAML_LIST) != RC_OK)
		return;
	if (n->count > POLICY_CLEAN_MAX) {
		yaml_error(c, n, "policy-limit",
		    "%zu paths; at most %d are expected", n->count,
		    POLICY_CLEAN_MAX);
		return;
	}
	paths = load_alloc(l, n->count, sizeof(*paths));
	if (!paths)
		return;
	*out = paths;
	for (struct yaml_node *i = n->children; i; i = i->next) {
		const char *text, *fault;

		if (yaml_text(c, i, &text) != RC_OK)
			continue;
		fault = clean_fault(i->text, &path);
		for (size_t k = 0; !fault && k < *out_count; k++)
			if (path_compare(paths[k], path) == 0)
				fault = "is there already";
		if (fault)
			yaml_error(c, i, "policy-clean", "%s: %s",
			    YAML_SHOW(i->text), fault);
		else
			paths[(*out_count)++] = path;
		all |= !fault && path_depth(path) == 0;
	}
	if (all && n->count > 1)
		yaml_error(c, n, "policy-clean",
		    "/ deletes all that the other paths name; let it stand "
		    "alone");
}

static void
read_ending(const struct yaml_ctx *c, struct yaml_node *root, struct policy *p)
{
	struct yaml_node *n;
	unsigned i;

	n = yaml_get(root, "reprovision");
	if (n && yaml_choice(c, n, grammar_agains, &i) == RC_OK)
		p->reprovision = (enum policy_reprovision)i;
	n = yaml_get(root, "verify");
	if (n && yaml_choice(c, n, grammar_verifies, &i) == RC_OK)
		p->verify = (enum policy_verify)i;
	n = yaml_get(root, "on_failure");
	if (n && yaml_choice(c, n, grammar_failures, &i) == RC_OK)
		p->on_failure = i == 1 ? FAILURE_CLEAN : FAILURE_LEAVE;
}

/* What is sent once more after a Finish that was refused. */
static void
read_correction(struct load *l, struct read_policy *doc, struct yaml_node *n)
{
	const struct yaml_ctx *c = &doc->ctx;
	struct policy_correction *out;
	struct yaml_node *item;

	if (yaml_expect(c, n, YAML_MAP) != RC_OK)
		return;
	out = load_alloc(l, 1, sizeof(*out));
	if (!out)
		return;
	doc->correction = out;
	doc->value.correction = out;
	doc->correction_device = yaml_get(n, "device");
	item = yaml_get(n, "clean");
	if (item)
		read_clean(l, c, item, &out->clean, &out->clean_count);
	item = yaml_get(n, "objects");
	if (item)
		load_objects(
		    l, c, item, &doc->value, &out->objects, &out->object_count);
	if (n->count == 0)
		yaml_error(c, n, "policy-correction",
		    "the same again would be refused again; say `device:`, "
		    "`clean:` or `objects:`");
	yaml_rest(c, n, &grammar_correction);
}

static bool
errors_since(const struct diag *d, size_t before)
{
	for (size_t i = before; i < diag_total(d); i++)
		if (diag_get(d, i)->level == DIAG_ERROR)
			return true;
	return false;
}

/* What holds for the document and for none of its keys. */
static void
check_whole(const struct yaml_ctx *c, struct yaml_node *root,
    const struct policy *p, bool sound)
{
	/* Discover, verify and Finish, and two Writes an account. */
	struct yaml_node *servers;
	size_t steps = 3 + p->clean_count + 2 * p->pool_count + p->object_count;

	if (steps > POLICY_STEPS_MAX)
		yaml_error(c, root, "policy-limit",
		    "%zu requests to one device; at most %d are expected",
		    steps, POLICY_STEPS_MAX);
	/* Where there are faults, a key that is missing may be one of them. */
	if (p->refusal.kind != POLICY_GIVES || !sound)
		return;
	servers = yaml_get(root, "servers");
	if (!servers)
		yaml_report(c, DIAG_WARNING, root, "policy-no-server",
		    "no `servers:`: a device that has no server account of its "
		    "own refuses the Finish");
	else if (servers->kind == YAML_LIST && servers->count == 0 &&
	    !yaml_get(root, "objects") && p->account.change == ACCOUNT_KEEP)
		yaml_report(c, DIAG_WARNING, servers, "policy-nothing",
		    "no server, no `objects:` and no `bootstrap_account:`: "
		    "nothing is given");
}

void
read_policy(struct load *l, const struct yaml_ctx *c, struct yaml_node *root,
    size_t before, struct read_policy *doc)
{
	struct policy *p;
	struct yaml_node *n;

	doc->ctx = *c;
	doc->root = root;
	doc->sequence = l->policy_count;
	p = &doc->value;
	*p = (struct policy){
	    .name = "",
	    .description = "",
	    .place = {c->file, root->line},
	    .order = ORDER_DEFAULT,
	    .endpoint = "*",
	};
	load_word(
	    l, c, yaml_get(root, "policy"), "policy-name", word_name, &p->name);
	load_word(l, c, yaml_get(root, "description"), "policy-description",
	    word_description, &p->description);
	n = yaml_get(root, "order");
	if (n &&
	    yaml_number(c, n, -GRAMMAR_ORDER_MAX, GRAMMAR_ORDER_MAX,
		&p->order) != RC_OK)
		p->order = ORDER_DEFAULT;
	n = yaml_get(root, "match");
	if (n)
		load_match(l, doc, n);
	doc->device = yaml_get(root, "device");
	n = yaml_get(root, "clean");
	if (n)
		read_clean(l, c, n, &p->clean, &p->clean_count);
	n = yaml_get(root, "servers");
	if (n)
		load_servers(l, doc, n);
	n = yaml_get(root, "objects");
	if (n)
		load_objects(l, c, n, p, &p->objects, &p->object_count);
	n = yaml_get(root, "correction");
	if (n)
		read_correction(l, doc, n);
	load_account(l, doc, yaml_get(root, "bootstrap_account"));
	load_budget(c, yaml_get(root, "budget"), &p->budget);
	read_ending(c, root, p);
	load_refusal(l, c, root, &p->refusal);
	yaml_rest(c, root, &grammar_policy);
	check_whole(c, root, p, !errors_since(c->diag, before));
}

void
load_policy(struct load *l, const struct yaml_ctx *c, struct yaml_node *root)
{
	struct read_policy *doc = load_alloc(l, 1, sizeof(*doc));
	const size_t before = diag_total(c->diag);

	if (!doc)
		return;
	fragments_expand(l, c, root);
	read_policy(l, c, root, before, doc);
	*l->policy_tail = doc;
	l->policy_tail = &doc->next;
	l->policy_count++;
}
