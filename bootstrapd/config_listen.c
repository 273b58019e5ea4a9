#include "config_reading.h"

#include <stdio.h>

enum { PORT_COAP = 5683, PORT_COAPS = 5684 };

static const struct scheme {
	const char *name;
	enum listen_kind kind;
	uint16_t port;
} schemes[] = {
    {"coap", LISTEN_COAP, PORT_COAP},
    {"coaps", LISTEN_COAPS, PORT_COAPS},
    {"coap+tcp", LISTEN_COAP_TCP, PORT_COAP},
    {"coaps+tcp", LISTEN_COAPS_TCP, PORT_COAPS},
};

enum { SCHEME_COUNT = sizeof(schemes) / sizeof(schemes[0]) };

const char *
listen_scheme(enum listen_kind k)
{
	for (size_t i = 0; i < SCHEME_COUNT; i++)
		if (schemes[i].kind == k)
			return schemes[i].name;
	return "";
}

/** Takes "SCHEME://" off the front. NULL: none of ours. */
static const struct scheme *
take_scheme(struct span *uri)
{
	const struct span mark = SPAN_LIT("://");

	for (size_t i = 0; i < SCHEME_COUNT; i++) {
		struct span name = span_str(schemes[i].name);

		if (!span_starts(*uri, name) ||
		    !span_starts(span_from(*uri, name.len), mark))
			continue;
		*uri = span_from(*uri, name.len + mark.len);
		return &schemes[i];
	}
	return NULL;
}

/** "HOST[:PORT]", numeric, IPv6 in brackets. */
static enum rc
parse_host(struct span host, uint16_t port, struct address *out)
{
	char buf[ADDRESS_TEXT_MAX + 8];
	const uint8_t *colon;
	bool has_port;

	if (host.len == 0 || host.len > ADDRESS_TEXT_MAX)
		return RC_MALFORMED;
	colon = memrchr(host.p, ':', host.len);
	has_port = colon && (host.p[0] != '[' || colon[-1] == ']');
	if (has_port)
		return address_parse(host, out);
	snprintf(buf, sizeof(buf), "%.*s:%u", SPAN_FMT(host), port);
	return address_parse(span_str(buf), out);
}

/** One socket an address and protocol; and plain CoAP is for the bench. */
static void
check_listener(
    struct reading *r, struct yaml_node *n, const struct listen_config *l)
{
	static const uint8_t loopback6[16] = {[15] = 1};
	const struct address *a = &l->address;
	bool local = a->family == 4 ? a->ip[0] == 127
				    : memcmp(a->ip, loopback6, 16) == 0;

	for (size_t i = 0; i < r->config->listen_count; i++) {
		const struct listen_config *other = &r->config->listen[i];

		if (a->port == 0 || !address_equal(&other->address, a) ||
		    listen_is_stream(other->kind) != listen_is_stream(l->kind))
			continue;
		yaml_error(&r->yaml, n, "config-listen",
		    "the address of listen[%zu] already", i);
		reading_note(r, RC_CONFIG);
	}
	if (!listen_is_secure(l->kind) && !local)
		yaml_report(&r->yaml, DIAG_WARNING, n, "config-nosec",
		    "NoSec is reachable from other hosts: whom a `nosec` "
		    "identity admits is served in clear");
}

static void
read_listener(struct reading *r, struct yaml_node *n)
{
	struct config *c = r->config;
	struct listen_config *l = &c->listen[c->listen_count];
	const struct scheme *scheme;
	struct span uri;
	const char *text;

	if (yaml_text(&r->yaml, n, &text) != RC_OK) {
		reading_note(r, RC_CONFIG);
		return;
	}
	uri = span_str(text);
	scheme = take_scheme(&uri);
	if (!scheme) {
		yaml_error(&r->yaml, n, "config-listen",
		    "expected coap://HOST:PORT, coaps://HOST:PORT, "
		    "coap+tcp://HOST:PORT or coaps+tcp://HOST:PORT");
		reading_note(r, RC_CONFIG);
		return;
	}
	l->kind = scheme->kind;
	l->line = n->line;
	if (parse_host(uri, scheme->port, &l->address) == RC_OK) {
		check_listener(r, n, l);
		c->listen_count++;
		return;
	}
	yaml_error(&r->yaml, n, "config-listen",
	    "the host is not a numeric address; write %s://127.0.0.1:%u or "
	    "%s://[::]:%u",
	    scheme->name, scheme->port, scheme->name, scheme->port);
	reading_note(r, RC_CONFIG);
}

void
reading_listen(struct reading *r)
{
	struct yaml_node *list = yaml_need(&r->yaml, r->root, "listen");

	if (!list || yaml_expect(&r->yaml, list, YAML_LIST) != RC_OK) {
		reading_note(r, RC_CONFIG);
		return;
	}
	if (list->count == 0 || list->count > LISTENERS_MAX) {
		yaml_error(&r->yaml, list, "config-listen",
		    "%zu listeners; 1 to %d are possible", list->count,
		    LISTENERS_MAX);
		reading_note(r, RC_CONFIG);
		return;
	}
	for (struct yaml_node *n = list->children; n; n = n->next)
		read_listener(r, n);
}
