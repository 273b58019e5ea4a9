/*
 * What stands behind a resource, read by the type that the object tables give
 * it. Bytes say how they are written (hex:, b64:, text:), because whether
 * "31323334" is four bytes or eight is the commonest fault of all.
 */
#include "policy/load.h"

#include "base/text.h"

#include <stdlib.h>

enum {
	VALUE_MAX = 8192, /* bytes of one value */
	FLOAT_TEXT_MAX = 64,
};

static bool
has_range(const struct lwm2m_resource *r)
{
	return r->min != 0 || r->max != 0;
}

static bool
read_integer(const struct yaml_ctx *c, struct yaml_node *n,
    const struct lwm2m_resource *r, int64_t min, int64_t *out)
{
	int64_t max = INT64_MAX;

	if (has_range(r)) {
		min = r->min;
		max = r->max;
	}
	return yaml_number(c, n, min, max, out) == RC_OK;
}

static bool
length_fits(const struct yaml_ctx *c, struct yaml_node *n,
    const struct lwm2m_resource *r, size_t len)
{
	int64_t min = has_range(r) ? r->min : 0;
	int64_t max = has_range(r) ? r->max : VALUE_MAX;

	if ((int64_t)len >= min && (int64_t)len <= max)
		return true;
	yaml_error(c, n, "policy-value-length",
	    "%zu bytes; %lld to %lld are expected for %s", len, (long long)min,
	    (long long)max, r->name);
	return false;
}

static bool
read_string(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    const struct lwm2m_resource *r, struct span *out)
{
	const char *text;

	if (yaml_text(c, n, &text) != RC_OK ||
	    !length_fits(c, n, r, n->text.len))
		return false;
	*out = span_of(load_keep(l, text), n->text.len);
	return true;
}

/* The bytes of "hex:..", "b64:.." or "text:.." into `w`. */
static enum rc
decode_bytes(struct writer *w, struct span text)
{
	if (span_starts(text, SPAN_LIT("hex:")))
		return text_unhex(w, span_from(text, 4));
	if (span_starts(text, SPAN_LIT("b64:")))
		return text_unbase64(w, span_from(text, 4));
	if (!span_starts(text, SPAN_LIT("text:")))
		return RC_MALFORMED;
	writer_put(w, span_from(text, 5));
	return RC_OK;
}

static bool
read_opaque(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    const struct lwm2m_resource *r, struct span *out)
{
	const char *text;
	struct writer w;
	uint8_t *buf;

	if (yaml_text(c, n, &text) != RC_OK)
		return false;
	/* Decoded bytes are never more than the text. */
	buf = load_alloc(l, n->text.len + 1, 1);
	if (!buf)
		return false;
	writer_init(&w, buf, n->text.len + 1);
	if (decode_bytes(&w, n->text) != RC_OK) {
		yaml_error(c, n, "policy-value",
		    "%s is Opaque: bytes are written as hex:0102, b64:AQI= or "
		    "text:abc",
		    r->name);
		return false;
	}
	*out = writer_span(&w);
	return length_fits(c, n, r, out->len);
}

static bool
read_float(const struct yaml_ctx *c, struct yaml_node *n, double *out)
{
	const char *text;
	char *end;

	if (yaml_text(c, n, &text) != RC_OK)
		return false;
	/* No hex, no infinity, no NaN: digits first. */
	if (!n->quoted && n->text.len < FLOAT_TEXT_MAX &&
	    strspn(text, "0123456789.eE+-") == n->text.len &&
	    strcspn(text, "0123456789") <= 1) {
		*out = strtod(text, &end);
		if (*end == '\0' && __builtin_isfinite(*out))
			return true;
	}
	yaml_error(c, n, "policy-value",
	    "%s is no number; one like 12.5 is expected", YAML_SHOW(n->text));
	return false;
}

/* "3:0": object and instance; 65535:65535 is the null link. */
static bool
read_link(
    const struct yaml_ctx *c, struct yaml_node *n, struct lwm2m_value *out)
{
	uint64_t object, instance;
	const uint8_t *colon;
	const char *text;
	size_t at;

	if (yaml_text(c, n, &text) != RC_OK)
		return false;
	colon = memchr(n->text.p, ':', n->text.len);
	at = colon ? (size_t)(colon - n->text.p) : 0;
	if (!colon ||
	    !span_decimal(span_of(n->text.p, at), UINT16_MAX, &object) ||
	    !span_decimal(span_from(n->text, at + 1), UINT16_MAX, &instance)) {
		yaml_error(c, n, "policy-value",
		    "%s is no object link; \"OBJECT:INSTANCE\" is expected, "
		    "like \"3:0\"",
		    YAML_SHOW(n->text));
		return false;
	}
	out->link.object = (uint16_t)object;
	out->link.instance = (uint16_t)instance;
	return true;
}

bool
load_value(struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    const struct lwm2m_resource *r, struct lwm2m_value *out)
{
	int64_t v = 0;
	bool ok = false;

	*out = (struct lwm2m_value){.type = r->type};
	switch (r->type) {
	case LWM2M_NONE:
		yaml_error(c, n, "policy-executable",
		    "%s is executable and has no value", r->name);
		break;
	case LWM2M_INTEGER:
	case LWM2M_TIME:
		ok = read_integer(c, n, r, INT64_MIN, &out->integer);
		break;
	case LWM2M_UNSIGNED:
		ok = read_integer(c, n, r, 0, &v);
		out->number = (uint64_t)v;
		break;
	case LWM2M_FLOAT:
		ok = read_float(c, n, &out->real);
		break;
	case LWM2M_BOOLEAN:
		ok = yaml_bool(c, n, &out->boolean) == RC_OK;
		break;
	case LWM2M_STRING:
	case LWM2M_CORELNK:
		ok = read_string(l, c, n, r, &out->bytes);
		break;
	case LWM2M_OPAQUE:
		ok = read_opaque(l, c, n, r, &out->bytes);
		break;
	case LWM2M_OBJLNK:
		ok = read_link(c, n, out);
		break;
	}
	return ok;
}
