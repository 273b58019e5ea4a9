/**
 * transcript.h - what a ceremony says of itself: on standard output, and in a
 * file of mode 0644 that grows with each step. Nothing secret is written.
 */
#ifndef TOOL_TRANSCRIPT_H
#define TOOL_TRANSCRIPT_H

#include "base/digest.h"
#include "base/rc.h"

#include <stdbool.h>
#include <stdio.h>

struct transcript {
	const char *path; /**< borrowed; NULL: standard output alone */
	FILE *file;
	bool quiet; /**< lines go nowhere: it has not begun */
};

/**
 * Open `path`, which must not be there unless `append`. Failures are said on
 * stderr. EX_OK, EX_CANTCREAT.
 */
MUST_CHECK int transcript_open(
    struct transcript *t, const char *path, bool append);

/** May transcript_open succeed? Nothing is made. As there. */
MUST_CHECK int transcript_check(const char *path, bool append);

PRINTF_LIKE(2, 3)
void transcript_line(struct transcript *t, const char *fmt, ...);
/** Lines of text as they are, each behind `indent`. */
void transcript_text(
    struct transcript *t, const char *indent, struct span text);

/** To the disk. EX_OK, EX_IOERR (said on stderr). */
MUST_CHECK int transcript_sync(struct transcript *t);

/** transcript_sync, close, and the SHA-256 of the whole file. As there. */
MUST_CHECK int transcript_end(
    struct transcript *t, uint8_t sha256[static DIGEST_LEN]);
/** Close, whatever became of it. Harmless twice. */
void transcript_fini(struct transcript *t);

#endif
