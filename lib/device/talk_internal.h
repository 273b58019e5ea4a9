/**
 * talk_internal.h - what talk.c (the device's own requests, sending, time) and
 * talk_serve.c (the commands that it answers) share.
 */
#ifndef DEVICE_TALK_INTERNAL_H
#define DEVICE_TALK_INTERNAL_H

#include "device/talk.h"

enum {
	ACK_TIMEOUT_MS = 2000,
	ACK_JITTER_MS = 1000, /**< the first timeout is that much longer */
};

/** The next number of the device's generator. */
uint64_t talk_draw(struct talk *t);

/** Queue a datagram, twice where the behaviour says so. */
void talk_send(struct talk *t, struct span datagram);
void talk_send_empty(struct talk *t, enum coap_type type, uint16_t mid);

void talk_forget(struct talk_known *k);

/** `h->message` is a request. */
void talk_take_command(struct talk *t, struct talk_heard *h, uint64_t now_ms);

#endif
