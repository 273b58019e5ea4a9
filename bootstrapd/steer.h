/**
 * steer.h - which worker a datagram goes to. The kernel spreads the datagrams
 * of a port over the workers' sockets (SO_REUSEPORT) by a hash of the
 * addresses, which is right until a device changes its own: then only the
 * Connection ID in its records says where its association is (dtls/cid.h). A
 * filter of a few instructions, which the kernel runs on each datagram, reads
 * the worker out of it; whatever has no Connection ID goes by the hash.
 *
 * Turned down: that the worker which gets such a record passes it on to the
 * right one. It works on any kernel, but each worker would need a way to all
 * others, and what one sends there the other would have to take for a datagram
 * from an address that it cannot check: workers share nothing.
 *
 * Where the kernel has no such filters a device that changes its address has
 * its record ignored by the wrong worker, and begins anew.
 */
#ifndef BOOTSTRAPD_STEER_H
#define BOOTSTRAPD_STEER_H

#include "base/rc.h"
#include "dtls/cid.h"

#include <linux/filter.h>

enum {
	STEER_PROGRAM_MAX = 48, /**< instructions */
	/** What the program returns for a datagram of no certain worker: no
	 *  socket has that number, and the kernel goes by its hash. */
	STEER_ANY = 0x7fffffff,
};

struct steer_program {
	struct sock_filter code[STEER_PROGRAM_MAX];
	unsigned short len; /**< instructions */
};

/** The program for Connection IDs under that key. It sees the payload of UDP,
 *  and returns the number of a socket in the order in which they were bound;
 *  or one that is none, of a Connection ID that nobody has made. */
void steer_write(const struct dtls_cid_key *key, struct steer_program *out);

/** Run it for all sockets that are bound to the address of `fd`. Errors: RC_IO
 *  (errno says why: this kernel cannot). */
MUST_CHECK enum rc steer_attach(int fd, const struct dtls_cid_key *key);

#endif
