/**
 * bridge.h - a session's commands as requests of a CoAP peer, and what becomes
 * of those told to the session. Whoever has a session and a peer at hand stands
 * on this: the worker, and what measures a bootstrap.
 */
#ifndef BOOTSTRAP_BRIDGE_H
#define BOOTSTRAP_BRIDGE_H

#include "bootstrap/session.h"
#include "coap/peer.h"

/**
 * Send `c`, the command that session_next() has handed out, to `p`; `ref`
 * receives the request's number. What cannot be sent is told to the session.
 */
void bridge_send(struct session *s, struct coap_peer *p,
    const struct session_command *c, uint64_t now_ms, uint32_t *ref);

/** Tell the session how the request of a command has ended. A request of the
 *  peer is none of its business. */
void bridge_event(
    struct session *s, const struct coap_event *ev, uint64_t now_ms);

#endif
