/**
 * ctl_push.h - the parts of `bootstrapctl push`: which devices (ctl_push_pick.c),
 * talking to the keeper (ctl_push_talk.c), what the ledger says of them
 * (ctl_push_rows.c), triggers (ctl_push_trigger.c), and the report
 * (ctl_push_report.c). ctl_push.c has them work together.
 *
 * What was done stands in the ledger alone: whoever comes later, with --resume,
 * reads there what is left to do.
 */
#ifndef BOOTSTRAPD_CTL_PUSH_H
#define BOOTSTRAPD_CTL_PUSH_H

#include "base/arena.h"
#include "base/table.h"
#include "control.h"
#include "ctl.h"
#include "ctl_http.h"
#include "ledger/ledger.h"
#include "push_reason.h"

enum {
	PUSH_RATE_DEFAULT = 10, /**< devices a second */
	PUSH_BUSY_MOST = 30, /**< "not now" of one device */
	EXIT_SOME_FAILED = 1,
	EXIT_UNFINISHED = 75,
};

/** One device of the push. */
struct target {
	struct table_item item; /**< first member; by endpoint */
	struct target *next; /**< in the order of the push */
	struct target *next_due; /**< that waits to be sent */
	/* what the keeper has been asked */
	bool asked; /**< and has not answered */
	uint64_t not_before_ms; /**< it was busy; monotonic */
	unsigned busy;
	/* what stands in the ledger */
	bool sent, taken, failed, begun, ended;
	const char *way; /**< static; NULL: not sent */
	int64_t sent_ms, until_ms; /**< UTC; until: of a trigger */
	uint8_t session[LEDGER_SESSION_LEN]; /**< begun */
	const char *outcome; /**< ended; static */
	const char *reason, *sentence, *remedy, *detail; /**< NULL: none */
	struct trigger *trigger; /**< that is being sent; NULL */
};

/** One trigger of a device: what the keeper has handed out. */
struct trigger {
	struct trigger *next; /**< waits for room */
	struct target *target;
	size_t at; /**< which request is under way */
	size_t count;
	struct trigger_request {
		const char *server;
		struct http_request http;
	} requests[POLICY_SERVERS_MAX];
	struct arena *arena; /**< of the strings */
};

struct push {
	const struct ctl *ctl;
	struct arena *arena;
	struct table by_endpoint;
	struct target *first, **last;
	size_t count;
	char id[2 * LEDGER_SESSION_LEN + 1]; /**< hex; "" : none yet */
	uint8_t id_bytes[LEDGER_SESSION_LEN];
	const char *via;
	const char *to; /**< NULL: none */
	char selection[256];
	uint64_t window_s;
	struct rollout_run *rollout; /**< --rollout: whose stage; else NULL */
	/* the ledger */
	struct ledger *ledger;
	uint64_t after_seq;
	uint64_t planned; /**< rows of that, on resuming */
	uint64_t said_count; /**< as push_started has it */
	/* the keeper */
	int fd; /**< -1: none */
	char in[CONTROL_REPLY_MAX];
	size_t in_len;
	size_t asked; /**< devices that wait for their answers */
	size_t owed; /**< answers, to lines of all kinds */
	const char *broken; /**< why it cannot go on; static */
	int code; /**< of that */
	/* triggers */
	struct http *http;
	struct trigger *waiting, **waiting_last;
	size_t triggers;
	/* what is left to send */
	struct target *due, **due_last;
};

/* ctl_push_pick.c */

/** The target of that endpoint; NULL: none. */
struct target *push_find(struct push *p, struct span endpoint);
/** Add it, once. Errors: RC_MEMORY. */
MUST_CHECK enum rc push_add(struct push *p, struct span endpoint);
/** By the command line: the names, or what --policy, --group and --rollout say. Returns an
 *  exit code; what is wrong is said. */
int push_pick(struct push *p);

/* ctl_push_stage.c */

/** The rollout that is under way, into p->rollout. Returns an exit code; what is
 *  wrong is said. */
int push_stage_open(struct push *p);
/** Is it of the stage, the policy being that of its last bootstrap? */
bool push_stage_has(
    const struct push *p, struct span endpoint, struct span policy);
/** Harmless where there is none. */
void push_stage_close(struct push *p);

/* ctl_push_rows.c */

/** What has come to the ledger since. Errors: as ledger_read. */
MUST_CHECK enum rc push_follow(struct push *p);
/** The push of --resume, from its begin. Returns an exit code. */
int push_recall(struct push *p);
/** Nothing more is to be expected of it. `wait`: also of its bootstrap. */
bool target_is_done(const struct target *t, bool wait);
/** It came too late, or not at all. */
bool target_is_late(const struct target *t);
/** It has failed, and nothing has come of it since. */
bool target_has_failed(const struct target *t);

/* ctl_push_talk.c */

/** Begin with the keeper, or go on; then tell it all devices. Returns an exit
 *  code. */
int push_open(struct push *p);
void push_close(struct push *p);
/** One line to it. */
PRINTF_LIKE(2, 3) void push_tell(struct push *p, const char *fmt, ...);
/** One that is answered by a block about its device. */
PRINTF_LIKE(2, 3) void push_ask(struct push *p, const char *fmt, ...);
/** A JSON string, of any bytes: owned by the push's arena; "" without memory. */
const char *push_quoted(struct push *p, struct span s);
/** Its answers that have come. */
void push_listen(struct push *p);

/** A block of an answer: keys and values, in the order they came. */
struct block {
	struct {
		const char *key;
		struct span value; /**< text unquoted */
	} lines[16 + 16 * POLICY_SERVERS_MAX];
	size_t count;
};
/** NULL: not there. NUL-terminated. */
const char *block_get(const struct block *b, const char *key);

/* ctl_push_trigger.c */

/** The keeper wants this device triggered. */
void push_trigger_take(struct push *p, struct target *t, const struct block *b);
/** Send what there is room for, and take what servers have said. */
void push_trigger_work(struct push *p);
void push_trigger_drop(struct push *p);

/* ctl_push_report.c */

/** Every device in the order of the push; then, in words, how many. Returns
 *  the exit code. */
int push_report(struct push *p, bool finished);

#endif
