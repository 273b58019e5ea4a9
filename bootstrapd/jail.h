/**
 * jail.h - what a process gives up before it meets anything hostile.
 *
 * Worker: its own user, no new privileges, no file system (landlock where the
 * kernel has it), and a seccomp filter that knows only what serving datagrams
 * takes; anything else kills the process. Keeper: its own user, no new
 * privileges, no programs, no debugging of others, no network sockets unless
 * the PKCS#11 module needs them.
 *
 * A jail that cannot be built is an error, not a warning; only landlock may be
 * missing from the kernel, which is said in the log.
 */
#ifndef BOOTSTRAPD_JAIL_H
#define BOOTSTRAPD_JAIL_H

#include "config.h"

/** Become `user` for good: groups, gid, uid; checked afterwards.
 *  Nothing when it is not set. Errors: RC_DENIED. */
MUST_CHECK enum rc jail_user(const struct user_config *user);

/** The worker's jail. All descriptors must be open. Errors: RC_DENIED. */
MUST_CHECK enum rc jail_worker(void);

/** The keeper's. `network`: the module may open sockets. Threads must not yet
 *  run. Errors: RC_DENIED. */
MUST_CHECK enum rc jail_keeper(bool network);

/** Close every descriptor above 2 that is not in `keep`. */
void jail_close_others(const int *keep, size_t count);

/** "seccomp, landlock 4", for the log and `status`. Static after the jail. */
const char *jail_name(void);

#endif
