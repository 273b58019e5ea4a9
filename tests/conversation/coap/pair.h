/**
 * pair.h - a bootstrap server and a device, two peers of lib/coap at the ends
 * of one connection in memory. The wire cuts what goes over it into any pieces;
 * what happens is written down as lines of text, and is the same however it is
 * cut.
 */
#ifndef PAIR_H
#define PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "coap/peer.h"

enum {
	PAIR_BODY_MAX = 40000, /* bytes of what is written or described */
	PAIR_WIRE_CAP = 1 << 20,
	PAIR_STORY_MAX = 4000,
	PAIR_COMMANDS_MAX = 16,
};

/** One direction. All that ever went over it stays, for the record. */
struct wire {
	uint8_t bytes[PAIR_WIRE_CAP];
	size_t sent, read;
};

struct pair {
	struct coap_params params;
	struct coap_stream_params server_params, device_params;
	struct coap_peer *server, *device;
	struct wire up, down; /**< up: to the server */
	uint64_t now_ms;
	uint32_t seed; /**< how the wire cuts; 0: at every byte */
	uint32_t drawn;

	/* The server's plan. */
	struct coap_request commands[PAIR_COMMANDS_MAX];
	size_t command_count, command_next;
	bool started; /**< the device's request was answered */

	/* The device. */
	uint8_t description[PAIR_BODY_MAX]; /**< what Discover gives */
	size_t description_len;
	size_t block; /**< bytes it answers with at once; SZX follows */
	uint8_t written[PAIR_BODY_MAX]; /**< by the last Write */
	size_t written_len;

	uint8_t body[PAIR_BODY_MAX]; /**< for Writes */
	char story[PAIR_STORY_MAX];
};

/** Fresh, with the defaults as parameters and bodies of different bytes.
 *  Owned. */
struct pair *pair_new(uint32_t seed);
/** Make both peers, of the parameters as they are now. */
void pair_connect(struct pair *p);
void pair_free(struct pair *p);

/** A command of the plan; `payload_len` bytes of the body go with a PUT. */
void pair_command(
    struct pair *p, uint8_t method, const char *path, size_t payload_len);

/** The device asks to be bootstrapped. Then play until nothing moves. */
void pair_bootstrap(struct pair *p);
void pair_play(struct pair *p);

/** The clock goes on, for both. */
void pair_wait(struct pair *p, uint64_t ms);

/** Add a line to the story. */
void pair_tell(struct pair *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** Any number, the next of a series. */
uint32_t pair_any(uint32_t *state);

#endif
