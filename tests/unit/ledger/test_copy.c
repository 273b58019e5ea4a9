/* A copy that goes on by itself, while the ledger goes on, too. */
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void
copy_path(const struct desk *d, char out[static 128])
{
	snprintf(out, 128, "%s/copy.db", d->dir);
}

static enum rc
copy(const struct desk *d, const char *to)
{
	struct ledger *l;
	enum rc rc;

	assert_int_equal(ledger_open(d->path, LEDGER_READ, &l, NULL, 0), RC_OK);
	rc = ledger_copy(l, to);
	ledger_close(l);
	return rc;
}

static void
test_two_that_go_on(void **state)
{
	struct desk *d = *state;
	struct ledger *l;
	struct stat st;
	char path[128];

	copy_path(d, path);
	/* its rows are in the WAL yet: the writer has it open */
	put_rows(d->ledger, 3);
	assert_int_equal(copy(d, path), RC_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	put_rows(d->ledger, 1);
	assert_int_equal(ledger_open(path, LEDGER_WRITE, &l, NULL, 0), RC_OK);
	assert_int_equal(verified_rows(l), 3);
	put_rows(l, 2);
	assert_int_equal(verified_rows(l), 5);
	assert_int_equal(verified_rows(d->ledger), 4);
	assert_string_equal(
	    raw_text(path, "SELECT count(*) FROM inconsistencies"), "0");
	ledger_close(l);
	/* one that is there is nobody's to write over */
	assert_int_equal(copy(d, path), RC_DB);
	assert_int_equal(ledger_open(path, LEDGER_READ, &l, NULL, 0), RC_OK);
	assert_int_equal(verified_rows(l), 5);
	ledger_close(l);
	unlink(path);
}

static void
test_nowhere_to_go(void **state)
{
	struct desk *d = *state;
	char path[128];

	put_rows(d->ledger, 1);
	snprintf(path, sizeof(path), "%s/nowhere/copy.db", d->dir);
	assert_int_equal(copy(d, path), RC_DB);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(errno, ENOENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_two_that_go_on, desk_setup, desk_teardown),
	    cmocka_unit_test_setup_teardown(
		test_nowhere_to_go, desk_setup, desk_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
