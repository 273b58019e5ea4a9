/**
 * probe_wire.h - the sockets that `probe` listens on, and whoever has come to
 * them: the device that is being tried, and one newcomer, which may be the same
 * device after a restart, from another port or under another handshake.
 *
 * Datagrams, DTLS, TCP and TLS end here; above there are CoAP peers alone.
 */
#ifndef TOOL_PROBE_WIRE_H
#define TOOL_PROBE_WIRE_H

#include "../bootstrapd/config.h"
#include "base/loop.h"
#include "base/secret.h"
#include "coap/peer.h"
#include "dtls/dtls.h"

enum {
	WIRE_DEVICE, /**< its place among the peers */
	WIRE_NEWCOMER,
	WIRE_PEERS,
	WIRE_PENDING_MAX = 8192, /**< bytes that a TCP socket did not take */
	WIRE_TEXT_MAX = 512,
};

struct wire;

struct wire_listener {
	struct wire *wire;
	enum listen_kind kind;
	struct address address; /**< the real one */
	int fd;
	struct dtls *dtls; /**< NULL: NoSec */
};

/** Zero, but for `fd`: nobody. */
struct wire_peer {
	struct wire_listener *listener; /**< NULL: nobody is here */
	struct coap_peer *coap; /**< NULL: not before its handshake is over */
	struct address address;
	uint64_t conn; /**< of DTLS and TLS */
	int fd; /**< of TCP; -1: datagrams */
	bool lost; /**< it can neither be heard nor told anything */
	uint8_t pending[WIRE_PENDING_MAX];
	size_t pending_len;
};

/** What was seen of the device's messages since wire_look(). */
struct wire_seen {
	unsigned requests; /**< of ours, datagrams with a request */
	size_t largest; /**< bytes of the largest of them */
	bool separate; /**< a response came as a message of its own */
	bool too_large; /**< 4.13 or 4.02 was among the answers */
};

/** Something that a peer has said; `place` is its place. */
typedef void (*wire_event_fn)(
    void *ctx, unsigned place, const struct coap_event *ev, uint64_t now_ms);

struct wire_config {
	const char *const *uris; /**< borrowed */
	size_t uri_count;
	struct span identity; /**< the device's PSK identity, borrowed */
	const struct secret *key; /**< and its key, borrowed; NULL: none */
	uint32_t patience_ms; /**< until a command is given up */
	wire_event_fn event;
	void *ctx;
};

struct wire {
	struct wire_config config;
	struct coap_params params;
	struct loop *loop;
	struct wire_listener listeners[LISTENERS_MAX];
	size_t listener_count;
	struct wire_peer peers[WIRE_PEERS];
	struct wire_seen seen;
	/** Said by the owner while it is told an event of the newcomer: that
	 *  is the device from now on, and what it was is forgotten. */
	bool wanted;
	/* of the last handshake; empty: there was none */
	char suite[64], version[16];
	char offered[WIRE_TEXT_MAX]; /**< suites of the last ClientHello */
	char fault[WIRE_TEXT_MAX]; /**< why the last one has failed */
};

/** Open all sockets. What is wrong has been said on stderr. EX_OK, EX_USAGE
 *  (a URI), EX_UNAVAILABLE (a socket), EX_SOFTWARE. */
MUST_CHECK int wire_open(struct wire *w, const struct wire_config *config);
/** Harmless on a zero one. */
void wire_close(struct wire *w);

/** Append "coap://127.0.0.1:5683". */
void wire_print(struct writer *out, const struct wire_listener *l);

/** Wait until something happens, or `until_ms`, and take it. */
void wire_step(struct wire *w, uint64_t until_ms);

/** Send what the peers have to say. */
void wire_flush(struct wire *w);

/** Whoever is there is forgotten: its next datagram is a stranger's. */
void wire_forget(struct wire *w, unsigned place);

/** Look afresh. */
void wire_look(struct wire *w);

/** Some suites in the ClientHello of a datagram, by name, into `out`. False:
 *  it is none. */
bool wire_suites(struct span datagram, char *out, size_t cap);

#endif
