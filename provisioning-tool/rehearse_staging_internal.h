/**
 * rehearse_staging_internal.h - what rehearse_staging.c (the process),
 * rehearse_config.c (what it is told) and rehearse_ledger.c (what it has
 * recorded) share.
 */
#ifndef TOOL_REHEARSE_STAGING_INTERNAL_H
#define TOOL_REHEARSE_STAGING_INTERNAL_H

#include "issue/rules.h"
#include "ledger/ledger.h"
#include "rehearse_staging.h"
#include "settings.h"

#include <limits.h>
#include <sys/types.h>

enum { STAGING_SCHEMES = 4 };

struct staging {
	struct options options; /**< with the configuration that is used */
	struct settings settings;
	struct policy_set *set;
	struct issue_rules *rules;
	char dir[PATH_MAX]; /**< ours; "": none yet */
	char log[PATH_MAX + 16], ledger_path[PATH_MAX + 16];
	char config[PATH_MAX + 32];
	char binary[PATH_MAX + 32];
	pid_t pid; /**< 0: none */
	char uris[STAGING_SCHEMES][REHEARSE_ADDRESS_MAX];
	struct ledger *ledger; /**< to be read; NULL: not yet */
	uint64_t since; /**< its rows are behind this one */
	bool copied; /**< it has the rows of the true one */
};

extern const char *const staging_schemes[STAGING_SCHEMES];

/* rehearse_config.c */

/** Write its configuration into its folder. Says on stderr what is wrong; an
 *  exit code. */
MUST_CHECK int staging_config(struct staging *s);

/* rehearse_ledger.c */

/** The ledger, when it can be read; NULL: not yet. */
struct ledger *staging_ledger(struct staging *s);

#endif
