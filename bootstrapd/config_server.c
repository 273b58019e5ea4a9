/* `server:` - what this server shows, and whom it lets in, by certificates. */
#include "config_reading.h"

#include "policy/word.h"

#include <stdio.h>

/** The value is not repeated: it may be a key. */
static void
literal_key(struct reading *r, struct yaml_node *at)
{
	yaml_error(&r->yaml, at, "config-server-key",
	    "a private key never stands in a file; make it in the token "
	    "(provisioning-tool pki ceremony) and name it here, "
	    "\"pkcs11:object=LABEL\"");
	reading_note(r, RC_CONFIG);
}

static void
read_key(struct reading *r, struct yaml_node *map, struct server_config *server)
{
	struct yaml_node *n = yaml_need(&r->yaml, map, "key");
	struct hsm_error err;
	const char *uri;

	if (!n || yaml_text(&r->yaml, n, &uri) != RC_OK) {
		reading_note(r, RC_CONFIG);
		return;
	}
	if (!span_starts(span_str(uri), SPAN_LIT("pkcs11:"))) {
		literal_key(r, n);
		return;
	}
	if (hsm_ec_ref_parse(uri, &server->key, &err) != RC_OK) {
		yaml_error(&r->yaml, n, "config-server-key", "%s; %s", err.text,
		    err.remedy);
		reading_note(r, RC_CONFIG);
	}
}

static void
read_pair(struct reading *r, struct yaml_node *map)
{
	struct config *c = r->config;
	struct server_config *server = &c->servers[c->server_count];

	server->line = map->line;
	server->certificate = reading_path(r, map, "certificate", true);
	read_key(r, map, server);
	c->server_count++;
}

static void
read_more(struct reading *r, struct yaml_node *map)
{
	struct yaml_node *list = yaml_get(map, "sni");

	if (!list)
		return;
	if (yaml_expect(&r->yaml, list, YAML_LIST) != RC_OK) {
		reading_note(r, RC_CONFIG);
		return;
	}
	if (list->count >= SERVERS_MAX) {
		yaml_error(&r->yaml, list, "config-server",
		    "%zu certificates beside the first one; %d are possible",
		    list->count, SERVERS_MAX - 1);
		reading_note(r, RC_CONFIG);
		return;
	}
	for (struct yaml_node *n = list->children; n; n = n->next) {
		if (yaml_expect(&r->yaml, n, YAML_MAP) != RC_OK) {
			reading_note(r, RC_CONFIG);
			continue;
		}
		read_pair(r, n);
		yaml_rest(&r->yaml, n, &config_keys_sni);
	}
}

/** One path, or a list of them. */
static void
read_files(struct reading *r, struct yaml_node *map, const char *key,
    const char **out, size_t *out_count)
{
	struct yaml_node *n = yaml_get(map, key);
	size_t count = 0;

	if (!n)
		return;
	if (n->kind == YAML_LIST && n->count > SERVER_FILES_MAX) {
		yaml_error(&r->yaml, n, "config-server",
		    "%zu files; %d are possible (one may hold many)", n->count,
		    SERVER_FILES_MAX);
		reading_note(r, RC_CONFIG);
		return;
	}
	for (n = yaml_items(n, &count); n && count > 0; n = n->next, count--) {
		const char *text;
		enum rc rc = yaml_text(&r->yaml, n, &text);

		reading_note(r, rc);
		if (rc == RC_OK)
			out[(*out_count)++] = reading_resolve(r, text);
	}
}

/** Where devices find this server. */
static void
read_uri(struct reading *r, struct yaml_node *map)
{
	struct yaml_node *n = yaml_get(map, "uri");
	const char *fault;

	if (!n)
		return;
	if (yaml_text(&r->yaml, n, &r->config->server_uri) != RC_OK) {
		reading_note(r, RC_CONFIG);
		return;
	}
	fault = word_scheme(span_str(r->config->server_uri)) == SCHEME_OTHER
	    ? "a URI of CoAP is expected, like coaps://bootstrap.example:5684"
	    : word_uri(span_str(r->config->server_uri));
	if (!fault)
		return;
	yaml_error(&r->yaml, n, "config-server-uri", "%s", fault);
	reading_note(r, RC_CONFIG);
}

/** Pre-shared keys need no more than `uri:`, if that. */
static bool
shows_something(struct yaml_node *map)
{
	return !yaml_get(map, "uri") || map->count > 1;
}

void
reading_server(struct reading *r)
{
	struct yaml_node *map = yaml_get(r->root, "server");
	struct config *c = r->config;

	if (!map)
		return;
	if (yaml_expect(&r->yaml, map, YAML_MAP) != RC_OK) {
		reading_note(r, RC_CONFIG);
		return;
	}
	/* the first is for who asks for none by name */
	if (shows_something(map)) {
		read_pair(r, map);
		read_more(r, map);
	}
	read_uri(r, map);
	read_files(r, map, "trust", c->trust, &c->trust_count);
	read_files(r, map, "crl", c->crls, &c->crl_count);
	yaml_rest(&r->yaml, map, &config_keys_server);
}
