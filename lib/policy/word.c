#include "policy/word.h"

#include "base/address.h"
#include "base/text.h"
#include "policy/placeholder.h"

#include <ctype.h>

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

const char *
word_name(struct span text)
{
	static const char wrong[] =
	    "a name is 1 to 64 letters, digits, '.', '_' or '-'";

	if (text.len == 0 || text.len > WORD_NAME_MAX)
		return wrong;
	for (size_t i = 0; i < text.len; i++)
		if (!is_alnum(text.p[i]) && !memchr("._-", text.p[i], 3))
			return wrong;
	return NULL;
}

const char *
word_label(struct span text)
{
	if (text.len == 0 || text.len > WORD_LABEL_MAX || has_control(text))
		return "the label of a master key is 1 to 64 bytes of text";
	return NULL;
}

const char *
word_glob(struct span text)
{
	if (text.len == 0 || text.len > POLICY_ENDPOINT_MAX ||
	    has_control(text))
		return "a pattern of endpoint names is 1 to 252 bytes, with * "
		       "for any run and ? for any one byte";
	return NULL;
}

const char *
word_prefix(struct span text)
{
	if (text.len == 0 || text.len > POLICY_ENDPOINT_MAX ||
	    has_control(text))
		return "a prefix of endpoint names is 1 to 252 bytes";
	if (memchr(text.p, '*', text.len) || memchr(text.p, '?', text.len))
		return "a prefix is taken as it is, without * and ?; a pattern "
		       "with these stands alone, not behind `prefix:`";
	return NULL;
}

const char *
word_issuer(struct span text)
{
	if (text.len == 0 || text.len > 256 || has_control(text))
		return "the common name of a CA is expected, or {key_sha256: "
		       "...}";
	return NULL;
}

const char *
word_san_glob(struct span text)
{
	if (text.len == 0 || text.len > WORD_URI_MAX || has_control(text))
		return "a pattern of URIs or host names is 1 to 255 bytes, "
		       "with * for any run and ? for any one byte";
	return NULL;
}

const char *
word_device(struct span text)
{
	if (text.len > WORD_DEVICE_MAX || !text_utf8_valid(text) ||
	    !text_printable(text))
		return "a model or batch is at most 128 bytes of text";
	return NULL;
}

const char *
word_device_glob(struct span text)
{
	if (text.len == 0 || text.len > WORD_DEVICE_MAX || has_control(text))
		return "a pattern of models or batches is 1 to 128 bytes, with "
		       "* for any run and ? for any one byte";
	return NULL;
}

const char *
word_endpoint(struct span text)
{
	if (text.len == 0 || text.len > POLICY_ENDPOINT_MAX)
		return "an endpoint name has 1 to 252 bytes";
	if (!text_utf8_valid(text))
		return "an endpoint name is UTF-8";
	if (!text_printable(text))
		return "a control or invisible character in an endpoint name";
	if (text.p[0] == ' ' || text.p[text.len - 1] == ' ')
		return "a space before or behind an endpoint name";
	return NULL;
}

const char *
word_template(struct span text)
{
	static const char placeholder[] = "{endpoint}";
	const struct span p = SPAN_LIT("{endpoint}");
	struct span rest = text;
	unsigned found = 0;

	if (has_control(text))
		return "a control character in a PSK identity";
	while (rest.len > 0) {
		if (span_starts(rest, p)) {
			found++;
			rest = span_from(rest, p.len);
		} else if (rest.p[0] == '{' || rest.p[0] == '}') {
			return "{endpoint} is the only placeholder";
		} else {
			rest = span_from(rest, 1);
		}
	}
	if (found != 1)
		return "{endpoint} has to stand in it, once: the identity "
		       "tells the endpoint";
	if (text.len - (sizeof(placeholder) - 1) >= WORD_IDENTITY_MAX)
		return "a PSK identity has at most 128 bytes, with the "
		       "endpoint";
	return NULL;
}

const char *
word_server_identity(struct span text)
{
	static const size_t none[PLACEHOLDERS];
	struct span rest = text;
	unsigned found = 0;
	struct piece p;

	if (has_control(text))
		return "a control character in a PSK identity";
	while (piece_next(&rest, &p))
		found += p.kind == PIECE_NAME && p.name == PLACEHOLDER_ENDPOINT;
	if (found != 1)
		return "{endpoint} has to stand in it, once: no two devices "
		       "have one identity";
	if (placeholder_length(text, none) >= WORD_IDENTITY_MAX)
		return "a PSK identity has at most 128 bytes, with the "
		       "endpoint";
	return NULL;
}

const char *
word_binding(struct span text)
{
	static const char letters[] = "UTSNMHQ";
	unsigned seen = 0;

	for (size_t i = 0; i < text.len; i++) {
		const char *at = memchr(letters, text.p[i], strlen(letters));
		unsigned bit = at ? 1u << (at - letters) : 0;

		if (!at || seen & bit)
			return "a binding is letters of U, T, S, N, M, H, each "
			       "once, and Q for queue mode";
		seen |= bit;
	}
	if ((seen & ~(1u << strlen("UTSNMH"))) == 0)
		return "a binding names at least one transport, like U";
	return NULL;
}

const char *
word_why(struct span text)
{
	if (text.len == 0 || text.len > WORD_WHY_MAX || has_control(text))
		return "the reason, for whoever reads the ledger, is one line "
		       "of 1 to 180 bytes";
	if (span_is(text, "true") || span_is(text, "false"))
		return "the reason is expected here, for whoever reads the "
		       "ledger";
	return NULL;
}

const char *
word_description(struct span text)
{
	if (text.len > 1000 || has_control(text))
		return "a description is one line of at most 1000 bytes";
	return NULL;
}

bool
word_is_hex_key(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.p[i] >= 0x80 || !isxdigit(text.p[i]))
			return false;
	return text.len >= 32;
}

static bool
take(struct span *rest, struct span prefix)
{
	if (!span_starts(*rest, prefix))
		return false;
	*rest = span_from(*rest, prefix.len);
	return true;
}

enum word_scheme
word_scheme(struct span uri)
{
	if (take(&uri, SPAN_LIT("coap://")))
		return SCHEME_COAP;
	if (take(&uri, SPAN_LIT("coaps://")))
		return SCHEME_COAPS;
	if (take(&uri, SPAN_LIT("coap+tcp://")))
		return SCHEME_TCP;
	if (take(&uri, SPAN_LIT("coaps+tcp://")))
		return SCHEME_TLS;
	return SCHEME_OTHER;
}

/* RFC 3986: unreserved, sub-delims, '%' of an escape. */
static bool
is_host(uint8_t c)
{
	return is_alnum(c) || (c && strchr("-._~!$&'()*+,;=%", c));
}

/* Behind the host: path and query, RFC 3986 3.3 and 3.4. */
static bool
is_path(uint8_t c)
{
	return is_host(c) || (c && strchr(":@/?", c));
}

static bool
escapes_valid(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '%' &&
		    (s.len - i < 3 || !isxdigit(s.p[i + 1]) ||
			!isxdigit(s.p[i + 2])))
			return false;
	return true;
}

/* "[2001:db8::1]" or a name; `rest` goes behind it. False: neither. */
static bool
take_host(struct span *rest)
{
	char text[ADDRESS_TEXT_MAX];
	struct address a;
	struct writer w;
	size_t n = 0;

	if (rest->len && rest->p[0] == '[') {
		while (n < rest->len && rest->p[n] != ']')
			n++;
		if (n == rest->len)
			return false;
		n++;
		writer_init(&w, text, sizeof(text));
		writer_put(&w, span_of(rest->p, n));
		writer_str(&w, ":1");
		*rest = span_from(*rest, n);
		return !w.full && address_parse(writer_span(&w), &a) == RC_OK;
	}
	while (n < rest->len && is_host(rest->p[n]))
		n++;
	*rest = span_from(*rest, n);
	return n > 0;
}

static const char *
check_uri(struct span text, bool placeholders)
{
	struct span rest = text;
	uint64_t port;
	size_t n = 0;

	if (text.len > WORD_URI_MAX)
		return "a server's URI has at most 255 bytes (/0/x/0)";
	while (n < rest.len && rest.p[n] != ':')
		n++;
	rest = span_from(rest, n);
	if (n == 0 || !take(&rest, SPAN_LIT("://")))
		return "a URI is expected, like coaps://host:5684";
	for (n = 0; n < rest.len && rest.p[n] != '/' && rest.p[n] != '?'; n++)
		if (rest.p[n] == '@')
			return "a CoAP URI has no user name (RFC 7252 "
			       "section 6)";
	if (!take_host(&rest))
		return "a URI needs a host: a name, an IPv4 address or an "
		       "IPv6 address in []";
	if (take(&rest, SPAN_LIT(":"))) {
		n = 0;
		while (n < rest.len && rest.p[n] >= '0' && rest.p[n] <= '9')
			n++;
		if (!span_decimal(span_of(rest.p, n), 65535, &port) ||
		    port == 0)
			return "the port is a number from 1 to 65535";
		rest = span_from(rest, n);
	}
	if (rest.len && rest.p[0] != '/' && rest.p[0] != '?')
		return "behind the host only a port, a path or a query may "
		       "stand";
	while (rest.len > 0) {
		n = placeholders ? placeholder_at(rest) : 0;
		if (n == 0 && !is_path(rest.p[0]))
			return "a character that a CoAP URI does not have "
			       "(RFC 7252 section 6)";
		rest = span_from(rest, n ? n : 1);
	}
	if (!escapes_valid(text))
		return "a % that is not followed by two hex digits";
	return NULL;
}

const char *
word_uri(struct span text)
{
	return check_uri(text, false);
}

const char *
word_server_uri(struct span text)
{
	struct span host = word_host(text);

	if (host.len && memchr(host.p, '{', host.len))
		return "which host a device goes to does not depend on its "
		       "name: placeholders stand behind host and port";
	return check_uri(text, true);
}
