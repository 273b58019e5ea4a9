/* deny: and quarantine: - policies that give nothing. */
#include "policy/load.h"

enum { RETRY_S = 3600 };

static void
read_deny(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy_refusal *out)
{
	out->kind = POLICY_DENIES;
	out->why = "";
	load_word(l, c, n, "policy-refusal", word_why, &out->why);
}

static void
read_quarantine(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy_refusal *out)
{
	int64_t retry_s = RETRY_S;

	out->kind = POLICY_HOLDS;
	out->why = "";
	if (yaml_expect(c, n, YAML_MAP) != RC_OK)
		return;
	load_word(l, c, yaml_need(c, n, "because"), "policy-refusal", word_why,
	    &out->why);
	load_seconds(c, yaml_get(n, "retry"), GRAMMAR_RETRY_MIN_S,
	    GRAMMAR_RETRY_MAX_S, &retry_s);
	out->retry_s = (uint32_t)retry_s;
	yaml_rest(c, n, &grammar_quarantine);
}

/* What it would give stands there because somebody thinks that it is given. */
static void
check_alone(const struct yaml_ctx *c, struct yaml_node *root, const char *word)
{
	static const char *const gifts[] = {"device", "clean", "servers",
	    "objects", "correction", "bootstrap_account", "budget",
	    "reprovision", "verify", "on_failure"};

	for (size_t i = 0; i < sizeof(gifts) / sizeof(gifts[0]); i++) {
		struct yaml_node *n = yaml_get(root, gifts[i]);

		if (n)
			yaml_error(c, n, "policy-refusal",
			    "never given beside `%s:`; leave one of the two "
			    "out",
			    word);
	}
}

void
load_refusal(struct load *l, const struct yaml_ctx *c, struct yaml_node *root,
    struct policy_refusal *out)
{
	struct yaml_node *deny = yaml_get(root, "deny");
	struct yaml_node *quarantine = yaml_get(root, "quarantine");

	if (deny)
		read_deny(l, c, deny, out);
	if (quarantine && deny)
		yaml_error(c, quarantine, "policy-refusal",
		    "`deny:` is there already, and turns the device away for "
		    "good; leave one of the two out");
	else if (quarantine)
		read_quarantine(l, c, quarantine, out);
	if (deny || quarantine)
		check_alone(c, root, deny ? "deny" : "quarantine");
}
