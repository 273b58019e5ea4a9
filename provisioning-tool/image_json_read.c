#include "image_json.h"

#include "base/text.h"
#include "lwm2m/entry.h"
#include "lwm2m/json.h"

/** One object of `entries`, as it stands. */
struct raw_entry {
	struct span path, type;
	struct json_item value;
	unsigned seen; /* bits: path, type, value */
};

enum { SEEN_PATH = 1, SEEN_TYPE = 2, SEEN_VALUE = 4, SEEN_ALL = 7 };

/** A document that is being read. */
struct document {
	struct image_reading *r;
	struct reader in;
	const uint8_t *begin;
	struct entry_list list;
	unsigned seen; /* bits: format, endpoint, entries */
};

enum { SEEN_FORMAT = 1, SEEN_ENDPOINT = 2, SEEN_ENTRIES = 4 };

static enum rc
fault(struct document *d, const char *what)
{
	return image_fault(d->r, (size_t)(d->in.p - d->begin), what);
}

/** The next value, which is a text, without its escapes. */
static enum rc
next_text(struct document *d, struct span *out)
{
	struct json_item item;

	if (json_next(&d->in, &item) != RC_OK || item.kind != JSON_STRING)
		return fault(d, "a text is not where one should be");
	return json_text(&item, &d->r->scratch, out);
}

static enum rc
read_link(struct span text, struct lwm2m_value *v)
{
	const uint8_t *colon = text.len ? memchr(text.p, ':', text.len) : NULL;
	uint64_t object, instance;

	if (!colon ||
	    !span_decimal(span_of(text.p, (size_t)(colon - text.p)), UINT16_MAX,
		&object) ||
	    !span_decimal(span_from(text, (size_t)(colon - text.p) + 1),
		UINT16_MAX, &instance))
		return RC_MALFORMED;
	v->link.object = (uint16_t)object;
	v->link.instance = (uint16_t)instance;
	return RC_OK;
}

static enum rc
read_text(
    struct document *d, const struct json_item *item, struct lwm2m_value *v)
{
	struct writer *w = &d->r->scratch;
	struct span text;
	size_t start;
	enum rc rc;

	if (item->kind != JSON_STRING)
		return RC_MALFORMED;
	rc = json_text(item, w, &text);
	if (rc != RC_OK)
		return rc;
	if (v->type == LWM2M_OBJLNK)
		return read_link(text, v);
	v->bytes = text;
	if (v->type != LWM2M_OPAQUE)
		return RC_OK;
	start = w->len;
	rc = text_unhex(w, text);
	v->bytes = span_of(w->buf + start, w->len - start);
	return rc;
}

static enum rc
read_number(const struct json_item *item, struct lwm2m_value *v)
{
	const struct lwm2m_number *n = &item->number;

	if (item->kind != JSON_NUMBER || n->point || !n->whole)
		return RC_MALFORMED;
	if (v->type == LWM2M_UNSIGNED) {
		v->number = n->magnitude;
		return n->negative ? RC_MALFORMED : RC_OK;
	}
	if (n->magnitude > (uint64_t)INT64_MAX + n->negative)
		return RC_MALFORMED;
	v->integer =
	    n->negative ? (int64_t)(0 - n->magnitude) : (int64_t)n->magnitude;
	return RC_OK;
}

static enum rc
read_value(struct document *d, const struct raw_entry *e, struct lwm2m_value *v)
{
	static const enum lwm2m_type types[] = {LWM2M_STRING, LWM2M_INTEGER,
	    LWM2M_UNSIGNED, LWM2M_BOOLEAN, LWM2M_OPAQUE, LWM2M_TIME,
	    LWM2M_OBJLNK, LWM2M_CORELNK};
	static const char *const names[] = {"string", "integer", "unsigned",
	    "boolean", "opaque", "time", "objlnk", "corelnk"};
	size_t i = 0, count = sizeof(types) / sizeof(types[0]);

	while (i < count && !span_is(e->type, names[i]))
		i++;
	if (i == count)
		return RC_MALFORMED;
	*v = (struct lwm2m_value){.type = types[i]};
	switch (types[i]) {
	case LWM2M_BOOLEAN:
		v->boolean = e->value.boolean;
		return e->value.kind == JSON_BOOL ? RC_OK : RC_MALFORMED;
	case LWM2M_INTEGER:
	case LWM2M_UNSIGNED:
	case LWM2M_TIME:
		return read_number(&e->value, v);
	case LWM2M_STRING:
	case LWM2M_OPAQUE:
	case LWM2M_OBJLNK:
	case LWM2M_CORELNK:
	case LWM2M_FLOAT:
	case LWM2M_NONE:
		break;
	}
	return read_text(d, &e->value, v);
}

static enum rc
read_entry(struct document *d, struct json_item *object)
{
	struct raw_entry e = {0};
	struct json_item name;
	struct lwm2m_path path;
	struct lwm2m_value v;
	enum rc rc = RC_OK;

	while (rc == RC_OK && json_member(&d->in, object, &name)) {
		unsigned bit = span_is(name.text, "path") ? SEEN_PATH
		    : span_is(name.text, "type")          ? SEEN_TYPE
		    : span_is(name.text, "value")         ? SEEN_VALUE
							  : 0;

		if (bit == 0 || e.seen & bit)
			return fault(d, "an entry is path, type and value");
		e.seen |= bit;
		if (bit == SEEN_VALUE)
			rc = json_next(&d->in, &e.value);
		else
			rc = next_text(d, bit == SEEN_PATH ? &e.path : &e.type);
	}
	if (rc != RC_OK)
		return rc;
	if (d->in.bad || e.seen != SEEN_ALL)
		return fault(d, "an entry is path, type and value");
	if (path_parse(e.path, &path) != RC_OK)
		return fault(d, "no path of a resource");
	rc = read_value(d, &e, &v);
	if (rc == RC_MALFORMED)
		return fault(d, "a value that is not of its type");
	if (rc == RC_OK)
		rc = entry_add(&d->list, path, v);
	if (rc == RC_MALFORMED)
		return fault(d, "no path of a resource, or one twice");
	return rc;
}

static enum rc
read_entries(struct document *d)
{
	struct json_item array, object;
	enum rc rc = RC_OK;

	if (json_next(&d->in, &array) != RC_OK || array.kind != JSON_ARRAY)
		return fault(d, "entries are an array");
	while (rc == RC_OK && json_element(&d->in, &array, &object)) {
		if (object.kind != JSON_OBJECT)
			return fault(d, "an entry is path, type and value");
		rc = read_entry(d, &object);
	}
	return rc;
}

static enum rc
read_member(struct document *d, struct span name)
{
	struct span text;
	enum rc rc;

	if (span_is(name, "entries") && !(d->seen & SEEN_ENTRIES)) {
		d->seen |= SEEN_ENTRIES;
		return read_entries(d);
	}
	if (span_is(name, "endpoint") && !(d->seen & SEEN_ENDPOINT)) {
		d->seen |= SEEN_ENDPOINT;
		return next_text(d, &d->r->image.endpoint);
	}
	if (!span_is(name, "format") || d->seen & SEEN_FORMAT)
		return fault(d, "a member that an image does not have");
	d->seen |= SEEN_FORMAT;
	rc = next_text(d, &text);
	if (rc == RC_OK && !span_is(text, "bootstrapd-image-1"))
		return fault(d, "not of the format bootstrapd-image-1");
	return rc;
}

enum rc
image_json_read(struct span bytes, struct image_reading *r)
{
	struct document d = {
	    .r = r,
	    .begin = bytes.p,
	    .list = {.base = LWM2M_ROOT,
		.entries = r->entries,
		.cap = r->entry_cap},
	};
	struct json_item object, name;
	enum rc rc = RC_OK;

	reader_init(&d.in, bytes);
	if (json_next(&d.in, &object) != RC_OK || object.kind != JSON_OBJECT)
		return fault(&d, "not an object of JSON");
	while (rc == RC_OK && json_member(&d.in, &object, &name))
		rc = read_member(&d, name.text);
	if (rc == RC_MALFORMED && !r->fault)
		return fault(&d, "not JSON");
	if (rc != RC_OK)
		return rc;
	if (d.in.bad || !json_ended(&d.in))
		return fault(&d, "not JSON, or something stands behind it");
	if (d.seen != (SEEN_FORMAT | SEEN_ENDPOINT | SEEN_ENTRIES))
		return fault(&d, "format, endpoint or entries are missing");
	return image_take(r, d.list.count);
}
