#include "lwm2m/lwm2m_cbor.h"

#include "lwm2m/cbor_scalar.h"
#include "lwm2m/entry.h"

enum {
	OBJECT_DEPTH = 1,
	INSTANCE_DEPTH = 2,
	RESOURCE_DEPTH = 3,
	VALUE_DEPTH = 4,
};

/** The key of the upper `depth` levels, 2 at least. */
static void
put_path(struct writer *w, struct lwm2m_path p, unsigned depth)
{
	const uint16_t ids[] = {
	    p.object, p.instance, p.resource, p.resource_instance};

	cbor_array(w, depth);
	for (unsigned i = 0; i < depth; i++)
		cbor_uint(w, ids[i]);
}

/** How many runs there are of entries that share `depth` levels. */
static size_t
count_runs(const struct lwm2m_entry *e, size_t count, unsigned depth)
{
	size_t runs = 0;

	for (size_t n; count > 0; e += n, count -= n) {
		n = entries_run(e, count, depth);
		runs++;
	}
	return runs;
}

/** One resource: its value, or the map of its resource instances. */
static void
put_resource(struct writer *w, const struct lwm2m_entry *e, size_t count)
{
	if (path_depth(e->path) < VALUE_DEPTH) {
		cbor_value(w, &e->value);
		return;
	}
	cbor_map(w, count);
	for (size_t i = 0; i < count; i++) {
		cbor_uint(w, e[i].path.resource_instance);
		cbor_value(w, &e[i].value);
	}
}

/** One object instance: the map of its resources. */
static void
put_instance(struct writer *w, const struct lwm2m_entry *e, size_t count)
{
	cbor_map(w, count_runs(e, count, RESOURCE_DEPTH));
	for (size_t n; count > 0; e += n, count -= n) {
		n = entries_run(e, count, RESOURCE_DEPTH);
		cbor_uint(w, e->path.resource);
		put_resource(w, e, n);
	}
}

/** Object instances; their keys are whole paths, or within that of the object
 *  the last level. */
static void
put_instances(
    struct writer *w, const struct lwm2m_entry *e, size_t count, bool whole)
{
	cbor_map(w, count_runs(e, count, INSTANCE_DEPTH));
	for (size_t n; count > 0; e += n, count -= n) {
		n = entries_run(e, count, INSTANCE_DEPTH);
		if (whole)
			put_path(w, e->path, INSTANCE_DEPTH);
		else
			cbor_uint(w, e->path.instance);
		put_instance(w, e, n);
	}
}

enum rc
lwm2m_cbor_encode(struct lwm2m_path base, const struct lwm2m_entry *entries,
    size_t count, struct writer *w)
{
	if (!entries_valid(base, entries, count))
		return RC_MALFORMED;
	if (count == 0)
		return RC_UNSUPPORTED;
	switch (path_depth(base)) {
	case 0:
	case INSTANCE_DEPTH:
		put_instances(w, entries, count, true);
		break;
	case OBJECT_DEPTH:
		cbor_map(w, 1);
		cbor_uint(w, base.object);
		put_instances(w, entries, count, false);
		break;
	case RESOURCE_DEPTH:
		cbor_map(w, 1);
		put_path(w, base, RESOURCE_DEPTH);
		put_resource(w, entries, count);
		break;
	default:
		cbor_map(w, 1);
		put_path(w, base, VALUE_DEPTH);
		cbor_value(w, &entries->value);
		break;
	}
	return w->full ? RC_TOO_LARGE : RC_OK;
}
