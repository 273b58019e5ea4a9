/*
 * Image documents against the rest of the set: can their identity mint, does it
 * go with the URI, the epoch, the endpoints that serial numbers become, and
 * with the policy whose accounts go into the image too?
 */
#include "policy/imaging.h"

#include "policy/cover.h"
#include "policy/match.h"
#include "policy/regex.h"

struct images {
	struct load *load;
	const struct policy_set *set;
	struct table names, identities, policies; /* struct noted */
	struct noted_near near_identity, near_policy;
};

/* False: memory. */
static bool
note_all(struct images *k)
{
	struct noted_near *a = &k->near_identity, *p = &k->near_policy;
	struct arena *scratch = k->load->scratch;

	a->budget = p->budget = NOTED_NEAR_BUDGET;
	a->names =
	    arena_array(scratch, k->set->identity_count + 1, sizeof(*a->names));
	p->names =
	    arena_array(scratch, k->set->policy_count + 1, sizeof(*p->names));
	if (!a->names || !p->names)
		return false;
	for (size_t i = 0; i < k->set->identity_count; i++) {
		const struct identity *id = &k->set->identities[i];

		noted_add(k->load, &k->identities, id->name, &id->place, i);
		a->names[a->count++] = id->name;
	}
	for (size_t i = 0; i < k->set->policy_count; i++) {
		const struct policy *q = &k->set->policies[i];

		noted_add(k->load, &k->policies, q->name, &q->place, i);
		p->names[p->count++] = q->name;
	}
	return !k->load->no_memory;
}

/* --- the identity --------------------------------------------------------- */

/* What keeps anything from being minted by it; NULL: nothing. */
static const char *
obstacle(const struct identity *id)
{
	switch (id->kind) {
	case IDENTITY_PSK:
	case IDENTITY_NOSEC:
		return NULL;
	case IDENTITY_CERTIFICATE:
		return id->issue.ca ? NULL
				    : "has certificates that others make; say "
				      "`issue:` there";
	case IDENTITY_IMPORTED:
		return "has keys that others make, and the devices have them "
		       "already; name an identity with `psk: {derive: ...}`";
	case IDENTITY_RPK:
		return "has keys that devices make themselves; name an "
		       "identity with `psk: {derive: ...}`";
	}
	return NULL;
}

static void
check_epoch(const struct images *k, const struct read_image *d)
{
	const struct identity *id = d->value.identity;
	const uint32_t epoch = d->value.epoch;

	if (epoch == 0)
		return;
	if (id->kind != IDENTITY_PSK) {
		yaml_error(&d->ctx, d->epoch, "policy-image-epoch",
		    "the identity %s has no keys that are derived, and so no "
		    "epochs; leave it out",
		    id->name);
		return;
	}
	for (size_t i = 0; i < id->epoch_count; i++) {
		if (id->epochs[i] != epoch)
			continue;
		/* no error: by the time alone nothing that was loaded once is
		 * refused */
		if (!identity_accepts(id, i, k->load->now_s))
			yaml_report(&d->ctx, DIAG_WARNING, d->epoch,
			    "policy-image-epoch",
			    "the identity %s does not accept epoch %u any "
			    "more: nothing is minted",
			    id->name, epoch);
		return;
	}
	yaml_error(&d->ctx, d->epoch, "policy-image-epoch",
	    "the identity %s does not accept epoch %u: no device of such an "
	    "image would be let in; add it to `epoch:` there",
	    id->name, epoch);
}

static void
check_scheme(const struct read_image *d)
{
	const struct identity *id = d->value.identity;
	const enum word_scheme scheme = word_scheme(span_str(d->value.uri));
	const bool secure = scheme == SCHEME_COAPS || scheme == SCHEME_TLS;
	const bool plain = scheme == SCHEME_COAP || scheme == SCHEME_TCP;

	if (!d->value.uri[0])
		return;
	if (id->kind == IDENTITY_NOSEC ? !plain : !secure)
		yaml_error(&d->ctx, d->uri, "policy-image-uri",
		    id->kind == IDENTITY_NOSEC
			? "devices of the identity %s have no key: "
			  "coap://HOST:PORT or coap+tcp://HOST:PORT is expected"
			: "devices of the identity %s have a key: "
			  "coaps://HOST:PORT or coaps+tcp://HOST:PORT is "
			  "expected",
		    id->name);
}

static void
check_identity(struct images *k, struct read_image *d)
{
	const char *name = (const char *)d->identity->text.p;
	const struct noted *n = noted_find(&k->identities, name);
	const char *wrong;

	if (!n) {
		noted_unknown(&k->near_identity, &d->ctx, d->identity,
		    "policy-identity-unknown", "identity");
		return;
	}
	d->value.identity = &k->set->identities[n->index];
	wrong = obstacle(d->value.identity);
	if (wrong) {
		yaml_error(&d->ctx, d->identity, "policy-image-identity",
		    "the identity %s %s", name, wrong);
		return;
	}
	check_epoch(k, d);
	check_scheme(d);
}

/* --- endpoints ------------------------------------------------------------ */

/* The fewest bytes of a name that fits. */
static size_t
least_length(const char *glob)
{
	size_t n = 0;

	for (; *glob; glob++)
		n += *glob != '*';
	return n;
}

/* A glob that all endpoints of the document fit; NULL: memory. Of no document
 * with a fault. */
static const char *
glob_of(struct load *l, const struct read_image *d)
{
	char text[POLICY_ENDPOINT_MAX + REGEX_TEXT_MAX + 2];
	struct span front, back, prefix;
	struct writer w;

	if (!d->value.endpoint)
		return d->value.identity->endpoint;
	if (!imaging_template(span_str(d->value.endpoint), &front, &back))
		return "*";
	prefix = regex_prefix(d->value.serial);
	writer_init(&w, text, sizeof(text) - 1);
	writer_put(&w, front);
	if (front.len + prefix.len + back.len < POLICY_ENDPOINT_MAX)
		writer_put(&w, prefix);
	writer_str(&w, "*");
	writer_put(&w, back);
	text[w.len] = '\0';
	return w.full ? "*" : arena_str(l->scratch, text);
}

static void
check_length(const struct read_image *d)
{
	const char *template = d->value.endpoint;
	const size_t mark = strlen("{serial}");
	size_t least = template ? strlen(template) - mark + 1
				: least_length(d->value.identity->endpoint);

	if (least > d->value.endpoint_max)
		yaml_error(&d->ctx, d->max, "policy-image-endpoint",
		    "no endpoint is so short: %s makes %zu bytes or more",
		    template ? "`serial.endpoint:`"
			     : "the identity's `endpoint:`",
		    least);
}

/* Of an image whose identity and serial are sound. */
static void
check_endpoints(struct images *k, const struct read_image *d)
{
	const struct identity *id = d->value.identity;
	const char *glob = glob_of(k->load, d);

	if (!glob) {
		k->load->no_memory = true;
		return;
	}
	check_length(d);
	if (d->value.endpoint && !glob_meets(id->endpoint, glob))
		yaml_error(&d->ctx, d->endpoint, "policy-image-endpoint",
		    "the identity %s admits %s, which no such endpoint fits: "
		    "no device would be let in",
		    id->name, YAML_SHOW(span_str(id->endpoint)));
}

/* --- servers -------------------------------------------------------------- */

static bool
names(const struct policy *p, const char *identity)
{
	for (const char **n = p->identities; n && *n; n++)
		if (strcmp(*n, identity) == 0)
			return true;
	return !p->identities;
}

/* Why no device of the image gets anything by the policy; NULL: one may. */
static const char *
stranger(struct images *k, const struct read_image *d, const struct policy *p)
{
	const struct identity *id = d->value.identity;
	const struct policy_match *m = &p->match;
	const char *glob = glob_of(k->load, d);

	if (p->refusal.kind != POLICY_GIVES)
		return "gives nothing: it turns its devices away";
	if (!names(p, id->name))
		return "does not name the identity of the image in "
		       "`match.identity`";
	if (m->credentials &&
	    !(m->credentials & 1u << policy_credential_of(id)))
		return "is for devices of another kind of credential "
		       "(`match.credential`)";
	k->load->no_memory |= !glob;
	if (glob && !match_meets_glob(p, glob))
		return "is for no endpoint that the image is made for "
		       "(`match.endpoint`)";
	return NULL;
}

/* On the line nobody knows from which network a device will come. */
static void
check_pools(const struct read_image *d, const struct policy *p)
{
	for (size_t i = 0; i < p->pool_count; i++)
		if (p->pools[i].allocate == ALLOCATE_NETWORK)
			yaml_report(&d->ctx, DIAG_WARNING, d->servers,
			    "policy-image-servers",
			    "the pool %s of the policy %s is allocated by "
			    "network, which no factory knows: every image has "
			    "the account of its default",
			    p->pools[i].name, p->name);
}

/* The account's instance is where the policy's devices have theirs. */
static void
check_instance(const struct read_image *d, const struct policy *p)
{
	const int there = p->device.account_instance;

	if (there >= 0 && there != d->value.instance)
		yaml_report(&d->ctx, DIAG_WARNING, d->servers,
		    "policy-image-servers",
		    "the devices of the policy %s (profile %s) have their "
		    "Bootstrap-Server Account in /0/%d, and the image puts it "
		    "into /0/%u",
		    p->name, p->device.name, there, d->value.instance);
}

static void
check_servers(struct images *k, struct read_image *d)
{
	const char *name = (const char *)d->servers->text.p;
	const struct noted *n = noted_find(&k->policies, name);
	const struct policy *p;
	const char *wrong;

	if (!n) {
		noted_unknown(&k->near_policy, &d->ctx, d->servers,
		    "policy-image-servers", "policy");
		return;
	}
	p = &k->set->policies[n->index];
	d->value.servers = p;
	if (!d->value.identity || diag_count(k->load->diag, DIAG_ERROR) > 0)
		return;
	wrong = stranger(k, d, p);
	if (wrong) {
		yaml_error(&d->ctx, d->servers, "policy-image-servers",
		    "the policy %s %s", p->name, wrong);
		return;
	}
	if (p->server_count == 0)
		yaml_report(&d->ctx, DIAG_WARNING, d->servers,
		    "policy-image-servers",
		    "the policy %s has no server: the image gets no account by "
		    "it",
		    p->name);
	check_pools(d, p);
	check_instance(d, p);
}

/* --- all of them ---------------------------------------------------------- */

static bool
is_sound(const struct read_image *d)
{
	return d->value.identity && !d->value.serial == !d->value.endpoint &&
	    (!d->pattern || d->value.serial) &&
	    (!d->endpoint || d->value.endpoint);
}

void
assemble_images(struct load *l, struct policy_set *s)
{
	struct images k = {.load = l, .set = s};
	struct policy_image *images =
	    load_alloc(l, l->image_count, sizeof(*images));
	size_t n = 0;

	if (!l->images || !images)
		return;
	if (table_init(&k.names) != RC_OK ||
	    table_init(&k.identities) != RC_OK ||
	    table_init(&k.policies) != RC_OK || !note_all(&k)) {
		l->no_memory = true;
		goto out;
	}
	for (struct read_image *d = l->images; d; d = d->next) {
		noted_name(l, &k.names, &d->ctx, d->root, "image",
		    d->value.name, &d->value.place, n);
		if (d->identity)
			check_identity(&k, d);
		if (is_sound(d))
			check_endpoints(&k, d);
		if (d->servers)
			check_servers(&k, d);
		images[n++] = d->value;
	}
	s->images = images;
	s->image_count = n;
out:
	table_fini(&k.policies);
	table_fini(&k.identities);
	table_fini(&k.names);
}
