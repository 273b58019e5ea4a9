#include "base/text.h"
#include "lwm2m/entry.h"
#include "lwm2m/tlv.h"

struct tlv {
	enum tlv_kind kind;
	uint16_t id;
	struct span value;
};

/** The next entry; false at the end and where the bytes are broken. */
static bool
read_tlv(struct reader *r, struct tlv *out)
{
	unsigned type;
	size_t len_width;
	size_t len;

	if (reader_left(r) == 0)
		return false;
	type = (unsigned)reader_be(r, 1);
	out->kind = (enum tlv_kind)(type >> 6);
	out->id = (uint16_t)reader_be(r, type & 0x20 ? 2 : 1);
	len_width = type >> 3 & 3;
	len = len_width ? (size_t)reader_be(r, len_width) : (type & 7);
	out->value = reader_take(r, len);
	if (out->id == LWM2M_ID_NONE)
		reader_fail(r);
	return !r->bad;
}

static bool
is_integer_width(size_t len)
{
	return len == 1 || len == 2 || len == 4 || len == 8;
}

static uint64_t
big_endian(struct span s)
{
	struct reader r;

	reader_init(&r, s);
	return reader_be(&r, s.len);
}

static int64_t
sign_extended(struct span s)
{
	uint64_t v = big_endian(s);
	uint64_t sign = (uint64_t)1 << (8 * s.len - 1);

	/* Flips the sign bit, then takes its weight away again. */
	return (int64_t)((v ^ sign) - sign);
}

static double
real(struct span s)
{
	uint64_t bits = big_endian(s);
	uint32_t bits32 = (uint32_t)bits;
	double d;
	float f;

	if (s.len == sizeof(f)) {
		memcpy(&f, &bits32, sizeof(f));
		return (double)f;
	}
	memcpy(&d, &bits, sizeof(d));
	return d;
}

/** Bytes to the type that the tables give; false where they do not fit it. */
static bool
read_value(enum lwm2m_type type, struct span s, struct lwm2m_value *out)
{
	*out = (struct lwm2m_value){.type = type};
	switch (type) {
	case LWM2M_STRING:
	case LWM2M_CORELNK:
		out->bytes = s;
		return text_utf8_valid(s);
	case LWM2M_OPAQUE:
		out->bytes = s;
		return true;
	case LWM2M_INTEGER:
	case LWM2M_TIME:
		if (!is_integer_width(s.len))
			return false;
		out->integer = sign_extended(s);
		return true;
	case LWM2M_UNSIGNED:
		if (!is_integer_width(s.len))
			return false;
		out->number = big_endian(s);
		return true;
	case LWM2M_FLOAT:
		if (s.len != 4 && s.len != 8)
			return false;
		out->real = real(s);
		return true;
	case LWM2M_BOOLEAN:
		if (s.len != 1 || s.p[0] > 1)
			return false;
		out->boolean = s.p[0] == 1;
		return true;
	case LWM2M_OBJLNK:
		if (s.len != 4)
			return false;
		out->link.object = (uint16_t)big_endian(span_of(s.p, 2));
		out->link.instance = (uint16_t)big_endian(span_of(s.p + 2, 2));
		return true;
	case LWM2M_NONE:
		/* An executable has no value to send. */
		return false;
	}
	return false;
}

static enum rc
add(struct entry_list *l, struct lwm2m_path path, struct span bytes)
{
	struct lwm2m_value value;

	if (!read_value(object_type(path), bytes, &value))
		return RC_MALFORMED;
	return entry_add(l, path, value);
}

static enum rc
read_members(struct entry_list *l, struct lwm2m_path path, struct span s)
{
	enum rc rc = RC_OK;
	struct reader r;
	struct tlv t;

	reader_init(&r, s);
	while (rc == RC_OK && read_tlv(&r, &t)) {
		if (t.kind != TLV_RESOURCE_INSTANCE)
			return RC_MALFORMED;
		path.resource_instance = t.id;
		rc = add(l, path, t.value);
	}
	return r.bad ? RC_MALFORMED : rc;
}

static enum rc
read_resources(struct entry_list *l, struct lwm2m_path path, struct span s)
{
	enum rc rc = RC_OK;
	struct reader r;
	struct tlv t;

	reader_init(&r, s);
	while (rc == RC_OK && read_tlv(&r, &t)) {
		path.resource = t.id;
		if (t.kind == TLV_RESOURCE)
			rc = add(l, path, t.value);
		else if (t.kind == TLV_MULTIPLE)
			rc = read_members(l, path, t.value);
		else
			rc = RC_MALFORMED;
	}
	return r.bad ? RC_MALFORMED : rc;
}

static enum rc
read_instances(struct entry_list *l, uint16_t object, struct span s)
{
	enum rc rc = RC_OK;
	struct reader r;
	struct tlv t;

	reader_init(&r, s);
	while (rc == RC_OK && read_tlv(&r, &t)) {
		struct lwm2m_path path = LWM2M_INSTANCE(object, t.id);

		/* An empty instance adds no entry that would be checked. */
		if (t.kind != TLV_OBJECT_INSTANCE ||
		    (l->base.instance != LWM2M_ID_NONE &&
			l->base.instance != t.id))
			return RC_MALFORMED;
		rc = read_resources(l, path, t.value);
	}
	return r.bad ? RC_MALFORMED : rc;
}

enum rc
tlv_decode(struct lwm2m_path base, struct span payload, struct writer *scratch,
    struct lwm2m_entry *entries, size_t cap, size_t *count)
{
	struct entry_list list = {.base = base, .entries = entries, .cap = cap};
	bool wrapped =
	    payload.len > 0 && payload.p[0] >> 6 == TLV_OBJECT_INSTANCE;
	enum rc rc;

	(void)scratch; /* every value stands in the payload as it is */
	*count = 0;
	if (path_depth(base) == 0)
		return RC_UNSUPPORTED;
	/* Without an instance in the path the wrapper says which one it is;
	 * with one, clients may repeat it. */
	if (path_depth(base) == 1 || wrapped)
		rc = read_instances(&list, base.object, payload);
	else
		rc = read_resources(
		    &list, LWM2M_INSTANCE(base.object, base.instance), payload);
	if (rc == RC_OK)
		*count = list.count;
	return rc;
}
