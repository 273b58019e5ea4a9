#include "lwm2m/senml_cbor.h"

#include "lwm2m/cbor_scalar.h"
#include "lwm2m/entry.h"
#include "lwm2m/senml.h"

static void
put_label(struct writer *w, enum lwm2m_type type)
{
	switch (type) {
	case LWM2M_STRING:
	case LWM2M_CORELNK:
		cbor_int(w, SENML_STRING);
		break;
	case LWM2M_INTEGER:
	case LWM2M_TIME:
	case LWM2M_UNSIGNED:
	case LWM2M_FLOAT:
		cbor_int(w, SENML_VALUE);
		break;
	case LWM2M_BOOLEAN:
		cbor_int(w, SENML_BOOLEAN);
		break;
	case LWM2M_OPAQUE:
		cbor_int(w, SENML_DATA);
		break;
	case LWM2M_OBJLNK:
		cbor_text(w, SPAN_LIT("vlo"));
		break;
	case LWM2M_NONE:
		break; /* entries_valid lets none pass */
	}
}

/** Keys in the order that generated decoders (Zephyr) rely on: bn, n, value. */
static void
put_record(struct writer *w, const struct senml_record_name *name,
    const struct lwm2m_value *v)
{
	cbor_map(w, 1u + (name->base.len > 0) + (name->name.len > 0));
	if (name->base.len > 0) {
		cbor_int(w, SENML_BASE_NAME);
		cbor_text(w, name->base);
	}
	if (name->name.len > 0) {
		cbor_int(w, SENML_NAME);
		cbor_text(w, name->name);
	}
	put_label(w, v->type);
	cbor_value(w, v);
}

static enum rc
put_pack(struct writer *w, struct senml_names *names,
    const struct lwm2m_entry *entries, size_t count)
{
	cbor_array(w, count);
	for (size_t i = 0; i < count; i++) {
		struct senml_record_name name;

		senml_names_next(names, entries[i].path, &name);
		put_record(w, &name, &entries[i].value);
	}
	return w->full ? RC_TOO_LARGE : RC_OK;
}

enum rc
senml_cbor_encode(struct lwm2m_path base, const struct lwm2m_entry *entries,
    size_t count, struct writer *w)
{
	struct senml_names names;

	if (!entries_valid(base, entries, count))
		return RC_MALFORMED;
	senml_names_init(&names, base);
	return put_pack(w, &names, entries, count);
}

enum rc
senml_cbor_encode_absolute(
    const struct lwm2m_entry *entries, size_t count, struct writer *w)
{
	struct senml_names names;

	if (!entries_valid(LWM2M_ROOT, entries, count))
		return RC_MALFORMED;
	senml_names_init_absolute(&names);
	return put_pack(w, &names, entries, count);
}
