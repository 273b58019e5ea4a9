/**
 * image_credential.h - what is public of the credential in an image: for the
 * row image_minted, and for whoever made it.
 */
#ifndef TOOL_IMAGE_CREDENTIAL_H
#define TOOL_IMAGE_CREDENTIAL_H

#include "issue/issue.h"

enum { IMAGE_CREDENTIAL_FIELDS = 7 };

/** Its fields into `f`; returns how many, at most IMAGE_CREDENTIAL_FIELDS.
 *  `until` is room for a time, which one of them borrows. */
size_t image_credential_fields(const struct identity *id,
    const struct issue_credential *c, struct field *f, struct writer *until);

/** Lines of standard error. */
void image_credential_report(
    const struct identity *id, const struct issue_credential *c);

#endif
