/* The names of a folder in sorted order, a window at a time. */
#include "image_folder.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

enum { NAMES = 100 };

static char folder[] = "/tmp/test_image_folder.XXXXXX";

static void
touch(int dir, const char *name)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
}

static int
open_folder(void)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static int
make(void **state)
{
	char name[16];
	int fd;

	(void)state;
	if (!mkdtemp(folder))
		return -1;
	fd = open_folder();
	/* in no order */
	for (unsigned i = 0; i < NAMES; i++) {
		snprintf(name, sizeof(name), "%03u", i * 37 % NAMES);
		touch(fd, name);
	}
	close(fd);
	return 0;
}

static int
unmake(void **state)
{
	char name[16];
	int fd = open_folder();

	(void)state;
	for (unsigned i = 0; i <= NAMES; i++) {
		snprintf(name, sizeof(name), "%03u", i);
		(void)unlinkat(fd, name, 0);
	}
	close(fd);
	return rmdir(folder);
}

/* Whatever the window: fewer than it, as many, one at a time. */
static void
all_in_order(void **state)
{
	static const size_t windows[] = {1, 2, 7, NAMES - 1, NAMES, NAMES + 1};

	(void)state;
	for (size_t k = 0; k < sizeof(windows) / sizeof(windows[0]); k++) {
		struct image_folder f;
		int fd = open_folder();
		const char *name;
		char wanted[16];

		assert_int_equal(image_folder_begin(&f, fd, windows[k]), RC_OK);
		assert_int_equal(f.total, NAMES);
		for (unsigned i = 0; i < NAMES; i++) {
			snprintf(wanted, sizeof(wanted), "%03u", i);
			assert_int_equal(image_folder_next(&f, &name), RC_OK);
			assert_string_equal(name, wanted);
		}
		assert_int_equal(image_folder_next(&f, &name), RC_NOT_FOUND);
		assert_int_equal(image_folder_next(&f, &name), RC_NOT_FOUND);
		image_folder_end(&f);
		image_folder_end(&f);
		close(fd);
	}
}

/* What comes and goes while it is read: no name twice, and an end. */
static void
while_it_changes(void **state)
{
	struct image_folder f;
	int fd = open_folder();
	char last[16] = "";
	unsigned count = 0;
	const char *name;

	(void)state;
	assert_int_equal(image_folder_begin(&f, fd, 8), RC_OK);
	while (image_folder_next(&f, &name) == RC_OK) {
		assert_true(strcmp(name, last) > 0);
		snprintf(last, sizeof(last), "%s", name);
		if (++count == 10) {
			assert_int_equal(unlinkat(fd, "050", 0), 0);
			touch(fd, "100");
		}
	}
	/* one more, one fewer */
	assert_int_equal(count, NAMES);
	assert_string_equal(last, "100");
	image_folder_end(&f);
	close(fd);
}

static void
not_a_folder(void **state)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct image_folder f;

	(void)state;
	assert_int_equal(image_folder_begin(&f, fd, 8), RC_IO);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_in_order),
	    cmocka_unit_test(while_it_changes),
	    cmocka_unit_test(not_a_folder),
	};

	return cmocka_run_group_tests(tests, make, unmake);
}
