/**
 * label_output.h - where labels go: a file for each in a folder, or one stream
 * of ZPL or one sheet for all. Each file is there whole or not at all. Running
 * again completes: what is there already with the same bytes is left alone.
 */
#ifndef TOOL_LABEL_OUTPUT_H
#define TOOL_LABEL_OUTPUT_H

#include "label.h"
#include "output.h"

enum label_form { LABEL_ZPL, LABEL_SVG, LABEL_PNG, LABEL_SHEET };

/** Names, NULL-ended: "zpl", "svg", "png", "html". */
extern const char *const label_form_names[];

struct label_output {
	enum label_form form;
	const char *directory; /**< borrowed; NULL: all into `all` */
	bool force;
	struct output all;
	uint8_t *bytes; /**< LABEL_BYTES_MAX, owned */
	uint64_t written, kept; /**< labels */
};

/** Begin; `title` is of a sheet. EX_OK, or an exit code (said). */
MUST_CHECK int label_output_begin(struct label_output *o, enum label_form form,
    const char *directory, const char *path, bool force, const char *title);

/** One label; `name`: what its file is called, but for the extension. */
MUST_CHECK int label_output_put(
    struct label_output *o, const struct label *l, struct span name);

/** Make all of it last, and name it. */
MUST_CHECK int label_output_commit(struct label_output *o);

/** Harmless twice, and on a zero struct with fd -1. */
void label_output_end(struct label_output *o);

#endif
