#include "batch_manifest.h"

#include "base/text.h"
#include "image_files.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	HEX_LEN = 2 * DIGEST_LEN,
	LINE_MAX_LEN = HEX_LEN + 2 + BATCH_NAME_MAX,
	MET = 1, /* the bit of batch_entry.line */
};

/* --- a line --------------------------------------------------------------- */

static enum rc
fault(const char **why, const char *text)
{
	*why = text;
	return RC_MALFORMED;
}

static bool
name_good(struct span name)
{
	const uint8_t *slash = name.len ? memchr(name.p, '/', name.len) : NULL;
	size_t first = slash ? (size_t)(slash - name.p) : name.len;

	return name.len <= BATCH_NAME_MAX &&
	    image_files_name_good(span_of(name.p, first)) &&
	    (!slash || image_files_name_good(span_from(name, first + 1)));
}

enum rc
batch_line_read(struct span line, struct batch_line *out, const char **why)
{
	struct writer w;

	*out = (struct batch_line){0};
	if (line.len <= HEX_LEN + 2)
		return fault(why, "too short for a SHA-256 and a name");
	for (size_t i = 0; i < HEX_LEN; i++)
		if (line.p[i] >= 'A' && line.p[i] <= 'F')
			return fault(why, "digits in upper case");
	writer_init(&w, out->sha256, sizeof(out->sha256));
	if (text_unhex(&w, span_of(line.p, HEX_LEN)) != RC_OK)
		return fault(why, "no SHA-256 in front");
	if (line.p[HEX_LEN] != ' ' || line.p[HEX_LEN + 1] != ' ')
		return fault(why, "no two spaces behind the SHA-256");
	out->name = span_from(line, HEX_LEN + 2);
	if (!name_good(out->name))
		return fault(why, "not a plain relative name");
	return RC_OK;
}

/* --- hashing -------------------------------------------------------------- */

/** A block from `at` on; -1: errno. */
static ssize_t
read_block(int fd, uint64_t at, uint8_t block[static BATCH_BLOCK_LEN])
{
	size_t len = 0;

	while (len < BATCH_BLOCK_LEN) {
		ssize_t n = pread(
		    fd, block + len, BATCH_BLOCK_LEN - len, (off_t)(at + len));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

/** Room for one more. */
static void *
grown(void *list, size_t count, size_t *cap, size_t size)
{
	size_t more = *cap ? 2 * *cap : 256;

	if (count < *cap)
		return list;
	list = reallocarray(list, more, size);
	if (list)
		*cap = more;
	return list;
}

static enum rc
hash_blocks(struct batch_manifest *m, uint8_t *block)
{
	struct digest512 d512;
	struct digest d256;
	ssize_t n;

	digest_init(&d256);
	digest512_init(&d512);
	do {
		void *more = grown(m->blocks, m->block_count, &m->block_cap,
		    sizeof(*m->blocks));

		if (!more)
			return RC_MEMORY;
		m->blocks = more;
		n = read_block(m->fd, m->len, block);
		if (n < 0)
			return RC_IO;
		digest_put(&d256, span_of(block, (size_t)n));
		digest512_put(&d512, span_of(block, (size_t)n));
		digest_of(
		    span_of(block, (size_t)n), m->blocks[m->block_count++]);
		m->len += (uint64_t)n;
	} while (n == BATCH_BLOCK_LEN);
	digest_final(&d256, m->sha256);
	digest512_final(&d512, m->sha512);
	return RC_OK;
}

enum rc
batch_manifest_hash(struct batch_manifest *m, int fd)
{
	uint8_t *block = malloc(BATCH_BLOCK_LEN);
	enum rc rc;

	*m = (struct batch_manifest){.fd = fd};
	random_bytes(m->key, sizeof(m->key));
	rc = block ? hash_blocks(m, block) : RC_MEMORY;
	free(block);
	if (rc != RC_OK)
		batch_manifest_fini(m);
	return rc;
}

void
batch_manifest_fini(struct batch_manifest *m)
{
	free(m->blocks);
	free(m->entries);
	m->blocks = NULL;
	m->entries = NULL;
	m->block_count = m->block_cap = m->count = m->cap = 0;
}

/* --- lines ---------------------------------------------------------------- */

/** A walk over them. */
struct walk {
	batch_line_fn each;
	void *ctx;
	uint64_t number;
	uint8_t line[LINE_MAX_LEN];
	size_t len;
	bool too_long;
	char last[BATCH_NAME_MAX];
	size_t last_len;
};

static enum rc
end_line(struct walk *w)
{
	struct batch_line line = {0};
	struct span last = span_of(w->last, w->last_len);
	const char *why = NULL;
	int order;

	w->number++;
	if (w->too_long)
		why = "longer than any line is";
	else if (batch_line_read(span_of(w->line, w->len), &line, &why) ==
	    RC_OK) {
		order = span_compare(last, line.name);
		if (w->last_len > 0 && order == 0)
			why = "this name stands there twice";
		else if (order > 0)
			why = "the lines are not sorted by name";
		if (order < 0) {
			memcpy(w->last, line.name.p, line.name.len);
			w->last_len = line.name.len;
		}
	}
	if (why)
		line = (struct batch_line){0};
	w->len = 0;
	w->too_long = false;
	return w->each(w->ctx, w->number, &line, why);
}

static enum rc
take_block(struct walk *w, struct span block)
{
	enum rc rc = RC_OK;

	while (rc == RC_OK && block.len > 0) {
		const uint8_t *end = memchr(block.p, '\n', block.len);
		size_t n = end ? (size_t)(end - block.p) : block.len;

		if (n > sizeof(w->line) - w->len)
			w->too_long = true;
		if (!w->too_long) {
			memcpy(w->line + w->len, block.p, n);
			w->len += n;
		}
		block = span_from(block, n + (end ? 1 : 0));
		if (end)
			rc = end_line(w);
	}
	return rc;
}

static enum rc
walk_blocks(const struct batch_manifest *m, struct walk *w, uint8_t *block)
{
	enum rc rc = RC_OK;
	uint64_t at = 0;

	for (size_t i = 0; rc == RC_OK && i < m->block_count; i++) {
		ssize_t n = read_block(m->fd, at, block);
		uint8_t sha256[DIGEST_LEN];

		if (n < 0)
			return RC_IO;
		digest_of(span_of(block, (size_t)n), sha256);
		if (memcmp(sha256, m->blocks[i], DIGEST_LEN) != 0)
			return RC_CONFLICT;
		at += (uint64_t)n;
		rc = take_block(w, span_of(block, (size_t)n));
	}
	/* the last one has no line feed */
	if (rc == RC_OK && (w->len > 0 || w->too_long))
		rc = w->each(w->ctx, w->number + 1, &(struct batch_line){0},
		    "the last line does not end");
	return rc;
}

enum rc
batch_manifest_lines(
    const struct batch_manifest *m, batch_line_fn each, void *ctx)
{
	uint8_t *block = malloc(BATCH_BLOCK_LEN);
	struct walk w = {.each = each, .ctx = ctx};
	enum rc rc = block ? walk_blocks(m, &w, block) : RC_MEMORY;

	free(block);
	return rc;
}

/* --- the index ------------------------------------------------------------ */

/** While it is filled. */
struct filling {
	struct batch_manifest *m;
	batch_line_fn each;
	void *ctx;
};

static uint64_t
hash_name(const struct batch_manifest *m, struct span name)
{
	return hash_keyed(m->key, name);
}

static uint64_t
hash_line(
    const struct batch_manifest *m, struct span name, const uint8_t *sha256)
{
	uint8_t text[DIGEST_LEN + BATCH_NAME_MAX];

	memcpy(text, sha256, DIGEST_LEN);
	memcpy(text + DIGEST_LEN, name.p, name.len);
	return hash_keyed(m->key, span_of(text, DIGEST_LEN + name.len)) &
	    ~(uint64_t)MET;
}

static enum rc
index_line(
    void *ctx, uint64_t number, const struct batch_line *line, const char *why)
{
	struct filling *f = ctx;
	struct batch_manifest *m = f->m;
	void *more;

	if (why)
		return f->each(f->ctx, number, line, why);
	more = grown(m->entries, m->count, &m->cap, sizeof(*m->entries));
	if (!more)
		return RC_MEMORY;
	m->entries = more;
	m->entries[m->count++] = (struct batch_entry){
	    .name = hash_name(m, line->name),
	    .line = hash_line(m, line->name, line->sha256),
	};
	return f->each(f->ctx, number, line, NULL);
}

static int
by_name(const void *a, const void *b)
{
	const struct batch_entry *x = a, *y = b;

	return (x->name > y->name) - (x->name < y->name);
}

enum rc
batch_manifest_index(struct batch_manifest *m, batch_line_fn each, void *ctx)
{
	struct filling f = {m, each, ctx};
	enum rc rc = batch_manifest_lines(m, index_line, &f);

	if (m->count > 0)
		qsort(m->entries, m->count, sizeof(*m->entries), by_name);
	return rc;
}

static struct batch_entry *
find(const struct batch_manifest *m, struct span name)
{
	const struct batch_entry key = {.name = hash_name(m, name)};

	return m->count
	    ? bsearch(&key, m->entries, m->count, sizeof(*m->entries), by_name)
	    : NULL;
}

enum batch_met
batch_manifest_meet(
    struct batch_manifest *m, struct span name, const uint8_t *sha256)
{
	struct batch_entry *e =
	    name.len <= BATCH_NAME_MAX ? find(m, name) : NULL;

	if (!e)
		return BATCH_MET_UNKNOWN;
	if (e->line & MET)
		return BATCH_MET_TWICE;
	e->line |= MET;
	if (sha256 && (e->line & ~(uint64_t)MET) != hash_line(m, name, sha256))
		return BATCH_MET_CHANGED;
	return BATCH_MET;
}

bool
batch_manifest_was_met(const struct batch_manifest *m, struct span name)
{
	const struct batch_entry *e = find(m, name);

	return e && (e->line & MET);
}
