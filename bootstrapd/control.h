/**
 * control.h - what bootstrapctl and the keeper say over the control socket.
 *
 * The client sends one line, `VERB [ARGUMENT]`, the argument as it is;
 * the keeper answers lines of `key<TAB>value` (values in JSON quotes where
 * they are text) and a last one `exit<TAB>CODE`, then closes. Whoever
 * may open the socket file is served: root, the keeper's user and its group
 * (mode 0660); the uid of who asks is recorded.
 *
 * After `push COUNT WAY TO "SELECTION"` or `push-resume PUSH` the connection
 * stays.
 * The answers are blocks of such lines, each ended by an empty one; the first
 * has `push`, or `error` and `exit`. Then the client sends any number of
 *
 *   plan "ENDPOINT"           one of the push; no answer
 *   planned                   all since the last such line stand in the ledger:
 *                             `planned<TAB>COUNT`. At most CONTROL_PLAN_MOST
 *   send WAY TO "ENDPOINT"    have it bootstrapped: by `session`, `address`,
 *                             `trigger` or `any`; TO is an address, or `-`
 *   again "ENDPOINT"          its trigger was sent, or not: once more
 *   answered STATUS "SERVER" "ENDPOINT" "DETAIL"
 *                             what the server said to the trigger; 0: nothing
 *   failed "ENDPOINT" "DETAIL"  no server took the trigger
 *
 * and each but the first is answered, at once or later, in any order, by a
 * block with `device` and `state`:
 *
 *   sent     it begins: `way`, `session`
 *   trigger  send the requests `trigger.N.*`, one after the other until a
 *            server takes it: `server`, `method`, `url`, `header.N`, `body`,
 *            `authorization_file`, `ca_file`
 *   failed   `reason`, `sentence`, `remedy`, `detail`: recorded
 *   done     it was sent before, or has failed before
 *   busy     not now; nothing was recorded
 *   noted    what the client said stands in the ledger
 *   lost     the ledger cannot be written: nothing was done
 *   error    the line is wrong
 */
#ifndef BOOTSTRAPD_CONTROL_H
#define BOOTSTRAPD_CONTROL_H

enum {
	CONTROL_LINE_MAX = 1024,
	CONTROL_CLIENTS_MAX = 16,
	CONTROL_TIMEOUT_MS = 5000,
	CONTROL_PUSHES_MAX = 8, /**< of the clients, at most so many */
	CONTROL_PUSH_LINE_MAX = 8192,
	CONTROL_REPLY_MAX = 65536, /**< bytes of a block, more than there are */
	CONTROL_PUSH_TIMEOUT_MS = 900000, /**< without a line */
	CONTROL_PLAN_MOST = 256,
	/** Lines `send` that wait for their answers; further ones are `busy`. */
	CONTROL_SEND_MOST = 64,
};

#endif
