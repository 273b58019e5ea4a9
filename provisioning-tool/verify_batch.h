/**
 * verify_batch.h - what a batch says of its images: the signature on its
 * MANIFEST, which file is missing, changed, more than there should be or there
 * twice, and whether batch.json and summary.csv speak of these images.
 *
 * Whatever is wrong with the batch, its images are verified all the same.
 */
#ifndef TOOL_VERIFY_BATCH_H
#define TOOL_VERIFY_BATCH_H

#include "verify.h"

#define BATCH_DESCRIPTION "batch.json"
#define BATCH_SUMMARY "summary.csv"

struct verify_batch; /* NULL: the image came alone */

/**
 * Begin: hash MANIFEST, verify its signature, then read its lines and
 * batch.json. `files` and `path` are borrowed until verify_batch_free. Findings
 * are reported at once. Returns an exit code: EX_OK, EX_SOFTWARE, EX_OSERR, and
 * of --signers EX_NOINPUT, EX_DATAERR.
 */
MUST_CHECK int verify_batch_begin(struct verify *v,
    const struct image_files *files, const char *path,
    struct verify_batch **out);

/** An image of it was judged; more findings of it. Errors: RC_MEMORY. */
MUST_CHECK enum rc verify_batch_image(
    struct verify_batch *b, struct verify_one *one);

/** All images were seen: what is missing, and the files beside them. As
 *  verify_batch_begin. */
MUST_CHECK int verify_batch_end(struct verify_batch *b);

/** Harmless with NULL. */
void verify_batch_free(struct verify_batch *b);

#endif
