/**
 * rebind.h - a device whose address changes in mid-session, as behind a NAT
 * that has forgotten it: it goes on from another source port, and nothing
 * reaches the one before any more.
 */
#ifndef DEVICE_REBIND_H
#define DEVICE_REBIND_H

#include "device/wire.h"

enum { REBIND_EACH = 0xffff /**< before each message; 0: never */ };

/** "3" or "each". False: neither. */
bool rebind_read(const char *text, uint64_t *out);

struct rebinding {
	uint64_t before; /**< the message, counted from 1 */
	uint64_t done; /**< the message before which it was done last */
};

/** What is to be sent now needs a new port first. Once a message: what is sent
 *  again stays on its port. */
bool rebind_due(struct rebinding *r, const struct device_wire *w);

#endif
