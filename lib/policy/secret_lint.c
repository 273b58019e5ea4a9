/*
 * Keys do not belong into files that are reviewed, mailed and kept in version
 * control. Whatever has such a name and a plain value is refused before its
 * reader sees it, and the value is never shown.
 */
#include "policy/load.h"
#include "policy/secret.h"

static bool
is_secret_name(struct span key)
{
	static const char *const names[] = {"key", "psk", "secret", "pin",
	    "password", "passphrase", "secret_key", "private_key",
	    "authorization"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_is(key, names[i]))
			return true;
	return false;
}

/* The URI of a key in a token says where it is and not what it is, unless it
 * has the PIN with it (RFC 7512 section 2.4: pin-value). */
static bool
is_key_uri(struct span text)
{
	return span_starts(text, SPAN_LIT("pkcs11:")) &&
	    !memmem(text.p, text.len, "pin-", 4);
}

/* A digest is public, and as long as a key; of a label load_label says it. */
static bool
is_passed_over(const struct yaml_node *n)
{
	static const char *const names[] = {"key_sha256", "derive", "random"};

	for (size_t i = 0; n->key && i < sizeof(names) / sizeof(names[0]); i++)
		if (span_is(n->key->text, names[i]))
			return true;
	return false;
}

/* A value whose name says nothing. */
static void
lint_value(const struct yaml_ctx *c, struct yaml_node *n)
{
	switch (secret_in_value(n->text)) {
	case SECRET_NONE:
		return;
	case SECRET_PEM:
		yaml_error(c, n, "policy-secret",
		    "a private key in clear; take it out of this file (and out "
		    "of its history), and make another one in the token");
		break;
	case SECRET_PASSWORD:
		yaml_error(c, n, "policy-secret",
		    "a password in a URL; take it out of this file (and out of "
		    "its history), and keep it in a file of its own: "
		    "`authorization: {file: PATH}`");
		break;
	case SECRET_LIKELY:
		if (!is_passed_over(n))
			yaml_report(c, DIAG_WARNING, n, "policy-secret-likely",
			    "as long as a key, and looks like one; if it is, "
			    "take it out of this file (and out of its history) "
			    "and replace it");
		return;
	}
	n->refused = true;
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
		if (!n->key || !is_secret_name(n->key->text) ||
		    yaml_is_null(n) || is_key_uri(n->text)) {
			lint_value(c, n);
			continue;
		}
		yaml_error(c, n, "policy-secret",
		    "a secret in clear; take it out of this file (and out of "
		    "its history) and keep %s",
		    span_is(n->key->text, "authorization")
			? "it in a file of its own: {file: PATH}"
			: "a master key in the token: {derive: LABEL, epoch: "
			  "N}");
		n->refused = true;
	}
}
