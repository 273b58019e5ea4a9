/**
 * check.h - `bootstrapd check`: configuration, certificates, policies,
 * token, keys, ledger; every finding, then an exit code. Runs as ExecStartPre.
 */
#ifndef BOOTSTRAPD_CHECK_H
#define BOOTSTRAPD_CHECK_H

#include "base/rc.h"

/** Prints findings to stderr and a summary to stdout. Returns the exit code:
 *  0, 65 (policies, files of `server:`), 69 (token), 74 (ledger), 78 (configuration). */
int check_run(const char *config_file);

/** What a fault belongs to. */
enum check_part {
	CHECK_POLICIES, /**< and the files of `server:` */
	CHECK_TOKEN,
	CHECK_LEDGER,
};

/** The exit code of such a fault, here and when the daemon starts: `bad` is
 *  what policy_load, server_files_load, hsm_open, masters_check or
 *  ledger_open returned. */
int check_exit(enum check_part part, enum rc bad);

#endif
