/*
 * LwM2M CBOR, Content-Format 11544, in the shape that a Bootstrap-Pack has:
 * {[object, instance]: {resource: value}}, ascending. Read byte for byte as it
 * is written.
 */
#include "image_format.h"

#include "lwm2m/lwm2m_cbor.h"

enum {
	MAP_FIRST = 0xa0,
	MAP_LAST = 0xbb,
};

static enum rc
write_lwm2m_cbor(
    const struct image *image, struct image_writing *g, struct writer *w)
{
	(void)g;
	if (!image_valid(image))
		return RC_MALFORMED;
	return lwm2m_cbor_encode(
	    LWM2M_ROOT, image->entries, image->entry_count, w);
}

static bool
guess_lwm2m_cbor(struct span bytes)
{
	return bytes.len > 0 && bytes.p[0] >= MAP_FIRST &&
	    bytes.p[0] <= MAP_LAST;
}

static enum rc
read_lwm2m_cbor(struct span bytes, struct image_reading *r)
{
	struct writer again;
	size_t count;
	enum rc rc = lwm2m_cbor_decode(
	    LWM2M_ROOT, bytes, &r->scratch, r->entries, r->entry_cap, &count);

	if (rc == RC_TOO_LARGE)
		return rc;
	if (rc != RC_OK)
		return image_fault(r, 0, "not LwM2M CBOR");
	rc = image_take(r, count);
	if (rc != RC_OK)
		return rc;
	again = image_room(r);
	if (lwm2m_cbor_encode(LWM2M_ROOT, r->entries, count, &again) != RC_OK ||
	    !span_equal(writer_span(&again), bytes))
		return image_fault(r, 0,
		    "LwM2M CBOR, but not in its one form: a key for each "
		    "instance, definite lengths, shortest numbers, ascending");
	return RC_OK;
}

const struct image_format image_lwm2m_cbor = {
    .name = "lwm2m-cbor",
    .summary = "LwM2M CBOR, as in a Bootstrap-Pack of LwM2M 1.2",
    .extension = "lwm2m.cbor",
    .guess = guess_lwm2m_cbor,
    .write = write_lwm2m_cbor,
    .read = read_lwm2m_cbor,
};
