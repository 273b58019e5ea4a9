#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum rc
file_read(const char *path, size_t max, struct secret *out)
{
	ssize_t n = 1;
	enum rc rc;
	int fd;

	*out = (struct secret){0};
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return RC_IO;
	rc = secret_reserve(out, max + 1);
	while (rc == RC_OK && n != 0 && out->len < out->cap) {
		n = read(fd, out->bytes + out->len, out->cap - out->len);
		if (n < 0 && errno != EINTR)
			rc = RC_IO;
		if (n > 0)
			out->len += (size_t)n;
	}
	close(fd);
	return rc == RC_OK && out->len > max ? RC_TOO_LARGE : rc;
}

enum rc
file_write(const char *path, struct span bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good;

	if (fd < 0)
		return RC_IO;
	/* of one that was there before, too */
	good = fchmod(fd, 0600) == 0;
	while (good && bytes.len > 0) {
		ssize_t n = write(fd, bytes.p, bytes.len);

		good = n > 0 || (n < 0 && errno == EINTR);
		if (n > 0)
			bytes = span_from(bytes, (size_t)n);
	}
	return close(fd) == 0 && good ? RC_OK : RC_IO;
}
