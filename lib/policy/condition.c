/* match: all conditions of a policy. */
#include "policy/load.h"
#include "policy/match.h"

#include "base/text.h"

enum { HEX_LEN = 2 * DIGEST_LEN };

const char **
load_words(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    const char *code, word_check check)
{
	const char **out;
	struct yaml_node *item;
	size_t count, kept = 0;

	if (!n)
		return NULL;
	item = yaml_items(n, &count);
	if (count == 0)
		yaml_error(c, n, "policy-match",
		    "an empty list matches nobody; name one, or leave the key "
		    "out for any");
	out = load_alloc(l, count + 1, sizeof(*out));
	if (!out)
		return NULL;
	for (; count > 0; count--, item = item->next)
		if (load_word(l, c, item, code, check, &out[kept]))
			kept++;
	return out;
}

static void
read_credentials(
    const struct yaml_ctx *c, struct yaml_node *n, struct policy_match *m)
{
	struct yaml_node *item;
	size_t count;
	unsigned i;

	item = yaml_items(n, &count);
	if (count == 0)
		yaml_error(c, n, "policy-match",
		    "an empty list matches nobody; name one, or leave the key "
		    "out for any");
	for (; count > 0; count--, item = item->next)
		if (yaml_choice(c, item, grammar_credentials, &i) == RC_OK)
			m->credentials |= 1u << i;
}

/* `sha256:` of the key, or the name. */
static bool
read_issuer(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy_issuer *out)
{
	const char *text;
	struct writer w;

	if (n->kind != YAML_MAP)
		return load_word(
		    l, c, n, "policy-issuer", word_issuer, &out->cn);
	yaml_rest(c, n, &grammar_issuer);
	n = yaml_need(c, n, "key_sha256");
	if (!n || yaml_text(c, n, &text) != RC_OK)
		return false;
	writer_init(&w, out->key_sha256, sizeof(out->key_sha256));
	if (n->text.len == HEX_LEN && text_unhex(&w, n->text) == RC_OK)
		return true;
	yaml_error(c, n, "policy-issuer",
	    "%s is no SHA-256; 64 hex digits are expected, of the CA's "
	    "SubjectPublicKeyInfo in DER",
	    YAML_SHOW(n->text));
	return false;
}

static void
read_issuers(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy_match *m)
{
	struct policy_issuer *out;
	struct yaml_node *item;
	size_t count;

	item = yaml_items(n, &count);
	if (count == 0)
		yaml_error(c, n, "policy-match",
		    "an empty list matches nobody; name a CA, or leave the "
		    "key out for any");
	out = load_alloc(l, count, sizeof(*out));
	if (!out)
		return;
	m->issuers = out;
	for (; count > 0; count--, item = item->next)
		if (read_issuer(l, c, item, &out[m->issuer_count]))
			m->issuer_count++;
}

/* What only certificates have, of devices that have none. */
static void
check_together(
    const struct yaml_ctx *c, struct yaml_node *n, const struct policy_match *m)
{
	struct yaml_node *of = yaml_get(n, "issuer");

	of = of ? of : yaml_get(n, "san");
	if (of && m->credentials &&
	    !(m->credentials & 1u << POLICY_CERTIFICATE))
		yaml_error(c, of, "policy-match",
		    "nobody has that who comes by none of the certificates; "
		    "add `certificate` to `credential:`, or leave one of the "
		    "two out");
}

void
load_match_keys(struct load *l, struct read_policy *doc, struct yaml_node *n)
{
	const struct yaml_ctx *c = &doc->ctx;
	struct policy *p = &doc->value;
	struct policy_match *m = &p->match;
	struct yaml_node *item;

	item = yaml_get(n, "endpoint");
	if (item)
		load_patterns(l, c, item, p);
	item = yaml_get(n, "credential");
	if (item)
		read_credentials(c, item, m);
	item = yaml_get(n, "issuer");
	if (item)
		read_issuers(l, c, item, m);
	item = yaml_get(n, "network");
	if (item)
		(void)load_networks(
		    l, c, item, &m->networks, &m->network_count);
	m->sans =
	    load_words(l, c, yaml_get(n, "san"), "policy-glob", word_san_glob);
	doc->match_model = yaml_get(n, "model");
	m->models =
	    load_words(l, c, doc->match_model, "policy-glob", word_device_glob);
	doc->match_batch = yaml_get(n, "batch");
	m->batches =
	    load_words(l, c, doc->match_batch, "policy-glob", word_device_glob);
	doc->match_identity = yaml_get(n, "identity");
	p->identities =
	    load_words(l, c, doc->match_identity, "policy-name", word_name);
	for (size_t i = 0; i < POLICY_CONDITIONS; i++) {
		item = yaml_get(
		    n, policy_miss_key((enum policy_miss)(MISS_IDENTITY + i)));
		m->lines[i] = item ? item->line : 0;
	}
	check_together(c, n, m);
}

void
load_match(struct load *l, struct read_policy *doc, struct yaml_node *n)
{
	if (yaml_expect(&doc->ctx, n, YAML_MAP) != RC_OK)
		return;
	load_match_keys(l, doc, n);
	yaml_rest(&doc->ctx, n, &grammar_match);
}
