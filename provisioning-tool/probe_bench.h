/**
 * probe_bench.h - the device on the bench: it comes with a Bootstrap-Request,
 * is told one command after the other, and its answers, or what there is in
 * place of one, are looked at.
 */
#ifndef TOOL_PROBE_BENCH_H
#define TOOL_PROBE_BENCH_H

#include "probe_wire.h"

enum {
	BENCH_BODY_MAX = 16384, /**< bytes of an answer */
	BENCH_WHY_MAX = 128,
};

/** How it came. */
struct bench_request {
	bool pack; /**< GET /bspack was there before */
	int pack_accept; /**< COAP_FORMAT_NONE: it named none */
	bool has_endpoint;
	size_t endpoint_len;
	uint8_t endpoint[COAP_SEGMENT_MAX];
	int pct; /**< -1: none */
	bool pct_first; /**< before `ep` */
	bool confirmable;
	unsigned token_len; /**< bytes */
	unsigned others; /**< queries that are none of these */
	bool prefixed; /**< more than /bs in its path */
};

enum bench_kind {
	BENCH_ANSWERED,
	BENCH_RESET, /**< RST */
	BENCH_SILENT,
	BENCH_BROKEN, /**< `why`: blocks that do not go on */
	BENCH_GONE, /**< its association or connection has ended */
	BENCH_CAME_AGAIN, /**< a Bootstrap-Request in place of an answer */
	BENCH_UNSENT, /**< it cannot be sent at all */
};

struct bench_answer {
	enum bench_kind kind;
	uint8_t code; /**< ANSWERED */
	int content_format; /**< COAP_FORMAT_NONE: none */
	char why[BENCH_WHY_MAX]; /**< BROKEN */
	struct wire_seen seen;
	size_t body_len;
	uint8_t body[BENCH_BODY_MAX];
};

struct bench {
	struct wire wire;
	uint32_t patience_ms;
	/* who comes */
	bool known; /**< its name is the one of `first` */
	bool arrived; /**< a request waits for bench_welcome */
	uint32_t ref;
	struct bench_request arrival, first;
	bool pack; /**< GET /bspack was answered */
	int pack_accept;
	unsigned strangers;
	/* what it is asked */
	struct bench_answer *answer; /**< NULL: nothing */
	uint32_t asked;
	bool done;
};

/** `config` without event and ctx. As wire_open. */
MUST_CHECK int bench_open(struct bench *b, struct wire_config config);
void bench_close(struct bench *b);

/** Wait for a Bootstrap-Request. RC_OK, RC_TIMEOUT. */
MUST_CHECK enum rc bench_wait(struct bench *b, uint64_t until_ms);

/** Answer it. */
void bench_welcome(struct bench *b, uint8_t code);

/** Send a command and wait for what comes of it. */
void bench_ask(
    struct bench *b, const struct coap_request *rq, struct bench_answer *out);

/** Let it be for a while, unless it comes anew. */
void bench_rest(struct bench *b, uint32_t rest_ms);

/** Its session is over: what still comes of it is nobody's. */
void bench_dismiss(struct bench *b);

/** Append "2.04 Changed", "no answer"; safe to print. */
void bench_print(struct writer *w, const struct bench_answer *a);

#endif
