/**
 * check.h - `bootstrapd check`: configuration, policies, token, master keys,
 * ledger; every finding, then an exit code. Runs as ExecStartPre.
 */
#ifndef BOOTSTRAPD_CHECK_H
#define BOOTSTRAPD_CHECK_H

/** Prints findings to stderr and a summary to stdout. Returns the exit code:
 *  0, 65 (policies), 69 (token), 74 (ledger), 78 (configuration). */
int check_run(const char *config_file);

#endif
