#include "image_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
forget(struct image_folder *f, size_t from)
{
	for (size_t i = from; i < f->count; i++)
		free(f->names[i]);
	f->count = from;
}

/* The window is twice as large while it is filled, so that names are sorted
 * once for many that come and not for each. */
static void
keep_first(struct image_folder *f)
{
	qsort(f->names, f->count, sizeof(*f->names), by_bytes);
	if (f->count > f->window)
		forget(f, f->window);
}

static enum rc
offer(struct image_folder *f, const char *name)
{
	if (f->last && strcmp(name, f->last) <= 0)
		return RC_OK;
	if (f->count == 2 * f->window)
		keep_first(f);
	f->names[f->count] = strdup(name);
	if (!f->names[f->count])
		return RC_MEMORY;
	f->count++;
	return RC_OK;
}

static enum rc
fill(struct image_folder *f)
{
	/* of its own, so that each pass begins at the front */
	int fd = openat(f->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *d;
	uint64_t total = 0;
	enum rc rc = RC_OK;

	if (!dir) {
		int saved = errno;

		if (fd >= 0)
			close(fd);
		errno = saved;
		return RC_IO;
	}
	forget(f, 0);
	f->at = 0;
	errno = 0;
	while (rc == RC_OK && (d = readdir(dir))) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		total++;
		rc = offer(f, d->d_name);
		errno = 0;
	}
	if (rc == RC_OK && errno != 0) {
		int saved = errno;

		closedir(dir);
		errno = saved;
		return RC_IO;
	}
	closedir(dir);
	keep_first(f);
	if (!f->last)
		f->total = total;
	return rc;
}

enum rc
image_folder_begin(struct image_folder *f, int fd, size_t window)
{
	enum rc rc;

	*f = (struct image_folder){.fd = fd, .window = window};
	f->names = calloc(2 * window, sizeof(*f->names));
	rc = f->names ? fill(f) : RC_MEMORY;
	if (rc != RC_OK)
		image_folder_end(f);
	return rc;
}

enum rc
image_folder_next(struct image_folder *f, const char **out)
{
	/* a window that was not full had all that is left */
	if (f->at == f->count && f->count == f->window) {
		enum rc rc = fill(f);

		if (rc != RC_OK)
			return rc;
	}
	if (f->at == f->count)
		return RC_NOT_FOUND;
	free(f->last);
	f->last = f->names[f->at];
	f->names[f->at] = NULL;
	f->at++;
	*out = f->last;
	return RC_OK;
}

void
image_folder_end(struct image_folder *f)
{
	if (f->names)
		forget(f, 0);
	free(f->names);
	free(f->last);
	f->names = NULL;
	f->last = NULL;
	f->count = f->at = 0;
}
