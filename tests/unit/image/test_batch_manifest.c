/* The MANIFEST of a batch: what is parsed is what was hashed. */
#include "batch_manifest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define ZEROS "00000000000000000000000000000000"
#define SHA ZEROS "000000000000000000000000000000ab"

enum { MANY = 5000 };

static int
file_of(struct span text)
{
	int fd = memfd_create("manifest", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text.p, text.len), (ssize_t)text.len);
	return fd;
}

/** What a walk has seen. */
struct seen {
	unsigned good, bad;
	uint64_t first_bad;
	char why[80];
};

static enum rc
look(void *ctx, uint64_t number, const struct batch_line *line, const char *why)
{
	struct seen *s = ctx;

	if (!why) {
		assert_true(line->name.len > 0);
		s->good++;
		return RC_OK;
	}
	if (s->bad++ == 0) {
		s->first_bad = number;
		snprintf(s->why, sizeof(s->why), "%s", why);
	}
	return RC_OK;
}

static void
lines(void **state)
{
	static const struct {
		const char *line, *why; /* NULL: good */
	} all[] = {
	    {SHA "  a", NULL},
	    {SHA "  images/000042.senml.cbor", NULL},
	    {SHA "  images/%3Aa-b_c", NULL},
	    {"", "too short"},
	    {SHA "  ", "too short"},
	    {SHA " *a", "two spaces"},
	    {SHA "   a", "plain"},
	    {ZEROS "000000000000000000000000000000AB  a", "upper case"},
	    {ZEROS "0000000000000000000000000000000x  a", "no SHA-256"},
	    {SHA "  ../a", "plain"},
	    {SHA "  a/..", "plain"},
	    {SHA "  /a", "plain"},
	    {SHA "  a/", "plain"},
	    {SHA "  a//b", "plain"},
	    {SHA "  a/b/c", "plain"},
	    {SHA "  .a", "plain"},
	    {SHA "  a b", "plain"},
	    {SHA "  a\r", "plain"},
	    {SHA "  a\x1b[31m", "plain"},
	    {SHA "  \xc3\xa4", "plain"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct batch_line line;
		const char *why = NULL;
		enum rc rc =
		    batch_line_read(span_str(all[i].line), &line, &why);

		if (!all[i].why) {
			assert_int_equal(rc, RC_OK);
			assert_int_equal(line.sha256[DIGEST_LEN - 1], 0xab);
			continue;
		}
		assert_int_equal(rc, RC_MALFORMED);
		assert_non_null(strstr(why, all[i].why));
	}
	/* a NUL is no end of a name */
	assert_int_equal(batch_line_read(span_of(SHA "  a\0b", 69),
			     &(struct batch_line){0}, &(const char *){0}),
	    RC_MALFORMED);
}

/** Lines of many files, sorted; over several blocks. */
static char *
many(size_t *len)
{
	char *text = malloc((size_t)MANY * 100);

	assert_non_null(text);
	*len = 0;
	for (unsigned i = 0; i < MANY; i++)
		*len +=
		    (size_t)sprintf(text + *len, "%s0%08x  images/%06u.hex\n",
			ZEROS "00000000000000000000000", i, i);
	return text;
}

static void
sha_of(uint8_t sha256[static DIGEST_LEN], unsigned i)
{
	memset(sha256, 0, DIGEST_LEN);
	for (unsigned k = 0; k < 4; k++)
		sha256[DIGEST_LEN - 1 - k] = (uint8_t)(i >> 8 * k);
}

static void
found(void **state)
{
	struct batch_manifest m;
	struct seen seen = {0};
	uint8_t sha256[DIGEST_LEN], of_all[DIGEST_LEN];
	size_t len;
	char *text = many(&len), name[32];
	int fd = file_of(span_of(text, len));

	(void)state;
	assert_true(len > 3 * BATCH_BLOCK_LEN);
	assert_int_equal(batch_manifest_hash(&m, fd), RC_OK);
	digest_of(span_of(text, len), of_all);
	assert_memory_equal(m.sha256, of_all, DIGEST_LEN);
	assert_int_equal(batch_manifest_index(&m, look, &seen), RC_OK);
	assert_int_equal(seen.good, MANY);
	assert_int_equal(seen.bad, 0);
	for (unsigned i = 0; i < MANY; i += 2) {
		struct span s;

		s = span_of(name, (size_t)sprintf(name, "images/%06u.hex", i));
		sha_of(sha256, i);
		assert_false(batch_manifest_was_met(&m, s));
		/* each tenth of them is another file */
		sha256[0] = i % 10 == 0;
		assert_int_equal(batch_manifest_meet(&m, s, sha256),
		    i % 10 == 0 ? BATCH_MET_CHANGED : BATCH_MET);
		assert_int_equal(
		    batch_manifest_meet(&m, s, sha256), BATCH_MET_TWICE);
		assert_true(batch_manifest_was_met(&m, s));
	}
	assert_int_equal(batch_manifest_meet(&m, SPAN_LIT("images/x"), sha256),
	    BATCH_MET_UNKNOWN);
	batch_manifest_fini(&m);
	free(text);
	close(fd);
}

/* Somebody changes the file when its signature has been verified: not a line
 * of what was not signed is handed out. */
static void
changed_between(void **state)
{
	static const struct {
		long at; /* from the end where negative */
		const char *put;
	} all[] = {
	    {0, "f"},
	    {3 * BATCH_BLOCK_LEN, "f"},
	    {-1, "\nmore"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct batch_manifest m;
		struct seen seen = {0};
		size_t len;
		char *text = many(&len);
		int fd = file_of(span_of(text, len));
		off_t at = all[i].at < 0 ? (off_t)len + all[i].at : all[i].at;

		assert_int_equal(batch_manifest_hash(&m, fd), RC_OK);
		assert_true(pwrite(fd, all[i].put, strlen(all[i].put), at) > 0);
		assert_int_equal(
		    batch_manifest_index(&m, look, &seen), RC_CONFLICT);
		assert_true(
		    (uint64_t)seen.good * 80 <= (uint64_t)at + BATCH_BLOCK_LEN);
		batch_manifest_fini(&m);

		/* cut short is changed, too */
		assert_int_equal(batch_manifest_hash(&m, fd), RC_OK);
		assert_int_equal(ftruncate(fd, 100), 0);
		assert_int_equal(
		    batch_manifest_lines(&m, look, &seen), RC_CONFLICT);
		batch_manifest_fini(&m);
		free(text);
		close(fd);
	}
}

static void
faults(void **state)
{
	static const struct {
		const char *text, *why;
		unsigned good;
		uint64_t line;
	} all[] = {
	    {SHA "  b\n" SHA "  a\n" SHA "  c\n", "not sorted", 2, 2},
	    {SHA "  b\n" SHA "  b\n", "twice", 1, 2},
	    {SHA "  b\n" SHA "  c", "does not end", 1, 2},
	    {"\n" SHA "  c\n", "too short", 1, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct batch_manifest m;
		struct seen seen = {0};
		int fd = file_of(span_str(all[i].text));

		assert_int_equal(batch_manifest_hash(&m, fd), RC_OK);
		assert_int_equal(batch_manifest_index(&m, look, &seen), RC_OK);
		assert_int_equal(seen.good, all[i].good);
		assert_int_equal(seen.bad, 1);
		assert_int_equal(seen.first_bad, all[i].line);
		assert_non_null(strstr(seen.why, all[i].why));
		batch_manifest_fini(&m);
		close(fd);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines),
	    cmocka_unit_test(found),
	    cmocka_unit_test(changed_between),
	    cmocka_unit_test(faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
