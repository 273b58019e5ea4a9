#include "lwm2m/format.h"

#include "lwm2m/senml_cbor.h"
#include "lwm2m/tlv.h"

typedef enum rc (*encode_fn)(struct lwm2m_path base,
    const struct lwm2m_entry *entries, size_t count, struct writer *w);
typedef enum rc (*decode_fn)(struct lwm2m_path base, struct span payload,
    struct writer *scratch, struct lwm2m_entry *entries, size_t cap,
    size_t *count);

struct format {
	enum lwm2m_format number;
	const char *name;
	encode_fn encode; /* NULL: cannot hold several resources, or not yet */
	decode_fn decode;
};

static const struct format formats[] = {
    {FORMAT_TEXT, "plain text", NULL, NULL},
    {FORMAT_LINK, "link format", NULL, NULL},
    {FORMAT_OPAQUE, "opaque", NULL, NULL},
    {FORMAT_CBOR, "CBOR", NULL, NULL},
    {FORMAT_SENML_JSON, "SenML JSON", NULL, NULL},
    {FORMAT_SENML_CBOR, "SenML CBOR", senml_cbor_encode, senml_cbor_decode},
    {FORMAT_TLV, "TLV", tlv_encode, tlv_decode},
    {FORMAT_OMA_JSON, "OMA JSON", NULL, NULL},
    {FORMAT_LWM2M_CBOR, "LwM2M CBOR", NULL, NULL},
};

static const struct format *
find(int content_format)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if ((int)formats[i].number == content_format)
			return &formats[i];
	}
	return NULL;
}

bool
format_writable(int content_format)
{
	const struct format *f = find(content_format);

	return f && f->encode;
}

const char *
format_name(int content_format)
{
	const struct format *f = find(content_format);

	return f ? f->name : "unknown";
}

enum rc
lwm2m_encode(int content_format, struct lwm2m_path base,
    const struct lwm2m_entry *entries, size_t count, struct writer *w)
{
	const struct format *f = find(content_format);

	if (!f || !f->encode)
		return RC_UNSUPPORTED;
	return f->encode(base, entries, count, w);
}

enum rc
lwm2m_decode(int content_format, struct lwm2m_path base, struct span payload,
    struct writer *scratch, struct lwm2m_entry *entries, size_t cap,
    size_t *count)
{
	const struct format *f = find(content_format);

	*count = 0;
	if (!f || !f->decode)
		return RC_UNSUPPORTED;
	return f->decode(base, payload, scratch, entries, cap, count);
}
