/* identity: what a device proves itself with on first boot. */
#include "policy/load.h"

enum { NETWORKS_SHOWN = 8 };

static bool
known_epoch(const struct identity *id, uint32_t epoch)
{
	for (size_t i = 0; i < id->epoch_count; i++)
		if (id->epochs[i] == epoch)
			return true;
	return false;
}

/* One epoch or a list of those that are accepted. */
static void
read_epochs(const struct yaml_ctx *c, struct yaml_node *n, struct identity *id)
{
	struct yaml_node *item;
	size_t count;

	item = yaml_items(n, &count);
	if (count == 0 || count > POLICY_EPOCHS_MAX) {
		yaml_error(c, n, "policy-epochs",
		    "%zu epochs; 1 to %d are expected", count,
		    POLICY_EPOCHS_MAX);
		return;
	}
	for (; count > 0; count--, item = item->next) {
		uint32_t epoch;

		if (!load_epoch(c, item, &epoch))
			continue;
		if (known_epoch(id, epoch))
			yaml_error(c, item, "policy-epochs",
			    "epoch %u is there already", (unsigned)epoch);
		else
			id->epochs[id->epoch_count++] = epoch;
	}
}

static void
read_psk(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct identity *id)
{
	static const char *const known[] = {
	    "derive", "epoch", "identity", "imported", NULL};
	struct yaml_node *imported, *derive, *epoch;

	id->kind = IDENTITY_PSK;
	id->master = "";
	id->psk_identity = "{endpoint}";
	if (yaml_expect(c, n, YAML_MAP) != RC_OK)
		return;
	imported = yaml_get(n, "imported");
	if (imported)
		load_unsupported(c, imported);
	derive = imported ? NULL : yaml_need(c, n, "derive");
	load_label(l, c, derive, &id->master);
	load_word(l, c, yaml_get(n, "identity"), "policy-template",
	    word_template, &id->psk_identity);
	epoch = yaml_get(n, "epoch");
	if (epoch)
		read_epochs(c, epoch, id);
	else
		id->epochs[id->epoch_count++] = 1;
	yaml_leftover(c, n, known);
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
	static const char *const known[] = {"network", NULL};
	struct yaml_node *list, *item;
	struct network *networks;
	size_t count;

	id->kind = IDENTITY_NOSEC;
	if (yaml_expect(c, n, YAML_MAP) != RC_OK)
		return;
	yaml_leftover(c, n, known);
	list = yaml_need(c, n, "network");
	if (!list)
		return;
	item = yaml_items(list, &count);
	if (count == 0)
		yaml_error(c, list, "policy-network",
		    "no network; say from where NoSec is admitted, like "
		    "127.0.0.0/8");
	networks = load_alloc(l, count, sizeof(*networks));
	if (!networks)
		return;
	id->networks = networks;
	for (; count > 0; count--, item = item->next) {
		const char *text;

		if (yaml_text(c, item, &text) != RC_OK)
			continue;
		if (network_parse(item->text, &networks[id->network_count]) ==
		    RC_OK)
			id->network_count++;
		else
			yaml_error(c, item, "policy-network",
			    "%s is no network; one like 10.0.0.0/8 or "
			    "\"fd00::/8\" is expected, no bits set behind the "
			    "prefix",
			    YAML_SHOW(item->text));
	}
	yaml_items(list, &count);
	if (id->network_count == count && count > 0)
		warn_of_nosec(c, n, list);
}

void
load_identity(struct load *l, const struct yaml_ctx *c, struct yaml_node *root)
{
	static const char *const known[] = {
	    "identity", "endpoint", "psk", "nosec", "certificate", NULL};
	struct read_identity *doc = load_alloc(l, 1, sizeof(*doc));
	struct yaml_node *psk, *nosec, *certificate;

	if (!doc)
		return;
	doc->ctx = *c;
	doc->root = root;
	doc->value.name = "";
	doc->value.endpoint = "*";
	doc->value.place = (struct policy_place){c->file, root->line};
	load_word(l, c, yaml_get(root, "identity"), "policy-name", word_name,
	    &doc->value.name);
	load_word(l, c, yaml_get(root, "endpoint"), "policy-glob", word_glob,
	    &doc->value.endpoint);
	psk = yaml_get(root, "psk");
	nosec = yaml_get(root, "nosec");
	certificate = yaml_get(root, "certificate");
	if (!psk + !nosec + !certificate != 2)
		yaml_error(c, root, "policy-credential",
		    "exactly one of `psk:` and `nosec:` says how a device "
		    "proves what it is");
	if (psk)
		read_psk(l, c, psk, &doc->value);
	if (nosec)
		read_nosec(l, c, nosec, &doc->value);
	if (certificate)
		load_unsupported(c, certificate);
	yaml_leftover(c, root, known);
	*l->identity_tail = doc;
	l->identity_tail = &doc->next;
	l->identity_count++;
}
