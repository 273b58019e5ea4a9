/* What all formats share: the rules for entries, and how faults are noted. */
#include "image_format.h"

#include "lwm2m/entry.h"

bool
image_valid(const struct image *image)
{
	return image->entry_count > 0 &&
	    image->entry_count <= IMAGE_ENTRIES_MAX &&
	    entries_valid(LWM2M_ROOT, image->entries, image->entry_count);
}

enum rc
image_fault(struct image_reading *r, size_t at, const char *what)
{
	r->fault = what;
	r->fault_at = at;
	return RC_MALFORMED;
}

enum rc
image_foreign(struct image_reading *r, size_t at, const char *what)
{
	image_fault(r, at, what);
	return RC_UNSUPPORTED;
}

enum rc
image_take(struct image_reading *r, size_t count)
{
	struct lwm2m_entry *e = r->entries;

	for (size_t i = 1; i < count; i++) {
		struct lwm2m_entry moved = e[i];
		size_t at = i;

		for (; at > 0 && path_compare(e[at - 1].path, moved.path) > 0;
		     at--)
			e[at] = e[at - 1];
		e[at] = moved;
	}
	r->image.entries = e;
	r->image.entry_count = count;
	if (!image_valid(&r->image)) {
		return image_fault(r, 0,
		    count == 0 ? "there is nothing in it"
			       : "its entries are not those of an account");
	}
	return RC_OK;
}

struct writer
image_room(const struct image_reading *r)
{
	struct writer w;

	writer_init(&w, r->scratch.buf + r->scratch.len,
	    r->scratch.cap - r->scratch.len);
	return w;
}

bool
image_equal(const struct image *a, const struct image *b)
{
	if (!span_equal(a->endpoint, b->endpoint) ||
	    a->entry_count != b->entry_count)
		return false;
	for (size_t i = 0; i < a->entry_count; i++)
		if (path_compare(a->entries[i].path, b->entries[i].path) != 0 ||
		    !value_equal(&a->entries[i].value, &b->entries[i].value))
			return false;
	return true;
}

size_t
image_credentials(const struct image *image, struct lwm2m_entry *out)
{
	size_t n = 0;

	for (size_t i = 0; i < image->entry_count; i++) {
		struct lwm2m_path p = image->entries[i].path;

		if (p.object == OBJECT_SECURITY &&
		    p.resource >= SECURITY_BOOTSTRAP &&
		    p.resource <= SECURITY_SECRET_KEY)
			out[n++] = image->entries[i];
	}
	return n;
}
