#include "socket.h"

#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HOST_MAX = 256, PORT_COAP = 5683, PORT_COAPS = 5684 };

/** Splits "host:port" or "[v6]:port". False: neither. */
static bool
split(struct span s, char *host, uint64_t *port)
{
	const uint8_t *slash = s.len ? memchr(s.p, '/', s.len) : NULL;
	const uint8_t *end;
	struct span name, rest;

	if (slash)
		s.len = (size_t)(slash - s.p);
	if (span_starts(s, SPAN_LIT("["))) {
		end = memchr(s.p, ']', s.len);
		if (!end)
			return false;
		name = span_of(s.p + 1, (size_t)(end - s.p) - 1);
		rest = span_from(s, (size_t)(end - s.p) + 1);
	} else {
		end = s.len ? memchr(s.p, ':', s.len) : NULL;
		name = s;
		if (end)
			name.len = (size_t)(end - s.p);
		rest = span_from(s, name.len);
	}
	if (name.len == 0 || name.len >= HOST_MAX ||
	    memchr(name.p, 0, name.len))
		return false;
	memcpy(host, name.p, name.len);
	host[name.len] = '\0';
	if (rest.len == 0)
		return true;
	return rest.p[0] == ':' &&
	    span_decimal(span_from(rest, 1), 0xffff, port) && *port > 0;
}

static enum rc
connect_any(const char *host, const char *port, int *fd)
{
	const struct addrinfo hints = {
	    .ai_family = AF_UNSPEC,
	    .ai_socktype = SOCK_DGRAM,
	};
	struct addrinfo *all, *a;
	enum rc rc = RC_IO;

	if (getaddrinfo(host, port, &hints, &all) != 0)
		return RC_NOT_FOUND;
	for (a = all; a && rc != RC_OK; a = a->ai_next) {
		*fd = socket(a->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (*fd < 0)
			continue;
		if (connect(*fd, a->ai_addr, a->ai_addrlen) == 0) {
			rc = RC_OK;
			break;
		}
		close(*fd);
		*fd = -1;
	}
	freeaddrinfo(all);
	return rc;
}

enum rc
socket_to(struct span uri, bool secure, int *fd)
{
	struct span scheme =
	    secure ? SPAN_LIT("coaps://") : SPAN_LIT("coap://");
	uint64_t port = secure ? PORT_COAPS : PORT_COAP;
	char host[HOST_MAX], service[8];

	*fd = -1;
	if (!span_starts(uri, scheme) ||
	    !split(span_from(uri, scheme.len), host, &port))
		return RC_MALFORMED;
	snprintf(service, sizeof(service), "%u", (unsigned)port);
	return connect_any(host, service, fd);
}
