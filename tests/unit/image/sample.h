/**
 * sample.h - what the tests of images share: accounts to lay down, the samples
 * of tests/vectors/images, and writing and reading in rooms of plain memory.
 */
#ifndef TEST_IMAGE_SAMPLE_H
#define TEST_IMAGE_SAMPLE_H

#include "image_format.h"

#define SAMPLE_EP "urn:dev:os:32473-000042"
#define SAMPLE_BS_URI "coaps://bs.example.com:5684"

enum {
	SAMPLE_ENTRIES_MAX = 64,
	SAMPLE_BYTES_MAX = IMAGE_BYTES_MAX,
};

/** Entries of a test's own making. */
struct sample {
	struct lwm2m_entry entries[SAMPLE_ENTRIES_MAX];
	struct image image;
};

/** The bootstrap account of the samples, in /0/1; with hold-off. */
void sample_psk(struct sample *s);
/** The same with a server account in /0/2 and /1/1. */
void sample_two(struct sample *s);
/** The account with certificates of anjay-x509-bs.senml.cbor. */
void sample_x509(struct sample *s);
/** An account without security, mode 3. */
void sample_nosec(struct sample *s);

/** Append a value, at the end: in order. */
void sample_add(struct sample *s, struct lwm2m_path p, struct lwm2m_value v);
/** The value at a path; asserts that it is there. */
struct lwm2m_value *sample_value(struct sample *s, struct lwm2m_path p);
/** Put a value at a path: in place of the one there, or where it belongs. */
void sample_put(struct sample *s, struct lwm2m_path p, struct lwm2m_value v);
/** Take the value at a path away. */
void sample_drop(struct sample *s, struct lwm2m_path p);

/** A file of tests/vectors/images; owned by a static table. */
struct span sample_file(const char *name);

/** What writing gave. */
struct written {
	struct span bytes; /**< in `room` */
	enum rc rc;
	const char *why;
	uint8_t *room, *scratch; /**< owned */
};
/** Write, with rooms of exactly the sizes that are asked for. */
void sample_write(struct written *w, const struct image_format *f,
    const struct image_geometry *g, const struct image *image);
void sample_written_fini(struct written *w);

/** What reading gave. */
struct read_back {
	struct lwm2m_entry entries[IMAGE_ENTRIES_MAX];
	struct image_reading r;
	uint8_t *scratch; /**< owned */
};
/** Read as `f`, NULL: guess; `g` NULL: nothing is known. */
enum rc sample_read(struct read_back *b, const struct image_format *f,
    const struct image_geometry *g, struct span bytes);
void sample_read_fini(struct read_back *b);

/** Fails, and says where they differ. */
void sample_same_bytes(struct span a, struct span b);
void sample_same_image(const struct image *a, const struct image *b);

#endif
