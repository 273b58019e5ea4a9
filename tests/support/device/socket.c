#include "socket.h"

#include "device/uri.h"

#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static enum rc
connect_any(const char *host, const char *port, int type, int *fd)
{
	const struct addrinfo hints = {
	    .ai_family = AF_UNSPEC,
	    .ai_socktype = type,
	};
	struct addrinfo *all, *a;
	enum rc rc = RC_IO;

	if (getaddrinfo(host, port, &hints, &all) != 0)
		return RC_NOT_FOUND;
	for (a = all; a && rc != RC_OK; a = a->ai_next) {
		*fd = socket(a->ai_family, type | SOCK_CLOEXEC, 0);
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
socket_to(struct span text, bool secure, int *fd)
{
	struct uri uri;
	char service[8];

	*fd = -1;
	if (!uri_read(text, &uri) || uri.secure != secure)
		return RC_MALFORMED;
	snprintf(service, sizeof(service), "%u", uri.port);
	return connect_any(
	    uri.host, service, uri.stream ? SOCK_STREAM : SOCK_DGRAM, fd);
}
