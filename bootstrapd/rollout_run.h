/**
 * rollout_run.h - the rollout that is under way, as the keeper holds it: its
 * state, and what each of its parts offers to the others.
 *
 * Two sets are loaded: the one in force (k->policies) and the candidate. Which
 * of them decides about a device says rollout_way.h. The state follows from the
 * ledger alone: the rows of the rollout, the sets that are kept there, and the
 * endings of those whom the candidate has decided about. Each movement is a row
 * before it takes effect; where that cannot be written nothing moves.
 */
#ifndef BOOTSTRAPD_ROLLOUT_RUN_H
#define BOOTSTRAPD_ROLLOUT_RUN_H

#include "keeper_state.h"
#include "loading.h"
#include "rollout.h"
#include "rollout_way.h"
#include "rollout_words.h"
#include "tally.h"

enum rollout_move {
	MOVE_START,
	MOVE_STAGE, /**< on to the next one */
	MOVE_HALT,
	MOVE_RESUME,
	MOVE_REVERT,
	MOVE_FINISH,
};
enum {
	ROLLOUT_MOVES = MOVE_FINISH + 1,
	ROLLOUT_WHY_MAX = 200,
	ROLLOUT_WARNING_MAX = 320
};

struct rollout_run {
	uint8_t id[ROLLOUT_ID_LEN];
	struct rollout_terms terms;
	struct rollout_group group;
	struct issue_rules *candidate; /**< one reference */
	struct policy_set *set; /**< its; one reference */
	uint8_t base[DIGEST_LEN], next[DIGEST_LEN]; /**< of both sets */
	size_t stage; /**< from 0 */
	bool halted;
	char why[ROLLOUT_WHY_MAX]; /**< it was halted */
	char by[64]; /**< who has started it */
	char warning[ROLLOUT_WARNING_MAX]; /**< there is no way back */
	int64_t started_ms; /**< UTC */
	int64_t stage_ms; /**< UTC: the stage began, or was resumed */
	uint64_t began_ms; /**< monotonic, likewise */
	uint64_t row; /**< number of that row */
	uint64_t first_row;
	/** Devices that the candidate has decided about; the others, since the
	 *  stage began. */
	struct tally given, others;
	struct rollout_way *way; /**< of this moment; one reference */
};

/* --- rollout_run.c: how it goes on ---------------------------------------- */

/** NULL is harmless. */
void rollout_free(struct rollout_run *r);
/** A new way, for what the state is now. Errors: RC_MEMORY: nothing changed. */
MUST_CHECK enum rc rollout_renew_way(struct rollout_run *r);
/** What was counted of the stage, so far. */
uint64_t rollout_elapsed_ms(const struct rollout_run *r, uint64_t now_ms);
/** Who waits for its ending: bootstraps that run under the candidate. */
size_t rollout_waiting(struct keeper *k);

/** One movement but the first, whoever wants it. Not of a rollout that is in
 *  no state for it: the caller has looked. Errors: as ledger_append (nothing
 *  has moved), RC_MEMORY; MOVE_REVERT, MOVE_FINISH: as loading_install. */
MUST_CHECK enum rc rollout_go(
    struct keeper *k, enum rollout_move move, const char *by, const char *why);
/** Time has passed: is the stage over, is it to be halted? */
void rollout_tick(struct keeper *k, uint64_t now_ms);

/** Where a candidate may decide, it is told to the question. */
void rollout_enter(struct keeper *k, struct job *j);
/** Was it decided by a candidate that does not decide about such any more? It
 *  is to be decided again. */
bool rollout_overtook(const struct keeper *k, const struct job *j);
/** To be decided again: as if it had just come. */
void rollout_enter_again(struct keeper *k, struct job *j);

/** Their rows stand: that session has ended; that request was refused. */
void rollout_count_end(struct keeper *k, const struct known_session *s,
    const struct session_verdict *v);
void rollout_count_refused(struct keeper *k, const struct job *j);

/* --- rollout_count.c: what counts, and for what --------------------------- */

/** Does such an ending say something about the candidate? Not if it was ended
 *  from this side or superseded by a new attempt; where a process of ours was
 *  lost it says that nothing is known. */
bool rollout_ending_counts(
    enum outcome said, enum reason why, enum outcome *as);
/** Is such a refusal a failure of the set, and not of device or server? What
 *  a policy turns away on purpose is none. */
bool rollout_refusal_counts(enum reason why);
/** Count what the ledger tells of it, once its rows are read. Errors: RC_DB,
 *  RC_MEMORY. */
MUST_CHECK enum rc rollout_recount(struct ledger *l, struct rollout_run *r);

/* --- rollout_rows.c ------------------------------------------------------- */

enum { ROLLOUT_FIELDS_MAX = 24 };

/** A row, and the texts that it points to. Not to be copied. */
struct rollout_row {
	struct ledger_event event;
	struct field fields[ROLLOUT_FIELDS_MAX];
	char share[ROLLOUT_SHARE_TEXT], stages[ROLLOUT_STAGES_TEXT];
	char success[ROLLOUT_SHARE_TEXT], window[32];
};

/** The row of a movement; `stage` and `share` as they are after it. */
void rollout_row(struct rollout_row *out, const struct keeper *k,
    const struct rollout_run *r, enum rollout_move move, const char *by,
    const char *why);
/** "rollout_started" */
const char *rollout_move_kind(enum rollout_move move);

/** The last rollout, as its rows tell. */
struct rollout_told {
	struct rollout_run *run; /**< NULL: there never was one. Owned */
	enum rollout_move last;
	uint64_t last_row;
};

/** Errors: RC_DB, RC_MEMORY, RC_MALFORMED (rows that this version does not
 *  understand). `run` has neither rules nor counts. */
MUST_CHECK enum rc rollout_read(
    struct ledger *l, uint64_t now_ms, struct rollout_told *out);
/** Has that number any row yet? */
MUST_CHECK enum rc rollout_known(
    struct ledger *l, const uint8_t id[static ROLLOUT_ID_LEN], bool *known);

/* --- rollout_load.c: sets in and out of force ----------------------------- */

/** Load what is on the disk as the candidate of `r`, which has id, terms and
 *  group, record it and begin. `r` is taken. `first` gets one line. Errors:
 *  RC_CONFIG (also: the set in force, or one that is too large to be
 *  kept) and others of a reload. */
MUST_CHECK enum rc rollout_start(struct keeper *k, struct rollout_run *r,
    const char *by, char *first, size_t cap);
/** A reload while it is under way. Errors: RC_CONFIG (also: the disk has
 *  other policies than the candidate), and others of a reload. */
MUST_CHECK enum rc rollout_reload(
    struct keeper *k, struct loading *l, const char *by);
/** The candidate's rules anew, for other files of `server:`. */
MUST_CHECK enum rc rollout_load_same(struct keeper *k, struct loading *l);
/** `l` was installed. */
MUST_CHECK enum rc rollout_installed(struct keeper *k, struct loading *l);
/** A reload has put into force what is on the disk. */
void rollout_forget_reverted(struct keeper *k);
/** It is over: the set in force alone, or the candidate in its place. The
 *  keeper has no rollout then, and the caller has what it was. */
MUST_CHECK enum rc rollout_settle(struct keeper *k, enum rollout_move move,
    const char *by, const struct ledger_event *row);

/* --- rollout_return.c ----------------------------------------------------- */

/** Why devices that were given what `next` says would not be found again once
 *  `base` alone is in force; empty: nothing speaks against it. */
void rollout_no_return(const struct policy_set *base,
    const struct policy_set *next, char *text, size_t cap);

/** Can a device's pre-shared key of one set be told from one of the other, by
 *  its epoch? False: `text` says of what document it cannot. */
bool rollout_keys_apart(const struct policy_set *base,
    const struct policy_set *next, char *text, size_t cap);

/* --- rollout_restore.c ----------------------------------------------------- */

/** Take up what the ledger says is under way, or has to be held back. `done`:
 *  the policies are in force, so that nothing is to be loaded from the disk. */
MUST_CHECK enum rc rollout_restore(
    struct keeper *k, const char *by, char *first, size_t cap, bool *done);

#endif
