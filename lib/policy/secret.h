/**
 * secret.h - what looks like a key or a password in a text that people read.
 */
#ifndef POLICY_SECRET_H
#define POLICY_SECRET_H

#include "base/span.h"

/** What a secret was known by. */
enum secret_kind {
	SECRET_NONE,
	SECRET_PEM, /**< a private key in PEM (RFC 7468) */
	SECRET_PASSWORD, /**< in a URL: `://user:password@` */
	/** As many hexadecimal digits, or characters of base64, as a key of 16,
	 *  24, 32, 48 or 64 bytes has. It may be something else. */
	SECRET_LIKELY,
};

/** What a whole value is, with or without `hex:`, `b64:` or `0x` before it. */
enum secret_kind secret_in_value(struct span value);

/** Is there one among the words of a line? */
bool secret_in_text(struct span line);

/** Has a file that is named a private key in PEM? */
bool secret_in_file(struct span bytes);

#endif
