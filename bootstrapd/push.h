/**
 * push.h - bootstraps that an operator starts, in the keeper. Each goes to one
 * device by one of three ways:
 *
 * - `session`: the device was bootstrapped a short while ago and what it came
 *   over still stands: an association of (D)TLS, a connection, an address that
 *   is remembered. The worker that has it begins, as if the device had asked;
 * - `address`: a client of LwM2M 1.0 in hold-off is sent commands that it has
 *   not asked for (bootstrap.md section 2). Only without credentials, only where
 *   a `nosec` identity admits the address, and only after an empty message was
 *   answered from there (RFC 7252 section 4.3): that shows that somebody
 *   listens, and to which worker the kernel brings what it says;
 * - `trigger`: a LwM2M server is asked to execute /1/x/9 on it (1.1), by
 *   bootstrapctl, because the keeper has no network. The device's own
 *   Bootstrap-Request within limits.push_window is then of this push.
 *
 * Whatever way, the keeper decides as it always does: by what the peer has
 * proved, and by the policies. All that it does for a push stands in the ledger
 * before it is done, in rows that have the push's number where others have that
 * of a session: push_started, push_planned (each device), push_sent,
 * push_answered, push_failed, push_resumed; and `push` in bootstrap_begin.
 */
#ifndef BOOTSTRAPD_PUSH_H
#define BOOTSTRAPD_PUSH_H

#include "control_client.h"
#include "keeper_state.h"
#include "push_reason.h"

enum {
	PUSH_ID_LEN = QUESTION_PUSH_LEN,
	PUSH_HEX_LEN = 2 * PUSH_ID_LEN,
	/** Triggered devices that may come yet; then new ones wait. */
	PUSH_TRIGGERED_MOST = 200000,
};

enum push_way { PUSH_ANY, PUSH_SESSION, PUSH_ADDRESS, PUSH_TRIGGER };

/** "session"; of PUSH_ANY "any". */
const char *push_way_name(enum push_way way);
/** False: no such word. */
bool push_way_read(struct span word, enum push_way *out);

/** One line `send`. */
struct push_wish {
	const uint8_t *push; /**< PUSH_ID_LEN bytes; borrowed */
	struct span endpoint; /**< borrowed */
	enum push_way way;
	struct address to; /**< family 0: none */
};

/** Where a push stands, on its way to the one decision. */
enum push_state {
	PUSH_LOOKING, /**< which worker has a session? */
	PUSH_PROBING, /**< which worker hears that address? */
	PUSH_GOING, /**< that one shall begin */
	PUSH_DECIDING, /**< it has asked; the decision is being made */
};

/** One device that a client waits to hear of. */
struct push_op {
	struct table_item by_endpoint; /**< first member */
	struct push_op *next;
	struct client *client; /**< NULL: it has hung up */
	uint64_t ref; /**< as workers name it */
	uint8_t push[PUSH_ID_LEN];
	uint8_t endpoint[POLICY_ENDPOINT_MAX];
	enum push_way wanted, way; /**< way: that is being tried */
	struct address to;
	enum push_state state;
	uint64_t answered; /**< a bit for each worker */
	bool found, busy;
	unsigned worker; /**< found; the one that goes */
	uint64_t granted_ms;
	uint64_t deadline_ms;
};

/* push.c, push_op.c, push_heard.c, push_say.c */

MUST_CHECK enum rc pushes_init(struct keeper *k);
void pushes_free(struct keeper *k);
/** The line `send`: answered now or later. */
void push_send(struct keeper *k, struct client *c, const struct push_wish *w);
/** A worker's answer to Q_PUSH. */
void push_heard(struct link *l, const struct q_pushed *q);
/** May this session begin, for the push that it names? The way; PUSH_ANY: no, it
 *  is another worker than was told to, another endpoint, or too late. */
enum push_way push_begins(struct link *l, const struct q_begin *q);
/** What became of it: its rows stand (`rc`), or there was no decision. */
void push_decided(struct keeper *k, const struct job *j, enum rc rc);
/** It was not even decided: the worker is told to stop. */
void push_not_now(struct keeper *k, const struct q_begin *q);
/** Nobody waits for these any more. */
void push_client_gone(struct keeper *k, const struct client *c);

/** Say what became of a device. */
void push_say(struct client *c, const char *state, struct span endpoint);
/** Record that it failed, and say so. `detail` may be NULL. */
void push_fail(struct keeper *k, struct client *c, const struct push_wish *w,
    enum push_reason why, const char *detail);
/** A short answer, without a row. */
void push_lost(struct client *c, struct span endpoint);

/* push_rows.c */

/** What the ledger says of a device in a push. */
struct push_seen {
	bool planned, sent, failed, begun;
	bool answered; /**< a server has taken its trigger */
	bool ended_ok; /**< what began has */
	enum push_way way; /**< sent */
};

/** Errors: as ledger_read. */
MUST_CHECK enum rc push_look(struct keeper *k, const uint8_t *push,
    struct span endpoint, struct push_seen *out);

/** The last bootstrap of a device: the newest that has not failed, else the
 *  newest. */
struct push_last {
	bool found, nosec;
	struct address address; /**< family 0: cannot be read */
	char policy[256]; /**< "" : cannot be read */
};

/** Errors: as ledger_read. */
MUST_CHECK enum rc push_last_of(
    struct keeper *k, struct span endpoint, struct push_last *out);

/** One row of a push, durable. Errors: as ledger_append. */
MUST_CHECK enum rc push_record(struct keeper *k, const char *kind,
    const uint8_t *push, struct span endpoint, const struct field *fields,
    size_t count);
MUST_CHECK enum rc push_record_failed(struct keeper *k,
    const struct push_wish *w, enum push_reason why, const char *detail);
/** Rows of a decision that a push has brought about, in the open group; before
 *  those of the decision. Errors: as ledger_append. */
MUST_CHECK enum rc push_append(struct keeper *k, struct job *j);

/* push_trigger.c */

/** By a server, for a wish that is planned. Answers. `again`: it was recorded
 *  before. */
void push_trigger(struct keeper *k, struct client *c, const struct push_wish *w,
    const struct push_last *last, bool again);
/** Has the policy of its last bootstrap a server with a trigger? */
bool push_has_trigger(struct keeper *k, const struct push_last *last);
/** A device has come by itself: if it was triggered, its job is of that push. */
void push_tie(struct keeper *k, struct job *j);
/** It ended well: what it does from now on is its own. */
void push_untie(struct keeper *k, bool nosec, struct span endpoint);
/** Those that did not come in time. */
void push_sweep(struct keeper *k, uint64_t now_ms);
/** What the ledger says was triggered and may come yet. Errors: RC_DB,
 *  RC_MEMORY. */
MUST_CHECK enum rc push_restore(struct keeper *k);

#endif
