#include "output.h"

#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
failed(int code, const char *path, const char *why)
{
	struct quoted q;

	return tool_error(code, NULL, "%s: %s", quote_str(&q, path), why);
}

/** May `path` be made? */
static int
check_place(const struct output *o)
{
	struct stat st;
	struct quoted q;

	if (lstat(o->path, &st) != 0)
		return errno == ENOENT
		    ? EX_OK
		    : failed(EX_CANTCREAT, o->path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return tool_error(EX_CANTCREAT, "name a file in a folder",
		    "%s is there and no regular file", quote_str(&q, o->path));
	if (!o->force)
		return tool_error(EX_CANTCREAT,
		    "choose another name, or replace it by --force",
		    "%s exists", quote_str(&q, o->path));
	return EX_OK;
}

int
output_begin(struct output *o, const char *path, bool force)
{
	struct stat st;
	struct quoted q;
	const char *base;
	int code;

	*o = (struct output){.fd = -1, .force = force};
	if (!path || strcmp(path, "-") == 0)
		return EX_OK;
	o->path = path;
	code = check_place(o);
	if (code != EX_OK)
		return code;

	base = strrchr(path, '/');
	base = base ? base + 1 : path;
	if (asprintf(&o->temp, "%.*s.%s.XXXXXX", (int)(base - path), path,
		base) < 0) {
		o->temp = NULL;
		return tool_fault(RC_MEMORY, "output");
	}
	o->fd = mkostemp(o->temp, O_CLOEXEC); /* 0600 */
	if (o->fd < 0) {
		free(o->temp);
		o->temp = NULL;
		return failed(EX_CANTCREAT, path, strerror(errno));
	}
	/* a FAT stick shows whatever mode it was mounted with */
	if (fstat(o->fd, &st) != 0 || (st.st_mode & 077) != 0)
		return tool_error(EX_CANTCREAT,
		    "mount it with umask=077, or choose another place",
		    "%s: this file system would show the key to others",
		    quote_str(&q, path));
	return EX_OK;
}

static int
write_all(int fd, struct span bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.p, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		bytes = span_from(bytes, (size_t)n);
	}
	return 0;
}

int
output_write(struct output *o, struct span bytes)
{
	if (!o->path)
		return EX_OK;
	if (write_all(o->fd, bytes) != 0 || fsync(o->fd) != 0)
		return failed(EX_IOERR, o->path, strerror(errno));
	return EX_OK;
}

static int
sync_folder(const char *path)
{
	char *copy = strdup(path);
	int fd, err = -1;

	if (!copy)
		return -1;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(copy);
	if (fd < 0)
		return -1;
	/* EINVAL: a file system that has nothing to wait for */
	if (fsync(fd) == 0 || errno == EINVAL)
		err = 0;
	close(fd);
	return err;
}

/** A rename that replaces nothing, also where the file system has no such call. */
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
output_commit(struct output *o, struct span bytes)
{
	int err;

	if (!o->path) {
		fflush(stdout);
		if (write_all(STDOUT_FILENO, bytes) != 0)
			return failed(
			    EX_IOERR, "standard output", strerror(errno));
		return EX_OK;
	}
	err =
	    o->force ? rename(o->temp, o->path) : rename_new(o->temp, o->path);
	if (err != 0)
		return failed(EX_CANTCREAT, o->path, strerror(errno));
	free(o->temp);
	o->temp = NULL;
	if (sync_folder(o->path) != 0)
		return failed(EX_IOERR, o->path, strerror(errno));
	return EX_OK;
}

void
output_end(struct output *o)
{
	if (o->fd >= 0)
		close(o->fd);
	o->fd = -1;
	if (o->temp)
		unlink(o->temp);
	free(o->temp);
	o->temp = NULL;
}
