/**
 * block.h - block-wise transfer (RFC 7959) as two cursors: one over a body
 * that we send in Block1 requests, one that gathers what Block2 responses
 * bring. Sizes are powers of two, 16 to 1024 bytes (SZX 0..6).
 *
 * On a stream there also is BERT (RFC 8323 section 6), SZX 7: NUM counts 1024
 * bytes, and a message carries any number of such units, the last one also a
 * part of one.
 */
#ifndef COAP_BLOCK_H
#define COAP_BLOCK_H

#include "coap/message.h"

enum {
	COAP_SZX_MAX = 6, /**< 1024 bytes; 7 is reserved on UDP */
	COAP_SZX_BERT = 7,
};

/** NUM, M and SZX of a Block1 or Block2 option. */
struct coap_block {
	uint32_t num; /**< 0 .. 2^20-1 */
	bool more;
	uint8_t szx; /**< 0..6; COAP_SZX_BERT on a stream */
};

/** What NUM counts, in bytes; but with BERT also the size of a block. */
static inline size_t
coap_block_size(uint8_t szx)
{
	return (size_t)16 << (szx == COAP_SZX_BERT ? COAP_SZX_MAX : szx);
}

/** The largest SZX whose block is not above `bytes`; 0 for less than 16. */
uint8_t coap_szx_for(size_t bytes);

/** Errors: RC_MALFORMED (longer than 3 bytes, or SZX 7). */
MUST_CHECK enum rc coap_block_decode(struct span value, struct coap_block *b);

/** The same where BERT is allowed. Errors: RC_MALFORMED (more than 3 bytes). */
MUST_CHECK enum rc coap_block_decode_bert(
    struct span value, struct coap_block *b);

/** Option value in `bytes` (at least 4). */
struct span coap_block_encode(struct coap_block b, uint8_t *bytes);

/** What an answer means for a body in blocks. */
enum block_step {
	BLOCK_MORE, /**< send the request for the cursor's current block */
	BLOCK_DONE, /**< this answer is the final one */
	BLOCK_BROKEN, /**< the transfer cannot go on */
};

enum {
	BLOCK_SEND_RESTARTS = 2, /**< after 4.08, then it is final */
	BLOCK_RECEIVE_RESTARTS = 1, /**< after a change of the ETag */
};

/** A body on its way to the peer. Zero is ready for use. */
struct block_send {
	size_t offset; /**< bytes that the peer has acknowledged */
	size_t size; /**< bytes of a block */
	size_t bert_size; /**< of a block with BERT, units of 1024; 0: none */
	uint8_t szx;
	bool active; /**< the body goes in blocks */
	unsigned restarts; /**< after 4.08; bounded */
};

/**
 * Begin: a body above `block_size` bytes goes in blocks of the largest SZX
 * that is not above it. Sizes below 16 count as 16, above 1024 and 0 as 1024.
 * Errors: RC_TOO_LARGE (more than 2^20 blocks).
 */
MUST_CHECK enum rc block_send_start(
    struct block_send *s, size_t body_len, size_t block_size);

/** How a body goes on a stream. */
struct block_room {
	bool whole; /**< the whole body fits into one message */
	size_t bytes; /**< of a body's part that fits beside Block1 */
	bool bert; /**< the peer can do it */
};

/**
 * Begin on a stream: in blocks, unless the body goes whole, as large as there
 * is room for. Errors: RC_TOO_LARGE (no room for the smallest block; more than
 * 2^20 blocks).
 */
MUST_CHECK enum rc block_send_start_stream(
    struct block_send *s, size_t body_len, struct block_room room);

/** The Block1 value of the current block; `part` receives its bytes, a part of
 *  `body`. Only when active. */
struct coap_block block_send_now(
    const struct block_send *s, struct span body, struct span *part);

/**
 * Take the answer to the current block (or to the whole body, when it was not
 * in blocks). BLOCK_MORE: the cursor has moved to the next block, or back to
 * the first one:
 * - 2.31 on a block that was not the last: on, in smaller blocks from the same
 *   byte when the peer asks for them (RFC 7959 section 2.5);
 * - 4.08: from the first block, BLOCK_SEND_RESTARTS times (section 2.9.2);
 * - 4.13 with a smaller SZX in Block1: from the first block, in blocks of that
 *   size, also where the body went whole (section 2.9.3).
 * BLOCK_DONE: any other error, and any answer to the last block. BLOCK_BROKEN
 * (`why` is a static sentence): success before the last block, 2.31 after it.
 */
enum block_step block_send_answer(struct block_send *s, size_t body_len,
    const struct coap_message *answer, const char **why);

/** A body that comes in blocks, gathered in the caller's buffer. */
struct block_receive {
	struct writer body;
	uint8_t szx;
	bool bert; /**< allowed: the owner's word */
	uint32_t blocks; /**< received; bounded by the buffer's size */
	uint8_t etag[8];
	uint8_t etag_len;
	bool started;
	unsigned restarts;
};

/** True when the 2.05 `answer` is the first of several blocks. */
bool block_receive_begins(const struct coap_message *answer);

/** The Block2 value to ask for next; SZX as the peer has chosen it. */
struct coap_block block_receive_next(const struct block_receive *r);

/**
 * Take a 2.05 answer: append its payload to `r->body`. An ETag that differs
 * from the first block's starts again from block 0, BLOCK_RECEIVE_RESTARTS
 * times (RFC 7959 section 2.4). BLOCK_BROKEN (`why` is a static sentence): no
 * Block2, not the bytes that were asked for, a block that is not full (with
 * BERT: not of whole units, or empty) and not the last one, no room in
 * `r->body`.
 */
enum block_step block_receive_answer(struct block_receive *r,
    const struct coap_message *answer, const char **why);

#endif
