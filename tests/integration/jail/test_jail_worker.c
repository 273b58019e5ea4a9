/*
 * A process in the worker's jail tries what an attacker in it would try, and
 * dies of it.
 */
#include "child.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What the children inherit, made before there is a jail. */
static int tcp_client, tcp_unbound; /* sockets and no more */
static int tcp_server; /* listens */
static struct sockaddr_in tcp_address;
static int udp_socket;
static pid_t parent;

static int
outcome(long r)
{
	return r < 0 ? errno : 0;
}

/* --- what is tried -------------------------------------------------------- */

static int
try_open(void)
{
	return outcome(open("/etc/passwd", O_RDONLY));
}

static int
try_create(void)
{
	return outcome(open("/tmp/jail-was-here", O_WRONLY | O_CREAT, 0600));
}

static int
try_mkdir(void)
{
	return outcome(mkdir("/tmp/jail-was-here.d", 0700));
}

static int
try_unlink(void)
{
	return outcome(unlink("/tmp/jail-never-was"));
}

static int
try_list(void)
{
	return outcome(open("/", O_RDONLY | O_DIRECTORY));
}

static int
try_socket(void)
{
	return outcome(socket(AF_INET, SOCK_STREAM, 0));
}

/* Of fcntl(2) only whether a file is sealed may be asked. */
static int
try_duplicate(void)
{
	return outcome(fcntl(udp_socket, F_DUPFD, 0));
}

static int
try_unblock(void)
{
	return outcome(fcntl(udp_socket, F_SETFL, O_NONBLOCK));
}

static int
try_socketpair(void)
{
	int ends[2];

	return outcome(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
}

static int
try_connect(void)
{
	return outcome(connect(
	    tcp_client, (struct sockaddr *)&tcp_address, sizeof(tcp_address)));
}

static int
try_bind(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET};

	return outcome(bind(tcp_unbound, (struct sockaddr *)&any, sizeof(any)));
}

static int
try_accept(void)
{
	return outcome(accept4(tcp_server, NULL, NULL, SOCK_NONBLOCK));
}

static int
try_stop_reading(void)
{
	return outcome(shutdown(tcp_client, SHUT_RD));
}

static int
try_setsockopt(void)
{
	int on = 1;

	return outcome(
	    setsockopt(udp_socket, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)));
}

static int
try_execve(void)
{
	char *argv[] = {(char[]){"/bin/true"}, NULL};

	return outcome(execve(argv[0], argv, NULL));
}

static int
try_fork(void)
{
	return outcome(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0));
}

static int
try_ptrace(void)
{
	return outcome(ptrace(PTRACE_ATTACH, parent, NULL, NULL));
}

static int
try_kill(void)
{
	return outcome(kill(getppid(), 0));
}

static int
try_kill_parent(void)
{
	return outcome(kill(parent, 0));
}

static int
try_tgkill(void)
{
	return outcome(syscall(SYS_tgkill, parent, parent, 0));
}

static int
try_map_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? errno : 0;
}

static int
try_make_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return 0;
	return outcome(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int
try_io_uring(void)
{
	uint64_t params[15] = {0};

	return outcome(syscall(SYS_io_uring_setup, 4, params));
}

static int
try_bpf(void)
{
	return outcome(syscall(SYS_bpf, 0, NULL, 0));
}

static int
try_dumpable(void)
{
	return outcome(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static int
try_seccomp(void)
{
	return outcome(syscall(SYS_seccomp, 0, 0, NULL));
}

#if defined(__x86_64__)
/* getpid of i386, which is another table of system calls. */
static int
try_i386(void)
{
	long r = 20;

	__asm__ volatile("int $0x80" : "+a"(r) : : "memory");
	return r < 0 ? (int)-r : 0;
}
#endif

/* --- it dies of it -------------------------------------------------------- */

static bool
worker_jail(void)
{
	return jail_worker() == RC_OK;
}

static const struct {
	const char *what;
	attempt_fn attempt;
	bool asan; /* the sanitizers' runtime asks for it: refused only */
} deadly[] = {
    {"open /etc/passwd", try_open, true},
    {"create a file", try_create, true},
    {"list the root", try_list, true},
    {"mkdir", try_mkdir, false},
    {"unlink", try_unlink, false},
    {"a TCP socket", try_socket, false},
    {"a socket pair", try_socketpair, false},
    {"a copy of a descriptor", try_duplicate, false},
    {"flags of a descriptor", try_unblock, false},
    {"connect", try_connect, false},
    {"bind", try_bind, false},
    {"accept, and pass it on to programs", try_accept, false},
    {"shutdown but for a FIN", try_stop_reading, false},
    {"setsockopt", try_setsockopt, false},
    {"execve /bin/true", try_execve, false},
    {"fork", try_fork, true},
    {"ptrace its parent", try_ptrace, false},
    {"kill(getppid(), 0)", try_kill, false},
    {"kill", try_kill_parent, false},
    {"tgkill another", try_tgkill, false},
    {"map writable code", try_map_code, false},
    {"make data executable", try_make_code, false},
    {"io_uring", try_io_uring, false},
    {"bpf", try_bpf, false},
    {"become dumpable", try_dumpable, true},
    {"another filter", try_seccomp, false},
#if defined(__x86_64__)
    {"a system call of i386", try_i386, false},
#endif
};

static void
test_dies_of_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++) {
		int how = child_try(worker_jail, deadly[i].attempt);
		int want =
		    JAIL_WITH_ASAN && deadly[i].asan ? EACCES : CHILD_KILLED;

		if (how != want)
			fail_msg("%s: %s", deadly[i].what, child_ending(how));
	}
}

/* Without a jail the same attempts work: it is the jail that stops them. */
static bool
no_jail(void)
{
	return true;
}

static void
test_works_outside(void **state)
{
	static const attempt_fn attempts[] = {try_open, try_list, try_socket,
	    try_socketpair, try_duplicate, try_unblock, try_connect, try_bind,
	    try_setsockopt, try_execve, try_fork, try_kill, try_kill_parent,
	    try_tgkill, try_map_code, try_make_code, try_dumpable};

	(void)state;
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		int how = child_try(no_jail, attempts[i]);

		if (how != 0)
			fail_msg("%zu: %s", i, child_ending(how));
	}
}

/* --- Landlock by itself --------------------------------------------------- */

static bool
landlock_alone(void)
{
	int abi;

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    landlock_worker(&abi) == RC_OK;
}

static void
test_landlock_alone(void **state)
{
	static const struct {
		const char *what;
		attempt_fn attempt;
		int abi; /* from which version on */
		int error;
	} refused[] = {
	    {"open", try_open, 1, EACCES},
	    {"create", try_create, 1, EACCES},
	    {"mkdir", try_mkdir, 1, EACCES},
	    {"list", try_list, 1, EACCES},
	    {"execve", try_execve, 1, EACCES},
	    {"connect", try_connect, 4, EACCES},
	    {"bind", try_bind, 4, EACCES},
	    {"kill", try_kill_parent, 6, EPERM},
	};
	int abi = child_landlock_abi();

	(void)state;
	if (abi == 0) {
		print_message("no Landlock in this kernel\n");
		skip();
	}
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		int how = child_try(landlock_alone, refused[i].attempt);

		if (abi >= refused[i].abi && how != refused[i].error)
			fail_msg("%s: %s", refused[i].what, child_ending(how));
	}
}

static int
set_up(void **state)
{
	socklen_t len = sizeof(tcp_address);
	struct sockaddr_in loopback = {.sin_family = AF_INET};

	(void)state;
	loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	parent = getpid();
	tcp_client = socket(AF_INET, SOCK_STREAM, 0);
	tcp_unbound = socket(AF_INET, SOCK_STREAM, 0);
	tcp_server = socket(AF_INET, SOCK_STREAM, 0);
	udp_socket = socket(AF_INET, SOCK_DGRAM, 0);
	if (bind(tcp_server, (struct sockaddr *)&loopback, sizeof(loopback)) ||
	    listen(tcp_server, 64) ||
	    getsockname(tcp_server, (struct sockaddr *)&tcp_address, &len))
		return -1;
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_works_outside),
	    cmocka_unit_test(test_dies_of_it),
	    cmocka_unit_test(test_landlock_alone),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
