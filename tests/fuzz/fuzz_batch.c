/*
 * What a batch consists of beside its images, byte for byte: as the head of a
 * member of a container, and as a MANIFEST that changes while it is read. A
 * name that comes out is plain; what was changed is never handed out.
 */
#include "batch_manifest.h"
#include "image_files.h"
#include "tar_head.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
as_head(const uint8_t *data, size_t size)
{
	uint8_t block[TAR_BLOCK_LEN] = {0};
	struct tar_head head;
	const char *why = NULL;
	enum rc rc;

	memcpy(block, data, size < sizeof(block) ? size : sizeof(block));
	rc = tar_head_read(block, &head, &why);
	must(rc == RC_OK || rc == RC_NOT_FOUND || why != NULL);
	if (rc != RC_OK)
		return;
	must(head.name[0] != '\0' && strlen(head.name) <= TAR_NAME_MAX);
	must(head.mode <= 07777);
}

struct walk {
	struct batch_manifest *m;
	unsigned lines, changed;
};

static enum rc
each(void *ctx, uint64_t number, const struct batch_line *line, const char *why)
{
	struct walk *w = ctx;
	const uint8_t *slash;

	must(number > 0);
	w->lines++;
	if (why) {
		must(line->name.len == 0);
		return RC_OK;
	}
	must(line->name.len > 0 && line->name.len <= BATCH_NAME_MAX);
	must(memchr(line->name.p, 0, line->name.len) == NULL);
	must(line->name.p[0] != '/' && line->name.p[0] != '.');
	slash = memchr(line->name.p, '/', line->name.len);
	must(!slash || slash[1] != '.');
	return RC_OK;
}

static enum rc
meet(void *ctx, uint64_t number, const struct batch_line *line, const char *why)
{
	struct walk *w = ctx;

	(void)number;
	if (why)
		return RC_OK;
	must(batch_manifest_meet(w->m, line->name, line->sha256) == BATCH_MET);
	must(batch_manifest_was_met(w->m, line->name));
	return RC_OK;
}

static void
as_manifest(const uint8_t *data, size_t size)
{
	int fd = memfd_create("manifest", MFD_CLOEXEC);
	struct batch_manifest m;
	struct walk w = {&m, 0, 0};

	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	must(batch_manifest_hash(&m, fd) == RC_OK);
	must(m.len == size);
	must(batch_manifest_index(&m, each, &w) == RC_OK);
	must(batch_manifest_lines(&m, meet, &w) == RC_OK);
	if (size > 0) {
		uint8_t other = data[size / 2] ^ 1;

		must(pwrite(fd, &other, 1, (off_t)(size / 2)) == 1);
		must(batch_manifest_lines(&m, each, &w) == RC_CONFLICT);
	}
	batch_manifest_fini(&m);
	close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	as_head(data, size);
	as_manifest(data, size);
	return 0;
}
