/**
 * label_document.h - the `label:` of an image document, and what else it says
 * of its devices.
 */
#ifndef TOOL_LABEL_DOCUMENT_H
#define TOOL_LABEL_DOCUMENT_H

#include "label.h"
#include "settings.h"

#include "issue/rules.h"

struct label_document {
	struct policy_set *set; /**< owned */
	struct issue_rules *rules; /**< owned */
	const struct policy_image *image; /**< NULL: none was named */
};

/**
 * The document `name` of the policies at `path`, and its label into `spec`,
 * which borrows from `d`. EX_OK, or an exit code (said).
 */
MUST_CHECK int label_document_load(struct label_document *d, const char *path,
    const char *name, struct label_spec *spec);

/** Add the document's name, its identity, and the serial number that it made
 *  the endpoint of. Nothing without a document. */
void label_document_values(
    const struct label_document *d, struct label_values *v);

/** Harmless on zeros, and twice. */
void label_document_fini(struct label_document *d);

#endif
