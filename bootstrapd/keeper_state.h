/**
 * keeper_state.h - what the keeper holds, shared by the files that make it up:
 * keeper.c (start, loop, end), reload.c (what is in force), lists.c (revocation
 * lists that grow old), ask.c (questions in), ask_psk.c (keys), sign.c
 * (signatures), pace.c (how often), record*.c (rows), answer.c (answers out), refused.c and
 * doctor.c (who was turned away, and why), sessions.c (who is being
 * bootstrapped), control*.c (bootstrapctl), push*.c (bootstraps that it
 * starts), rollout*.c (a set of policies that goes to a share first).
 */
#ifndef BOOTSTRAPD_KEEPER_STATE_H
#define BOOTSTRAPD_KEEPER_STATE_H

#include "base/loop.h"
#include "base/table.h"
#include "budget.h"
#include "epochs.h"
#include "jobs.h"
#include "keeper.h"
#include "often.h"
#include "server_files.h"
#include "share.h"
#include "showing.h"

#include <sys/types.h>

/** A session that a worker has begun. */
struct known_session {
	struct table_item by_id;
	struct table_item by_endpoint; /**< linked only once it is recorded */
	uint8_t id[SESSION_ID_LEN];
	/** 'p' or 'n' (NoSec, which proves nothing), then the endpoint: what
	 *  proves nothing never takes the place of what was proved. */
	uint8_t name[1 + POLICY_ENDPOINT_MAX];
	size_t name_len;
	uint8_t plan[DIGEST_LEN]; /**< digest of the one that is recorded */
	/** Of the policy set that it was decided by; zeros: an older row does
	 *  not say. */
	uint8_t set[DIGEST_LEN];
	unsigned worker;
	uint64_t seen_ms; /**< monotonic: begun, or found in the ledger */
	bool recorded; /**< bootstrap_begin stands in the ledger */
	bool finishing; /**< Finish may have gone out */
	bool ended; /**< its worker has given it up meanwhile */
	bool superseded; /**< its ending stands in the ledger already */
	bool pushed; /**< an operator's push is behind it */
	/** Of the set that has decided, so that it goes on with that one. One
	 *  reference; NULL: not recorded, or the set is gone. */
	struct issue_rules *rules;
	bool staged; /**< that is the candidate of the rollout `rollout` */
	uint8_t rollout[LEDGER_SESSION_LEN];
	unsigned repeated; /**< how often its plan was asked for again */
};

/** A verdict that waits for the next commit. */
struct ending {
	struct ending *next;
	uint8_t id[SESSION_ID_LEN];
	unsigned worker;
	bool answer; /**< the worker waits for `recorded` */
	struct session_verdict verdict;
	struct address address; /**< as struct q_end has it */
};

enum {
	/** Of the rows of refusals of a minute, for who has proved who it is:
	 *  strangers do not keep an impostor out of the ledger. */
	REFUSALS_KEPT = 20,
};

struct link {
	struct keeper *keeper;
	unsigned worker;
	int fd;
	bool hello; /**< a worker process has announced itself */
	bool credentials_due; /**< it has not been sent what is in force */
	struct q_stats stats; /**< as the worker counts */
	uint64_t stats_ms; /**< when it last said so; 0: never */
	uint64_t tokens, refill_ms; /**< questions it may ask this second */
	uint64_t nosec_tokens; /**< of them, about those who prove nothing */
	uint64_t refusals_refill_ms, log_refill_ms, log_tokens, hello_ms;
	/** Sessions begun by then are of a process that is gone, and have not
	 *  been ended yet; 0: none. */
	uint64_t lost_before_ms;
	uint64_t refusals; /**< rows of refusals left this minute */
	uint64_t suppressed; /**< refusals answered but not recorded */
	/* since the last `handshakes` row */
	uint64_t asked, answered, unknown, failed, signatures;
};

/** Bootstraps that an operator starts: push.h. */
struct push_op;
struct pushes {
	struct table ops; /**< by endpoint */
	struct push_op *first; /**< of all ops */
	uint64_t last_ref;
	struct loop_timer timer;
	struct table triggered; /**< who may come because of one */
	unsigned runs; /**< clients that carry out a push */
};

struct health {
	bool ok;
	int64_t since_ms; /**< UTC */
	char text[256]; /**< what is wrong */
};

/** The rules in force, and how they came to be. */
struct loaded {
	struct issue_rules *rules;
	struct policy_set *set; /**< theirs; one reference */
	struct signed_by signed_by; /**< serial 0: nobody had to */
	int64_t at_ms; /**< UTC */
	char by[64]; /**< "start", "SIGHUP", "bootstrapctl uid 0" */
};

/** The last reload that was refused, since the one that is in force. */
struct refused_load {
	int64_t at_ms; /**< UTC; 0: none was */
	char by[64]; /**< as in struct loaded */
	size_t findings;
	char first[512]; /**< of them, or what else was wrong */
};

/** A key of this server, as workers name it. */
struct sign_key {
	uint32_t number;
	struct hsm_ec_ref ref;
};

/** The revocation lists in force. */
struct lists {
	size_t stale; /**< the time of the next one has passed */
	int64_t until_s; /**< the first of the others will be */
};

struct rollout_run;
struct loading;

struct keeper {
	const struct keeper_args *args;
	const struct config *config;
	struct loop *loop;
	struct hsm_config hsm_config; /**< the hsm borrows it */
	struct hsm *hsm;
	struct hsm_session *hsm_session; /**< of this thread */
	struct jobs *jobs;
	struct ledger *ledger;
	struct health ledger_health;
	int64_t ledger_gap_ms; /**< UTC: rows may be missing since; 0: none */
	struct loaded policies;
	struct refused_load refused_load;
	struct rollout_run *rollout; /**< rollout_run.h; NULL: none */
	uint64_t rollout_ms; /**< monotonic: it does not move before */
	/** The disk has a set that a rollout has taken back: it is not put into
	 *  force but by a reload. */
	bool reverted;
	uint8_t reverted_set[DIGEST_LEN]; /**< its digest */
	struct server_files *files; /**< of `server:`, in force */
	struct showing showing; /**< what the workers have of them */
	struct lists lists;
	/** Of the certificates in force, and of those before them. */
	struct sign_key sign_keys[2 * SERVERS_MAX];
	size_t sign_key_count;
	const char *said[SERVERS_MAX]; /**< state of each, as logged last */
	struct refused *refused, **refused_last; /**< for the next commit */
	struct epochs epochs;
	struct budget budget; /**< of diagnoses */
	struct table sessions, endpoints;
	struct table asked; /**< of handshakes, being answered */
	struct rates begins; /**< of an endpoint */
	struct often often; /**< of a device, those that were granted */
	struct crowd sources; /**< of those questions */
	struct pushes pushes;
	struct ending *endings;
	size_t ending_count;
	struct link links[WORKERS_MAX];
	int signals;
	struct loop_timer flush_timer, tick_timer, handshakes_timer;
	struct loop_timer hurry_timer;
	bool flush_due, hurries; /**< those timers are set */
	uint64_t started_ms, last_done_ms;
	struct control *control;
	int exit_code;
};

/* ask.c */

/** Packets from a worker. */
void ask_ready(void *ctx, uint32_t events);
/** May one more question of a handshake be worked on: within the worker's rate,
 *  and the share of that address? `slot` is for crowd_leave. */
bool ask_crowd(struct link *l, const struct address *from, size_t *slot);
/** Has that been asked before, and its answer is on its way? One that is too
 *  late for whoever asked does not count: it is given up. */
bool ask_is_asked(struct keeper *k, const struct asker *asker);
/** End what a worker's predecessor had begun, if that is due. */
void ask_worker_lost(struct link *l);
/** A verdict of our own: recorded with the next commit. */
void end_session(struct keeper *k, struct known_session *s,
    enum outcome outcome, enum reason reason);

/* pace.c */

/** How often this device was granted a bootstrap lately: `j` is told to come
 *  again later where that is enough. */
void pace_look(struct keeper *k, struct job *j);
/** It was granted one more. */
void pace_count(struct keeper *k, const struct job *j);
/** Is this refusal one for the ledger? Those are not that a device's next
 *  request mends by itself, nor all but the first of one that asks too
 *  often. */
bool pace_is_told(const struct keeper *k, const struct job *j);
/** Its row stands. */
void pace_told(struct keeper *k, const struct job *j);

/* ask_psk.c */

void psk_ask(struct link *l, const struct q_psk *q);
/** A handshake failed under the key that was given out. */
void psk_failed(struct keeper *k, const struct q_psk_failed *q);

/* sign.c */

/** These are the keys to sign with; those in force until now stay for the
 *  handshakes that began with them. Before k->files is replaced. */
void sign_keys_replace(struct keeper *k, const struct server_files *f);
void sign_ask(struct link *l, const struct q_sign *q);
void sign_answer(struct keeper *k, struct job *j);

/* refused.c */

/** A worker has not let somebody in: a row with the next commit. */
void refused_note(struct link *l, const struct q_refused *q);
/** Their rows, in the open group. Errors: as ledger_append. */
MUST_CHECK enum rc refused_append_all(struct keeper *k);
/** They stand, or never will. */
void refused_settle(struct keeper *k);
/** Is this a question for a key that is known, and not given out? */
bool refused_psk(const struct job *j);
/** Its row, in the open group. Errors: as ledger_append. */
MUST_CHECK enum rc refused_append_psk(struct keeper *k, const struct job *j);

/* record.c */

/** Rows of all that is done and has ended, durable; jobs whose decision came
 *  too late are `conflicted`, those whose rows cannot be written for what they
 *  are `unwritable`, and neither has rows. Errors: as ledger_append. */
MUST_CHECK enum rc record_commit(struct keeper *k, struct job *jobs);
/** The attempt of the same endpoint that this one replaces, on whichever
 *  worker it is; NULL: none. */
struct known_session *record_replaced_by(struct keeper *k, const struct job *j);
/** Is this the decision that the session's begin row tells? */
bool record_is_same(const struct known_session *s, const struct job *j);

/* answer.c */

/** Record what is done and what has ended, in one commit; then answer. */
void record_flush(void *ctx, uint64_t now_ms);
/** Have record_flush called after the descriptors that are ready now; or, while
 *  many are bootstrapped, a little later, for all that has come by then. */
void record_soon(struct keeper *k);
/** Tell a worker about a session; one that the ledger named may be of a run
 *  with more workers, and is told nothing. */
void record_tell(struct keeper *k, unsigned worker, enum question_kind kind,
    const uint8_t *id);

/* record_loaded.c */

/** What goes into force: the policies (NULL: those that are) and who has signed
 *  them, the certificates that are shown; and one more row of the same group,
 *  unless NULL. Errors: as ledger_append. */
MUST_CHECK enum rc record_loaded(struct keeper *k, const struct policy_set *set,
    const struct signed_by *signed_by, const struct server_files *f,
    const struct showing *s, const char *by, const struct ledger_event *also);

/* record_rows.c */

/** The ledger was written, or could not be: said once. */
void record_works(struct keeper *k);
void record_fails(struct keeper *k, enum rc rc);
/** Append `e`, and with it the digest of the policy set that it was decided by
 *  (NULL, as for the set that is in force; none at the start, and where the row
 *  names one itself). As ledger_append. */
MUST_CHECK enum rc record_append(struct keeper *k, const struct ledger_event *e,
    const struct policy_set *set);
/** A row that was too large is left out and logged, for the sake of the others
 *  in its group: then RC_OK, else `rc`. */
MUST_CHECK enum rc record_but_too_large(enum rc rc, const char *kind);
/** A group of rows, logged when it fails, and beside them the set (NULL: none)
 *  that one of them brings into force. */
MUST_CHECK enum rc record_keeping(struct keeper *k,
    const struct policy_set *set, const struct ledger_event *events,
    size_t count);
/** A group of rows, logged when it fails. */
MUST_CHECK enum rc record_events(
    struct keeper *k, const struct ledger_event *events, size_t count);
/** One row in a group of its own. */
MUST_CHECK enum rc record_event(struct keeper *k, const char *kind,
    const struct field *fields, size_t field_count);
/** Is the ledger's file still the one that is open? */
void record_watch(struct keeper *k);
/** Try the ledger that could not be written, and what waits for it. */
void record_gap(struct keeper *k);
/** A `handshakes` row for each worker that had some. */
void record_handshakes(struct keeper *k);

/* sessions.c */

struct known_session *session_find(struct keeper *k, const uint8_t *id);
/** NULL: out of memory. */
struct known_session *session_add(
    struct keeper *k, const uint8_t *id, unsigned worker);
/** Its begin row stands, with the digests of plan and policy set: from now on
 *  its endpoint finds it. */
void session_is_recorded(struct keeper *k, struct known_session *s, bool nosec,
    struct span endpoint, const uint8_t plan[static DIGEST_LEN],
    const uint8_t set[static DIGEST_LEN]);
/** It was decided by these rules (NULL: they are gone), which were the candidate
 *  of that rollout (empty: of none). Before it is recorded. */
void session_decided_by(
    struct known_session *s, struct issue_rules *rules, struct span rollout);
/** How many go on with a set that is not in force any more. */
size_t sessions_on_older_sets(struct keeper *k);
struct span session_endpoint(const struct known_session *s);
/** The session of that endpoint, of those who proved it or of those who only
 *  say so; NULL. */
struct known_session *session_of_endpoint(
    struct keeper *k, bool nosec, struct span endpoint);
void session_forget(struct keeper *k, struct known_session *s);
/** What the ledger says has begun and not ended: sessions of this run go on,
 *  those of an earlier one are ended. Errors: RC_DB, RC_MEMORY. */
MUST_CHECK enum rc sessions_restore(struct keeper *k);
/** A new process has taken over that worker's place: what its predecessor had
 *  begun is ended. */
void sessions_worker_lost(
    struct keeper *k, unsigned worker, uint64_t before_ms);
/** End what no worker can be serving any more. */
void sessions_sweep(struct keeper *k, uint64_t now_ms);
void sessions_free(struct keeper *k);

/* doctor.c */

/** A handshake has failed: find out why, within the budget of its address. */
void doctor_ask(struct link *l, const struct q_evidence *q);
/** Is this job one whose result is recorded? */
bool doctor_has_row(const struct job *j);
/** Its row, in the open group, and a line of the log. Errors: as
 *  ledger_append. */
MUST_CHECK enum rc doctor_append(struct keeper *k, const struct job *j);
/** What else follows from it. */
void doctor_settle(struct keeper *k, const struct job *j);

/* reload.c */

/** Load policies and the files of `server:` again, whole or not at all.
 *  `first` receives one line. Errors: RC_CONFIG and those of masters_check,
 *  authorities_check and server_files_check. */
MUST_CHECK enum rc keeper_reload(
    struct keeper *k, const char *by, char *first, size_t cap);
/** The files of `server:` in `l`, with the sets that are loaded. Errors: as
 *  keeper_reload. */
MUST_CHECK enum rc keeper_reload_files(
    struct keeper *k, struct loading *l, const char *by);
/** The revocation lists alone, when one has changed. */
void keeper_reload_crls(struct keeper *k);
/** Log each certificate that is shown whose state has changed: it expires. */
void keeper_say_certificates(struct keeper *k);
/** Send what is in force to workers that do not have it. */
void keeper_show(struct keeper *k);

/* lists.c */

/** Log each revocation list that has gone stale; `loaded`: they are others than
 *  they were. */
void lists_look(struct keeper *k, bool loaded);

/* keeper.c */

void keeper_note(struct keeper *k, enum keeper_note note);

/* control.c */

/** Serve bootstrapctl on the listening socket. Errors: RC_MEMORY, RC_IO. */
MUST_CHECK enum rc control_start(struct keeper *k, int listen_fd);
void control_stop(struct keeper *k);

#endif
