#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint8_t bs_key[] = {
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const uint8_t server_key[] = {0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6,
    0xa7, 0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf};

void
sample_add(struct sample *s, struct lwm2m_path p, struct lwm2m_value v)
{
	assert_true(s->image.entry_count < SAMPLE_ENTRIES_MAX);
	s->entries[s->image.entry_count++] = (struct lwm2m_entry){p, v};
	s->image.entries = s->entries;
}

struct lwm2m_value *
sample_value(struct sample *s, struct lwm2m_path p)
{
	for (size_t i = 0; i < s->image.entry_count; i++)
		if (path_compare(s->entries[i].path, p) == 0)
			return &s->entries[i].value;
	fail_msg("no such path in the sample");
	return NULL;
}

void
sample_put(struct sample *s, struct lwm2m_path p, struct lwm2m_value v)
{
	size_t at = 0;

	while (at < s->image.entry_count &&
	    path_compare(s->entries[at].path, p) < 0)
		at++;
	if (at == s->image.entry_count ||
	    path_compare(s->entries[at].path, p) != 0) {
		sample_add(s, p, v);
		memmove(s->entries + at + 1, s->entries + at,
		    (s->image.entry_count - 1 - at) * sizeof(s->entries[0]));
	}
	s->entries[at] = (struct lwm2m_entry){p, v};
}

void
sample_drop(struct sample *s, struct lwm2m_path p)
{
	size_t at = 0;

	while (path_compare(s->entries[at].path, p) != 0)
		assert_true(++at < s->image.entry_count);
	s->image.entry_count--;
	memmove(s->entries + at, s->entries + at + 1,
	    (s->image.entry_count - at) * sizeof(s->entries[0]));
}

static void
add_psk(struct sample *s, uint16_t instance, bool bootstrap, const char *uri,
    struct span key)
{
	struct lwm2m_path p = LWM2M_RESOURCE(0, instance, SECURITY_URI);

	sample_add(s, p, LWM2M_VALUE_STRING(span_str(uri)));
	p.resource = SECURITY_BOOTSTRAP;
	sample_add(s, p, LWM2M_VALUE_BOOLEAN(bootstrap));
	p.resource = SECURITY_MODE;
	sample_add(s, p, LWM2M_VALUE_INTEGER(MODE_PSK));
	p.resource = SECURITY_IDENTITY;
	sample_add(s, p, LWM2M_VALUE_OPAQUE(SPAN_LIT(SAMPLE_EP)));
	p.resource = SECURITY_SECRET_KEY;
	sample_add(s, p, LWM2M_VALUE_OPAQUE(key));
}

void
sample_psk(struct sample *s)
{
	*s = (struct sample){.image.endpoint = SPAN_LIT(SAMPLE_EP)};
	add_psk(s, 1, true, SAMPLE_BS_URI, span_of(bs_key, sizeof(bs_key)));
	sample_add(s, LWM2M_RESOURCE(0, 1, SECURITY_HOLD_OFF),
	    LWM2M_VALUE_INTEGER(10));
}

void
sample_two(struct sample *s)
{
	sample_psk(s);
	add_psk(s, 2, false, "coaps://dm.example.com:5684",
	    span_of(server_key, sizeof(server_key)));
	sample_add(
	    s, LWM2M_RESOURCE(0, 2, SECURITY_SSID), LWM2M_VALUE_INTEGER(101));
	sample_add(
	    s, LWM2M_RESOURCE(1, 1, SERVER_SSID), LWM2M_VALUE_INTEGER(101));
	sample_add(s, LWM2M_RESOURCE(1, 1, SERVER_LIFETIME),
	    LWM2M_VALUE_INTEGER(86400));
	sample_add(s, LWM2M_RESOURCE(1, 1, SERVER_STORING),
	    LWM2M_VALUE_BOOLEAN(false));
	sample_add(s, LWM2M_RESOURCE(1, 1, SERVER_BINDING),
	    LWM2M_VALUE_STRING(SPAN_LIT("U")));
}

void
sample_x509(struct sample *s)
{
	struct span file = sample_file("anjay-x509-bs.senml.cbor");
	struct read_back b;

	*s = (struct sample){.image.endpoint = SPAN_LIT(SAMPLE_EP)};
	assert_int_equal(sample_read(&b, &image_senml_cbor, NULL, file), RC_OK);
	/* definite strings: the values are in the file itself */
	for (size_t i = 0; i < b.r.image.entry_count; i++)
		sample_add(s, b.entries[i].path, b.entries[i].value);
	sample_read_fini(&b);
}

void
sample_nosec(struct sample *s)
{
	*s = (struct sample){.image.endpoint = SPAN_LIT(SAMPLE_EP)};
	sample_add(s, LWM2M_RESOURCE(0, 1, SECURITY_URI),
	    LWM2M_VALUE_STRING(SPAN_LIT("coap://bs.example.com:5683")));
	sample_add(s, LWM2M_RESOURCE(0, 1, SECURITY_BOOTSTRAP),
	    LWM2M_VALUE_BOOLEAN(true));
	sample_add(s, LWM2M_RESOURCE(0, 1, SECURITY_MODE),
	    LWM2M_VALUE_INTEGER(MODE_NOSEC));
}

struct span
sample_file(const char *name)
{
	enum { FILES_MAX = 32, FILE_MAX_LEN = 16384 };
	static struct {
		char name[64];
		uint8_t bytes[FILE_MAX_LEN];
		size_t len;
	} files[FILES_MAX];
	char path[512];
	size_t i = 0;
	FILE *f;

	while (files[i].name[0] && strcmp(files[i].name, name) != 0)
		assert_true(++i < FILES_MAX);
	if (files[i].name[0])
		return span_of(files[i].bytes, files[i].len);
	snprintf(path, sizeof(path), "%s/%s", getenv("VECTORS"), name);
	f = fopen(path, "rb");
	if (!f)
		fail_msg("%s cannot be opened", path);
	files[i].len = fread(files[i].bytes, 1, FILE_MAX_LEN, f);
	fclose(f);
	assert_true(files[i].len > 0 && files[i].len < FILE_MAX_LEN);
	snprintf(files[i].name, sizeof(files[i].name), "%s", name);
	return span_of(files[i].bytes, files[i].len);
}

void
sample_write(struct written *w, const struct image_format *f,
    const struct image_geometry *g, const struct image *image)
{
	size_t len = image_room_len(f, g), scratch = image_scratch_len(f, g);
	struct image_writing job = {.geometry = g};
	struct writer out;

	*w = (struct written){
	    .room = malloc(len),
	    .scratch = malloc(scratch ? scratch : 1),
	};
	assert_non_null(w->room);
	assert_non_null(w->scratch);
	writer_init(&out, w->room, len);
	writer_init(&job.scratch, w->scratch, scratch);
	w->rc = f->write(image, &job, &out);
	w->bytes = writer_span(&out);
	w->why = job.why;
}

void
sample_written_fini(struct written *w)
{
	free(w->room);
	free(w->scratch);
}

enum rc
sample_read(struct read_back *b, const struct image_format *f,
    const struct image_geometry *g, struct span bytes)
{
	size_t cap = IMAGE_READ_SCRATCH(bytes.len);

	memset(b, 0, sizeof(*b));
	b->scratch = malloc(cap);
	assert_non_null(b->scratch);
	b->r.entries = b->entries;
	b->r.entry_cap = IMAGE_ENTRIES_MAX;
	b->r.geometry = g ? *g : image_geometry_any();
	writer_init(&b->r.scratch, b->scratch, cap);
	return image_read(bytes, f, &b->r);
}

void
sample_read_fini(struct read_back *b)
{
	free(b->scratch);
}

void
sample_same_bytes(struct span a, struct span b)
{
	size_t n = a.len < b.len ? a.len : b.len;

	for (size_t i = 0; i < n; i++)
		if (a.p[i] != b.p[i])
			fail_msg("at 0x%zx: %02x and %02x", i, a.p[i], b.p[i]);
	assert_int_equal(a.len, b.len);
}

void
sample_same_image(const struct image *a, const struct image *b)
{
	assert_int_equal(a->entry_count, b->entry_count);
	for (size_t i = 0; i < a->entry_count; i++) {
		const struct lwm2m_entry *x = &a->entries[i];
		const struct lwm2m_entry *y = &b->entries[i];

		if (path_compare(x->path, y->path) != 0 ||
		    !value_equal(&x->value, &y->value))
			fail_msg("entry %zu, /%u/%u/%u, differs", i,
			    x->path.object, x->path.instance, x->path.resource);
	}
}
