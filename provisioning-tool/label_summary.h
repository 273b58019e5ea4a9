/**
 * label_summary.h - the devices of a batch as its summary.csv has them, a line
 * at a time: memory does not grow with their number.
 */
#ifndef TOOL_LABEL_SUMMARY_H
#define TOOL_LABEL_SUMMARY_H

#include "label.h"

#include <stdio.h>

#define LABEL_SUMMARY "summary.csv"

enum {
	LABEL_COLUMNS = 10, /**< that a label has a use for */
	LABEL_FIELD_MAX = 1024, /**< bytes of one of them */
};

struct label_summary {
	FILE *file;
	char *text; /**< of getline, owned */
	size_t text_cap;
	unsigned line; /**< from 1 */
	/** Which of the file's columns each is; -1: none. */
	int column[LABEL_COLUMNS];
	uint8_t field[LABEL_COLUMNS][LABEL_FIELD_MAX];
	/** Of all devices, as batch.json says; "": it does not. */
	char identity[LABEL_FIELD_MAX], image[LABEL_FIELD_MAX];
	const char *fault; /**< of this line, a static sentence */
};

/** Open `folder`/summary.csv and read its names, and batch.json, if it is there.
 *  EX_OK, EX_NOINPUT,
 *  EX_DATAERR, EX_SOFTWARE (said). */
MUST_CHECK int label_summary_open(struct label_summary *s, const char *folder);

/**
 * The next device; false at the end. Where `s->fault` is set its line is none.
 * `v` borrows until the next.
 */
bool label_summary_next(struct label_summary *s, struct label_values *v);

/** EX_OK; EX_IOERR (said): the end was not the end. Harmless on a zero
 *  struct. */
int label_summary_close(struct label_summary *s);

#endif
