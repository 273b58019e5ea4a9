/**
 * jail_parts.h - the jail's two halves, each of which holds by itself: what
 * Landlock refuses (files, TCP, signals to others) and what seccomp does not
 * let through at all. Only jail.c and its test put them on singly.
 *
 * All of them need no_new_privs and cannot be taken off again.
 */
#ifndef BOOTSTRAPD_JAIL_PARTS_H
#define BOOTSTRAPD_JAIL_PARTS_H

#include "base/rc.h"

#include <stdbool.h>

/* What the sanitizers' runtime takes is in add_sanitizer() of jail_filter.c. */
#if defined(__SANITIZE_ADDRESS__)
#define JAIL_WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define JAIL_WITH_ASAN 1
#endif
#endif
#ifndef JAIL_WITH_ASAN
#define JAIL_WITH_ASAN 0
#endif

/**
 * No file can be opened, made, removed or run, no TCP socket bound or
 * connected, nothing outside the jail signalled, as far as the kernel's
 * Landlock goes. `abi` becomes its version, 0 where there is none (which is no
 * error). Errors: RC_DENIED.
 */
MUST_CHECK enum rc landlock_worker(int *abi);

/** Nothing can be run, no device, socket or pipe be made in the file system;
 *  no TCP unless `network`. Otherwise as landlock_worker. */
MUST_CHECK enum rc landlock_keeper(bool network, int *abi);

/** All but what serving datagrams takes ends the process by SIGSYS.
 *  Errors: RC_DENIED. */
MUST_CHECK enum rc filter_worker(void);

/** Programs, debugging, mounts, modules and the like end the process by
 *  SIGSYS; sockets but AF_UNIX fail with EACCES unless `network`.
 *  Errors: RC_DENIED. */
MUST_CHECK enum rc filter_keeper(bool network);

#endif
