#include "pending.h"

#include "image_geometry.h"
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int
failed(int code, const char *path, const char *why)
{
	struct quoted q;

	return tool_error(code, NULL, "%s: %s", quote_str(&q, path), why);
}

static int
name_beside(struct pending *p)
{
	const char *base = strrchr(p->path, '/');

	base = base ? base + 1 : p->path;
	if (asprintf(&p->beside, "%.*s.%s.pending", (int)(base - p->path),
		p->path, base) >= 0)
		return EX_OK;
	p->beside = NULL;
	return tool_fault(RC_MEMORY, "image");
}

/** Locked, and still of that name: who had it before may have renamed it. */
static int
lock(struct pending *p)
{
	struct stat st, there;
	struct quoted q;

	do {
		if (p->fd >= 0)
			close(p->fd);
		p->fd = open(p->beside,
		    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
		    0600);
		if (p->fd < 0)
			return failed(EX_CANTCREAT, p->beside, strerror(errno));
		if (flock(p->fd, LOCK_EX | LOCK_NB) != 0)
			return tool_error(EX_TEMPFAIL,
			    "wait for it, or choose another place",
			    "another run is making %s", quote_str(&q, p->path));
		if (fstat(p->fd, &st) != 0)
			return failed(EX_CANTCREAT, p->beside, strerror(errno));
	} while (lstat(p->beside, &there) != 0 || there.st_ino != st.st_ino ||
	    there.st_dev != st.st_dev);
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid())
		return failed(EX_CANTCREAT, p->beside,
		    "this is no file that an earlier run has left");
	if (st.st_mode & 077)
		return tool_error(EX_CANTCREAT,
		    "mount it with umask=077, or choose another place",
		    "%s: this file system would show the key to others",
		    quote_str(&q, p->path));
	return EX_OK;
}

static int
read_all(struct pending *p, struct secret *bytes)
{
	ssize_t n = 1;

	if (secret_reserve_large(bytes, IMAGE_BYTES_MAX + 1) != RC_OK)
		return tool_fault(RC_MEMORY, "image");
	while (bytes->len < bytes->cap && n > 0) {
		n = read(
		    p->fd, bytes->bytes + bytes->len, bytes->cap - bytes->len);
		if (n < 0 && errno != EINTR)
			return failed(EX_CANTCREAT, p->beside, strerror(errno));
		bytes->len += n > 0 ? (size_t)n : 0;
		n = n < 0 ? 1 : n;
	}
	return EX_OK;
}

int
pending_open(struct pending *p, const char *path, struct secret *bytes)
{
	int code;

	*p = (struct pending){.path = path, .fd = -1};
	code = name_beside(p);
	if (code == EX_OK)
		code = lock(p);
	if (code == EX_OK)
		code = read_all(p, bytes);
	if (code != EX_OK)
		pending_end(p);
	return code;
}

static int
sync_folder(const struct pending *p)
{
	const char *base = strrchr(p->path, '/');
	char *folder = base
	    ? strndup(p->path, base == p->path ? 1 : (size_t)(base - p->path))
	    : strdup(".");
	int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	/* EINVAL: a file system that has nothing to wait for */
	int err = fd < 0 || (fsync(fd) != 0 && errno != EINVAL) ? errno : 0;

	if (fd >= 0)
		close(fd);
	free(folder);
	return err ? failed(EX_IOERR, p->path, strerror(err)) : EX_OK;
}

int
pending_write(struct pending *p, struct span bytes)
{
	size_t at = 0;

	if (ftruncate(p->fd, 0) != 0)
		return failed(EX_IOERR, p->beside, strerror(errno));
	while (at < bytes.len) {
		ssize_t n =
		    pwrite(p->fd, bytes.p + at, bytes.len - at, (off_t)at);

		if (n < 0 && errno != EINTR)
			return failed(EX_IOERR, p->beside, strerror(errno));
		at += n > 0 ? (size_t)n : 0;
	}
	if (fsync(p->fd) != 0)
		return failed(EX_IOERR, p->beside, strerror(errno));
	return sync_folder(p);
}

/** Replaces nothing, also where the file system has no such call. */
static int
rename_new(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (link(from, to) != 0)
		return -1;
	return unlink(from);
}

int
pending_commit(struct pending *p, bool force)
{
	if ((force ? rename(p->beside, p->path)
		   : rename_new(p->beside, p->path)) != 0)
		return failed(EX_CANTCREAT, p->path, strerror(errno));
	return sync_folder(p);
}

void
pending_drop(struct pending *p)
{
	if (p->fd >= 0)
		unlink(p->beside);
	pending_end(p);
}

void
pending_end(struct pending *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	free(p->beside);
	p->beside = NULL;
}
