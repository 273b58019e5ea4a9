/**
 * rehearse_staging.h - a bootstrapd of one's own for rehearsals: the daemon of
 * the same installation on loopback, at free ports, with the token and the
 * policies of a configuration and a throw-away copy of its ledger, so that no
 * row of the true one comes of it.
 *
 * It lives in a folder of mode 0700 that is taken away at the end, and ends with
 * whoever has started it, however that ends.
 */
#ifndef TOOL_REHEARSE_STAGING_H
#define TOOL_REHEARSE_STAGING_H

#include "rehearse.h"

struct staging;

/**
 * Start it, and wait until it is ready. What is wrong has been said on stderr.
 * Returns an exit code: EX_OK, EX_CONFIG, EX_UNAVAILABLE, EX_OSERR, EX_USAGE.
 */
MUST_CHECK int staging_start(const struct options *o, struct staging **out);

/** End it, and take its folder away. Harmless with NULL. */
void staging_stop(struct staging *s);

/** Is it still there? */
bool staging_alive(struct staging *s);

/** "coaps://127.0.0.1:40000" in place of a URI of that scheme; empty: it does
 *  not listen for that. Borrowed. */
struct span staging_uri(const struct staging *s, struct span uri);

/** Does its ledger say of the peer at `own` that something failed? */
bool staging_knows(struct staging *s, const char *own);

/**
 * Add to the last error of `r` what its ledger says of the peer at `own`. False:
 * nothing yet; with `last`, what the policies and the ledger say otherwise is
 * added instead.
 */
bool staging_explain(struct staging *s, const char *own,
    const struct account *account, bool last, struct rehearse_result *r);

/** Where the image goes, and where the configuration listens: a warning if these
 *  differ. */
void staging_compare(
    const struct staging *s, struct span uri, struct rehearse_result *r);

/** Bootstraps since the start that ended ok, by its ledger, when all have
 *  ended. False: it cannot be read. */
bool staging_count_ok(struct staging *s, uint64_t *count);

#endif
