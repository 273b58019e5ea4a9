/**
 * image.h - a factory image: what a device holds when it leaves the line. Two
 * forms are read, told apart by their first byte:
 *
 * - SenML CBOR, records of whole paths, as factory loaders take it;
 * - JSON, `provisioning-tool image build --format json`:
 *
 *       {
 *         "format": "bootstrapd-image-1",
 *         "endpoint": "urn:dev:ops:0057F2-WM200-1",
 *         "entries": [
 *           {"path": "/0/1/0", "type": "string", "value": "coaps://..."},
 *           {"path": "/0/1/1", "type": "boolean", "value": true},
 *           {"path": "/0/1/2", "type": "integer", "value": 0},
 *           {"path": "/0/1/5", "type": "opaque", "value": "000102..."}
 *         ]
 *       }
 *
 *   Types: string, corelnk, integer, unsigned, time, boolean, opaque (hex),
 *   objlnk ("21:0"). Unknown members are ignored, unknown types are not.
 *
 * An image is a secret: all of it lives in one.
 */
#ifndef DEVICE_IMAGE_H
#define DEVICE_IMAGE_H

#include "device/account.h"
#include "device/held.h"

enum {
	IMAGE_BYTES_MAX = 32768,
	IMAGE_ENTRIES_MAX = 256,
};

struct image {
	struct secret bytes; /**< the file */
	struct secret text; /**< what was decoded out of it */
	struct lwm2m_entry entries[IMAGE_ENTRIES_MAX];
	size_t count;
	struct span endpoint; /**< empty: the image does not say */
	struct held held; /**< the entries once more, for image_account */
};

/**
 * Read an image. `out` is initialised by the call and ended with image_fini,
 * on failure too.
 * Errors: RC_MALFORMED, RC_UNSUPPORTED (another `format`), RC_TOO_LARGE,
 * RC_MEMORY.
 */
MUST_CHECK enum rc image_read(struct span file, struct image *out);

/** The same from a file. Errors: as above, and RC_IO (errno says why). */
MUST_CHECK enum rc image_load(const char *path, struct image *out);

void image_fini(struct image *i);

/** Its Bootstrap-Server Account, borrowed from the image. Who the device is
 *  says the image, else the PSK identity or the certificate's common name.
 *  Errors: RC_NOT_FOUND (no /0 instance with resource 1 true, or no URI),
 *  RC_MEMORY. */
MUST_CHECK enum rc image_account(struct image *i, struct account *out);

/**
 * Append what a device holds as such an image in JSON, every entry of it: it
 * has keys in it.
 * Errors: RC_TOO_LARGE, RC_UNSUPPORTED (a value of a type that no image has).
 */
MUST_CHECK enum rc image_print(
    struct writer *w, struct span endpoint, const struct held *s);

#endif
