/* Devices by their images: endpoint and certificate, and nothing secret. */
#include "label_source.h"

#include "image_files.h"
#include "image_format.h"
#include "tool.h"

#include "base/digest.h"
#include "base/text.h"

#include <stdlib.h>

struct label_images {
	struct image_files *files;
	struct secret scratch;
	struct lwm2m_entry entries[IMAGE_ENTRIES_MAX];
	uint8_t endpoint[LABEL_FIELD_MAX], name[LABEL_FIELD_MAX];
	char sha256[HEX_TEXT_MAX]; /* of the certificate */
	char image[HEX_TEXT_MAX]; /* SHA-256 */
};

int
label_images_open(const char *path, struct label_images **out)
{
	struct label_images *s = calloc(1, sizeof(*s));
	int code = s ? image_files_open(path, &s->files)
		     : tool_fault(RC_MEMORY, "labels");

	if (code != EX_OK) {
		free(s);
		s = NULL;
	}
	*out = s;
	return code;
}

bool
label_images_many(const struct label_images *s)
{
	return image_files_shape(s->files) != IMAGE_FILES_SINGLE;
}

static const struct lwm2m_value *
find(const struct image *image, struct lwm2m_path path)
{
	for (size_t i = 0; i < image->entry_count; i++)
		if (path_compare(image->entries[i].path, path) == 0)
			return &image->entries[i].value;
	return NULL;
}

/** The certificate that the device shows the bootstrap server (LwM2M Core E.1:
 *  /0/x/1 is true, /0/x/2 is 2, and it is /0/x/3). */
static void
take_certificate(
    struct label_images *s, const struct image *image, struct label_values *v)
{
	for (size_t i = 0; i < image->entry_count; i++) {
		struct lwm2m_path p = image->entries[i].path;
		const struct lwm2m_value *boot, *mode, *identity;
		uint8_t sha256[DIGEST_LEN];

		if (p.object != 0 || p.resource != 3)
			continue;
		boot = find(image, LWM2M_RESOURCE(0, p.instance, 1));
		mode = find(image, LWM2M_RESOURCE(0, p.instance, 2));
		identity = &image->entries[i].value;
		if (!mode || mode->type != LWM2M_INTEGER ||
		    mode->integer != 2 || identity->type != LWM2M_OPAQUE ||
		    (boot && !boot->boolean))
			continue;
		digest_of(identity->bytes, sha256);
		v->fingerprint = span_str(
		    hex_text(s->sha256, span_of(sha256, sizeof(sha256))));
		return;
	}
}

/**
 * What a batch has called its file: the serial number, or the endpoint where
 * there is none, which is then percent-encoded.
 */
static void
take_name(struct label_images *s, const char *path,
    const struct image_format *format, struct label_values *v)
{
	const char *base = strrchr(path, '/');
	struct span name = span_str(base ? base + 1 : path);
	size_t extension = strlen(format->extension) + 1;
	bool encoded = false;
	struct writer w;

	if (name.len <= extension)
		return;
	name.len -= extension;
	writer_init(&w, s->name, sizeof(s->name));
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.p[i], byte;
		struct writer b;

		writer_init(&b, &byte, 1);
		if (c == '%' && i + 2 < name.len &&
		    text_unhex(&b, span_of(name.p + i + 1, 2)) == RC_OK) {
			encoded = true;
			c = byte;
			i += 2;
		}
		writer_be(&w, c, 1);
	}
	if (w.full)
		return;
	if (!encoded && !span_equal(name, v->endpoint))
		v->serial = writer_span(&w);
	else if (v->endpoint.len == 0)
		v->endpoint = writer_span(&w);
}

/** NULL, or what is wrong with it. */
static const char *
take_image(
    struct label_images *s, const struct image_file *f, struct label_values *v)
{
	struct image_reading r = {
	    .entries = s->entries,
	    .entry_cap = IMAGE_ENTRIES_MAX,
	    .geometry = image_geometry_any(),
	};
	struct writer endpoint;

	if (f->fault != IMAGE_FILE_GOOD)
		return f->why ? f->why : "it is no image";
	if (secret_reserve_large(
		&s->scratch, IMAGE_READ_SCRATCH(f->bytes.len)) != RC_OK)
		return "there is no memory to read it in";
	writer_init(&r.scratch, s->scratch.bytes, s->scratch.cap);
	if (image_read(f->bytes, NULL, &r) != RC_OK)
		return r.fault ? r.fault : "it is no image of any format here";
	writer_init(&endpoint, s->endpoint, sizeof(s->endpoint));
	writer_put(&endpoint, r.image.endpoint);
	if (endpoint.full)
		return "its endpoint is too long";
	v->endpoint = writer_span(&endpoint);
	take_certificate(s, &r.image, v);
	if (label_images_many(s))
		take_name(s, f->name, r.nested[0], v);
	return NULL;
}

bool
label_images_next(struct label_images *s, struct label_values *v,
    const char **where, const char **sha256, const char **fault)
{
	struct image_file f;

	*v = (struct label_values){0};
	if (!image_files_next(s->files, &f))
		return false;
	*where = f.label;
	*sha256 = hex_text(s->image, span_of(f.sha256, DIGEST_LEN));
	*fault = take_image(s, &f, v);
	return true;
}

void
label_images_close(struct label_images *s)
{
	if (!s)
		return;
	image_files_close(s->files);
	secret_fini(&s->scratch);
	secret_wipe(s->entries, sizeof(s->entries));
	free(s);
}
