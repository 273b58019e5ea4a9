#include "codec.h"

#include "base/text.h"

#include <stdlib.h>

enum {
	ENTRIES_MAX = 64,
	OUT_MAX = 1 << 19, /* a byte may become six */
};

struct decoded {
	uint8_t scratch[OUT_MAX];
	struct lwm2m_entry entries[ENTRIES_MAX];
	size_t count;
};

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static enum rc
decode(int format, struct lwm2m_path base, struct span payload,
    size_t scratch_cap, struct decoded *d)
{
	struct writer w;

	writer_init(&w, d->scratch, scratch_cap);
	return lwm2m_decode(
	    format, base, payload, &w, d->entries, ENTRIES_MAX, &d->count);
}

static void
check(struct lwm2m_path base, const struct decoded *d)
{
	for (size_t i = 0; i < d->count; i++) {
		struct lwm2m_path p = d->entries[i].path;
		const struct lwm2m_resource *r =
		    resource_find(p.object, p.resource);
		const struct lwm2m_value *v = &d->entries[i].value;

		must(path_depth(p) >= 3);
		must(path_within(p, base));
		must(v->type != LWM2M_NONE);
		must(!r || r->type == v->type ||
		    (p.object == OBJECT_OSCORE && v->type == LWM2M_STRING));
		if (v->type == LWM2M_STRING || v->type == LWM2M_CORELNK)
			must(text_utf8_valid(v->bytes));
		for (size_t j = 0; j < i; j++)
			must(path_compare(p, d->entries[j].path) != 0);
	}
}

static int
by_path(const void *a, const void *b)
{
	const struct lwm2m_entry *x = a;
	const struct lwm2m_entry *y = b;

	return path_compare(x->path, y->path);
}

static bool
same(const struct lwm2m_value *a, const struct lwm2m_value *b)
{
	/* Only a NaN is unlike itself. */
	if (!value_equal(a, a))
		return b->type == LWM2M_FLOAT && !value_equal(b, b);
	/* Written without its tag, an unknown Time is a number. */
	if (a->type == LWM2M_TIME && b->type == LWM2M_INTEGER)
		return a->integer == b->integer;
	return value_equal(a, b);
}

static void
again(int format, struct lwm2m_path base, struct decoded *first)
{
	static uint8_t out[OUT_MAX];
	static struct decoded second;
	struct writer w;
	enum rc rc;

	qsort(first->entries, first->count, sizeof(first->entries[0]), by_path);
	writer_init(&w, out, sizeof(out));
	rc = lwm2m_encode(format, base, first->entries, first->count, &w);
	/* A peer may send a single resource as a multiple one: we never do. */
	if (rc == RC_MALFORMED || rc == RC_TOO_LARGE)
		return;
	/* It may also say nothing in a format that has no word for it. */
	if (rc == RC_UNSUPPORTED && first->count == 0)
		return;
	must(rc == RC_OK);
	must(decode(format, base, writer_span(&w), OUT_MAX, &second) == RC_OK);
	must(second.count == first->count);
	for (size_t i = 0; i < first->count; i++) {
		must(path_compare(
			 first->entries[i].path, second.entries[i].path) == 0);
		must(same(&first->entries[i].value, &second.entries[i].value));
	}
}

void
codec_check(int format, struct lwm2m_path base, struct span data)
{
	static struct decoded d;
	enum rc roomy = decode(format, base, data, OUT_MAX, &d);
	enum rc rc;

	/* What format.h promises of the room that decoding takes. */
	rc = decode(format, base, data, 2 * data.len, &d);
	must(rc == roomy);
	must(rc == RC_OK || d.count == 0);
	must(rc == RC_OK || rc == RC_MALFORMED || rc == RC_TOO_LARGE ||
	    rc == RC_UNSUPPORTED);
	if (rc != RC_OK)
		return;
	check(base, &d);
	again(format, base, &d);
}
