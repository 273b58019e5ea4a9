/*
 * In the keeper's jail a vendor's module is at home (files, threads, shared
 * objects), and can run, debug or mount nothing, nor reach a network.
 */
#include "child.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/jail-keeper-XXXXXX";
static pid_t parent;

static int
outcome(long r)
{
	return r < 0 ? errno : 0;
}

static bool
keeper_jail(void)
{
	return chdir(dir) == 0 && jail_keeper(false) == RC_OK;
}

static bool
network_jail(void)
{
	return chdir(dir) == 0 && jail_keeper(true) == RC_OK;
}

static bool
landlock_alone(void)
{
	int abi;

	return chdir(dir) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    landlock_keeper(false, &abi) == RC_OK;
}

static bool
no_jail(void)
{
	return chdir(dir) == 0;
}

/* --- what is tried -------------------------------------------------------- */

static int
try_execve(void)
{
	char *argv[] = {(char[]){"/bin/true"}, NULL};

	return outcome(execve(argv[0], argv, NULL));
}

static int
try_execveat(void)
{
	char *argv[] = {(char[]){"true"}, NULL};

	return outcome(
	    syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, NULL, 0));
}

static int
try_ptrace(void)
{
	return outcome(ptrace(PTRACE_ATTACH, parent, NULL, NULL));
}

static int
try_peek(void)
{
	char byte;
	struct iovec here = {&byte, 1}, there = {&parent, 1};

	return outcome(process_vm_readv(parent, &here, 1, &there, 1, 0));
}

static int
try_mount(void)
{
	return outcome(mount("none", dir, "tmpfs", 0, NULL));
}

static int
try_unshare(void)
{
	return outcome(unshare(CLONE_NEWUSER));
}

static int
try_clone_user(void)
{
	return outcome(
	    syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, 0));
}

static int
try_clone3_user(void)
{
	/* struct clone_args of the kernel; what it does not know is zero */
	uint64_t args[8] = {[0] = CLONE_NEWUSER, [4] = SIGCHLD};
	long r = syscall(SYS_clone3, args, sizeof(args));

	if (r == 0)
		_exit(0);
	return outcome(r);
}

static int
try_bpf(void)
{
	return outcome(syscall(SYS_bpf, 0, NULL, 0));
}

static int
try_keyctl(void)
{
	return outcome(syscall(SYS_keyctl, 0, 0, 0));
}

static int
try_chroot(void)
{
	return outcome(chroot(dir));
}

static int
try_io_uring(void)
{
	uint64_t params[15] = {0};

	return outcome(syscall(SYS_io_uring_setup, 4, params));
}

static int
try_inet(void)
{
	return outcome(socket(AF_INET, SOCK_DGRAM, 0));
}

static int
try_inet6(void)
{
	return outcome(socket(AF_INET6, SOCK_STREAM, 0));
}

static int
try_netlink(void)
{
	return outcome(socket(AF_NETLINK, SOCK_RAW, 0));
}

/* The kernel looks at the low half of the register only. */
static int
try_inet_hidden(void)
{
	return outcome(syscall(
	    SYS_socket, (unsigned long)AF_INET | 1ul << 32, SOCK_DGRAM, 0));
}

static int
try_inet_hidden_as_unix(void)
{
	return outcome(syscall(
	    SYS_socket, (unsigned long)AF_UNIX | 1ul << 32, SOCK_DGRAM, 0));
}

static int
try_unix(void)
{
	return outcome(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int
try_fifo(void)
{
	return outcome(mkfifo("fifo", 0600));
}

static int
try_unix_bind(void)
{
	struct sockaddr_un where = {.sun_family = AF_UNIX, .sun_path = "sock"};
	int s = socket(AF_UNIX, SOCK_STREAM, 0);

	return outcome(bind(s, (struct sockaddr *)&where, sizeof(where)));
}

static int
try_kill_parent(void)
{
	return outcome(kill(parent, 0));
}

/* --- and what has to work ------------------------------------------------- */

static int
do_files(void)
{
	char buf[4];
	int fd = open("object.tmp", O_RDWR | O_CREAT | O_EXCL, 0600);
	int r = 0;

	if (fd < 0)
		return errno;
	if (write(fd, "abcd", 4) != 4 || fsync(fd) != 0 ||
	    pread(fd, buf, 4, 0) != 4)
		r = EIO;
	close(fd);
	if (r == 0 && mkdir("objects", 0700) != 0)
		r = errno;
	/* from one directory to another */
	if (r == 0 && rename("object.tmp", "objects/object") != 0)
		r = errno;
	if (r == 0 && unlink("objects/object") != 0)
		r = errno;
	if (r == 0 && rmdir("objects") != 0)
		r = errno;
	return r;
}

static void *
set_flag(void *flag)
{
	*(int *)flag = 1;
	return NULL;
}

static int
do_thread(void)
{
	pthread_t thread;
	int flag = 0;
	int r = pthread_create(&thread, NULL, set_flag, &flag);

	if (r == 0)
		r = pthread_join(thread, NULL);
	return r != 0 ? r : flag ? 0 : EIO;
}

static int
do_fork(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(7);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 7 ? 0 : EIO;
}

static int
do_dlopen(void)
{
	/* of the C library's own package: there wherever this runs */
	void *library = dlopen("libBrokenLocale.so.1", RTLD_NOW);

	if (!library)
		return ENOENT;
	dlclose(library);
	return 0;
}

static int
do_map_code(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");

	if (!maps)
		return errno;
	fclose(maps);
	return 0;
}

/* --- tests ---------------------------------------------------------------- */

static void
expect(jail_fn jail, const char *what, attempt_fn attempt, int want)
{
	int how = child_try(jail, attempt);

	if (how != want)
		fail_msg("%s: %s", what, child_ending(how));
}

static void
test_dies_of_it(void **state)
{
	(void)state;
	expect(keeper_jail, "execve", try_execve, CHILD_KILLED);
	expect(keeper_jail, "execveat", try_execveat, CHILD_KILLED);
	expect(keeper_jail, "process_vm_readv", try_peek, CHILD_KILLED);
	expect(keeper_jail, "mount", try_mount, CHILD_KILLED);
	expect(keeper_jail, "unshare", try_unshare, CHILD_KILLED);
	expect(keeper_jail, "clone(NEWUSER)", try_clone_user, CHILD_KILLED);
	expect(keeper_jail, "clone3(NEWUSER)", try_clone3_user, ENOSYS);
	expect(keeper_jail, "bpf", try_bpf, CHILD_KILLED);
	expect(keeper_jail, "keyctl", try_keyctl, CHILD_KILLED);
	expect(keeper_jail, "chroot", try_chroot, CHILD_KILLED);
	expect(network_jail, "execve", try_execve, CHILD_KILLED);
	if (!JAIL_WITH_ASAN)
		expect(keeper_jail, "ptrace", try_ptrace, CHILD_KILLED);
}

static void
test_network(void **state)
{
	(void)state;
	expect(no_jail, "inet, no jail", try_inet, 0);
	expect(no_jail, "hidden, no jail", try_inet_hidden, 0);
	expect(keeper_jail, "inet", try_inet, EACCES);
	expect(keeper_jail, "inet6", try_inet6, EACCES);
	expect(keeper_jail, "netlink", try_netlink, EACCES);
	expect(keeper_jail, "inet, high bits", try_inet_hidden, EACCES);
	expect(keeper_jail, "unix, high bits", try_inet_hidden_as_unix, EACCES);
	expect(keeper_jail, "unix", try_unix, 0);
	expect(keeper_jail, "io_uring", try_io_uring, ENOSYS);
	expect(network_jail, "inet", try_inet, 0);
	expect(network_jail, "netlink", try_netlink, 0);
	expect(network_jail, "io_uring", try_io_uring, ENOSYS);
}

static void
test_landlock_alone(void **state)
{
	int abi = child_landlock_abi();

	(void)state;
	if (abi == 0) {
		print_message("no Landlock in this kernel\n");
		skip();
	}
	expect(no_jail, "execve, no jail", try_execve, 0);
	expect(landlock_alone, "execve", try_execve, EACCES);
	expect(landlock_alone, "fifo", try_fifo, EACCES);
	expect(landlock_alone, "bind a unix socket", try_unix_bind, EACCES);
	if (abi >= 6)
		expect(landlock_alone, "kill", try_kill_parent, EPERM);
}

static void
test_a_module_is_at_home(void **state)
{
	(void)state;
	if (child_landlock_abi() != 1)
		expect(keeper_jail, "files", do_files, 0);
	expect(keeper_jail, "a thread", do_thread, 0);
	expect(keeper_jail, "fork", do_fork, 0);
	expect(keeper_jail, "dlopen", do_dlopen, 0);
	expect(keeper_jail, "/proc/self", do_map_code, 0);
	assert_int_equal(child_exit(keeper_jail, do_thread), 0);
}

static int
set_up(void **state)
{
	(void)state;
	parent = getpid();
	return mkdtemp(dir) ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_dies_of_it),
	    cmocka_unit_test(test_network),
	    cmocka_unit_test(test_landlock_alone),
	    cmocka_unit_test(test_a_module_is_at_home),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
