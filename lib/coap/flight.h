/**
 * flight.h - the timer of one Confirmable message on its way (RFC 7252
 * section 4.2): ACK_TIMEOUT times a random factor, then doubled for each of
 * MAX_RETRANSMIT repetitions. Internal to lib/coap.
 */
#ifndef COAP_FLIGHT_H
#define COAP_FLIGHT_H

#include "coap/peer.h"

struct flight {
	bool active;
	uint64_t deadline_ms;
	uint64_t timeout_ms; /**< the current one */
	uint32_t retransmitted; /**< times */
};

enum flight_step {
	FLIGHT_WAIT, /**< not active, or not yet due */
	FLIGHT_AGAIN, /**< send the message again */
	FLIGHT_OVER, /**< never acknowledged; no longer active */
};

/** The message goes out now for the first time. `random` is any number. */
void flight_start(struct flight *f, const struct coap_params *params,
    uint32_t random, uint64_t now_ms);

enum flight_step flight_tick(
    struct flight *f, const struct coap_params *params, uint64_t now_ms);

/** Acknowledged, or given up. */
void flight_end(struct flight *f);

/** TIME_NEVER when not active. */
uint64_t flight_deadline(const struct flight *f);

/** `t` + `delta`, but never as late as TIME_NEVER. */
static inline uint64_t
time_after(uint64_t t, uint64_t delta)
{
	uint64_t sum;

	if (__builtin_add_overflow(t, delta, &sum) || sum == TIME_NEVER)
		return TIME_NEVER - 1;
	return sum;
}

/** True when `lifetime` has passed since `then`. */
static inline bool
time_over(uint64_t then, uint64_t lifetime, uint64_t now)
{
	return now >= time_after(then, lifetime);
}

#endif
