/* What a certificate says, from a ceremony's file. */
#include "ceremony_reader.h"

#include "base/address.h"

#include <stdio.h>

enum { YEARS_MAX = 100 };

static const uint64_t year_ms = UINT64_C(365) * 86400 * 1000;

/** `subject: {C: DE, O: Meters, CN: Root}` in this order; a text is a CN. */
static void
read_subject(struct creader *r, struct yaml_node *map, struct cert_profile *p)
{
	static const char *const names[] = {
	    [CERT_CN] = "CN",
	    [CERT_O] = "O",
	    [CERT_OU] = "OU",
	    [CERT_C] = "C",
	    [CERT_L] = "L",
	    [CERT_ST] = "ST",
	    [CERT_SERIAL_NUMBER] = "serialNumber",
	    NULL,
	};
	struct yaml_node *subject = yaml_get(map, "subject");
	const char *text;

	if (!subject)
		return; /* the lint says whether one was needed */
	if (subject->kind == YAML_SCALAR) {
		if (creader_note(r, yaml_text(&r->yaml, subject, &text)))
			p->subject[p->subject_count++] =
			    (struct cert_rdn){CERT_CN, subject->text};
		return;
	}
	if (!creader_note(r, yaml_expect(&r->yaml, subject, YAML_MAP)))
		return;
	for (struct yaml_node *n = subject->children; n; n = n->next) {
		unsigned which = 0;

		while (names[which] && !span_is(n->key->text, names[which]))
			which++;
		if (!names[which])
			continue; /* left over */
		n->used = true;
		if (creader_note(r, yaml_text(&r->yaml, n, &text)))
			p->subject[p->subject_count++] = (struct cert_rdn){
			    (enum cert_attribute)which, n->text};
	}
	yaml_leftover(&r->yaml, subject, names);
}

/** Where names go, and how many fit. */
struct names {
	struct cert_name *list;
	size_t *count, max;
};

static void
add_name(struct creader *r, const struct yaml_node *at, const struct names *to,
    unsigned kind, struct span value)
{
	if (*to->count == to->max)
		creader_error(
		    r, at, "ceremony-limit", "more than %zu names", to->max);
	else
		to->list[(*to->count)++] = (struct cert_name){kind, value};
}

/** `key: NAME` or a list of them. */
static void
read_names(struct creader *r, struct yaml_node *map, const char *key,
    unsigned kind, const struct names *to)
{
	struct yaml_node *n = yaml_get(map, key);
	const char *text;
	size_t count;

	if (!n)
		return;
	n = yaml_items(n, &count);
	for (size_t i = 0; i < count; i++, n = n->next)
		if (creader_note(r, yaml_text(&r->yaml, n, &text)))
			add_name(r, n, to, kind, n->text);
}

/** "192.0.2.1", "2001:db8::1" as 4 or 16 bytes. */
static void
read_addresses(struct creader *r, struct yaml_node *map, const struct names *to)
{
	struct yaml_node *n = yaml_get(map, "ip");
	struct network net;
	const char *text;
	char host[80];
	size_t count;

	if (!n)
		return;
	n = yaml_items(n, &count);
	for (size_t i = 0; i < count; i++, n = n->next) {
		struct span ip;

		if (!creader_note(r, yaml_text(&r->yaml, n, &text)))
			continue;
		snprintf(host, sizeof(host), "%s/%d", text,
		    strchr(text, ':') ? 128 : 32);
		if (network_parse(span_str(host), &net) != RC_OK) {
			creader_error(r, n, "ceremony-ip",
			    "%s is no IP address", YAML_SHOW(n->text));
			continue;
		}
		ip = arena_copy(
		    r->c->arena, span_of(net.ip, net.family == 4 ? 4 : 16));
		if (ip.p)
			add_name(r, n, to, CERT_NAME_IP, ip);
		else
			creader_note(r, RC_MEMORY);
	}
}

static void
read_constraints(
    struct creader *r, struct yaml_node *map, struct cert_profile *p)
{
	static const char *const known[] = {"dns", "uri", NULL};
	const struct names to = {
	    p->permitted, &p->permitted_count, CERT_PERMITTED_MAX};
	struct yaml_node *n = yaml_get(map, "name_constraints");

	if (!n || !creader_note(r, yaml_expect(&r->yaml, n, YAML_MAP)))
		return;
	read_names(r, n, "dns", CERT_NAME_DNS, &to);
	read_names(r, n, "uri", CERT_NAME_URI, &to);
	yaml_leftover(&r->yaml, n, known);
	if (p->permitted_count == 0)
		creader_error(r, n, "ceremony-empty", "nothing is permitted");
}

/** What all below the CA may be for; without it anything. */
static void
read_use(struct creader *r, struct yaml_node *map, struct cert_profile *p)
{
	struct yaml_node *n = yaml_get(map, "extended_key_usage");
	const char *text;
	size_t count;

	if (!n)
		return;
	n = yaml_items(n, &count);
	for (size_t i = 0; i < count; i++, n = n->next) {
		if (!creader_note(r, yaml_text(&r->yaml, n, &text)))
			continue;
		if (span_is(n->text, "clientAuth"))
			p->eku |= CERT_CLIENT_AUTH;
		else if (span_is(n->text, "serverAuth"))
			p->eku |= CERT_SERVER_AUTH;
		else
			creader_error(r, n, "ceremony-usage",
			    "%s is neither clientAuth nor serverAuth",
			    YAML_SHOW(n->text));
	}
}

static void
read_terms(struct creader *r, struct yaml_node *map, struct cert_profile *p)
{
	struct yaml_node *n = yaml_get(map, "validity");
	uint64_t ms;
	int64_t path_len;

	if (n && n->kind == YAML_SCALAR && span_is(n->text, "forever"))
		p->validity_s = CERT_FOREVER;
	else if (n &&
	    creader_note(r,
		yaml_duration_ms(
		    &r->yaml, n, 3600000, YEARS_MAX * year_ms, &ms)))
		p->validity_s = (int64_t)(ms / 1000);
	n = yaml_get(map, "backdate");
	if (n &&
	    creader_note(r, yaml_duration_ms(&r->yaml, n, 0, year_ms, &ms)))
		p->backdate_s = (int64_t)(ms / 1000);
	n = yaml_get(map, "path_length");
	if (n && creader_note(r, yaml_number(&r->yaml, n, 0, 255, &path_len)))
		p->path_len = (int)path_len;
}

void
creader_profile(
    struct creader *r, struct yaml_node *map, struct cert_profile *p)
{
	const struct names san = {p->san, &p->san_count, CERT_SAN_MAX};

	read_subject(r, map, p);
	read_terms(r, map, p);
	if (p->kind == CERT_ROOT || p->kind == CERT_ISSUING)
		read_constraints(r, map, p);
	if (p->kind == CERT_ISSUING)
		read_use(r, map, p);
	if (p->kind != CERT_SERVER)
		return;
	read_names(r, map, "dns", CERT_NAME_DNS, &san);
	read_addresses(r, map, &san);
	read_names(r, map, "uri", CERT_NAME_URI, &san);
}
