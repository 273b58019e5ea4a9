/**
 * source.h - where the files of a policy set come from: a folder, one file,
 * files in memory (a set that was kept), or a text. Within this module; nothing
 * of it opens a file by another way.
 *
 * A file is read once, whoever names it how often: the bytes that are parsed are
 * those that are hashed and kept, whatever happens on the disk meanwhile.
 *
 * A file's name is how it is seen from the folder of the documents, taken apart
 * as text: "./lists/../ca.pem" in the document a.yaml is "ca.pem", and in
 * lists/b.yaml "lists/ca.pem". So the same folder has the same names wherever it
 * lies, and what was kept can be found by them.
 */
#ifndef POLICY_SOURCE_H
#define POLICY_SOURCE_H

#include "base/diag.h"
#include "base/table.h"
#include "policy/manifest.h"

/** A file that was read. */
struct source_file {
	struct table_item item; /**< by name */
	const char *name; /**< for the manifest */
	const char *path; /**< to open, and for findings */
	struct span bytes; /**< in `source.bytes` */
	uint8_t sha256[DIGEST_LEN];
	uint8_t *wipe; /**< the same, to be wiped; NULL: from memory */
	bool is_read; /**< false: in memory, and nobody has asked for it */
	struct source_file *next; /**< was read before it */
};

enum source_kind {
	SOURCE_DISK,
	SOURCE_MEMORY,
	SOURCE_TEXT, /**< one document, which names no files */
};

struct source {
	enum source_kind kind;
	const char *folder; /**< of the documents: "policies.d/", or "" */
	const char *only; /**< the one document's name; NULL: all there are */
	struct arena *arena; /**< of names; of the set */
	struct arena *bytes; /**< of what was read; owned */
	struct table files; /**< struct source_file */
	struct source_file *last; /**< read */
	size_t count; /**< read */
	uint64_t total; /**< bytes read */
};

/** Where a name leads to. */
struct source_name {
	const char *name;
	const char *path;
};

/** Begin; `path` is what people gave. `arena` is borrowed as long as the source
 *  is used, and what was read lives in it. source_fini is always due.
 *  Errors: RC_MEMORY. */
MUST_CHECK enum rc source_init(
    struct source *s, struct arena *arena, const char *path);
/** The same over `files`, which are copied; a finding for one that is there
 *  twice. Errors: RC_MEMORY, RC_CONFIG. */
MUST_CHECK enum rc source_init_files(struct source *s, struct arena *arena,
    const char *path, const struct policy_set_file *files, size_t count,
    struct diag *d);
/** The same over one text. */
MUST_CHECK enum rc source_init_text(
    struct source *s, struct arena *arena, const char *file, struct span text);
void source_fini(struct source *s);

/**
 * The names of the documents' files, sorted, in the source's arena. Findings say
 * what is not read though it looks like one. Errors: RC_IO (the folder; a
 * finding), RC_MEMORY.
 */
MUST_CHECK enum rc source_documents(
    struct source *s, struct diag *d, const char ***out, size_t *count);

/**
 * What `name` means in the file `from` of this source (its `path`; NULL: in the
 * folder itself). Errors: RC_MEMORY.
 */
MUST_CHECK enum rc source_resolve(struct source *s, const char *from,
    const char *name, struct source_name *out);

/**
 * The file, of at most `max` bytes. `why` is set as by file_read. Errors: RC_IO
 * (no such file, or a name that no manifest can hold), RC_TOO_LARGE, RC_MEMORY.
 */
MUST_CHECK enum rc source_read(struct source *s, const struct source_name *n,
    size_t max, const struct source_file **out, const char **why);

/** It holds a secret: its bytes are not left in memory. */
void source_wipe(const struct source_file *f);

/** What was read, sorted by name, in the source's arena; without bytes where
 *  they are more than POLICY_KEPT_MAX. Errors: RC_MEMORY. */
MUST_CHECK enum rc source_list(
    struct source *s, const struct policy_set_file **out);

#endif
