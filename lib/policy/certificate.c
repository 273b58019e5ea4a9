/* certificate_profile: what a device's certificate says. */
#include "policy/load.h"

enum {
	DAY_S = 86400,
	YEAR_S = 365 * DAY_S,
	BACKDATE_DEFAULT_S = DAY_S,
	VALIDITY_DEFAULT_S = 10 * YEAR_S,
};

static const struct policy_certificate profile_none = {
    .name = "",
    .client_auth = true,
    .backdate_s = BACKDATE_DEFAULT_S,
    .validity_s = VALIDITY_DEFAULT_S,
};

static void
append(struct load *l, struct read_certificate *doc)
{
	*l->certificate_tail = doc;
	l->certificate_tail = &doc->next;
	l->certificate_count++;
}

void
load_built_in(struct load *l)
{
	struct read_certificate *doc = arena_alloc(l->scratch, sizeof(*doc));

	if (!doc) {
		l->no_memory = true;
		return;
	}
	doc->value = profile_none;
	doc->value.name = POLICY_BUILT_IN;
	doc->value.place = (struct policy_place){"(built in)", 0};
	doc->value.subject[0].attribute = "CN";
	doc->value.subject[0].value = "{endpoint}";
	doc->value.subject_count = 1;
	doc->value.san_uri = "{endpoint}";
	append(l, doc);
}

static void
read_attribute(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    const char *attribute, struct policy_certificate *p)
{
	word_check check =
	    strcmp(attribute, "C") == 0 ? word_country : word_subject;

	if (!load_template(l, c, n, "policy-subject", check, PLACE_CERTIFICATE,
		&p->subject[p->subject_count].value))
		return;
	p->subject[p->subject_count++].attribute = attribute;
}

/* A text alone is the common name. */
static void
read_subject(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct policy_certificate *p)
{
	const struct yaml_key *rows = grammar_subject.rows;

	if (n->kind == YAML_SCALAR) {
		read_attribute(l, c, n, rows[0].name, p);
		return;
	}
	if (yaml_expect(c, n, YAML_MAP) != RC_OK)
		return;
	if (n->count == 0)
		yaml_error(c, n, "policy-subject",
		    "no attribute; one like CN is expected");
	/* As written: the order is a part of the name. No key is there twice,
	 * so there are no more than attributes. */
	for (struct yaml_node *i = n->children; i; i = i->next)
		for (size_t k = 0; rows[k].name; k++)
			if (span_is(i->key->text, rows[k].name))
				read_attribute(l, c, i, rows[k].name, p);
	yaml_rest(c, n, &grammar_subject);
}

/* One of `names` or a list of them; a bit each in *out. */
static void
read_usages(const struct yaml_ctx *c, struct yaml_node *n,
    const char *const *names, unsigned *out)
{
	struct yaml_node *item;
	unsigned bits = 0, i;
	size_t count;

	if (!n)
		return;
	item = yaml_items(n, &count);
	for (; count > 0; count--, item = item->next) {
		if (yaml_choice(c, item, names, &i) != RC_OK)
			continue;
		if (bits & 1u << i)
			yaml_error(c, item, "policy-key-usage",
			    "%s is there already", names[i]);
		bits |= 1u << i;
	}
	*out = bits;
}

static void
read_key_usages(const struct yaml_ctx *c, struct yaml_node *root,
    struct policy_certificate *p)
{
	unsigned eku = 1, usage = 0;

	read_usages(c, yaml_get(root, "extended_key_usage"),
	    grammar_extended_usages, &eku);
	read_usages(c, yaml_get(root, "key_usage"), grammar_key_usages, &usage);
	p->client_auth = eku & 1;
	p->server_auth = eku & 2;
	p->digital_signature = usage & 1;
}

static bool
says_endpoint(const char *value)
{
	return value && strstr(value, "{endpoint}");
}

/* Which device is it? A certificate that does not say is one of many. */
static void
check_names(const struct yaml_ctx *c, struct yaml_node *root,
    const struct policy_certificate *p)
{
	bool said = says_endpoint(p->san_uri) || says_endpoint(p->san_dns);

	for (size_t i = 0; i < p->subject_count; i++)
		said |= says_endpoint(p->subject[i].value);
	/* None at all: there is a finding why. */
	if (!said && p->subject_count > 0)
		yaml_report(c, DIAG_WARNING, root, "policy-profile-endpoint",
		    "{endpoint} stands in no name: every certificate of this "
		    "profile says the same");
}

void
load_certificate(
    struct load *l, const struct yaml_ctx *c, struct yaml_node *root)
{
	struct read_certificate *doc = arena_alloc(l->scratch, sizeof(*doc));
	struct policy_certificate *p;
	struct yaml_node *n;

	if (!doc) {
		l->no_memory = true;
		return;
	}
	doc->ctx = *c;
	doc->root = root;
	p = &doc->value;
	*p = profile_none;
	p->place = (struct policy_place){c->file, root->line};
	load_word(l, c, yaml_get(root, "certificate_profile"), "policy-name",
	    word_name, &p->name);
	n = yaml_need(c, root, "subject");
	if (n)
		read_subject(l, c, n, p);
	load_template(l, c, yaml_get(root, "san_uri"), "policy-san",
	    word_san_uri, PLACE_CERTIFICATE, &p->san_uri);
	load_template(l, c, yaml_get(root, "san_dns"), "policy-san",
	    word_san_dns, PLACE_CERTIFICATE, &p->san_dns);
	read_key_usages(c, root, p);
	n = yaml_get(root, "key_ids");
	if (n && yaml_bool(c, n, &p->key_ids) != RC_OK)
		p->key_ids = false;
	load_seconds(c, yaml_get(root, "backdate"), 0, GRAMMAR_BACKDATE_MAX_S,
	    &p->backdate_s);
	load_validity(c, yaml_get(root, "validity"), &p->validity_s);
	check_names(c, root, p);
	yaml_rest(c, root, &grammar_certificate_profile);
	append(l, doc);
}
