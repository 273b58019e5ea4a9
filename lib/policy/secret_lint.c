/*
 * Keys do not belong into files that are reviewed, mailed and kept in version
 * control. Whatever has such a name and a plain value is refused before its
 * reader sees it, and the value is never shown.
 */
#include "policy/load.h"

static bool
is_secret_name(struct span key)
{
	static const char *const names[] = {"key", "psk", "secret", "pin",
	    "password", "passphrase", "secret_key", "private_key"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_is(key, names[i]))
			return true;
	return false;
}

/* As deep as YAML_DEPTH_MAX. */
void
secret_lint(const struct yaml_ctx *c, struct yaml_node *root)
{
	for (struct yaml_node *n = root->children; n; n = n->next) {
		if (n->kind != YAML_SCALAR) {
			secret_lint(c, n);
			continue;
		}
		if (!n->key || !is_secret_name(n->key->text) || yaml_is_null(n))
			continue;
		yaml_error(c, n, "policy-secret",
		    "a secret in clear; take it out of this file (and out of "
		    "its history) and keep a master key in the token: "
		    "{derive: LABEL, epoch: N}");
		n->refused = true;
	}
}
