#include "image_files.h"

#include "image_folder.h"
#include "image_geometry.h"
#include "tar_head.h"
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROOM_LEAST = 16384 /* bytes: of most images, taken once */ };

#define MEMBER_PREFIX IMAGE_FILES_FOLDER "/"

struct image_files {
	const char *path;
	enum image_files_shape shape;
	int batch; /* folder of the batch; -1: none */
	int fd; /* the image, its folder, or the container */
	struct image_folder folder;
	struct secret bytes;
	char name[NAME_MAX + sizeof(MEMBER_PREFIX)];
	char *label; /* owned */
	uint64_t done, total;
	bool ended;
};

enum image_files_shape
image_files_shape(const struct image_files *f)
{
	return f->shape;
}

int
image_files_batch(const struct image_files *f)
{
	return f->batch;
}

void
image_files_at(const struct image_files *f, uint64_t *done, uint64_t *total)
{
	*done = f->done;
	*total = f->total;
}

/* --- opening -------------------------------------------------------------- */

static int
cannot(const char *path, const char *below)
{
	struct quoted q;
	int saved = errno;

	return tool_error(EX_NOINPUT, NULL, "%s%s%s: %s", quote_str(&q, path),
	    below ? "/" : "", below ? below : "", strerror(saved));
}

/** What lies in a batch is opened without following a link. */
static int
open_within(const struct image_files *f, const char *name, int flags)
{
	return openat(f->batch, name,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | flags);
}

static int
open_tar(struct image_files *f, const char *below)
{
	struct quoted q;
	struct stat st;

	f->shape = IMAGE_FILES_IN_TAR;
	if (fstat(f->fd, &st) != 0)
		return cannot(f->path, below);
	if (!S_ISREG(st.st_mode))
		return tool_error(EX_DATAERR, NULL, "%s%s%s is no file",
		    quote_str(&q, f->path), below ? "/" : "",
		    below ? below : "");
	f->total = (uint64_t)st.st_size;
	return EX_OK;
}

static int
open_folder(struct image_files *f)
{
	struct quoted q;
	enum rc rc;

	f->batch = f->fd;
	f->fd = open_within(f, IMAGE_FILES_FOLDER, O_DIRECTORY);
	if (f->fd >= 0) {
		f->shape = IMAGE_FILES_IN_FOLDER;
		rc = image_folder_begin(&f->folder, f->fd, IMAGE_FOLDER_WINDOW);
		f->total = f->folder.total;
		if (rc == RC_IO)
			return cannot(f->path, IMAGE_FILES_FOLDER);
		return rc == RC_OK ? EX_OK : tool_fault(rc, "images");
	}
	if (errno != ENOENT)
		return cannot(f->path, IMAGE_FILES_FOLDER);
	f->fd = open_within(f, IMAGE_FILES_CONTAINER, 0);
	if (f->fd >= 0)
		return open_tar(f, IMAGE_FILES_CONTAINER);
	if (errno != ENOENT)
		return cannot(f->path, IMAGE_FILES_CONTAINER);
	return tool_error(EX_DATAERR,
	    "name the folder of a batch, or the images themselves",
	    "%s is no batch: it has neither " IMAGE_FILES_FOLDER
	    "/ nor " IMAGE_FILES_CONTAINER,
	    quote_str(&q, f->path));
}

static int
open_path(struct image_files *f)
{
	struct stat st;

	f->fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (f->fd < 0 || fstat(f->fd, &st) != 0)
		return cannot(f->path, NULL);
	if (S_ISDIR(st.st_mode))
		return open_folder(f);
	if (span_ends(span_str(f->path), SPAN_LIT(".tar")))
		return open_tar(f, NULL);
	f->total = 1;
	return EX_OK;
}

int
image_files_open(const char *path, struct image_files **out)
{
	struct image_files *f = calloc(1, sizeof(*f));
	/* room for the longest name in it */
	size_t label_len = strlen(path) + NAME_MAX + 64;
	int code;

	*out = NULL;
	if (!f)
		return tool_fault(RC_MEMORY, "images");
	f->path = path;
	f->batch = f->fd = -1;
	f->label = malloc(label_len);
	code = f->label ? open_path(f) : tool_fault(RC_MEMORY, "images");
	if (code != EX_OK) {
		image_files_close(f);
		return code;
	}
	*out = f;
	return EX_OK;
}

void
image_files_close(struct image_files *f)
{
	if (!f)
		return;
	image_folder_end(&f->folder);
	secret_fini(&f->bytes);
	if (f->fd >= 0)
		close(f->fd);
	if (f->batch >= 0 && f->batch != f->fd)
		close(f->batch);
	free(f->label);
	free(f);
}

/* --- one after another ---------------------------------------------------- */

static void
fault(struct image_file *out, enum image_file_fault kind, const char *why)
{
	out->fault = kind;
	out->why = why;
	out->bytes = span_of(NULL, 0);
}

/** Room for `len` bytes; what was in it is wiped. */
static bool
make_room(struct image_files *f, size_t len, struct image_file *out)
{
	size_t cap = len > ROOM_LEAST ? len : ROOM_LEAST;

	if (f->bytes.cap < len) {
		if (secret_reserve_large(&f->bytes, cap) == RC_OK)
			return true;
		fault(out, IMAGE_FILE_UNREADABLE, "no lockable memory is left");
		return false;
	}
	secret_wipe(f->bytes.bytes, f->bytes.len);
	f->bytes.len = 0;
	return true;
}

/** Up to `len` bytes behind what is there; false: the system says no. */
static bool
read_more(struct image_files *f, int fd, size_t len)
{
	while (len > 0) {
		ssize_t n = read(fd, f->bytes.bytes + f->bytes.len, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		if (n == 0)
			break;
		f->bytes.len += (size_t)n;
		len -= (size_t)n;
	}
	return true;
}

static void
take(struct image_files *f, size_t len, struct image_file *out)
{
	out->bytes = span_of(f->bytes.bytes, len);
	digest_of(out->bytes, out->sha256);
}

/** The file that `fd` stands for. */
static void
read_file(struct image_files *f, int fd, struct image_file *out)
{
	struct stat st;
	size_t len;

	if (fstat(fd, &st) != 0) {
		fault(out, IMAGE_FILE_UNREADABLE, strerror(errno));
		return;
	}
	if (!S_ISREG(st.st_mode)) {
		fault(out, IMAGE_FILE_KIND, "not a regular file");
		return;
	}
	out->exposed = (st.st_mode & 077) != 0;
	if (st.st_size <= 0 || st.st_size > IMAGE_BYTES_MAX) {
		fault(out, IMAGE_FILE_SIZE,
		    st.st_size <= 0 ? "the file is empty"
				    : "larger than any image can be");
		return;
	}
	len = (size_t)st.st_size;
	/* a byte more shows a file that grows under the reader */
	if (!make_room(f, len + 1, out))
		return;
	if (!read_more(f, fd, len + 1))
		fault(out, IMAGE_FILE_UNREADABLE, strerror(errno));
	else if (f->bytes.len != len)
		fault(out, IMAGE_FILE_UNREADABLE,
		    "its length changes while it is read");
	else
		take(f, len, out);
}

static bool
next_single(struct image_files *f, struct image_file *out)
{
	const char *slash = strrchr(f->path, '/');

	if (f->done == 1)
		return false;
	f->done = 1;
	out->name = slash && slash[1] ? slash + 1 : f->path;
	out->label = f->path;
	read_file(f, f->fd, out);
	return true;
}

static bool
broken_off(struct image_files *f, struct image_file *out, const char *why)
{
	f->ended = true;
	out->name = "";
	out->label = f->path;
	fault(out, IMAGE_FILE_UNREADABLE, why);
	return true;
}

static bool
next_in_folder(struct image_files *f, struct image_file *out)
{
	const char *name;
	enum rc rc = image_folder_next(&f->folder, &name);
	int fd;

	if (rc == RC_NOT_FOUND)
		return false;
	if (rc != RC_OK)
		return broken_off(f, out,
		    rc == RC_IO ? strerror(errno) : "no memory is left");
	f->done++;
	strcpy(stpcpy(f->name, MEMBER_PREFIX), name);
	strcpy(stpcpy(stpcpy(f->label, f->path), "/"), f->name);
	out->name = f->name;
	out->label = f->label;
	if (!image_files_name_good(span_str(name))) {
		fault(out, IMAGE_FILE_NAME,
		    name[0] == '.' ? "what an unfinished batch has left, or "
				     "somebody has put there"
				   : "no name that a batch gives");
		return true;
	}
	fd = openat(f->fd, name,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 && errno == ELOOP)
		fault(out, IMAGE_FILE_KIND, "a symbolic link");
	else if (fd < 0)
		fault(out, IMAGE_FILE_UNREADABLE, strerror(errno));
	else
		read_file(f, fd, out);
	if (fd >= 0)
		close(fd);
	return true;
}

/* --- containers ----------------------------------------------------------- */

static bool
tar_fault(struct image_files *f, struct image_file *out, const char *why)
{
	f->ended = true;
	fault(out, IMAGE_FILE_TAR, why);
	return true;
}

static bool
is_zero(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] != 0)
			return false;
	return true;
}

/** Two blocks of zeros, and nothing but zeros to the end of the file. */
static bool
tar_end(struct image_files *f, struct image_file *out)
{
	uint8_t block[TAR_BLOCK_LEN];
	size_t zeros = 0;
	ssize_t n;

	while ((n = read(f->fd, block, sizeof(block))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return tar_fault(f, out, strerror(errno));
		if (!is_zero(span_of(block, (size_t)n)))
			return tar_fault(f, out, "bytes behind its end");
		zeros += (size_t)n;
	}
	if (zeros < TAR_BLOCK_LEN)
		return tar_fault(
		    f, out, "one block of zeros at its end, not two");
	f->done = f->total;
	f->ended = true;
	return false;
}

/** Its data, or past it. */
static bool
tar_data(
    struct image_files *f, const struct tar_head *head, struct image_file *out)
{
	uint64_t len =
	    (head->size + TAR_BLOCK_LEN - 1) / TAR_BLOCK_LEN * TAR_BLOCK_LEN;

	if (head->size > f->total || f->total - f->done < len)
		return tar_fault(
		    f, out, "the container ends within this member");
	f->done += len;
	if (out->fault != IMAGE_FILE_GOOD) {
		if (lseek(f->fd, (off_t)len, SEEK_CUR) < 0)
			return tar_fault(f, out, strerror(errno));
		return true;
	}
	/* without it nobody knows where the next one begins */
	if (!make_room(f, len, out)) {
		f->ended = true;
		return true;
	}
	if (!read_more(f, f->fd, len))
		return tar_fault(f, out, strerror(errno));
	if (f->bytes.len != len)
		return tar_fault(
		    f, out, "the container ends within this member");
	take(f, head->size, out);
	if (!is_zero(span_of(f->bytes.bytes + head->size, len - head->size)))
		fault(out, IMAGE_FILE_TAR, "bytes behind the member's data");
	return true;
}

static void
check_member(const struct tar_head *head, struct image_file *out)
{
	struct span name = span_str(head->name);

	if (!span_starts(name, SPAN_LIT(MEMBER_PREFIX)) ||
	    !image_files_name_good(span_from(name, sizeof(MEMBER_PREFIX) - 1)))
		fault(out, IMAGE_FILE_NAME,
		    "not " MEMBER_PREFIX " and a plain name behind it");
	else if (!head->regular)
		fault(out, IMAGE_FILE_KIND, "not a regular file");
	else if (head->size == 0 || head->size > IMAGE_BYTES_MAX)
		fault(out, IMAGE_FILE_SIZE,
		    head->size == 0 ? "the member is empty"
				    : "larger than any image can be");
}

static bool
next_in_tar(struct image_files *f, struct image_file *out)
{
	uint8_t block[TAR_BLOCK_LEN];
	struct tar_head head;
	const char *why = NULL;
	size_t len = 0;
	ssize_t n = 0;
	enum rc rc;

	out->name = "";
	strcpy(stpcpy(f->label, f->path),
	    f->batch >= 0 ? "/" IMAGE_FILES_CONTAINER : "");
	out->label = f->label;
	while (len < sizeof(block) &&
	    ((n = read(f->fd, block + len, sizeof(block) - len)) > 0 ||
		(n < 0 && errno == EINTR)))
		len += n > 0 ? (size_t)n : 0;
	if (n < 0)
		return tar_fault(f, out, strerror(errno));
	if (len < sizeof(block))
		return tar_fault(f, out,
		    len == 0 ? "the container ends without the two blocks of "
			       "zeros that end it"
			     : "the container ends within a member's head");
	f->done += sizeof(block);
	rc = tar_head_read(block, &head, &why);
	if (rc == RC_NOT_FOUND)
		return tar_end(f, out);
	if (rc != RC_OK)
		return tar_fault(f, out, why);
	/* `name` is longer than any that is good */
	snprintf(f->name, sizeof(f->name), "%s", head.name);
	out->name = f->name;
	strcat(strcat(f->label, ":"), f->name);
	out->exposed = (head.mode & 077) != 0;
	check_member(&head, out);
	return tar_data(f, &head, out);
}

bool
image_files_next(struct image_files *f, struct image_file *out)
{
	*out = (struct image_file){0};
	if (f->ended)
		return false;
	switch (f->shape) {
	case IMAGE_FILES_SINGLE:
		return next_single(f, out);
	case IMAGE_FILES_IN_FOLDER:
		return next_in_folder(f, out);
	case IMAGE_FILES_IN_TAR:
		return next_in_tar(f, out);
	}
	return false;
}
