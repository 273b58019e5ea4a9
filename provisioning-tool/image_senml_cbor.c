/*
 * What Anjay's factory provisioning loads: one SenML CBOR array with the whole
 * path in each record, as a Write-Composite of "/" would carry it, and nothing
 * before or behind it.
 */
#include "image_format.h"

#include "lwm2m/senml_cbor.h"

enum {
	NAME_MAX_LEN = 24, /* the loader's path buffer, without its NUL */
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
write_senml_cbor(const struct image *image, struct writer *w)
{
	/* an empty array is loaded, too: it wipes the device */
	if (image->entry_count == 0)
		return RC_MALFORMED;
	for (size_t i = 0; i < image->entry_count; i++)
		if (!name_fits(image->entries[i].path))
			return RC_TOO_LARGE;
	return senml_cbor_encode_absolute(
	    image->entries, image->entry_count, w);
}

const struct image_format image_senml_cbor = {
    .name = "senml-cbor",
    .summary = "SenML CBOR with absolute names, for Anjay's factory loader",
    .write = write_senml_cbor,
};
