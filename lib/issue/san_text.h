/**
 * san_text.h - the alternative names of a certificate as they stand in a row
 * of the ledger: "DNS:meter-7.example URI:urn:dev:7", so that a policy that
 * looks at them can be matched again later. Within this module.
 *
 * Only what policies look at stands there: host names and URIs. A peer has no
 * say in how long a row is: names with a space or anything else that is no
 * printable ASCII, and those beyond SAN_TEXT_MAX bytes, are left out, and the
 * last word is then "...".
 */
#ifndef ISSUE_SAN_TEXT_H
#define ISSUE_SAN_TEXT_H

#include "base/cursor.h"

enum { SAN_TEXT_MAX = 1024 /**< bytes of all words */ };

/** Append the words of `san` (for cert_name_next) to `w`, which has room for
 *  SAN_TEXT_MAX bytes. */
void san_text(struct writer *w, struct span san);

/** The next name of such words without "DNS:" or "URI:", as policy_san_fn;
 *  false at their end. */
bool san_text_next(struct span *rest, struct span *name);

/** The one URI that begins with "urn:", as cert_san_uri; empty: none, or two,
 *  or names were left out that may be one. */
struct span san_text_urn(struct span words);

#endif
