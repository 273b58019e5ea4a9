/* States of an expression, as they are put one behind the other. */
#include "policy/regex_state.h"

void
regex_fail(struct parser *p, size_t at, const char *why)
{
	if (p->fault)
		return;
	p->fault = why;
	p->fault_at = at;
}

/* Room for `n` states at `at`, those behind moved on. */
static struct state *
insert(struct parser *p, size_t at, size_t n)
{
	if (p->fault)
		return NULL;
	if (p->count + n > REGEX_STATES_MAX) {
		regex_fail(p, p->at,
		    "more than 1024 states; make it shorter, or the numbers "
		    "in {} smaller");
		p->too_large = true;
		return NULL;
	}
	memmove(&p->states[at + n], &p->states[at],
	    (p->count - at) * sizeof(*p->states));
	memset(&p->states[at], 0, n * sizeof(*p->states));
	p->count += n;
	return &p->states[at];
}

void
regex_put_byte(struct parser *p, uint8_t byte)
{
	struct state *s = insert(p, p->count, 1);

	if (s)
		*s = (struct state){.op = OP_BYTE, .byte = byte};
}

void
regex_put_jump(struct parser *p, size_t at, enum op op, int x, int y)
{
	struct state *s = insert(p, at, 1);

	if (s)
		*s = (struct state){.op = op, .x = x, .y = y};
}

void
regex_put_set(struct parser *p, const uint8_t set[static SET_LEN])
{
	struct state *s = insert(p, p->count, 1);

	if (!s)
		return;
	s->op = OP_SET;
	memcpy(s->set, set, SET_LEN);
}

/* The piece from `from` is there any number of times, or `optional`, once at
 * most. */
static void
make_star(struct parser *p, size_t from, bool optional)
{
	int len = (int)(p->count - from);

	regex_put_jump(p, from, OP_SPLIT, 1, len + (optional ? 1 : 2));
	if (!optional)
		regex_put_jump(p, p->count, OP_JUMP, -(len + 1), 0);
}

static void
make_plus(struct parser *p, size_t from)
{
	regex_put_jump(p, p->count, OP_SPLIT, -(int)(p->count - from), 1);
}

/* The piece from `from` once more, at the end. */
static void
copy(struct parser *p, size_t from, size_t len)
{
	struct state *s = insert(p, p->count, len);

	if (s)
		memcpy(s, &p->states[from], len * sizeof(*s));
}

void
regex_put_repeated(struct parser *p, size_t from, unsigned least, unsigned most)
{
	const size_t len = p->count - from;

	/* {0,}: as *; {0,n}: once as ?, and n - 1 more of these */
	if (least == 0) {
		make_star(p, from, most != 0);
		for (unsigned i = 1; i < most && !p->fault; i++)
			copy(p, from, len + 1);
		return;
	}
	for (unsigned i = 1; i < least && !p->fault; i++)
		copy(p, from, len);
	if (most == 0) {
		make_plus(p, p->count - len);
		return;
	}
	for (unsigned i = least; i < most && !p->fault; i++) {
		size_t last = p->count;

		copy(p, from, len);
		if (!p->fault)
			make_star(p, last, true);
	}
}
