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
		    yaml_is_null(n) || is_key_uri(n->text))
			continue;
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

enum { LABEL_MAX = 64 /* bytes of "EC PRIVATE KEY-----" and its like */ };

/* RFC 7468 sections 10 and 11, and what OpenSSL has besides: "EC ", "RSA ". */
bool
secret_in_file(struct span bytes)
{
	const struct span begin = SPAN_LIT("-----BEGIN ");
	const struct span what = SPAN_LIT("PRIVATE KEY");

	while (bytes.p && bytes.len > 0) {
		const uint8_t *at =
		    memmem(bytes.p, bytes.len, begin.p, begin.len);
		const uint8_t *end;
		struct span label;

		if (!at)
			return false;
		bytes = span_from(bytes, (size_t)(at - bytes.p) + begin.len);
		label = bytes;
		if (label.len > LABEL_MAX)
			label.len = LABEL_MAX;
		end = label.len ? memchr(label.p, '\n', label.len) : NULL;
		if (end)
			label.len = (size_t)(end - label.p);
		if (label.p && memmem(label.p, label.len, what.p, what.len))
			return true;
	}
	return false;
}
