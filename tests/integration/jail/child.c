#include "child.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NO_JAIL = 255 };

int
child_wait(pid_t pid)
{
	int status;

	if (pid < 0)
		return CHILD_LOST;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return CHILD_LOST;
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS ? CHILD_KILLED : CHILD_LOST;
	if (WEXITSTATUS(status) == NO_JAIL)
		return CHILD_NO_JAIL;
	return WEXITSTATUS(status);
}

static pid_t
start(jail_fn jail, attempt_fn attempt, void (*end)(int))
{
	pid_t pid = fork();

	if (pid == 0) {
		/* whoever dies of SIGSYS leaves no core behind */
		prctl(PR_SET_DUMPABLE, 0);
		end(jail() ? attempt() : NO_JAIL);
		abort();
	}
	return pid;
}

pid_t
child_start(jail_fn jail, attempt_fn attempt)
{
	return start(jail, attempt, exit);
}

int
child_try(jail_fn jail, attempt_fn attempt)
{
	return child_wait(start(jail, attempt, _exit));
}

int
child_exit(jail_fn jail, attempt_fn attempt)
{
	return child_wait(start(jail, attempt, exit));
}

const char *
child_ending(int how)
{
	switch (how) {
	case 0:
		return "it worked";
	case CHILD_KILLED:
		return "killed by SIGSYS";
	case CHILD_NO_JAIL:
		return "the jail could not be put on";
	case CHILD_LOST:
		return "ended by another signal";
	default:
		return strerror(how);
	}
}

static bool
no_jail(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

static int
ask_abi(void)
{
	int abi = 0;

	return landlock_worker(&abi) == RC_OK ? abi : 0;
}

int
child_landlock_abi(void)
{
	return child_try(no_jail, ask_abi);
}
