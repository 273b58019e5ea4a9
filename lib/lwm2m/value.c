#include "lwm2m/value.h"

#include "base/secret.h"

#include <inttypes.h>

bool
value_equal(const struct lwm2m_value *a, const struct lwm2m_value *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case LWM2M_NONE:
		return true;
	case LWM2M_INTEGER:
	case LWM2M_TIME:
		return a->integer == b->integer;
	case LWM2M_UNSIGNED:
		return a->number == b->number;
	case LWM2M_FLOAT:
		return a->real == b->real;
	case LWM2M_BOOLEAN:
		return a->boolean == b->boolean;
	case LWM2M_OBJLNK:
		return a->link.object == b->link.object &&
		    a->link.instance == b->link.instance;
	case LWM2M_STRING:
	case LWM2M_CORELNK:
	case LWM2M_OPAQUE:
		return a->bytes.len == b->bytes.len &&
		    (a->bytes.len == 0 ||
			bytes_equal_ct(a->bytes.p, b->bytes.p, a->bytes.len));
	}
	return false;
}

void
value_print(struct writer *w, const struct lwm2m_value *v)
{
	switch (v->type) {
	case LWM2M_INTEGER:
	case LWM2M_TIME:
		writer_fmt(w, "%" PRId64, v->integer);
		break;
	case LWM2M_UNSIGNED:
		writer_fmt(w, "%" PRIu64, v->number);
		break;
	case LWM2M_OBJLNK:
		writer_fmt(w, "%u:%u", (unsigned)v->link.object,
		    (unsigned)v->link.instance);
		break;
	case LWM2M_NONE:
	case LWM2M_STRING:
	case LWM2M_FLOAT:
	case LWM2M_BOOLEAN:
	case LWM2M_OPAQUE:
	case LWM2M_CORELNK:
		break;
	}
}

const char *
lwm2m_type_name(enum lwm2m_type t)
{
	switch (t) {
	case LWM2M_NONE:
		return "none";
	case LWM2M_STRING:
		return "String";
	case LWM2M_INTEGER:
		return "Integer";
	case LWM2M_UNSIGNED:
		return "Unsigned Integer";
	case LWM2M_FLOAT:
		return "Float";
	case LWM2M_BOOLEAN:
		return "Boolean";
	case LWM2M_OPAQUE:
		return "Opaque";
	case LWM2M_TIME:
		return "Time";
	case LWM2M_OBJLNK:
		return "Objlnk";
	case LWM2M_CORELNK:
		return "Corelnk";
	}
	return "unknown";
}
