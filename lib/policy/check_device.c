/*
 * Can the device do what its policy asks? What its profile says against all
 * that would be sent to it, at the place in the policy that would fail.
 */
#include "policy/checking.h"

#include "policy/match.h"

enum {
	DERIVED_LEN = 32, /* bytes of a derived key: HSM_PSK_LEN */
	V1_1 = 11,
	V1_2 = 12,
};

/* Where the document says it, or else the document. */
static struct yaml_node *
at(struct yaml_node *map, const char *key)
{
	struct yaml_node *n = yaml_get(map, key);

	return n ? n : map;
}

static void
newer(const struct checking *k, const struct yaml_node *n, const char *what,
    unsigned since)
{
	const struct policy_profile *d = k->device;

	yaml_error(k->c, n, "policy-version",
	    "%s is of LwM2M %u.%u, and the device (profile %s) of "
	    "%u.%u; leave it out, or say `version: %u.%u` in "
	    "`device:` if the device has it",
	    what, since / 10, since % 10, d->name, d->version / 10,
	    d->version % 10, since / 10, since % 10);
}

/* --- all of a policy ------------------------------------------------------ */

static void
check_verify(const struct checking *k)
{
	struct yaml_node *n = at(k->doc->root, "verify");

	if (k->p->verify == VERIFY_DISCOVER && !k->device->discover)
		yaml_error(k->c, n, "policy-verify",
		    "the device (profile %s) answers no Discover; leave "
		    "`verify:` out, or say `discover: true` in `device:` "
		    "if it does",
		    k->device->name);
	if (k->p->verify == VERIFY_READ && !k->device->read)
		yaml_error(k->c, n, "policy-verify",
		    "the device (profile %s) answers no Bootstrap-Read; "
		    "take `discover` if it answers that, or say `read: "
		    "true` in `device:` if it does",
		    k->device->name);
	if (k->p->verify != VERIFY_NONE && k->device->pack)
		yaml_report(k->c, DIAG_WARNING, n, "policy-verify",
		    "nothing is compared where the device takes a "
		    "Bootstrap-Pack (`pack: true`)");
}

/* The fewest bytes that a name has which the pattern lets pass. */
static size_t
least_length(const char *glob)
{
	size_t n = 0;

	for (; *glob; glob++)
		n += *glob != '*';
	return n;
}

static void
check_endpoint(const struct checking *k)
{
	struct yaml_node *match = yaml_get(k->doc->root, "match");
	size_t least = least_length(k->p->endpoint);

	if (match && least > k->device->endpoint_max)
		yaml_report(k->c, DIAG_WARNING, at(match, "endpoint"),
		    "policy-endpoint-length",
		    "such names have at least %zu bytes, and the device "
		    "(profile %s) has names of at most %zu; say "
		    "`endpoint_max:` in `device:` if it was built for "
		    "longer ones",
		    least, k->device->name, k->device->endpoint_max);
}

/* --- credentials ---------------------------------------------------------- */

static void
check_mode(const struct checking *k, struct yaml_node *security,
    const struct policy_server *s)
{
	static const char *const names[] = {
	    "psk", "nosec", "certificate", "rpk"};

	if (k->device->modes & 1u << s->mode)
		return;
	yaml_error(k->c, at(security, "mode"), "policy-device-mode",
	    "the device (profile %s) cannot use `mode: %s`; take "
	    "another, or say `security:` in `device:` if it can",
	    k->device->name, names[s->mode]);
}

static void
too_long(const struct checking *k, const struct yaml_node *n, const char *what,
    size_t len)
{
	yaml_error(k->c, n, "policy-key-length",
	    "%s %zu bytes, and the device (profile %s) keeps %zu; "
	    "make it shorter, or say `key_max:` in `device:` if it "
	    "was built for more",
	    what, len, k->device->name, k->device->key_max);
}

static void
check_lengths(const struct checking *k, struct yaml_node *security,
    const struct policy_server *s)
{
	const size_t max = k->device->key_max;
	const size_t shortest[PLACEHOLDERS] = {
	    [PLACEHOLDER_ENDPOINT] = least_length(k->p->endpoint)};
	size_t least = placeholder_length(span_str(s->psk_identity), shortest);

	if (max == 0 || s->mode != SERVER_PSK)
		return;
	if (s->key.source == KEY_DERIVED && max < DERIVED_LEN)
		yaml_error(k->c, at(security, "key"), "policy-key-length",
		    "a derived key has %d bytes, and the device (profile "
		    "%s) keeps %zu; take {random: LABEL, length: %zu}, or "
		    "say `key_max:` in `device:` if it was built for more",
		    DERIVED_LEN, k->device->name, max, max < 16 ? 16 : max);
	if (s->key.source == KEY_RANDOM && s->key.length > max)
		too_long(k, at(security, "key"), "a key of", s->key.length);
	if (least > max)
		too_long(k, at(security, "identity"),
		    "a PSK identity of at least", least);
}

/* What a server's certificate is for: /0/x/13 to 15 came with 1.1. */
static void
check_expected(const struct checking *k, struct yaml_node *security,
    const struct policy_server *s)
{
	struct yaml_node *n = yaml_get(security, "server_certificate");

	if (!n)
		n = yaml_get(security, "server_key");
	if (!n || k->device->version >= V1_1)
		return;
	if (s->server.usage >= 0)
		newer(k, at(n, "usage"), "/0/x/15 (Certificate Usage)", V1_1);
	if (s->server.matching >= 0)
		newer(k, at(n, "matching"), "/0/x/13 (Matching Type)", V1_1);
	if (s->server.sni)
		newer(k, at(n, "sni"), "/0/x/14 (SNI)", V1_1);
}

static void
check_oscore(const struct checking *k, struct yaml_node *security,
    const struct policy_server *s)
{
	struct yaml_node *n = yaml_get(security, "oscore");

	if (!n || !s->oscore.present)
		return;
	if (k->device->version < V1_1)
		newer(k, n, "OSCORE", V1_1);
	else if (!k->device->oscore)
		yaml_error(k->c, n, "policy-device-mode",
		    "the device (profile %s) has no OSCORE; leave it out, "
		    "or say `oscore: true` in `device:` if it has",
		    k->device->name);
}

/* --- accounts ------------------------------------------------------------- */

static bool
is_zero(const struct lwm2m_value *v)
{
	return v->type == LWM2M_UNSIGNED && v->number == 0;
}

/* Every resource of an account that is not written always. */
static void
check_entries(const struct checking *k, struct yaml_node *server,
    const struct lwm2m_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct lwm2m_path path = entries[i].path;
		const struct lwm2m_resource *r =
		    resource_find(path.object, path.resource);
		struct yaml_node *n =
		    server_entry_node(server, path.object, path.resource);
		char what[80];

		/* One resource is one finding, however many instances. */
		if (!r || (i > 0 && entries[i - 1].path.resource == r->id))
			continue;
		snprintf(what, sizeof(what), "/%u/x/%u (%s)", path.object,
		    path.resource, r->name);
		if (r->since > k->device->version)
			newer(k, n, what, r->since);
		if (k->device->refuses_zero_retries &&
		    path.object == OBJECT_SERVER &&
		    (r->id == SERVER_RETRY_COUNT ||
			r->id == SERVER_SEQUENCE_COUNT) &&
		    is_zero(&entries[i].value))
			yaml_error(k->c, n, "policy-zero",
			    "the device (profile %s) refuses the Finish for 0 "
			    "in %s; write 1 for a single one",
			    k->device->name, what);
	}
}

/* The letters of /1/x/7 that a version has: consistency check 5. */
static void
check_binding(const struct checking *k, struct yaml_node *server,
    const struct policy_server *s)
{
	static const struct {
		char letter;
		unsigned since;
		const char *what;
	} letters[] = {
	    {'T', V1_1, "binding T (TCP)"},
	    {'N', V1_1, "binding N (non-IP)"},
	    {'M', V1_2, "binding M (MQTT)"},
	    {'H', V1_2, "binding H (HTTP)"},
	};
	struct yaml_node *n = yaml_get(server, "binding");

	if (!n)
		return;
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (strchr(s->binding, letters[i].letter) &&
		    letters[i].since > k->device->version)
			newer(k, n, letters[i].what, letters[i].since);
	if (k->device->version >= V1_1 && strchr(s->binding, 'Q'))
		yaml_report(k->c, DIAG_WARNING, n, "policy-binding",
		    "Q is of LwM2M 1.0, and the device (profile %s) of %u.%u: "
		    "such say queue mode when they register; leave it out",
		    k->device->name, k->device->version / 10,
		    k->device->version % 10);
}

static void
check_uri(const struct checking *k, struct yaml_node *server,
    const struct policy_server *s)
{
	enum word_scheme scheme = word_scheme(span_str(s->uri));
	struct yaml_node *n = yaml_get(server, "uri");

	if (n && k->device->version < V1_1 &&
	    (scheme == SCHEME_TCP || scheme == SCHEME_TLS))
		newer(k, n, "CoAP over TCP", V1_1);
}

void
check_device_account(const struct checking *k, struct yaml_node *n,
    const struct policy_server *s)
{
	struct yaml_node *security = yaml_get(n, "security");

	check_uri(k, n, s);
	if (!security || security->kind != YAML_MAP)
		return;
	check_mode(k, security, s);
	check_lengths(k, security, s);
	check_expected(k, security, s);
	check_oscore(k, security, s);
	check_entries(k, n, s->security_entries, s->security_entry_count);
}

static void
check_server(const struct checking *k, struct yaml_node *n,
    const struct policy_server *s)
{
	check_device_account(k, n, s);
	check_binding(k, n, s);
	check_entries(k, n, s->server_entries, s->server_entry_count);
}

static void
check_servers(const struct checking *k)
{
	struct yaml_node **nodes = k->doc->server_nodes;

	for (size_t i = 0; i < k->p->server_count; i++)
		if (nodes[i]->kind == YAML_MAP)
			check_server(k, nodes[i], &k->p->servers[i]);
}

/* --- other objects -------------------------------------------------------- */

/* `map` is `objects:` of the policy or of its correction. */
static void
check_objects(const struct checking *k, struct yaml_node *map,
    const struct policy_object *objects, size_t count)
{
	for (size_t i = 0; map && i < count; i++) {
		const struct lwm2m_path path = objects[i].path;
		const struct lwm2m_object *o = object_find(path.object);
		char key[LWM2M_PATH_TEXT_MAX];
		struct yaml_node *n;
		struct writer w;

		/* One with a fault has no entries. */
		if (!o || objects[i].entry_count == 0)
			continue;
		writer_init(&w, key, sizeof(key) - 1);
		path_print(&w, path);
		key[w.len] = '\0';
		n = at(map, key);
		if (o->since > k->device->version)
			newer(k, n, o->name, o->since);
		if (o->id == OBJECT_ACCESS_CONTROL &&
		    !k->device->access_control)
			yaml_error(k->c, n, "policy-device-object",
			    "the device (profile %s) has no Access Control; "
			    "leave "
			    "it out, or say `access_control: true` in "
			    "`device:` if "
			    "it has",
			    k->device->name);
	}
}

static void
check_policy(const struct read_policy *d)
{
	struct checking k = {d, &d->ctx, &d->value, &d->value.device};
	struct yaml_node *correction = yaml_get(d->root, "correction");

	check_verify(&k);
	check_endpoint(&k);
	check_servers(&k);
	check_objects(&k, yaml_get(d->root, "objects"), d->value.objects,
	    d->value.object_count);
	if (!d->correction)
		return;
	/* It writes the accounts again, its own way. */
	k.device = &d->correction->device;
	if (d->correction_device)
		check_servers(&k);
	check_objects(&k, yaml_get(correction, "objects"),
	    d->correction->objects, d->correction->object_count);
}

void
check_devices(struct load *l)
{
	for (struct read_policy *d = l->policies; d; d = d->next)
		check_policy(d);
}
