/**
 * frame.h - one CoAP message and its bytes on a stream, TCP or TLS (RFC 8323
 * section 3.2). A frame says its own length, so that a stream is frames one
 * after another; there is no type and no MID.
 *
 * The decoder is incremental: measure what has come, and decode when all of
 * the frame is there. What it refuses is answered with Abort (RFC 8323 section
 * 5.6), because behind such a frame nobody knows where the next one begins.
 * Nothing here allocates.
 */
#ifndef COAP_FRAME_H
#define COAP_FRAME_H

#include "coap/message.h"

enum {
	COAP_FRAME_MIN = 2, /**< bytes of the shortest frame */
	COAP_FRAME_HEAD_MAX = 14, /**< bytes in front of the options */
};

/**
 * How long is the frame that `stream` begins with? `rest_max` is the most that
 * options and payload may be, in bytes.
 * RC_OK: `*len` is the length of the whole frame; the stream may hold less.
 * RC_AGAIN: its header has not come; `*len`, more than the stream holds, are
 * needed to go on.
 * Errors, each a reason for Abort: RC_MALFORMED (token length 9 to 15),
 * RC_TOO_LARGE (more than `rest_max`: known before any of it has come).
 */
MUST_CHECK enum rc coap_frame_measure(
    struct span stream, size_t rest_max, size_t *len);

/**
 * Decode one whole frame. Spans in `m` borrow from it; type and MID are 0. Of
 * an Empty message (0.00) only the code is looked at: it is to be ignored,
 * whatever it holds (RFC 8323 section 3.4).
 * Errors: RC_MALFORMED (a format error, or not the length that the frame says:
 * Abort); RC_TOO_LARGE (more than COAP_OPTIONS_MAX options; code, token and
 * the first options are right).
 */
MUST_CHECK enum rc coap_frame_decode(struct span frame, struct coap_message *m);

/** Bytes of the frame that coap_frame_encode() appends. */
size_t coap_frame_len(const struct coap_message *m);

/** Append the frame to `w`; the caller checks w->full. Options must ascend;
 *  type and MID are not looked at. */
void coap_frame_encode(const struct coap_message *m, struct writer *w);

#endif
