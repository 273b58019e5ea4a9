/**
 * fleet.h - policy plan: the devices that a ledger knows, decided again by
 * other policies, and what that changes for them.
 *
 * One thread reads rows, in batches; others decide. What is counted grows with
 * the kinds of change, not with the devices.
 */
#ifndef TOOL_FLEET_H
#define TOOL_FLEET_H

#include "base/table.h"
#include "issue/replay.h"
#include "policy/differ.h"

#include <stdio.h>

/* --- fleet_tally.c: what is counted --------------------------------------- */

/** What becomes of a device. */
enum fleet_outcome {
	FLEET_UNCHANGED, /**< the same plan */
	FLEET_CHANGED, /**< another plan */
	FLEET_REFUSED, /**< none: it cannot come any more */
};
enum { FLEET_OUTCOMES = FLEET_REFUSED + 1 };

/** "unchanged", "changed", "refused". */
const char *fleet_outcome_name(enum fleet_outcome o);

enum {
	FLEET_EXAMPLES_MAX = 100,
	FLEET_LINES_MAX = 20000, /**< different ones; the rest is one */
};

/** A line of the report. Owned by its tally. */
struct fleet_line {
	struct table_item item; /**< by what follows */
	enum fleet_outcome outcome; /**< of those that it is about */
	const char *change; /**< "server-moved", "refused", "policy" */
	const char *what, *before, *after; /**< "": nothing to say */
	uint64_t count; /**< devices */
	/** The first by their bytes, owned. */
	struct span examples[FLEET_EXAMPLES_MAX];
	size_t example_count;
};

/** From one policy to another. */
struct fleet_tally {
	struct table lines;
	struct arena *arena; /**< of lines and their texts */
	size_t examples; /**< of a line */
	uint64_t counts[FLEET_OUTCOMES];
	uint64_t assumed; /**< decisions on what a row does not tell */
	uint64_t unreadable; /**< rows that say nothing we know */
	bool no_memory; /**< sticky */
};

MUST_CHECK enum rc fleet_tally_init(struct fleet_tally *t, size_t examples);
void fleet_tally_fini(struct fleet_tally *t);

/** The line that says this; texts may be NULL and are copied. NULL: memory. */
struct fleet_line *fleet_line(struct fleet_tally *t, enum fleet_outcome outcome,
    const char *change, const char *what, const char *before,
    const char *after);

/** One device more. */
void fleet_count(
    struct fleet_tally *t, struct fleet_line *line, struct span endpoint);

/** Add what `from` has counted. */
void fleet_tally_add(struct fleet_tally *t, const struct fleet_tally *from);

/** All lines: by outcome, then the greatest first. Owned; NULL: memory. */
struct fleet_line **fleet_lines(struct fleet_tally *t, size_t *count);

/* --- fleet_sets.c: the policies of before --------------------------------- */

struct fleet_sets;

/** Reads them out of the ledger `path`, each when it is first asked for.
 *  Thread-safe. Errors: RC_MEMORY, and those of ledger_open. */
MUST_CHECK enum rc fleet_sets_open(const char *path, struct fleet_sets **out);
void fleet_sets_close(struct fleet_sets *s);

/** Another that is known: a folder that somebody has still. Before any thread
 *  asks; a reference is taken. Errors: RC_MEMORY. */
MUST_CHECK enum rc fleet_sets_add(struct fleet_sets *s, struct policy_set *set);

/** The set of that digest, borrowed until fleet_sets_close; NULL: it is not
 *  kept, or too many were asked for. */
const struct policy_set *fleet_set(
    struct fleet_sets *s, const uint8_t digest[static DIGEST_LEN]);

/* --- fleet_device.c: one device ------------------------------------------- */

/** What all threads share, unchanged while they run. */
struct fleet_job {
	const char *ledger;
	struct issue_rules *rules; /**< of the new set */
	struct issue_replay_config config;
	const char *server_uri; /**< NULL: not known */
	int64_t now_s;
	size_t examples;
	bool devices; /**< a line of CSV each is wanted */
	struct fleet_sets *sets;
};

/** One thread's. */
struct fleet_worker {
	const struct fleet_job *job;
	struct ledger *store; /**< of its own, to read from */
	struct fleet_tally tally;
	struct table memos; /**< which lines a pair of plans stands for */
	struct arena *memo_arena;
	struct issue_replay replay;
	struct policy_decided decided, before;
	struct issue_decision decision;
	enum rc rc; /**< what has stopped it */
};

MUST_CHECK enum rc fleet_worker_init(
    struct fleet_worker *w, const struct fleet_job *job);
void fleet_worker_fini(struct fleet_worker *w);

/** Decide the device of this row; a line of CSV goes to `csv` (NULL: none).
 *  Check `w->rc` now and then. */
void fleet_device(
    struct fleet_worker *w, const struct ledger_row *row, FILE *csv);

/** The names of the columns. */
extern const char fleet_csv_names[];

/* --- fleet_run.c: all of them --------------------------------------------- */

/** Text for the file of devices, in the order of the rows. Returns an exit
 *  code; what is wrong has been said. */
typedef int (*fleet_text_fn)(void *ctx, struct span text);

struct fleet_result {
	struct ledger_fleet fleet; /**< as the ledger counts */
	uint64_t seen; /**< devices that were decided */
	struct fleet_tally tally;
	uint64_t took_ms;
};

/**
 * Run over the whole ledger. `each` may be NULL. Returns an exit code; what is
 * wrong has been said on stderr. `out` is to be given to fleet_result_fini.
 */
MUST_CHECK int fleet_run(const struct fleet_job *job, fleet_text_fn each,
    void *ctx, struct fleet_result *out);
void fleet_result_fini(struct fleet_result *r);

/* --- fleet_print.c --------------------------------------------------------- */

/** What stands above the lines, as policy_plan knows it. */
struct fleet_report {
	const char *format;
	const char *policies, *ledger;
	const uint8_t *digest; /**< of the new set */
	struct fleet_result *result;
};

/** The report on stdout. Returns an exit code. */
int fleet_print(const struct fleet_report *r);

#endif
