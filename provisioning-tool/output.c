#include "output.h"

#include "tool.h"

#include "base/digest.h"

#include <errno.h>
#include <fcntl.h>
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

/** The folder of `path`, owned by the caller; NULL: memory. */
static char *
folder_of(const char *path)
{
	const char *base = strrchr(path, '/');

	if (!base)
		return strdup(".");
	return strndup(path, base == path ? 1 : (size_t)(base - path));
}

/** A name beside the place, XXXXXX at its end. Errors: RC_MEMORY. */
static enum rc
name_temp(struct output *o)
{
	const char *base = strrchr(o->path, '/');

	base = base ? base + 1 : o->path;
	if (asprintf(&o->temp, "%.*s.%s.XXXXXX", (int)(base - o->path), o->path,
		base) >= 0)
		return RC_OK;
	o->temp = NULL;
	return RC_MEMORY;
}

static int
open_beside(struct output *o)
{
	char *folder = folder_of(o->path);
	enum rc rc = RC_OK;
	int err;

	if (!folder)
		return tool_fault(RC_MEMORY, "output");
	/* without a name nothing stays behind, whenever we are killed */
	o->fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	err = errno;
	free(folder);
	if (o->fd < 0 &&
	    (err == EOPNOTSUPP || err == EISDIR || err == EINVAL)) {
		rc = name_temp(o);
		if (rc != RC_OK)
			return tool_fault(rc, "output");
		o->fd = mkostemp(o->temp, O_CLOEXEC); /* 0600 */
		err = errno;
		if (o->fd < 0) {
			free(o->temp);
			o->temp = NULL;
		}
	}
	return o->fd < 0 ? failed(EX_CANTCREAT, o->path, strerror(err)) : EX_OK;
}

/** An open file without its name, or none for standard output. */
static int
begin(struct output *o, const char *path, bool force)
{
	int code;

	*o = (struct output){.fd = -1, .force = force};
	if (!path || strcmp(path, "-") == 0)
		return EX_OK;
	o->path = path;
	code = check_place(o);
	if (code == EX_OK)
		code = open_beside(o);
	return code;
}

int
output_begin_public(struct output *o, const char *path, bool force)
{
	int code = begin(o, path, force);

	/* EPERM: a FAT stick, which has its own idea of modes */
	if (code == EX_OK && o->fd >= 0 && fchmod(o->fd, 0644) != 0 &&
	    errno != EPERM)
		code = failed(EX_CANTCREAT, path, strerror(errno));
	return code;
}

int
output_begin(struct output *o, const char *path, bool force)
{
	struct stat st;
	struct quoted q;
	int code = begin(o, path, force);

	if (code != EX_OK || o->fd < 0)
		return code;
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
output_more(struct output *o, struct span bytes)
{
	int fd = o->path ? o->fd : STDOUT_FILENO;

	if (!o->path)
		fflush(stdout);
	if (write_all(fd, bytes) == 0)
		return EX_OK;
	return failed(
	    EX_IOERR, o->path ? o->path : "standard output", strerror(errno));
}

int
output_write(struct output *o, struct span bytes)
{
	if (!o->path)
		return EX_OK;
	if (write_all(o->fd, bytes) != 0 || (!o->later && fsync(o->fd) != 0))
		return failed(EX_IOERR, o->path, strerror(errno));
	return EX_OK;
}

static int
sync_folder(const char *path)
{
	char *folder = folder_of(path);
	int fd, err = -1;

	if (!folder)
		return -1;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	if (fd < 0)
		return -1;
	/* EINVAL: a file system that has nothing to wait for */
	if (fsync(fd) == 0 || errno == EINVAL)
		err = 0;
	close(fd);
	return err;
}

/** Give a file without a name one; 0 or -1 and errno. */
static int
link_fd(int fd, const char *path)
{
	char from[32];

	snprintf(from, sizeof(from), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, from, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
}

/** link_fd under a name that nobody has; it stays in `o`. */
static int
link_temp(struct output *o)
{
	for (unsigned tries = 0; tries < 100; tries++) {
		uint8_t bytes[3];
		char hex[HEX_TEXT_MAX];

		if (name_temp(o) != RC_OK) {
			errno = ENOMEM;
			return -1;
		}
		random_bytes(bytes, sizeof(bytes));
		memcpy(o->temp + strlen(o->temp) - 6,
		    hex_text(hex, span_of(bytes, sizeof(bytes))), 6);
		if (link_fd(o->fd, o->temp) == 0)
			return 0;
		free(o->temp);
		o->temp = NULL;
		if (errno != EEXIST)
			return -1;
	}
	return -1;
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

/** Errors in errno. */
static int
give_name(struct output *o)
{
	/* only a rename replaces */
	if (!o->temp && o->force && link_temp(o) != 0)
		return -1;
	if (!o->temp)
		return link_fd(o->fd, o->path);
	if (o->force ? rename(o->temp, o->path) : rename_new(o->temp, o->path))
		return -1;
	free(o->temp);
	o->temp = NULL;
	return 0;
}

int
output_commit(struct output *o, struct span bytes)
{
	if (!o->path) {
		fflush(stdout);
		if (write_all(STDOUT_FILENO, bytes) != 0)
			return failed(
			    EX_IOERR, "standard output", strerror(errno));
		return EX_OK;
	}
	if (give_name(o) != 0)
		return failed(EX_CANTCREAT, o->path, strerror(errno));
	if (!o->later && sync_folder(o->path) != 0)
		return failed(EX_IOERR, o->path, strerror(errno));
	return EX_OK;
}

int
output_settle(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = fd < 0 || syncfs(fd) != 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	return err ? failed(EX_IOERR, folder, strerror(err)) : EX_OK;
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
