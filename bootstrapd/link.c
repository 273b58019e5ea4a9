#include "link.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum {
	PACKETS_MAX = 64, /* gathered */
	BEHIND_BYTES = 65536, /* sent to one and not read */
};

/* One buffer each way: a process talks to its links from one thread. Packets
 * carry keys, so the buffers are secrets. */
static struct secret out, in;

/* Packets in `out`, in the order in which they were sent. */
static struct {
	int fd;
	size_t len;
} packets[PACKETS_MAX];
static unsigned packet_count;

static enum rc
buffer(struct secret *s, size_t cap)
{
	return s->cap ? RC_OK : secret_reserve(s, cap);
}

enum rc
link_pair(int ends[static 2])
{
	const int bytes = 1 << 20;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		0, ends) != 0)
		return RC_IO;
	for (int i = 0; i < 2; i++) {
		/* beyond the system's limit where that is allowed */
		if (setsockopt(ends[i], SOL_SOCKET, SO_SNDBUFFORCE, &bytes,
			sizeof(bytes)) != 0)
			(void)setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &bytes,
			    sizeof(bytes));
	}
	return RC_OK;
}

/* All packets for `fd`; they are marked as gone. */
static void
flush_one(int fd)
{
	struct mmsghdr heads[PACKETS_MAX] = {{.msg_len = 0}};
	struct iovec iovs[PACKETS_MAX];
	unsigned count = 0, done = 0;
	uint8_t *at = out.bytes;

	for (unsigned i = 0; i < packet_count; i++) {
		if (packets[i].fd == fd) {
			iovs[count] = (struct iovec){at, packets[i].len};
			heads[count].msg_hdr.msg_iov = &iovs[count];
			heads[count].msg_hdr.msg_iovlen = 1;
			packets[i].fd = -1;
			count++;
		}
		at += packets[i].len;
	}
	while (done < count) {
		int n = sendmmsg(fd, heads + done, count - done, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* no room, or nobody: lost */
		done += (unsigned)n;
	}
}

void
link_flush(void)
{
	for (unsigned i = 0; i < packet_count; i++)
		if (packets[i].fd >= 0)
			flush_one(packets[i].fd);
	if (packet_count > 0)
		secret_wipe(out.bytes, out.len);
	out.len = 0;
	packet_count = 0;
}

static enum rc
put(int fd, const struct question *q)
{
	struct writer w;

	writer_init(&w, out.bytes + out.len, out.cap - out.len);
	question_put(&w, q);
	if (w.full) {
		secret_wipe(out.bytes + out.len, w.len);
		return RC_TOO_LARGE;
	}
	packets[packet_count].fd = fd;
	packets[packet_count].len = w.len;
	packet_count++;
	out.len += w.len;
	return RC_OK;
}

enum rc
link_send(int fd, const struct question *q)
{
	enum rc rc = buffer(&out, SECRET_MAX);

	if (rc != RC_OK)
		return rc;
	if (packet_count == PACKETS_MAX)
		link_flush();
	rc = put(fd, q);
	if (rc == RC_TOO_LARGE && packet_count > 0) {
		link_flush();
		rc = put(fd, q);
	}
	return rc;
}

/* Room for one descriptor, aligned as the kernel wants it. */
union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

static void
attach(struct msghdr *m, union control *c, int passed)
{
	memset(c, 0, sizeof(*c));
	m->msg_control = c;
	m->msg_controllen = sizeof(*c);
	c->head.cmsg_level = SOL_SOCKET;
	c->head.cmsg_type = SCM_RIGHTS;
	c->head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&c->head), &passed, sizeof(passed));
}

/* Descriptors under way count against the limit of our user. Who does not read
 * is not to take those of the others. */
static bool
is_behind(int fd)
{
	int bytes = 0;

	return ioctl(fd, SIOCOUTQ, &bytes) == 0 && bytes > BEHIND_BYTES;
}

enum rc
link_send_with(int fd, const struct question *q, int passed)
{
	uint8_t bytes[LINK_WITH_MAX];
	struct iovec part;
	struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
	union control control;
	struct writer w;
	ssize_t n;

	writer_init(&w, bytes, sizeof(bytes));
	question_put(&w, q);
	if (w.full)
		return RC_TOO_LARGE;
	flush_one(fd); /* they came first */
	if (is_behind(fd))
		return RC_AGAIN;
	part = (struct iovec){w.buf, w.len};
	attach(&m, &control, passed);
	do {
		n = sendmsg(fd, &m, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN || errno == ENOBUFS ? RC_AGAIN : RC_IO;
	return RC_OK;
}

/** An empty packet and the end of a link read alike; only one of them may end
 *  a process. */
static bool
is_gone(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLRDHUP};

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLRDHUP));
}

static enum rc
take(int fd, ssize_t n, struct question *q)
{
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? RC_AGAIN : RC_IO;
	if (n == 0)
		return is_gone(fd) ? RC_IO : RC_MALFORMED;
	if ((size_t)n > in.cap)
		return RC_MALFORMED;
	in.len = (size_t)n;
	return question_get(secret_expose(&in), q);
}

static enum rc
make_room(void)
{
	enum rc rc = buffer(&in, QUESTION_BYTES_MAX);

	if (rc == RC_OK)
		secret_wipe(in.bytes, in.len);
	in.len = 0;
	return rc;
}

enum rc
link_receive(int fd, struct question *q)
{
	enum rc rc = make_room();

	if (rc != RC_OK)
		return rc;
	return take(fd, recv(fd, in.bytes, in.cap, MSG_TRUNC), q);
}

enum rc
link_receive_with(int fd, struct question *q, int *passed)
{
	struct iovec part;
	struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
	union control control;
	ssize_t n;
	enum rc rc = make_room();

	*passed = -1;
	if (rc != RC_OK)
		return rc;
	part = (struct iovec){in.bytes, in.cap};
	m.msg_control = &control;
	m.msg_controllen = CMSG_LEN(sizeof(int)); /* no room for two */
	n = recvmsg(fd, &m, MSG_TRUNC | MSG_CMSG_CLOEXEC);
	if (n >= 0 && m.msg_controllen >= CMSG_LEN(sizeof(int)) &&
	    control.head.cmsg_level == SOL_SOCKET &&
	    control.head.cmsg_type == SCM_RIGHTS)
		memcpy(passed, CMSG_DATA(&control.head), sizeof(*passed));
	return take(fd, n, q);
}
