#include "udp.h"

#include "base/secret.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

struct control {
	_Alignas(struct cmsghdr)
	    uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
		CMSG_SPACE(sizeof(struct in_pktinfo))];
};

/* Datagrams that go through one system call together. */
struct batch {
	struct mmsghdr heads[UDP_BATCH];
	struct iovec iovs[UDP_BATCH];
	struct sockaddr_storage names[UDP_BATCH];
	struct control controls[UDP_BATCH];
	uint8_t bytes[UDP_BATCH][UDP_DATAGRAM_MAX];
	unsigned count;
	int fd;
};

static struct batch in, out;

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

unsigned
udp_receive(int fd)
{
	int n;

	for (unsigned i = 0; i < UDP_BATCH; i++) {
		in.iovs[i] = (struct iovec){in.bytes[i], UDP_DATAGRAM_MAX};
		in.heads[i].msg_hdr = (struct msghdr){
		    .msg_name = &in.names[i],
		    .msg_namelen = sizeof(in.names[i]),
		    .msg_iov = &in.iovs[i],
		    .msg_iovlen = 1,
		    .msg_control = in.controls[i].bytes,
		    .msg_controllen = sizeof(in.controls[i].bytes),
		};
	}
	/* an ICMP error of some peer comes as errno, once: then nothing has
	 * come this time, and the socket stays readable */
	n = recvmmsg(fd, in.heads, UDP_BATCH, MSG_DONTWAIT, NULL);
	in.count = n > 0 ? (unsigned)n : 0;
	return in.count;
}

bool
udp_get(unsigned i, struct address *from, struct span *datagram)
{
	struct msghdr *m = &in.heads[i].msg_hdr;

	if (i >= in.count || (m->msg_flags & MSG_TRUNC) ||
	    address_from(
		(struct sockaddr *)&in.names[i], m->msg_namelen, from) != RC_OK)
		return false;
	note_local(m, from);
	*datagram = span_of(in.bytes[i], in.heads[i].msg_len);
	return true;
}

/** The source address, as ancillary data for sendmsg. */
static void
put_local(struct msghdr *m, struct control *control, const struct address *to)
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
udp_flush(void)
{
	unsigned done = 0;

	while (done < out.count) {
		int n = sendmmsg(out.fd, out.heads + done, out.count - done,
		    MSG_DONTWAIT | MSG_NOSIGNAL);

		/* the first of them is lost, the others have their turn */
		done += n > 0 ? (unsigned)n : 1;
	}
	/* a Write over plain CoAP carries keys */
	for (unsigned i = 0; i < out.count; i++)
		secret_wipe(out.bytes[i], out.iovs[i].iov_len);
	out.count = 0;
}

void
udp_send(int fd, const struct address *to, struct span datagram)
{
	unsigned i;
	struct msghdr *m;
	int family = AF_INET;

	if (datagram.len > UDP_DATAGRAM_MAX)
		return;
	if (out.count == UDP_BATCH || out.fd != fd)
		udp_flush();
	out.fd = fd;
	i = out.count++;
	if (datagram.len)
		memcpy(out.bytes[i], datagram.p, datagram.len);
	out.iovs[i] = (struct iovec){out.bytes[i], datagram.len};
	/* a dual-stack socket knows its IPv4 peers by mapped addresses, and
	 * its local side of them came as an IPv6 one */
	if (to->family == 6 || to->local_family == 6)
		family = AF_INET6;
	memset(&out.names[i], 0, sizeof(out.names[i]));
	m = &out.heads[i].msg_hdr;
	*m = (struct msghdr){
	    .msg_name = &out.names[i],
	    .msg_iov = &out.iovs[i],
	    .msg_iovlen = 1,
	};
	m->msg_namelen =
	    (socklen_t)address_to(to, family, (struct sockaddr *)&out.names[i]);
	if (to->local_family != 0)
		put_local(m, &out.controls[i], to);
}
