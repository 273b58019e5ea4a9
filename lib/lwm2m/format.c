#include "lwm2m/format.h"

#include "lwm2m/lwm2m_cbor.h"
#include "lwm2m/oma_json.h"
#include "lwm2m/opaque.h"
#include "lwm2m/plain_text.h"
#include "lwm2m/senml_cbor.h"
#include "lwm2m/senml_json.h"
#include "lwm2m/single_cbor.h"
#include "lwm2m/tlv.h"

enum { NO_LEGACY = -1, V1_0 = 10, V1_1 = 11, V1_2 = 12, NO_END = 0 };

/* clang-format off */

const struct format lwm2m_formats[] = {
	{FORMAT_TEXT, FORMAT_LEGACY_TEXT, "plain text", "text/plain",
	    FORMAT_HOLDS_VALUE, V1_0, NO_END,
	    plain_text_encode, plain_text_decode},
	{FORMAT_LINK, NO_LEGACY, "link format", "application/link-format",
	    FORMAT_HOLDS_LINKS, V1_0, NO_END, NULL, NULL},
	{FORMAT_OPAQUE, FORMAT_LEGACY_OPAQUE, "opaque",
	    "application/octet-stream",
	    FORMAT_HOLDS_VALUE, V1_0, NO_END, opaque_encode, opaque_decode},
	{FORMAT_CBOR, NO_LEGACY, "CBOR", "application/cbor",
	    FORMAT_HOLDS_VALUE, V1_1, NO_END,
	    single_cbor_encode, single_cbor_decode},
	{FORMAT_SENML_JSON, NO_LEGACY, "SenML JSON", "application/senml+json",
	    FORMAT_HOLDS_ALL, V1_1, NO_END,
	    senml_json_encode, senml_json_decode},
	{FORMAT_SENML_CBOR, NO_LEGACY, "SenML CBOR", "application/senml+cbor",
	    FORMAT_HOLDS_ALL, V1_1, NO_END,
	    senml_cbor_encode, senml_cbor_decode},
	{FORMAT_TLV, FORMAT_LEGACY_TLV, "TLV",
	    "application/vnd.oma.lwm2m+tlv",
	    FORMAT_HOLDS_OBJECT, V1_0, NO_END, tlv_encode, tlv_decode},
	{FORMAT_OMA_JSON, FORMAT_LEGACY_JSON, "OMA JSON",
	    "application/vnd.oma.lwm2m+json",
	    FORMAT_HOLDS_ALL, V1_0, V1_0, oma_json_encode, oma_json_decode},
	{FORMAT_LWM2M_CBOR, NO_LEGACY, "LwM2M CBOR",
	    "application/vnd.oma.lwm2m+cbor",
	    FORMAT_HOLDS_ALL, V1_2, NO_END,
	    lwm2m_cbor_encode, lwm2m_cbor_decode},
};

/* clang-format on */

const size_t lwm2m_format_count =
    sizeof(lwm2m_formats) / sizeof(lwm2m_formats[0]);

const struct format *
format_by_number(int content_format)
{
	if (content_format < 0)
		return NULL;
	for (size_t i = 0; i < lwm2m_format_count; i++) {
		if (lwm2m_formats[i].number == content_format ||
		    lwm2m_formats[i].legacy == content_format)
			return &lwm2m_formats[i];
	}
	return NULL;
}

bool
format_in_version(const struct format *f, unsigned version)
{
	return f->since <= version &&
	    (f->until == NO_END || version <= f->until);
}

bool
format_writable(int content_format)
{
	const struct format *f = format_by_number(content_format);

	return f && f->holds >= FORMAT_HOLDS_OBJECT;
}

const char *
format_name(int content_format)
{
	const struct format *f = format_by_number(content_format);

	return f ? f->name : "unknown";
}

enum rc
lwm2m_encode(int content_format, struct lwm2m_path base,
    const struct lwm2m_entry *entries, size_t count, struct writer *w)
{
	const struct format *f = format_by_number(content_format);

	if (!f || !f->encode)
		return RC_UNSUPPORTED;
	return f->encode(base, entries, count, w);
}

enum rc
lwm2m_decode(int content_format, struct lwm2m_path base, struct span payload,
    struct writer *scratch, struct lwm2m_entry *entries, size_t cap,
    size_t *count)
{
	const struct format *f = format_by_number(content_format);

	*count = 0;
	if (!f || !f->decode)
		return RC_UNSUPPORTED;
	return f->decode(base, payload, scratch, entries, cap, count);
}
