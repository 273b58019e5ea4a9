#include "batch_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static enum rc
rc_of_errno(void)
{
	return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? RC_FULL
								    : RC_IO;
}

enum rc
batch_write_all(int fd, struct span bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.p, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return rc_of_errno();
		bytes = span_from(bytes, (size_t)n);
	}
	return RC_OK;
}

enum rc
batch_file_open(struct batch_file *f, int dir, const char *name, bool make)
{
	const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW;
	struct stat st;
	enum rc rc;

	*f = (struct batch_file){.fd = -1};
	rc = secret_reserve(&f->waiting, SECRET_MAX);
	if (rc != RC_OK)
		return rc;
	f->fd =
	    openat(dir, name, make ? flags | O_CREAT | O_EXCL : flags, 0600);
	if (f->fd < 0 || fstat(f->fd, &st) != 0)
		return RC_IO;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return RC_IO;
	}
	f->len = (uint64_t)st.st_size;
	return lseek(f->fd, 0, SEEK_END) < 0 ? RC_IO : RC_OK;
}

enum rc
batch_file_flush(struct batch_file *f)
{
	enum rc rc = batch_write_all(f->fd, secret_expose(&f->waiting));

	f->waiting.len = 0;
	return rc;
}

enum rc
batch_file_put(struct batch_file *f, struct span bytes)
{
	enum rc rc = RC_OK;

	f->len += bytes.len;
	while (bytes.len > 0 && rc == RC_OK) {
		size_t n = f->waiting.cap - f->waiting.len;

		if (n > bytes.len)
			n = bytes.len;
		memcpy(f->waiting.bytes + f->waiting.len, bytes.p, n);
		f->waiting.len += n;
		bytes = span_from(bytes, n);
		if (f->waiting.len == f->waiting.cap)
			rc = batch_file_flush(f);
	}
	return rc;
}

enum rc
batch_file_sync(struct batch_file *f)
{
	enum rc rc = batch_file_flush(f);

	if (rc == RC_OK && fdatasync(f->fd) != 0)
		rc = rc_of_errno();
	return rc;
}

enum rc
batch_file_cut(struct batch_file *f, uint64_t len)
{
	f->waiting.len = 0;
	f->len = len;
	if (ftruncate(f->fd, (off_t)len) != 0 || lseek(f->fd, 0, SEEK_END) < 0)
		return RC_IO;
	return RC_OK;
}

void
batch_file_close(struct batch_file *f)
{
	secret_fini(&f->waiting);
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}
