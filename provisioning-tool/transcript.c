#include "transcript.h"

#include "pki_file.h"
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

static int
failed(int code, const char *path, const char *why)
{
	struct quoted q;

	return tool_error(
	    code, NULL, "transcript %s: %s", quote_str(&q, path), why);
}

int
transcript_check(const char *path, bool append)
{
	struct quoted q;
	struct stat st;

	if (lstat(path, &st) != 0)
		return errno == ENOENT
		    ? EX_OK
		    : failed(EX_CANTCREAT, path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return failed(EX_CANTCREAT, path, "no regular file");
	if (!append)
		return tool_error(EX_CANTCREAT,
		    "put it away; or go on with that ceremony by --from N",
		    "transcript %s exists", quote_str(&q, path));
	return EX_OK;
}

int
transcript_open(struct transcript *t, const char *path, bool append)
{
	int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW |
	    (append ? 0 : O_EXCL);
	int fd, code = transcript_check(path, append);

	*t = (struct transcript){.path = path};
	if (code != EX_OK)
		return code;
	fd = open(path, flags, 0644);
	if (fd < 0)
		return failed(EX_CANTCREAT, path, strerror(errno));
	/* our umask is for images; EPERM: a FAT stick */
	if (fchmod(fd, 0644) == 0 || errno == EPERM)
		t->file = fdopen(fd, "a");
	if (t->file)
		return EX_OK;
	code = failed(EX_CANTCREAT, path, strerror(errno));
	close(fd);
	return code;
}

void
transcript_line(struct transcript *t, const char *fmt, ...)
{
	va_list ap;

	if (t->quiet)
		return;
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	if (!t->file)
		return;
	va_start(ap, fmt);
	vfprintf(t->file, fmt, ap);
	va_end(ap);
	fputc('\n', t->file);
}

void
transcript_text(struct transcript *t, const char *indent, struct span text)
{
	while (text.len > 0) {
		const uint8_t *end = memchr(text.p, '\n', text.len);
		size_t len = end ? (size_t)(end - text.p) : text.len;

		transcript_line(
		    t, "%s%.*s", indent, (int)len, (const char *)text.p);
		text = span_from(text, len + 1);
	}
}

int
transcript_sync(struct transcript *t)
{
	fflush(stdout);
	if (!t->file)
		return EX_OK;
	if (fflush(t->file) != 0 || ferror(t->file) ||
	    fsync(fileno(t->file)) != 0)
		return failed(EX_IOERR, t->path, strerror(errno));
	return EX_OK;
}

int
transcript_end(struct transcript *t, uint8_t sha256[static DIGEST_LEN])
{
	struct pki_file f = {0};
	int code = transcript_sync(t);

	if (code == EX_OK && t->file && fclose(t->file) != 0)
		code = failed(EX_IOERR, t->path, strerror(errno));
	t->file = NULL;
	if (code == EX_OK)
		code = pki_file_read(t->path, &f);
	if (code == EX_OK)
		digest_of(span_of(f.bytes, f.len), sha256);
	pki_file_fini(&f);
	return code;
}

void
transcript_fini(struct transcript *t)
{
	if (t->file)
		fclose(t->file);
	t->file = NULL;
}
