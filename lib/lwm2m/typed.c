#include "lwm2m/typed.h"

#include "base/text.h"

/** The type of the tables, or `otherwise` when they do not know the path. */
static enum lwm2m_type
type_at(struct lwm2m_path path, enum lwm2m_type otherwise)
{
	const struct lwm2m_resource *r =
	    resource_find(path.object, path.resource);

	return r ? r->type : otherwise;
}

enum rc
typed_integer(
    struct lwm2m_path path, bool negative, uint64_t n, struct lwm2m_value *out)
{
	bool fits = n <= INT64_MAX;
	enum lwm2m_type type =
	    type_at(path, fits ? LWM2M_INTEGER : LWM2M_UNSIGNED);

	*out = (struct lwm2m_value){.type = type};
	if (type == LWM2M_FLOAT) {
		out->real = negative ? -1.0 - (double)n : (double)n;
		return RC_OK;
	}
	if (type == LWM2M_UNSIGNED && !negative) {
		out->number = n;
		return RC_OK;
	}
	if ((type == LWM2M_INTEGER || type == LWM2M_TIME) && fits) {
		out->integer = negative ? -1 - (int64_t)n : (int64_t)n;
		return RC_OK;
	}
	return RC_MALFORMED;
}

enum rc
typed_real(struct lwm2m_path path, double real, struct lwm2m_value *out)
{
	enum lwm2m_type type = type_at(path, LWM2M_FLOAT);

	/* The bounds are exclusive: INT64_MAX itself is no double. */
	*out = (struct lwm2m_value){.type = type};
	if (type == LWM2M_FLOAT) {
		out->real = real;
		return RC_OK;
	}
	if (type == LWM2M_UNSIGNED && real >= 0 && real < 0x1p64) {
		out->number = (uint64_t)real;
		return (double)out->number == real ? RC_OK : RC_MALFORMED;
	}
	if ((type == LWM2M_INTEGER || type == LWM2M_TIME) && real >= -0x1p63 &&
	    real < 0x1p63) {
		out->integer = (int64_t)real;
		return (double)out->integer == real ? RC_OK : RC_MALFORMED;
	}
	return RC_MALFORMED;
}

enum rc
typed_number(struct lwm2m_path path, const struct lwm2m_number *n,
    struct lwm2m_value *out)
{
	enum lwm2m_type type =
	    type_at(path, n->point ? LWM2M_FLOAT : LWM2M_NONE);

	if (type == LWM2M_FLOAT) {
		*out = (struct lwm2m_value){.type = type, .real = n->real};
		return RC_OK;
	}
	if (!n->whole)
		return RC_MALFORMED;
	if (n->negative && n->magnitude > 0)
		return typed_integer(path, true, n->magnitude - 1, out);
	return typed_integer(path, false, n->magnitude, out);
}

enum rc
typed_time(struct lwm2m_path path, int64_t time_s, struct lwm2m_value *out)
{
	*out = (struct lwm2m_value){.type = LWM2M_TIME, .integer = time_s};
	return type_at(path, LWM2M_TIME) == LWM2M_TIME ? RC_OK : RC_MALFORMED;
}

/** OSCORE changed its types from String to Opaque with version 2.0. */
static bool
either(struct lwm2m_path path, enum lwm2m_type type)
{
	return path.object == OBJECT_OSCORE && type == LWM2M_OPAQUE;
}

enum rc
typed_text(struct lwm2m_path path, struct span text, struct lwm2m_value *out)
{
	enum lwm2m_type type = type_at(path, LWM2M_STRING);

	if (either(path, type))
		type = LWM2M_STRING;
	*out = (struct lwm2m_value){.type = type};
	if ((type != LWM2M_STRING && type != LWM2M_CORELNK) ||
	    !text_utf8_valid(text))
		return RC_MALFORMED;
	out->bytes = text;
	return RC_OK;
}

enum rc
typed_bytes(struct lwm2m_path path, struct span bytes, struct lwm2m_value *out)
{
	*out = LWM2M_VALUE_OPAQUE(bytes);
	return type_at(path, LWM2M_OPAQUE) == LWM2M_OPAQUE ? RC_OK
							   : RC_MALFORMED;
}

enum rc
typed_base64(struct lwm2m_path path, struct span text, struct writer *scratch,
    struct lwm2m_value *out)
{
	size_t from = scratch->len;
	enum rc rc = text_unbase64(scratch, text);

	if (rc != RC_OK)
		return rc;
	return typed_bytes(path, span_from(writer_span(scratch), from), out);
}

enum rc
typed_boolean(struct lwm2m_path path, bool boolean, struct lwm2m_value *out)
{
	*out = LWM2M_VALUE_BOOLEAN(boolean);
	return type_at(path, LWM2M_BOOLEAN) == LWM2M_BOOLEAN ? RC_OK
							     : RC_MALFORMED;
}

enum rc
typed_link(struct lwm2m_path path, struct span text, struct lwm2m_value *out)
{
	size_t colon = 0;
	uint64_t object;
	uint64_t instance;

	*out = (struct lwm2m_value){.type = LWM2M_OBJLNK};
	while (colon < text.len && text.p[colon] != ':')
		colon++;
	if (type_at(path, LWM2M_OBJLNK) != LWM2M_OBJLNK ||
	    !span_decimal(span_of(text.p, colon), UINT16_MAX, &object) ||
	    !span_decimal(span_from(text, colon + 1), UINT16_MAX, &instance))
		return RC_MALFORMED;
	out->link.object = (uint16_t)object;
	out->link.instance = (uint16_t)instance;
	return RC_OK;
}
