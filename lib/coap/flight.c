#include "coap/flight.h"

void
flight_start(struct flight *f, const struct coap_params *params,
    uint32_t random, uint64_t now_ms)
{
	uint32_t percent = params->ack_random_percent;
	uint64_t jitter = 0;

	if (percent > 100)
		jitter =
		    (uint64_t)params->ack_timeout_ms * (percent - 100) / 100;
	f->active = true;
	f->retransmitted = 0;
	f->timeout_ms = params->ack_timeout_ms + random % (jitter + 1);
	f->deadline_ms = time_after(now_ms, f->timeout_ms);
}

enum flight_step
flight_tick(struct flight *f, const struct coap_params *params, uint64_t now_ms)
{
	if (!f->active || now_ms < f->deadline_ms)
		return FLIGHT_WAIT;
	if (f->retransmitted == params->max_retransmit) {
		flight_end(f);
		return FLIGHT_OVER;
	}
	f->retransmitted++;
	f->timeout_ms = time_after(f->timeout_ms, f->timeout_ms);
	f->deadline_ms = time_after(now_ms, f->timeout_ms);
	return FLIGHT_AGAIN;
}

void
flight_end(struct flight *f)
{
	f->active = false;
}

uint64_t
flight_deadline(const struct flight *f)
{
	return f->active ? f->deadline_ms : TIME_NEVER;
}
