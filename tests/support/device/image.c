#include "image.h"

#include "base/text.h"
#include "file.h"
#include "json.h"
#include "lwm2m/format.h"

void
image_fini(struct image *i)
{
	held_fini(&i->held);
	secret_fini(&i->bytes);
	secret_fini(&i->text);
	*i = (struct image){0};
}

/* --- JSON ----------------------------------------------------------------- */

static enum rc
parse_integer(struct span text, int64_t *out)
{
	bool negative = span_starts(text, SPAN_LIT("-"));
	uint64_t n;

	if (!span_decimal(span_from(text, negative), INT64_MAX, &n))
		return RC_MALFORMED;
	*out = negative ? -(int64_t)n : (int64_t)n;
	return RC_OK;
}

static enum rc
parse_link(struct span text, struct lwm2m_value *v)
{
	const uint8_t *colon = text.len ? memchr(text.p, ':', text.len) : NULL;
	uint64_t object, instance;
	size_t at;

	if (!colon)
		return RC_MALFORMED;
	at = (size_t)(colon - text.p);
	if (!span_decimal(span_of(text.p, at), 0xffff, &object) ||
	    !span_decimal(span_from(text, at + 1), 0xffff, &instance))
		return RC_MALFORMED;
	v->type = LWM2M_OBJLNK;
	v->link.object = (uint16_t)object;
	v->link.instance = (uint16_t)instance;
	return RC_OK;
}

static enum rc
parse_hex(struct span text, struct writer *w, struct lwm2m_value *v)
{
	size_t start = w->len;
	enum rc rc = text_unhex(w, text);

	v->type = LWM2M_OPAQUE;
	if (rc == RC_OK)
		v->bytes = span_of(w->buf + start, w->len - start);
	return rc;
}

static enum rc
parse_value(struct span type, const struct jsonfile_value *j,
    struct writer *text, struct lwm2m_value *v)
{
	bool is_text = j->kind == JSON_STRING;
	bool is_number = j->kind == JSON_NUMBER;

	*v = (struct lwm2m_value){0};
	if (span_is(type, "string") || span_is(type, "corelnk")) {
		v->type =
		    span_is(type, "string") ? LWM2M_STRING : LWM2M_CORELNK;
		v->bytes = j->text;
		return is_text ? RC_OK : RC_MALFORMED;
	}
	if (span_is(type, "boolean")) {
		v->type = LWM2M_BOOLEAN;
		v->boolean = j->boolean;
		return j->kind == JSON_BOOLEAN ? RC_OK : RC_MALFORMED;
	}
	if (span_is(type, "integer") || span_is(type, "time")) {
		v->type = span_is(type, "time") ? LWM2M_TIME : LWM2M_INTEGER;
		return is_number ? parse_integer(j->text, &v->integer)
				 : RC_MALFORMED;
	}
	if (span_is(type, "unsigned")) {
		v->type = LWM2M_UNSIGNED;
		return is_number &&
			span_decimal(j->text, UINT64_MAX, &v->number)
		    ? RC_OK
		    : RC_MALFORMED;
	}
	if (span_is(type, "opaque"))
		return is_text ? parse_hex(j->text, text, v) : RC_MALFORMED;
	if (span_is(type, "objlnk"))
		return is_text ? parse_link(j->text, v) : RC_MALFORMED;
	return RC_UNSUPPORTED;
}

static enum rc
read_entry(struct jsonfile *j, struct image *out)
{
	struct span name, path = {0}, type = {0};
	struct jsonfile_value v, value = {.kind = JSON_NULL};
	struct lwm2m_entry *e;
	enum rc rc = jsonfile_value(j, &v);

	if (rc != RC_OK || v.kind != JSON_OBJECT)
		return rc != RC_OK ? rc : RC_MALFORMED;
	while (rc == RC_OK && jsonfile_member(j, &name)) {
		rc = jsonfile_value(j, &v);
		if (rc != RC_OK)
			break;
		if (span_is(name, "value"))
			value = v;
		else if (span_is(name, "path") && v.kind == JSON_STRING)
			path = v.text;
		else if (span_is(name, "type") && v.kind == JSON_STRING)
			type = v.text;
		jsonfile_skip(j, &v);
	}
	if (rc != RC_OK || j->bad)
		return rc != RC_OK ? rc : RC_MALFORMED;
	if (out->count == IMAGE_ENTRIES_MAX)
		return RC_TOO_LARGE;
	e = &out->entries[out->count];
	rc = path_parse(path, &e->path);
	if (rc == RC_OK && path_depth(e->path) < 3)
		rc = RC_MALFORMED;
	if (rc == RC_OK)
		rc = parse_value(type, &value, j->text, &e->value);
	out->count += rc == RC_OK;
	return rc;
}

static enum rc
read_member(
    struct jsonfile *j, struct span name, struct image *out, bool *right)
{
	struct jsonfile_value v;
	enum rc rc = jsonfile_value(j, &v);

	if (rc != RC_OK)
		return rc;
	if (span_is(name, "format")) {
		*right = v.kind == JSON_STRING &&
		    span_is(v.text, "bootstrapd-image-1");
	} else if (span_is(name, "endpoint")) {
		if (v.kind != JSON_STRING || v.text.len > 252)
			return RC_MALFORMED;
		out->endpoint = v.text;
	} else if (span_is(name, "entries")) {
		if (v.kind != JSON_ARRAY)
			return RC_MALFORMED;
		while (rc == RC_OK && jsonfile_element(j))
			rc = read_entry(j, out);
		return rc;
	}
	jsonfile_skip(j, &v);
	return RC_OK;
}

static enum rc
read_json(struct image *out, struct writer *text)
{
	struct jsonfile j;
	struct jsonfile_value v;
	struct span name;
	bool right = false;
	enum rc rc;

	jsonfile_init(&j, secret_expose(&out->bytes), text);
	rc = jsonfile_value(&j, &v);
	if (rc == RC_OK && v.kind != JSON_OBJECT)
		rc = RC_MALFORMED;
	while (rc == RC_OK && jsonfile_member(&j, &name))
		rc = read_member(&j, name, out, &right);
	if (rc == RC_OK && !jsonfile_done(&j))
		rc = text->full ? RC_TOO_LARGE : RC_MALFORMED;
	if (rc == RC_OK && !right)
		rc = RC_UNSUPPORTED;
	return rc;
}

/* --- both ----------------------------------------------------------------- */

static enum rc
read_any(struct image *out)
{
	struct span file = secret_expose(&out->bytes);
	struct writer text;
	size_t at = 0;
	enum rc rc = secret_reserve(&out->text, IMAGE_BYTES_MAX);

	if (rc != RC_OK)
		return rc;
	writer_init(&text, out->text.bytes, out->text.cap);
	while (at < file.len && memchr(" \t\r\n", file.p[at], 4))
		at++;
	if (at < file.len && file.p[at] == '{')
		rc = read_json(out, &text);
	else
		rc = lwm2m_decode(FORMAT_SENML_CBOR, LWM2M_ROOT, file, &text,
		    out->entries, IMAGE_ENTRIES_MAX, &out->count);
	out->text.len = text.len;
	if (rc == RC_OK && out->count == 0)
		rc = RC_MALFORMED;
	return rc;
}

enum rc
image_read(struct span file, struct image *out)
{
	enum rc rc;

	*out = (struct image){0};
	if (file.len > IMAGE_BYTES_MAX)
		return RC_TOO_LARGE;
	rc = secret_set(&out->bytes, file);
	return rc == RC_OK ? read_any(out) : rc;
}

enum rc
image_load(const char *path, struct image *out)
{
	enum rc rc;

	*out = (struct image){0};
	rc = file_read(path, IMAGE_BYTES_MAX, &out->bytes);
	return rc == RC_OK ? read_any(out) : rc;
}

enum rc
image_account(struct image *i, struct account *out)
{
	enum rc rc = RC_OK;
	uint16_t instance;

	*out = (struct account){.mode = MODE_NOSEC};
	held_fini(&i->held);
	for (size_t n = 0; rc == RC_OK && n < i->count; n++)
		rc = held_put(&i->held, &i->entries[n]);
	if (rc != RC_OK)
		return rc;
	if (!held_account(&i->held, &instance))
		return RC_NOT_FOUND;
	account_read(&i->held, instance, out);
	if (i->endpoint.len)
		out->endpoint = i->endpoint;
	return out->uri.len ? RC_OK : RC_NOT_FOUND;
}
