#include "server_files.h"

#include "policy/file.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	CERTIFICATES_BYTES_MAX = 65536, /**< of one file */
	LISTS_BYTES_MAX = 64 << 20,
};

PRINTF_LIKE(3, 4)
static enum rc
fail(struct hsm_error *err, const char *remedy, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	snprintf(err->remedy, sizeof(err->remedy), "%s", remedy);
	return RC_CONFIG;
}

static enum rc
read_one(struct server_files *f, const char *path, size_t max,
    struct issue_file *out, struct hsm_error *err)
{
	struct file_bytes bytes;
	const char *why = "";
	enum rc rc = file_read(f->arena, path, max, &bytes, &why);

	if (rc != RC_OK) {
		(void)!fail(err, "the keeper's user must be able to read it",
		    "%s: %s", path, why);
		return rc == RC_MEMORY ? rc : RC_IO;
	}
	*out = (struct issue_file){path, span_of(bytes.p, bytes.len)};
	/* whoever keeps a key beside its certificate is told at once */
	if (memmem(bytes.p, bytes.len, "PRIVATE KEY-----", 16))
		return fail(err,
		    "take it out of there, and take it for known: keys live "
		    "in the token alone",
		    "%s: a private key stands in it", path);
	return RC_OK;
}

static enum rc
copy_one(struct server_files *f, const struct issue_file *from,
    struct issue_file *out)
{
	out->path = from->path;
	out->bytes = arena_copy(f->arena, from->bytes);
	return out->bytes.p ? RC_OK : RC_MEMORY;
}

static enum rc
load_trust(struct server_files *f, const struct config *c,
    const struct server_files *old, struct hsm_error *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < c->trust_count; i++)
		rc = old ? copy_one(f, &old->trust[i], &f->trust[i])
			 : read_one(f, c->trust[i], CERTIFICATES_BYTES_MAX,
			       &f->trust[i], err);
	f->trust_count = c->trust_count;
	return rc;
}

/** Zeros: it is not there. */
static void
note(const char *path, struct stat *out)
{
	if (stat(path, out) != 0)
		*out = (struct stat){0};
}

static enum rc
load_crls(struct server_files *f, const struct config *c, struct hsm_error *err)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < c->crl_count; i++) {
		/* before it is read: what changes meanwhile is seen */
		note(c->crls[i], &f->crl_stats[i]);
		rc = read_one(f, c->crls[i], LISTS_BYTES_MAX, &f->crls[i], err);
	}
	f->crl_count = c->crl_count;
	return rc;
}

enum rc
server_files_load(const struct config *c, const struct server_files *old,
    struct server_files **out, struct hsm_error *err)
{
	struct server_files *f = calloc(1, sizeof(*f));
	enum rc rc = RC_MEMORY;

	*out = NULL;
	*err = (struct hsm_error){0};
	if (!f)
		return RC_MEMORY;
	f->arena = arena_new(0);
	if (f->arena)
		rc = RC_OK;
	for (size_t i = 0; rc == RC_OK && i < c->server_count; i++) {
		struct issue_file file;

		file.path = c->servers[i].certificate;
		if (old)
			file.bytes = arena_copy(f->arena, old->certs[i].chain);
		else
			rc = read_one(
			    f, file.path, CERTIFICATES_BYTES_MAX, &file, err);
		if (rc == RC_OK)
			rc = file.bytes.p
			    ? server_cert_read(f->arena, &file,
				  &c->servers[i].key, &f->certs[i], err)
			    : RC_MEMORY;
		f->cert_count++;
	}
	if (rc == RC_OK)
		rc = load_trust(f, c, old, err);
	if (rc == RC_OK)
		rc = load_crls(f, c, err);
	if (rc != RC_OK) {
		server_files_free(f);
		return rc;
	}
	*out = f;
	return RC_OK;
}

void
server_files_free(struct server_files *f)
{
	if (!f)
		return;
	arena_free(f->arena);
	free(f);
}

static bool
same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool
server_files_changed(const struct server_files *f)
{
	for (size_t i = 0; i < f->crl_count; i++) {
		const struct stat *was = &f->crl_stats[i];
		struct stat now;

		/* one that is gone does not take its revocations with it */
		if (stat(f->crls[i].path, &now) != 0)
			continue;
		if (now.st_ino != was->st_ino || now.st_size != was->st_size ||
		    !same_time(now.st_mtim, was->st_mtim))
			return true;
	}
	return false;
}

void
server_files_note(struct server_files *f)
{
	for (size_t i = 0; i < f->crl_count; i++)
		note(f->crls[i].path, &f->crl_stats[i]);
}
