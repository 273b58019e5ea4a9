#include "lwm2m/tlv.h"

#include "lwm2m/entry.h"

enum {
	KIND_SHIFT = 6,
	WIDE_ID = 0x20,
	LEN_SHIFT = 3,
	SHORT_LEN_MAX = 7, /* fits the type byte */
	LEN_MAX = 0xffffff,
	SCALAR_MAX = 8, /* bytes of the longest number */
	INSTANCE_DEPTH = 2,
	RESOURCE_DEPTH = 3,
};

static size_t
id_width(uint16_t id)
{
	return id > 0xff ? 2 : 1;
}

static size_t
len_width(size_t len)
{
	if (len <= SHORT_LEN_MAX)
		return 0;
	return len <= 0xff ? 1 : len <= 0xffff ? 2 : 3;
}

/** Bytes of an entry with a value of `len` bytes. */
static size_t
entry_len(uint16_t id, size_t len)
{
	return 1 + id_width(id) + len_width(len) + len;
}

static void
put_head(struct writer *w, enum tlv_kind kind, uint16_t id, size_t len)
{
	size_t wide = len_width(len);
	unsigned type = (unsigned)kind << KIND_SHIFT;

	if (len > LEN_MAX) {
		w->full = true;
		return;
	}
	if (id_width(id) == 2)
		type |= WIDE_ID;
	type |= wide == 0 ? (unsigned)len : (unsigned)wide << LEN_SHIFT;
	writer_be(w, type, 1);
	writer_be(w, id, id_width(id));
	writer_be(w, len, wide);
}

void
tlv_bytes(struct writer *w, enum tlv_kind kind, uint16_t id, struct span v)
{
	put_head(w, kind, id, v.len);
	writer_put(w, v);
}

/* LwM2M Core Appendix C: 1, 2, 4 or 8 bytes, never another width. */
static size_t
integer_width(int64_t v)
{
	if (v >= INT8_MIN && v <= INT8_MAX)
		return 1;
	if (v >= INT16_MIN && v <= INT16_MAX)
		return 2;
	return v >= INT32_MIN && v <= INT32_MAX ? 4 : 8;
}

/*
 * An Unsigned takes the width an Integer of its value has, one more than it
 * needs where the top bit would be set: clients that read it as signed (Leshan,
 * Zephyr) then read the same number.
 */
static size_t
unsigned_width(uint64_t v)
{
	return v > INT64_MAX ? 8 : integer_width((int64_t)v);
}

static uint64_t
real_bits(double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	return bits;
}

/** The value as it stands on the wire; `scalar` is room for numbers. */
static struct span
value_bytes(const struct lwm2m_value *v, uint8_t scalar[static SCALAR_MAX])
{
	struct writer w;

	writer_init(&w, scalar, SCALAR_MAX);
	switch (v->type) {
	case LWM2M_STRING:
	case LWM2M_CORELNK:
	case LWM2M_OPAQUE:
		return v->bytes;
	case LWM2M_INTEGER:
	case LWM2M_TIME:
		writer_be(&w, (uint64_t)v->integer, integer_width(v->integer));
		break;
	case LWM2M_UNSIGNED:
		writer_be(&w, v->number, unsigned_width(v->number));
		break;
	case LWM2M_FLOAT:
		writer_be(&w, real_bits(v->real), 8);
		break;
	case LWM2M_BOOLEAN:
		writer_be(&w, v->boolean, 1);
		break;
	case LWM2M_OBJLNK:
		writer_be(&w, v->link.object, 2);
		writer_be(&w, v->link.instance, 2);
		break;
	case LWM2M_NONE:
		break;
	}
	return writer_span(&w);
}

static size_t
value_len(const struct lwm2m_value *v)
{
	uint8_t scalar[SCALAR_MAX];

	return value_bytes(v, scalar).len;
}

static void
put_value(struct writer *w, enum tlv_kind kind, uint16_t id,
    const struct lwm2m_value *v)
{
	uint8_t scalar[SCALAR_MAX];

	tlv_bytes(w, kind, id, value_bytes(v, scalar));
}

static bool
is_multiple(const struct lwm2m_entry *e)
{
	return e->path.resource_instance != LWM2M_ID_NONE;
}

/** Bytes of the resource instances of one multiple resource. */
static size_t
members_len(const struct lwm2m_entry *e, size_t count)
{
	size_t len = 0;

	for (size_t i = 0; i < count; i++)
		len += entry_len(
		    e[i].path.resource_instance, value_len(&e[i].value));
	return len;
}

/** Bytes of the resources of one object instance. */
static size_t
resources_len(const struct lwm2m_entry *e, size_t count)
{
	size_t len = 0;

	for (size_t n; count > 0; e += n, count -= n) {
		n = entries_run(e, count, RESOURCE_DEPTH);
		len += entry_len(e->path.resource,
		    is_multiple(e) ? members_len(e, n) : value_len(&e->value));
	}
	return len;
}

static void
put_resources(struct writer *w, const struct lwm2m_entry *e, size_t count)
{
	for (size_t n; count > 0; e += n, count -= n) {
		n = entries_run(e, count, RESOURCE_DEPTH);
		if (!is_multiple(e)) {
			put_value(w, TLV_RESOURCE, e->path.resource, &e->value);
			continue;
		}
		put_head(w, TLV_MULTIPLE, e->path.resource, members_len(e, n));
		for (size_t i = 0; i < n; i++)
			put_value(w, TLV_RESOURCE_INSTANCE,
			    e[i].path.resource_instance, &e[i].value);
	}
}

static void
put_instances(struct writer *w, const struct lwm2m_entry *e, size_t count)
{
	for (size_t n; count > 0; e += n, count -= n) {
		n = entries_run(e, count, INSTANCE_DEPTH);
		put_head(w, TLV_OBJECT_INSTANCE, e->path.instance,
		    resources_len(e, n));
		put_resources(w, e, n);
	}
}

enum rc
tlv_encode(struct lwm2m_path base, const struct lwm2m_entry *entries,
    size_t count, struct writer *w)
{
	/* TLV names no object: above /o there is nothing to hang it on. */
	if (path_depth(base) == 0)
		return RC_UNSUPPORTED;
	if (!entries_valid(base, entries, count))
		return RC_MALFORMED;
	if (path_depth(base) == 1)
		put_instances(w, entries, count);
	else
		put_resources(w, entries, count);
	return w->full ? RC_TOO_LARGE : RC_OK;
}
