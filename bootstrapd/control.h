/**
 * control.h - what bootstrapctl and the keeper say over the control socket.
 *
 * The client sends one line, `VERB [ARGUMENT]`, the argument as it is;
 * the keeper answers lines of `key<TAB>value` (values in JSON quotes where
 * they are text) and a last one `exit<TAB>CODE`, then closes. Whoever
 * may open the socket file is served: root, the keeper's user and its group
 * (mode 0660); the uid of who asks is recorded.
 */
#ifndef BOOTSTRAPD_CONTROL_H
#define BOOTSTRAPD_CONTROL_H

enum {
	CONTROL_LINE_MAX = 1024,
	CONTROL_CLIENTS_MAX = 16,
	CONTROL_TIMEOUT_MS = 5000,
};

#endif
