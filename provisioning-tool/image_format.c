#include "image_format.h"

#include <string.h>

const struct image_format *const image_formats_known[] = {
    &image_json,
    &image_senml_cbor,
    NULL,
};

/* Constant, so that the table of options can stand on it. */
const char *const image_format_names[] = {"json", "senml-cbor", NULL};

const struct image_format *
image_format_find(const char *name)
{
	for (size_t i = 0; image_formats_known[i]; i++)
		if (strcmp(image_formats_known[i]->name, name) == 0)
			return image_formats_known[i];
	return NULL;
}
