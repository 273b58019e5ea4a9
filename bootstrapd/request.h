/**
 * request.h - what a device may ask of us, as a table of routes: `POST /bs`,
 * `GET /bspack` (LwM2M Core 6.1.7; bootstrap.md sections 4 and 11).
 *
 * Pure: a message goes in, a decision comes out.
 */
#ifndef BOOTSTRAPD_REQUEST_H
#define BOOTSTRAPD_REQUEST_H

#include "base/digest.h"
#include "bootstrap/reason.h"
#include "coap/block.h"
#include "lwm2m/path.h"

enum request_kind {
	REQUEST_ANSWER, /**< answer with `code` at once; nothing more */
	REQUEST_BOOTSTRAP, /**< a Bootstrap-Request: ask the keeper */
	REQUEST_PACK, /**< a Bootstrap-Pack-Request, or a later block of one */
};

enum { REQUEST_ACC_MAX = 4 /**< links of one `acc` */ };

struct request {
	enum request_kind kind;
	uint8_t code; /**< REQUEST_ANSWER */
	/* REQUEST_BOOTSTRAP, REQUEST_PACK */
	enum reason fault; /**< what is wrong with it already */
	bool has_endpoint;
	struct span endpoint; /**< borrowed from the message */
	struct span echo; /**< value of Echo, borrowed; empty: none */
	/* REQUEST_BOOTSTRAP */
	int32_t pct; /**< -1: not there */
	/* REQUEST_PACK */
	int accept; /**< the Content-Format of the pack */
	/** What `acc` says belongs to the Bootstrap-Server Account. */
	struct lwm2m_path acc[REQUEST_ACC_MAX];
	size_t acc_count;
	bool has_block; /**< Block2 was there */
	struct coap_block block; /**< its value; else the first block */
	/** Of query and Accept: blocks of one pack are asked for alike. */
	uint8_t alike[DIGEST_LEN];
};

/** `stream`: it came over a connection, where Block2 may say BERT. */
void request_read(
    const struct coap_message *m, bool stream, struct request *out);

#endif
