#include "link.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

/* One buffer each way: a process talks to its links from one thread. Packets
 * carry keys, so the buffers are secrets. */
static struct secret out, in;

static enum rc
buffer(struct secret *s)
{
	return s->cap ? RC_OK : secret_reserve(s, QUESTION_BYTES_MAX);
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

enum rc
link_send(int fd, const struct question *q)
{
	struct writer w;
	ssize_t n;
	enum rc rc = buffer(&out);

	if (rc != RC_OK)
		return rc;
	writer_init(&w, out.bytes, out.cap);
	question_put(&w, q);
	if (w.full) {
		secret_wipe(out.bytes, w.len);
		return RC_TOO_LARGE;
	}
	do {
		n = send(fd, w.buf, w.len, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	rc = RC_OK;
	if (n < 0)
		rc = errno == EAGAIN || errno == ENOBUFS ? RC_AGAIN : RC_IO;
	secret_wipe(out.bytes, w.len);
	return rc;
}

/** An empty packet and the end of a link read alike; only one of them may end
 *  a process. */
static bool
is_gone(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLRDHUP};

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLRDHUP));
}

enum rc
link_receive(int fd, struct question *q)
{
	ssize_t n;
	enum rc rc = buffer(&in);

	if (rc != RC_OK)
		return rc;
	secret_wipe(in.bytes, in.len);
	in.len = 0;
	n = recv(fd, in.bytes, in.cap, MSG_TRUNC);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? RC_AGAIN : RC_IO;
	if (n == 0)
		return is_gone(fd) ? RC_IO : RC_MALFORMED;
	if ((size_t)n > in.cap)
		return RC_MALFORMED;
	in.len = (size_t)n;
	return question_get(secret_expose(&in), q);
}
