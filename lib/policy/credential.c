/*
 * What is handed to a device besides pre-shared keys: a certificate that a CA
 * of ours makes for it, and what it is to expect of the server.
 */
#include "policy/load.h"

enum {
	YEAR_S = 365 * 86400,
	USAGE_CA = 0,
	USAGE_SERVICE = 1,
};

const struct policy_issue issue_none = {.validity_s = -1};
const struct policy_server_key server_key_none = {.usage = -1, .matching = -1};

bool
load_validity(const struct yaml_ctx *c, struct yaml_node *n, int64_t *out)
{
	if (n && n->kind == YAML_SCALAR && span_is(n->text, "forever")) {
		*out = POLICY_FOREVER;
		return true;
	}
	return load_seconds(c, n, GRAMMAR_VALIDITY_MIN_S,
	    (int64_t)GRAMMAR_VALIDITY_MAX_Y * YEAR_S, out);
}

void
load_issue(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy_issue *out)
{
	struct read_issue *issue;

	if (!n || yaml_expect(c, n, YAML_MAP) != RC_OK)
		return;
	issue = arena_alloc(l->scratch, sizeof(*issue));
	if (!issue) {
		l->no_memory = true;
		return;
	}
	issue->value = out;
	issue->ctx = *c;
	issue->ca = yaml_need(c, n, "ca");
	issue->profile = yaml_get(n, "profile");
	load_validity(c, yaml_get(n, "validity"), &out->validity_s);
	yaml_rest(c, n, &grammar_issue);
	*l->issue_tail = issue;
	l->issue_tail = &issue->next;
}

/* What a raw public key has none of. */
static void
refuse_with_raw(const struct yaml_ctx *c, struct yaml_node *n, const char *key)
{
	struct yaml_node *at = yaml_get(n, key);

	if (!at)
		return;
	yaml_error(c, at, "policy-raw-key",
	    "said of certificates alone; a raw public key is compared as it "
	    "is");
	at->refused = true;
}

static void
read_usage(const struct yaml_ctx *c, struct yaml_node *n, int *out)
{
	/* /0/x/15 */
	unsigned i;

	if (!n || yaml_choice(c, n, grammar_usages, &i) != RC_OK)
		return;
	*out = (int)i;
	if (i == USAGE_CA || i == USAGE_SERVICE)
		yaml_report(c, DIAG_WARNING, n, "policy-usage",
		    "%s only narrows what the device trusts already: its own "
		    "trust store must lead to the server too; `trust-anchor` "
		    "and `domain` do not need one",
		    grammar_usages[i]);
}

static void
read_matching(const struct yaml_ctx *c, struct yaml_node *n, int *out)
{
	/* /0/x/13 */
	static const int types[] = {0, 1, 3};
	unsigned i;

	if (!n)
		return;
	if (n->kind == YAML_SCALAR && span_is(n->text, "sha384"))
		yaml_error(c, n, "policy-matching",
		    "sha384 is refused by clients in use; one of exact, sha256 "
		    "or sha512 is expected");
	else if (yaml_choice(c, n, grammar_matchings, &i) == RC_OK)
		*out = types[i];
}

void
load_server_key(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    bool raw, struct policy_server_key *out)
{
	if (!n || yaml_expect(c, n, YAML_MAP) != RC_OK)
		return;
	load_file(l, c, yaml_need(c, n, "file"), &out->file);
	if (raw) {
		refuse_with_raw(c, n, "usage");
		refuse_with_raw(c, n, "matching");
	} else {
		read_usage(c, yaml_get(n, "usage"), &out->usage);
		read_matching(c, yaml_get(n, "matching"), &out->matching);
	}
	load_word(l, c, yaml_get(n, "sni"), "policy-sni", word_sni, &out->sni);
	yaml_rest(c, n, raw ? &grammar_raw_key : &grammar_server_key);
}
