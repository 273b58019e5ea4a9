/**
 * label_source.h - which devices `image label` makes labels of: one that the
 * command line names, those of a batch's summary.csv, or those of the images of
 * a file or container. Of an image nothing is taken but the endpoint and the
 * SHA-256 of the certificate.
 */
#ifndef TOOL_LABEL_SOURCE_H
#define TOOL_LABEL_SOURCE_H

#include "label_document.h"
#include "label_summary.h"
#include "ledger/ledger.h"

struct label_images;

struct label_source {
	const struct options *o;
	const struct label_document *document; /**< borrowed */
	struct ledger *ledger; /**< borrowed; NULL: none */
	struct image_live *live; /**< what it says of the device, owned */
	struct label_summary summary; /**< of a folder */
	struct label_images *images; /**< of a file; owned */
	bool folder;
	bool done; /**< of one that was named */
	char where[1024]; /**< for messages, of the device that is at hand */
};

/** EX_OK, or an exit code (said). */
MUST_CHECK int label_source_open(struct label_source *s,
    const struct options *o, const struct label_document *d, struct ledger *l);

/** May it be more than one device? */
bool label_source_many(const struct label_source *s);

/**
 * The next device; false at the end. *fault: what is wrong with it (a static
 * sentence; s->where says where), and there is none. `v` borrows until the
 * next.
 */
bool label_source_next(
    struct label_source *s, struct label_values *v, const char **fault);

/** EX_OK, or an exit code (said): the end was not the end. */
int label_source_close(struct label_source *s);

/* label_images.c */
MUST_CHECK int label_images_open(const char *path, struct label_images **out);
/** `sha256`: hex, of the image. */
bool label_images_next(struct label_images *s, struct label_values *v,
    const char **where, const char **sha256, const char **fault);
bool label_images_many(const struct label_images *s);
void label_images_close(struct label_images *s);

#endif
