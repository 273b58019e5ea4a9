/**
 * session_state.h - the inside of a session: session.c walks the plan,
 * session_answer.c decides what an answer of the device means. Nobody else
 * includes it.
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
	unsigned format; /**< index into config.formats */
	unsigned resends; /**< of the step */
	bool cleaning; /**< deleting what was written, then end */
	size_t clean_next;
	bool finish_sent;
	struct command command;
	struct session_verdict verdict;
	/* what session_next will hand out */
	bool ask_due, command_due, command_out, cancel_due, end_due;
	uint8_t respond_code; /**< 0: nothing to say */
	int32_t respond_max_age_s;
};

/** Set the verdict at the step that is reached. */
void session_decide(
    struct session *s, enum outcome outcome, enum reason why, uint8_t code);
/** The verdict is clear: no more commands; have it recorded. */
void session_conclude(struct session *s, uint64_t now_ms);
/** It did not work; `code` 0: without a word of the device. Once Finish is out
 *  and unanswered nobody can say. */
void session_give_up(
    struct session *s, enum reason why, uint8_t code, uint64_t now_ms);

#endif
