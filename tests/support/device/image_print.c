#include "image.h"

#include "base/text.h"

static const char *
type_name(enum lwm2m_type t)
{
	switch (t) {
	case LWM2M_STRING:
		return "string";
	case LWM2M_CORELNK:
		return "corelnk";
	case LWM2M_INTEGER:
		return "integer";
	case LWM2M_TIME:
		return "time";
	case LWM2M_UNSIGNED:
		return "unsigned";
	case LWM2M_BOOLEAN:
		return "boolean";
	case LWM2M_OPAQUE:
		return "opaque";
	case LWM2M_OBJLNK:
		return "objlnk";
	case LWM2M_FLOAT:
	case LWM2M_NONE:
		break;
	}
	return NULL;
}

static void
print_value(struct writer *w, const struct lwm2m_value *v)
{
	switch (v->type) {
	case LWM2M_STRING:
	case LWM2M_CORELNK:
		text_quote(w, v->bytes);
		break;
	case LWM2M_INTEGER:
	case LWM2M_TIME:
		writer_fmt(w, "%lld", (long long)v->integer);
		break;
	case LWM2M_UNSIGNED:
		writer_fmt(w, "%llu", (unsigned long long)v->number);
		break;
	case LWM2M_BOOLEAN:
		writer_str(w, v->boolean ? "true" : "false");
		break;
	case LWM2M_OPAQUE:
		writer_str(w, "\"");
		text_hex(w, v->bytes);
		writer_str(w, "\"");
		break;
	case LWM2M_OBJLNK:
		writer_fmt(w, "\"%u:%u\"", v->link.object, v->link.instance);
		break;
	case LWM2M_FLOAT:
	case LWM2M_NONE:
		break;
	}
}

enum rc
image_print(struct writer *w, struct span endpoint, const struct held *s)
{
	writer_str(w, "{\"format\":\"bootstrapd-image-1\",\"endpoint\":");
	text_quote(w, endpoint);
	writer_str(w, ",\"entries\":[");
	for (size_t i = 0; i < s->count; i++) {
		const struct lwm2m_entry *e = &s->values[i].entry;
		const char *type = type_name(e->value.type);

		if (!type)
			return RC_UNSUPPORTED;
		writer_str(w, i ? ",\n{\"path\":\"" : "\n{\"path\":\"");
		path_print(w, e->path);
		writer_fmt(w, "\",\"type\":\"%s\",\"value\":", type);
		print_value(w, &e->value);
		writer_str(w, "}");
	}
	writer_str(w, "\n]}\n");
	return w->full ? RC_TOO_LARGE : RC_OK;
}
