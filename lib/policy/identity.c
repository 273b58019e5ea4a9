/* identity: what a device proves itself with on first boot. */
#include "policy/load.h"

#include "policy/match.h"

enum { NETWORKS_SHOWN = 8 };

/* Keys that somebody else has made are in the sealed store, each with its own
 * identity and epoch. */
static void
read_imported(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct yaml_node *imported, struct identity *id)
{
	static const char *const others[] = {"derive", "epoch", "identity"};

	id->kind = IDENTITY_IMPORTED;
	id->collection = "";
	load_word(
	    l, c, imported, "policy-collection", word_name, &id->collection);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct yaml_node *other = yaml_get(n, others[i]);

		if (other)
			yaml_error(c, other, "policy-imported",
			    "not said beside `imported:`; the store has each "
			    "key with its own identity and epoch");
	}
}

static void
read_derived(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct identity *id)
{
	struct yaml_node *epoch = yaml_get(n, "epoch");

	load_label(l, c, yaml_need(c, n, "derive"), &id->master);
	load_template(l, c, yaml_get(n, "identity"), "policy-template",
	    word_template, PLACE_IDENTITY, &id->psk_identity);
	if (epoch) {
		load_epochs(l, c, epoch, id);
	} else {
		id->epoch_until_s[id->epoch_count] = POLICY_FOREVER;
		id->epochs[id->epoch_count++] = 1;
	}
}

static void
read_psk(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct identity *id)
{
	struct yaml_node *imported;

	id->kind = IDENTITY_PSK;
	id->master = "";
	id->psk_identity = "{endpoint}";
	if (yaml_expect(c, n, YAML_MAP) != RC_OK)
		return;
	imported = yaml_get(n, "imported");
	if (imported)
		read_imported(l, c, n, imported, id);
	else
		read_derived(l, c, n, id);
	yaml_rest(c, n, &grammar_psk);
}

/* A line for an endpoint that this document never lets in says that one of
 * the two is wrong. */
static void
check_table(
    const struct yaml_ctx *c, struct yaml_node *n, const struct identity *id)
{
	const struct policy_fingerprint *first = NULL;
	size_t count = 0;

	for (size_t i = 0; i < id->table_count; i++) {
		if (glob_match(id->endpoint, id->table[i].endpoint))
			continue;
		first = first ? first : &id->table[i];
		count++;
	}
	if (first)
		yaml_report(c, DIAG_WARNING, n, "policy-table-endpoint",
		    "%zu of the table's endpoints, like %s, do not fit the "
		    "identity's `endpoint:`",
		    count, YAML_SHOW(first->endpoint));
}

static void
read_table(struct load *l, const struct yaml_ctx *c, struct yaml_node *map,
    struct identity *id)
{
	struct yaml_node *n;

	if (yaml_expect(c, map, YAML_MAP) != RC_OK)
		return;
	n = yaml_need(c, map, "table");
	load_table(l, c, n, id);
	if (n)
		check_table(c, n, id);
	yaml_rest(c, map, &grammar_table);
}

/* cn, san-uri, or {table: FILE} */
static void
read_endpoint(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct identity *id)
{
	unsigned i;

	if (n->kind == YAML_MAP) {
		id->endpoint_from = ENDPOINT_TABLE;
		read_table(l, c, n, id);
	} else if (yaml_choice(c, n, grammar_places, &i) == RC_OK) {
		id->endpoint_from = i == 0 ? ENDPOINT_CN : ENDPOINT_SAN_URI;
	}
}

static void
read_certificate(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct identity *id)
{
	struct yaml_node *endpoint, *issue, *server;

	id->kind = IDENTITY_CERTIFICATE;
	if (yaml_expect(c, n, YAML_MAP) != RC_OK)
		return;
	load_file(l, c, yaml_get(n, "trust"), &id->trust);
	endpoint = yaml_get(n, "endpoint");
	if (endpoint)
		read_endpoint(l, c, endpoint, id);
	issue = yaml_get(n, "issue");
	server = yaml_get(n, "server_certificate");
	load_issue(l, c, issue, &id->issue);
	load_server_key(l, c, server, false, &id->server);
	if (issue && !server)
		yaml_report(c, DIAG_WARNING, issue, "policy-image-server",
		    "no `server_certificate:`: a device from an image has "
		    "nothing to tell the bootstrap server by");
	if (server && !issue)
		yaml_report(c, DIAG_WARNING, server, "policy-image-server",
		    "never written without `issue:`, which makes images their "
		    "certificates");
	yaml_rest(c, n, &grammar_certificate);
}

/* NoSec proves nothing, so whom it lets in is said again at every check. */
static void
warn_of_nosec(
    const struct yaml_ctx *c, struct yaml_node *n, struct yaml_node *list)
{
	char text[NETWORKS_SHOWN * 64];
	struct yaml_node *item;
	struct writer w;
	size_t count;

	writer_init(&w, text, sizeof(text) - 1);
	item = yaml_items(list, &count);
	for (size_t i = 0; i < count && i < NETWORKS_SHOWN; i++) {
		writer_str(&w, i ? ", " : "");
		writer_put(&w, item->text);
		item = item->next;
	}
	text[w.len] = '\0';
	yaml_report(c, DIAG_WARNING, n, "policy-nosec",
	    "NoSec: any host of %s%s may claim to be any endpoint of this "
	    "identity, and reads in clear what it is given",
	    text, count > NETWORKS_SHOWN ? ", ..." : "");
}

static void
read_nosec(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct identity *id)
{
	struct yaml_node *list, *echo;

	id->kind = IDENTITY_NOSEC;
	if (yaml_expect(c, n, YAML_MAP) != RC_OK)
		return;
	yaml_rest(c, n, &grammar_nosec);
	echo = yaml_get(n, "echo");
	if (echo && yaml_bool(c, echo, &id->echo) != RC_OK)
		id->echo = true;
	list = yaml_need(c, n, "network");
	if (!list)
		return;
	if (load_networks(l, c, list, &id->networks, &id->network_count))
		warn_of_nosec(c, n, list);
}

void
load_identity(struct load *l, const struct yaml_ctx *c, struct yaml_node *root)
{
	struct read_identity *doc = load_alloc(l, 1, sizeof(*doc));
	struct yaml_node *order, *psk, *certificate, *rpk, *nosec;
	unsigned word;

	if (!doc)
		return;
	doc->ctx = *c;
	doc->root = root;
	doc->value.name = "";
	doc->value.endpoint = "*";
	doc->value.place = (struct policy_place){c->file, root->line};
	doc->value.issue = issue_none;
	doc->value.server = server_key_none;
	load_word(l, c, yaml_get(root, "identity"), "policy-name", word_name,
	    &doc->value.name);
	load_word(l, c, yaml_get(root, "endpoint"), "policy-glob", word_glob,
	    &doc->value.endpoint);
	order = yaml_get(root, "order");
	doc->value.needs_order =
	    order && yaml_choice(c, order, grammar_orders, &word) == RC_OK;
	psk = yaml_get(root, "psk");
	certificate = yaml_get(root, "certificate");
	rpk = yaml_get(root, "rpk");
	nosec = yaml_get(root, "nosec");
	if (!psk + !certificate + !rpk + !nosec != 3)
		yaml_error(c, root, "policy-credential",
		    "exactly one of `psk:`, `certificate:`, `rpk:` and "
		    "`nosec:` says how a device proves what it is");
	if (psk)
		read_psk(l, c, psk, &doc->value);
	if (certificate)
		read_certificate(l, c, certificate, &doc->value);
	if (rpk) {
		doc->value.kind = IDENTITY_RPK;
		doc->value.endpoint_from = ENDPOINT_TABLE;
		read_table(l, c, rpk, &doc->value);
	}
	if (nosec)
		read_nosec(l, c, nosec, &doc->value);
	yaml_rest(c, root, &grammar_identity);
	*l->identity_tail = doc;
	l->identity_tail = &doc->next;
	l->identity_count++;
}
