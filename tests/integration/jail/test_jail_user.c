/*
 * Leaving root: the process cannot read what root alone may, and there is no
 * way back. Needs to be started as root.
 */
#include "child.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NOBODY = 65534, NAMELESS = 54321 };

static char file[] = "/tmp/jail-user-XXXXXX";

static const struct user_config nobody = {true, NOBODY, NOBODY};
static const struct user_config nameless = {true, NAMELESS, NAMELESS};

static bool
as_nobody(void)
{
	return jail_user(&nobody) == RC_OK;
}

static bool
as_nameless(void)
{
	return jail_user(&nameless) == RC_OK;
}

/* As a service manager may have left it: uid 0 has no part in it. */
static bool
as_nobody_with_securebits(void)
{
	return prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0) == 0 &&
	    as_nobody();
}

static bool
as_root(void)
{
	return true;
}

static int
read_file(void)
{
	return open(file, O_RDONLY) < 0 ? errno : 0;
}

static int
go_back(void)
{
	if (setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0 ||
	    setresuid(0, 0, 0) == 0 || setgroups(0, NULL) == 0)
		return 0;
	return errno;
}

static int
count_ids(void)
{
	uid_t r, e, s;
	gid_t groups[64];
	int count = getgroups(64, groups);

	getresuid(&r, &e, &s);
	if (r == 0 || e != r || s != r)
		return 1;
	for (int i = 0; i < count; i++)
		if (groups[i] == 0)
			return 2;
	return prctl(PR_GET_DUMPABLE) == 0 ? 0 : 3;
}

/* The kernel forgets it with the change of users. */
static bool
as_nobody_with_death_signal(void)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && as_nobody();
}

static int
ask_death_signal(void)
{
	int signal = 0;

	return prctl(PR_GET_PDEATHSIG, &signal) == 0 ? signal : -1;
}

static int
count_capabilities(void)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &head, caps) != 0)
		return 1;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		if (caps[i].effective || caps[i].permitted ||
		    caps[i].inheritable)
			return 2;
	return 0;
}

static void
test_leaves_root(void **state)
{
	static const jail_fn ways[] = {
	    as_nobody, as_nameless, as_nobody_with_securebits};

	(void)state;
	assert_int_equal(child_try(as_root, read_file), 0);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		assert_int_equal(child_try(ways[i], read_file), EACCES);
		assert_int_equal(child_try(ways[i], go_back), EPERM);
		assert_int_equal(child_try(ways[i], count_ids), 0);
		assert_int_equal(child_try(ways[i], count_capabilities), 0);
	}
}

static void
test_dies_with_its_parent(void **state)
{
	(void)state;
	assert_int_equal(
	    child_try(as_nobody_with_death_signal, ask_death_signal), SIGKILL);
	assert_int_equal(child_try(as_nobody, ask_death_signal), 0);
}

static bool
worker_jail(void)
{
	return jail_worker() == RC_OK;
}

static int
try_capget(void)
{
	return count_capabilities();
}

/* The order of a worker that starts as root: user, then jail. And a jailed
 * root, where no user is configured, has nothing left of root's. */
static bool
as_nobody_in_jail(void)
{
	return as_nobody() && worker_jail();
}

static int
do_nothing(void)
{
	return getpid() > 0 ? 0 : 1;
}

static void
test_in_jail(void **state)
{
	(void)state;
	assert_int_equal(child_try(as_nobody_in_jail, do_nothing), 0);
	assert_int_equal(child_try(worker_jail, do_nothing), 0);
	assert_int_equal(child_try(worker_jail, try_capget), CHILD_KILLED);
}

static void
test_refuses(void **state)
{
	const struct user_config root = {true, 0, 0};
	const struct user_config unset = {0};

	(void)state;
	assert_int_equal(jail_user(&root), RC_DENIED);
	assert_int_equal(jail_user(&unset), RC_OK);
	assert_int_equal(geteuid(), 0);
}

/* An ordinary user cannot become another: that is said, not passed over. */
static int
become_other(void)
{
	return jail_user(&nameless) == RC_DENIED ? 0 : 1;
}

static void
test_without_root(void **state)
{
	(void)state;
	assert_int_equal(child_try(as_nobody, become_other), 0);
}

static int
set_up(void **state)
{
	int fd = mkstemp(file);

	(void)state;
	if (fd < 0 || fchmod(fd, 0600) != 0)
		return -1;
	return close(fd);
}

static int
tear_down(void **state)
{
	(void)state;
	return unlink(file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_leaves_root),
	    cmocka_unit_test(test_dies_with_its_parent),
	    cmocka_unit_test(test_in_jail),
	    cmocka_unit_test(test_refuses),
	    cmocka_unit_test(test_without_root),
	};

	if (geteuid() != 0) {
		print_message("changing users needs root\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
