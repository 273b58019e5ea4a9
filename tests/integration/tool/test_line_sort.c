/* More lines than are sorted in memory; heads of a container, there and back. */
#include "line_sort.h"
#include "tar_head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct seen {
	unsigned next, step;
};

static enum rc
in_order(void *ctx, struct span line)
{
	struct seen *s = ctx;
	char wanted[32];

	snprintf(
	    wanted, sizeof(wanted), "%02u %08u", (s->next * 7) % 100, s->next);
	assert_true(span_is(line, wanted));
	s->next++;
	return RC_OK;
}

static void
sorted(unsigned count)
{
	struct line_sort *s;
	struct seen seen = {0};
	int dir = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char line[32];

	assert_int_equal(line_sort_new(dir, 3, &s), RC_OK);
	/* backwards, and compared from the fourth byte on */
	for (unsigned i = count; i-- > 0;) {
		snprintf(line, sizeof(line), "%02u %08u", (i * 7) % 100, i);
		assert_int_equal(line_sort_put(s, span_str(line)), RC_OK);
	}
	assert_int_equal(line_sort_each(s, in_order, &seen), RC_OK);
	assert_int_equal(seen.next, count);
	line_sort_free(s);
	close(dir);
}

static void
lines(void **state)
{
	(void)state;
	sorted(0);
	sorted(1);
	sorted(LINE_SORT_RUN);
	sorted(LINE_SORT_RUN + 1);
	sorted(5 * LINE_SORT_RUN + 17);
}

static void
heads(void **state)
{
	uint8_t block[TAR_BLOCK_LEN], large[TAR_BASE_MAX + 1];
	struct tar_head head;
	const char *why;

	(void)state;
	assert_int_equal(tar_head_write(SPAN_LIT("images"), SPAN_LIT("a.bin"),
			     1234567, block),
	    RC_OK);
	assert_int_equal(tar_head_read(block, &head, &why), RC_OK);
	assert_string_equal(head.name, "images/a.bin");
	assert_int_equal(head.size, 1234567);
	assert_int_equal(head.mode, 0600);
	assert_true(head.regular);
	/* every byte of it is held by its sum */
	for (size_t i = 0; i < sizeof(block); i++) {
		block[i] ^= 1;
		assert_int_equal(
		    tar_head_read(block, &head, &why), RC_MALFORMED);
		block[i] ^= 1;
	}
	memset(large, 'x', sizeof(large));
	assert_int_equal(tar_head_write(SPAN_LIT("images"),
			     span_of(large, sizeof(large)), 1, block),
	    RC_TOO_LARGE);
	assert_int_equal(tar_head_write(SPAN_LIT("images"),
			     span_of(large, TAR_BASE_MAX), 1, block),
	    RC_OK);
	assert_int_equal(tar_head_read(block, &head, &why), RC_OK);
	assert_int_equal(strlen(head.name), 7 + TAR_BASE_MAX);
	assert_int_equal(tar_head_write(SPAN_LIT(""), SPAN_LIT("a"),
			     UINT64_C(1) << 33, block),
	    RC_TOO_LARGE);
	assert_int_equal(tar_fill_len(0), 0);
	assert_int_equal(tar_fill_len(1), 511);
	assert_int_equal(tar_fill_len(512), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines),
	    cmocka_unit_test(heads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
