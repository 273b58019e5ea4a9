/* The words of certificates: names in them, and where keys and files are. */
#include "policy/word.h"

#include "base/address.h"
#include "policy/placeholder.h"

#include <ctype.h>

enum {
	PATH_LEN_MAX = 1023,
	KEY_URI_MAX = 255,
	LABEL_MAX = 63, /* of a host name, RFC 1035 2.3.4 */
	HOST_MAX = 253,
	ATTRIBUTE_MAX = 64, /* RFC 5280 A.1: of CN, O, OU, serialNumber */
};

static bool
is_alnum(uint8_t c)
{
	return c < 0x80 && isalnum(c);
}

static bool
has_control(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			return true;
	return false;
}

static bool
take(struct span *rest, struct span prefix)
{
	if (!span_starts(*rest, prefix))
		return false;
	*rest = span_from(*rest, prefix.len);
	return true;
}

static bool
take_placeholder(struct span *rest)
{
	size_t n = placeholder_at(*rest);

	*rest = span_from(*rest, n);
	return n > 0;
}

/*
 * Placeholders, each at most once, and no other braces; `len` is that of the
 * rest. False: something else.
 */
static bool
template_length(struct span text, size_t *len)
{
	struct span rest = text;
	unsigned found = 0, uses;

	*len = 0;
	while (rest.len > 0) {
		uses = placeholder_uses(span_of(rest.p, placeholder_at(rest)));
		if (found & uses)
			return false;
		found |= uses;
		if (take_placeholder(&rest))
			continue;
		if (rest.p[0] == '{' || rest.p[0] == '}')
			return false;
		rest = span_from(rest, 1);
		(*len)++;
	}
	return true;
}

const char *
word_path(struct span text)
{
	if (text.len == 0 || text.len > PATH_LEN_MAX || has_control(text))
		return "the name of a file is 1 to 1023 bytes, relative to the "
		       "folder of this one or absolute";
	return NULL;
}

bool
word_is_address(struct span text)
{
	char buf[ADDRESS_TEXT_MAX];
	struct address a;
	struct writer w;

	writer_init(&w, buf, sizeof(buf));
	if (text.len > 0 && text.p[0] != '[' && memchr(text.p, ':', text.len))
		writer_fmt(&w, "[%.*s]:1", SPAN_FMT(text));
	else
		writer_fmt(&w, "%.*s:1", SPAN_FMT(text));
	return !w.full && address_parse(writer_span(&w), &a) == RC_OK;
}

struct span
word_host(struct span uri)
{
	struct span rest = uri;
	size_t n = 0;

	while (n < rest.len && rest.p[n] != ':')
		n++;
	rest = span_from(rest, n);
	if (!take(&rest, SPAN_LIT("://")))
		return span_of(NULL, 0);
	if (rest.len > 0 && rest.p[0] == '[') {
		const uint8_t *end = memchr(rest.p, ']', rest.len);

		return span_of(rest.p, end ? (size_t)(end + 1 - rest.p) : 0);
	}
	for (n = 0; n < rest.len && !strchr(":/?", rest.p[n]);)
		n++;
	return span_of(rest.p, n);
}

/* Letters, digits and hyphens between dots; `placeholder`: these too. */
static bool
is_host_name(struct span text, bool placeholder)
{
	size_t label = 0, len;
	bool hyphen = false;

	if (placeholder && !template_length(text, &len))
		return false;
	while (text.len > 0) {
		uint8_t c = text.p[0];

		if (placeholder && take_placeholder(&text)) {
			label++;
			hyphen = false;
			continue;
		}
		text = span_from(text, 1);
		if (c == '.' ? label == 0 || hyphen
			     : !is_alnum(c) && (c != '-' || label == 0))
			return false;
		hyphen = c == '-';
		label = c == '.' ? 0 : label + 1;
		if (label > LABEL_MAX)
			return false;
	}
	return label > 0 && !hyphen;
}

const char *
word_sni(struct span text)
{
	if (word_is_address(text))
		return "an IP address is no server name (RFC 6066 section 3); "
		       "name the server as its certificate does, or leave the "
		       "key out";
	if (text.len > HOST_MAX || !is_host_name(text, false))
		return "a server name is letters, digits and hyphens between "
		       "dots, without one at the end";
	return NULL;
}

const char *
word_subject(struct span text)
{
	size_t len;

	if (has_control(text))
		return "a control character in a name";
	if (!template_length(text, &len))
		return "{endpoint}, {model} and {batch}, each once, are the "
		       "placeholders, and no other brace stands in a name";
	if (text.len == 0 || len > ATTRIBUTE_MAX)
		return "an attribute has 1 to 64 bytes (RFC 5280 appendix A.1)";
	return NULL;
}

const char *
word_country(struct span text)
{
	if (text.len != 2 || text.p[0] < 'A' || text.p[0] > 'Z' ||
	    text.p[1] < 'A' || text.p[1] > 'Z')
		return "a country is two capital letters (ISO 3166)";
	return NULL;
}

const char *
word_san_uri(struct span text)
{
	static const char others[] = "-._~:/?#[]@!$&'()*+,;=%";
	struct span rest = text;
	size_t len, n = 0;

	if (!template_length(text, &len) || text.len == 0 || len > WORD_URI_MAX)
		return "a URI of at most 255 bytes with {endpoint}, once, in "
		       "it is expected";
	while (n < rest.len && is_alnum(rest.p[n]))
		n++;
	if (placeholder_at(text) == 0 &&
	    (n == 0 || n == text.len || text.p[n] != ':'))
		return "a URI begins with its scheme, like urn:";
	while (rest.len > 0) {
		if (take_placeholder(&rest))
			continue;
		if (!is_alnum(rest.p[0]) &&
		    !memchr(others, rest.p[0], sizeof(others) - 1))
			return "a character that a URI does not have (RFC "
			       "3986)";
		rest = span_from(rest, 1);
	}
	return NULL;
}

const char *
word_san_dns(struct span text)
{
	if (text.len > HOST_MAX || !is_host_name(text, true))
		return "a host name is expected, with {endpoint}, once, in it";
	return NULL;
}

/* The token is the one of the configuration, and no PIN stands in a policy. */
const char *
word_key_uri(struct span text)
{
	static const char wrong[] =
	    "a key in the token is written pkcs11:object=LABEL[;id=%01...] "
	    "(RFC 7512), without a token and without a PIN";
	struct span rest = text;
	bool object = false;

	if (text.len > KEY_URI_MAX || !take(&rest, SPAN_LIT("pkcs11:")))
		return wrong;
	while (rest.len > 0) {
		const uint8_t *end = memchr(rest.p, ';', rest.len);
		struct span part = rest;

		if (end)
			part.len = (size_t)(end - rest.p);
		if (part.len > 7 && span_starts(part, SPAN_LIT("object=")))
			object = true;
		else if (!span_starts(part, SPAN_LIT("id=")) &&
		    !span_is(part, "type=private"))
			return wrong;
		for (size_t i = 0; i < part.len; i++)
			if (part.p[i] <= 0x20 || part.p[i] >= 0x7f ||
			    part.p[i] == '?')
				return wrong;
		rest = span_from(rest, part.len + 1);
		if (end && rest.len == 0)
			return wrong;
	}
	return object ? NULL : wrong;
}
