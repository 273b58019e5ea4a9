#include "line_sort.h"

#include "batch_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* Lines of one length make a run an array, in memory and in the file. */
struct line {
	uint16_t len;
	uint8_t text[LINE_SORT_LEN];
};

/* A run that is being merged: the line it stands on, and how many follow. */
struct run {
	struct line head;
	uint64_t at; /* of the line behind it, in the file */
	uint64_t end;
	size_t key_at;
};

struct line_sort {
	int fd; /* -1: all stands in memory so far */
	int dir;
	size_t key_at;
	size_t count; /* in `lines` */
	uint64_t *ends; /* owned: where each run in the file ends */
	size_t runs;
	uint64_t len; /* bytes in the file */
	struct line lines[LINE_SORT_RUN];
};

static struct span
key_of(const struct line *l, size_t key_at)
{
	return span_from(span_of(l->text, l->len), key_at);
}

static int
compare(const void *a, const void *b, void *arg)
{
	const struct line_sort *s = arg;

	return span_compare(key_of(a, s->key_at), key_of(b, s->key_at));
}

enum rc
line_sort_new(int dir, size_t key_at, struct line_sort **out)
{
	struct line_sort *s = calloc(1, sizeof(*s));

	*out = s;
	if (!s)
		return RC_MEMORY;
	s->fd = -1;
	s->dir = dir;
	s->key_at = key_at;
	return RC_OK;
}

void
line_sort_free(struct line_sort *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	free(s->ends);
	free(s);
}

/** A file without a name; where there is no such thing, one that loses its. */
static int
nameless(int dir)
{
	static const char name[] = ".sorting";
	int fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 ||
	    (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd;
	(void)unlinkat(dir, name, 0);
	fd = openat(dir, name, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		(void)unlinkat(dir, name, 0);
	return fd;
}

/** Put the sorted lines aside. */
static enum rc
spill(struct line_sort *s)
{
	const size_t len = s->count * sizeof(s->lines[0]);
	uint64_t *ends;
	enum rc rc;

	if (s->fd < 0)
		s->fd = nameless(s->dir);
	if (s->fd < 0)
		return RC_IO;
	qsort_r(s->lines, s->count, sizeof(s->lines[0]), compare, s);
	rc = batch_write_all(s->fd, span_of((const uint8_t *)s->lines, len));
	if (rc != RC_OK)
		return rc;
	ends = realloc(s->ends, (s->runs + 1) * sizeof(*ends));
	if (!ends)
		return RC_MEMORY;
	s->ends = ends;
	s->len += len;
	s->ends[s->runs++] = s->len;
	s->count = 0;
	return RC_OK;
}

enum rc
line_sort_put(struct line_sort *s, struct span line)
{
	struct line *l;
	enum rc rc = s->count == LINE_SORT_RUN ? spill(s) : RC_OK;

	if (rc != RC_OK)
		return rc;
	if (line.len > LINE_SORT_LEN || line.len < s->key_at)
		return RC_TOO_LARGE;
	l = &s->lines[s->count++];
	memset(l, 0, sizeof(*l));
	l->len = (uint16_t)line.len;
	memcpy(l->text, line.p, line.len);
	return RC_OK;
}

/** The next line of a run. False: none, or errno. */
static bool
advance(const struct line_sort *s, struct run *r, enum rc *rc)
{
	struct line next;
	ssize_t n;

	if (r->at == r->end)
		return false;
	n = pread(s->fd, &next, sizeof(next), (off_t)r->at);
	if (n != (ssize_t)sizeof(next)) {
		if (n >= 0)
			errno = EIO;
		*rc = RC_IO;
		return false;
	}
	r->head = next;
	r->at += sizeof(next);
	return true;
}

/** Let the run at `i` sink to where it belongs: the least stands in front. */
static void
sink(struct run **heap, size_t count, size_t i)
{
	for (;;) {
		size_t least = i;
		struct run *moved = heap[i];

		for (size_t c = 2 * i + 1; c <= 2 * i + 2 && c < count; c++)
			if (span_compare(
				key_of(&heap[c]->head, heap[c]->key_at),
				key_of(&heap[least]->head,
				    heap[least]->key_at)) < 0)
				least = c;
		if (least == i)
			return;
		heap[i] = heap[least];
		heap[least] = moved;
		i = least;
	}
}

static enum rc
merge(const struct line_sort *s, struct run *runs, struct run **heap,
    line_sort_fn each, void *ctx)
{
	enum rc rc = RC_OK;
	size_t count = 0;

	for (size_t i = 0; i < s->runs; i++) {
		runs[i].at = i ? s->ends[i - 1] : 0;
		runs[i].end = s->ends[i];
		runs[i].key_at = s->key_at;
		if (advance(s, &runs[i], &rc))
			heap[count++] = &runs[i];
	}
	for (size_t i = count / 2; i-- > 0;)
		sink(heap, count, i);
	while (rc == RC_OK && count > 0) {
		rc = each(ctx, span_of(heap[0]->head.text, heap[0]->head.len));
		if (rc == RC_OK && !advance(s, heap[0], &rc))
			heap[0] = heap[--count];
		sink(heap, count, 0);
	}
	return rc;
}

enum rc
line_sort_each(struct line_sort *s, line_sort_fn each, void *ctx)
{
	struct run *runs = NULL, **heap = NULL;
	enum rc rc = RC_OK;

	if (s->runs == 0) {
		qsort_r(s->lines, s->count, sizeof(s->lines[0]), compare, s);
		for (size_t i = 0; rc == RC_OK && i < s->count; i++)
			rc = each(
			    ctx, span_of(s->lines[i].text, s->lines[i].len));
		return rc;
	}
	if (s->count > 0)
		rc = spill(s);
	if (rc == RC_OK) {
		runs = calloc(s->runs, sizeof(*runs));
		heap = calloc(s->runs, sizeof(struct run *));
		rc = runs && heap ? merge(s, runs, heap, each, ctx) : RC_MEMORY;
	}
	free(heap);
	free(runs);
	return rc;
}
