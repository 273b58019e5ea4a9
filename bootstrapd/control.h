/**
 * control.h - what bootstrapctl and the keeper say over the control socket.
 *
 * The client sends one line, `VERB [ARGUMENT]`, the argument as it is;
 * the keeper answers lines of `key<TAB>value` (values in JSON quotes where
 * they are text) and a last one `exit<TAB>CODE`, then closes. Only root and the
 * keeper's own user are served (SO_PEERCRED).
 */
#ifndef BOOTSTRAPD_CONTROL_H
#define BOOTSTRAPD_CONTROL_H

enum {
	CONTROL_LINE_MAX = 1024,
	CONTROL_CLIENTS_MAX = 16,
	CONTROL_TIMEOUT_MS = 5000,
};

#endif
