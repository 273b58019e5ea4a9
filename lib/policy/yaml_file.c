#include "policy/yaml.h"

#include <errno.h>
#include <fcntl.h>
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

/* Errors: RC_IO (`why`), RC_CONFIG (too large), RC_MEMORY. */
static enum rc
read_file(struct arena *a, const char *file, struct span *out, const char **why)
{
	enum rc rc = RC_IO;
	struct stat st;
	uint8_t *buf;
	/* O_NONBLOCK: a FIFO in the folder must not hold us. */
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || fstat(fd, &st) < 0) {
		*why = strerror(errno);
		goto out;
	}
	*why = "not a regular file";
	if (!S_ISREG(st.st_mode))
		goto out;
	rc = RC_CONFIG;
	if (st.st_size > YAML_FILE_MAX)
		goto out;
	rc = RC_MEMORY;
	buf = arena_alloc(a, (size_t)st.st_size + 1);
	if (!buf)
		goto out;
	*why = read_all(fd, buf, (size_t)st.st_size);
	rc = *why ? RC_IO : RC_OK;
	*out = span_of(buf, (size_t)st.st_size);
out:
	if (fd >= 0)
		close(fd);
	return rc;
}

enum rc
yaml_load(struct arena *a, struct diag *d, const char *file,
    struct span *content, struct yaml_doc **docs)
{
	struct span text = {0};
	const char *why = NULL;
	enum rc rc;

	*docs = NULL;
	rc = read_file(a, file, &text, &why);
	if (rc == RC_CONFIG)
		diag_add(d, DIAG_ERROR, file, 0, 0, "yaml-limit",
		    "more than 1 MiB; split the file");
	else if (rc == RC_IO)
		diag_add(d, DIAG_ERROR, file, 0, 0, "yaml-io",
		    "cannot be read: %s", why);
	if (rc != RC_OK)
		text = span_of(NULL, 0);
	if (content)
		*content = text;
	return rc == RC_OK ? yaml_parse(a, d, file, text, docs) : rc;
}
