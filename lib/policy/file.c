#include "policy/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* All of an open file of `size` bytes. Returns NULL, or what went wrong. */
static const char *
read_all(int fd, uint8_t *buf, size_t size)
{
	size_t len = 0;

	/* One byte more than it is said to have: has it grown meanwhile? */
	while (len <= size) {
		ssize_t n = read(fd, buf + len, size + 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return strerror(errno);
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return len == size ? NULL : "it changed while it was read; try again";
}

enum rc
file_read(struct arena *a, const char *path, size_t max, struct file_bytes *out,
    const char **why)
{
	enum rc rc = RC_IO;
	struct stat st;
	uint8_t *buf;
	/* O_NONBLOCK: a FIFO in the folder must not hold us. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	*out = (struct file_bytes){0};
	if (fd < 0 || fstat(fd, &st) < 0) {
		*why = strerror(errno);
		goto out;
	}
	*why = "not a regular file";
	if (!S_ISREG(st.st_mode))
		goto out;
	rc = RC_TOO_LARGE;
	*why = "too large";
	if ((uintmax_t)st.st_size > max)
		goto out;
	rc = RC_MEMORY;
	*why = "out of memory";
	buf = arena_alloc(a, (size_t)st.st_size + 1);
	if (!buf)
		goto out;
	*why = read_all(fd, buf, (size_t)st.st_size);
	rc = *why ? RC_IO : RC_OK;
	*out = (struct file_bytes){buf, (size_t)st.st_size};
out:
	if (fd >= 0)
		close(fd);
	return rc;
}
