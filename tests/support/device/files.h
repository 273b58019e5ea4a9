/**
 * files.h - a device's certificate and keys from files, as people have them
 * (PEM or DER), in place of an image.
 */
#ifndef DEVICE_FILES_H
#define DEVICE_FILES_H

#include "device/account.h"

#include "base/secret.h"

enum { FILES_BYTES_MAX = 32768 /**< of each */ };

/** Names as the command line gives them; NULL: not given. */
struct file_names {
	/** Its certificate, and what leads to an anchor behind it. Not with
	 *  `raw`, which takes the public key from the private one. */
	const char *certificate;
	const char *key; /**< PKCS #8 or SEC 1 */
	/** The anchors of the server's certificate, or by `usage` that itself;
	 *  with `raw` its public key, or a certificate with that. */
	const char *ca;
	const char *sni;
	bool raw;
	uint64_t usage; /**< USAGE_TRUST_ANCHOR or USAGE_DOMAIN_ISSUED */
};

struct files {
	struct secret certificate, key, ca; /**< DER */
	uint8_t public_key[X509_P256_KEY_LEN];
	const char *fault; /**< the file that is at fault; NULL: none */
};

/**
 * Read them, and set the members of `account` that follow from them: mode,
 * identity, keys, matching, usage, SNI; endpoint where it was empty. It borrows
 * from `f`, which ends with files_fini, on failure too.
 * Errors: RC_IO (errno says why), RC_MALFORMED, RC_UNSUPPORTED (a key that is
 * not on P-256), RC_TOO_LARGE, RC_MEMORY.
 */
MUST_CHECK enum rc files_read(
    struct files *f, const struct file_names *names, struct account *account);
void files_fini(struct files *f);

#endif
