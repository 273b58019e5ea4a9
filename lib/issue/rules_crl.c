/* Lists of what CAs have taken back. */
#include "hsm/crl.h"
#include "issue/rules_internal.h"

/** Of what two CAs say of a list, what counts: RC_CONFLICT is of another CA. */
static enum rc
better(enum rc a, enum rc b)
{
	static const enum rc order[] = {RC_OK, RC_MEMORY, RC_UNSUPPORTED};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return a == RC_NOT_FOUND && b == RC_CONFLICT ? RC_NOT_FOUND : RC_DENIED;
}

/**
 * RC_OK: a CA that is known here has signed it. RC_DENIED: one of its name has
 * not. RC_UNSUPPORTED: one of its name signs by another algorithm, which only
 * OpenSSL verifies. RC_NOT_FOUND: nobody of that name is known. RC_MEMORY.
 */
static enum rc
find_signer(const struct issue_rules *r, const struct crl *list)
{
	enum rc best = RC_NOT_FOUND;

	for (const struct rules_anchor *a = r->anchors; a; a = a->next)
		best = better(best, crl_verify(list, &a->cert));
	for (size_t i = 0; i < r->set->authority_count; i++)
		if (r->authorities[i].cert.der.len > 0)
			best = better(
			    best, crl_verify(list, &r->authorities[i].cert));
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
honour(struct rules_build *b, const struct rules_named *f, struct span der)
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
	if (signer == RC_MEMORY) {
		b->rc = signer;
		return;
	}
	if (signer == RC_DENIED) {
		rules_say(b, DIAG_ERROR, f->place, "issue-crl-signature",
		    "%s: not signed by the CA that it names, or that CA may "
		    "not sign lists: a file that was changed, or of a CA "
		    "with the same name and another key",
		    f->name.text);
		return;
	}
	if (signer == RC_NOT_FOUND)
		rules_say(b, DIAG_WARNING, f->place, "issue-crl-issuer",
		    "%s: its CA is no trust anchor here; it counts only for "
		    "devices that send that CA's certificate along",
		    f->name.text);
	if (signer == RC_UNSUPPORTED)
		rules_say(b, DIAG_WARNING, f->place, "issue-crl-algorithm",
		    "%s: not signed by ECDSA with SHA-256 on P-256; its "
		    "signature is verified with each device's chain alone",
		    f->name.text);
	say_list_dates(b, &list, f->place, f->name.text);
	for (struct rules_trust *t = r->trusts; t; t = t->next)
		if (trust_add_crl(t->trust, der, &fault) != RC_OK)
			b->rc = RC_MEMORY;
	if (signer == RC_OK)
		r->crls[r->crl_count++] = der;
}

void
rules_lists(struct rules_build *b, const struct issue_rules_config *config)
{
	enum { LISTS_MAX = 1024 };
	struct issue_rules *r = b->rules;

	if (!config || config->crl_count == 0)
		return;
	r->crls = arena_array(r->arena, LISTS_MAX, sizeof(*r->crls));
	if (!r->crls)
		b->rc = RC_MEMORY;
	for (size_t i = 0; b->rc == RC_OK && i < config->crl_count; i++) {
		const struct rules_named f = rules_keep(b, &config->crls[i]);
		struct rules_parts parts;

		if (b->rc || !rules_take_apart(b, &f, "X509 CRL", &parts))
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
