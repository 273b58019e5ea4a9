/**
 * diag.h - findings about files that people write.
 *
 * `policies/meters.yaml:12:5: error: servers[0].lifetime: 0 is below 60 s`
 *
 * A reader of configuration, policies or device lists reports everything it
 * finds in one run; the caller prints them and decides by the count of errors.
 */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include "base/rc.h"
#include "base/span.h"

#include <stdio.h>

enum diag_level { DIAG_NOTE, DIAG_WARNING, DIAG_ERROR };

struct diag_finding {
	enum diag_level level;
	char *file; /**< as the user named it */
	unsigned line; /**< from 1; 0: the file as a whole */
	unsigned column; /**< from 1, in characters; 0: the line as a whole */
	const char *code; /**< stable id, "policy-unknown-key"; static */
	char *text; /**< printable: `path: what is wrong, and the cure` */
	/** A warning that diag_settle has silenced: why, borrowed; else NULL. */
	const char *silenced;
};

struct diag; /* a growing list of findings */

/** Owned by the caller. NULL when out of memory. */
struct diag *diag_new(void);
void diag_free(struct diag *d);

/**
 * Add one finding. Copies everything but `code`. What comes from a file must
 * be quoted by the caller where it may hold control characters; diag replaces
 * any that are left. Harmless with d == NULL. At most 10,000 findings are
 * kept, then one that says so; an error takes the place of a warning.
 */
PRINTF_LIKE(7, 8)
void diag_add(struct diag *d, enum diag_level level, const char *file,
    unsigned line, unsigned column, const char *code, const char *fmt, ...);

/**
 * A comment in line `line` of `file` that silences warnings of `code` at line
 * `about`. Copies all. Nothing happens before diag_settle. At most 10,000.
 */
void diag_silence(struct diag *d, const char *file, unsigned line,
    unsigned about, const char *code, const char *because);

/** Add the silences of `from` to `to`, which may be NULL. */
void diag_silence_all(const struct diag *from, struct diag *to);

/**
 * Let the silences work on all findings that are here. Those that silence
 * nothing are warnings themselves ("check-ignore-unused"), if `complete`: when
 * nothing kept the findings that they are about from being made. An error is
 * never silenced.
 */
void diag_settle(struct diag *d, bool complete);

/** How many warnings are silenced. */
size_t diag_silenced(const struct diag *d);

/** Those that are not silenced. */
size_t diag_count(const struct diag *d, enum diag_level at_least);

/** The i-th finding in order of addition; borrowed until diag_free. */
const struct diag_finding *diag_get(const struct diag *d, size_t i);
size_t diag_total(const struct diag *d);

/** Sort by file, line, column; stable. */
void diag_sort(struct diag *d);

/** One line a finding that is not silenced, as in the opening comment. */
void diag_print(const struct diag *d, FILE *out);

#endif
