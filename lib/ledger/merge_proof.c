#include "ledger/merge_proof.h"

#include "ledger/store.h"

#include <stdlib.h>

static int
compare(const struct merge_chain *c, struct span station)
{
	size_t shorter =
	    c->station_len < station.len ? c->station_len : station.len;
	int order = memcmp(c->station, station.p, shorter);

	if (order == 0 && c->station_len != station.len)
		order = c->station_len < station.len ? -1 : 1;
	return order;
}

/* Where it is, or is to be. */
static size_t
find(const struct merge_proof *p, struct span station, bool *found)
{
	size_t low = 0, high = p->count;

	*found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare(&p->chains[middle], station);

		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct merge_chain *
chain_of(struct merge_proof *p, struct span station)
{
	bool found;
	size_t at = find(p, station, &found);

	if (found)
		return &p->chains[at];
	if (p->count == p->cap) {
		size_t cap = p->cap ? 2 * p->cap : 16;
		void *grown = realloc(p->chains, cap * sizeof(*p->chains));

		if (!grown)
			return NULL;
		p->chains = grown;
		p->cap = cap;
	}
	memmove(&p->chains[at + 1], &p->chains[at],
	    (p->count - at) * sizeof(*p->chains));
	p->count++;
	p->chains[at] = (struct merge_chain){.station_len = station.len};
	memcpy(p->chains[at].station, station.p, station.len);
	return &p->chains[at];
}

enum rc
merge_proof_row(
    struct merge_proof *p, const struct ledger_row *row, struct writer *what)
{
	const struct ledger_row *was = &p->merged.row;
	enum rc rc = ledger_merged_read(row, &p->merged);
	struct merge_chain *chain;
	uint8_t hash[DIGEST_LEN];

	if (rc == RC_NOT_FOUND)
		return RC_OK;
	if (rc != RC_OK) {
		writer_str(what,
		    "what was merged with it is not as a merge "
		    "writes it");
		return RC_CONFLICT;
	}
	chain = chain_of(p, p->merged.station);
	if (!chain)
		return RC_MEMORY;
	if (was->seq != chain->seq + 1) {
		writer_fmt(what, "row %llu of station %.*s is missing",
		    (unsigned long long)chain->seq + 1,
		    SPAN_FMT(p->merged.station));
		return RC_CONFLICT;
	}
	chain_hash(chain->head, was, hash);
	if (memcmp(hash, was->hash, DIGEST_LEN) != 0) {
		writer_fmt(what,
		    "row %llu of station %.*s does not follow from the one "
		    "before it there",
		    (unsigned long long)was->seq, SPAN_FMT(p->merged.station));
		return RC_CONFLICT;
	}
	chain->seq = was->seq;
	memcpy(chain->head, was->hash, DIGEST_LEN);
	return RC_OK;
}

void
merge_proof_fini(struct merge_proof *p)
{
	free(p->chains);
	*p = (struct merge_proof){0};
}
