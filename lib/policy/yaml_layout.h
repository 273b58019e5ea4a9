/**
 * yaml_layout.h - a file as a tree with everything that the one of yaml.h does
 * not have: comments, empty lines, and how each value is written. For
 * yaml_format.c.
 */
#ifndef POLICY_YAML_LAYOUT_H
#define POLICY_YAML_LAYOUT_H

#include "policy/yaml.h"

/** A comment, from its '#' to the end of the line. */
struct layout_comment {
	struct span text;
	size_t column; /**< of the '#', from 0, in characters */
	bool blank; /**< an empty line is before it */
	bool behind; /**< it stands behind something, on its line */
	/** Those right below one that stands behind something, at its column:
	 *  they go on with what it says. */
	struct layout_comment *more;
	struct layout_comment *next;
	struct layout_comment *any; /**< the one before, of the whole file */
};

struct layout_comments {
	struct layout_comment *first, *last;
};

enum layout_style {
	LAYOUT_PLAIN,
	LAYOUT_SINGLE, /**< '...' */
	LAYOUT_DOUBLE, /**< "..." */
	LAYOUT_LITERAL, /**< | */
	LAYOUT_FOLDED, /**< > */
};

struct layout_node {
	enum yaml_kind kind;
	bool is_key; /**< SCALAR: of a MAP */
	bool flow; /**< MAP, LIST: {} or [] */
	enum layout_style style; /**< SCALAR */
	struct span text; /**< SCALAR: its value */
	struct span source; /**< SCALAR: as it is written */
	size_t column; /**< of a block MAP or LIST, from 0 */
	bool blank; /**< an empty line is before it, or before its key */
	struct layout_node *parent;
	struct layout_node *key; /**< of a MAP's child; a SCALAR */
	struct layout_node *children, **tail, *next;
	size_t count;
	struct layout_comments before; /**< it, or its key */
	struct layout_comments middle; /**< between key and value */
	struct layout_comments end; /**< at the end of a MAP or LIST */
	struct layout_comment *behind; /**< it, on its last line; or NULL */
	/** Columns it takes as {} or [] or a value on one line; LAYOUT_WIDE:
	 *  it has to have several. yaml_emit.c */
	size_t width;
};

#define LAYOUT_WIDE SIZE_MAX

struct layout_doc {
	bool marked; /**< by `---` */
	bool blank; /**< an empty line is before that */
	struct layout_comments before; /**< that */
	struct layout_comment *behind; /**< that */
	struct layout_node *root;
	struct layout_doc *next;
};

struct layout {
	struct layout_doc *docs;
	struct layout_comments end; /**< behind all documents */
	struct layout_comment *any; /**< the last of all comments */
	size_t comment_count;
};

/**
 * Take apart `text`, which yaml_parse has found no fault in, without a byte
 * order mark, with LF alone, and with a NUL behind it. All is in `a`, and
 * `text` is borrowed as long. Errors: RC_MEMORY, RC_CONFIG (a fault of ours).
 */
MUST_CHECK enum rc layout_read(
    struct arena *a, struct span text, struct layout *out);

/** Write it. `*out` is to be freed by the caller. Errors: RC_MEMORY. */
MUST_CHECK enum rc layout_write(
    const struct layout *l, char **out, size_t *out_len);

#endif
