/**
 * yaml.h - the YAML that people write for us, read strictly into a tree that
 * remembers where everything stood.
 *
 * Refused with a finding at file:line:column: tabs (but in a comment's line),
 * duplicate keys, keys that are no scalars, anchors and aliases (no YAML
 * bombs), tags, directives, invalid UTF-8, control characters, line breaks
 * other than LF and CR LF, more than the stated limits, and plain scalars that
 * YAML 1.1 would take for booleans (`yes`, `no`, `on`, `off`, in any case)
 * wherever a boolean is asked for.
 *
 * Keys are consumed by whoever reads them; what is left over at the end is an
 * unknown key, reported with the nearest known one.
 */
#ifndef POLICY_YAML_H
#define POLICY_YAML_H

#include "base/arena.h"
#include "base/diag.h"

enum {
	YAML_FILE_MAX = 1048576, /**< bytes of one file */
	YAML_DEPTH_MAX = 16,
	YAML_NODES_MAX = 200000, /**< of one file */
};

enum yaml_kind { YAML_SCALAR, YAML_MAP, YAML_LIST };

struct yaml_node {
	enum yaml_kind kind;
	unsigned line, column; /**< from 1 */
	struct span text; /**< SCALAR; NUL-terminated in the arena */
	bool quoted; /**< SCALAR: written in quotes or a block */
	struct yaml_node *parent; /**< NULL: the root of a document */
	size_t index; /**< place among the parent's children, from 0 */
	struct yaml_node *key; /**< the key of a MAP's child */
	struct yaml_node *children; /**< first child of a MAP or LIST */
	struct yaml_node *next; /**< sibling */
	size_t count; /**< children */
	bool used; /**< a MAP's child that somebody has read */
	bool refused; /**< has its finding: nobody reports it again */
	/* of a copy (fragment.c) */
	const char *file; /**< that it is written in; NULL: the context's */
	const char *user; /**< for whom, in words */
	struct yaml_node *origin; /**< of which: what is said there is said
	                               once */
	const char *told; /**< code of the last finding at a copy of it */
	bool told_error; /**< that was an error */
};

/** One document of a file (documents are separated by `---`). */
struct yaml_doc {
	struct yaml_node *root;
	struct yaml_doc *next;
};

/** Where a reader of a document reports. */
struct yaml_ctx {
	struct diag *diag;
	const char *file;
};

/**
 * Parse `text` as the file `file` (a name for findings). The tree is in `a`.
 * `docs` is set on failure too, to what could be read, so that a reader can go
 * on and report all it finds in one run.
 * Errors: RC_CONFIG (findings were added), RC_MEMORY.
 */
MUST_CHECK enum rc yaml_parse(struct arena *a, struct diag *d, const char *file,
    struct span text, struct yaml_doc **docs);

/** Read a regular file whole (at most YAML_FILE_MAX) into `a` and parse it.
 *  `content` (may be NULL) receives the bytes. Errors: as yaml_parse; RC_IO
 *  (a finding says why). */
MUST_CHECK enum rc yaml_load(struct arena *a, struct diag *d, const char *file,
    struct span *content, struct yaml_doc **docs);

/** The finding for a file that file_read has refused with `rc` and `why`. */
void yaml_unread(struct diag *d, const char *file, enum rc rc, const char *why);

/** Add an error at the node, behind the dotted way to it:
 *  `servers[0].lifetime: ...`. Nothing if the node is refused. */
PRINTF_LIKE(4, 5)
void yaml_error(const struct yaml_ctx *c, const struct yaml_node *at,
    const char *code, const char *fmt, ...);

/** The file that a node is written in. */
const char *yaml_file(const struct yaml_ctx *c, const struct yaml_node *n);

/** The same at any level. */
PRINTF_LIKE(5, 6)
void yaml_report(const struct yaml_ctx *c, enum diag_level level,
    const struct yaml_node *at, const char *code, const char *fmt, ...);

/** Sort the findings of `from` by place and add them to `to`: for readers that
 *  collect in a diag of their own, whose errors alone decide. */
void yaml_hand_over(struct diag *from, struct diag *to);

/** Text of a file as findings show it: in quotes, escaped, cut when long. */
struct yaml_shown {
	char text[320];
};

/** Returns s->text. */
const char *yaml_show(struct yaml_shown *s, struct span text);

/** For the arguments of yaml_error. */
#define YAML_SHOW(text) yaml_show(&(struct yaml_shown){0}, (text))

/** The child of that key, marked used; NULL when absent. */
struct yaml_node *yaml_get(struct yaml_node *map, const char *key);

/** As yaml_get; absent is a finding at the map. */
struct yaml_node *yaml_need(
    const struct yaml_ctx *c, struct yaml_node *map, const char *key);

/**
 * For what may be written as one value or as a list of them: the first item
 * and their count. Follow `next` no further than `count` says.
 */
struct yaml_node *yaml_items(struct yaml_node *n, size_t *count);

/** Is it absent, as `key:` with nothing behind it, `~` or `null`? */
bool yaml_is_null(const struct yaml_node *n);

/**
 * Report every child that is neither used nor one of `known` (NULL-ended), with
 * the nearest of them. (A known key that nobody has read is no typing error:
 * its reader had reasons, and a finding for them.)
 */
void yaml_leftover(
    const struct yaml_ctx *c, struct yaml_node *map, const char *const *known);

/* Typed readers: RC_OK, or RC_CONFIG after a finding that names the key, what
 * was found and what is expected. */

/** A scalar as text; NUL-terminated, borrowed from the arena. Empty only where
 *  it is written as "". */
MUST_CHECK enum rc yaml_text(
    const struct yaml_ctx *c, struct yaml_node *n, const char **out);
MUST_CHECK enum rc yaml_number(const struct yaml_ctx *c, struct yaml_node *n,
    int64_t min, int64_t max, int64_t *out);
/** `true` or `false` only. */
MUST_CHECK enum rc yaml_bool(
    const struct yaml_ctx *c, struct yaml_node *n, bool *out);
/** "250ms", "90s", "5m", "2h", "1d", "10y" (365 days); a bare number is a finding. */
MUST_CHECK enum rc yaml_duration_ms(const struct yaml_ctx *c,
    struct yaml_node *n, uint64_t min_ms, uint64_t max_ms, uint64_t *out);
/** "500B", "64KiB", "1MiB". */
MUST_CHECK enum rc yaml_size(const struct yaml_ctx *c, struct yaml_node *n,
    uint64_t min, uint64_t max, uint64_t *out);
/** One of `names` (NULL-ended); its index. */
MUST_CHECK enum rc yaml_choice(const struct yaml_ctx *c, struct yaml_node *n,
    const char *const *names, unsigned *out);

/** Is the node of that kind? A finding if not. */
MUST_CHECK enum rc yaml_expect(
    const struct yaml_ctx *c, const struct yaml_node *n, enum yaml_kind kind);

#endif
