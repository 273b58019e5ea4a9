/**
 * batch_summary.h - summary.csv: what is public of each image of a batch, a line
 * an image, in CSV as rows.h writes it. It never holds a key, nor what could be
 * one.
 */
#ifndef TOOL_BATCH_SUMMARY_H
#define TOOL_BATCH_SUMMARY_H

#include "batch_folder.h"

/** The line of names. Errors: as batch_file_put. */
MUST_CHECK enum rc batch_summary_begin(struct batch_folder *b);

/** Bytes of it. */
size_t batch_summary_names_len(void);

/** A line. `label`: the payload of its code; `time_ms`: when it was minted.
 *  Errors: as batch_file_put. */
MUST_CHECK enum rc batch_summary_put(struct batch_folder *b,
    const struct image_recipe *r, const struct batch_job *j, struct span label,
    int64_t time_ms);

/** What a line says that somebody goes by, and the ledger says, too. */
struct summary_line {
	uint64_t index, row, size;
	char file[BATCH_IMAGE_NAME_MAX + 1];
	char sha256[2 * DIGEST_LEN + 1];
	/** In hex; "": it has none. */
	char fingerprint[2 * DIGEST_LEN + 1];
	/** As they stand there: batch_summary_is; "": none. */
	char unit[6 * POLICY_ENDPOINT_MAX + 3];
	char endpoint[6 * POLICY_ENDPOINT_MAX + 3];
	uint64_t end; /**< bytes of the file up to its end */
};

/** Is that the cell of a text? */
bool batch_summary_is(const char *cell, struct span text);

enum { BATCH_WINDOW_LEN = 65536 };

struct batch_reader {
	int fd; /**< borrowed */
	uint64_t taken; /**< bytes of it before `from` */
	size_t from, to;
	bool ended, begun;
	uint8_t window[BATCH_WINDOW_LEN], room[BATCH_WINDOW_LEN];
};

/** From the beginning of the file. */
void batch_reader_begin(struct batch_reader *r, int fd);
/** The next line. Errors: RC_NOT_FOUND (the end), RC_MALFORMED (it is none of
 *  ours, or broke off), RC_IO (errno). */
MUST_CHECK enum rc batch_reader_next(
    struct batch_reader *r, struct summary_line *out);

#endif
