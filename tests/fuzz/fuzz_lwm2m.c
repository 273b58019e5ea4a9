/*
 * What a peer may send as the answer to a Bootstrap-Read, and what a factory
 * payload may hold: each input goes through both decoders under several paths.
 * What one takes must be well formed, and written again and read again it must
 * be the same.
 */
#include "lwm2m/format.h"

#include <stdlib.h>

enum {
	ENTRIES_MAX = 64,
	SCRATCH_MAX = 256,
	OUT_MAX = 1 << 17,
};

static const struct lwm2m_path bases[] = {
    {LWM2M_ID_NONE, LWM2M_ID_NONE, LWM2M_ID_NONE, LWM2M_ID_NONE},
    {0, LWM2M_ID_NONE, LWM2M_ID_NONE, LWM2M_ID_NONE},
    {0, 1, LWM2M_ID_NONE, LWM2M_ID_NONE},
    {1, LWM2M_ID_NONE, LWM2M_ID_NONE, LWM2M_ID_NONE},
    {1, 0, LWM2M_ID_NONE, LWM2M_ID_NONE},
    {2, 0, LWM2M_ID_NONE, LWM2M_ID_NONE},
    {21, 0, LWM2M_ID_NONE, LWM2M_ID_NONE},
    {4711, 0, LWM2M_ID_NONE, LWM2M_ID_NONE},
    {0, 1, 3, LWM2M_ID_NONE},
};

static const int tried[] = {FORMAT_TLV, FORMAT_SENML_CBOR};

struct decoded {
	uint8_t scratch[SCRATCH_MAX];
	struct lwm2m_entry entries[ENTRIES_MAX];
	size_t count;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static enum rc
decode(
    int format, struct lwm2m_path base, struct span payload, struct decoded *d)
{
	struct writer w;

	writer_init(&w, d->scratch, sizeof(d->scratch));
	return lwm2m_decode(
	    format, base, payload, &w, d->entries, ENTRIES_MAX, &d->count);
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
	must(rc == RC_OK);
	must(decode(format, base, writer_span(&w), &second) == RC_OK);
	must(second.count == first->count);
	for (size_t i = 0; i < first->count; i++) {
		must(path_compare(
			 first->entries[i].path, second.entries[i].path) == 0);
		must(same(&first->entries[i].value, &second.entries[i].value));
	}
}

static void
check(struct lwm2m_path base, const struct decoded *d)
{
	for (size_t i = 0; i < d->count; i++) {
		struct lwm2m_path p = d->entries[i].path;
		const struct lwm2m_resource *r =
		    resource_find(p.object, p.resource);
		enum lwm2m_type type = d->entries[i].value.type;

		must(path_depth(p) >= 3);
		must(path_within(p, base));
		must(!r || r->type == type ||
		    (p.object == OBJECT_OSCORE && type == LWM2M_STRING));
		for (size_t j = 0; j < i; j++)
			must(path_compare(p, d->entries[j].path) != 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct decoded d;

	for (size_t f = 0; f < sizeof(tried) / sizeof(tried[0]); f++) {
		for (size_t b = 0; b < sizeof(bases) / sizeof(bases[0]); b++) {
			enum rc rc = decode(
			    tried[f], bases[b], span_of(data, size), &d);

			must(rc == RC_OK || d.count == 0);
			if (rc != RC_OK)
				continue;
			check(bases[b], &d);
			again(tried[f], bases[b], &d);
		}
	}
	return 0;
}
