/* The words of a trigger: an HTTP request with placeholders. */
#include "policy/word.h"

#include "policy/placeholder.h"

#include <ctype.h>

enum {
	URL_MAX = 1023, /* bytes */
	HEADER_MAX = 512,
	BODY_MAX = 4096,
};

/* RFC 3986: what is not escaped, '%' included. */
static bool
is_url(uint8_t c)
{
	return c < 0x80 && c > 0x20 &&
	    (isalnum(c) || strchr("-._~!$&'()*+,;=%:@/?[]", c));
}

const char *
word_http_url(struct span text)
{
	struct span rest = text;
	size_t host = 0, n;

	if (text.len > URL_MAX)
		return "a URL has at most 1023 bytes";
	if (span_starts(rest, SPAN_LIT("https://")))
		rest = span_from(rest, strlen("https://"));
	else if (span_starts(rest, SPAN_LIT("http://")))
		rest = span_from(rest, strlen("http://"));
	else
		return "a URL of http or https is expected, like "
		       "https://host/api/clients/{endpoint}/1/0/9";
	while (host < rest.len && !memchr("/?", rest.p[host], 2)) {
		if (rest.p[host] == '@')
			return "a user name or password in a URL; the file "
			       "that `authorization:` names is for that";
		if (rest.p[host] == '{')
			return "which host is asked does not depend on a "
			       "device: placeholders stand behind it";
		host++;
	}
	if (host == 0)
		return "a URL needs a host";
	while (rest.len > 0) {
		n = placeholder_at(rest);
		if (n == 0 && (rest.p[0] == '{' || rest.p[0] == '}'))
			return "a URL has no braces (RFC 3986) but those of "
			       "placeholders";
		if (n == 0 && !is_url(rest.p[0]))
			return "a character that a URL does not have (RFC "
			       "3986); escape it with %";
		rest = span_from(rest, n ? n : 1);
	}
	return NULL;
}

bool
word_http_is_clear(const char *url)
{
	return span_starts(span_str(url), SPAN_LIT("http://"));
}

/* RFC 9110 section 5.6.2 */
static bool
is_token(uint8_t c)
{
	return c < 0x80 && (isalnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c)));
}

const char *
word_http_name(struct span text)
{
	static const char *const secrets[] = {"authorization",
	    "proxy-authorization", "cookie", "x-api-key", "api-key",
	    "x-auth-token", "x-access-token"};
	/* RFC 9112 section 6: where a request ends is not a policy's matter. */
	static const char *const framing[] = {"host", "content-length",
	    "transfer-encoding", "connection", "expect", "upgrade", "te"};

	if (text.len == 0 || text.len > 64)
		return "the name of a header is 1 to 64 bytes";
	for (size_t i = 0; i < text.len; i++)
		if (!is_token(text.p[i]))
			return "a character that the name of a header does not "
			       "have (RFC 9110 section 5.1)";
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		if (strlen(secrets[i]) == text.len &&
		    strncasecmp(secrets[i], (const char *)text.p, text.len) ==
			0)
			return "holds a secret, and none is written in a "
			       "policy; say `authorization: {file: PATH}`";
	for (size_t i = 0; i < sizeof(framing) / sizeof(framing[0]); i++)
		if (strlen(framing[i]) == text.len &&
		    strncasecmp(framing[i], (const char *)text.p, text.len) ==
			0)
			return "is made with the request itself";
	return NULL;
}

const char *
word_http_value(struct span text)
{
	if (text.len > HEADER_MAX)
		return "the value of a header has at most 512 bytes";
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] < 0x20 || text.p[i] == 0x7f)
			return "a control character in a header";
	return NULL;
}

const char *
word_http_body(struct span text)
{
	if (text.len > BODY_MAX)
		return "a body has at most 4096 bytes";
	return NULL;
}
