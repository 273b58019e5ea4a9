/**
 * device.h - a virtual LwM2M device that knows nothing but its
 * Bootstrap-Server: it sends the Bootstrap-Request, does what the server
 * commands, and judges its own configuration at Finish (LwM2M Core 6.1.7;
 * spec/bootstrap.md sections 4 to 10).
 *
 * Sans-IO, and deterministic for a seed: datagrams and a time go in; events,
 * datagrams and a deadline come out. The conversations play it over a link in
 * memory, virtual-device over a socket.
 */
#ifndef DEVICE_DEVICE_H
#define DEVICE_DEVICE_H

#include "device/behaviour.h"
#include "device/held.h"

#include "base/heap.h"

enum {
	DEVICE_TEXT_MAX = 512, /**< bytes of an event's line with its NUL */
	DEVICE_EVENTS_MAX = 32, /**< that wait; the oldest gives way */
};

struct device;

struct device_config {
	struct span endpoint; /**< copied; at most 252 bytes */
	struct device_behaviour behaviour; /**< copied; rules' paths borrowed */
	uint64_t seed; /**< of MIDs and tokens */
};

enum device_state {
	DEVICE_IDLE, /**< has not asked yet */
	DEVICE_ASKING, /**< the request is out */
	DEVICE_BOOTSTRAPPING, /**< it was answered 2.04 */
	DEVICE_BOOTSTRAPPED, /**< Finish was answered 2.04 */
	DEVICE_FAILED,
	DEVICE_DEAD, /**< it died before Finish, by its behaviour */
};

/** Owned. NULL: out of memory. */
struct device *device_new(const struct device_config *config);
void device_free(struct device *d);

/** Put a value into it as the factory would. Copies. Errors: RC_MEMORY. */
MUST_CHECK enum rc device_equip(struct device *d, const struct lwm2m_entry *e);

/** Its own Device object, /3/0: manufacturer and binding. Errors: RC_MEMORY. */
MUST_CHECK enum rc device_equip_self(struct device *d);

/**
 * That, and a Bootstrap-Server Account at the behaviour's instance. `identity` and `key` empty: NoSec.
 * Errors: RC_MEMORY.
 */
MUST_CHECK enum rc device_equip_account(struct device *d, const char *uri,
    struct span identity, const struct secret *key);

/** Send a Bootstrap-Request, whatever went on before. */
void device_start(struct device *d, uint64_t now_ms);

/** One datagram, decrypted. Borrowed. */
void device_receive(struct device *d, struct span datagram, uint64_t now_ms);
void device_tick(struct device *d, uint64_t now_ms);
uint64_t device_deadline(const struct device *d);

/** Append the next datagram to send (at most 1280 bytes).
 *  Errors: RC_AGAIN (none), RC_TOO_LARGE. */
MUST_CHECK enum rc device_output(struct device *d, struct writer *w);

/** What has happened, as one line for people:
 *  "-> POST /bs?ep=dev-1&pct=112  <- 2.04 Changed",
 *  "<- PUT /0/0 SenML CBOR 104 B  -> 2.04 Changed". No key is in it. */
struct device_event {
	char text[DEVICE_TEXT_MAX];
};

/** False: none. */
bool device_event(struct device *d, struct device_event *out);

enum device_state device_state(const struct device *d);
/** What it holds; borrowed. */
const struct held *device_store(const struct device *d);
/** Why it thinks that its configuration is inconsistent, as at Finish; NULL
 *  when it is not. Static. */
const char *device_inconsistency(const struct device *d);
/** Commands that it was given, refused ones too, each counted once. */
unsigned device_commands(const struct device *d);
/** How often Finish was answered 2.04. */
unsigned device_finished(const struct device *d);
/** The code that Finish was answered with last; 0: it never came. */
uint8_t device_finish_code(const struct device *d);
/** Datagrams that it has sent. */
unsigned device_sent(const struct device *d);

#endif
