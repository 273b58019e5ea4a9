#include "jail.h"

#include "base/event.h"
#include "jail_parts.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	GROUPS_MAX = 64,
	FALLBACK_FD_MAX = 65536,
};

static char name[64] = "none";

#if JAIL_WITH_ASAN
#include <sanitizer/lsan_interface.h>

static int worker_jailed;

/* The leak check at exit needs ptrace and /proc, which a worker has not. */
int
__lsan_is_turned_off(void)
{
	return worker_jailed;
}
#endif

static enum rc
fail(const char *step)
{
	LOG(LOG_ERROR, "jail_failed", F_TEXT("step", step),
	    F_TEXT("error", strerror(errno)));
	return RC_DENIED;
}

/* --- the user ------------------------------------------------------------- */

/* Leaving uid 0 takes them away, but not with securebits that a service
 * manager may have set, and never those it gave to an ordinary user. */
static enum rc
drop_capabilities(void)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capset, &head, none) != 0)
		return fail("capset");
	return RC_OK;
}

/*
 * The groups that the system gives this user: a token's files may belong to
 * one (softhsm). A uid without a name has none.
 */
static enum rc
set_groups(const struct user_config *user)
{
	const struct passwd *pw = getpwuid(user->uid);
	gid_t groups[GROUPS_MAX];
	int count = GROUPS_MAX;

	if (!pw)
		count = 0;
	else if (getgrouplist(pw->pw_name, user->gid, groups, &count) < 0)
		return fail("getgrouplist");
	for (int i = 0; i < count; i++) {
		if (groups[i] == 0 && user->gid != 0) {
			errno = EPERM;
			return fail("a user of its own in group root");
		}
	}
	if (setgroups((size_t)count, groups) != 0)
		return fail("setgroups");
	return RC_OK;
}

static bool
is_for_good(const struct user_config *user)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	return getresuid(&r, &e, &s) == 0 && getresgid(&rg, &eg, &sg) == 0 &&
	    r == user->uid && e == user->uid && s == user->uid &&
	    rg == user->gid && eg == user->gid && sg == user->gid &&
	    setuid(0) != 0 && seteuid(0) != 0 &&
	    (user->gid == 0 || setgid(0) != 0);
}

enum rc
jail_user(const struct user_config *user)
{
	const pid_t parent = getppid();
	int death_signal = 0;
	enum rc rc;

	if (!user->set)
		return RC_OK;
	if (user->uid == 0) {
		errno = EINVAL;
		return fail("a user of its own that is root");
	}
	if (prctl(PR_GET_PDEATHSIG, &death_signal) != 0)
		return fail("PR_GET_PDEATHSIG");
	rc = set_groups(user);
	if (rc != RC_OK)
		return rc;
	if (setresgid(user->gid, user->gid, user->gid) != 0)
		return fail("setresgid");
	if (setresuid(user->uid, user->uid, user->uid) != 0)
		return fail("setresuid");
	rc = drop_capabilities();
	if (rc != RC_OK)
		return rc;
	/* The change of users set it to what fs.suid_dumpable says. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return fail("PR_SET_DUMPABLE");
	/* ... and forgot that we are not to outlive our parent: prctl(2). */
	if (prctl(PR_SET_PDEATHSIG, death_signal) != 0)
		return fail("PR_SET_PDEATHSIG");
	if (getppid() != parent) {
		errno = ESRCH;
		return fail("the parent has gone");
	}
	if (!is_for_good(user)) {
		errno = EPERM;
		return fail("the way back is open");
	}
	return RC_OK;
}

/* --- the jails ------------------------------------------------------------ */

static enum rc
no_new_privileges(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return fail("PR_SET_NO_NEW_PRIVS");
	return RC_OK;
}

static void
set_name(int abi)
{
	if (abi > 0)
		snprintf(name, sizeof(name), "seccomp, landlock %d", abi);
	else
		snprintf(name, sizeof(name), "seccomp");
}

enum rc
jail_worker(void)
{
	int abi = 0;
	enum rc rc;

	/* The first conversion of a time, in a line of the log, reads the time
	 * zone's file. */
	tzset();
	rc = no_new_privileges();
	if (rc == RC_OK)
		rc = drop_capabilities();
	if (rc == RC_OK)
		rc = landlock_worker(&abi);
	if (rc == RC_OK)
		rc = filter_worker();
	if (rc == RC_OK)
		set_name(abi);
#if JAIL_WITH_ASAN
	worker_jailed = rc == RC_OK;
#endif
	return rc;
}

enum rc
jail_keeper(bool network)
{
	int abi = 0;
	enum rc rc = no_new_privileges();

	/* As root (a developer's machine) its token's files need them. */
	if (rc == RC_OK && geteuid() != 0)
		rc = drop_capabilities();
	if (rc == RC_OK)
		rc = landlock_keeper(network, &abi);
	if (rc == RC_OK)
		rc = filter_keeper(network);
	if (rc == RC_OK)
		set_name(abi);
	return rc;
}

const char *
jail_name(void)
{
	return name;
}

/* --- descriptors ---------------------------------------------------------- */

static void
close_from_to(unsigned first, unsigned last)
{
	struct rlimit limit;

	if (first > last || syscall(SYS_close_range, first, last, 0) == 0)
		return;
	/* Linux before 5.9, or a container's filter */
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
	    limit.rlim_cur > FALLBACK_FD_MAX)
		limit.rlim_cur = FALLBACK_FD_MAX;
	for (unsigned fd = first; fd <= last && fd < limit.rlim_cur; fd++)
		close((int)fd);
}

void
jail_close_others(const int *keep, size_t count)
{
	int from = STDERR_FILENO + 1;

	for (;;) {
		int next = -1;

		for (size_t i = 0; i < count; i++)
			if (keep[i] >= from && (next < 0 || keep[i] < next))
				next = keep[i];
		if (next < 0)
			break;
		if (next > from)
			close_from_to((unsigned)from, (unsigned)next - 1);
		from = next + 1;
	}
	close_from_to((unsigned)from, ~0U);
}
