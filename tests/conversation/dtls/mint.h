/**
 * mint.h - certificates that are made while a test runs: chains of every shape,
 * also such as no authority would sign. P-256, each with a key of its own.
 */
#ifndef MINT_H
#define MINT_H

#include "base/secret.h"
#include "base/span.h"

#include <stdbool.h>

enum { MINT_DER_MAX = 4096, MINT_KEY_MAX = 256 };

struct mint {
	uint8_t der[MINT_DER_MAX];
	size_t der_len;
	uint8_t key[MINT_KEY_MAX]; /**< PKCS #8, or SEC 1 */
	size_t key_len;
};

/** How one differs from a plain device's, which is all zero. */
struct mint_wish {
	bool authority;
	const char *path_len; /**< "0"; NULL: none */
	long from_s, until_s; /**< from now; both 0: -1 day, +1 day */
	size_t ballast_len; /**< bytes of an extension that says nothing */
	bool damaged; /**< the last bit of its signature is another */
};

/** `name` becomes the common name; `by` NULL: by itself. */
void mint_make(struct mint *m, const char *name, const struct mint *by,
    const struct mint_wish *wish);

struct span mint_der(const struct mint *m);
struct span mint_key(const struct mint *m);

#endif
