#include "psk_columns.h"

enum { PLAIN_MAX = 32 };

static const struct {
	const char *name;
	enum psk_column column;
	enum psk_encoding encoding;
} names[] = {
    {"endpoint", PSK_ENDPOINT, PSK_ENCODING_NONE},
    {"ep", PSK_ENDPOINT, PSK_ENCODING_NONE},
    {"endpointname", PSK_ENDPOINT, PSK_ENCODING_NONE},
    {"endpointclientname", PSK_ENDPOINT, PSK_ENCODING_NONE},
    {"lwm2mendpoint", PSK_ENDPOINT, PSK_ENCODING_NONE},
    {"urn", PSK_ENDPOINT, PSK_ENCODING_NONE},
    {"identity", PSK_IDENTITY, PSK_ENCODING_NONE},
    {"pskidentity", PSK_IDENTITY, PSK_ENCODING_NONE},
    {"pskid", PSK_IDENTITY, PSK_ENCODING_NONE},
    {"keyidentity", PSK_IDENTITY, PSK_ENCODING_NONE},
    {"dtlsidentity", PSK_IDENTITY, PSK_ENCODING_NONE},
    /* as LwM2M calls /0/x/3 */
    {"publickeyoridentity", PSK_IDENTITY, PSK_ENCODING_NONE},
    {"key", PSK_KEY, PSK_ENCODING_NONE},
    {"psk", PSK_KEY, PSK_ENCODING_NONE},
    {"pskkey", PSK_KEY, PSK_ENCODING_NONE},
    {"presharedkey", PSK_KEY, PSK_ENCODING_NONE},
    {"dtlskey", PSK_KEY, PSK_ENCODING_NONE},
    {"secretkey", PSK_KEY, PSK_ENCODING_NONE},
    {"keyhex", PSK_KEY, PSK_HEX},
    {"pskhex", PSK_KEY, PSK_HEX},
    {"pskkeyhex", PSK_KEY, PSK_HEX},
    {"keybase64", PSK_KEY, PSK_BASE64},
    {"pskbase64", PSK_KEY, PSK_BASE64},
    {"pskkeybase64", PSK_KEY, PSK_BASE64},
};

enum psk_column
psk_column_of(struct span name, enum psk_encoding *encoding)
{
	uint8_t plain[PLAIN_MAX];
	size_t len = 0;

	*encoding = PSK_ENCODING_NONE;
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.p[i];

		if (c == ' ' || c == '.' || c == '-' || c == '_')
			continue;
		if (len == sizeof(plain))
			return PSK_OTHER;
		plain[len++] = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!span_is(span_of(plain, len), names[i].name))
			continue;
		*encoding = names[i].encoding;
		return names[i].column;
	}
	return PSK_OTHER;
}
