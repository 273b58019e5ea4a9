/*
 * The end of a batch: every file gets its own name, and MANIFEST comes last, so
 * that where it is all the others are.
 */
#include "batch_run.h"

#include "batch_summary.h"
#include "hsm/sshsig_make.h"
#include "line_sort.h"
#include "tar_head.h"
#include "tool.h"

#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_AT = 2 * DIGEST_LEN + 2 /* of the name, in a line of MANIFEST */ };

/** SHA-256 of a file of the folder. Errors: RC_IO (errno). */
static enum rc
hash_file(const struct batch_folder *f, const char *name, char *hex)
{
	uint8_t buf[16384], sha256[DIGEST_LEN];
	int fd = openat(f->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct digest d;
	ssize_t n;

	if (fd < 0)
		return RC_IO;
	digest_init(&d);
	while (
	    (n = read(fd, buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			digest_put(&d, span_of(buf, (size_t)n));
	close(fd);
	digest_final(&d, sha256);
	hex_text(hex, span_of(sha256, DIGEST_LEN));
	return n < 0 ? RC_IO : RC_OK;
}

static enum rc
put_line(
    struct line_sort *s, const char *hex, const char *folder, const char *name)
{
	char line[LINE_SORT_LEN];
	struct writer w;

	writer_init(&w, line, sizeof(line));
	writer_fmt(&w, "%s  %s%s", hex, folder, name);
	return w.full ? RC_TOO_LARGE : line_sort_put(s, writer_span(&w));
}

static enum rc
put_images(struct batch_run *b, struct line_sort *s, uint64_t *count)
{
	struct batch_reader *r = malloc(sizeof(*r));
	struct summary_line line;
	enum rc rc = r ? RC_OK : RC_MEMORY;

	if (r)
		batch_reader_begin(r, b->folder.summary.fd);
	while (rc == RC_OK && (rc = batch_reader_next(r, &line)) == RC_OK) {
		++*count;
		rc = put_line(s, line.sha256, "images/", line.file);
	}
	free(r);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

/** MANIFEST as it is written. */
struct manifest {
	struct batch_file file;
	struct digest512 digest;
};

static enum rc
write_line(void *ctx, struct span line)
{
	struct manifest *m = ctx;
	enum rc rc = batch_file_put(&m->file, line);

	digest512_put(&m->digest, line);
	digest512_put(&m->digest, SPAN_LIT("\n"));
	return rc == RC_OK ? batch_file_put(&m->file, SPAN_LIT("\n")) : rc;
}

static enum rc
write_manifest(struct batch_run *b, struct manifest *m)
{
	static const char *const beside[] = {"batch.json", "summary.csv"};
	struct line_sort *s = NULL;
	char hex[HEX_TEXT_MAX];
	uint64_t count = 0;
	enum rc rc = line_sort_new(b->folder.dir, KEY_AT, &s);

	for (size_t i = 0; rc == RC_OK && i < 2; i++) {
		rc = hash_file(&b->folder, beside[i], hex);
		if (rc == RC_OK)
			rc = put_line(s, hex, "", beside[i]);
	}
	if (rc == RC_OK)
		rc = put_images(b, s, &count);
	/* what it says is what was made */
	if (rc == RC_OK && count != b->folder.count)
		rc = RC_BUG;
	(void)unlinkat(b->folder.dir, ".MANIFEST", 0);
	if (rc == RC_OK)
		rc =
		    batch_file_open(&m->file, b->folder.dir, ".MANIFEST", true);
	digest512_init(&m->digest);
	if (rc == RC_OK)
		rc = line_sort_each(s, write_line, m);
	if (rc == RC_OK)
		rc = batch_file_sync(&m->file);
	line_sort_free(s);
	return rc;
}

int
batch_sign_begin(struct batch_run *b)
{
	uint8_t spki[P256_SPKI_LEN];
	struct hsm_error err = {0};
	enum rc rc;

	if (!b->o->sign_key)
		return EX_OK;
	if (hsm_ec_ref_parse(b->o->sign_key, &b->sign_key, &err) != RC_OK)
		return tool_error(
		    EX_USAGE, err.remedy, "--sign-key: %s", err.text);
	rc = hsm_ec_public(b->token.session, &b->sign_key, spki);
	return rc == RC_OK ? EX_OK : token_fault(&b->token, rc);
}

static int
sign(struct batch_run *b, struct manifest *m)
{
	uint8_t hash[DIGEST512_LEN];
	char text[SSHSIG_MADE_MAX];
	struct batch_file f;
	struct writer w;
	enum rc rc;

	if (!b->o->sign_key)
		return EX_OK;
	digest512_final(&m->digest, hash);
	writer_init(&w, text, sizeof(text));
	rc = sshsig_make(
	    b->token.session, &b->sign_key, "bootstrapd-image", hash, &w);
	if (rc != RC_OK)
		return token_fault(&b->token, rc);
	(void)unlinkat(b->folder.dir, ".MANIFEST.sig", 0);
	rc = batch_file_open(&f, b->folder.dir, ".MANIFEST.sig", true);
	if (rc == RC_OK)
		rc = batch_file_put(&f, writer_span(&w));
	if (rc == RC_OK)
		rc = batch_file_sync(&f);
	if (rc == RC_OK && fchmod(f.fd, 0644) != 0)
		rc = RC_IO;
	batch_file_close(&f);
	if (rc == RC_OK &&
	    renameat(b->folder.dir, ".MANIFEST.sig", b->folder.dir,
		"MANIFEST.sig") != 0)
		rc = RC_IO;
	return rc == RC_OK ? EX_OK : batch_folder_failed(&b->folder, rc);
}

static enum rc
rename_part(const struct batch_folder *f, const char *from, const char *to)
{
	return renameat2(f->dir, from, f->dir, to, RENAME_NOREPLACE) == 0
	    ? RC_OK
	    : RC_IO;
}

/** Files of images in the folder. */
static uint64_t
count_files(const struct batch_folder *f)
{
	int fd = openat(f->images, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	uint64_t count = 0;
	struct dirent *e;

	while (d && (e = readdir(d)))
		count +=
		    strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	if (d)
		closedir(d);
	return count;
}

static int
check_foreign(const struct batch_folder *f)
{
	uint64_t there = f->container ? f->count : count_files(f);
	struct quoted q;

	if (there == f->count)
		return EX_OK;
	return tool_error(EX_DATAERR,
	    "take away what summary.csv.part does not name, and go on with "
	    "--resume",
	    "%s/images holds %llu files, and this batch has made %llu",
	    quote_str(&q, f->path), (unsigned long long)there,
	    (unsigned long long)f->count);
}

static enum rc
end_files(struct batch_folder *f)
{
	static const uint8_t zeros[TAR_END_LEN];
	enum rc rc = RC_OK;

	if (f->container) {
		rc = batch_file_put(&f->tar, span_of(zeros, sizeof(zeros)));
		if (rc == RC_OK)
			rc = batch_file_sync(&f->tar);
		if (rc == RC_OK)
			rc = rename_part(f, "images.tar.part", "images.tar");
	} else if (unlinkat(f->dir, ".open", AT_REMOVEDIR) != 0 &&
	    errno != ENOENT) {
		rc = RC_IO;
	}
	if (rc == RC_OK)
		rc = batch_file_sync(&f->summary);
	if (rc == RC_OK && fchmod(f->summary.fd, 0644) != 0 && errno != EPERM)
		rc = RC_IO;
	if (rc == RC_OK)
		rc = rename_part(f, "summary.csv.part", "summary.csv");
	return rc;
}

int
batch_finish(struct batch_run *b)
{
	struct batch_folder *f = &b->folder;
	struct manifest m = {.file.fd = -1};
	int code = check_foreign(f);
	enum rc rc;

	if (code != EX_OK)
		return code;
	rc = end_files(f);
	if (rc == RC_OK)
		rc = batch_folder_describe(f, &b->recipe, (int64_t)f->count);
	if (rc == RC_OK)
		rc = write_manifest(b, &m);
	code = rc == RC_OK ? sign(b, &m) : batch_folder_failed(f, rc);
	if (code == EX_OK &&
	    (fchmod(m.file.fd, 0644) != 0 ||
		rename_part(f, ".MANIFEST", "MANIFEST") != RC_OK ||
		syncfs(f->dir) != 0))
		code = batch_folder_failed(f, RC_IO);
	batch_file_close(&m.file);
	return code;
}
