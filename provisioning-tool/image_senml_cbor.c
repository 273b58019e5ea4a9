/*
 * What Anjay's factory provisioning loads: one SenML CBOR array with the whole
 * path in each record, as a Write-Composite of "/" would carry it, and nothing
 * before or behind it. Or, shorter by a sixth, with a base name per instance.
 *
 * What is read is what this writes, byte for byte: definite lengths, shortest
 * numbers, no label twice, no path with a leading zero.
 */
#include "image_format.h"

#include "lwm2m/senml_cbor.h"

enum {
	NAME_MAX_LEN = 24, /* the loader's path buffer, without its NUL */
	ARRAY_FIRST = 0x80,
	ARRAY_LAST = 0x9b, /* with a length; 0x9f: the loader refuses that */
};

static bool
name_fits(struct lwm2m_path path)
{
	char text[LWM2M_PATH_TEXT_MAX];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	path_print(&w, path);
	return !w.full && w.len <= NAME_MAX_LEN;
}

static enum rc
encode(const struct image *image, bool base_names, struct writer *w)
{
	return base_names
	    ? senml_cbor_encode(
		  LWM2M_ROOT, image->entries, image->entry_count, w)
	    : senml_cbor_encode_absolute(image->entries, image->entry_count, w);
}

static enum rc
write_senml_cbor(
    const struct image *image, struct image_writing *g, struct writer *w)
{
	/* an empty array is loaded, too: it wipes the device */
	if (!image_valid(image))
		return RC_MALFORMED;
	for (size_t i = 0; i < image->entry_count; i++)
		if (!name_fits(image->entries[i].path))
			return RC_TOO_LARGE;
	return encode(image, g->geometry->base_names, w);
}

static bool
guess_senml_cbor(struct span bytes)
{
	return bytes.len > 0 && bytes.p[0] >= ARRAY_FIRST &&
	    bytes.p[0] <= ARRAY_LAST;
}

/** Is this what was read, in that form? */
static bool
written_so(struct span bytes, struct image_reading *r, bool base_names)
{
	struct writer again = image_room(r);

	if (encode(&r->image, base_names, &again) != RC_OK ||
	    !span_equal(writer_span(&again), bytes))
		return false;
	r->geometry.base_names = base_names;
	return true;
}

static enum rc
read_senml_cbor(struct span bytes, struct image_reading *r)
{
	size_t count;
	enum rc rc = senml_cbor_decode(
	    LWM2M_ROOT, bytes, &r->scratch, r->entries, r->entry_cap, &count);

	if (rc == RC_TOO_LARGE)
		return rc;
	if (rc != RC_OK)
		return image_fault(r, 0, "not SenML CBOR of LwM2M resources");
	rc = image_take(r, count);
	if (rc != RC_OK)
		return rc;
	if (!written_so(bytes, r, false) && !written_so(bytes, r, true))
		return image_fault(r, 0,
		    "SenML CBOR, but not in its one form: definite lengths, "
		    "shortest numbers, sorted paths, names first");
	return RC_OK;
}

const struct image_format image_senml_cbor = {
    .name = "senml-cbor",
    .summary = "SenML CBOR with absolute names, for Anjay's factory loader",
    .extension = "senml.cbor",
    .options = IMAGE_OPTION_BASE_NAMES,
    .guess = guess_senml_cbor,
    .write = write_senml_cbor,
    .read = read_senml_cbor,
};
