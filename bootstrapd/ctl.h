/**
 * ctl.h - the parts of bootstrapctl: asking the keeper (ctl_ask.c), reading the
 * ledger (ctl_ledger.c), starting bootstraps (ctl_push*.c, ctl_http.c), staged changes (ctl_rollout.c), and what
 * they print (ctl_output.c).
 */
#ifndef BOOTSTRAPD_CTL_H
#define BOOTSTRAPD_CTL_H

#include "base/span.h"
#include "config.h"

enum {
	EXIT_USAGE = 64,
	EXIT_AWAY = 69,
	EXIT_DENIED = 77,
	EXIT_CONFIGURATION = 78,
};

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_CSV };

/** Options of push, as written; NULL: not there. */
struct ctl_push {
	const char *policy, *group, *rate, *resume, *to, *via;
	bool wait;
	bool rollout; /**< those of the stage that is under way */
};

/** Options of rollout, as written; NULL: not there. Its group and policy are
 *  those of struct ctl_push. */
struct ctl_rollout {
	const char *stages, *success, *window, *minimum, *id, *why;
};

/** What the command line says. */
struct ctl {
	const struct config *config; /**< borrowed */
	const char *argument; /**< the endpoint; NULL: none */
	const char **words; /**< push: its endpoints; rollout: its verb */
	size_t word_count;
	struct ctl_push push;
	struct ctl_rollout rollout;
	enum format format;
	bool follow;
};

/**
 * Send `verb` and the argument to the keeper and print its answer. Returns the
 * exit code that the answer carries, or says on stderr why there is none.
 */
int ctl_ask(const struct ctl *ctl, const char *verb);

/** What is known of one device, and why (ctl_device.c). The exit code. */
int ctl_device(const struct ctl *ctl);

/** Print a row for each device, or the rows of the ledger: all of them, or with
 *  an argument those of that endpoint. Return the exit code. */
int ctl_devices(const struct ctl *ctl);
int ctl_rows(const struct ctl *ctl);

struct ledger;

/** The ledger, to be read. Returns an exit code; why not is said. */
int ctl_open_ledger(const struct ctl *ctl, struct ledger **l);

/** Bootstraps that are started from here (ctl_push.h). Returns the exit code. */
int ctl_push(const struct ctl *ctl);

/** A change of the policies that goes to a share first. Returns the exit code. */
int ctl_rollout(const struct ctl *ctl);

/** A connection to the keeper; -1: said why, and `code` is the exit code. */
int ctl_connect(const struct ctl *ctl, int *code);

/** Who may not is told that, and not to look for a daemon: EXIT_DENIED. */
int ctl_denied(const char *path);

/** A JSON string of any bytes, on stdout. */
void ctl_put_quoted(struct span s);

/** A field of CSV, on stdout, of any bytes and of what is a JSON string. */
void ctl_put_csv(struct span s);
void ctl_put_csv_quoted(struct span quoted);

#endif
