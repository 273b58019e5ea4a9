#include "udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	struct cmsghdr align;
	uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
	    CMSG_SPACE(sizeof(struct in_pktinfo))];
};

static enum rc
set_options(int fd, int family, bool reuse_port)
{
	const int on = 1, off = 0, buffer = 4 << 20;

	if (family == AF_INET6 &&
	    (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) ||
		setsockopt(
		    fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on))))
		return RC_IO;
	/* on a dual-stack socket too: IPv4 peers come with this one */
	if (family == AF_INET &&
	    setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)))
		return RC_IO;
	if (reuse_port &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)))
		return RC_IO;
	/* as much as the system allows; a storm of devices is short */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	return RC_OK;
}

enum rc
udp_open(const struct address *where, bool reuse_port, int *fd,
    struct address *bound)
{
	struct sockaddr_storage sa = {0};
	socklen_t len = sizeof(sa);
	int family = where->family == 6 ? AF_INET6 : AF_INET;
	size_t n = address_to(where, family, (struct sockaddr *)&sa);
	int s = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	enum rc rc;

	if (s < 0)
		return RC_IO;
	rc = set_options(s, family, reuse_port);
	if (rc == RC_OK && bind(s, (struct sockaddr *)&sa, (socklen_t)n) != 0)
		rc = errno == EADDRINUSE ? RC_CONFLICT : RC_IO;
	if (rc == RC_OK && getsockname(s, (struct sockaddr *)&sa, &len) != 0)
		rc = RC_IO;
	if (rc == RC_OK)
		rc = address_from((struct sockaddr *)&sa, len, bound);
	if (rc != RC_OK) {
		int saved = errno;

		close(s);
		errno = saved;
		return rc;
	}
	*fd = s;
	return RC_OK;
}

static void
note_local(struct msghdr *m, struct address *from)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			from->local_family = 4;
			memcpy(from->local_ip, &info.ipi_addr, 4);
		} else if (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			from->local_family = 6;
			memcpy(from->local_ip, &info.ipi6_addr, 16);
		}
	}
}

enum rc
udp_receive(int fd, struct address *from, void *buf, size_t cap, size_t *len)
{
	struct sockaddr_storage sa;
	union control control;
	struct iovec iov = {buf, cap};
	struct msghdr m = {
	    .msg_name = &sa,
	    .msg_namelen = sizeof(sa),
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control.bytes,
	    .msg_controllen = sizeof(control.bytes),
	};
	ssize_t n = recvmsg(fd, &m, 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? RC_AGAIN : RC_IO;
	if (m.msg_flags & MSG_TRUNC)
		return RC_TOO_LARGE;
	if (address_from((struct sockaddr *)&sa, m.msg_namelen, from) != RC_OK)
		return RC_IO;
	note_local(&m, from);
	*len = (size_t)n;
	return RC_OK;
}

/** The source address, as ancillary data for sendmsg. */
static void
put_local(struct msghdr *m, union control *control, const struct address *to)
{
	struct cmsghdr *c;

	memset(control, 0, sizeof(*control));
	m->msg_control = control->bytes;
	if (to->local_family == 4) {
		struct in_pktinfo info = {0};

		m->msg_controllen = CMSG_SPACE(sizeof(info));
		c = CMSG_FIRSTHDR(m);
		c->cmsg_level = IPPROTO_IP;
		c->cmsg_type = IP_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof(info));
		memcpy(&info.ipi_spec_dst, to->local_ip, 4);
		memcpy(CMSG_DATA(c), &info, sizeof(info));
	} else {
		struct in6_pktinfo info = {0};

		m->msg_controllen = CMSG_SPACE(sizeof(info));
		c = CMSG_FIRSTHDR(m);
		c->cmsg_level = IPPROTO_IPV6;
		c->cmsg_type = IPV6_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof(info));
		memcpy(&info.ipi6_addr, to->local_ip, 16);
		info.ipi6_ifindex = to->scope;
		memcpy(CMSG_DATA(c), &info, sizeof(info));
	}
}

void
udp_send(int fd, const struct address *to, struct span datagram)
{
	struct sockaddr_storage sa = {0};
	union control control;
	/* sendmsg does not write through iov_base; the type cannot say so */
	struct iovec iov = {(void *)(uintptr_t)datagram.p, datagram.len};
	struct msghdr m = {
	    .msg_name = &sa,
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	};
	int family = AF_INET;

	/* a dual-stack socket knows its IPv4 peers by mapped addresses, and
	 * its local side of them came as an IPv6 one */
	if (to->family == 6 || to->local_family == 6)
		family = AF_INET6;
	m.msg_namelen =
	    (socklen_t)address_to(to, family, (struct sockaddr *)&sa);
	if (to->local_family != 0)
		put_local(&m, &control, to);
	(void)sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}
