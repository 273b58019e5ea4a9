/*
 * trigger: the HTTP request that makes a server send a device back to us. What
 * proves who asks is in a file that only the sender of the request reads.
 */
#include "policy/load.h"

#include <errno.h>
#include <limits.h>
#include <strings.h>
#include <unistd.h>

/* "Name: value" */
static void
add_header(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy_trigger *t)
{
	const char *wrong = word_http_name(n->key->text);
	const char *value;
	size_t len;
	char *line;

	if (wrong) {
		yaml_error(c, n, "policy-trigger", "%s: %s",
		    YAML_SHOW(n->key->text), wrong);
		return;
	}
	if (!load_template(l, c, n, "policy-trigger", word_http_value,
		PLACE_TRIGGER, &value))
		return;
	len = n->key->text.len + strlen(": ") + strlen(value) + 1;
	line = load_alloc(l, len, 1);
	if (!line)
		return;
	snprintf(line, len, "%.*s: %s", SPAN_FMT(n->key->text), value);
	t->headers[t->header_count++] = line;
}

static void
read_headers(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy_trigger *t)
{
	if (!n || yaml_expect(c, n, YAML_MAP) != RC_OK)
		return;
	if (n->count > POLICY_HEADERS_MAX) {
		yaml_error(c, n, "policy-limit",
		    "%zu headers; at most %d are expected", n->count,
		    POLICY_HEADERS_MAX);
		return;
	}
	for (struct yaml_node *h = n->children; h; h = h->next) {
		h->used = true;
		add_header(l, c, h, t);
	}
}

/* Whoever sends the request works in another folder than who reads this. */
static const char *
absolute(struct load *l, const char *path)
{
	char here[PATH_MAX];
	size_t len;
	char *out;

	if (!path || path[0] == '/' || !getcwd(here, sizeof(here)))
		return path;
	len = strlen(here) + strlen("/") + strlen(path) + 1;
	out = load_alloc(l, len, 1);
	if (out)
		snprintf(out, len, "%s/%s", here, path);
	return out;
}

static void
read_authorization(struct load *l, const struct yaml_ctx *c,
    struct yaml_node *n, struct policy_trigger *t)
{
	struct yaml_node *file;

	if (!n || yaml_expect(c, n, YAML_MAP) != RC_OK)
		return;
	file = yaml_need(c, n, "file");
	t->authorization_file = absolute(l, load_path(l, c, file));
	yaml_rest(c, n, &grammar_authorization);
	if (t->authorization_file && access(t->authorization_file, F_OK) < 0)
		yaml_report(c, DIAG_WARNING, file, "policy-trigger",
		    "%s: %s; no device can be sent back until it is there",
		    YAML_SHOW(span_str(t->authorization_file)),
		    strerror(errno));
	if (t->authorization_file && t->url && word_http_is_clear(t->url))
		yaml_report(c, DIAG_WARNING, n, "policy-trigger",
		    "goes over the network in clear with an http:// URL; "
		    "https:// protects it");
}

/* Its bytes are in the digest of the set; whoever sends reads it by name. */
static void
read_ca(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy_trigger *t)
{
	struct policy_file file = {0};

	if (!n)
		return;
	load_file(l, c, n, &file);
	t->ca_file = absolute(l, file.path);
	if (t->url && word_http_is_clear(t->url))
		yaml_error(c, n, "policy-trigger",
		    "nothing is trusted with an http:// URL");
}

/** It says what a body is, and that is no JSON. */
static bool
is_other_type(const char *header)
{
	static const char name[] = "Content-Type: ";

	return strncasecmp(header, name, strlen(name)) == 0 &&
	    !strcasestr(header + strlen(name), "json");
}

/* What a device has in its name is escaped as JSON wants it, and means
 * something else in any other type. */
static void
check_body(
    const struct yaml_ctx *c, struct yaml_node *n, struct policy_trigger *t)
{
	unsigned uses = t->body ? placeholder_uses(span_str(t->body)) : 0;

	if ((uses & ~(1u << PLACEHOLDER_SSID)) == 0)
		return;
	for (size_t i = 0; i < t->header_count; i++)
		if (is_other_type(t->headers[i]))
			yaml_error(c, n, "policy-trigger",
			    "what stands for a placeholder is escaped as "
			    "JSON, and not as the Content-Type wants it; "
			    "have it in the URL");
}

void
load_trigger(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy_trigger *out)
{
	struct yaml_node *method;
	unsigned i = 0;

	if (!n || yaml_expect(c, n, YAML_MAP) != RC_OK)
		return;
	load_template(l, c, yaml_need(c, n, "url"), "policy-trigger",
	    word_http_url, PLACE_TRIGGER, &out->url);
	method = yaml_get(n, "method");
	if (method && yaml_choice(c, method, grammar_methods, &i) != RC_OK)
		i = 0;
	out->method = grammar_methods[i];
	read_headers(l, c, yaml_get(n, "headers"), out);
	load_template(l, c, yaml_get(n, "body"), "policy-trigger",
	    word_http_body, PLACE_TRIGGER, &out->body);
	check_body(c, yaml_get(n, "body"), out);
	read_authorization(l, c, yaml_get(n, "authorization"), out);
	read_ca(l, c, yaml_get(n, "ca"), out);
	yaml_rest(c, n, &grammar_trigger);
}
