/* servers: LwM2M Server Accounts, each a /0/x and a /1/x. */
#include "policy/load.h"

enum { LIFETIME_DEFAULT_S = 86400 };

static void
read_periods(
    const struct yaml_ctx *c, struct yaml_node *n, struct policy_server *s)
{
	struct yaml_node *max = yaml_get(n, "max_period");

	load_seconds(c, yaml_get(n, "min_period"), 0, GRAMMAR_SECONDS_MAX,
	    &s->min_period_s);
	/* Anjay refuses a maximum of 0. */
	if (load_seconds(c, max, 1, GRAMMAR_SECONDS_MAX, &s->max_period_s) &&
	    s->max_period_s < s->min_period_s)
		yaml_error(c, max, "policy-period", "%s is below min_period",
		    YAML_SHOW(max->text));
	load_seconds(c, yaml_get(n, "disable_timeout"), 0, GRAMMAR_SECONDS_MAX,
	    &s->disable_timeout_s);
}

static bool
is_tcp(const char *uri)
{
	enum word_scheme scheme = word_scheme(span_str(uri));

	return scheme == SCHEME_TCP || scheme == SCHEME_TLS;
}

/* A client without the transport of the URI could not go there. */
static void
check_binding(const struct yaml_ctx *c, struct yaml_node *n,
    struct yaml_node *uri, const struct policy_server *s)
{
	bool tcp = is_tcp(s->uri);
	struct yaml_node *at = yaml_get(n, "binding");

	if (uri && !strchr(s->binding, tcp ? 'T' : 'U'))
		yaml_report(c, DIAG_WARNING, at ? at : uri, "policy-binding",
		    "%s without %s: the server's URI is reached by %s",
		    YAML_SHOW(span_str(s->binding)), tcp ? "T" : "U",
		    tcp ? "TCP" : "UDP");
}

const struct policy_server server_none = {
    .name = "",
    .uri = "",
    .lifetime_s = LIFETIME_DEFAULT_S,
    .binding = "U",
    .storing = true,
    .min_period_s = -1,
    .max_period_s = -1,
    .disable_timeout_s = -1,
    .psk_identity = "{endpoint}",
    .key = {.master = "", .epoch = 1},
    .issue = {.validity_s = -1},
    .server = {.usage = -1, .matching = -1},
    .share = {.weight = 1},
};

void
load_server(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    const struct policy *policy, struct policy_server *out)
{
	struct yaml_node *uri, *item;
	int64_t v;

	*out = server_none;
	out->line = n->line;
	if (yaml_expect(c, n, YAML_MAP) != RC_OK)
		return;
	load_word(l, c, yaml_need(c, n, "name"), "policy-name", word_name,
	    &out->name);
	item = yaml_need(c, n, "short_server_id");
	if (item && yaml_number(c, item, 1, GRAMMAR_SSID_MAX, &v) == RC_OK)
		out->short_server_id = (uint16_t)v;
	uri = yaml_need(c, n, "uri");
	if (!load_template(
		l, c, uri, "policy-uri", word_server_uri, PLACE_URI, &out->uri))
		uri = NULL;
	if (load_seconds(
		c, yaml_get(n, "lifetime"), 1, GRAMMAR_SECONDS_MAX, &v))
		out->lifetime_s = (uint32_t)v;
	item = yaml_get(n, "binding");
	load_word(l, c, item, "policy-binding", word_binding, &out->binding);
	if (!item && uri && is_tcp(out->uri))
		out->binding = "T";
	check_binding(c, n, uri, out);
	item = yaml_get(n, "storing");
	if (item && yaml_bool(c, item, &out->storing) != RC_OK)
		out->storing = true;
	read_periods(c, n, out);
	item = yaml_need(c, n, "security");
	if (item)
		load_security(l, c, item, uri, policy, out);
	load_server_entries(l, c, n, out);
	load_trigger(l, c, yaml_get(n, "trigger"), &out->trigger);
	yaml_rest(c, n, &grammar_member);
}
