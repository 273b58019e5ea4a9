#include "lwm2m/cbor_scalar.h"

#include "lwm2m/timestamp.h"

#include <inttypes.h>

/* RFC 8949 section 3.4 */
enum {
	TAG_DATE = 0,
	TAG_EPOCH = 1,
	TAG_DECIMAL = 4,
	DECIMAL_EXPONENT_MAX = 99999, /* beyond it nothing fits a double */
};

void
cbor_value(struct writer *w, const struct lwm2m_value *v)
{
	char text[VALUE_PRINT_MAX + 1];
	struct writer t;

	switch (v->type) {
	case LWM2M_STRING:
	case LWM2M_CORELNK:
		cbor_text(w, v->bytes);
		break;
	case LWM2M_INTEGER:
	case LWM2M_TIME:
		cbor_int(w, v->integer);
		break;
	case LWM2M_UNSIGNED:
		cbor_uint(w, v->number);
		break;
	case LWM2M_FLOAT:
		cbor_float(w, v->real);
		break;
	case LWM2M_BOOLEAN:
		cbor_bool(w, v->boolean);
		break;
	case LWM2M_OPAQUE:
		cbor_bytes(w, v->bytes);
		break;
	case LWM2M_OBJLNK:
		writer_init(&t, text, sizeof(text));
		value_print(&t, v);
		cbor_text(w, writer_span(&t));
		break;
	case LWM2M_NONE:
		break; /* entries_valid lets none pass */
	}
}

static bool
is_integer(const struct cbor_item *item)
{
	return item->kind == CBOR_UINT || item->kind == CBOR_NEGATIVE;
}

/** An integer of CBOR as a signed one. */
static bool
signed_integer(const struct cbor_item *item, int64_t *out)
{
	if (!is_integer(item) || item->number > INT64_MAX)
		return false;
	*out = (int64_t)item->number;
	if (item->kind == CBOR_NEGATIVE)
		*out = -1 - *out;
	return true;
}

/** What is tagged as an epoch: seconds, whole ones. */
static bool
epoch(const struct cbor_item *item, int64_t *out)
{
	/* The upper bound is exclusive: INT64_MAX itself is no double. */
	if (item->kind == CBOR_FLOAT && item->real >= -0x1p63 &&
	    item->real < 0x1p63) {
		*out = (int64_t)item->real;
		return (double)*out == item->real;
	}
	return signed_integer(item, out);
}

static enum rc
read_time(struct reader *r, uint64_t tag, struct writer *scratch,
    struct cbor_scalar *out)
{
	struct span text;

	out->kind = SCALAR_TIME;
	if (cbor_next(r, &out->item) != RC_OK)
		return RC_MALFORMED;
	if (tag == TAG_EPOCH)
		return epoch(&out->item, &out->time_s) ? RC_OK : RC_MALFORMED;
	if (out->item.kind != CBOR_TEXT)
		return RC_MALFORMED;
	text = cbor_whole(r, &out->item, scratch);
	if (r->bad)
		return RC_MALFORMED;
	return scratch->full ? RC_TOO_LARGE
			     : timestamp_parse(text, &out->time_s);
}

/** An array of exponent and mantissa (RFC 8949 section 3.4.4). */
static enum rc
read_decimal(struct reader *r, struct cbor_scalar *out)
{
	struct cbor_item exponent;
	struct cbor_item mantissa;
	struct cbor_item end;
	uint8_t text[48];
	struct writer w;
	bool negative;

	out->kind = SCALAR_DECIMAL;
	if (cbor_next(r, &out->item) != RC_OK || out->item.kind != CBOR_ARRAY ||
	    !cbor_element(r, &out->item, &exponent) ||
	    !cbor_element(r, &out->item, &mantissa) ||
	    cbor_element(r, &out->item, &end) || r->bad ||
	    !is_integer(&exponent) || !is_integer(&mantissa) ||
	    exponent.number > DECIMAL_EXPONENT_MAX)
		return RC_MALFORMED;
	negative = mantissa.kind == CBOR_NEGATIVE;
	/* -1 - n: its magnitude is one up, and that must fit as well. */
	if (negative && mantissa.number++ == UINT64_MAX)
		return RC_MALFORMED;
	writer_init(&w, text, sizeof(text));
	writer_fmt(&w, "%s%" PRIu64 "e%s%" PRIu64, negative ? "-" : "",
	    mantissa.number, exponent.kind == CBOR_NEGATIVE ? "-" : "",
	    exponent.number + (exponent.kind == CBOR_NEGATIVE));
	return number_parse(writer_span(&w), &out->decimal);
}

enum rc
cbor_scalar_read(struct reader *r, const struct cbor_item *head,
    struct writer *scratch, struct cbor_scalar *out)
{
	*out = (struct cbor_scalar){.item = *head};
	switch (head->kind) {
	case CBOR_UINT:
	case CBOR_NEGATIVE:
		out->kind = SCALAR_INTEGER;
		return RC_OK;
	case CBOR_FLOAT:
		out->kind = SCALAR_FLOAT;
		return RC_OK;
	case CBOR_BOOL:
		out->kind = SCALAR_BOOL;
		return RC_OK;
	case CBOR_TEXT:
	case CBOR_BYTES:
		out->kind =
		    head->kind == CBOR_TEXT ? SCALAR_TEXT : SCALAR_BYTES;
		out->item.bytes = cbor_whole(r, &out->item, scratch);
		if (r->bad)
			return RC_MALFORMED;
		return scratch->full ? RC_TOO_LARGE : RC_OK;
	case CBOR_TAG:
		if (head->number == TAG_DECIMAL)
			return read_decimal(r, out);
		if (head->number == TAG_DATE || head->number == TAG_EPOCH)
			return read_time(r, head->number, scratch, out);
		return RC_MALFORMED;
	case CBOR_ARRAY:
	case CBOR_MAP:
	case CBOR_NULL:
	case CBOR_BREAK:
		return RC_MALFORMED;
	}
	return RC_MALFORMED;
}

enum rc
cbor_scalar_number(struct lwm2m_path path, const struct cbor_scalar *s,
    struct lwm2m_value *out)
{
	switch (s->kind) {
	case SCALAR_INTEGER:
		return typed_integer(
		    path, s->item.kind == CBOR_NEGATIVE, s->item.number, out);
	case SCALAR_FLOAT:
		return typed_real(path, s->item.real, out);
	case SCALAR_DECIMAL:
		return typed_number(path, &s->decimal, out);
	case SCALAR_TIME:
	case SCALAR_TEXT:
	case SCALAR_BYTES:
	case SCALAR_BOOL:
		break;
	}
	return RC_MALFORMED;
}

enum rc
cbor_scalar_value(struct lwm2m_path path, const struct cbor_scalar *s,
    struct lwm2m_value *out)
{
	const struct lwm2m_resource *r =
	    resource_find(path.object, path.resource);

	switch (s->kind) {
	case SCALAR_INTEGER:
	case SCALAR_FLOAT:
	case SCALAR_DECIMAL:
		break;
	case SCALAR_TIME:
		return typed_time(path, s->time_s, out);
	case SCALAR_TEXT:
		if (r && r->type == LWM2M_OBJLNK)
			return typed_link(path, s->item.bytes, out);
		return typed_text(path, s->item.bytes, out);
	case SCALAR_BYTES:
		return typed_bytes(path, s->item.bytes, out);
	case SCALAR_BOOL:
		return typed_boolean(path, s->item.number != 0, out);
	}
	return cbor_scalar_number(path, s, out);
}
