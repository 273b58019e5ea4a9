/**
 * regex_state.h - what an expression becomes: a list of states, each of which
 * takes a byte or leads on to others. What the files of regex.c share.
 */
#ifndef POLICY_REGEX_STATE_H
#define POLICY_REGEX_STATE_H

#include "policy/regex.h"

enum op {
	OP_BYTE, /**< one byte, `byte` */
	OP_SET, /**< one byte of `set` */
	OP_SPLIT, /**< go on at `x` and at `y` */
	OP_JUMP, /**< go on at `x` */
	OP_END,
};

enum { SET_LEN = 32 /**< bytes */ };

/** `x` and `y` count from the state itself: a piece can be moved whole. */
struct state {
	enum op op;
	uint8_t byte;
	int x, y;
	uint8_t set[SET_LEN]; /**< a bit a byte */
};

struct regex {
	const struct state *states;
	size_t count;
	struct span prefix;
};

/** An expression while it is read, and its states so far. */
struct parser {
	struct span text;
	size_t at;
	unsigned depth;
	struct state *states; /**< of REGEX_STATES_MAX */
	size_t count;
	const char *fault; /**< NULL: none yet; sticky */
	size_t fault_at;
	bool too_large;
};

/** The first fault stays. Nothing is put behind one. */
void regex_fail(struct parser *p, size_t at, const char *why);

/** One state, at the end; a jump may go in between. */
void regex_put_byte(struct parser *p, uint8_t byte);
void regex_put_set(struct parser *p, const uint8_t set[static SET_LEN]);
void regex_put_jump(struct parser *p, size_t at, enum op op, int x, int y);

/** The piece from the state `from` to the end, so many times; `most` 0: no
 *  end. */
void regex_put_repeated(
    struct parser *p, size_t from, unsigned least, unsigned most);

/** regex_parse.c: all of the text, to OP_END. */
void regex_parse(struct parser *p);

#endif
