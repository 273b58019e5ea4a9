/* summary.csv of a batch against its images: a row for each, and of it alone. */
#include "csv_record.h"
#include "tool.h"
#include "verify_batch_files.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	WINDOW_LEN = 65536, /* bytes of it at a time */
	ROW_MAX = 16384, /* bytes of a row */
	FIELD_MAX = 1024, /* bytes of a field that is looked at */
	KEY_MAX = 3 * FIELD_MAX,
};

/** Columns that are looked at. */
enum column { FILE_NAME, SHA256, FINGERPRINT, ENDPOINT, LOOKED_AT };

static const char *const names[LOOKED_AT] = {
    "image_file", "image_sha256", "fingerprint", "endpoint"};

struct summary {
	struct verify_batch *b;
	int fd;
	uint8_t *window; /* owned */
	uint8_t *room; /* owned */
	size_t len; /* in the window */
	bool ended, headed;
	size_t columns[LOOKED_AT]; /* their numbers */
	char fields[LOOKED_AT][FIELD_MAX];
	unsigned line;
	struct name_set rows; /* of images that rows are about */
};

/** "A|B|C" into `out`. */
static struct span
join(char out[static KEY_MAX], const char *a, const char *b, const char *c)
{
	return span_of(out,
	    (size_t)snprintf(out, KEY_MAX, "%.*s|%.*s|%.*s", FIELD_MAX - 2, a,
		FIELD_MAX - 2, b, FIELD_MAX - 2, c));
}

enum rc
batch_summary_keep(struct verify_batch *b, const struct verify_one *one)
{
	const char *slash = strchr(one->file->name, '/');
	const char *name = slash ? slash + 1 : one->file->name;
	char key[KEY_MAX], hex[HEX_TEXT_MAX], owner[LEDGER_NAME_MAX + 1];
	enum rc rc;

	hex_text(hex, span_of(one->file->sha256, DIGEST_LEN));
	rc = name_set_add(&b->facts, join(key, name, hex, one->fingerprint));
	if (rc == RC_MEMORY || one->endpoint.len == 0)
		return rc == RC_MEMORY ? rc : RC_OK;
	memcpy(owner, one->endpoint.p, one->endpoint.len);
	owner[one->endpoint.len] = '\0';
	rc = name_set_add(&b->owners, join(key, name, owner, ""));
	return rc == RC_MEMORY ? rc : RC_OK;
}

static void
wrong(struct summary *s, const char *why)
{
	diag_add(batch_diag(s->b), DIAG_ERROR, batch_label(s->b, BATCH_SUMMARY),
	    s->line, 0, "batch-summary", "%s", why);
}

/* --- rows ----------------------------------------------------------------- */

static void
take_name(void *ctx, size_t column, struct span field)
{
	struct summary *s = ctx;

	for (size_t i = 0; i < LOOKED_AT; i++)
		if (span_is(field, names[i]))
			s->columns[i] = column;
}

static void
take_field(void *ctx, size_t column, struct span field)
{
	struct summary *s = ctx;

	for (size_t i = 0; i < LOOKED_AT; i++) {
		struct writer w;

		if (s->columns[i] != column)
			continue;
		writer_init(&w, s->fields[i], FIELD_MAX - 1);
		if (text_unescape(&w, field) != RC_OK)
			w.len = 0;
		s->fields[i][w.len] = '\0';
	}
}

/** The line of names; false: it has not all that is looked at. */
static bool
check_head(struct summary *s)
{
	s->headed = true;
	for (size_t i = 0; i < LOOKED_AT; i++)
		if (s->columns[i] == SIZE_MAX) {
			wrong(s,
			    "its first line does not name image_file, "
			    "image_sha256, fingerprint and endpoint");
			return false;
		}
	return true;
}

static enum rc
check_row(struct summary *s)
{
	const struct verify_batch *b = s->b;
	char key[KEY_MAX];
	enum rc rc;

	if (!name_set_has(&b->facts,
		join(key, s->fields[FILE_NAME], s->fields[SHA256],
		    s->fields[FINGERPRINT]))) {
		wrong(s,
		    "no image of the batch has that name, SHA-256 and "
		    "fingerprint");
		return RC_OK;
	}
	rc = name_set_add(&s->rows, span_str(s->fields[FILE_NAME]));
	if (rc == RC_CONFLICT)
		wrong(s, "a second row of one image");
	/* where it is known whose the images are */
	if (b->owners.count == b->facts.count &&
	    !name_set_has(&b->owners,
		join(key, s->fields[FILE_NAME], s->fields[ENDPOINT], "")))
		wrong(s, "the image is of another endpoint");
	return rc == RC_MEMORY ? rc : RC_OK;
}

/** One record off the window. RC_AGAIN: more of the file first; RC_NOT_FOUND:
 *  nothing more is to be looked at. */
static enum rc
take_record(struct summary *s)
{
	struct span in = span_of(s->window, s->len);
	const char *fault = NULL;
	struct writer room;
	size_t used = 0;
	bool head = !s->headed;
	enum rc rc;

	if (s->len == 0)
		return s->ended ? RC_NOT_FOUND : RC_AGAIN;
	memset(s->fields, 0, sizeof(s->fields));
	writer_init(&room, s->room, WINDOW_LEN);
	rc = csv_record_take(in, s->ended, ',', &room,
	    head ? take_name : take_field, s, &used, &fault);
	if (rc == RC_AGAIN && !s->ended && s->len < ROW_MAX)
		return RC_AGAIN;
	s->line++;
	if (rc != RC_OK) {
		wrong(s, fault ? fault : "a row that does not end");
		if (used == 0 || head)
			return RC_NOT_FOUND;
	}
	memmove(s->window, s->window + used, s->len - used);
	s->len -= used;
	if (rc != RC_OK)
		return RC_OK;
	if (head)
		return check_head(s) ? RC_OK : RC_NOT_FOUND;
	return check_row(s);
}

static enum rc
read_more(struct summary *s)
{
	ssize_t n = read(s->fd, s->window + s->len, WINDOW_LEN - s->len);

	if (n < 0 && errno == EINTR)
		return RC_OK;
	if (n < 0) {
		wrong(s, strerror(errno));
		return RC_NOT_FOUND;
	}
	s->ended = n == 0;
	s->len += (size_t)n;
	return RC_OK;
}

static enum rc
read_all(struct summary *s)
{
	enum rc rc = RC_OK;

	while (rc == RC_OK) {
		rc = take_record(s);
		if (rc == RC_AGAIN)
			rc = read_more(s);
	}
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

int
batch_check_summary(struct verify_batch *b)
{
	struct summary s = {
	    .b = b,
	    .fd = batch_open(b, BATCH_SUMMARY),
	    .window = malloc(WINDOW_LEN),
	    .room = malloc(WINDOW_LEN),
	};
	enum rc rc = s.window && s.room ? RC_OK : RC_MEMORY;

	for (size_t i = 0; i < LOOKED_AT; i++)
		s.columns[i] = SIZE_MAX;
	name_set_init(&s.rows);
	if (s.fd < 0)
		wrong(&s, strerror(errno));
	else if (rc == RC_OK)
		rc = read_all(&s);
	s.line = 0;
	if (rc == RC_OK && s.fd >= 0 && s.rows.count < b->facts.count) {
		char text[80];

		snprintf(text, sizeof(text), "%zu image%s in no row of it",
		    b->facts.count - s.rows.count,
		    b->facts.count - s.rows.count == 1 ? " stands" : "s stand");
		wrong(&s, text);
	}
	name_set_fini(&s.rows);
	if (s.fd >= 0)
		close(s.fd);
	free(s.window);
	free(s.room);
	return rc == RC_OK ? EX_OK : tool_fault(rc, "images");
}
