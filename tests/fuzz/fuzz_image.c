/*
 * Factory images, byte for byte, to every reader. What is taken is an account
 * that every writer would take, its values lie within the image or scratch, and
 * laid down again by the geometry that was found it reads back the same.
 */
#include "image_format.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

/** A reading and its memory. */
struct reading {
	struct lwm2m_entry entries[IMAGE_ENTRIES_MAX];
	struct image_reading r;
	uint8_t *scratch;
};

static enum rc
read_as(struct reading *b, const struct image_format *f,
    const struct image_geometry *g, struct span bytes)
{
	size_t cap = IMAGE_READ_SCRATCH(bytes.len);
	enum rc rc;

	b->scratch = malloc(cap);
	must(b->scratch != NULL);
	b->r = (struct image_reading){
	    .entries = b->entries,
	    .entry_cap = IMAGE_ENTRIES_MAX,
	    .geometry = *g,
	};
	writer_init(&b->r.scratch, b->scratch, cap);
	rc = image_read(bytes, f, &b->r);
	must(rc == RC_OK || b->r.image.entry_count == 0);
	must(rc == RC_OK || rc == RC_TOO_LARGE || b->r.fault != NULL);
	return rc;
}

static bool
lies_in(struct span s, const void *p, size_t len)
{
	const uint8_t *from = p;

	return s.len == 0 || (s.p >= from && s.p + s.len <= from + len);
}

static void
check_values(const struct reading *b, struct span bytes)
{
	const struct image *image = &b->r.image;

	must(image_valid(image));
	for (size_t i = 0; i < image->entry_count; i++) {
		const struct lwm2m_value *v = &image->entries[i].value;

		if (v->type == LWM2M_STRING || v->type == LWM2M_OPAQUE ||
		    v->type == LWM2M_CORELNK)
			must(lies_in(v->bytes, bytes.p, bytes.len) ||
			    lies_in(v->bytes, b->scratch, b->r.scratch.len));
	}
}

/* The other way about is a promise, too: what was read can be written. */
static void
check_again(const struct reading *b, const struct image_format *f)
{
	const struct image_geometry *g = &b->r.geometry;
	size_t cap = image_room_len(f, g), scratch = image_scratch_len(f, g);
	uint8_t *room = malloc(cap), *carried = malloc(scratch ? scratch : 1);
	struct image_writing job = {.geometry = g};
	static struct reading again;
	struct writer w;
	enum rc rc;

	must(room && carried);
	writer_init(&w, room, cap);
	writer_init(&job.scratch, carried, scratch);
	rc = f->write(&b->r.image, &job, &w);
	/* a float has no text in JSON, and other room-mates of that kind */
	if (rc == RC_OK) {
		must(read_as(&again, f, g, writer_span(&w)) == RC_OK);
		must(image_equal(&again.r.image, &b->r.image));
		free(again.scratch);
	}
	must(rc == RC_OK || rc == RC_TOO_LARGE || rc == RC_UNSUPPORTED);
	free(room);
	free(carried);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[ESP_NVS_KEY_LEN] = {1};
	const struct image_geometry any = image_geometry_any();
	struct image_geometry keyed = any;
	struct span bytes = span_of(data, size);
	static struct reading b;

	if (size > IMAGE_BYTES_MAX)
		return 0;
	for (size_t i = 0; image_formats_known[i]; i++) {
		const struct image_format *f = image_formats_known[i];

		if (read_as(&b, f, &any, bytes) == RC_OK) {
			check_values(&b, bytes);
			check_again(&b, f);
		}
		free(b.scratch);
	}
	if (read_as(&b, NULL, &any, bytes) == RC_OK)
		check_values(&b, bytes);
	free(b.scratch);
	keyed.nvs_key = key;
	(void)!read_as(&b, &image_esp_nvs, &keyed, bytes);
	free(b.scratch);
	return 0;
}
