/* What lies beside the images of a batch. */
#include "verify_batch_files.h"

#include "flat_json.h"
#include "hsm/sshkey.h"
#include "image_folder.h"
#include "tool.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	CHUNK_LEN = 65536, /* bytes that are hashed at a time */
	CLOCK_SLACK_S = 300, /* a station whose clock is ahead */
};

/** Open it, a regular file; -1: `why`. */
static int
open_regular(const struct verify_batch *b, const char *name, const char **why)
{
	int fd = batch_open(b, name);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0) {
		*why = errno == ELOOP ? "a symbolic link" : strerror(errno);
	} else if (!S_ISREG(st.st_mode)) {
		*why = "not a regular file";
	} else {
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

enum rc
batch_small_file(struct verify_batch *b, const char *name, size_t max,
    uint8_t **room, struct span *out, const char **why)
{
	int fd = open_regular(b, name, why);
	ssize_t n = 0;
	size_t len = 0;

	*room = NULL;
	if (fd < 0)
		return RC_IO;
	/* a byte more than it can have shows what is too long */
	*room = malloc(max + 1);
	while (*room && len <= max &&
	    (n = read(fd, *room + len, max + 1 - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		*why = strerror(errno);
	close(fd);
	if (!*room)
		return RC_MEMORY;
	if (n < 0)
		return RC_IO;
	*why = "longer than such a file is";
	*out = span_of(*room, len);
	return len > max ? RC_TOO_LARGE : RC_OK;
}

/* --- batch.json ----------------------------------------------------------- */

static void
describe(struct verify_batch *b, const char *code, const char *what,
    const char *quoted)
{
	diag_add(batch_diag(b), DIAG_ERROR, batch_label(b, BATCH_DESCRIPTION),
	    0, 0, code, "%s%s%s", what, quoted[0] ? " " : "", quoted);
}

static bool
take_text(const struct flat_member *m, char out[static BATCH_TEXT_MAX + 1])
{
	struct writer w;

	writer_init(&w, out, BATCH_TEXT_MAX);
	if (!m->text || text_unquote(&w, m->value) != RC_OK)
		w.len = 0;
	out[w.len] = '\0';
	return w.len > 0;
}

/** A time as rows have it, "2026-11-22T08:00:00.000Z", or of less detail. */
static bool
read_time(const char *text, int64_t *out)
{
	char digits[32];
	size_t n = 0;

	for (; *text && *text != '.' && *text != 'Z'; text++) {
		if (n == sizeof(digits) - 2)
			return false;
		if (!strchr("-:T", *text))
			digits[n++] = *text;
	}
	digits[n++] = 'Z';
	return sshkey_time(span_of(digits, n), out);
}

static void
check_created(struct verify_batch *b, const struct flat_member *m)
{
	char text[BATCH_TEXT_MAX + 1];
	struct quoted q;
	int64_t when;

	if (!take_text(m, text) || !read_time(text, &when))
		describe(
		    b, "batch-description", "created: %s", "not a time of UTC");
	else if (when > b->v->now_s + CLOCK_SLACK_S)
		describe(b, "batch-created",
		    "it says that it was made at a time to come,",
		    quote_str(&q, text));
}

static void
take_member(struct verify_batch *b, const struct flat_member *m)
{
	uint64_t n;

	if (span_is(m->name, "order"))
		(void)take_text(m, b->order);
	else if (span_is(m->name, "format"))
		(void)take_text(m, b->format);
	else if (span_is(m->name, "identity"))
		(void)take_text(m, b->identity);
	else if (span_is(m->name, "created"))
		check_created(b, m);
	else if (span_is(m->name, "count") && !m->text &&
	    span_decimal(m->value, INT64_MAX, &n))
		b->count = (int64_t)n;
}

static void
check_expected(struct verify_batch *b)
{
	const struct verify *v = b->v;
	struct quoted q;

	if (v->o->order_name && strcmp(b->order, v->o->order_name) != 0)
		describe(b, "batch-order",
		    b->order[0] ? "it was made for order"
				: "it was made for no order",
		    b->order[0] ? quote_str(&q, b->order) : "");
	if (v->identity && strcmp(b->identity, v->identity->name) != 0)
		describe(b, "batch-identity", "it was made by identity",
		    quote_str(&q, b->identity));
	if (b->format[0] && !image_format_find(b->format))
		describe(b, "batch-description", "no format is called",
		    quote_str(&q, b->format));
}

/** White space between the parts is free (RFC 8259 section 2). In place. */
static struct span
without_space(uint8_t *text, size_t len)
{
	bool quoted = false;
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		uint8_t c = text[i];

		if (!quoted &&
		    (c == ' ' || c == '\t' || c == '\r' || c == '\n'))
			continue;
		text[n++] = c;
		if (c == '"')
			quoted = !quoted;
		else if (quoted && c == '\\' && i + 1 < len)
			text[n++] = text[++i];
	}
	return span_of(text, n);
}

int
batch_read_description(struct verify_batch *b)
{
	struct flat_member m;
	struct flat_walk walk;
	struct span text;
	const char *why = NULL;
	uint8_t *room;
	enum rc rc = batch_small_file(
	    b, BATCH_DESCRIPTION, BATCH_DESCRIPTION_MAX, &room, &text, &why);

	b->count = -1;
	if (rc == RC_OK) {
		text = without_space(room, text.len);
		if (!flat_valid(text)) {
			why = "not one flat object of JSON";
			rc = RC_MALFORMED;
		}
	}
	if (rc == RC_OK) {
		flat_begin(&walk, text);
		while (flat_next(&walk, &m))
			take_member(b, &m);
		check_expected(b);
	} else if (rc != RC_MEMORY) {
		describe(b, "batch-description", why, "");
	}
	free(room);
	return rc == RC_MEMORY ? tool_fault(rc, "images") : EX_OK;
}

enum rc
batch_check_format(struct verify_batch *b, struct verify_one *one)
{
	const struct image_reading *r = &b->v->reader.r;

	if (!one->file->fault && b->format[0] && r->depth > 0 &&
	    image_format_find(b->format) &&
	    strcmp(r->nested[0]->name, b->format) != 0)
		verify_find(one, DIAG_ERROR, "batch-format",
		    "it is of the format %s, and the batch of %s",
		    r->nested[0]->name, b->format);
	return RC_OK;
}

/* --- the folder ----------------------------------------------------------- */

static enum rc
hash_file(int fd, uint8_t sha256[static DIGEST_LEN])
{
	uint8_t *chunk = malloc(CHUNK_LEN);
	struct digest d;
	ssize_t n = 0;

	if (!chunk)
		return RC_MEMORY;
	digest_init(&d);
	while ((n = read(fd, chunk, CHUNK_LEN)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		digest_put(&d, span_of(chunk, (size_t)n));
	}
	free(chunk);
	digest_final(&d, sha256);
	return n < 0 ? RC_IO : RC_OK;
}

static void
beside(
    struct verify_batch *b, const char *name, const char *code, const char *why)
{
	diag_add(batch_diag(b), DIAG_ERROR, batch_label(b, name), 0, 0, code,
	    "%s", why);
}

/** A name that a batch folder has besides; none that this verb knows. */
static bool
is_ours(const struct verify_batch *b, const char *name)
{
	return strcmp(name, BATCH_MANIFEST) == 0 ||
	    strcmp(name, BATCH_SIGNATURE) == 0 ||
	    strcmp(name,
		b->shape == IMAGE_FILES_IN_TAR ? IMAGE_FILES_CONTAINER
					       : IMAGE_FILES_FOLDER) == 0;
}

static enum rc
check_file(struct verify_batch *b, const char *name)
{
	uint8_t sha256[DIGEST_LEN];
	const char *why = NULL;
	enum rc rc;
	int fd;

	if (is_ours(b, name))
		return RC_OK;
	if (strlen(name) > BATCH_NAME_MAX) {
		beside(b, "...", "batch-extra", "a name that is too long");
		return RC_OK;
	}
	fd = open_regular(b, name, &why);
	if (fd < 0) {
		if (batch_manifest_meet(&b->manifest, span_str(name), NULL) ==
		    BATCH_MET_UNKNOWN)
			why = "MANIFEST has no such file";
		beside(b, name, "batch-extra", why);
		return RC_OK;
	}
	rc = hash_file(fd, sha256);
	close(fd);
	if (rc == RC_IO)
		beside(b, name, "batch-changed", "it cannot be read");
	if (rc != RC_OK)
		return rc == RC_MEMORY ? rc : RC_OK;
	switch (batch_manifest_meet(&b->manifest, span_str(name), sha256)) {
	case BATCH_MET:
		break;
	case BATCH_MET_TWICE:
	case BATCH_MET_CHANGED:
		beside(b, name, "batch-changed",
		    "its bytes are not those that MANIFEST has the SHA-256 of");
		break;
	case BATCH_MET_UNKNOWN:
		beside(b, name, "batch-extra", "MANIFEST has no such file");
		break;
	}
	return RC_OK;
}

static enum rc
check_all(struct verify_batch *b)
{
	struct image_folder folder;
	const char *name;
	enum rc rc =
	    image_folder_begin(&folder, b->folder, IMAGE_FOLDER_WINDOW);

	if (rc != RC_OK)
		return rc;
	while ((rc = image_folder_next(&folder, &name)) == RC_OK) {
		rc = check_file(b, name);
		if (rc != RC_OK)
			break;
	}
	image_folder_end(&folder);
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

int
batch_check_beside(struct verify_batch *b)
{
	enum rc rc = b->has_manifest ? check_all(b) : RC_OK;

	if (b->count >= 0 && (uint64_t)b->count != b->names.count)
		diag_add(batch_diag(b), DIAG_ERROR,
		    batch_label(b, BATCH_DESCRIPTION), 0, 0, "batch-count",
		    "it says that there are %lld images, and there are %zu",
		    (long long)b->count, b->names.count);
	if (rc == RC_IO) {
		beside(b, ".", "batch-extra", strerror(errno));
		rc = RC_OK;
	}
	return rc == RC_OK ? EX_OK : tool_fault(rc, "images");
}
