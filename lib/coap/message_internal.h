/**
 * message_internal.h - what a message is made of behind its header: token,
 * options and payload are the same bytes in a datagram (RFC 7252 section 3)
 * and in a frame of a stream (RFC 8323 section 3.2).
 */
#ifndef COAP_MESSAGE_INTERNAL_H
#define COAP_MESSAGE_INTERNAL_H

#include "coap/message.h"

/** Read a token of `len` bytes; more than COAP_TOKEN_MAX are a format error. */
void message_decode_token(
    struct reader *r, unsigned len, struct coap_token *token);

/**
 * Read options and payload up to the end of `r`; r->bad tells of a format
 * error. False: more than COAP_OPTIONS_MAX options, the first ones are there.
 */
bool message_decode_rest(struct reader *r, struct coap_message *m);

/** Bytes of what message_encode_rest() appends. */
size_t message_rest_len(const struct coap_message *m);

/** Append options and payload; the caller checks w->full. */
void message_encode_rest(const struct coap_message *m, struct writer *w);

#endif
