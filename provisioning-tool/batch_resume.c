/*
 * What of a batch is done. Lines of the summary are walked from the first, each
 * held against its row in the ledger and against the bytes of its image. In a
 * folder those behind a lost image stay; a container ends before the first that
 * does not hold.
 */
#include "batch_run.h"

#include "batch_summary.h"
#include "tar_head.h"
#include "tool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum rc
batch_seen_mark(struct batch_seen *s, uint64_t index, bool *is_new)
{
	const uint8_t bit = (uint8_t)(1U << (index & 7));
	size_t at = (size_t)(index >> 3);

	if (at >= s->cap) {
		size_t cap = s->cap ? s->cap : 1024;
		uint8_t *bits;

		while (cap <= at)
			cap *= 2;
		bits = realloc(s->bits, cap);
		if (!bits)
			return RC_MEMORY;
		memset(bits + s->cap, 0, cap - s->cap);
		s->bits = bits;
		s->cap = cap;
	}
	*is_new = !(s->bits[at] & bit);
	s->bits[at] |= bit;
	return RC_OK;
}

bool
batch_is_held(const struct batch_run *b, uint64_t index)
{
	size_t at = (size_t)(index >> 3);

	return at < b->held.cap && b->held.bits[at] >> (index & 7) & 1;
}

#define KEPT_SUMMARY "summary.csv.part"

struct walk {
	struct batch_run *b;
	const struct summary_line *line;
	bool holds;
	struct secret bytes; /* room for one image */
	uint64_t from; /* where in the summary the line begins */
	uint64_t after; /* no row up to this one is lost */
	uint64_t in_order; /* images up to this index hold */
	struct batch_file kept; /* lines that hold; fd -1: all so far do */
};

/** The device that the row is of, by the names that the line has for it: labels
 *  are printed by these, and the MANIFEST is signed over them. */
static bool
is_device(const struct walk *w, const struct ledger_row *row)
{
	const struct summary_line *l = w->line;
	char unit[IMAGE_ROW_UNIT_MAX + 1];
	struct batch_job j;
	struct writer text;

	if (row->endpoint.len > sizeof(j.endpoint))
		return false;
	memcpy(j.endpoint, row->endpoint.p, row->endpoint.len);
	j.endpoint_len = row->endpoint.len;
	batch_folder_name(&w->b->recipe, &j);
	writer_init(&text, unit, sizeof(unit));
	if (!ledger_field(row, "unit", &text))
		text.len = 0;
	return strcmp(j.name, l->file) == 0 &&
	    batch_summary_is(l->endpoint, row->endpoint) &&
	    batch_summary_is(l->unit, writer_span(&text));
}

static enum rc
hold_row(void *ctx, const struct ledger_row *row)
{
	struct walk *w = ctx;
	struct image_live live;
	bool revoked;
	enum rc rc;

	if (row->seq != w->line->row || !span_is(row->kind, "image_minted"))
		return RC_OK;
	rc = image_row_read(w->b->ledger, row, &live, &revoked);
	w->holds = strcmp(live.batch, w->b->folder.id) == 0 &&
	    strcmp(live.sha256, w->line->sha256) == 0 &&
	    strcmp(live.fingerprint, w->line->fingerprint) == 0 &&
	    live.index == w->line->index && is_device(w, row);
	return rc;
}

static bool
is_sha256(const char *wanted, struct span bytes)
{
	uint8_t sha256[DIGEST_LEN];
	char hex[HEX_TEXT_MAX];

	digest_of(bytes, sha256);
	return strcmp(hex_text(hex, span_of(sha256, DIGEST_LEN)), wanted) == 0;
}

static bool
read_at(struct walk *w, int fd, uint64_t at, uint64_t len)
{
	w->bytes.len = 0;
	while (w->bytes.len < len) {
		ssize_t n = pread(fd, w->bytes.bytes + w->bytes.len,
		    (size_t)len - w->bytes.len, (off_t)(at + w->bytes.len));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		w->bytes.len += (size_t)n;
	}
	return true;
}

/** The next member of the container is this image. */
static bool
hold_member(struct walk *w)
{
	struct batch_folder *f = &w->b->folder;
	const struct summary_line *l = w->line;
	char name[sizeof("images/") + BATCH_IMAGE_NAME_MAX];
	struct tar_head head;
	const char *why;

	snprintf(name, sizeof(name), "images/%s", l->file);
	if (!read_at(w, f->tar.fd, f->tar_len, TAR_BLOCK_LEN) ||
	    tar_head_read(w->bytes.bytes, &head, &why) != RC_OK ||
	    !head.regular || strcmp(head.name, name) != 0 ||
	    head.size != l->size)
		return false;
	if (!read_at(w, f->tar.fd, f->tar_len + TAR_BLOCK_LEN, l->size) ||
	    !is_sha256(l->sha256, secret_expose(&w->bytes)))
		return false;
	f->tar_len += TAR_BLOCK_LEN + l->size + tar_fill_len(l->size);
	return f->tar_len <= f->tar.len;
}

static bool
hold_bytes(struct walk *w, int dir)
{
	int fd = openat(
	    dir, w->line->file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool holds;

	if (fd < 0)
		return false;
	/* one byte more than there should be is too much */
	holds = read_at(w, fd, 0, w->line->size) &&
	    lseek(fd, 0, SEEK_END) == (off_t)w->line->size &&
	    is_sha256(w->line->sha256, secret_expose(&w->bytes));
	close(fd);
	return holds;
}

/** Its file is there; or it was to be given its name next. */
static bool
hold_file(struct walk *w)
{
	const struct batch_folder *f = &w->b->folder;

	if (memchr(w->line->file, '/', strlen(w->line->file)))
		return false;
	if (hold_bytes(w, f->images))
		return true;
	return !batch_folder_has(f, w->line->file) && hold_bytes(w, f->open) &&
	    batch_folder_name_image(f, w->line->file, false) == RC_OK;
}

static int
unreadable(struct batch_run *b, enum rc rc)
{
	if (rc == RC_IO || rc == RC_MEMORY)
		return batch_folder_failed(&b->folder, rc);
	return tool_error(EX_IOERR, "see provisioning-tool audit verify",
	    "the ledger could not be read (%s)", rc_name(rc));
}

/** One line; w->holds: it is done. */
static enum rc
hold_line(struct walk *w)
{
	struct batch_run *b = w->b;
	const struct ledger_query q = {
	    .after_seq = w->line->row - 1,
	    .limit = 1,
	};
	enum rc rc;

	w->holds = false;
	if (w->line->row == 0 || w->line->size == 0 ||
	    w->line->size > w->bytes.cap || batch_is_held(b, w->line->index))
		return RC_OK;
	rc = ledger_read(b->ledger, &q, hold_row, w);
	if (rc == RC_OK && w->holds)
		w->holds = b->folder.container ? hold_member(w) : hold_file(w);
	return rc;
}

/** What is in `.open/` now is nobody's. */
static void
clear_open(const struct batch_folder *f)
{
	int fd = f->open < 0
	    ? -1
	    : openat(f->open, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			(void)unlinkat(f->open, e->d_name, 0);
	if (d)
		closedir(d);
}

static int
cut(struct batch_run *b)
{
	struct batch_folder *f = &b->folder;
	enum rc rc = batch_file_cut(&f->summary, f->summary_len);

	if (rc == RC_OK && f->container)
		rc = batch_file_cut(&f->tar, f->tar_len);
	clear_open(f);
	return rc == RC_OK ? EX_OK : batch_folder_failed(f, rc);
}

static enum rc
copy_lines(struct walk *w, uint64_t from, uint64_t end)
{
	enum rc rc = RC_OK;
	uint8_t buf[4096];

	while (rc == RC_OK && from < end) {
		size_t n = end - from < sizeof(buf) ? (size_t)(end - from)
						    : sizeof(buf);
		ssize_t got =
		    pread(w->b->folder.summary.fd, buf, n, (off_t)from);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return RC_IO;
		rc = batch_file_put(&w->kept, span_of(buf, (size_t)got));
		from += (uint64_t)got;
	}
	return rc;
}

/** The first that is lost: the lines that stay go to a summary of their own. */
static enum rc
begin_kept(struct walk *w)
{
	const struct batch_folder *f = &w->b->folder;
	enum rc rc;

	(void)unlinkat(f->open, KEPT_SUMMARY, 0);
	rc = batch_file_open(&w->kept, f->open, KEPT_SUMMARY, true);
	return rc == RC_OK ? copy_lines(w, 0, w->from) : rc;
}

/** It takes the place of the other one whole. */
static enum rc
end_kept(struct walk *w)
{
	struct batch_folder *f = &w->b->folder;
	enum rc rc = batch_file_sync(&w->kept);

	if (rc == RC_OK &&
	    (renameat(f->open, KEPT_SUMMARY, f->dir, KEPT_SUMMARY) != 0 ||
		fsync(f->dir) != 0))
		rc = RC_IO;
	if (rc != RC_OK)
		return rc;
	batch_file_close(&f->summary);
	f->summary = w->kept;
	f->summary_len = w->kept.len;
	w->kept = (struct batch_file){.fd = -1};
	return RC_OK;
}

/** The line holds, and counts. */
static enum rc
keep_line(struct walk *w)
{
	struct batch_run *b = w->b;
	const struct summary_line *l = w->line;
	bool is_new;
	enum rc rc = batch_seen_mark(&b->held, l->index, &is_new);

	if (rc == RC_OK && w->kept.fd >= 0)
		rc = copy_lines(w, w->from, l->end);
	if (rc != RC_OK)
		return rc;
	if (w->kept.fd < 0)
		b->folder.summary_len = l->end;
	if (l->index == w->in_order + 1) {
		w->in_order++;
		w->after = l->row;
	}
	b->folder.count++;
	b->folder.bytes += l->size;
	if (l->index >= b->next_index)
		b->next_index = l->index + 1;
	progress_at(&b->progress, b->folder.count, 0);
	return RC_OK;
}

int
batch_resume(struct batch_run *b)
{
	struct summary_line line;
	struct walk w = {.b = b, .line = &line, .kept = {.fd = -1}};
	struct batch_reader *reader = malloc(sizeof(*reader));
	int code = EX_OK;
	enum rc rc = reader ? secret_reserve_large(&w.bytes, IMAGE_BYTES_MAX)
			    : RC_MEMORY;

	b->next_index = 1;
	if (rc == RC_OK)
		batch_reader_begin(reader, b->folder.summary.fd);
	progress_begin(&b->progress, "looking through images");
	w.from = batch_summary_names_len();
	while (rc == RC_OK && !batch_interrupted() &&
	    (rc = batch_reader_next(reader, &line)) == RC_OK) {
		rc = hold_line(&w);
		if (rc == RC_OK && w.holds)
			rc = keep_line(&w);
		else if (rc == RC_OK && b->folder.container)
			break;
		else if (rc == RC_OK && w.kept.fd < 0)
			rc = begin_kept(&w);
		w.from = line.end;
	}
	if (rc == RC_NOT_FOUND || rc == RC_MALFORMED)
		rc = RC_OK;
	/* the line of names stands, too */
	if (b->folder.summary_len == 0 && reader && reader->begun)
		b->folder.summary_len = batch_summary_names_len();
	if (rc == RC_OK && w.kept.fd >= 0 && !batch_interrupted())
		rc = end_kept(&w);
	batch_file_close(&w.kept);
	progress_end(&b->progress);
	secret_fini(&w.bytes);
	free(reader);
	b->kept = b->folder.count;
	if (rc != RC_OK)
		return unreadable(b, rc);
	if (batch_interrupted())
		return EX_TEMPFAIL;
	code = cut(b);
	if (code == EX_OK && b->folder.summary_len == 0 &&
	    batch_summary_begin(&b->folder) != RC_OK)
		code = batch_folder_failed(&b->folder, RC_IO);
	b->folder.summary_len = b->folder.summary.len;
	return code == EX_OK ? batch_lost(b, w.after) : code;
}
