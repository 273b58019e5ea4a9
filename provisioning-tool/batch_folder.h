/**
 * batch_folder.h - the folder that a batch is written into:
 *
 *     batch.json       what it is: flat JSON, mode 0644 as all that is public
 *     summary.csv      a line an image, in the order in which they were minted
 *     images/          an image a file, mode 0600; or
 *     images.tar       all of them, in the order of summary.csv
 *     MANIFEST         SHA-256 of all of these, and MANIFEST.sig
 *
 * While it is unfinished MANIFEST is not there, the summary is summary.csv.part
 * and the container images.tar.part; images of the group that is being made
 * stand in `.open/` until its rows are in the ledger.
 *
 * summary.csv.part is what a run that was killed is resumed by: every line of it
 * whose row the ledger has, and whose image is what the row says, is done. Others
 * are left out of it, and what they named is made; of a container, the first that
 * is not so and all behind it.
 */
#ifndef TOOL_BATCH_FOLDER_H
#define TOOL_BATCH_FOLDER_H

#include "batch_file.h"
#include "batch_job.h"

struct order;

struct batch_folder {
	const char *path; /**< borrowed */
	int dir; /**< locked */
	int images, open; /**< folders; -1: a container, or not yet */
	bool container, resumed, was_finished;
	struct batch_file summary, tar;
	char id[IMAGE_ROW_BATCH_MAX + 1]; /**< of the batch, in the ledger */
	char created[32]; /**< UTC */
	/** What all images have in common, as hex of a SHA-256. */
	char recipe[2 * DIGEST_LEN + 1];
	const struct order *order; /**< NULL: none */
	const char *station; /**< that mints; borrowed; NULL: not known */
	uint64_t count; /**< images that the summary has */
	uint64_t bytes; /**< of them */
	/* where the last group ended */
	uint64_t summary_len, tar_len;
};

/**
 * Make the folder, or open one that was begun by the same recipe. `name`: of the
 * batch, NULL: that of the folder. Said on stderr. EX_OK, EX_CANTCREAT,
 * EX_DATAERR, EX_USAGE, EX_IOERR, EX_SOFTWARE, EX_TEMPFAIL (another process has
 * it).
 */
MUST_CHECK int batch_folder_open(struct batch_folder *b,
    const struct image_recipe *r, const char *path, const char *name,
    bool container, bool resume);
void batch_folder_close(struct batch_folder *b);

/** The name of its file: the serial number where the endpoint was made of it,
 *  or the endpoint, each byte but A-Z a-z 0-9 - . _ as %XX. Into j->name. */
void batch_folder_name(const struct image_recipe *r, struct batch_job *j);

/** Is there an image of that name? Always false in a container. */
bool batch_folder_has(const struct batch_folder *b, const char *name);

/** Write the bytes of one image, not under its name yet. Errors: RC_FULL,
 *  RC_IO (errno), RC_TOO_LARGE. */
MUST_CHECK enum rc batch_folder_put(
    struct batch_folder *b, const struct batch_job *j);
/** All that was put is durable, and the summary with it. Errors: as above. */
MUST_CHECK enum rc batch_folder_sync(struct batch_folder *b);
/** The ledger has its row: give it its name. `replace`: what has it is an older
 *  file of the same image. Errors: RC_IO (errno). */
MUST_CHECK enum rc batch_folder_name_image(
    const struct batch_folder *b, const char *name, bool replace);
/** Take an image away, if it is there; not from a container. Errors: RC_IO
 *  (errno). */
MUST_CHECK enum rc batch_folder_drop(
    const struct batch_folder *b, const char *name);
/** The group is done, after all of it was given its name. */
MUST_CHECK enum rc batch_folder_end_group(struct batch_folder *b);
/** The group is lost: cut back to where it began. */
void batch_folder_cut(struct batch_folder *b);

/** batch.json anew; `count` below 0: not finished. Errors: as above. */
MUST_CHECK enum rc batch_folder_describe(
    const struct batch_folder *b, const struct image_recipe *r, int64_t count);

/** Say what went wrong with its files, by `rc` and errno. Returns an exit
 *  code. */
int batch_folder_failed(const struct batch_folder *b, enum rc rc);

#endif
