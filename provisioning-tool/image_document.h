/**
 * image_document.h - what is wrong with image documents that only formats know:
 * for `policy check`.
 */
#ifndef TOOL_IMAGE_DOCUMENT_H
#define TOOL_IMAGE_DOCUMENT_H

#include "base/diag.h"
#include "policy/image.h"

/**
 * Add a finding for each option that the document's format does not take or
 * that cannot be, for a URI that names no server, for a format that does not
 * hold what the image has. A small image is written by each. Files of keys are
 * not read. Errors: RC_MEMORY.
 */
MUST_CHECK enum rc image_documents_check(
    const struct policy_set *set, struct diag *d);

#endif
