#include "tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	BACKLOG = 1024, /**< connections that wait to be accepted */
	/** A host that has vanished is noticed by the kernel: seconds. */
	KEEP_IDLE_S = 120,
	KEEP_INTERVAL_S = 30,
	KEEP_COUNT = 4,
};

static bool
set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

static enum rc
set_options(int fd, int family, bool reuse_port)
{
	if (family == AF_INET6 && !set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0))
		return RC_IO;
	/* connections of a daemon before us are in TIME_WAIT */
	if (!set(fd, SOL_SOCKET, SO_REUSEADDR, 1) ||
	    (reuse_port && !set(fd, SOL_SOCKET, SO_REUSEPORT, 1)))
		return RC_IO;
	/* a request and its answer: nothing is gained by waiting for more */
	if (!set(fd, IPPROTO_TCP, TCP_NODELAY, 1) ||
	    !set(fd, SOL_SOCKET, SO_KEEPALIVE, 1) ||
	    !set(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEP_IDLE_S) ||
	    !set(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEP_INTERVAL_S) ||
	    !set(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEP_COUNT))
		return RC_IO;
	return RC_OK;
}

static enum rc
bind_to(int fd, const struct address *where, int family, struct address *bound)
{
	struct sockaddr_storage sa = {0};
	socklen_t len = sizeof(sa);
	size_t n = address_to(where, family, (struct sockaddr *)&sa);

	if (bind(fd, (struct sockaddr *)&sa, (socklen_t)n) != 0 ||
	    listen(fd, BACKLOG) != 0)
		return errno == EADDRINUSE ? RC_CONFLICT : RC_IO;
	if (getsockname(fd, (struct sockaddr *)&sa, &len) != 0)
		return RC_IO;
	return address_from((struct sockaddr *)&sa, len, bound);
}

enum rc
tcp_listen(const struct address *where, bool reuse_port, int *fd,
    struct address *bound)
{
	int family = where->family == 6 ? AF_INET6 : AF_INET;
	int s = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	enum rc rc;

	if (s < 0)
		return RC_IO;
	rc = set_options(s, family, reuse_port);
	if (rc == RC_OK)
		rc = bind_to(s, where, family, bound);
	if (rc != RC_OK) {
		int saved = errno;

		close(s);
		errno = saved;
		return rc;
	}
	*fd = s;
	return RC_OK;
}

/** accept(2): errors of the connection that was to be accepted, and others that
 *  say nothing about the next one. */
static bool
is_its_own(int error)
{
	switch (error) {
	case EINTR:
	case ECONNABORTED:
	case EPERM: /* a firewall's rule */
	case EPROTO:
	case ENETDOWN:
	case ENOPROTOOPT:
	case EHOSTDOWN:
	case ENONET:
	case EHOSTUNREACH:
	case EOPNOTSUPP:
	case ENETUNREACH:
		return true;
	default:
		return false;
	}
}

enum rc
tcp_accept(int fd, int *out, struct address *from)
{
	struct sockaddr_storage sa;

	for (;;) {
		socklen_t len = sizeof(sa);
		int s = accept4(fd, (struct sockaddr *)&sa, &len,
		    SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (s < 0 && is_its_own(errno))
			continue;
		if (s < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK
			    ? RC_AGAIN
			    : RC_FULL;
		if (address_from((struct sockaddr *)&sa, len, from) == RC_OK) {
			*out = s;
			return RC_OK;
		}
		close(s);
	}
}

enum rc
tcp_read(int fd, uint8_t *buf, size_t cap, size_t *len)
{
	ssize_t n;

	do {
		n = recv(fd, buf, cap, MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	*len = n > 0 ? (size_t)n : 0;
	if (n > 0)
		return RC_OK;
	if (n == 0)
		return RC_NOT_FOUND;
	return errno == EAGAIN || errno == EWOULDBLOCK ? RC_AGAIN : RC_IO;
}

enum rc
tcp_write(int fd, struct span bytes, size_t *taken)
{
	*taken = 0;
	while (*taken < bytes.len) {
		ssize_t n = send(fd, bytes.p + *taken, bytes.len - *taken,
		    MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0)
			*taken += (size_t)n;
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			return RC_OK;
		else if (errno != EINTR)
			return RC_IO;
	}
	return RC_OK;
}

void
tcp_finish(int fd)
{
	(void)shutdown(fd, SHUT_WR);
}

void
tcp_close(int fd)
{
	close(fd);
}
