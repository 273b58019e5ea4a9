/*
 * bootstrap_account: what becomes of the account that leads a device back to
 * us: a newer credential, or another bootstrap server.
 */
#include "policy/load.h"

/* /0/x/11 and /0/x/12. The standard has a timeout of 0 for "never", which is
 * what leaving it out says too. */
static void
read_times(
    const struct yaml_ctx *c, struct yaml_node *n, struct policy_account *out)
{
	struct yaml_node *timeout = yaml_get(n, "timeout");

	load_seconds(c, yaml_get(n, "hold_off"), 0, GRAMMAR_SECONDS_MAX,
	    &out->hold_off_s);
	if (load_seconds(c, timeout, 1, GRAMMAR_SECONDS_MAX, &out->timeout_s))
		yaml_report(c, DIAG_WARNING, timeout, "policy-account",
		    "so long after a bootstrap the device deletes its account "
		    "here, and does not come back any more");
}

/* {rotate: true} or {rotate: IDENTITY} and what goes with it. */
static void
read_rotation(struct load *l, struct read_policy *doc, struct yaml_node *n,
    struct yaml_node *rotate)
{
	struct policy_account *out = &doc->value.account;
	const struct yaml_ctx *c = &doc->ctx;
	const char *name;

	out->change = ACCOUNT_ROTATE;
	if (rotate->kind != YAML_SCALAR || rotate->quoted ||
	    !span_is(rotate->text, "true"))
		doc->account_identity = rotate;
	if (doc->account_identity &&
	    !load_word(l, c, rotate, "policy-name", word_name, &name))
		doc->account_identity = NULL;
	load_epoch(c, yaml_get(n, "epoch"), &out->epoch);
	load_word(l, c, yaml_get(n, "uri"), "policy-uri", word_uri, &out->uri);
	yaml_rest(c, n, &grammar_rotation);
}

/* {uri: ..., security: {...}}: as of a server, without its /1. */
static void
read_hand_over(struct load *l, struct read_policy *doc, struct yaml_node *n)
{
	struct policy_account *out = &doc->value.account;
	const struct yaml_ctx *c = &doc->ctx;
	struct yaml_node *uri = yaml_need(c, n, "uri");
	struct yaml_node *security = yaml_need(c, n, "security");

	out->change = ACCOUNT_HAND_OVER;
	out->server.name = "bootstrap";
	out->server.line = n->line;
	out->server.number = l->server_count++;
	if (!load_word(l, c, uri, "policy-uri", word_uri, &out->server.uri))
		uri = NULL;
	if (security)
		load_security(l, c, security, uri, &doc->value, &out->server);
	yaml_rest(c, n, &grammar_hand_over);
}

void
load_account(struct load *l, struct read_policy *doc, struct yaml_node *n)
{
	struct policy_account *out = &doc->value.account;
	struct yaml_node *rotate;
	unsigned i;

	*out = (struct policy_account){
	    .hold_off_s = -1,
	    .timeout_s = -1,
	    .server = server_none,
	};
	doc->account = n;
	if (!n)
		return;
	if (n->kind == YAML_SCALAR) {
		if (yaml_choice(&doc->ctx, n, grammar_changes, &i) == RC_OK)
			out->change = i ? ACCOUNT_ROTATE : ACCOUNT_KEEP;
		return;
	}
	if (yaml_expect(&doc->ctx, n, YAML_MAP) != RC_OK)
		return;
	rotate = yaml_get(n, "rotate");
	if (rotate)
		read_rotation(l, doc, n, rotate);
	else
		read_hand_over(l, doc, n);
	read_times(&doc->ctx, n, out);
}
