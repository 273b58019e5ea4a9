/**
 * client.h - the device's side of DTLS 1.2 with a pre-shared key, over the
 * same bytes in and bytes out: the virtual device, the conversations and the
 * bench stand on it. bootstrapd never opens a DTLS session itself (LwM2M: the
 * client is always the DTLS client).
 */
#ifndef DTLS_CLIENT_H
#define DTLS_CLIENT_H

#include "base/cursor.h"
#include "base/heap.h"
#include "base/secret.h"

struct dtls_client;

/** A DTLS 1.2 PSK client over the same kind of bytes. `suite` as
 *  "PSK-AES128-CCM-8" (wolfSSL's names); NULL: all that we serve. */
MUST_CHECK enum rc dtls_client_new(struct span identity,
    const struct secret *key, const char *suite, struct dtls_client **out);
void dtls_client_free(struct dtls_client *c);
/** A datagram from the server; plaintext of a data record goes to `data`
 *  (empty when none). */
MUST_CHECK enum rc dtls_client_receive(struct dtls_client *c,
    struct span datagram, struct writer *data, uint64_t now_ms);
/** Start (first call) or retransmit when due. */
MUST_CHECK enum rc dtls_client_tick(struct dtls_client *c, uint64_t now_ms);
uint64_t dtls_client_deadline(const struct dtls_client *c);
bool dtls_client_established(const struct dtls_client *c);
/** The cipher suite of the association as IANA names it, static; NULL before
 *  it is established. */
const char *dtls_client_suite(const struct dtls_client *c);
MUST_CHECK enum rc dtls_client_send(struct dtls_client *c, struct span data);
MUST_CHECK enum rc dtls_client_output(struct dtls_client *c, struct writer *w);
/** The fatal alert that the server sent, -1: none. */
int dtls_client_alert(const struct dtls_client *c);
/** Say close_notify. */
void dtls_client_close(struct dtls_client *c);

#endif
