#include "policy/regex.h"

#include <ctype.h>

enum op {
	OP_BYTE, /* one byte, `byte` */
	OP_SET, /* one byte of `set` */
	OP_SPLIT, /* go on at `x` and at `y` */
	OP_JUMP, /* go on at `x` */
	OP_END,
};

enum { SET_LEN = 32 };

/* `x` and `y` count from the state itself: a piece can be moved whole. */
struct state {
	enum op op;
	uint8_t byte;
	int x, y;
	uint8_t set[SET_LEN]; /* a bit a byte */
};

struct regex {
	const struct state *states;
	size_t count;
	struct span prefix;
};

struct parser {
	struct span text;
	size_t at;
	unsigned depth;
	struct state *states; /* of REGEX_STATES_MAX */
	size_t count;
	const char *fault; /* NULL: none yet; sticky */
	size_t fault_at;
	bool too_large;
};

static void
fail(struct parser *p, size_t at, const char *why)
{
	if (p->fault)
		return;
	p->fault = why;
	p->fault_at = at;
}

static bool
more(const struct parser *p)
{
	return !p->fault && p->at < p->text.len;
}

/* The byte that is next; 0 at the end: no expression has one. */
static uint8_t
peek(const struct parser *p)
{
	return p->at < p->text.len ? p->text.p[p->at] : 0;
}

/* Room for `n` states at `at`, those behind moved on. */
static struct state *
insert(struct parser *p, size_t at, size_t n)
{
	if (p->fault)
		return NULL;
	if (p->count + n > REGEX_STATES_MAX) {
		fail(p, p->at,
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

static void
put_byte(struct parser *p, uint8_t byte)
{
	struct state *s = insert(p, p->count, 1);

	if (s)
		*s = (struct state){.op = OP_BYTE, .byte = byte};
}

static void
put_jump(struct parser *p, size_t at, enum op op, int x, int y)
{
	struct state *s = insert(p, at, 1);

	if (s)
		*s = (struct state){.op = op, .x = x, .y = y};
}

/* --- sets ----------------------------------------------------------------- */

static void
set_add(uint8_t *set, unsigned from, unsigned to)
{
	for (unsigned c = from; c <= to; c++)
		set[c / 8] = (uint8_t)(set[c / 8] | 1u << c % 8);
}

/* \d and \w. False: not one of them. */
static bool
set_add_kind(uint8_t *set, uint8_t letter)
{
	if (letter != 'd' && letter != 'w')
		return false;
	set_add(set, '0', '9');
	if (letter == 'w') {
		set_add(set, 'a', 'z');
		set_add(set, 'A', 'Z');
		set_add(set, '_', '_');
	}
	return true;
}

static void
put_set(struct parser *p, const uint8_t set[static SET_LEN])
{
	struct state *s = insert(p, p->count, 1);

	if (!s)
		return;
	s->op = OP_SET;
	memcpy(s->set, set, SET_LEN);
}

/* One end of a range, a backslash before it taken off. */
static uint8_t
set_byte(struct parser *p)
{
	size_t at = p->at;
	uint8_t c = peek(p);

	p->at++;
	if (c == '\\') {
		c = peek(p);
		p->at++;
		if (c == 0 || isalnum(c))
			fail(p, at, "\\ goes before \\, ] , - or ^ here");
	}
	if (c >= 0x80)
		fail(p, at,
		    "only ASCII stands in []; write (a|b) for other "
		    "characters");
	return c;
}

/* Behind the '['. */
static void
parse_set(struct parser *p)
{
	const size_t begin = p->at - 1;
	uint8_t set[SET_LEN] = {0};
	bool negated = peek(p) == '^';
	bool first = true;

	p->at += negated;
	while (more(p) && (first || peek(p) != ']')) {
		size_t at = p->at;
		uint8_t from, to;

		first = false;
		if (peek(p) == '[' && p->at + 1 < p->text.len &&
		    memchr(":.=", p->text.p[p->at + 1], 3)) {
			fail(p, at,
			    "[: :], [. .] and [= =] are not known; write "
			    "ranges like 0-9, or \\d and \\w");
			return;
		}
		if (peek(p) == '\\' && p->at + 1 < p->text.len &&
		    set_add_kind(set, p->text.p[p->at + 1])) {
			p->at += 2;
			continue;
		}
		from = to = set_byte(p);
		if (peek(p) == '-' && p->at + 1 < p->text.len &&
		    p->text.p[p->at + 1] != ']') {
			p->at++;
			to = set_byte(p);
		}
		if (from > to)
			fail(p, at,
			    "a range goes from the lower to the "
			    "higher");
		set_add(set, from, to);
	}
	if (!p->fault && peek(p) != ']')
		fail(p, begin, "this [ is not closed");
	p->at++;
	for (size_t i = 0; negated && i < SET_LEN; i++)
		set[i] = (uint8_t)~set[i];
	put_set(p, set);
}

/* --- pieces --------------------------------------------------------------- */

static void parse_choice(struct parser *p);

static void
parse_group(struct parser *p)
{
	const size_t begin = p->at - 1;

	if (peek(p) == '?') {
		fail(p, begin, "(? is not known; groups are ( ) alone");
		return;
	}
	if (p->depth == REGEX_DEPTH_MAX) {
		fail(p, begin, "more than 16 groups in each other");
		p->too_large = true;
		return;
	}
	p->depth++;
	parse_choice(p);
	p->depth--;
	if (!p->fault && peek(p) != ')')
		fail(p, begin, "this ( is not closed");
	p->at++;
}

static void
parse_escape(struct parser *p)
{
	const size_t begin = p->at - 1;
	uint8_t set[SET_LEN] = {0};
	uint8_t c = peek(p);

	p->at++;
	if (set_add_kind(set, c))
		put_set(p, set);
	else if (c >= '1' && c <= '9')
		fail(p, begin,
		    "a back reference cannot be matched in bounded time; "
		    "write out what it stands for");
	else if (c == 0 || c >= 0x80 || isalnum(c) || c == ' ')
		fail(p, begin,
		    "\\ goes before a character that has a meaning, or as \\d "
		    "and \\w");
	else
		put_byte(p, c);
}

/* One character, set or group. */
static void
parse_atom(struct parser *p)
{
	static const uint8_t nothing[SET_LEN] = {0};
	uint8_t c = peek(p), any[SET_LEN];

	p->at++;
	switch (c) {
	case '(':
		parse_group(p);
		return;
	case '[':
		parse_set(p);
		return;
	case '\\':
		parse_escape(p);
		return;
	case '.':
		for (size_t i = 0; i < SET_LEN; i++)
			any[i] = (uint8_t)~nothing[i];
		put_set(p, any);
		return;
	case '*':
	case '+':
	case '?':
	case '{':
		fail(p, p->at - 1,
		    "nothing is before it that could be repeated; \\ before "
		    "it takes it as it is");
		return;
	case ']':
	case '}':
		fail(p, p->at - 1,
		    "nothing is open that it could close; \\ "
		    "before it takes it as it is");
		return;
	case '^':
	case '$':
		fail(p, p->at - 1,
		    "^ stands in front of all and $ behind all, if they "
		    "stand: the whole name is described anyway");
		return;
	default:
		break;
	}
	put_byte(p, c);
	/* a character is repeated with all its bytes */
	while (c >= 0xc0 && (peek(p) & 0xc0) == 0x80)
		put_byte(p, p->text.p[p->at++]);
}

/* --- repetition ----------------------------------------------------------- */

static bool
parse_number(struct parser *p, unsigned *out)
{
	unsigned n = 0;
	size_t begin = p->at;

	while (isdigit(peek(p)) && n <= REGEX_REPEAT_MAX)
		n = n * 10 + (unsigned)(p->text.p[p->at++] - '0');
	*out = n;
	if (n > REGEX_REPEAT_MAX) {
		fail(p, begin, "at most 255 in {}");
		p->too_large = true;
	}
	return p->at > begin;
}

/* Behind the '{'. `most` 0: no end. */
static void
parse_bounds(struct parser *p, unsigned *least, unsigned *most)
{
	const size_t begin = p->at - 1;
	bool good = parse_number(p, least);

	*most = *least;
	if (good && peek(p) == ',') {
		p->at++;
		if (peek(p) == '}')
			*most = 0;
		else
			good = parse_number(p, most) && *most > 0;
	} else {
		good = good && *most > 0;
	}
	if (!good || peek(p) != '}' || (*most > 0 && *most < *least))
		fail(p, begin,
		    "{2}, {2,} or {2,5} is expected, not down and not {0}; \\{ "
		    "is the brace itself");
	p->at++;
}

/* The piece from `from` is there any number of times, or `optional`, once at
 * most. */
static void
make_star(struct parser *p, size_t from, bool optional)
{
	int len = (int)(p->count - from);

	put_jump(p, from, OP_SPLIT, 1, len + (optional ? 1 : 2));
	if (!optional)
		put_jump(p, p->count, OP_JUMP, -(len + 1), 0);
}

static void
make_plus(struct parser *p, size_t from)
{
	put_jump(p, p->count, OP_SPLIT, -(int)(p->count - from), 1);
}

/* The piece from `from` once more, at the end. */
static void
copy(struct parser *p, size_t from, size_t len)
{
	struct state *s = insert(p, p->count, len);

	if (s)
		memcpy(s, &p->states[from], len * sizeof(*s));
}

static void
repeat(struct parser *p, size_t from, unsigned least, unsigned most)
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

static void
parse_piece(struct parser *p)
{
	size_t from = p->count;
	unsigned least = 0, most = 0;
	uint8_t c;

	parse_atom(p);
	if (!more(p))
		return;
	c = peek(p);
	if (c != '*' && c != '+' && c != '?' && c != '{')
		return;
	p->at++;
	if (c == '{')
		parse_bounds(p, &least, &most);
	else if (c == '+')
		least = 1;
	else if (c == '?')
		most = 1;
	if (p->fault)
		return;
	repeat(p, from, least, most);
	if (more(p) && memchr("*+?{", peek(p), 4))
		fail(p, p->at,
		    "one repetition behind the other; put the first with what "
		    "it repeats in ( )");
}

/* Pieces one behind the other, up to '|', ')' or the end. */
static void
parse_sequence(struct parser *p)
{
	size_t begin = p->at;

	while (more(p) && peek(p) != '|' && peek(p) != ')')
		parse_piece(p);
	if (!p->fault && p->at == begin)
		fail(p, begin,
		    "nothing is here; ? behind a group says that it may be "
		    "left out");
}

static void
parse_choice(struct parser *p)
{
	size_t from = p->count;
	size_t ends[REGEX_TEXT_MAX / 2 + 1], count = 0;

	parse_sequence(p);
	while (more(p) && peek(p) == '|') {
		p->at++;
		put_jump(p, from, OP_SPLIT, 1, (int)(p->count - from) + 2);
		ends[count++] = p->count;
		put_jump(p, p->count, OP_JUMP, 0, 0);
		from = p->count;
		parse_sequence(p);
	}
	for (size_t i = 0; i < count && !p->fault; i++)
		p->states[ends[i]].x = (int)(p->count - ends[i]);
}

/* --- all of it ------------------------------------------------------------ */

/* ^ and $ around all. A '|' outside of groups would leave each of them to one
 * side alone, as other tools read it. */
static void
parse_all(struct parser *p)
{
	bool hat = p->text.len > 0 && p->text.p[0] == '^';
	size_t slashes = 0;
	bool dollar = p->text.len > 1 && p->text.p[p->text.len - 1] == '$';

	while (dollar && slashes + 1 < p->text.len &&
	    p->text.p[p->text.len - 2 - slashes] == '\\')
		slashes++;
	dollar = dollar && slashes % 2 == 0;
	p->at = hat;
	p->text.len -= dollar;
	parse_sequence(p);
	if (more(p) && peek(p) == '|' && (hat || dollar)) {
		fail(p, p->at,
		    "beside ^ and $ the choices go in ( ), like ^(a|b)$");
		return;
	}
	if (more(p) && peek(p) == '|') {
		p->at = 0;
		p->count = 0;
		parse_choice(p);
	}
	if (more(p))
		fail(p, p->at,
		    "this ) closes nothing; \\) is the character "
		    "itself");
	put_jump(p, p->count, OP_END, 0, 0);
}

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
		parse_all(&p);
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
