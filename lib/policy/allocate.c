#include "policy/allocate.h"

#include <stdlib.h>

void
allocate_key(const char *pool, const char *member, uint8_t key[static 16])
{
	uint8_t sum[DIGEST_LEN];
	struct digest d;

	digest_init(&d);
	digest_put(&d, SPAN_LIT("bootstrapd allocate\0"));
	digest_put(&d, span_of(pool, strlen(pool) + 1));
	digest_put(&d, span_of(member, strlen(member) + 1));
	digest_final(&d, sum);
	memcpy(key, sum, 16);
}

enum { FRACTION = 26 /* bits of a logarithm behind its point */ };

/* Of x / 2^31, which is in [1, 2). One bit a step: the square is in [1, 4), and
 * is 2 or more where the next bit of the logarithm is set. */
static uint64_t
log2_fraction(uint64_t x)
{
	uint64_t out = 0;

	for (int i = 0; i < FRACTION; i++) {
		const uint64_t square = x * x;
		const bool bit = square >> 63;

		out = out << 1 | bit;
		x = square >> (bit ? 32 : 31);
	}
	return out;
}

uint64_t
allocate_draw(uint64_t hash)
{
	/* the one number without a logarithm is taken for its neighbour */
	const unsigned zeros = hash ? (unsigned)__builtin_clzll(hash) : 63;
	const uint64_t mantissa = hash ? hash << zeros : (uint64_t)1 << 63;
	const uint64_t log =
	    (uint64_t)(63 - zeros) << FRACTION | log2_fraction(mantissa >> 32);

	return ((uint64_t)64 << FRACTION) - log;
}

/* What is said of the device and the pool while a member is looked for. */
struct choosing {
	const struct policy *policy;
	const struct policy_pool *pool;
	const struct policy_facts *facts;
	struct policy_choice *out;
	bool found;
};

static const struct policy_share *
share_at(const struct choosing *c, size_t i)
{
	return &c->policy->servers[c->pool->first + i].share;
}

bool
policy_is_there(const struct policy_history *h, const char *name)
{
	struct span rest = h ? h->servers : span_of(NULL, 0);
	const size_t len = strlen(name);

	while (rest.len > 0) {
		const uint8_t *space = memchr(rest.p, ' ', rest.len);
		size_t n = space ? (size_t)(space - rest.p) : rest.len;

		if (n == len && memcmp(rest.p, name, n) == 0)
			return true;
		rest = span_from(rest, space ? n + 1 : n);
	}
	return false;
}

/* Take the i-th member, if it takes the device. */
static enum rc
try(struct choosing *c, size_t i, enum policy_chosen why)
{
	const struct policy_facts *f = c->facts;
	const size_t at = c->pool->first + i;
	const struct policy_server *s = &c->policy->servers[at];
	uint64_t devices = 0;
	enum rc rc;

	if (s->share.drain) {
		c->out->drained++;
		return RC_OK;
	}
	if (s->share.capacity > 0 && f->load) {
		rc = f->load(f->load_ctx, s->name, &devices);
		if (rc != RC_OK)
			return rc;
		if (devices >= s->share.capacity) {
			if (!policy_is_there(f->history, s->name)) {
				c->out->full++;
				return RC_OK;
			}
			why = CHOSEN_STAYS;
		}
	}
	c->out->server = at;
	c->out->why = why;
	c->found = true;
	return RC_OK;
}

/* --- hashed --------------------------------------------------------------- */

/* a / by < b / bw, in integers: a draw has 33 bits, a weight 10. */
static bool
is_before(uint64_t a, uint64_t aw, uint64_t b, uint64_t bw)
{
	return a * bw < b * aw;
}

struct drawn {
	uint64_t draw, weight;
	size_t member;
};

/* Of equals the first in the document. */
static int
compare_drawn(const void *x, const void *y)
{
	const struct drawn *a = x, *b = y;

	if (is_before(a->draw, a->weight, b->draw, b->weight))
		return -1;
	if (is_before(b->draw, b->weight, a->draw, a->weight))
		return 1;
	return a->member < b->member ? -1 : 1;
}

/* The device's own order of the members. Mostly the first of it takes the
 * device, and nothing needs to be sorted; where many are full or drained, each
 * is drawn for once all the same. */
static enum rc
by_hash(struct choosing *c)
{
	struct drawn all[POLICY_MEMBERS_MAX];
	const size_t count = c->pool->count;
	size_t first = 0;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < count; i++) {
		const struct policy_share *s = share_at(c, i);

		all[i] = (struct drawn){
		    allocate_draw(hash_keyed(s->key, c->facts->endpoint)),
		    s->weight, i};
		if (compare_drawn(&all[i], &all[first]) < 0)
			first = i;
	}
	if (count > 0)
		rc = try(c, all[first].member, CHOSEN_HASH);
	if (rc != RC_OK || c->found || count < 2)
		return rc;
	qsort(all, count, sizeof(all[0]), compare_drawn);
	/* the first has been asked */
	for (size_t i = 1; i < count && rc == RC_OK && !c->found; i++)
		rc = try(c, all[i].member, CHOSEN_HASH);
	return rc;
}

/* --- network, list -------------------------------------------------------- */

static bool
has_network(const struct policy_share *s, const struct address *from)
{
	for (size_t i = 0; from && i < s->network_count; i++)
		if (network_contains(&s->networks[i], from))
			return true;
	return false;
}

static bool
has_name(const struct policy_share *s, struct span endpoint)
{
	size_t low = 0, high = s->name_count;

	while (low < high) {
		size_t at = low + (high - low) / 2;
		int c = span_compare(s->names[at], endpoint);

		if (c == 0)
			return true;
		if (c < 0)
			low = at + 1;
		else
			high = at;
	}
	return false;
}

static bool
has_it(const struct choosing *c, const struct policy_share *s)
{
	return c->pool->allocate == ALLOCATE_NETWORK
	    ? has_network(s, c->facts->from)
	    : has_name(s, c->facts->endpoint);
}

/* Those that name the device in the order of the document, then the one that
 * names none. */
static enum rc
by_name(struct choosing *c)
{
	const enum policy_chosen why = c->pool->allocate == ALLOCATE_NETWORK
	    ? CHOSEN_NETWORK
	    : CHOSEN_LIST;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < c->pool->count && rc == RC_OK && !c->found; i++)
		if (!share_at(c, i)->is_default && has_it(c, share_at(c, i)))
			rc = try(c, i, why);
	for (size_t i = 0; i < c->pool->count && rc == RC_OK && !c->found; i++)
		if (share_at(c, i)->is_default)
			rc = try(c, i, CHOSEN_DEFAULT);
	return rc;
}

enum rc
allocate(const struct policy *p, const struct policy_pool *pool,
    const struct policy_facts *f, struct policy_choice *out,
    enum policy_answer *answer)
{
	struct choosing c = {p, pool, f, out, false};
	enum rc rc;

	*out = (struct policy_choice){.pool = pool, .server = pool->first};
	if (!pool->name)
		c.found = true;
	rc = c.found                            ? RC_OK
	    : pool->allocate == ALLOCATE_HASHED ? by_hash(&c)
						: by_name(&c);
	*answer = c.found ? POLICY_GIVEN
	    : out->full   ? POLICY_FULL
			  : POLICY_NO_SERVER;
	return rc;
}
