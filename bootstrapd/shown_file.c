/* The memory file that it goes in: written once, sealed, read by place, because
 * all workers share one offset. */
#include "shown.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

static bool
write_all(int fd, struct span s)
{
	while (s.len > 0) {
		ssize_t n = write(fd, s.p, s.len);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			s = span_from(s, (size_t)n);
	}
	return true;
}

enum rc
shown_seal(const struct shown *s, int *fd, size_t *len)
{
	size_t need = shown_len(s);
	uint8_t *bytes;
	struct writer w;
	bool done;

	*fd = -1;
	*len = need;
	if (need > SHOWN_BYTES_MAX)
		return RC_TOO_LARGE;
	bytes = malloc(need);
	if (!bytes)
		return RC_MEMORY;
	writer_init(&w, bytes, need);
	shown_put(&w, s);
	*fd = memfd_create("shown", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	done = *fd >= 0 && !w.full && write_all(*fd, writer_span(&w)) &&
	    fcntl(*fd, F_ADD_SEALS, SEALS) == 0;
	free(bytes);
	if (done)
		return RC_OK;
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	return RC_IO;
}

enum rc
shown_read(int fd, uint64_t len, uint8_t **bytes)
{
	int seals = fcntl(fd, F_GET_SEALS);
	size_t at = 0;
	uint8_t over;

	*bytes = NULL;
	if (seals < 0 || (seals & SEALS) != SEALS)
		return RC_DENIED;
	if (len > SHOWN_BYTES_MAX)
		return RC_TOO_LARGE;
	*bytes = malloc(len ? (size_t)len : 1);
	if (!*bytes)
		return RC_MEMORY;
	while (at < len) {
		ssize_t n = pread(fd, *bytes + at, (size_t)len - at, (off_t)at);

		if (n <= 0)
			break;
		at += (size_t)n;
	}
	if (at == len && pread(fd, &over, 1, (off_t)len) == 0)
		return RC_OK;
	free(*bytes);
	*bytes = NULL;
	return RC_MALFORMED;
}
