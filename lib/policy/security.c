/*
 * security: how device and server trust each other: /0/x/2 and what goes with
 * it.
 */
#include "policy/load.h"

enum { RANDOM_DEFAULT = 32 /* bytes */ };

/* As grammar_modes: what the finding about a scheme expects of it, and which keys it has. */
struct mode {
	const char *name;
	enum server_mode mode;
	bool secure;
	const char *scheme_text;
	const char *keys[3];
};

#define SECURE "coaps:// or coaps+tcp://"

static const struct mode modes[] = {
    {"psk", SERVER_PSK, true, SECURE, {"identity", "key"}},
    {"nosec", SERVER_NOSEC, false, "coap:// or coap+tcp://", {NULL}},
    {"certificate", SERVER_CERTIFICATE, true, SECURE,
	{"issue", "server_certificate"}},
    {"rpk", SERVER_RPK, true, SECURE, {"server_key"}},
};

static void
refuse_beside(const struct yaml_ctx *c, struct yaml_node *key,
    const char *source, const char *word)
{
	struct yaml_node *n = yaml_get(key, word);

	if (n)
		yaml_error(
		    c, n, "policy-key-source", "not said beside `%s:`", source);
}

/* {random: LABEL, length: BYTES, epoch: N}: made once for each device. */
static void
read_random(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct yaml_node *random, struct policy_key *out)
{
	struct yaml_node *length = yaml_get(n, "length");
	int64_t v;

	out->source = KEY_RANDOM;
	out->length = RANDOM_DEFAULT;
	load_label(l, c, random, &out->master);
	if (length &&
	    yaml_number(
		c, length, GRAMMAR_RANDOM_MIN, GRAMMAR_RANDOM_MAX, &v) == RC_OK)
		out->length = (unsigned)v;
}

void
load_key(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy_key *out)
{
	struct yaml_node *derive, *random, *imported;

	*out = (struct policy_key){.master = "", .epoch = 1};
	if (!n || yaml_expect(c, n, YAML_MAP) != RC_OK)
		return;
	derive = yaml_get(n, "derive");
	random = yaml_get(n, "random");
	imported = yaml_get(n, "imported");
	if (!derive + !random + !imported != 2)
		yaml_error(c, n, "policy-key-source",
		    "exactly one of `derive:`, `random:` and `imported:` says "
		    "where the key comes from");
	else if (random)
		read_random(l, c, n, random, out);
	if (derive)
		load_label(l, c, derive, &out->master);
	if (derive)
		refuse_beside(c, n, "derive", "length");
	if (imported && !derive && !random) {
		out->source = KEY_IMPORTED;
		out->master = NULL;
		out->collection = "";
		load_word(l, c, imported, "policy-collection", word_name,
		    &out->collection);
		refuse_beside(c, n, "imported", "length");
		refuse_beside(c, n, "imported", "epoch");
	} else {
		load_epoch(c, yaml_get(n, "epoch"), &out->epoch);
	}
	yaml_rest(c, n, &grammar_key);
}

static bool
has_key(const struct mode *mode, const char *key)
{
	for (size_t i = 0; mode->keys[i]; i++)
		if (strcmp(mode->keys[i], key) == 0)
			return true;
	return false;
}

/* One that stands there all the same was meant for another mode. */
static void
refuse_others(
    const struct yaml_ctx *c, struct yaml_node *n, const struct mode *mode)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		for (size_t k = 0; modes[i].keys[k]; k++) {
			const char *key = modes[i].keys[k];
			struct yaml_node *at =
			    has_key(mode, key) ? NULL : yaml_get(n, key);

			if (at)
				yaml_error(c, at, "policy-mode-key",
				    "not used with `mode: %s`; remove it, or "
				    "say `mode: %s`",
				    mode->name, modes[i].name);
		}
	}
}

/* Consistency check 3: the scheme says what the mode says. */
static void
check_scheme(
    const struct yaml_ctx *c, struct yaml_node *uri, const struct mode *mode)
{
	enum word_scheme scheme = word_scheme(uri->text);
	bool secure = scheme == SCHEME_COAPS || scheme == SCHEME_TLS;

	if (scheme == SCHEME_OTHER || secure != mode->secure)
		yaml_error(c, uri, "policy-uri-mode",
		    "%s does not go with `mode: %s`, which needs %s",
		    YAML_SHOW(uri->text), mode->name, mode->scheme_text);
}

/* Clients compare the names in the server's certificate with the host of its
 * URI, or with /0/x/14. */
static void
check_host(const struct yaml_ctx *c, struct yaml_node *uri,
    const struct policy_server_key *server)
{
	if (!server->sni && word_is_address(word_host(uri->text)))
		yaml_report(c, DIAG_WARNING, uri, "policy-uri-address",
		    "an address, which clients do not find among the names of "
		    "the server's certificate; name the host, or say the name "
		    "by server_certificate.sni");
}

static void
read_mode(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct yaml_node *uri, struct policy_server *out)
{
	switch (out->mode) {
	case SERVER_PSK:
		load_template(l, c, yaml_get(n, "identity"), "policy-template",
		    word_server_identity, PLACE_SERVER_IDENTITY,
		    &out->psk_identity);
		load_key(l, c, yaml_need(c, n, "key"), &out->key);
		break;
	case SERVER_NOSEC:
		if (!out->oscore.present)
			yaml_report(c, DIAG_WARNING, n, "policy-nosec-server",
			    "NoSec: device and server talk in clear");
		break;
	case SERVER_CERTIFICATE:
		load_issue(l, c, yaml_need(c, n, "issue"), &out->issue);
		load_server_key(l, c, yaml_need(c, n, "server_certificate"),
		    false, &out->server);
		if (uri)
			check_host(c, uri, &out->server);
		break;
	case SERVER_RPK:
		load_server_key(
		    l, c, yaml_need(c, n, "server_key"), true, &out->server);
		break;
	}
}

void
load_security(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct yaml_node *uri, const struct policy *policy,
    struct policy_server *out)
{
	struct yaml_node *mode;
	unsigned i;

	if (yaml_expect(c, n, YAML_MAP) != RC_OK)
		return;
	mode = yaml_need(c, n, "mode");
	if (mode && mode->kind == YAML_SCALAR && span_is(mode->text, "est")) {
		/* Its other keys are not of this version either. */
		load_unsupported(c, mode);
		return;
	}
	if (!mode || yaml_choice(c, mode, grammar_modes, &i) != RC_OK)
		return;
	out->mode = modes[i].mode;
	load_oscore(l, c, yaml_get(n, "oscore"), policy, &out->oscore);
	load_security_entries(l, c, yaml_get(n, "resources"), out);
	read_mode(l, c, n, uri, out);
	refuse_others(c, n, &modes[i]);
	if (uri)
		check_scheme(c, uri, &modes[i]);
	yaml_rest(c, n, &grammar_security);
}
