/**
 * describe.h - one CoAP message as one line of a packet trace:
 *
 *     CON POST /bs?ep=dev-1&pct=112
 *     ACK 2.04
 *     CON PUT /0/1 cf=11542
 *     CON PUT /0/1 cf=112 b1=0/1/64 size1=104
 *     ACK 2.31 b1=0/1/64
 *     ACK 2.05 cf=40 </>;lwm2m=1.1,</0/1>
 *     ACK
 *
 * MID and token are left out, and so is every payload but a Discover's: keys
 * may be in it. Its length, " 95 B", stands behind where it is asked for.
 */
#ifndef DEVICE_DESCRIBE_H
#define DEVICE_DESCRIBE_H

#include "coap/message.h"

/** Append the line, without an end. Whatever a peer has chosen is printable. */
void describe_message(
    struct writer *w, const struct coap_message *m, bool lengths);

/** The same of a datagram; "(malformed)". */
void describe_datagram(struct writer *w, struct span datagram, bool lengths);

#endif
