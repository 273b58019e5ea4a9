/**
 * session.h - one bootstrap of one device: a cursor over a plan.
 *
 * Sans-IO. The owner (the worker) tells it what happened and then takes what
 * is to be done with session_next() until there is nothing more:
 *
 *   session_new ─▶ WAITING ─ plan ─▶ RUNNING(i) ─▶ ENDING ─ recorded ─▶ ENDED
 *                     └──── refusal ──────────────────────────────────▶ ENDED
 *
 * A refused Write ends the session without Finish, always. The verdict is ok
 * only when Finish was answered 2.04.
 *
 * Content-Formats: `pct`, then those of the profile in the plan, then those of
 * its version of LwM2M; without `pct` and profile TLV. One that is refused
 * (4.15) is not used again: the same step goes out in the next one that can
 * carry it.
 *
 * What it holds is bounded: a plan (PLAN_BYTES_MAX and what it decodes to), one
 * request (SECRET_MAX) and what is remembered of the device's accounts. A body
 * that the device sends is borrowed, and bounded by who receives it.
 */
#ifndef BOOTSTRAP_SESSION_H
#define BOOTSTRAP_SESSION_H

#include "bootstrap/choose.h"
#include "bootstrap/plan.h"
#include "bootstrap/reason.h"

enum {
	SESSION_ID_LEN = 16,
	/** `pct`, those of the plan, those of the version. */
	SESSION_FORMATS_MAX = PLAN_FORMATS_MAX + 5,
	SESSION_ASK_AGAIN_MS = 1000, /**< an unanswered question is repeated */
};

struct session_config {
	uint8_t id[SESSION_ID_LEN];
	int pct; /**< what the request prefers; -1: not said */
	bool unsolicited; /**< a push: there is no request to answer */
	/** The request is for a Bootstrap-Pack: no command is sent. */
	bool pack;
	uint32_t lifetime_ms; /**< of the whole session; below 247 s */
	/** Deadline for the keeper's answer, from the request. */
	uint32_t waiting_ms;
};

enum session_state {
	SESSION_WAITING, /**< for the plan */
	SESSION_RUNNING, /**< a command is out, or about to be */
	SESSION_ENDING, /**< the verdict waits to be recorded */
	SESSION_ENDED,
};

/** How it ended; complete from SESSION_ENDING on. */
struct session_verdict {
	enum outcome outcome;
	enum reason reason;
	unsigned step; /**< index of the step that decided, from 0 */
	unsigned steps; /**< of the plan; with a correction that was taken */
	uint8_t code; /**< CoAP code the device gave there, 0: none */
	uint64_t duration_ms;
	unsigned commands; /**< requests sent, repeats included */
	int format; /**< Content-Format that was used, -1: none */
};

/** One request to the device. */
struct session_command {
	uint8_t method; /**< enum coap_code's value */
	struct span path[4]; /**< Uri-Path segments */
	size_t path_count;
	int content_format; /**< -1: none */
	int accept; /**< -1: none */
	struct span payload; /**< borrowed until the next command */
	size_t block_size; /**< payloads above it go in blocks */
	const struct plan_step *step;
	struct lwm2m_path
	    target; /**< with the instance chosen; for the trace */
};

enum session_out_kind {
	SESSION_OUT_ASK, /**< ask the keeper `begin` (also repeated) */
	SESSION_OUT_RESPOND, /**< answer the Bootstrap-Request with `code` */
	SESSION_OUT_COMMAND, /**< send `command` */
	SESSION_OUT_CANCEL, /**< give up the command that is out */
	SESSION_OUT_FINISHING, /**< tell the keeper: Finish, or the pack, is
			        *   about to go */
	/** Pack: answer the request with the Writes of session_get_plan(), then
	 *  say session_packed() or session_failed(). */
	SESSION_OUT_PACK,
	SESSION_OUT_END, /**< ask the keeper to record `verdict` */
};

struct session_out {
	enum session_out_kind kind;
	uint8_t code;
	int32_t max_age_s; /**< with 5.03 and 4.29; -1: none */
	const struct session_command *command; /**< until the next call */
	const struct session_verdict *verdict;
};

struct session;

/** `config` is copied. Owned. NULL: out of memory. */
struct session *session_new(
    const struct session_config *config, uint64_t now_ms);
void session_free(struct session *s);

/* What happened. Calls that make no sense in the state are ignored. */

/** The keeper's answer: a plan (its bytes are taken). Malformed bytes end the
 *  session. Idempotent. */
void session_plan(struct session *s, struct secret *bytes, uint64_t now_ms);
/** The keeper's answer: no. `max_age_s`: when to come again, with 5.03 and
 *  4.29; -1: the session says something that spreads a storm. */
void session_refused(
    struct session *s, enum reason why, int32_t max_age_s, uint64_t now_ms);
/** The device answered the open command. */
void session_response(struct session *s, uint8_t code, int content_format,
    struct span body, uint64_t now_ms);
/** The device has fetched the pack to its end; its Content-Format. */
void session_packed(struct session *s, int format, uint64_t now_ms);
/** RST, block-wise failure, silence; the transport went away. */
void session_failed(struct session *s, enum reason why, uint64_t now_ms);
/** End it for a reason of ours: superseded, cancelled. */
void session_abort(struct session *s, enum reason why, uint64_t now_ms);
/** The keeper has recorded the verdict. */
void session_recorded(struct session *s);
/** Time has come. Harmless when it has not. */
void session_tick(struct session *s, uint64_t now_ms);

uint64_t session_deadline(const struct session *s);
enum session_state session_state(const struct session *s);
const uint8_t *session_id(const struct session *s);
/** NULL: it has none yet. Borrowed until the session is freed. */
const struct plan *session_get_plan(const struct session *s);

/** The next thing to do. False: wait. */
bool session_next(struct session *s, struct session_out *out, uint64_t now_ms);

#endif
