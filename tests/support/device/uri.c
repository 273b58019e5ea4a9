#include "uri.h"

#include <arpa/inet.h>

enum { PORT_COAP = 5683, PORT_COAPS = 5684 };

/** Takes the host off the front of `in`. */
static bool
take_host(struct span *in, struct uri *out)
{
	bool brackets = span_starts(*in, SPAN_LIT("["));
	const uint8_t *end;
	struct span host = *in;

	if (brackets) {
		end = memchr(in->p, ']', in->len);
		if (!end)
			return false;
		host = span_of(in->p + 1, (size_t)(end - in->p) - 1);
		*in = span_from(*in, (size_t)(end - in->p) + 1);
	} else {
		end = in->len ? memchr(in->p, ':', in->len) : NULL;
		if (end)
			host.len = (size_t)(end - in->p);
		*in = span_from(*in, host.len);
	}
	if (host.len == 0 || host.len > URI_HOST_MAX ||
	    memchr(host.p, 0, host.len))
		return false;
	memcpy(out->host, host.p, host.len);
	out->host[host.len] = '\0';
	return true;
}

static bool
is_address(const char *host)
{
	uint8_t bytes[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, bytes) == 1 ||
	    inet_pton(AF_INET6, host, bytes) == 1;
}

bool
uri_read(struct span text, struct uri *out)
{
	const uint8_t *slash;
	uint64_t port;

	*out = (struct uri){.secure = span_starts(text, SPAN_LIT("coaps://"))};
	if (!out->secure && !span_starts(text, SPAN_LIT("coap://")))
		return false;
	text = span_from(text, out->secure ? 8 : 7);
	slash = text.len ? memchr(text.p, '/', text.len) : NULL;
	if (slash)
		text.len = (size_t)(slash - text.p);
	if (!take_host(&text, out))
		return false;
	out->literal = is_address(out->host);
	port = out->secure ? PORT_COAPS : PORT_COAP;
	if (text.len > 0 &&
	    (text.p[0] != ':' ||
		!span_decimal(span_from(text, 1), 0xffff, &port) || port == 0))
		return false;
	out->port = (uint16_t)port;
	return true;
}
