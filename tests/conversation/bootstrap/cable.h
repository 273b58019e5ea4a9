/**
 * cable.h - one TCP connection between the device's end, which the test holds,
 * and the worker, in place of bootstrapd/tcp.c and of what the loop tells of
 * sockets. Bytes arrive at once and in order; how many the other side's buffer
 * takes is the test's to say.
 */
#ifndef CABLE_H
#define CABLE_H

#include "base/address.h"
#include "base/loop.h"

enum {
	CABLE_LISTENER = 2, /**< the worker's listening socket */
	CABLE_FD = 3, /**< its end of the connection */
	CABLE_MAX = 65536, /**< bytes on their way */
};

struct cable {
	struct address address; /**< of the device */
	bool calls; /**< it waits to be accepted */
	bool open; /**< the worker has its end, and has not closed it */
	bool said_fin; /**< the worker says no more */
	bool heard_fin; /**< the device says no more */
	bool reset; /**< by the device */
	size_t window; /**< bytes that the device's end still takes */
	uint8_t up[CABLE_MAX], down[CABLE_MAX];
	size_t up_len, down_len;
	/* what the worker has asked to be told of */
	uint32_t events;
	loop_ready_fn ready;
	void *ctx;
	loop_ready_fn accept;
	void *accept_ctx;
};

extern struct cable cable;

/** The device calls; the worker hears of it with the next stage_settle(). Takes
 *  no more than `window` bytes at a time from the worker. */
void cable_call(const struct address *device, size_t window);

/** Bytes of the device. */
void cable_say(struct span bytes);

/** What the worker has said: up to `cap` bytes; as many may follow. */
size_t cable_hear(uint8_t *out, size_t cap);

/** The device says no more; or resets the connection. */
void cable_fin(void);
void cable_reset(void);

/** Let the worker work on what has happened. True: there was something. */
bool cable_work(void);

#endif
