#include "verify_batch.h"

#include "batch_signature.h"
#include "image_folder.h"
#include "name_set.h"
#include "tool.h"
#include "verify_batch_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FINDINGS_KEPT = 256 };

struct diag *
batch_diag(struct verify_batch *b)
{
	/* so that a batch with nothing right in it stays small, too */
	if (diag_total(b->d) >= FINDINGS_KEPT)
		batch_flush(b);
	return b->d;
}

void
batch_flush(struct verify_batch *b)
{
	struct diag *fresh = diag_new();

	check_report_findings(&b->v->report, b->v->operand, b->d);
	if (!fresh)
		return;
	diag_free(b->d);
	b->d = fresh;
}

const char *
batch_label(struct verify_batch *b, const char *name)
{
	snprintf(b->label, b->label_cap, "%s/%s", b->path, name);
	return b->label;
}

int
batch_open(const struct verify_batch *b, const char *name)
{
	return openat(b->folder, name,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
}

/* --- the MANIFEST --------------------------------------------------------- */

static enum rc
each_line(
    void *ctx, uint64_t number, const struct batch_line *line, const char *why)
{
	struct verify_batch *b = ctx;

	(void)line;
	if (why)
		diag_add(batch_diag(b), DIAG_ERROR,
		    batch_label(b, BATCH_MANIFEST),
		    number > UINT32_MAX ? 0 : (unsigned)number, 0,
		    "batch-manifest", "%s", why);
	return RC_OK;
}

/** What kept it from being read to its end; RC_MEMORY goes on up. */
static enum rc
manifest_unreadable(struct verify_batch *b, enum rc rc)
{
	if (rc == RC_OK || rc == RC_MEMORY)
		return rc;
	diag_add(batch_diag(b), DIAG_ERROR, batch_label(b, BATCH_MANIFEST), 0,
	    0, "batch-manifest", "%s",
	    rc == RC_CONFLICT ? "it changes while it is read"
			      : strerror(errno));
	return RC_OK;
}

/** Over the bytes that were hashed, before a line of them is parsed. */
static int
check_signature(struct verify_batch *b)
{
	const struct verify *v = b->v;
	struct batch_signers signers;
	struct span text = {0};
	const char *why = NULL;
	uint8_t *room;
	int code;
	enum rc rc;

	if (!v->o->signers) {
		diag_add(batch_diag(b), DIAG_WARNING,
		    batch_label(b, BATCH_MANIFEST), 0, 0, "batch-unverified",
		    "who has made this batch was not verified");
		return EX_OK;
	}
	code = batch_signers_read(v->o->signers, &signers);
	if (code != EX_OK)
		return code;
	rc = batch_small_file(
	    b, BATCH_SIGNATURE, BATCH_SIGNATURE_MAX, &room, &text, &why);
	if (rc == RC_OK)
		rc = batch_signature_verify(
		    &signers, &b->manifest, text, v->now_s, &why);
	free(room);
	batch_signers_fini(&signers);
	if (rc == RC_MEMORY)
		return tool_fault(rc, "images");
	b->trusted = rc == RC_OK;
	if (rc != RC_OK)
		diag_add(batch_diag(b), DIAG_ERROR,
		    batch_label(b, BATCH_SIGNATURE), 0, 0, "batch-signature",
		    "%s", why);
	return EX_OK;
}

static int
read_manifest(struct verify_batch *b)
{
	int code;
	enum rc rc;

	b->manifest_fd = batch_open(b, BATCH_MANIFEST);
	if (b->manifest_fd < 0) {
		diag_add(batch_diag(b), DIAG_ERROR,
		    batch_label(b, BATCH_MANIFEST), 0, 0, "batch-unfinished",
		    "%s",
		    errno == ENOENT ? "the batch has none" : strerror(errno));
		return EX_OK;
	}
	rc = batch_manifest_hash(&b->manifest, b->manifest_fd);
	if (rc == RC_IO)
		rc = manifest_unreadable(b, rc);
	if (rc != RC_OK)
		return tool_fault(rc, "images");
	if (b->manifest.block_count == 0)
		return EX_OK;
	b->has_manifest = true;
	code = check_signature(b);
	if (code != EX_OK)
		return code;
	rc = manifest_unreadable(
	    b, batch_manifest_index(&b->manifest, each_line, b));
	return rc == RC_OK ? EX_OK : tool_fault(rc, "images");
}

/* --- the images ----------------------------------------------------------- */

/** Images that no batch folder is around: what was asked of the batch cannot be
 *  answered, and is not passed over. */
static int
without_folder(struct verify *v, const char *path)
{
	struct diag *d = diag_new();

	if (!d)
		return tool_fault(RC_MEMORY, "images");
	if (v->o->signers)
		diag_add(d, DIAG_ERROR, path, 0, 0, "batch-signature",
		    "it comes without the MANIFEST that is signed: name the "
		    "folder of its batch");
	if (v->o->order_name)
		diag_add(d, DIAG_ERROR, path, 0, 0, "batch-order",
		    "it comes without the batch.json that names an order: "
		    "name the folder of its batch");
	check_report_findings(&v->report, v->operand, d);
	diag_free(d);
	return EX_OK;
}

int
verify_batch_begin(struct verify *v, const struct image_files *files,
    const char *path, struct verify_batch **out)
{
	struct verify_batch *b;

	int code;

	*out = NULL;
	code = image_files_batch(files) < 0 ? without_folder(v, path) : EX_OK;
	if (code != EX_OK || image_files_shape(files) == IMAGE_FILES_SINGLE)
		return code;
	b = calloc(1, sizeof(*b));
	if (!b)
		return tool_fault(RC_MEMORY, "images");
	*out = b;
	b->v = v;
	b->path = path;
	b->shape = image_files_shape(files);
	b->folder = image_files_batch(files);
	b->manifest_fd = -1;
	name_set_init(&b->names);
	name_set_init(&b->bytes);
	name_set_init(&b->facts);
	name_set_init(&b->owners);
	b->label_cap = strlen(path) + BATCH_NAME_MAX + 8;
	b->label = malloc(b->label_cap);
	b->d = diag_new();
	if (!b->label || !b->d)
		return tool_fault(RC_MEMORY, "images");
	if (b->folder < 0)
		return EX_OK;
	code = read_manifest(b);
	if (code == EX_OK)
		code = batch_read_description(b);
	batch_flush(b);
	return code;
}

/** By the MANIFEST; without one by the names alone. */
static void
check_listed(struct verify_batch *b, struct verify_one *one)
{
	const struct image_file *f = one->file;

	enum batch_met met = BATCH_MET_UNKNOWN;

	if (!b->has_manifest)
		return;
	/* a member of a file's name is not that file */
	if (f->fault != IMAGE_FILE_NAME)
		met = batch_manifest_meet(&b->manifest, span_str(f->name),
		    f->fault ? NULL : f->sha256);
	switch (met) {
	case BATCH_MET:
		break;
	case BATCH_MET_CHANGED:
		verify_find(one, DIAG_ERROR, "batch-changed",
		    "its bytes are not those that MANIFEST has the SHA-256 of");
		break;
	case BATCH_MET_UNKNOWN:
		verify_find(one, DIAG_ERROR, "batch-extra",
		    "MANIFEST has no such file");
		break;
	case BATCH_MET_TWICE:
		/* said of its name already */
		break;
	}
}

enum rc
verify_batch_image(struct verify_batch *b, struct verify_one *one)
{
	const struct image_file *f = one->file;
	enum rc rc;

	if (!b || !f->name[0])
		return RC_OK;
	rc = name_set_add(&b->names, span_str(f->name));
	if (rc == RC_MEMORY)
		return rc;
	if (rc == RC_CONFLICT)
		verify_find(one, DIAG_ERROR, "batch-duplicate",
		    "the container has two members of this name");
	check_listed(b, one);
	rc = f->fault ? RC_OK : batch_summary_keep(b, one);
	if (rc != RC_OK)
		return rc;
	/* of devices without a credential many are alike */
	if (f->fault || !one->fingerprint[0])
		return batch_check_format(b, one);
	rc = name_set_add(&b->bytes, span_of(f->sha256, DIGEST_LEN));
	if (rc == RC_MEMORY)
		return rc;
	if (rc == RC_CONFLICT)
		verify_find(one, DIAG_ERROR, "batch-duplicate",
		    "another image of the batch has the same bytes: two "
		    "devices would have one key");
	return batch_check_format(b, one);
}

/* --- what is left --------------------------------------------------------- */

static enum rc
each_unmet(
    void *ctx, uint64_t number, const struct batch_line *line, const char *why)
{
	struct verify_batch *b = ctx;
	char name[BATCH_NAME_MAX + 1];

	(void)number;
	if (why || batch_manifest_was_met(&b->manifest, line->name))
		return RC_OK;
	memcpy(name, line->name.p, line->name.len);
	name[line->name.len] = '\0';
	diag_add(batch_diag(b), DIAG_ERROR, batch_label(b, name), 0, 0,
	    "batch-missing", "MANIFEST has it, and it is not there");
	return RC_OK;
}

int
verify_batch_end(struct verify_batch *b)
{
	int code = EX_OK;
	enum rc rc;

	if (!b || b->folder < 0)
		return EX_OK;
	code = batch_check_beside(b);
	if (code == EX_OK)
		code = batch_check_summary(b);
	if (code == EX_OK && b->has_manifest) {
		rc = manifest_unreadable(
		    b, batch_manifest_lines(&b->manifest, each_unmet, b));
		if (rc != RC_OK)
			code = tool_fault(rc, "images");
	}
	batch_flush(b);
	return code;
}

void
verify_batch_free(struct verify_batch *b)
{
	if (!b)
		return;
	batch_manifest_fini(&b->manifest);
	name_set_fini(&b->names);
	name_set_fini(&b->bytes);
	name_set_fini(&b->facts);
	name_set_fini(&b->owners);
	if (b->manifest_fd >= 0)
		close(b->manifest_fd);
	diag_free(b->d);
	free(b->label);
	free(b);
}
