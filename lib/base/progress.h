/**
 * progress.h - one line on a terminal for whatever takes longer than two
 * seconds; nothing at all when stderr is not a terminal.
 */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include "base/cursor.h"

enum { PROGRESS_AFTER_MS = 2000, PROGRESS_EVERY_MS = 100 };

struct progress {
	const char *what; /**< "verifying rows"; static */
	bool terminal;
	bool shown;
	uint64_t began_ms, last_ms; /**< monotonic */
};

void progress_begin(struct progress *p, const char *what);
/** Cheap; draws at most ten times a second. */
void progress_at(struct progress *p, uint64_t done, uint64_t total);
/** Take the line away. */
void progress_end(struct progress *p);

/** The line itself, without the carriage return: at most 79 columns. `total` 0:
 *  nobody knows. */
void progress_line(struct writer *w, const char *what, uint64_t done,
    uint64_t total, uint64_t elapsed_ms);

#endif
