#include "ctl_secret.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/** Of the open file, not of its name: that may change. */
static const char *
unsafe(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return "the authorization_file is no regular file";
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return "the authorization_file belongs to another user";
	if (st.st_mode & (S_IWGRP | S_IWOTH | S_IROTH | S_IXOTH))
		return "the authorization_file can be read by others, or "
		       "written by its group: chmod 0640 or less";
	return NULL;
}

static bool
is_line(struct span s)
{
	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 0x20 || s.p[i] >= 0x7f)
			return false;
	return true;
}

const char *
ctl_secret_read(const char *path, struct secret *out)
{
	const char *why = "the authorization_file is not one line of text";
	/* one byte more: it is too long then */
	uint8_t line[CTL_SECRET_MAX + 2];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t len = 0;
	ssize_t n = 0;

	if (fd < 0)
		return "the authorization_file cannot be opened";
	if (unsafe(fd)) {
		why = unsafe(fd);
		close(fd);
		return why;
	}
	while (len < sizeof(line) &&
	    (n = read(fd, line + len, sizeof(line) - len)) > 0)
		len += (size_t)n;
	close(fd);
	if (n == 0 && len > 0 && line[len - 1] == '\n')
		len--;
	if (n == 0 && len <= CTL_SECRET_MAX && is_line(span_of(line, len)))
		why = secret_set(out, span_of(line, len)) == RC_OK
		    ? NULL
		    : "out of memory";
	secret_wipe(line, sizeof(line));
	return why;
}
