/**
 * verify_batch_files.h - a batch that is being verified, for verify_batch.c and
 * verify_batch_files.c: what lies beside its images.
 */
#ifndef TOOL_VERIFY_BATCH_FILES_H
#define TOOL_VERIFY_BATCH_FILES_H

#include "batch_manifest.h"
#include "name_set.h"
#include "verify_batch.h"

enum {
	BATCH_SIGNATURE_MAX = 16384, /**< bytes of MANIFEST.sig */
	BATCH_DESCRIPTION_MAX = 16384, /**< bytes of batch.json */
	BATCH_TEXT_MAX = 200, /**< bytes of a text in it that is looked at */
};

struct verify_batch {
	struct verify *v;
	const char *path;
	enum image_files_shape shape;
	int folder; /**< -1: a container alone */
	struct diag *d; /**< findings of the batch, a few at a time */
	char *label; /**< room for the name of a file */
	size_t label_cap;
	struct batch_manifest manifest;
	int manifest_fd;
	bool has_manifest, trusted;
	struct name_set names, bytes; /**< of images that were seen */
	/** Likewise, as summary.csv has to have them: name, SHA-256 and
	 *  fingerprint; and name and endpoint, of those whose it is known. */
	struct name_set facts, owners;
	/* batch.json; "" and -1: it does not say */
	char order[BATCH_TEXT_MAX + 1], format[BATCH_TEXT_MAX + 1];
	char identity[BATCH_TEXT_MAX + 1];
	int64_t count;
	uint64_t foreign; /**< images of another format */
};

/** Where findings go. */
struct diag *batch_diag(struct verify_batch *b);
/** Show what there is. */
void batch_flush(struct verify_batch *b);
/** "PATH/name", until the next one. */
const char *batch_label(struct verify_batch *b, const char *name);
/** A file of the folder, no link followed; -1: errno. */
int batch_open(const struct verify_batch *b, const char *name);

/**
 * A whole file of the folder into `room`, which the caller frees, on failure
 * too. `why` is static, or of strerror. Errors: RC_IO, RC_TOO_LARGE, RC_MEMORY.
 */
MUST_CHECK enum rc batch_small_file(struct verify_batch *b, const char *name,
    size_t max, uint8_t **room, struct span *out, const char **why);

/** Read batch.json and hold it against what was asked for. EX_OK, EX_SOFTWARE,
 *  EX_OSERR. */
MUST_CHECK int batch_read_description(struct verify_batch *b);

/** An image against batch.json. */
MUST_CHECK enum rc batch_check_format(
    struct verify_batch *b, struct verify_one *one);

/** Keep what summary.csv has to say of an image. */
MUST_CHECK enum rc batch_summary_keep(
    struct verify_batch *b, const struct verify_one *one);

/** Hold summary.csv against the images that were seen. As
 *  batch_read_description. */
MUST_CHECK int batch_check_summary(struct verify_batch *b);

/** All that lies beside the images: by MANIFEST, and how many there should be.
 *  As batch_read_description. */
MUST_CHECK int batch_check_beside(struct verify_batch *b);

#endif
