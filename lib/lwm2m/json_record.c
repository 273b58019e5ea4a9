#include "lwm2m/json_record.h"

#include "base/text.h"
#include "lwm2m/senml.h"
#include "lwm2m/typed.h"

#include <math.h>

enum { IGNORED_DEPTH = 4 /* nesting inside fields that mean nothing to us */ };

static void
put_text(struct writer *w, bool *first, const char *label, struct span text)
{
	json_key(w, first, label);
	text_quote(w, text);
}

static enum rc
put_value(struct writer *w, bool *first, const struct json_dialect *dialect,
    const struct lwm2m_value *v)
{
	switch (v->type) {
	case LWM2M_STRING:
	case LWM2M_CORELNK:
		put_text(w, first, dialect->text, v->bytes);
		break;
	case LWM2M_INTEGER:
	case LWM2M_TIME:
	case LWM2M_UNSIGNED:
		json_key(w, first, "v");
		value_print(w, v);
		break;
	case LWM2M_FLOAT:
		if (!isfinite(v->real))
			return RC_MALFORMED;
		json_key(w, first, "v");
		number_print(w, v->real);
		break;
	case LWM2M_BOOLEAN:
		json_key(w, first, dialect->boolean);
		writer_str(w, v->boolean ? "true" : "false");
		break;
	case LWM2M_OPAQUE:
		json_key(w, first, dialect->data);
		writer_str(w, "\"");
		dialect->base64(w, v->bytes);
		writer_str(w, "\"");
		break;
	case LWM2M_OBJLNK:
		json_key(w, first, dialect->link);
		writer_str(w, "\"");
		value_print(w, v);
		writer_str(w, "\"");
		break;
	case LWM2M_NONE:
		break; /* entries_valid lets none pass */
	}
	return RC_OK;
}

enum rc
json_record_put(struct writer *w, const struct json_dialect *dialect,
    struct span base, struct span name, const struct lwm2m_value *v)
{
	bool first = true;
	enum rc rc;

	writer_str(w, "{");
	if (base.len > 0)
		put_text(w, &first, "bn", base);
	if (name.len > 0)
		put_text(w, &first, "n", name);
	rc = put_value(w, &first, dialect, v);
	writer_str(w, "}");
	return rc;
}

/** The label's place in the dialect; -1: not of it. */
static int
find_label(const struct json_dialect *dialect, struct span text)
{
	for (int i = 0; dialect->labels[i].text; i++) {
		if (span_is(text, dialect->labels[i].text))
			return i;
	}
	return -1;
}

/** A name without its escapes; what room they took is given back. */
static enum rc
read_label(const struct json_dialect *dialect, const struct json_item *name,
    struct writer *scratch, int *out)
{
	size_t from = scratch->len;
	struct span text;
	enum rc rc = json_text(name, scratch, &text);

	if (rc != RC_OK)
		return rc;
	*out = find_label(dialect, text);
	if (*out < 0 && dialect->must_understand && text.len > 0 &&
	    text.p[text.len - 1] == '_')
		rc = RC_MALFORMED;
	scratch->len = from;
	return rc;
}

static enum rc
read_text(struct reader *r, struct writer *scratch, struct span *out)
{
	struct json_item item;

	if (json_next(r, &item) != RC_OK || item.kind != JSON_STRING)
		return RC_MALFORMED;
	return json_text(&item, scratch, out);
}

static enum rc
read_version(struct reader *r)
{
	struct json_item item;

	if (json_next(r, &item) != RC_OK || item.kind != JSON_NUMBER ||
	    !item.number.whole || item.number.negative ||
	    item.number.magnitude > SENML_VERSION)
		return RC_MALFORMED;
	return RC_OK;
}

static enum rc
read_value(struct reader *r, enum json_field field, struct writer *scratch,
    struct json_record *out)
{
	enum rc rc;

	if (out->has_value)
		return RC_MALFORMED;
	out->has_value = true;
	out->field = field;
	rc = json_next(r, &out->value);
	if (rc == RC_OK && out->value.kind == JSON_STRING)
		rc = json_text(&out->value, scratch, &out->value.text);
	return rc;
}

static enum rc
read_field(struct reader *r, enum json_field field, struct writer *scratch,
    struct json_record *out)
{
	switch (field) {
	case JSON_BASE_NAME:
		out->has_base = true;
		return read_text(r, scratch, &out->base);
	case JSON_NAME:
		return read_text(r, scratch, &out->name);
	case JSON_VALUE_NUMBER:
	case JSON_VALUE_TEXT:
	case JSON_VALUE_BOOLEAN:
	case JSON_VALUE_DATA:
	case JSON_VALUE_LINK:
		return read_value(r, field, scratch, out);
	case JSON_VERSION:
		return read_version(r);
	case JSON_REFUSED:
		return RC_MALFORMED;
	case JSON_IGNORED:
		return json_skip(r, IGNORED_DEPTH);
	}
	return RC_BUG;
}

enum rc
json_record_read(struct reader *r, struct json_item *object,
    const struct json_dialect *dialect, struct writer *scratch,
    struct json_record *out)
{
	uint32_t seen = 0;
	struct json_item name;
	int label = -1;
	enum rc rc = RC_OK;

	*out = (struct json_record){.has_base = false};
	if (object->kind != JSON_OBJECT)
		return RC_MALFORMED;
	while (rc == RC_OK && json_member(r, object, &name)) {
		rc = read_label(dialect, &name, scratch, &label);
		if (rc != RC_OK)
			break;
		if (label < 0) {
			rc = json_skip(r, IGNORED_DEPTH);
			continue;
		}
		if (seen & (uint32_t)1 << label)
			return RC_MALFORMED;
		seen |= (uint32_t)1 << label;
		rc = read_field(r, dialect->labels[label].field, scratch, out);
	}
	return rc == RC_OK && r->bad ? RC_MALFORMED : rc;
}

static enum rc
text_value(const struct json_dialect *dialect, struct lwm2m_path path,
    struct span text, struct writer *scratch, struct lwm2m_value *out)
{
	const struct lwm2m_resource *r =
	    resource_find(path.object, path.resource);

	if (dialect->text_is_data && r && r->type == LWM2M_OPAQUE)
		return typed_base64(path, text, scratch, out);
	return typed_text(path, text, out);
}

enum rc
json_record_value(const struct json_record *record,
    const struct json_dialect *dialect, struct lwm2m_path path,
    struct writer *scratch, struct lwm2m_value *out)
{
	const struct json_item *item = &record->value;
	enum json_field field = record->field;

	if (!record->has_value)
		return RC_MALFORMED;
	if (field == JSON_VALUE_NUMBER && item->kind == JSON_NUMBER)
		return typed_number(path, &item->number, out);
	if (field == JSON_VALUE_BOOLEAN && item->kind == JSON_BOOL)
		return typed_boolean(path, item->boolean, out);
	if (item->kind != JSON_STRING)
		return RC_MALFORMED;
	if (field == JSON_VALUE_TEXT)
		return text_value(dialect, path, item->text, scratch, out);
	if (field == JSON_VALUE_DATA)
		return typed_base64(path, item->text, scratch, out);
	if (field == JSON_VALUE_LINK)
		return typed_link(path, item->text, out);
	return RC_MALFORMED;
}
