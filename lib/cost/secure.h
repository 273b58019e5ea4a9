/**
 * secure.h - both ends of one DTLS association while a bootstrap is measured:
 * the server's lib/dtls and its client, with keys of zeros and certificates
 * that were made for it. Internal to lib/cost.
 */
#ifndef COST_SECURE_H
#define COST_SECURE_H

#include "cost/cost.h"
#include "dtls/client.h"
#include "dtls/dtls.h"
#include "hsm/sample.h"

/** What a kind of handshake needs; it is made once for many. */
struct secure_papers {
	enum cost_proof proof;
	struct cost_chain server_chain, device_chain;
	char name[256]; /**< of the server; "": none */
	struct sample server, device;
};

/** Make them for `c`. Errors: RC_MALFORMED (lengths that cannot be, a name that
 *  is too long), RC_MEMORY. */
MUST_CHECK enum rc secure_papers_make(
    struct secure_papers *p, const struct cost_case *c);
/** Do they fit `c`? */
bool secure_papers_fit(
    const struct secure_papers *p, const struct cost_case *c);
void secure_papers_fini(struct secure_papers *p);

struct secure {
	const struct secure_papers *papers;
	size_t key_len;
	struct dtls *server;
	struct dtls_client *client;
	struct address address; /**< the device's */
	uint64_t conn;
	bool accepted; /**< the server has it established */
	bool broken;
	enum rc rc; /**< the first fault that is ours */
};

/** `papers` is borrowed. Errors: RC_MEMORY, RC_UNSUPPORTED, RC_MALFORMED. */
MUST_CHECK enum rc secure_open(struct secure *s,
    const struct secure_papers *papers, const struct cost_case *c);
void secure_close(struct secure *s);

/** A datagram reaches the server. */
void secure_server_receive(
    struct secure *s, struct span datagram, uint64_t now_ms);
/** Answer what the server asks for, and take the next CoAP message that has
 *  come; borrowed until the next call. False: none. */
bool secure_server_next(
    struct secure *s, struct span *message, uint64_t now_ms);

#endif
