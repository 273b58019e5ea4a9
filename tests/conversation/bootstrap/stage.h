/**
 * stage.h - a conversation between bootstrapd's worker and a device, in one
 * process, over a link in memory, under a clock that moves only when told.
 *
 * On the left the worker as it is: its datagrams, peers and bootstraps
 * (bootstrapd/peer.c, boot.c, handshake.c, request.c) over lib/coap, lib/dtls
 * and lib/bootstrap; sockets, loop and keeper are played. On the right either
 * the test itself, datagram by datagram,
 *
 *     says("CON POST /bs?ep=dev-1&pct=112");
 *     expect("ACK 2.04");
 *     expect("CON PUT /0/1 cf=112 104 B");
 *     answer("ACK 4.00");
 *     verdict("failed write-refused 1/3 4.00");
 *
 * or the virtual device of tests/support, which answers by itself while the
 * link loses, doubles and reorders what it is told to.
 *
 * A line that differs from what has happened fails the test, and so does
 * whatever happens that no line tells.
 */
#ifndef STAGE_H
#define STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "device/wire.h"
#include "wish.h"

#include "worker_state.h"

enum {
	STAGE_LATENCY_MS = 10, /**< one way, to and from a virtual device */
	STAGE_START_MS = 1000000,
	STAGE_FLYING_MAX = 64,
	STAGE_FATES_MAX = 256,
	STAGE_VERDICTS_MAX = 32,
	STAGE_TRACE_MAX = 65536,
	STAGE_DATAGRAM_MAX = 2048,
};

/** What becomes of one datagram. */
enum fate {
	FATE_NONE,
	FATE_LOST,
	FATE_TWICE,
	FATE_LATE, /**< the one behind it overtakes it */
	FATE_STALE, /**< it comes when its repetition is long forgotten */
};

struct flying {
	bool to_server;
	uint64_t at_ms;
	struct address address; /**< the device's end */
	size_t len;
	uint8_t bytes[STAGE_DATAGRAM_MAX];
};

/** What the keeper does; the test may change it at any time. */
struct keeper {
	struct wish wish; /**< the plan that it grants */
	enum reason refuses; /**< REASON_NONE: it grants */
	bool packs; /**< gives Bootstrap-Packs; else they are refused */
	bool wants_echo; /**< of who comes in clear */
	bool silent; /**< answers nothing */
	bool records_not; /**< never says that a verdict is recorded */
	unsigned lose; /**< so many answers more are lost */
	uint64_t delay_ms; /**< before each answer */
	bool unknown; /**< no identity has a key */
	/* what it has seen */
	unsigned begins; /**< sessions, not questions */
	unsigned asked; /**< questions for a plan, repeated ones too */
	unsigned finishing;
	enum reason fault;
	int32_t pct;
	int32_t accept;
	bool fresh;
	uint8_t endpoint[256];
	size_t endpoint_len;
	uint8_t credential[128];
	size_t credential_len;
	uint32_t epoch;
	uint8_t session[SESSION_ID_LEN]; /**< the newest */
	uint8_t asked_by[SESSION_ID_LEN]; /**< also while it is silent */
	bool open; /**< it has no verdict yet */
	unsigned pushes; /**< answers to Q_PUSH */
	struct q_pushed pushed; /**< the newest */
};

struct recorded {
	uint8_t session[SESSION_ID_LEN];
	struct session_verdict verdict;
	bool told; /**< by verdict() */
};

struct stage {
	struct worker worker;
	struct config config;
	struct timer_heap timers;
	uint64_t now_ms;
	uint64_t random;
	struct keeper keeper;
	struct recorded verdicts[STAGE_VERDICTS_MAX];
	size_t verdict_count;
	/* the link */
	struct address address; /**< of the device now */
	bool secure; /**< the DTLS listener is used */
	bool stream; /**< the device is on the cable (cable.h) */
	struct flying flying[STAGE_FLYING_MAX];
	size_t flying_count;
	uint8_t fates[STAGE_FATES_MAX]; /**< of the n-th datagram, from 1 */
	unsigned sent; /**< datagrams of both sides, lost ones too */
	bool cut_up, cut_down; /**< nothing arrives any more */
	unsigned cut_after; /**< neither way after so many; 0: never */
	unsigned lose_up, lose_down; /**< so many more */
	/* the virtual device */
	struct device *device;
	struct device_wire wire;
	bool write_refused; /**< and not written again since */
	uint8_t last_method;
	bool last_was_finish;
	/* the device that the test plays */
	uint16_t mid;
	uint8_t tokens;
	struct coap_message heard; /**< the last CON that was expected */
	struct coap_message came; /**< the last that was expected */
	struct coap_token token; /**< of the last request of the device */
	uint8_t said[STAGE_DATAGRAM_MAX];
	size_t said_len;
	char trace[STAGE_TRACE_MAX];
	size_t trace_len;
};

extern struct stage stage;

/** cmocka set-up and tear-down: the worker with a plain and a DTLS listener,
 *  a keeper that grants wish_usual; no device. The tear-down wants all to be
 *  told, and the worker to forget everything in time. */
int stage_setup(void **state);
int stage_teardown(void **state);
/** The same within a test: everything afresh. */
void stage_again(void);

/* --- the test plays the device -------------------------------------------- */

/** A new request of the device, as describe.h writes it: new MID and token. */
void says(const char *request);
/** The same datagram as before. */
void says_again(void);
/** The next datagram from the server, as describe.h writes it. */
void expect(const char *message);
/** Whatever comes next, for the test to look at as stage.came. */
void hear(void);
/** Answer the last expected CON: "ACK 2.04", "ACK", "RST"; "CON 2.04": a
 *  separate response. */
void answer(const char *message);
/** With a payload, as "ACK 2.05 cf=40". */
void answer_with(const char *message, const char *payload);
/** Bytes that are no message, or one that the notation does not know. */
void says_bytes(struct span datagram);
/** No datagram has come from the server. */
void silence(void);
/** The device has another address from here on. */
void moves(uint16_t port);

/* --- time and the keeper -------------------------------------------------- */

/** The clock goes on by `ms`, and all that is due happens on the way. */
void pass(uint64_t ms);

/** The next verdict that the keeper recorded:
 *  "ok ok 5/6 2.04", "failed no-answer 0/6 -": outcome, reason, the step that
 *  decided, of so many, the device's code. */
void verdict(const char *text);
/** None has been recorded. */
void no_verdict(void);
/** Bootstraps that the worker holds. */
void boots(size_t count);

/* --- the virtual device --------------------------------------------------- */

/** A device of that behaviour (NULL: conforming) over plain CoAP. */
void plug(const struct device_behaviour *b);
/** The same over DTLS with a pre-shared key; `identity` also its endpoint. */
void plug_secure(
    const struct device_behaviour *b, const char *identity, bool right_key);
/** The same over TCP: its end of the connection takes `window` bytes at a
 *  time. */
void plug_stream(const struct device_behaviour *b, size_t window);
/** The device is not there any more; its connection stays. */
void unplug(void);
/** It asks, and all goes on until nothing more happens. */
void boot_up(void);
/** On until nothing more happens. */
void play_on(void);
/** It sends a new Bootstrap-Request; nothing else happens yet. */
void ask_again(void);

/** The next `n` datagrams toward the device are lost. */
void lose(unsigned n);
/** The next `n` datagrams toward the server are lost. */
void lose_up(unsigned n);

/** Everything that was said so far, as a packet trace: "D" said the device,
 *  "S" the server. Lost and doubled ones say so. */
void trace(const char *text);

/** The outcome of the newest verdict, OUTCOME_UNKNOWN + 1: there is none. */
int last_outcome(void);
/** What must hold however a conversation went: fails the test if not. */
void check_sane(void);

#endif
