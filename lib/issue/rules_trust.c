/* CAs: those that certificates are issued by, and those that are believed. */
#include "issue/rules_internal.h"

#include <stdio.h>

/* --- authorities ---------------------------------------------------------- */

static bool
key_of(struct rules_build *b, const struct policy_authority *p,
    struct hsm_ec_ref *key)
{
	struct hsm_error err;

	*key = (struct hsm_ec_ref){0};
	if (!p->key) {
		(void)snprintf(key->label, sizeof(key->label), "%s", p->name);
		return true;
	}
	if (hsm_ec_ref_parse(p->key, key, &err) == RC_OK)
		return true;
	rules_say(b, DIAG_ERROR, p->place, "issue-authority-key", "key: %s; %s",
	    err.text, err.remedy);
	return false;
}

/** The one certificate in force: of a file with a chain, the first. */
static void
take_authority(struct rules_build *b, const struct policy_authority *p,
    struct issue_authority *out)
{
	const struct rules_named f = rules_named(&p->certificate);
	struct rules_parts parts;
	struct cert *c = &out->cert;

	out->document = p;
	if (!key_of(b, p, &out->key) ||
	    !rules_take_apart(b, &f, "CERTIFICATE", &parts) ||
	    !rules_cert(b, parts.der[0], f.place, f.name.text, c))
		return;
	if (!c->is_ca ||
	    (c->has_key_usage && !(c->key_usage & CERT_KEY_CERT_SIGN)))
		rules_say(b, DIAG_ERROR, f.place, "issue-not-a-ca",
		    "%s: not the certificate of a CA that may sign others "
		    "(RFC 5280 4.2.1.9, 4.2.1.3)",
		    f.name.text);
	else if (!c->p256)
		rules_say(b, DIAG_ERROR, f.place, "issue-key",
		    "%s: its key is not on P-256, the one curve that is signed "
		    "on here",
		    f.name.text);
	else
		(void)rules_dates(b, c, f.place, f.name.text);
}

void
rules_authorities(struct rules_build *b)
{
	const struct policy_set *set = b->rules->set;

	for (size_t i = 0; i < set->authority_count; i++)
		take_authority(
		    b, &set->authorities[i], &b->rules->authorities[i]);
}

/* --- anchors -------------------------------------------------------------- */

/** In the list of all, once. Errors: RC_MEMORY. */
static enum rc
note_anchor(struct issue_rules *r, const struct cert *c)
{
	struct rules_anchor *a;

	if (table_get(&r->anchor_table, c->der))
		return RC_OK;
	a = arena_alloc(r->arena, sizeof(*a));
	if (!a)
		return RC_MEMORY;
	a->cert = *c;
	a->item.key = c->der;
	table_put(&r->anchor_table, &a->item);
	*r->anchor_tail = a;
	r->anchor_tail = &a->next;
	return RC_OK;
}

static void
believe(struct rules_build *b, struct trust *t, const struct rules_named *f,
    struct span der, size_t number)
{
	struct der_fault fault;
	struct cert c;
	char what[sizeof(f->name.text) + 48];

	(void)snprintf(
	    what, sizeof(what), "%s, certificate %zu", f->name.text, number);
	if (!rules_cert(b, der, f->place, what, &c))
		return;
	if (!c.is_ca) {
		rules_say(b, DIAG_ERROR, f->place, "issue-not-a-ca",
		    "%s: not the certificate of a CA (RFC 5280 4.2.1.9); "
		    "devices' own certificates are let in by a table of "
		    "fingerprints",
		    what);
		return;
	}
	if (!c.p256)
		rules_say(b, DIAG_WARNING, f->place, "issue-key",
		    "%s: its key is not on P-256; handshakes may not be able "
		    "to verify what it has signed",
		    what);
	(void)rules_dates(b, &c, f->place, what);
	if (trust_add(t, der, &fault) || note_anchor(b->rules, &c))
		b->rc = RC_MEMORY;
}

static void
believe_file(
    struct rules_build *b, struct trust *t, const struct rules_named *f)
{
	struct rules_parts parts;

	if (!rules_take_apart(b, f, "CERTIFICATE", &parts))
		return;
	for (size_t i = 0; i < parts.count; i++)
		believe(b, t, f, parts.der[i], i + 1);
}

static struct rules_trust *
new_trust(struct rules_build *b, struct span bytes)
{
	struct issue_rules *r = b->rules;
	struct rules_trust *t = arena_alloc(r->arena, sizeof(*t));

	if (t)
		t->trust = trust_new();
	if (!t || !t->trust) {
		b->rc = RC_MEMORY;
		return NULL;
	}
	t->bytes = bytes;
	t->next = r->trusts;
	r->trusts = t;
	return t;
}

static struct rules_trust *
trust_of_daemon(struct rules_build *b, const struct issue_rules_config *config)
{
	struct rules_trust *t;

	if (!config || config->trust_count == 0)
		return NULL;
	t = new_trust(b, span_of(NULL, 0));
	for (size_t i = 0; t && i < config->trust_count; i++) {
		const struct rules_named f = rules_keep(b, &config->trust[i]);

		if (b->rc == RC_OK)
			believe_file(b, t->trust, &f);
	}
	return t;
}

/** Documents that name files of the same content share what they believe. */
static struct rules_trust *
trust_of_file(struct rules_build *b, const struct policy_file *file)
{
	const struct rules_named f = rules_named(file);
	struct rules_trust *t;

	for (t = b->rules->trusts; t; t = t->next)
		if (t->bytes.len > 0 && span_equal(t->bytes, file->bytes))
			return t;
	t = new_trust(b, file->bytes);
	if (t)
		believe_file(b, t->trust, &f);
	return t;
}

void
rules_trusts(struct rules_build *b, const struct issue_rules_config *config)
{
	const struct policy_set *set = b->rules->set;
	struct rules_trust *ours = trust_of_daemon(b, config);

	for (size_t i = 0; b->rc == RC_OK && i < set->identity_count; i++) {
		const struct identity *id = &set->identities[i];

		if (id->kind != IDENTITY_CERTIFICATE)
			continue;
		b->rules->identity_trust[i] =
		    id->trust.name ? trust_of_file(b, &id->trust) : ours;
		if (!id->trust.name && !ours && config)
			rules_say(b, DIAG_ERROR, id->place, "issue-trust",
			    "certificate.trust: not said, and `server.trust` "
			    "of the configuration is not either: no "
			    "certificate would be believed");
	}
}
