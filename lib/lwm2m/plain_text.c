#include "lwm2m/plain_text.h"

#include "base/text.h"
#include "lwm2m/entry.h"
#include "lwm2m/typed.h"

#include <math.h>

enum rc
plain_text_encode(struct lwm2m_path base, const struct lwm2m_entry *entries,
    size_t count, struct writer *w)
{
	enum rc rc = entries_single(base, entries, count);
	const struct lwm2m_value *v;

	if (rc != RC_OK)
		return rc;
	v = &entries->value;
	switch (v->type) {
	case LWM2M_STRING:
	case LWM2M_CORELNK:
		writer_put(w, v->bytes);
		break;
	case LWM2M_INTEGER:
	case LWM2M_TIME:
	case LWM2M_UNSIGNED:
	case LWM2M_OBJLNK:
		value_print(w, v);
		break;
	case LWM2M_FLOAT:
		if (!isfinite(v->real))
			return RC_MALFORMED;
		number_print_plain(w, v->real);
		break;
	case LWM2M_BOOLEAN:
		writer_str(w, v->boolean ? "1" : "0");
		break;
	case LWM2M_OPAQUE:
		text_base64(w, v->bytes);
		break;
	case LWM2M_NONE:
		break; /* entries_valid lets none pass */
	}
	return w->full ? RC_TOO_LARGE : RC_OK;
}

static enum rc
read_number(struct lwm2m_path path, struct span text, struct lwm2m_value *out)
{
	struct lwm2m_number n;
	enum rc rc = number_parse(text, &n);

	return rc == RC_OK ? typed_number(path, &n, out) : rc;
}

static enum rc
read_boolean(struct lwm2m_path path, struct span text, struct lwm2m_value *out)
{
	bool one = span_is(text, "1");

	if (!one && !span_is(text, "0"))
		return RC_MALFORMED;
	return typed_boolean(path, one, out);
}

/** Text to the type that the tables give. */
static enum rc
read_value(struct lwm2m_path path, struct span text, struct writer *scratch,
    struct lwm2m_value *out)
{
	const struct lwm2m_resource *r =
	    resource_find(path.object, path.resource);

	switch (r ? r->type : LWM2M_STRING) {
	case LWM2M_STRING:
	case LWM2M_CORELNK:
		return typed_text(path, text, out);
	case LWM2M_INTEGER:
	case LWM2M_UNSIGNED:
	case LWM2M_FLOAT:
	case LWM2M_TIME:
		return read_number(path, text, out);
	case LWM2M_BOOLEAN:
		return read_boolean(path, text, out);
	case LWM2M_OPAQUE:
		return typed_base64(path, text, scratch, out);
	case LWM2M_OBJLNK:
		return typed_link(path, text, out);
	case LWM2M_NONE:
		/* An executable has no value to send. */
		return RC_MALFORMED;
	}
	return RC_MALFORMED;
}

enum rc
plain_text_decode(struct lwm2m_path base, struct span payload,
    struct writer *scratch, struct lwm2m_entry *entries, size_t cap,
    size_t *count)
{
	struct entry_list list = {.base = base, .entries = entries, .cap = cap};
	struct lwm2m_value value;
	enum rc rc;

	*count = 0;
	if (!entry_path_valid(base))
		return RC_UNSUPPORTED;
	rc = read_value(base, payload, scratch, &value);
	if (rc == RC_OK)
		rc = entry_add(&list, base, value);
	if (rc == RC_OK)
		*count = list.count;
	return rc;
}
