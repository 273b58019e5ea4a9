#include "server_uri.h"

#include "base/address.h"

#include <string.h>

enum { URI_MAX = 255 };

/** RFC 3986 section 3.2.2 reg-name, without percent-encoding: DNS names. */
static bool
name_valid(struct span host)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-._";

	if (host.len == 0 || host.p[0] == '.' || host.p[0] == '-')
		return false;
	for (size_t i = 0; i < host.len; i++)
		if (host.p[i] == '\0' || !strchr(allowed, host.p[i]))
			return false;
	return true;
}

static bool
ipv6_valid(struct span host)
{
	char text[64];
	struct writer w;
	struct address a;

	writer_init(&w, text, sizeof(text));
	writer_str(&w, "[");
	writer_put(&w, host);
	writer_str(&w, "]:1");
	return !w.full && address_parse(writer_span(&w), &a) == RC_OK;
}

static bool
take_scheme(struct span *uri, bool secure)
{
	static const char *const schemes[2][2] = {
	    {"coap://", "coap+tcp://"},
	    {"coaps://", "coaps+tcp://"},
	};

	for (size_t i = 0; i < 2; i++) {
		struct span scheme = span_str(schemes[secure][i]);

		if (!span_starts(*uri, scheme))
			continue;
		*uri = span_from(*uri, scheme.len);
		return true;
	}
	return false;
}

const char *
server_uri_fault(const char *uri, bool secure)
{
	struct span rest = span_str(uri), host, port;
	const uint8_t *mark;
	uint64_t number;

	if (rest.len > URI_MAX)
		return "it is longer than 255 bytes";
	if (!take_scheme(&rest, secure))
		return secure
		    ? "a device with a key needs coaps://HOST:PORT or "
		      "coaps+tcp://HOST:PORT"
		    : "a device without security needs coap://HOST:PORT or "
		      "coap+tcp://HOST:PORT";

	if (rest.len > 0 && rest.p[0] == '[') {
		mark = memchr(rest.p, ']', rest.len);
		if (!mark)
			return "the address has no closing bracket";
		host = span_of(rest.p + 1, (size_t)(mark - rest.p) - 1);
		if (!ipv6_valid(host))
			return "no IPv6 address between the brackets";
		port = span_from(rest, (size_t)(mark - rest.p) + 1);
	} else {
		mark = memchr(rest.p, ':', rest.len);
		host =
		    span_of(rest.p, mark ? (size_t)(mark - rest.p) : rest.len);
		if (!name_valid(host))
			return "its host is no DNS name or address";
		port = span_from(rest, host.len);
	}
	if (port.len == 0)
		return NULL;
	if (port.p[0] != ':' ||
	    !span_decimal(span_from(port, 1), 65535, &number) || number == 0)
		return "behind the host there may be a port, :1 to :65535";
	return NULL;
}
