#include "policy/regex_state.h"

/* Bytes that stand in front in every case. */
static struct span
prefix_of(struct arena *a, const struct state *states, size_t count)
{
	size_t len = 0;
	uint8_t *out;

	while (len < count && states[len].op == OP_BYTE)
		len++;
	/* the last of them may be what a + repeats, and stands once at least */
	out = arena_alloc(a, len + 1);
	for (size_t i = 0; out && i < len; i++)
		out[i] = states[i].byte;
	return span_of(out, len);
}

static enum rc
keep(struct arena *a, const struct parser *p, const struct regex **out)
{
	struct regex *r = arena_alloc(a, sizeof(*r));
	struct state *states = arena_array(a, p->count, sizeof(*states));

	if (!r || !states)
		return RC_MEMORY;
	memcpy(states, p->states, p->count * sizeof(*states));
	r->states = states;
	r->count = p->count;
	r->prefix = prefix_of(a, states, p->count);
	*out = r;
	return r->prefix.p ? RC_OK : RC_MEMORY;
}

enum rc
regex_compile(struct arena *a, struct span text, const struct regex **out,
    struct regex_fault *fault)
{
	struct state *states;
	struct parser p = {.text = text};
	struct arena *room;
	enum rc rc;

	*fault = (struct regex_fault){0};
	if (text.len == 0 || text.len > REGEX_TEXT_MAX) {
		fault->why = "an expression has 1 to 1000 bytes";
		return RC_TOO_LARGE;
	}
	if (memchr(text.p, '\0', text.len)) {
		fault->why = "a NUL in an expression";
		return RC_MALFORMED;
	}
	room = arena_new(0);
	states =
	    room ? arena_array(room, REGEX_STATES_MAX, sizeof(*states)) : NULL;
	p.states = states;
	rc = states ? RC_OK : RC_MEMORY;
	if (rc == RC_OK)
		regex_parse(&p);
	if (p.fault) {
		*fault = (struct regex_fault){p.fault_at, p.fault};
		rc = p.too_large ? RC_TOO_LARGE : RC_MALFORMED;
	}
	if (rc == RC_OK)
		rc = keep(a, &p, out);
	arena_free(room);
	return rc;
}

/* --- matching ------------------------------------------------------------- */

enum { WORDS = REGEX_STATES_MAX / 64 };

/* States that are alive. Jumps are followed as one is added. */
struct alive {
	uint64_t bits[WORDS];
	uint16_t list[REGEX_STATES_MAX];
	size_t count;
};

static void
add(const struct regex *r, struct alive *to, size_t at)
{
	size_t next = to->count;

	if (to->bits[at / 64] & 1ull << at % 64)
		return;
	to->bits[at / 64] |= 1ull << at % 64;
	to->list[to->count++] = (uint16_t)at;
	/* each state is in the list once: so many steps and no more */
	for (; next < to->count; next++) {
		size_t from = to->list[next];
		const struct state *s = &r->states[from];
		size_t go[2], n = 0;

		if (s->op == OP_SPLIT || s->op == OP_JUMP)
			go[n++] = from + (size_t)s->x;
		if (s->op == OP_SPLIT)
			go[n++] = from + (size_t)s->y;
		for (size_t i = 0; i < n; i++) {
			uint64_t bit = 1ull << go[i] % 64;

			if (to->bits[go[i] / 64] & bit)
				continue;
			to->bits[go[i] / 64] |= bit;
			to->list[to->count++] = (uint16_t)go[i];
		}
	}
}

static void
clear(struct alive *a)
{
	memset(a->bits, 0, sizeof(a->bits));
	a->count = 0;
}

static bool
takes(const struct state *s, uint8_t byte)
{
	if (s->op == OP_BYTE)
		return s->byte == byte;
	return s->op == OP_SET && s->set[byte / 8] & 1u << byte % 8;
}

bool
regex_match(const struct regex *r, struct span name)
{
	struct alive sets[2], *now = &sets[0], *then = &sets[1], *swap;

	clear(now);
	add(r, now, 0);
	for (size_t i = 0; i < name.len && now->count > 0; i++) {
		clear(then);
		for (size_t k = 0; k < now->count; k++) {
			size_t at = now->list[k];

			if (takes(&r->states[at], name.p[i]))
				add(r, then, at + 1);
		}
		swap = now;
		now = then;
		then = swap;
	}
	for (size_t k = 0; k < now->count; k++)
		if (r->states[now->list[k]].op == OP_END)
			return true;
	return false;
}

struct span
regex_prefix(const struct regex *r)
{
	return r->prefix;
}
