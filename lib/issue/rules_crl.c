/* Lists of what CAs have taken back. */
#include "base/digest.h"
#include "base/text.h"
#include "hsm/crl.h"
#include "issue/rules_internal.h"

#include <stdio.h>

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

static enum rc
ask(const struct crl *list, const struct cert *ca, const struct cert **signer)
{
	enum rc rc = crl_verify(list, ca);

	if (rc == RC_OK)
		*signer = ca;
	return rc;
}

/**
 * RC_OK: a CA that is known here has signed it, `signer`. RC_DENIED: one of its name has
 * not. RC_UNSUPPORTED: one of its name signs by another algorithm, which only
 * OpenSSL verifies. RC_NOT_FOUND: nobody of that name is known. RC_MEMORY.
 */
static enum rc
find_signer(const struct issue_rules *r, const struct crl *list,
    const struct cert **signer)
{
	enum rc best = RC_NOT_FOUND;

	for (const struct rules_anchor *a = r->anchors; a; a = a->next)
		best = better(best, ask(list, &a->cert, signer));
	for (size_t i = 0; i < r->set->authority_count; i++)
		if (r->authorities[i].cert.der.len > 0)
			best = better(
			    best, ask(list, &r->authorities[i].cert, signer));
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
keep(struct rules_build *b, const struct rules_named *f, struct span der,
    const struct crl *list, const struct cert *signer)
{
	struct issue_rules *r = b->rules;
	struct rules_list *l = arena_alloc(r->arena, sizeof(*l));
	struct digest whose;

	if (!l) {
		b->rc = RC_MEMORY;
		return;
	}
	*l = (struct rules_list){
	    .der = der,
	    .holds = signer != NULL,
	    .number = list->number,
	    .this_update_s = list->this_update_s,
	    .place = f->place,
	    .name = arena_str(r->arena, f->name.text),
	};
	if (!l->name)
		b->rc = RC_MEMORY;
	digest_init(&whose);
	digest_put(&whose, signer ? signer->spki : list->issuer);
	if (!signer)
		digest_put(&whose, list->issuer_key_id);
	digest_final(&whose, l->whose);
	*r->list_tail = l;
	r->list_tail = &l->next;
	r->list_count++;
}

static void
honour(struct rules_build *b, const struct rules_named *f, struct span der)
{
	struct issue_rules *r = b->rules;
	const struct cert *ca = NULL;
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
	signer = find_signer(r, &list, &ca);
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
	keep(b, f, der, &list, ca);
}

/* --- and not older than those in force ------------------------------------ */

/** Below zero: `a` is the older one. Where both have a number it decides; of
 *  the same number, or without one, the date. */
static int
compare_age(const struct rules_list *a, const struct rules_list *b)
{
	int by_number = 0;

	if (a->number.len && b->number.len && a->number.len != b->number.len)
		by_number = a->number.len < b->number.len ? -1 : 1;
	else if (a->number.len && b->number.len)
		by_number = memcmp(a->number.p, b->number.p, a->number.len);
	if (by_number)
		return by_number;
	return (a->this_update_s > b->this_update_s) -
	    (a->this_update_s < b->this_update_s);
}

static const struct rules_list *
newest(const struct issue_rules *r, const uint8_t whose[static DIGEST_LEN])
{
	const struct rules_list *best = NULL;

	for (const struct rules_list *l = r->lists; l; l = l->next)
		if (memcmp(l->whose, whose, DIGEST_LEN) == 0 &&
		    (!best || compare_age(l, best) > 0))
			best = l;
	return best;
}

/** "number 12 of 2026-05-01T12:00:00Z" */
static struct rules_shown
list_age(const struct rules_list *l)
{
	struct rules_shown q;
	unsigned long long n = 0;
	char number[32] = "one without a number";
	struct writer w;

	for (size_t i = 0; i < l->number.len; i++)
		n = n << 8 | l->number.p[i];
	if (l->number.len)
		(void)snprintf(number, sizeof(number), "number %llu", n);
	writer_init(&w, q.text, sizeof(q.text) - 1);
	writer_str(&w, l->number.len > sizeof(n) ? "number 0x" : number);
	if (l->number.len > sizeof(n))
		text_hex(&w, l->number);
	writer_str(&w, " of ");
	der_print_time(&w, l->this_update_s);
	q.text[w.len] = '\0';
	return q;
}

/** Who was revoked in between would be let in again, and nobody would know. */
static void
say_older(struct rules_build *b, const struct issue_rules *previous)
{
	for (const struct rules_list *l = b->rules->lists; l; l = l->next) {
		const struct rules_list *theirs = newest(previous, l->whose);

		if (!theirs || newest(b->rules, l->whose) != l ||
		    compare_age(l, theirs) >= 0)
			continue;
		rules_say(b, DIAG_ERROR, l->place, "issue-crl-older",
		    "%s: %s, and %s of the same CA is in force: it stays; who "
		    "was revoked since would be let in again: put the latest "
		    "list in its place; if the CA has begun to count anew, "
		    "restart bootstrapd",
		    l->name, list_age(l).text, list_age(theirs).text);
	}
}

void
rules_lists(struct rules_build *b, const struct issue_rules_config *config)
{
	enum { LISTS_MAX = 1024 };
	struct issue_rules *r = b->rules;

	if (!config)
		return;
	for (size_t i = 0; b->rc == RC_OK && i < config->crl_count; i++) {
		const struct rules_named f = rules_keep(b, &config->crls[i]);
		struct rules_parts parts;

		if (b->rc || !rules_take_apart(b, &f, "X509 CRL", &parts))
			continue;
		if (r->list_count + parts.count > LISTS_MAX) {
			rules_say(b, DIAG_ERROR, f.place, "issue-crl",
			    "%s: more than %d revocation lists", f.name.text,
			    LISTS_MAX);
			return;
		}
		for (size_t k = 0; k < parts.count; k++)
			honour(b, &f, parts.der[k]);
	}
	if (b->rc == RC_OK && config->previous)
		say_older(b, config->previous);
}
