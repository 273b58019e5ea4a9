/* image inspect --format json: an object a line, secrets never in it. */
#include "image_expect.h"
#include "image_inspect.h"

#include "hsm/der.h"

#include "base/json_out.h"
#include "base/text.h"

#include <stdio.h>

enum { TEXT_MAX = 8192 };

static void
put_dn(struct json_out *j, const char *name, struct span dn)
{
	char text[TEXT_MAX];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	cert_print_dn(dn, &w);
	jout_text(j, name, writer_span(&w));
}

static void
put_time(struct json_out *j, const char *name, int64_t time_s)
{
	char text[32];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	der_print_time(&w, time_s);
	jout_text(j, name, writer_span(&w));
}

static void
put_certificate(struct json_out *j, const struct cert *c)
{
	uint8_t sha256[DIGEST_LEN];

	jout_begin(j, "certificate", '{');
	put_dn(j, "subject", c->subject);
	put_dn(j, "issuer", c->issuer);
	jout_hex(j, "serial", c->serial);
	put_time(j, "not_before", c->not_before_s);
	put_time(j, "not_after", c->not_after_s);
	jout_bool(j, "ca", c->is_ca);
	digest_of(c->der, sha256);
	jout_hex(j, "sha256", span_of(sha256, sizeof(sha256)));
	jout_hex(j, "der", c->der);
	jout_end(j, '}');
}

static void
put_secret(struct json_out *j, const struct image_reader *m,
    const struct lwm2m_entry *e)
{
	char hex[HEX_TEXT_MAX];

	jout_bool(j, "secret", true);
	if (inspect_fingerprint(m, e, hex)[0])
		jout_str(j, "fingerprint", hex);
}

static void
put_value(struct json_out *j, const struct lwm2m_value *v)
{
	char text[VALUE_PRINT_MAX];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	switch (v->type) {
	case LWM2M_STRING:
	case LWM2M_CORELNK:
		jout_text(j, "value", v->bytes);
		break;
	case LWM2M_OPAQUE:
		jout_hex(j, "hex", v->bytes);
		if (v->bytes.len > 0 && text_printable(v->bytes))
			jout_text(j, "value", v->bytes);
		break;
	case LWM2M_BOOLEAN:
		jout_bool(j, "value", v->boolean);
		break;
	case LWM2M_INTEGER:
	case LWM2M_TIME:
	case LWM2M_UNSIGNED:
		/* digits alone, and JSON's numbers have no end */
		value_print(&w, v);
		jout_raw(j, "value", writer_span(&w));
		break;
	case LWM2M_FLOAT:
		jout_real(j, "value", v->real);
		break;
	case LWM2M_OBJLNK:
		value_print(&w, v);
		jout_text(j, "value", writer_span(&w));
		break;
	case LWM2M_NONE:
		jout_raw(j, "value", SPAN_LIT("null"));
		break;
	}
}

static void
put_entry(struct json_out *j, const struct image_reader *m,
    const struct lwm2m_entry *e)
{
	const struct lwm2m_resource *known =
	    resource_find(e->path.object, e->path.resource);
	const struct lwm2m_value *v = &e->value;
	char path[LWM2M_PATH_TEXT_MAX];
	struct cert cert;
	struct writer w;

	jout_begin(j, NULL, '{');
	writer_init(&w, path, sizeof(path));
	path_print(&w, e->path);
	jout_text(j, "path", writer_span(&w));
	jout_str(j, "name", known ? known->name : NULL);
	jout_str(j, "type", lwm2m_type_name(v->type));
	if (v->type == LWM2M_OPAQUE || v->type == LWM2M_STRING ||
	    v->type == LWM2M_CORELNK)
		jout_int(j, "bytes", (int64_t)v->bytes.len);
	switch (inspect_as(m, e, &cert)) {
	case INSPECT_PLAIN:
		put_value(j, v);
		break;
	case INSPECT_SECRET:
		put_secret(j, m, e);
		break;
	case INSPECT_CERTIFICATE:
		put_certificate(j, &cert);
		break;
	}
	jout_end(j, '}');
}

static void
put_geometry(struct json_out *j, const struct image_reader *m)
{
	char text[TEXT_MAX];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	image_expect_print(m, &w);
	jout_text(j, "geometry", writer_span(&w));
	writer_init(&w, text, sizeof(text));
	inspect_sums(m, &w);
	jout_text(j, "checksums", writer_span(&w));
}

void
inspect_json(const struct image_file *f, const struct image_reader *m)
{
	struct json_out j = {.f = stdout};

	jout_begin(&j, NULL, '{');
	jout_str(&j, "file", f->label);
	jout_str(&j, "name", f->name);
	jout_int(&j, "bytes", (int64_t)f->bytes.len);
	jout_hex(&j, "sha256", span_of(f->sha256, DIGEST_LEN));
	jout_begin(&j, "formats", '[');
	for (size_t i = 0; i < m->r.depth; i++)
		jout_str(&j, NULL, m->r.nested[i]->name);
	jout_end(&j, ']');
	put_geometry(&j, m);
	if (m->r.image.endpoint.len > 0)
		jout_text(&j, "endpoint", m->r.image.endpoint);
	jout_begin(&j, "entries", '[');
	for (size_t i = 0; i < m->r.image.entry_count; i++)
		put_entry(&j, m, &m->r.image.entries[i]);
	jout_end(&j, ']');
	jout_end(&j, '}');
	putchar('\n');
}
