/*
 * {"format":"bootstrapd-image-1","endpoint":"...","entries":[
 * {"path":"/0/1/0","type":"string","value":"coaps://..."},
 * {"path":"/0/1/3","type":"opaque","value":"<lower-case hex>"},
 * ...
 * ]}
 *
 * One entry a line; integers as numbers, booleans as true and false, object
 * links as "object:instance".
 */
#include "image_json.h"

#include "base/text.h"

/** The type's name in the file; NULL where the format has none. */
static const char *
type_name(enum lwm2m_type t)
{
	switch (t) {
	case LWM2M_STRING:
		return "string";
	case LWM2M_INTEGER:
		return "integer";
	case LWM2M_UNSIGNED:
		return "unsigned";
	case LWM2M_BOOLEAN:
		return "boolean";
	case LWM2M_OPAQUE:
		return "opaque";
	case LWM2M_TIME:
		return "time";
	case LWM2M_OBJLNK:
		return "objlnk";
	case LWM2M_CORELNK:
		return "corelnk";
	case LWM2M_FLOAT:
	case LWM2M_NONE:
		break;
	}
	return NULL;
}

static void
put_value(struct writer *w, const struct lwm2m_value *v)
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
		writer_fmt(w, "\"%u:%u\"", (unsigned)v->link.object,
		    (unsigned)v->link.instance);
		break;
	case LWM2M_FLOAT:
	case LWM2M_NONE:
		break;
	}
}

static enum rc
write_json(const struct image *image, struct image_writing *g, struct writer *w)
{
	(void)g;
	if (!image_valid(image))
		return RC_MALFORMED;
	writer_str(w, "{\"format\":\"bootstrapd-image-1\",\"endpoint\":");
	text_quote(w, image->endpoint);
	writer_str(w, ",\"entries\":[\n");
	for (size_t i = 0; i < image->entry_count; i++) {
		const struct lwm2m_entry *e = &image->entries[i];
		const char *type = type_name(e->value.type);

		if (!type)
			return RC_UNSUPPORTED;
		writer_str(w, "{\"path\":\"");
		path_print(w, e->path);
		writer_fmt(w, "\",\"type\":\"%s\",\"value\":", type);
		put_value(w, &e->value);
		writer_str(w, i + 1 < image->entry_count ? "},\n" : "}\n");
	}
	writer_str(w, "]}\n");
	return w->full ? RC_TOO_LARGE : RC_OK;
}

static bool
guess_json(struct span bytes)
{
	return span_starts(bytes, SPAN_LIT("{\"format\":"));
}

const struct image_format image_json = {
    .name = "json",
    .summary = "one entry a line, for people and test devices",
    .extension = "json",
    .text = true,
    .guess = guess_json,
    .write = write_json,
    .read = image_json_read,
};
