/*
 * placeholders in documents: words that are none, and what one may stand for
 * that nobody knows, or that does not fit.
 */
#include "policy/load.h"

#include "policy/nearest.h"

/* --- one text ------------------------------------------------------------- */

static void
unknown_word(const struct yaml_ctx *c, const struct yaml_node *n,
    const struct piece *p, enum placeholder_place place)
{
	const char *near = nearest_of(p->text, placeholder_words(place));

	yaml_error(c, n, "policy-placeholder",
	    "{%.*s} is no placeholder;%s%s%s %s stand%s here, and {{%.*s}} "
	    "writes it as it is",
	    SPAN_FMT(p->text), near ? " did you mean {" : "", near ? near : "",
	    near ? "}?" : "", placeholder_list(place),
	    place == PLACE_IDENTITY ? "s alone" : "", SPAN_FMT(p->text));
}

bool
load_placeholders(const struct yaml_ctx *c, const struct yaml_node *n,
    enum placeholder_place place)
{
	struct span rest = n->text;
	bool good = true;
	struct piece p;

	while (piece_next(&rest, &p)) {
		if (p.kind == PIECE_TEXT)
			continue;
		if (p.kind == PIECE_NAME && placeholder_stands(p.name, place))
			continue;
		good = false;
		if (p.kind == PIECE_UNKNOWN)
			unknown_word(c, n, &p, place);
		else
			yaml_error(c, n, "policy-placeholder",
			    "what {%s} stands for is not known here; %s "
			    "stand%s here",
			    placeholder_word(p.name), placeholder_list(place),
			    place == PLACE_IDENTITY ? "s alone" : "");
	}
	return good;
}

bool
load_template(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    const char *code, word_check check, enum placeholder_place place,
    const char **out)
{
	const char *text;

	if (!n || yaml_text(c, n, &text) != RC_OK)
		return false;
	return load_placeholders(c, n, place) &&
	    load_word(l, c, n, code, check, out);
}

/* --- a set ---------------------------------------------------------------- */

static size_t
least_length(const char *glob)
{
	size_t n = 0;

	for (; *glob; glob++)
		n += *glob != '*';
	return n;
}

/* A policy whose texts are looked through. */
struct looking {
	const struct read_policy *doc;
	const struct policy *p;
	bool has_devices; /* somebody says models and batches */
	/* The longest that is known to come; a name of its own, on the way. */
	size_t lengths[PLACEHOLDERS];
	unsigned said; /* has its finding, 1 << enum placeholder */
};

static void
check_known(struct looking *k, const struct yaml_node *n, unsigned uses)
{
	static const enum placeholder of_lists[] = {
	    PLACEHOLDER_MODEL, PLACEHOLDER_BATCH};

	for (size_t i = 0; i < 2; i++) {
		const unsigned bit = 1u << of_lists[i];
		const char *word = placeholder_word(of_lists[i]);
		bool asked = of_lists[i] == PLACEHOLDER_MODEL
		    ? k->doc->match_model
		    : k->doc->match_batch;

		if (!(uses & ~k->said & bit) || (asked && k->has_devices))
			continue;
		k->said |= bit;
		yaml_report(&k->doc->ctx, DIAG_WARNING, n,
		    "policy-placeholder-unknown",
		    "uses {%s}%s%s: a device of which no list of `devices:` "
		    "says its %s gets nothing",
		    word, asked ? "" : ", and the policy takes devices without",
		    asked ? "" : " `match:` of it", word);
	}
}

static void
check_length(struct looking *k, const struct yaml_node *n, struct span text,
    const char *what, size_t most)
{
	size_t len = placeholder_length(text, k->lengths);

	if (placeholder_uses(text) == 0 || len <= most)
		return;
	yaml_report(&k->doc->ctx, DIAG_WARNING, n, "policy-placeholder-length",
	    "gets %zu bytes long for the longest names that are to be "
	    "expected, and %s has at most %zu: such devices get nothing",
	    len, what, most);
}

static void
check_text(struct looking *k, const struct yaml_node *n, const char *text)
{
	if (text)
		check_known(k, n, placeholder_uses(span_str(text)));
}

static void
check_certificate(struct looking *k, const struct yaml_node *n,
    const struct policy_certificate *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->subject_count; i++)
		check_text(k, n, c->subject[i].value);
	check_text(k, n, c->san_uri);
	check_text(k, n, c->san_dns);
}

static struct yaml_node *
at(struct yaml_node *map, const char *key)
{
	struct yaml_node *n =
	    map && map->kind == YAML_MAP ? yaml_get(map, key) : NULL;

	return n ? n : map;
}

static void
check_identity(struct looking *k, struct yaml_node *security,
    const struct policy_server *s)
{
	struct yaml_node *n = at(security, "identity");
	struct span text = span_str(s->psk_identity);
	const size_t endpoint = k->lengths[PLACEHOLDER_ENDPOINT];

	check_text(k, n, s->psk_identity);
	check_length(k, n, text, "a PSK identity", WORD_IDENTITY_MAX);
	/* of names alone check_device.c says what is certain */
	k->lengths[PLACEHOLDER_ENDPOINT] = least_length(k->p->endpoint);
	if (k->p->device.key_max > 0 &&
	    placeholder_uses(text) &
		(1u << PLACEHOLDER_MODEL | 1u << PLACEHOLDER_BATCH))
		check_length(k, n, text, "one of such a device (`key_max:`)",
		    k->p->device.key_max);
	k->lengths[PLACEHOLDER_ENDPOINT] = endpoint;
}

static void
check_server(
    struct looking *k, struct yaml_node *n, const struct policy_server *s)
{
	const struct policy_trigger *t = &s->trigger;
	struct yaml_node *security = at(n, "security");
	struct yaml_node *trigger = at(n, "trigger");

	k->lengths[PLACEHOLDER_NAME] = s->name ? strlen(s->name) : 0;
	k->lengths[PLACEHOLDER_SSID] = strlen("65534");
	check_text(k, at(n, "uri"), s->uri);
	check_length(
	    k, at(n, "uri"), span_str(s->uri), "a server's URI", WORD_URI_MAX);
	if (s->mode == SERVER_PSK)
		check_identity(k, security, s);
	if (s->mode == SERVER_CERTIFICATE)
		check_certificate(k, at(security, "issue"), s->issue.profile);
	check_text(k, at(trigger, "url"), t->url);
	for (size_t i = 0; i < t->header_count; i++)
		check_text(k, at(trigger, "headers"), t->headers[i]);
	check_text(k, at(trigger, "body"), t->body);
}

static void
check_objects(struct looking *k, struct yaml_node *map,
    const struct policy_object *objects, size_t count)
{
	for (size_t i = 0; map && i < count; i++) {
		for (size_t e = 0; e < objects[i].entry_count; e++) {
			const struct lwm2m_entry *x = &objects[i].entries[e];
			const struct lwm2m_resource *r =
			    resource_find(x->path.object, x->path.resource);
			char key[LWM2M_PATH_TEXT_MAX], name[8];
			struct yaml_node *n;
			struct writer w;

			if (!r || x->value.type != LWM2M_STRING)
				continue;
			writer_init(&w, key, sizeof(key) - 1);
			path_print(&w, objects[i].path);
			key[w.len] = '\0';
			snprintf(name, sizeof(name), "%u", r->id);
			n = at(at(map, key), name);
			check_known(k, n, placeholder_uses(x->value.bytes));
			if (r->max > 0)
				check_length(k, n, x->value.bytes, r->name,
				    (size_t)r->max);
		}
	}
}

/* Of a name only the profile says how long it may be, if it does. */
static void
set_lengths(struct looking *k)
{
	size_t *len = k->lengths;

	len[PLACEHOLDER_ENDPOINT] =
	    k->p->device.endpoint_max < POLICY_ENDPOINT_MAX
	    ? k->p->device.endpoint_max
	    : least_length(k->p->endpoint);
	len[PLACEHOLDER_POLICY] = strlen(k->p->name);
}

static void
device_lengths(struct looking *k, const struct policy_set *s)
{
	size_t *len = k->lengths;

	for (size_t i = 0; i < s->device_count; i++) {
		size_t model = strlen(s->devices[i].model);
		size_t batch = strlen(s->devices[i].batch);

		if (model > len[PLACEHOLDER_MODEL])
			len[PLACEHOLDER_MODEL] = model;
		if (batch > len[PLACEHOLDER_BATCH])
			len[PLACEHOLDER_BATCH] = batch;
	}
}

void
check_placeholders(struct load *l, const struct policy_set *s)
{
	struct looking k, of_set = {.has_devices = s->device_count > 0};

	device_lengths(&of_set, s);
	for (const struct read_policy *d = l->policies; d; d = d->next) {
		k = of_set;
		k.doc = d;
		k.p = &d->value;
		set_lengths(&k);
		for (size_t i = 0; i < k.p->server_count; i++)
			if (d->server_nodes[i]->kind == YAML_MAP)
				check_server(
				    &k, d->server_nodes[i], &k.p->servers[i]);
		check_objects(&k, yaml_get(d->root, "objects"), k.p->objects,
		    k.p->object_count);
		if (d->correction)
			check_objects(&k,
			    at(yaml_get(d->root, "correction"), "objects"),
			    d->correction->objects,
			    d->correction->object_count);
	}
}
