#include "base/event.h"
#include "jail_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define S(name) SCMP_SYS(name)

/*
 * Serving datagrams and connections, on descriptors that are open. Nothing here
 * makes a descriptor but of a peer that has come by itself (accept4 has a rule
 * of its own), looks at a path, or reaches another process but through a socket
 * that the worker was given.
 */
static const int worker_calls[] = {
    /* wait */
    S(epoll_wait), S(epoll_pwait), S(epoll_pwait2), S(epoll_ctl), S(poll),
    S(ppoll),
    /* sockets, pipes, signalfd */
    S(recvfrom), S(recvmsg), S(recvmmsg), S(sendto), S(sendmsg), S(sendmmsg),
    S(read), S(readv), S(pread64), S(write), S(writev), S(close), S(fstat),
    /* time */
    S(clock_gettime), S(clock_getres), S(clock_nanosleep), S(gettimeofday),
    S(nanosleep), S(time),
    /* memory; mmap and mprotect have rules of their own */
    S(brk), S(munmap), S(mremap), S(madvise), S(mlock), S(munlock),
    /* qsort(3) asks how much memory there is */
    S(sysinfo),
    /* locks, signals, random, the end; tgkill has a rule of its own */
    S(futex), S(sched_yield), S(rt_sigreturn), S(rt_sigprocmask),
    S(rt_sigaction), S(restart_syscall), S(getrandom), S(getpid), S(gettid),
    S(exit), S(exit_group)};

/*
 * What the keeper, and with it a vendor's module, has no business with. By
 * itself a list of what is denied is weak: beside it stand its own user,
 * no_new_privs and Landlock.
 */
static const int keeper_denied[] = {
    /* programs */
    S(execve), S(execveat),
/* other processes */
#if !JAIL_WITH_ASAN /* the leak check at exit stops its own threads by ptrace */
    S(ptrace),
#endif
    S(process_vm_readv), S(process_vm_writev), S(process_madvise),
    S(pidfd_getfd), S(kcmp), S(perf_event_open),
    /* the kernel */
    S(bpf), S(kexec_load), S(kexec_file_load), S(init_module), S(finit_module),
    S(delete_module), S(userfaultfd), S(reboot), S(acct), S(swapon), S(swapoff),
    S(iopl), S(ioperm), S(modify_ldt), S(clock_settime), S(settimeofday),
    S(sethostname), S(setdomainname), S(syslog), S(vhangup), S(quotactl),
    S(fanotify_init), S(open_by_handle_at), S(lookup_dcookie), S(nfsservctl),
    /* mounts and namespaces; clone has rules of its own */
    S(mount), S(umount), S(umount2), S(move_mount), S(open_tree), S(fsopen),
    S(fsconfig), S(fsmount), S(fspick), S(mount_setattr), S(pivot_root),
    S(chroot), S(setns), S(unshare),
    /* keys of the kernel */
    S(keyctl), S(add_key), S(request_key)};

/* They reach files and sockets past any filter; their callers can do without,
 * and are told that the kernel does not know them. */
static const int keeper_unknown[] = {
    S(io_uring_setup), S(io_uring_enter), S(io_uring_register)};

static const unsigned long namespaces[] = {CLONE_NEWNS, CLONE_NEWCGROUP,
    CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET,
    CLONE_NEWTIME};

static int
add_all(scmp_filter_ctx f, uint32_t action, const int *calls, size_t count)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = seccomp_rule_add(f, action, calls[i], 0);
	return r;
}

/*
 * AddressSanitizer's runtime: an alternate signal stack, and for a report it
 * looks for symbols in files. Those calls fail instead of ending the process,
 * so that the report is written, without symbols.
 */
static int
add_sanitizer(scmp_filter_ctx f)
{
	static const int allowed[] = {S(sigaltstack)};
	static const int refused[] = {S(open), S(openat), S(readlink),
	    S(readlinkat), S(stat), S(access), S(ioctl), S(clone), S(clone3),
	    S(fork), S(vfork), S(pipe), S(pipe2), S(prctl), S(getrlimit),
	    S(setrlimit), S(prlimit64)};
	int r = add_all(f, SCMP_ACT_ALLOW, allowed, COUNT(allowed));

	if (r == 0)
		r = add_all(f, SCMP_ACT_ERRNO(EACCES), refused, COUNT(refused));
	return r;
}

static int
add_worker(scmp_filter_ctx f)
{
	const uint32_t allow = SCMP_ACT_ALLOW;
	int r = add_all(f, allow, worker_calls, COUNT(worker_calls));

	if (r == 0)
		r = seccomp_rule_add(f, allow, S(mmap), 2,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
		    SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
	if (r == 0)
		r = seccomp_rule_add(f, allow, S(mprotect), 1,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	/* is what the keeper sent sealed? */
	if (r == 0)
		r = seccomp_rule_add(f, allow, S(fcntl), 1,
		    SCMP_A1(SCMP_CMP_EQ, F_GET_SEALS, 0));
	/* a connection, as tcp_accept() wants it; and our FIN */
	if (r == 0)
		r = seccomp_rule_add(f, allow, S(accept4), 1,
		    SCMP_A3(SCMP_CMP_EQ, SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	if (r == 0)
		r = seccomp_rule_add(
		    f, allow, S(shutdown), 1, SCMP_A1(SCMP_CMP_EQ, SHUT_WR, 0));
	/* abort(3) */
	if (r == 0)
		r = seccomp_rule_add(f, allow, S(tgkill), 1,
		    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
	/* Some C libraries make fstat(3) of it. Its path cannot be filtered, so
	 * it is refused; they carry on without the answer. */
	if (r == 0)
		r = seccomp_rule_add(
		    f, SCMP_ACT_ERRNO(EACCES), S(newfstatat), 0);
	if (r == 0 && JAIL_WITH_ASAN)
		r = add_sanitizer(f);
	return r;
}

/* Whatever is not AF_UNIX; also a family in the high half of the register,
 * which the kernel does not look at. */
static int
deny_network(scmp_filter_ctx f)
{
	return seccomp_rule_add(f, SCMP_ACT_ERRNO(EACCES), S(socket), 1,
	    SCMP_A0(SCMP_CMP_NE, AF_UNIX, 0));
}

static int
add_keeper(scmp_filter_ctx f, bool network)
{
	const uint32_t kill = SCMP_ACT_KILL_PROCESS;
	const uint32_t unknown = SCMP_ACT_ERRNO(ENOSYS);
	int r = add_all(f, kill, keeper_denied, COUNT(keeper_denied));

	if (r == 0)
		r = add_all(f, unknown, keeper_unknown, COUNT(keeper_unknown));
	/* Its flags are in memory, out of a filter's reach; the C library then
	 * takes clone. */
	if (r == 0)
		r = seccomp_rule_add(f, unknown, S(clone3), 0);
	for (size_t i = 0; r == 0 && i < COUNT(namespaces); i++)
		r = seccomp_rule_add(f, kill, S(clone), 1,
		    SCMP_A0(SCMP_CMP_MASKED_EQ, namespaces[i], namespaces[i]));
	if (r == 0 && !network)
		r = deny_network(f);
	return r;
}

static enum rc
load(scmp_filter_ctx f, int r)
{
	/* System calls of another architecture (i386) are no way around. */
	if (r == 0)
		r = seccomp_attr_set(
		    f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	/* Should a library have started a thread already, it comes along. */
	if (r == 0)
		r = seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1);
	if (r == 0)
		r = seccomp_load(f);
	seccomp_release(f);
	if (r == 0)
		return RC_OK;
	LOG(LOG_ERROR, "jail_failed", F_TEXT("step", "seccomp"),
	    F_TEXT("error", strerror(r < 0 ? -r : r)));
	return RC_DENIED;
}

enum rc
filter_worker(void)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);

	return load(f, f ? add_worker(f) : -ENOMEM);
}

enum rc
filter_keeper(bool network)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);

	return load(f, f ? add_keeper(f, network) : -ENOMEM);
}
