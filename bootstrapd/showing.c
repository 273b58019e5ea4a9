#include "showing.h"

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

/** Of raw public keys that some document knows. */
static enum rc
pile_raw_keys(struct pile *pile, const struct policy_set *set)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < set->identity_count; i++) {
		const struct identity *id = &set->identities[i];

		if (id->kind != IDENTITY_RPK)
			continue;
		for (size_t n = 0; rc == RC_OK && n < id->table_count; n++)
			rc = pile_put(
			    pile, span_of(id->table[n].sha256, DIGEST_LEN));
	}
	return rc;
}

enum rc
showing_make(const struct issue_rules *rules, const struct server_files *f,
    struct showing *out)
{
	struct pile anchors = {0}, crls = {0}, keys = {0};
	struct shown s = {.server_count = f->cert_count};
	enum rc rc;

	out->fd = -1;
	for (size_t i = 0; i < f->cert_count; i++)
		s.servers[i] = (struct shown_server){f->certs[i].number,
		    f->certs[i].cert.spki, f->certs[i].chain};
	rc = issue_rules_anchors(rules, pile_put, &anchors);
	if (rc == RC_OK)
		rc = issue_rules_crls(rules, pile_put, &crls);
	if (rc == RC_OK)
		rc = pile_raw_keys(&keys, issue_rules_set(rules));
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
