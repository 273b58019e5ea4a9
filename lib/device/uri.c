#include "device/uri.h"

#include <arpa/inet.h>

enum { PORT_COAP = 5683, PORT_COAPS = 5684 };

/** Takes "coaps+tcp://" off the front of `in`. */
static bool
take_scheme(struct span *in, struct uri *out)
{
	static const struct {
		const char *prefix;
		bool secure, stream;
	} schemes[] = {
	    {"coap://", false, false},
	    {"coaps://", true, false},
	    {"coap+tcp://", false, true},
	    {"coaps+tcp://", true, true},
	};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		struct span prefix = span_str(schemes[i].prefix);

		if (!span_starts(*in, prefix))
			continue;
		*in = span_from(*in, prefix.len);
		out->secure = schemes[i].secure;
		out->stream = schemes[i].stream;
		return true;
	}
	return false;
}

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

	*out = (struct uri){0};
	if (!take_scheme(&text, out))
		return false;
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
