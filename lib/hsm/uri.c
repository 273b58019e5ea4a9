/*
 * PKCS#11 URIs, RFC 7512 section 2.3, narrowed:
 *
 *   "pkcs11:" name "=" value *(";" name "=" value)
 *
 * Where the standard lets a reader choose (unknown attributes, an attribute
 * given twice, an empty value), this one refuses: what picks a token must not
 * be read in two ways.
 */
#include "base/text.h"
#include "hsm/hsm_internal.h"

#include <stddef.h>
#include <strings.h>

struct attribute {
	const char *name;
	size_t at; /* place of the text in struct hsm_uri */
	size_t max; /* bytes */
};

#define TEXT(field) \
	{ \
#field, offsetof(struct hsm_uri, field), \
		    sizeof(((struct hsm_uri *)0)->field) - 1 \
	}

static const struct attribute attributes[] = {
    TEXT(token),
    TEXT(serial),
    TEXT(manufacturer),
    TEXT(model),
    TEXT(object),
    TEXT(type),
    {"id", offsetof(struct hsm_uri, id), sizeof(((struct hsm_uri *)0)->id)},
};

enum { ATTRIBUTE_COUNT = sizeof(attributes) / sizeof(attributes[0]) };

static enum rc
wrong(struct hsm_error *err, const char *what, struct span at)
{
	char quoted[96];

	hsm_error_text(err, 0, "PKCS#11 URI: %s %s", what,
	    hsm_quote(quoted, sizeof(quoted), at));
	hsm_error_remedy(err,
	    "write it as pkcs11:token=LABEL[;serial=S][;object=LABEL] "
	    "(RFC 7512), other characters as %%XX");
	return RC_CONFIG;
}

/* RFC 7512 section 2.3: pk11-pchar, without the %XX form. */
static bool
is_pchar(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    (c >= '0' && c <= '9') || (c && strchr("-._~:[]@!$'()*+,=&", c));
}

static int
hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static bool
unescape(struct span value, struct writer *w)
{
	for (size_t i = 0; i < value.len; i++) {
		uint8_t c = value.p[i];

		if (c == '%') {
			int hi, lo;

			if (value.len - i < 3)
				return false;
			hi = hex_digit(value.p[i + 1]);
			lo = hex_digit(value.p[i + 2]);
			if (hi < 0 || lo < 0)
				return false;
			c = (uint8_t)(hi << 4 | lo);
			i += 2;
		} else if (!is_pchar(c)) {
			return false;
		}
		writer_be(w, c, 1);
	}
	return true;
}

static bool
type_known(struct span v)
{
	return span_is(v, "public") || span_is(v, "private") ||
	    span_is(v, "cert") || span_is(v, "secret-key") ||
	    span_is(v, "data");
}

/* Up to the next `c`, or all of it; `rest` is what follows. */
static struct span
cut(struct span s, char c, struct span *rest)
{
	const uint8_t *at = s.len ? memchr(s.p, c, s.len) : NULL;
	size_t n = at ? (size_t)(at - s.p) : s.len;

	*rest = span_from(s, n + 1);
	return span_of(s.p, n);
}

static enum rc
read_attribute(
    struct span part, struct hsm_uri *u, unsigned *seen, struct hsm_error *err)
{
	struct span value, name = cut(part, '=', &value);
	uint8_t buf[64 + 1];
	struct writer w;
	unsigned i;

	if (name.len == part.len)
		return wrong(err, "no name=value in", part);
	for (i = 0; i < ATTRIBUTE_COUNT; i++)
		if (span_is(name, attributes[i].name))
			break;
	if (i == ATTRIBUTE_COUNT)
		return wrong(err, "unknown attribute", name);
	if (*seen & 1u << i)
		return wrong(err, "twice the attribute", name);
	*seen |= 1u << i;

	writer_init(&w, buf, attributes[i].max);
	if (!unescape(value, &w))
		return wrong(err, "bad character or %XX in", part);
	if (w.full)
		return wrong(err, "too long:", part);
	if (w.len == 0)
		return wrong(err, "no value in", part);
	if (attributes[i].at == offsetof(struct hsm_uri, id))
		u->id_len = w.len;
	else if (!text_utf8_valid(writer_span(&w)))
		return wrong(err, "not UTF-8, or a NUL:", part);
	if (attributes[i].at == offsetof(struct hsm_uri, type) &&
	    !type_known(writer_span(&w)))
		return wrong(err, "unknown type in", part);
	memcpy((char *)u + attributes[i].at, buf, w.len);
	return RC_OK;
}

enum rc
hsm_uri_parse(const char *text, struct hsm_uri *out, struct hsm_error *err)
{
	static const char scheme[] = "pkcs11:";
	struct span rest;
	unsigned seen = 0;

	memset(out, 0, sizeof(*out));
	if (!text || strncasecmp(text, scheme, sizeof(scheme) - 1) != 0)
		return wrong(err, "no \"pkcs11:\" before", span_str(text));
	rest = span_str(text + sizeof(scheme) - 1);
	if (rest.len && memchr(rest.p, '?', rest.len)) {
		/* Not quoted back: a pin-value would be printed. */
		hsm_error_text(
		    err, 0, "PKCS#11 URI: a query (\"?\") is not accepted");
		hsm_error_remedy(err,
		    "pin-value and pin-source do not belong here: name the "
		    "PIN's file, credential or variable with hsm.pin");
		return RC_CONFIG;
	}
	do {
		bool last = !rest.len || !memchr(rest.p, ';', rest.len);
		struct span part = cut(rest, ';', &rest);
		enum rc rc = read_attribute(part, out, &seen, err);

		if (rc)
			return rc;
		if (last)
			return RC_OK;
	} while (true);
}
