/**
 * showing.h - what the workers are to show and accept, made from rules and the
 * files of `server:`, sealed and ready to be sent.
 */
#ifndef BOOTSTRAPD_SHOWING_H
#define BOOTSTRAPD_SHOWING_H

#include "server_files.h"
#include "shown.h"

struct showing {
	int fd; /**< -1: none yet */
	size_t len;
	uint32_t generation;
	size_t anchors, crls, raw_keys; /**< how many of each */
};

/** `also`: rules by which devices may come, too, NULL: none. Errors: RC_MEMORY,
 *  RC_TOO_LARGE, RC_IO. */
MUST_CHECK enum rc showing_make(const struct issue_rules *rules,
    const struct issue_rules *also, const struct server_files *f,
    struct showing *out);
void showing_fini(struct showing *s);

#endif
