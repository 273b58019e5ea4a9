/**
 * cost.h - what one bootstrap costs on the wire: datagrams, bytes, round trips,
 * blocks, and how long it takes at worst on a slow link.
 *
 * Nothing is reckoned. The bootstrap is held, in memory and under a clock that
 * moves by itself: the server's session and exchange layer (lib/bootstrap,
 * lib/coap), DTLS as the server has it (lib/dtls) with its client, and a device
 * that does what its profile says (cost/model.h). What passes between the two
 * is counted. Certificates are made for the purpose, of the lengths that the
 * real ones have; keys are zeros.
 *
 * What is counted: from the first datagram of the device to what the answer to
 * Finish brings about, and the end of the DTLS association after it (one
 * close_notify each way); `bytes` are those of UDP payloads. Sent once each:
 * nothing is lost, and no retransmission is in it.
 */
#ifndef COST_COST_H
#define COST_COST_H

#include "base/heap.h"
#include "bootstrap/reason.h"
#include "policy/set.h"

enum {
	COST_CHAIN_MAX = 4, /**< certificates that one side shows */
	COST_IPV4_HEADERS = 28, /**< bytes beside each datagram: IP and UDP */
	COST_IPV6_HEADERS = 48,
	COST_ECHO_LEN = 12, /**< bytes that bootstrapd gives for it */
};

enum cost_transport { COST_UDP, COST_DTLS_12, COST_DTLS_13 };
enum { COST_TRANSPORTS = 3 };

/** How both sides prove themselves; of the server its transport says it. */
enum cost_proof {
	COST_NONE, /**< UDP */
	COST_PSK,
	COST_CERTIFICATE,
	COST_RAW_KEY,
};

/** Kinds of link for the worst time: see cost_link_name. */
enum cost_link { COST_NB_IOT, COST_LTE_M };
enum { COST_LINKS = 2 };

/** The lengths of certificates in DER, a side's own first. */
struct cost_chain {
	size_t len[COST_CHAIN_MAX];
	size_t count;
};

/** One bootstrap. All is borrowed. */
struct cost_case {
	const struct policy_profile *device;
	struct span endpoint;
	struct span plan; /**< bytes of a plan (bootstrap/plan.h) */
	enum cost_transport transport;
	enum cost_proof proof;
	struct span psk_identity; /**< COST_PSK */
	size_t key_len; /**< COST_PSK, bytes */
	/** COST_CERTIFICATE: what each side shows. */
	struct cost_chain server_chain, device_chain;
	const char *server_name; /**< asked for by the device; NULL: none */
	bool echo; /**< UDP: its address has to be shown fresh (RFC 9175) */
};

struct cost_way {
	uint32_t datagrams, bytes;
};

struct cost {
	/** Not OUTCOME_OK: the bootstrap does not come to its end, why, and at
	 *  which step; the counts are up to there. */
	enum outcome outcome;
	enum reason reason;
	unsigned step, steps;
	struct cost_way up, down; /**< from the device, to it */
	/** Times that one side has to wait for the other before it goes on. */
	uint32_t round_trips;
	uint32_t blocks; /**< messages with a part of a body */
	/** From the first datagram to the end of the bootstrap, where behind
	 *  the handshake the largest datagram of one way is lost, whichever
	 *  takes longer; TIME_NEVER: it does not come to its end there. Only
	 *  when asked for. */
	uint64_t worst_ms[COST_LINKS];
};

/** "NB-IoT", "LTE-M". */
const char *cost_link_name(enum cost_link l);
/** "UDP", "DTLS 1.2", "DTLS 1.3". */
const char *cost_transport_name(enum cost_transport t);
/** "none", "psk", "certificate", "rpk". */
const char *cost_proof_name(enum cost_proof p);

/** What the measuring stands on; not thread-safe. */
struct cost_meter;

/** Owned. NULL: out of memory. */
struct cost_meter *cost_meter_new(void);
/** NULL is harmless. */
void cost_meter_free(struct cost_meter *m);

/** Can it measure that transport and proof? Not everything is in every build
 *  of wolfSSL. */
bool cost_can(enum cost_transport t, enum cost_proof p);

/**
 * Measure `c`; with `times` also `worst_ms`.
 * Errors: RC_MEMORY; RC_UNSUPPORTED (see cost_can); RC_MALFORMED (a plan that
 * is none; certificates shorter than any, an identity that cannot be).
 */
MUST_CHECK enum rc cost_measure(struct cost_meter *m, const struct cost_case *c,
    bool times, struct cost *out);

#endif
