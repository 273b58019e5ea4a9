/* CAs: those that certificates are issued by, those that are believed, and the
 * lists of what they have taken back. */
#include "hsm/crl.h"
#include "issue/rules_internal.h"

#include <stdio.h>

static const char code_file[] = "issue-certificate";

/** A file, and where it is named. */
struct named {
	struct span bytes;
	struct policy_place place;
	struct rules_shown name; /**< for findings */
};

static struct named
named_file(const struct policy_file *f)
{
	return (struct named){
	    f->bytes, f->place, rules_show(span_str(f->path))};
}

static struct named
own_file(const struct issue_file *f)
{
	return (struct named){
	    f->bytes, {f->path, 0}, rules_show(span_str(f->path))};
}

/** False: a finding says why. */
static bool
take_apart(struct rules_build *b, const struct named *f, const char *label,
    struct rules_parts *parts)
{
	enum rc rc = rules_parts(b->rules->arena, f->bytes, label, parts);

	if (rc == RC_OK)
		return true;
	if (rc == RC_MEMORY)
		b->rc = rc;
	else
		rules_say(b, DIAG_ERROR, f->place, code_file,
		    "%s: %s; PEM with -----BEGIN %s-----, or DER is expected",
		    f->name.text,
		    rc == RC_NOT_FOUND ? "nothing of that kind stands in it"
				       : "cannot be taken apart",
		    label);
	return false;
}

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
	const struct named f = named_file(&p->certificate);
	struct rules_parts parts;
	struct cert *c = &out->cert;

	out->document = p;
	if (!key_of(b, p, &out->key) ||
	    !take_apart(b, &f, "CERTIFICATE", &parts) ||
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
believe(struct rules_build *b, struct trust *t, const struct named *f,
    struct span der, size_t number)
{
	struct der_fault fault;
	struct cert c;
	char what[sizeof(f->name.text) + 32];

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
believe_file(struct rules_build *b, struct trust *t, const struct named *f)
{
	struct rules_parts parts;

	if (!take_apart(b, f, "CERTIFICATE", &parts))
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

/** What the set has lies in the set; what the daemon has is copied. */
static struct named
keep(struct rules_build *b, const struct issue_file *file)
{
	struct named f = own_file(file);

	f.place.file = arena_str(b->rules->arena, file->path);
	f.bytes = arena_copy(b->rules->arena, f.bytes);
	if (!f.place.file || !f.bytes.p)
		b->rc = RC_MEMORY;
	return f;
}

static struct rules_trust *
trust_of_daemon(struct rules_build *b, const struct issue_rules_config *config)
{
	struct rules_trust *t;

	if (!config || config->trust_count == 0)
		return NULL;
	t = new_trust(b, span_of(NULL, 0));
	for (size_t i = 0; t && i < config->trust_count; i++) {
		const struct named f = keep(b, &config->trust[i]);

		if (b->rc == RC_OK)
			believe_file(b, t->trust, &f);
	}
	return t;
}

/** Documents that name files of the same content share what they believe. */
static struct rules_trust *
trust_of_file(struct rules_build *b, const struct policy_file *file)
{
	const struct named f = named_file(file);
	struct rules_trust *t;

	for (t = b->rules->trusts; t; t = t->next)
		if (t->bytes.len > 0 && span_equal(t->bytes, file->bytes))
			return t;
	t = new_trust(b, file->bytes);
	if (t)
		believe_file(b, t->trust, &f);
	return t;
}

/* --- revocation lists ----------------------------------------------------- */

/**
 * RC_OK: a CA that is known here has signed it. RC_DENIED: one of its name has
 * not. RC_NOT_FOUND: nobody of that name is known.
 */
static enum rc
find_signer(const struct issue_rules *r, const struct crl *list)
{
	enum rc best = RC_NOT_FOUND;

	for (const struct rules_anchor *a = r->anchors; a; a = a->next) {
		enum rc rc = crl_verify(list, &a->cert);

		if (rc == RC_OK)
			return RC_OK;
		if (rc != RC_CONFLICT)
			best = RC_DENIED;
	}
	for (size_t i = 0; i < r->set->authority_count; i++) {
		const struct cert *c = &r->authorities[i].cert;
		enum rc rc = c->der.len ? crl_verify(list, c) : RC_CONFLICT;

		if (rc == RC_OK)
			return RC_OK;
		if (rc != RC_CONFLICT)
			best = RC_DENIED;
	}
	return best;
}

static void
say_list_dates(struct rules_build *b, const struct crl *list,
    struct policy_place place, const char *what)
{
	if (list->next_update_s < b->now_s)
		rules_say(b, DIAG_WARNING, place, "issue-crl-stale",
		    "%s: out of date since %s; what it lists stays refused, "
		    "what was revoked since is not known: fetch or sign the "
		    "next one",
		    what, rules_time(list->next_update_s).text);
	else if (list->this_update_s > b->now_s)
		rules_say(b, DIAG_WARNING, place, "issue-crl-stale",
		    "%s: of a time that is still to come, %s; it counts all "
		    "the same: look at the clock of this machine",
		    what, rules_time(list->this_update_s).text);
}

static void
honour(struct rules_build *b, const struct named *f, struct span der)
{
	struct issue_rules *r = b->rules;
	struct der_fault fault;
	struct crl list;
	char text[200];
	struct writer w;
	enum rc rc = crl_parse(der, &list, &fault), signer;

	if (rc) {
		writer_init(&w, text, sizeof(text) - 1);
		der_fault_print(&fault, &w);
		text[w.len] = '\0';
		rules_say(b, DIAG_ERROR, f->place, "issue-crl",
		    "%s: no revocation list that can be honoured: %s",
		    f->name.text, text);
		return;
	}
	signer = find_signer(r, &list);
	if (signer == RC_DENIED) {
		rules_say(b, DIAG_ERROR, f->place, "issue-crl-signature",
		    "%s: not signed by the CA that it names, or that CA may "
		    "not sign lists: a file that was changed, or of a CA "
		    "with the same name and another key",
		    f->name.text);
		return;
	}
	if (signer != RC_OK)
		rules_say(b, DIAG_WARNING, f->place, "issue-crl-issuer",
		    "%s: its CA is no trust anchor here; it counts only for "
		    "devices that send that CA's certificate along",
		    f->name.text);
	say_list_dates(b, &list, f->place, f->name.text);
	for (struct rules_trust *t = r->trusts; t; t = t->next)
		if (trust_add_crl(t->trust, der, &fault) != RC_OK)
			b->rc = RC_MEMORY;
	if (signer == RC_OK)
		r->crls[r->crl_count++] = der;
}

static void
honour_all(struct rules_build *b, const struct issue_rules_config *config)
{
	enum { LISTS_MAX = 1024 };
	struct issue_rules *r = b->rules;

	if (!config || config->crl_count == 0)
		return;
	r->crls = arena_array(r->arena, LISTS_MAX, sizeof(*r->crls));
	if (!r->crls)
		b->rc = RC_MEMORY;
	for (size_t i = 0; b->rc == RC_OK && i < config->crl_count; i++) {
		const struct named f = keep(b, &config->crls[i]);
		struct rules_parts parts;

		if (b->rc || !take_apart(b, &f, "X509 CRL", &parts))
			continue;
		if (r->crl_count + parts.count > LISTS_MAX) {
			rules_say(b, DIAG_ERROR, f.place, "issue-crl",
			    "%s: more than %d revocation lists", f.name.text,
			    LISTS_MAX);
			return;
		}
		for (size_t k = 0; k < parts.count; k++)
			honour(b, &f, parts.der[k]);
	}
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
	if (b->rc == RC_OK)
		honour_all(b, config);
}
