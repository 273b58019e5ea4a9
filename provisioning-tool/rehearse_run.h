/**
 * rehearse_run.h - the rehearsal of all images of a path: which of them, so many
 * at a time, and what came of them.
 */
#ifndef TOOL_REHEARSE_RUN_H
#define TOOL_REHEARSE_RUN_H

#include "base/progress.h"
#include "rehearse_seat.h"

enum { REHEARSE_URI_MAX = 300 /**< bytes with NUL */ };

/** Places that were looked up: images of a batch go to the same one. */
struct rehearse_target {
	char uri[REHEARSE_URI_MAX];
	bool found;
	const char *why;
	struct rehearse_way way;
};

/** All of a run; zero, but for `signal_fd`. */
struct rehearsal {
	const struct options *o;
	struct rehearse_hall hall;
	struct rehearse_reader reader;
	struct staging *staging;
	struct image_files *files;
	struct rehearse_seat *seats;
	struct rehearse_result *result; /**< of the image that is read */
	struct rehearse_target target;
	struct secret nvs_keys;
	struct progress progress;
	bool json, single;
	/* sampling */
	uint64_t left, wanted; /**< of all images; of those, to be rehearsed */
	uint64_t index; /**< of the image that is read */
	/* what came of it */
	uint64_t running, rehearsed, ok, failed, unanswered, answered;
	uint64_t datagrams, bytes, began_ms;
	int signal_fd, signal;
	bool away; /**< the server is */
};

/** All of them, and told. Returns an exit code: EX_OK, EX_DATAERR,
 *  EX_UNAVAILABLE, EX_SOFTWARE. */
MUST_CHECK int rehearse_run(struct rehearsal *h);

#endif
