/**
 * session_state.h - the inside of a session: session.c walks the plan,
 * session_answer.c decides what an answer of the device means, session_format.c
 * in what it is spoken to, session_read.c whether what it has is what was
 * written. Nobody else includes it.
 */
#ifndef BOOTSTRAP_SESSION_STATE_H
#define BOOTSTRAP_SESSION_STATE_H

#include "bootstrap/command.h"
#include "bootstrap/session.h"

struct session {
	struct session_config config;
	enum session_state state;
	uint64_t started_ms;
	uint64_t ask_again_ms; /**< WAITING, ENDING: when to ask again */
	struct plan plan;
	size_t index; /**< RUNNING: the step */
	struct accounts accounts;
	int formats[SESSION_FORMATS_MAX]; /**< in the order to try */
	size_t format_count;
	unsigned format; /**< index into them: of the command */
	/** Bits by that index: not taken in a Write; not given in a Read. */
	unsigned write_refused, read_refused;
	uint8_t refusal; /**< code that refused a format of the step, or 0 */
	unsigned resends; /**< of the step */
	bool cleaning; /**< deleting what was written, then end */
	size_t clean_next;
	bool finish_sent;
	bool corrected; /**< behind the first Finish */
	struct command command;
	struct session_verdict verdict;
	/* what session_next will hand out */
	bool ask_due, command_due, command_out, cancel_due, end_due, pack_due;
	uint8_t respond_code; /**< 0: nothing to say */
	int32_t respond_max_age_s;
};

/** Set the verdict at the step that is reached. */
void session_decide(
    struct session *s, enum outcome outcome, enum reason why, uint8_t code);
/** The next step is due. */
void session_step_done(struct session *s, uint64_t now_ms);
/** The verdict is clear: no more commands; have it recorded. */
void session_conclude(struct session *s, uint64_t now_ms);
/** It did not work; `code` 0: without a word of the device. Once Finish is out
 *  and unanswered nobody can say. */
void session_give_up(
    struct session *s, enum reason why, uint8_t code, uint64_t now_ms);

/** Once the plan is there: what formats are tried, and in which order. */
void session_formats(struct session *s);

/**
 * Make the request of the step that is due, in the first format that is not
 * refused and can carry it. Errors: as command_make; RC_UNSUPPORTED: in none.
 */
MUST_CHECK enum rc session_make_step(struct session *s);

/** The device does not take (Write) or give (Read) the format of the command
 *  that was out. */
void session_format_refused(struct session *s, enum plan_op op);

/**
 * Does the body that Read has brought (`content_format` -1: not said) hold all
 * that was written below the path of the step that is due? REASON_NONE, or why
 * not.
 */
enum reason session_compare(
    const struct session *s, int content_format, struct span body);

#endif
