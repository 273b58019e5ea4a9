#include "policy/why.h"

#include "base/text.h"

static const char *const credential_names[] = {
    [POLICY_PSK] = "psk",
    [POLICY_CERTIFICATE] = "certificate",
    [POLICY_RPK] = "rpk",
    [POLICY_NOSEC] = "nosec",
};

/** A text that is gathered; what does not fit ends in dots. */
struct words {
	char *out;
	struct writer w;
	size_t count;
	bool cut;
};

static void
words_init(struct words *x, char out[static WHY_TEXT_MAX])
{
	*x = (struct words){.out = out};
	writer_init(&x->w, out, WHY_TEXT_MAX - sizeof(", ..."));
}

static void
words_end(struct words *x)
{
	strcpy(x->out + x->w.len, x->cut ? ", ..." : "");
}

/** One more, behind a comma; false: there is no room, or there are enough. */
static bool
words_add(struct words *x, struct span word)
{
	struct writer before = x->w;

	if (x->cut || x->count == WHY_WANTS_MAX) {
		x->cut = true;
		return false;
	}
	writer_str(&x->w, x->count ? ", " : "");
	writer_put(&x->w, word);
	if (x->w.full) {
		x->w = before;
		x->cut = true;
		return false;
	}
	x->count++;
	return true;
}

static bool
words_quoted(struct words *x, struct span text)
{
	enum { SHOWN = 40 };
	char room[6 * SHOWN + 8];
	bool whole = text.len <= SHOWN;
	struct writer w;

	writer_init(&w, room, sizeof(room));
	text_quote(&w, text_cut(text, SHOWN, SHOWN));
	if (!whole)
		writer_str(&w, "...");
	return words_add(x, writer_span(&w));
}

static void
words_globs(struct words *x, const char **globs)
{
	for (; globs && *globs; globs++)
		if (!words_quoted(x, span_str(*globs)))
			return;
}

static void
words_hex(struct words *x, const char *what, const uint8_t *sha256)
{
	char room[64];
	struct writer w;

	writer_init(&w, room, sizeof(room));
	writer_str(&w, what);
	text_hex(&w, span_of(sha256, 8));
	writer_str(&w, "...");
	(void)words_add(x, writer_span(&w));
}

static void
words_networks(struct words *x, const struct policy_match *m)
{
	for (size_t i = 0; i < m->network_count; i++) {
		char text[ADDRESS_TEXT_MAX];
		struct writer w;

		writer_init(&w, text, sizeof(text));
		network_print(&w, &m->networks[i]);
		if (!words_add(x, writer_span(&w)))
			return;
	}
}

static void
words_pattern(struct words *x, const struct policy_pattern *p)
{
	static const char *const kinds[] = {
	    [PATTERN_GLOB] = "",
	    [PATTERN_PREFIX] = "prefix ",
	    [PATTERN_REGEX] = "regex ",
	    [PATTERN_LIST] = "list ",
	};
	char room[WHY_TEXT_MAX];
	struct writer w;

	writer_init(&w, room, sizeof(room));
	writer_str(&w, kinds[p->kind]);
	text_quote(&w, text_cut(span_str(p->text), 120, 240));
	if (p->kind == PATTERN_LIST)
		writer_fmt(&w, " of %zu names", p->name_count);
	(void)words_add(x, writer_span(&w));
}

/* --- what is wanted ------------------------------------------------------- */

static void
wants(struct words *x, const struct policy *p, enum policy_miss key)
{
	const struct policy_match *m = &p->match;

	switch (key) {
	case MISS_IDENTITY:
		words_globs(x, p->identities);
		break;
	case MISS_ENDPOINT:
		for (size_t i = 0; i < m->endpoint_count; i++)
			words_pattern(x, &m->endpoints[i]);
		break;
	case MISS_CREDENTIAL:
		for (unsigned i = 0; i <= POLICY_NOSEC; i++)
			if (m->credentials & 1u << i)
				(void)words_add(
				    x, span_str(credential_names[i]));
		break;
	case MISS_ISSUER:
		for (size_t i = 0; i < m->issuer_count; i++)
			if (m->issuers[i].cn)
				(void)words_quoted(
				    x, span_str(m->issuers[i].cn));
			else
				words_hex(x, "key ", m->issuers[i].key_sha256);
		break;
	case MISS_SAN:
		words_globs(x, m->sans);
		break;
	case MISS_NETWORK:
		words_networks(x, m);
		break;
	case MISS_MODEL:
		words_globs(x, m->models);
		break;
	case MISS_BATCH:
		words_globs(x, m->batches);
		break;
	case MISS_NONE:
	case MISS_LATER:
		break;
	}
}

/* --- what is seen --------------------------------------------------------- */

static void
sees_address(struct words *x, const struct address *from)
{
	char text[ADDRESS_TEXT_MAX];
	struct writer w;

	if (!from || from->family == 0)
		return;
	writer_init(&w, text, sizeof(text));
	address_print_ip(&w, from);
	(void)words_add(x, writer_span(&w));
}

static void
sees_issuer(struct words *x, const struct policy_facts *f)
{
	if (!f->has_issuer)
		return;
	if (f->issuer_cn.len > 0)
		(void)words_quoted(x, f->issuer_cn);
	words_hex(x, "key ", f->issuer_key);
}

static void
sees(struct words *x, const struct policy_set *s, const struct policy_facts *f,
    struct policy_unmet *u)
{
	const struct policy_device *d = NULL;
	struct span rest = f->sans, name;
	const char *word;

	switch (u->key) {
	case MISS_IDENTITY:
		(void)words_quoted(x, span_str(f->identity->name));
		break;
	case MISS_ENDPOINT:
		(void)words_quoted(x, f->endpoint);
		break;
	case MISS_CREDENTIAL:
		(void)words_add(x,
		    span_str(
			credential_names[policy_credential_of(f->identity)]));
		break;
	case MISS_ISSUER:
		sees_issuer(x, f);
		break;
	case MISS_SAN:
		while (f->san_next && f->san_next(&rest, &name))
			if (!words_quoted(x, name))
				break;
		break;
	case MISS_NETWORK:
		sees_address(x, f->from);
		break;
	case MISS_MODEL:
	case MISS_BATCH:
		d = policy_device_find(s, f->endpoint);
		if (!d)
			break;
		u->seen_at = d->place;
		word = u->key == MISS_MODEL ? d->model : d->batch;
		if (word[0])
			(void)words_quoted(x, span_str(word));
		break;
	case MISS_NONE:
	case MISS_LATER:
		break;
	}
}

size_t
policy_unmet(const struct policy_set *s, const struct policy *p,
    const struct policy_facts *f,
    struct policy_unmet out[static POLICY_CONDITIONS])
{
	size_t n = 0;

	for (int c = MISS_IDENTITY; c <= MISS_BATCH; c++) {
		struct policy_unmet *u = &out[n];
		struct words x;

		if (policy_holds(s, p, f, (enum policy_miss)c))
			continue;
		*u = (struct policy_unmet){.key = (enum policy_miss)c};
		u->at = (struct policy_place){
		    p->place.file, p->match.lines[c - MISS_IDENTITY]};
		words_init(&x, u->sees);
		sees(&x, s, f, u);
		words_end(&x);
		words_init(&x, u->wants);
		wants(&x, p, u->key);
		words_end(&x);
		n++;
	}
	return n;
}

/* --- in a sentence -------------------------------------------------------- */

static void
put_place(struct writer *w, struct policy_place at)
{
	struct span file = span_str(at.file);

	/* bare, so that editors and terminals take it for a place */
	if (strcspn(at.file, "\"\\ \t\r\n\033") == file.len)
		writer_put(w, file);
	else
		text_quote(w, file);
	writer_fmt(w, ":%u", at.line);
}

/** What stands where nothing is known of it. */
static const char *
nothing_seen(const struct policy_unmet *u)
{
	switch (u->key) {
	case MISS_ISSUER:
	case MISS_SAN:
		return "the device has shown no such certificate";
	case MISS_NETWORK:
		return "no address is known";
	case MISS_MODEL:
	case MISS_BATCH:
		return u->seen_at.line ? "nothing is said"
				       : "it is in no list of devices";
	case MISS_NONE:
	case MISS_LATER:
	case MISS_IDENTITY:
	case MISS_ENDPOINT:
	case MISS_CREDENTIAL:
		break;
	}
	return "nothing is known";
}

void
policy_unmet_print(struct writer *w, const struct policy_unmet *u)
{
	static const char *const verbs[] = {
	    [MISS_IDENTITY] = " is not among ",
	    [MISS_ENDPOINT] = " does not fit ",
	    [MISS_CREDENTIAL] = " is not ",
	    [MISS_ISSUER] = " is none of ",
	    [MISS_SAN] = " fits none of ",
	    [MISS_NETWORK] = " is in none of ",
	    [MISS_MODEL] = " does not fit ",
	    [MISS_BATCH] = " does not fit ",
	};

	writer_fmt(w, "match.%s", policy_miss_key(u->key));
	if (u->at.line) {
		writer_str(w, " at ");
		put_place(w, u->at);
	}
	writer_str(w, ": ");
	writer_str(w, u->sees[0] ? u->sees : nothing_seen(u));
	if (u->seen_at.line) {
		writer_str(w, " by ");
		put_place(w, u->seen_at);
	}
	writer_str(w, u->sees[0] ? verbs[u->key] : ", wanted is ");
	writer_str(w, u->wants);
}

/* --- which ones ----------------------------------------------------------- */

static struct policy_near
look_at(const struct policy_set *s, const struct policy *p,
    const struct policy_facts *f)
{
	struct policy_near n = {.policy = p};

	for (int c = MISS_IDENTITY; c <= MISS_BATCH; c++) {
		n.stated += p->match.lines[c - MISS_IDENTITY] > 0;
		n.unmet += !policy_holds(s, p, f, (enum policy_miss)c);
	}
	return n;
}

/** Was it meant for this device at all? */
static bool
is_near(const struct policy_near *n, const struct policy *own,
    const struct policy_facts *f, const struct policy_set *s)
{
	const struct policy *p = n->policy;

	if (n->unmet == 0 || !own || n->unmet < n->stated)
		return true;
	/* one condition, and it is about who it is meant for */
	return n->stated == 1 && policy_holds(s, p, f, MISS_IDENTITY);
}

size_t
policy_near_misses(const struct policy_set *s, const struct policy_facts *f,
    const struct policy *own, struct policy_near *out, size_t cap,
    size_t *others)
{
	size_t count = 0;

	*others = 0;
	for (size_t i = 0; i < s->policy_count; i++) {
		struct policy_near n;
		size_t at;

		if (&s->policies[i] == own)
			continue;
		n = look_at(s, &s->policies[i], f);
		/* in order among equals, which are tried in that order */
		for (at = count; at > 0 && out[at - 1].unmet > n.unmet; at--)
			;
		if (at == cap || !is_near(&n, own, f, s)) {
			++*others;
			continue;
		}
		if (count == cap)
			++*others;
		else
			count++;
		memmove(
		    &out[at + 1], &out[at], (count - at - 1) * sizeof(out[0]));
		out[at] = n;
	}
	return count;
}

/* --- identity documents --------------------------------------------------- */

/** The next one, whose text is written into `w`. */
static struct identity_unmet *
next_unmet(
    struct identity_unmet *out, size_t *n, const char *key, struct writer *w)
{
	struct identity_unmet *u = &out[(*n)++];

	*u = (struct identity_unmet){.key = key};
	/* what is left stays NUL */
	writer_init(w, u->text, sizeof(u->text) - 1);
	return u;
}

static void
put_name(struct writer *w, struct span name)
{
	enum { SHOWN = 60 };

	text_quote(w, text_cut(name, SHOWN, SHOWN));
	if (name.len > SHOWN)
		writer_str(w, "...");
}

static void
put_network_miss(
    struct writer *w, const struct identity *id, const struct address *from)
{
	const struct policy_match m = {
	    .networks = id->networks,
	    .network_count = id->network_count,
	};
	char wanted[WHY_TEXT_MAX];
	struct words x;

	words_init(&x, wanted);
	words_networks(&x, &m);
	words_end(&x);
	if (from && from->family != 0)
		address_print_ip(w, from);
	else
		writer_str(w, "no address is known, which");
	writer_fmt(w, " is in none of %.300s", wanted);
}

static bool
in_networks(const struct identity *id, const struct address *from)
{
	for (size_t i = 0; from && i < id->network_count; i++)
		if (network_contains(&id->networks[i], from))
			return true;
	return false;
}

static void
check_psk(const struct identity *id, const struct identity_facts *f,
    struct identity_unmet *out, size_t *n)
{
	uint8_t room[2 * POLICY_ENDPOINT_MAX + 256];
	struct writer w, expanded;

	if (f->psk_identity.len == 0)
		return;
	writer_init(&expanded, room, sizeof(room));
	template_expand(&expanded, id->psk_identity, f->endpoint);
	if (f->endpoint.len > 0 &&
	    span_equal(writer_span(&expanded), f->psk_identity))
		return;
	next_unmet(out, n, "psk.identity", &w);
	if (f->endpoint.len > 0) {
		writer_str(&w, "for this endpoint it is ");
		put_name(&w, writer_span(&expanded));
		writer_str(&w, ", not ");
		put_name(&w, f->psk_identity);
		return;
	}
	put_name(&w, f->psk_identity);
	writer_str(&w, " is not of the form ");
	put_name(&w, span_str(id->psk_identity));
}

size_t
identity_unmet(const struct identity *id, const struct identity_facts *f,
    struct identity_unmet out[static IDENTITY_UNMET_MAX])
{
	static const char *const asks[] = {
	    [POLICY_PSK] = "it asks for a key",
	    [POLICY_CERTIFICATE] = "it asks for a certificate",
	    [POLICY_RPK] = "it asks for a raw public key",
	    [POLICY_NOSEC] = "it admits by address only",
	};
	enum policy_credential kind = policy_credential_of(id);
	struct writer w;
	size_t n = 0;

	if (kind != f->kind) {
		next_unmet(out, &n, credential_names[kind], &w);
		writer_fmt(&w, "%s, and the device shows %s", asks[kind],
		    f->kind == POLICY_NOSEC ? "none"
					    : credential_names[f->kind]);
	}
	if (f->endpoint.len > 0 && !identity_fits(id, f->endpoint)) {
		next_unmet(out, &n, "endpoint", &w);
		put_name(&w, f->endpoint);
		writer_str(&w, " does not fit ");
		put_name(&w, span_str(id->endpoint));
	}
	if (kind != f->kind)
		return n;
	if (kind == POLICY_NOSEC && !in_networks(id, f->from)) {
		next_unmet(out, &n, "nosec.network", &w);
		put_network_miss(&w, id, f->from);
	}
	if (id->kind == IDENTITY_PSK)
		check_psk(id, f, out, &n);
	return n;
}
