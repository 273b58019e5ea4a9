/**
 * child.h - a process that puts on a jail, tries something, and is watched
 * while it dies of it or not.
 */
#ifndef TESTS_JAIL_CHILD_H
#define TESTS_JAIL_CHILD_H

#include "jail.h"
#include "jail_parts.h"

#include <sys/types.h>

/** Tries something. 0: it worked; else the errno it was refused with. */
typedef int (*attempt_fn)(void);

/** Puts on a jail; false if it could not. */
typedef bool (*jail_fn)(void);

enum {
	/** Of child_try: the process was killed by SIGSYS. */
	CHILD_KILLED = 1000,
	/** Of child_try: the jail itself could not be put on. */
	CHILD_NO_JAIL,
	/** Of child_try: it ended in some other way. */
	CHILD_LOST,
};

/**
 * Fork, jail, try, and say how it ended: the attempt's result (0..255) or
 * one of the above.
 */
int child_try(jail_fn jail, attempt_fn attempt);

/** The same with the child's ordinary end: exit(3), with all that libraries
 *  do there. */
int child_exit(jail_fn jail, attempt_fn attempt);

/** child_exit in two steps. child_wait takes a failed start, too. */
pid_t child_start(jail_fn jail, attempt_fn attempt);
int child_wait(pid_t pid);

/** "killed", "no jail", strerror of an errno: for messages. */
const char *child_ending(int ending);

/** The kernel's Landlock version, 0: none. Asked in a process of its own. */
int child_landlock_abi(void);

#endif
