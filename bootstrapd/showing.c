#include "showing.h"

#include "policy/match.h"

#include <stdlib.h>
#include <unistd.h>

/** Bytes that grow. */
struct pile {
	uint8_t *p;
	size_t len, cap, count;
};

static enum rc
pile_put(void *ctx, struct span s)
{
	struct pile *pile = ctx;
	size_t cap = pile->cap ? pile->cap : 4096;
	void *p;

	while (cap - pile->len < s.len) {
		if (cap > SHOWN_BYTES_MAX)
			return RC_TOO_LARGE;
		cap *= 2;
	}
	if (cap != pile->cap) {
		p = realloc(pile->p, cap);
		if (!p)
			return RC_MEMORY;
		pile->p = p;
		pile->cap = cap;
	}
	memcpy(pile->p + pile->len, s.p, s.len);
	pile->len += s.len;
	pile->count++;
	return RC_OK;
}

static struct span
pile_span(const struct pile *pile)
{
	return span_of(pile->p, pile->len);
}

/* --- what two sets have, once --------------------------------------------- */

/** Calls `each` for every anchor, or every list, of the rules. */
typedef enum rc (*walk_fn)(
    const struct issue_rules *r, issue_der_fn each, void *ctx);

struct search {
	struct span der;
	bool found;
};

static enum rc
compare(void *ctx, struct span der)
{
	struct search *s = ctx;

	s->found |= span_equal(s->der, der);
	return RC_OK;
}

struct second {
	struct pile *pile;
	const struct issue_rules *first;
	walk_fn walk;
};

/** Not if the first set has it already. */
static enum rc
pile_put_new(void *ctx, struct span der)
{
	const struct second *second = ctx;
	struct search s = {.der = der};
	enum rc rc = second->walk(second->first, compare, &s);

	return rc != RC_OK || s.found ? rc : pile_put(second->pile, der);
}

static enum rc
pile_both(struct pile *pile, walk_fn walk, const struct issue_rules *rules,
    const struct issue_rules *also)
{
	struct second second = {pile, rules, walk};
	enum rc rc = walk(rules, pile_put, pile);

	return rc == RC_OK && also ? walk(also, pile_put_new, &second) : rc;
}

static bool
has_raw_key(
    const struct policy_set *set, const uint8_t sha256[static DIGEST_LEN])
{
	for (size_t i = 0; i < set->identity_count; i++)
		if (set->identities[i].kind == IDENTITY_RPK &&
		    identity_table_find(&set->identities[i], sha256).len > 0)
			return true;
	return false;
}

/** Of raw public keys that some document knows, and none of `not_of`. */
static enum rc
pile_raw_keys(struct pile *pile, const struct policy_set *set,
    const struct policy_set *not_of)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < set->identity_count; i++) {
		const struct identity *id = &set->identities[i];

		if (id->kind != IDENTITY_RPK)
			continue;
		for (size_t n = 0; rc == RC_OK && n < id->table_count; n++)
			if (!not_of ||
			    !has_raw_key(not_of, id->table[n].sha256))
				rc = pile_put(pile,
				    span_of(id->table[n].sha256, DIGEST_LEN));
	}
	return rc;
}

enum rc
showing_make(const struct issue_rules *rules, const struct issue_rules *also,
    const struct server_files *f, struct showing *out)
{
	struct pile anchors = {0}, crls = {0}, keys = {0};
	struct shown s = {.server_count = f->cert_count};
	enum rc rc;

	out->fd = -1;
	for (size_t i = 0; i < f->cert_count; i++)
		s.servers[i] = (struct shown_server){f->certs[i].number,
		    f->certs[i].cert.spki, f->certs[i].chain};
	rc = pile_both(&anchors, issue_rules_anchors, rules, also);
	if (rc == RC_OK)
		rc = pile_both(&crls, issue_rules_crls, rules, also);
	if (rc == RC_OK)
		rc = pile_raw_keys(&keys, issue_rules_set(rules), NULL);
	if (rc == RC_OK && also)
		rc = pile_raw_keys(
		    &keys, issue_rules_set(also), issue_rules_set(rules));
	s.trust = pile_span(&anchors);
	s.crls = pile_span(&crls);
	s.raw_keys = pile_span(&keys);
	out->anchors = anchors.count;
	out->crls = crls.count;
	out->raw_keys = keys.count;
	if (rc == RC_OK)
		rc = shown_seal(&s, &out->fd, &out->len);
	free(anchors.p);
	free(crls.p);
	free(keys.p);
	return rc;
}

void
showing_fini(struct showing *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}
