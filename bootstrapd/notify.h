/**
 * notify.h - what the daemon tells its service manager: the datagrams of
 * sd_notify(3) to the socket in $NOTIFY_SOCKET, without libsystemd.
 *
 * A manager that does not ask (no variable) is told nothing, and one that does
 * not listen stops nobody: no call here blocks or fails. Only the process that
 * was started by the manager calls them (NotifyAccess=main).
 */
#ifndef BOOTSTRAPD_NOTIFY_H
#define BOOTSTRAPD_NOTIFY_H

#include "base/rc.h"

#include <stdbool.h>
#include <stdint.h>

enum { NOTIFY_TEXT_MAX = 512 /**< bytes of one message; the rest is cut */ };

/** Send `state` as it stands: assignments of sd_notify(3), a line each
 *  ("READY=1\nSTATUS=serving", "STOPPING=1", "WATCHDOG=1"). True: sent. */
bool notify_state(const char *state);

/** RELOADING=1 with the time (MONOTONIC_USEC) that Type=notify-reload asks
 *  for. READY=1 ends it, whether the reload went well or not. */
bool notify_reloading(void);

/** How often WATCHDOG=1 is due, half of what the manager waits; 0: it does not
 *  watch this process. $WATCHDOG_USEC and $WATCHDOG_PID. */
uint64_t notify_watchdog_ms(void);

#endif
