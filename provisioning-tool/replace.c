#include "replace.h"

#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
failed(int code, const char *path, const char *why)
{
	struct quoted q;

	return tool_error(
	    code, "it was not changed", "%s: %s", quote_str(&q, path), why);
}

static bool
write_all(int fd, struct span bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.p, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		bytes = span_from(bytes, (size_t)n);
	}
	return true;
}

/** Mode behind owner: chown(2) takes the set-user-ID bit away. */
static bool
keep_owner(int fd, const struct stat *was)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return false;
	if ((st.st_uid != was->st_uid || st.st_gid != was->st_gid) &&
	    fchown(fd, was->st_uid, was->st_gid) != 0)
		return false;
	return fchmod(fd, was->st_mode & 07777) == 0;
}

static bool
is_unchanged(const char *path, const struct stat *was)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_ino == was->st_ino &&
	    st.st_dev == was->st_dev && st.st_size == was->st_size &&
	    st.st_mtim.tv_sec == was->st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == was->st_mtim.tv_nsec;
}

/** The folder's entry is durable, too; where that is not possible, so be it. */
static void
sync_folder(const char *path)
{
	char *slash = strrchr(path, '/');
	char *folder =
	    slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
	free(folder);
}

static int
replace(const char *path, char *temp, const struct stat *was, struct span bytes)
{
	int fd = mkostemp(temp, O_CLOEXEC);
	int code = EX_OK;

	if (fd < 0)
		return failed(EX_CANTCREAT, path, strerror(errno));
	if (!keep_owner(fd, was))
		code = failed(
		    EX_CANTCREAT, path, "its owner and mode cannot be kept");
	else if (!write_all(fd, bytes) || fsync(fd) != 0)
		code = failed(EX_IOERR, path, strerror(errno));
	else if (!is_unchanged(path, was))
		code = failed(EX_CANTCREAT, path, "somebody else writes it");
	else if (rename(temp, path) != 0)
		code = failed(EX_CANTCREAT, path, strerror(errno));
	close(fd);
	if (code == EX_OK)
		sync_folder(path);
	else
		unlink(temp);
	return code;
}

int
replace_file(const char *path, const struct stat *was, struct span bytes)
{
	char *real = realpath(path, NULL), *temp = NULL;
	const char *base;
	int code;

	if (!real)
		return failed(EX_CANTCREAT, path, strerror(errno));
	base = strrchr(real, '/') + 1;
	/* hidden, and by its name no document */
	if (asprintf(&temp, "%.*s.%s.XXXXXX", (int)(base - real), real, base) <
	    0) {
		free(real);
		return tool_fault(RC_MEMORY, "format");
	}
	code = replace(real, temp, was, bytes);
	free(temp);
	free(real);
	return code;
}
