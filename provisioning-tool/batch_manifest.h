/**
 * batch_manifest.h - the MANIFEST of a batch: a line for each of its files, as
 * `sha256sum` writes them, sorted by name.
 *
 *     <64 lower-case hex digits><two spaces>images/000042.hex<line feed>
 *
 * It is signed, so it is hashed whole before a line of it is parsed; and
 * what is parsed then is what was hashed, block by block, for a file can change
 * between the two. Memory: 16 bytes a line, and 32 for each 64 KiB.
 */
#ifndef TOOL_BATCH_MANIFEST_H
#define TOOL_BATCH_MANIFEST_H

#include "base/digest.h"
#include "base/rc.h"

#define BATCH_MANIFEST "MANIFEST"
#define BATCH_SIGNATURE "MANIFEST.sig"
#define BATCH_NAMESPACE "bootstrapd-image"

enum {
	BATCH_NAME_MAX = 300, /**< bytes of a name in it */
	BATCH_BLOCK_LEN = 65536, /**< bytes that are hashed at a time */
};

/** A line of it. */
struct batch_line {
	uint8_t sha256[DIGEST_LEN];
	struct span name;
};

/**
 * Read a line, without its line feed. A name is relative and plain: one or two
 * parts of image_files_name_good, a '/' between them.
 * Errors: RC_MALFORMED (`why`, static).
 */
MUST_CHECK enum rc batch_line_read(
    struct span line, struct batch_line *out, const char **why);

struct batch_entry {
	uint64_t name; /**< hash of it under `key` */
	/** Of name and SHA-256; the last bit: it was met. */
	uint64_t line;
};

struct batch_manifest {
	int fd; /**< borrowed, regular */
	uint64_t len; /**< bytes that were hashed */
	uint8_t sha256[DIGEST_LEN], sha512[DIGEST512_LEN]; /**< of them */
	uint8_t (*blocks)[DIGEST_LEN]; /**< of each block, owned */
	size_t block_count, block_cap;
	uint8_t key[16];
	struct batch_entry *entries; /**< sorted by `name`, owned */
	size_t count, cap;
};

/** Hash the file `fd`. Errors: RC_IO (errno), RC_MEMORY. */
MUST_CHECK enum rc batch_manifest_hash(struct batch_manifest *m, int fd);

/** A line, or a fault in it: `why` is then not NULL, and `line` empty. Anything
 *  but RC_OK stops, and is returned. */
typedef enum rc (*batch_line_fn)(
    void *ctx, uint64_t number, const struct batch_line *line, const char *why);

/**
 * All lines, in order, verified block by block. Lines that are out of order,
 * or twice, are faults. Errors: RC_CONFLICT (the file has changed since it was
 * hashed), RC_IO, RC_MEMORY, and what `each` returns.
 */
MUST_CHECK enum rc batch_manifest_lines(
    const struct batch_manifest *m, batch_line_fn each, void *ctx);

/** Index the lines; faults go to `each`. Errors: as batch_manifest_lines. */
MUST_CHECK enum rc batch_manifest_index(
    struct batch_manifest *m, batch_line_fn each, void *ctx);

enum batch_met {
	BATCH_MET, /**< as it stands there */
	BATCH_MET_CHANGED, /**< of that name, with another SHA-256 */
	BATCH_MET_TWICE, /**< it was met before */
	BATCH_MET_UNKNOWN, /**< no line has that name */
};

/** A file of the batch. `sha256` NULL: it cannot be read. */
enum batch_met batch_manifest_meet(
    struct batch_manifest *m, struct span name, const uint8_t *sha256);

/** Was a file of that name met? */
bool batch_manifest_was_met(const struct batch_manifest *m, struct span name);

/** Harmless on zeros. */
void batch_manifest_fini(struct batch_manifest *m);

#endif
