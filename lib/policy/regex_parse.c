/* An expression read from left to right: each rule of the grammar is a function. */
#include "policy/regex_state.h"

#include <ctype.h>

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
			regex_fail(p, at, "\\ goes before \\, ] , - or ^ here");
	}
	if (c >= 0x80)
		regex_fail(p, at,
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
			regex_fail(p, at,
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
			regex_fail(p, at,
			    "a range goes from the lower to the "
			    "higher");
		set_add(set, from, to);
	}
	if (!p->fault && peek(p) != ']')
		regex_fail(p, begin, "this [ is not closed");
	p->at++;
	for (size_t i = 0; negated && i < SET_LEN; i++)
		set[i] = (uint8_t)~set[i];
	regex_put_set(p, set);
}

/* --- pieces --------------------------------------------------------------- */

static void parse_choice(struct parser *p);

static void
parse_group(struct parser *p)
{
	const size_t begin = p->at - 1;

	if (peek(p) == '?') {
		regex_fail(p, begin, "(? is not known; groups are ( ) alone");
		return;
	}
	if (p->depth == REGEX_DEPTH_MAX) {
		regex_fail(p, begin, "more than 16 groups in each other");
		p->too_large = true;
		return;
	}
	p->depth++;
	parse_choice(p);
	p->depth--;
	if (!p->fault && peek(p) != ')')
		regex_fail(p, begin, "this ( is not closed");
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
		regex_put_set(p, set);
	else if (c >= '1' && c <= '9')
		regex_fail(p, begin,
		    "a back reference cannot be matched in bounded time; "
		    "write out what it stands for");
	else if (c == 0 || c >= 0x80 || isalnum(c) || c == ' ')
		regex_fail(p, begin,
		    "\\ goes before a character that has a meaning, or as \\d "
		    "and \\w");
	else
		regex_put_byte(p, c);
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
		regex_put_set(p, any);
		return;
	case '*':
	case '+':
	case '?':
	case '{':
		regex_fail(p, p->at - 1,
		    "nothing is before it that could be repeated; \\ before "
		    "it takes it as it is");
		return;
	case ']':
	case '}':
		regex_fail(p, p->at - 1,
		    "nothing is open that it could close; \\ "
		    "before it takes it as it is");
		return;
	case '^':
	case '$':
		regex_fail(p, p->at - 1,
		    "^ stands in front of all and $ behind all, if they "
		    "stand: the whole name is described anyway");
		return;
	default:
		break;
	}
	regex_put_byte(p, c);
	/* a character is repeated with all its bytes */
	while (c >= 0xc0 && (peek(p) & 0xc0) == 0x80)
		regex_put_byte(p, p->text.p[p->at++]);
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
		regex_fail(p, begin, "at most 255 in {}");
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
		regex_fail(p, begin,
		    "{2}, {2,} or {2,5} is expected, not down and not {0}; \\{ "
		    "is the brace itself");
	p->at++;
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
	regex_put_repeated(p, from, least, most);
	if (more(p) && memchr("*+?{", peek(p), 4))
		regex_fail(p, p->at,
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
		regex_fail(p, begin,
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
		regex_put_jump(
		    p, from, OP_SPLIT, 1, (int)(p->count - from) + 2);
		ends[count++] = p->count;
		regex_put_jump(p, p->count, OP_JUMP, 0, 0);
		from = p->count;
		parse_sequence(p);
	}
	for (size_t i = 0; i < count && !p->fault; i++)
		p->states[ends[i]].x = (int)(p->count - ends[i]);
}

/* --- all of it ------------------------------------------------------------ */

/* ^ and $ around all. A '|' outside of groups would leave each of them to one
 * side alone, as other tools read it. */
void
regex_parse(struct parser *p)
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
		regex_fail(p, p->at,
		    "beside ^ and $ the choices go in ( ), like ^(a|b)$");
		return;
	}
	if (more(p) && peek(p) == '|') {
		p->at = 0;
		p->count = 0;
		parse_choice(p);
	}
	if (more(p))
		regex_fail(p, p->at,
		    "this ) closes nothing; \\) is the character "
		    "itself");
	regex_put_jump(p, p->count, OP_END, 0, 0);
}
