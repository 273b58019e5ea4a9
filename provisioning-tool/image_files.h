/**
 * image_files.h - the images of a PATH, one after another: an image file, the
 * folder of a batch (its images/, or its images.tar), or a container, *.tar.
 *
 * Memory does not grow with their number. A folder comes sorted by name, a
 * container as it stands. What is in a batch and is no image that anybody should
 * open (a name that is not plain, a link, a device, what is too large) comes
 * too, as a fault, and the rest goes on behind it.
 */
#ifndef TOOL_IMAGE_FILES_H
#define TOOL_IMAGE_FILES_H

#include "base/digest.h"
#include "base/secret.h"

#define IMAGE_FILES_FOLDER "images"
#define IMAGE_FILES_CONTAINER "images.tar"

enum image_files_shape {
	IMAGE_FILES_SINGLE, /**< one image */
	IMAGE_FILES_IN_FOLDER, /**< a batch with a file for each */
	IMAGE_FILES_IN_TAR, /**< a container, alone or of a batch */
};

enum image_file_fault {
	IMAGE_FILE_GOOD,
	IMAGE_FILE_NAME, /**< not a plain relative name */
	IMAGE_FILE_KIND, /**< a link, a folder, a device: never opened */
	IMAGE_FILE_SIZE, /**< nothing, or more than IMAGE_BYTES_MAX */
	IMAGE_FILE_UNREADABLE, /**< the operating system says no */
	IMAGE_FILE_TAR, /**< the container is damaged here; it may end */
};

/** One of them; borrowed until the next. */
struct image_file {
	/** Within the batch, as its MANIFEST has it: "images/000042.hex"; of a
	 *  single file the last part of its path. */
	const char *name;
	/** For messages, unquoted: "out/images/000042.hex",
	 *  "out/images.tar:images/000042.hex". */
	const char *label;
	enum image_file_fault fault;
	const char *why; /**< of a fault, static or of strerror; else NULL */
	struct span bytes; /**< in locked memory; empty after a fault */
	uint8_t sha256[DIGEST_LEN]; /**< of the bytes */
	bool exposed; /**< others than its owner may read it */
};

struct image_files;

/**
 * Begin. `path` is borrowed until image_files_close. What cannot be opened at
 * all has been said on stderr. Returns an exit code: EX_OK, EX_NOINPUT,
 * EX_DATAERR (a folder that is no batch), EX_OSERR, EX_SOFTWARE.
 */
MUST_CHECK int image_files_open(const char *path, struct image_files **out);

enum image_files_shape image_files_shape(const struct image_files *f);

/** The folder of a batch, to open what lies beside the images; -1: there is
 *  none. Borrowed. */
int image_files_batch(const struct image_files *f);

/** The next one; false at the end. What broke off the rest came as the last
 *  fault. */
bool image_files_next(struct image_files *f, struct image_file *out);

/** How far, for a progress bar: images of a folder, bytes of a container. */
void image_files_at(
    const struct image_files *f, uint64_t *done, uint64_t *total);

/** Wipes. Harmless with NULL. */
void image_files_close(struct image_files *f);

/** Is it a name that a batch may have: 1 to 255 of A-Z a-z 0-9 . _ % -, and no
 *  dot in front? */
bool image_files_name_good(struct span name);

#endif
