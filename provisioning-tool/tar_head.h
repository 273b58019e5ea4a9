/**
 * tar_head.h - one member's head of a container of images: POSIX ustar
 * (IEEE 1003.1, pax), written, and read strictly. Regular files alone; what links, folders,
 * sparse files and extended heads are, is said and not followed.
 */
#ifndef TOOL_TAR_HEAD_H
#define TOOL_TAR_HEAD_H

#include "base/rc.h"
#include "base/span.h"

enum {
	TAR_BLOCK_LEN = 512, /**< bytes of a head, and what data is filled to */
	TAR_NAME_MAX = 256, /**< bytes with prefix and '/' */
};

struct tar_head {
	char name[TAR_NAME_MAX + 1];
	uint64_t size; /**< bytes of data behind it, without the fill */
	unsigned mode; /**< permission bits */
	bool regular;
};

/**
 * Read a block. Errors: RC_NOT_FOUND (all zeros: the end begins here),
 * RC_MALFORMED (`why`, static: what behind it is cannot be known).
 */
MUST_CHECK enum rc tar_head_read(const uint8_t block[static TAR_BLOCK_LEN],
    struct tar_head *out, const char **why);

enum {
	/** Bytes of what is written: the last part, and the folder before it. */
	TAR_BASE_MAX = 100,
	TAR_FOLDER_MAX = 155,
	TAR_END_LEN = 2 * TAR_BLOCK_LEN, /**< zeros behind the last member */
};

/**
 * Write the block of a regular file `folder`/`base` of `size` bytes, mode 0600,
 * of nobody in particular and at no time: the same image, the same bytes.
 * Errors: RC_TOO_LARGE (a name or the size does not fit), RC_MALFORMED (an empty
 * name, or NUL in it).
 */
MUST_CHECK enum rc tar_head_write(struct span folder, struct span base,
    uint64_t size, uint8_t out[static TAR_BLOCK_LEN]);

/** Bytes of zeros that fill the last block of `size` bytes of data. */
size_t tar_fill_len(uint64_t size);

#endif
