/**
 * label_options.h - how labels are to look, by name: the `label:` of an image
 * document and the options of `image label` are the same ones, in one table.
 *
 *   payload  "LWB1:{endpoint}"    level   L, M, Q or H
 *   dpi      152, 203, 300, 600      size    50x25mm, 50.8x25.4mm, 2x1in
 *   module   1 to 10 (dots)       text    up to eight lines
 */
#ifndef TOOL_LABEL_OPTIONS_H
#define TOOL_LABEL_OPTIONS_H

#include "label.h"
#include "options.h"

/** Names, NULL-ended. */
extern const char *const label_option_names[];

/**
 * Set one of them. Texts are borrowed by `spec`. NULL, or what is wrong with
 * it: a static sentence. `count` is 1 for all but text.
 */
const char *label_option_set(struct label_spec *spec, const char *name,
    const struct span *values, size_t count);

/** Those of the command line. EX_OK, EX_USAGE (said). */
MUST_CHECK int label_options_read(
    const struct options *o, struct label_spec *spec);

#endif
