/* Where a URI leads, and sockets that go there. */
#include "base/cursor.h"
#include "device/uri.h"
#include "rehearse.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SOCKADDR_LEN = 128 };

enum rc
rehearse_way_find(struct span text, struct rehearse_way *out, const char **why)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC}, *all = NULL;
	struct uri uri;
	struct writer w;
	char service[8];
	enum rc rc;
	int code;

	*why = "no URI of coap, coaps, coap+tcp or coaps+tcp";
	*out = (struct rehearse_way){0};
	if (!uri_read(text, &uri))
		return RC_MALFORMED;
	out->secure = uri.secure;
	out->stream = uri.stream;
	hints.ai_socktype = uri.stream ? SOCK_STREAM : SOCK_DGRAM;
	snprintf(service, sizeof(service), "%u", uri.port);
	code = getaddrinfo(uri.host, service, &hints, &all);
	if (code != 0) {
		*why = gai_strerror(code);
		return RC_NOT_FOUND;
	}
	rc = address_from(all->ai_addr, all->ai_addrlen, &out->address);
	freeaddrinfo(all);
	if (rc != RC_OK) {
		*why = "no address of IP";
		return RC_NOT_FOUND;
	}
	writer_init(&w, out->text, sizeof(out->text) - 1);
	address_print(&w, &out->address);
	return RC_OK;
}

/* Somewhere in 127.0.0.0/8. What cannot be bound comes from where it may. */
static void
spread_out(int fd)
{
	static uint32_t turn;
	struct address own = {.family = 4, .ip = {127, 1}};
	_Alignas(8) uint8_t room[SOCKADDR_LEN] = {0};
	struct sockaddr *sa = (struct sockaddr *)room;
	size_t len;

	turn++;
	own.ip[2] = (uint8_t)(turn / 250);
	own.ip[3] = (uint8_t)(1 + turn % 250);
	len = address_to(&own, AF_INET, sa);
	(void)!bind(fd, sa, (socklen_t)len);
}

enum rc
rehearse_way_open(const struct rehearse_way *w, bool spread, int *fd)
{
	_Alignas(8) uint8_t room[SOCKADDR_LEN] = {0};
	struct sockaddr *sa = (struct sockaddr *)room;
	int family = w->address.family == 4 ? AF_INET : AF_INET6;
	size_t len = address_to(&w->address, family, sa);
	int type = w->stream ? SOCK_STREAM : SOCK_DGRAM;

	*fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd < 0)
		return RC_IO;
	if (spread && w->address.family == 4 && w->address.ip[0] == 127)
		spread_out(*fd);
	if (connect(*fd, sa, (socklen_t)len) == 0 || errno == EINPROGRESS)
		return RC_OK;
	return RC_IO;
}

void
rehearse_way_own(int fd, struct writer *w)
{
	struct sockaddr_storage own;
	socklen_t len = sizeof(own);
	struct address at;

	if (getsockname(fd, (struct sockaddr *)&own, &len) == 0 &&
	    address_from((struct sockaddr *)&own, len, &at) == RC_OK)
		address_print(w, &at);
}
