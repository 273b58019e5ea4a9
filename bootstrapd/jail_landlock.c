#include "base/event.h"
#include "jail_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The kernel that runs this is often newer than the headers it was built
 * with; numbers and names below are the kernel's, Documentation/userspace-api/
 * landlock.rst.
 */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

enum {
	ABI_REFER = 2, /* renaming between directories */
	ABI_TRUNCATE = 3,
	ABI_TCP = 4,
	ABI_IOCTL = 5,
	ABI_SCOPE = 6, /* signals and abstract sockets */
};

enum {
	FS_EXECUTE = 1 << 0,
	FS_MAKE_CHAR = 1 << 6,
	FS_MAKE_SOCK = 1 << 9,
	FS_MAKE_FIFO = 1 << 10,
	FS_MAKE_BLOCK = 1 << 11,
	FS_FIRST = (1 << 13) - 1, /* all of ABI 1 */
	FS_REFER = 1 << 13,
	FS_TRUNCATE = 1 << 14,
	FS_IOCTL_DEV = 1 << 15,

	NET_BIND_TCP = 1 << 0,
	NET_CONNECT_TCP = 1 << 1,

	SCOPE_ABSTRACT_UNIX = 1 << 0,
	SCOPE_SIGNAL = 1 << 1,
};

/* As of ABI 6. What a kernel does not know must be zero. */
struct ruleset {
	uint64_t handled_fs; /* refused, but where a rule allows it */
	uint64_t handled_net;
	uint64_t scoped;
};

static int
kernel_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);

	return abi > 0 ? (int)abi : 0;
}

static enum rc
fail(const char *step)
{
	LOG(LOG_ERROR, "jail_failed", F_TEXT("step", step),
	    F_TEXT("error", strerror(errno)));
	return RC_DENIED;
}

/* The one rule there can be: `access` to everything below the root. */
static enum rc
allow_everywhere(int ruleset, uint64_t access)
{
	struct landlock_path_beneath_attr below = {.allowed_access = access};
	enum rc rc = RC_OK;

	below.parent_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (below.parent_fd < 0)
		return fail("landlock: open root");
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
		&below, 0) != 0)
		rc = fail("landlock_add_rule");
	close(below.parent_fd);
	return rc;
}

static enum rc
restrict_self(const struct ruleset *attr, uint64_t everywhere)
{
	enum rc rc = RC_OK;
	int fd =
	    (int)syscall(SYS_landlock_create_ruleset, attr, sizeof(*attr), 0);

	if (fd < 0)
		return fail("landlock_create_ruleset");
	if (everywhere)
		rc = allow_everywhere(fd, everywhere);
	if (rc == RC_OK && syscall(SYS_landlock_restrict_self, fd, 0) != 0)
		rc = fail("landlock_restrict_self");
	close(fd);
	return rc;
}

static bool
is_missing(int abi)
{
	if (abi == 0)
		LOG(LOG_WARNING, "landlock_missing",
		    F_TEXT("hint", "kernel without Landlock: add it to lsm="));
	return abi == 0;
}

enum rc
landlock_worker(int *abi)
{
	struct ruleset attr = {.handled_fs = FS_FIRST};

	*abi = kernel_abi();
	if (is_missing(*abi))
		return RC_OK;
	if (*abi >= ABI_REFER)
		attr.handled_fs |= FS_REFER;
	if (*abi >= ABI_TRUNCATE)
		attr.handled_fs |= FS_TRUNCATE;
	if (*abi >= ABI_TCP)
		attr.handled_net = NET_BIND_TCP | NET_CONNECT_TCP;
	if (*abi >= ABI_IOCTL)
		attr.handled_fs |= FS_IOCTL_DEV;
	if (*abi >= ABI_SCOPE)
		attr.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
	return restrict_self(&attr, 0);
}

enum rc
landlock_keeper(bool network, int *abi)
{
	/* A module's library is read and mapped, which is not "execute". */
	struct ruleset attr = {.handled_fs = FS_EXECUTE | FS_MAKE_CHAR |
		FS_MAKE_BLOCK | FS_MAKE_SOCK | FS_MAKE_FIFO};
	uint64_t everywhere = 0;

	*abi = kernel_abi();
	if (is_missing(*abi))
		return RC_OK;
	/* Any ruleset forbids this one unless it is handled and allowed, and a
	 * module may well keep its objects by renaming files. */
	if (*abi >= ABI_REFER)
		everywhere = FS_REFER;
	attr.handled_fs |= everywhere;
	if (*abi >= ABI_TCP && !network)
		attr.handled_net = NET_BIND_TCP | NET_CONNECT_TCP;
	if (*abi >= ABI_SCOPE)
		attr.scoped = SCOPE_SIGNAL;
	return restrict_self(&attr, everywhere);
}
