#include "policy/load.h"

#include <string.h>

void *
load_alloc(struct load *l, size_t count, size_t size)
{
	void *p = arena_array(l->arena, count, size);

	if (!p)
		l->no_memory = true;
	return p;
}

const char *
load_keep(struct load *l, const char *text)
{
	const char *kept = arena_str(l->arena, text);

	if (!kept)
		l->no_memory = true;
	return kept ? kept : "";
}

bool
load_word(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    const char *code, word_check check, const char **out)
{
	const char *text, *wrong;

	if (!n || yaml_text(c, n, &text) != RC_OK)
		return false;
	wrong = check(n->text);
	if (wrong) {
		yaml_error(c, n, code, "%s: %s", YAML_SHOW(n->text), wrong);
		return false;
	}
	*out = load_keep(l, text);
	return true;
}

bool
load_label(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    const char **out)
{
	if (n && n->kind == YAML_SCALAR && word_is_hex_key(n->text)) {
		yaml_error(c, n, "policy-secret",
		    "this looks like a key; the label of a master key in the "
		    "token is expected (provisioning-tool hsm keys)");
		return false;
	}
	return load_word(l, c, n, "policy-label", word_label, out);
}

bool
load_seconds(const struct yaml_ctx *c, struct yaml_node *n, int64_t min_s,
    int64_t max_s, int64_t *out)
{
	uint64_t ms;

	if (!n ||
	    yaml_duration_ms(c, n, (uint64_t)min_s * 1000,
		(uint64_t)max_s * 1000, &ms) != RC_OK)
		return false;
	if (ms % 1000) {
		yaml_error(c, n, "yaml-range",
		    "%s is not a whole number of seconds, which is all that "
		    "LwM2M has",
		    YAML_SHOW(n->text));
		return false;
	}
	*out = (int64_t)(ms / 1000);
	return true;
}

bool
load_epoch(const struct yaml_ctx *c, struct yaml_node *n, uint32_t *out)
{
	int64_t v;

	if (!n || yaml_number(c, n, 1, UINT32_MAX, &v) != RC_OK)
		return false;
	*out = (uint32_t)v;
	return true;
}

void
load_unsupported(const struct yaml_ctx *c, const struct yaml_node *n)
{
	yaml_error(c, n, "policy-unsupported", "not supported by this version");
}

/*
 * A document is an identity or a policy: people who keep what a device proves
 * itself with and what it gets in one place put keys into the wrong one.
 */
void
load_document(struct load *l, const struct yaml_ctx *c, struct yaml_node *root)
{
	static const char *const kinds[] = {"identity", "policy", NULL};
	struct yaml_node *identity, *policy;

	/* `---` with nothing behind it. */
	if (yaml_is_null(root))
		return;
	if (yaml_expect(c, root, YAML_MAP) != RC_OK)
		return;
	secret_lint(c, root);
	identity = yaml_get(root, "identity");
	policy = yaml_get(root, "policy");
	if (identity && policy) {
		yaml_error(c, policy, "policy-two-kinds",
		    "an identity and a policy in one document; separate the "
		    "two by a line `---`");
	} else if (identity) {
		load_identity(l, c, root);
	} else if (policy) {
		load_policy(l, c, root);
	} else {
		yaml_error(c, root, "policy-no-kind",
		    "neither `identity:` nor `policy:` is here, one of which "
		    "names the document");
		if (root->count == 1)
			yaml_leftover(c, root, kinds);
	}
}
