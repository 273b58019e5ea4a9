#include "image_past.h"

#include <stdlib.h>

struct search {
	struct ledger *l;
	const char *identity;
	struct image_past *past;
};

static bool
has(const struct image_past *p, const struct image_live *one)
{
	for (size_t i = 0; i < p->live_count; i++)
		if (strcmp(p->live[i].fingerprint, one->fingerprint) == 0)
			return true;
	return false;
}

static enum rc
add(struct image_past *p, const struct image_live *one)
{
	if (p->live_count == p->live_cap) {
		size_t cap = p->live_cap ? 2 * p->live_cap : 4;
		struct image_live *more = realloc(p->live, cap * sizeof(*more));

		if (!more)
			return RC_MEMORY;
		p->live = more;
		p->live_cap = cap;
	}
	p->live[p->live_count++] = *one;
	return RC_OK;
}

static enum rc
take(void *ctx, const struct ledger_row *row)
{
	struct search *s = ctx;
	struct image_past *p = s->past;
	struct image_live one;
	bool revoked;
	enum rc rc = image_row_read(s->l, row, &one, &revoked);

	if (rc != RC_OK)
		return rc;
	if (p->newest.seq == 0)
		p->newest = one;
	if (strcmp(one.identity, s->identity) == 0 &&
	    one.epoch > (int64_t)p->epoch && one.epoch <= UINT32_MAX)
		p->epoch = (uint32_t)one.epoch;
	if (revoked || !one.fingerprint[0] || has(p, &one))
		return RC_OK;
	return add(p, &one);
}

enum rc
image_past_read(struct ledger *l, struct span endpoint, const char *identity,
    struct image_past *p)
{
	const struct ledger_query q = {
	    .kind = SPAN_LIT("image_minted"),
	    .endpoint = endpoint,
	    .newest_first = true,
	};
	struct search s = {.l = l, .identity = identity, .past = p};

	image_past_fini(p);
	return ledger_read(l, &q, take, &s);
}

void
image_past_fini(struct image_past *p)
{
	free(p->live);
	*p = (struct image_past){0};
}
