#include "image_reader.h"

enum { SCRATCH_LEAST = 65536 /* bytes: of most images, taken once */ };

enum rc
image_reader_read(struct image_reader *m, struct span bytes,
    const struct image_format *format, const struct image_geometry *g)
{
	size_t cap = IMAGE_READ_SCRATCH(bytes.len);
	enum rc rc = RC_OK;

	secret_wipe(m->scratch.bytes, m->scratch.len);
	m->scratch.len = 0;
	secret_wipe(m->entries, m->r.image.entry_count * sizeof(*m->entries));
	m->r = (struct image_reading){
	    .entries = m->entries,
	    .entry_cap = IMAGE_ENTRIES_MAX,
	    .geometry = *g,
	};
	if (m->scratch.cap < cap)
		rc = secret_reserve_large(
		    &m->scratch, cap > SCRATCH_LEAST ? cap : SCRATCH_LEAST);
	if (rc != RC_OK) {
		m->r.fault = "no lockable memory is left to read it in";
		return RC_MEMORY;
	}
	writer_init(&m->r.scratch, m->scratch.bytes, m->scratch.cap);
	rc = image_read(bytes, format, &m->r);
	/* readers use what lies behind what they have taken, too */
	m->scratch.len = cap;
	if (rc != RC_OK && !m->r.fault)
		m->r.fault = "it has more in it than an image can have";
	return rc;
}

void
image_reader_end(struct image_reader *m)
{
	secret_fini(&m->scratch);
	secret_wipe(m->entries, sizeof(m->entries));
	m->r = (struct image_reading){0};
}

void
image_reader_print(const struct image_reader *m, struct writer *w)
{
	for (size_t i = 0; i < m->r.depth; i++) {
		writer_str(w, i ? " > " : "");
		writer_str(w, m->r.nested[i]->name);
	}
}

const struct image_format *
image_reader_inner(const struct image_reader *m)
{
	return m->r.depth ? m->r.nested[m->r.depth - 1] : NULL;
}

bool
image_reader_credentials_only(const struct image_reader *m)
{
	for (size_t i = 0; i < m->r.depth; i++)
		if (m->r.nested[i]->credentials_only)
			return true;
	return false;
}

/** Is the instance a bootstrap server's? */
static bool
is_bootstrap(const struct image *image, uint16_t instance)
{
	for (size_t i = 0; i < image->entry_count; i++) {
		const struct lwm2m_entry *e = &image->entries[i];

		if (e->path.object == OBJECT_SECURITY &&
		    e->path.instance == instance &&
		    e->path.resource == SECURITY_BOOTSTRAP)
			return e->value.type == LWM2M_BOOLEAN &&
			    e->value.boolean;
	}
	return false;
}

const struct lwm2m_value *
image_reader_account(const struct image_reader *m, uint16_t resource)
{
	const struct image *image = &m->r.image;

	for (size_t i = 0; i < image->entry_count; i++) {
		const struct lwm2m_entry *e = &image->entries[i];

		if (e->path.object == OBJECT_SECURITY &&
		    e->path.resource == resource &&
		    is_bootstrap(image, e->path.instance))
			return e->value.type == object_type(e->path) ? &e->value
								     : NULL;
	}
	return NULL;
}
