#include "cost/air.h"

#include <stdlib.h>

enum rc
air_init(struct air *a)
{
	*a = (struct air){0};
	a->flying = malloc(AIR_FLYING_MAX * sizeof(*a->flying));
	a->log = malloc(AIR_LOG_MAX * sizeof(*a->log));
	return a->flying && a->log ? RC_OK : RC_MEMORY;
}

void
air_fini(struct air *a)
{
	free(a->flying);
	free(a->log);
	*a = (struct air){0};
}

void
air_start(struct air *a, const struct air_link *link, uint64_t now_ms)
{
	a->link = link;
	a->free_ms[AIR_UP] = a->free_ms[AIR_DOWN] = now_ms + link->setup_ms;
	a->count = a->sent = a->lose = 0;
	a->within = a->full = false;
}

/** How long the carrier is taken, rounded up. */
static uint64_t
carrier_ms(const struct air_link *l, enum air_way way, size_t len)
{
	uint64_t bits = (uint64_t)(len + l->header_len) * 8;

	if (l->bps[way] == 0)
		return 0;
	return (bits * 1000 + l->bps[way] - 1) / l->bps[way];
}

void
air_send(struct air *a, enum air_way way, struct span datagram, uint64_t now_ms)
{
	uint64_t begin = a->free_ms[way] > now_ms ? a->free_ms[way] : now_ms;
	uint64_t end = begin + carrier_ms(a->link, way, datagram.len);
	struct air_flying *f;

	if (a->sent == AIR_LOG_MAX || datagram.len > AIR_DATAGRAM_MAX) {
		a->full = true;
		return;
	}
	a->log[a->sent++] =
	    (struct air_sent){way, (uint16_t)datagram.len, a->within};
	a->free_ms[way] = end;
	if (a->link->half_duplex)
		a->free_ms[!way] = end;
	/* it has taken the carrier all the same */
	if (a->sent == a->lose)
		return;
	if (a->count == AIR_FLYING_MAX) {
		a->full = true;
		return;
	}
	f = &a->flying[a->count++];
	f->way = way;
	f->at_ms = end + a->link->latency_ms;
	f->len = datagram.len;
	memcpy(f->bytes, datagram.p, datagram.len);
}

bool
air_take(struct air *a, enum air_way way, uint64_t now_ms,
    uint8_t room[static AIR_DATAGRAM_MAX], struct span *out)
{
	for (size_t i = 0; i < a->count; i++) {
		struct air_flying *f = &a->flying[i];

		/* in order: the carrier lets none overtake another */
		if (f->way != way || f->at_ms > now_ms)
			continue;
		memcpy(room, f->bytes, f->len);
		*out = span_of(room, f->len);
		a->count--;
		memmove(f, f + 1, (a->count - i) * sizeof(*f));
		return true;
	}
	return false;
}

uint64_t
air_deadline(const struct air *a)
{
	uint64_t at = TIME_NEVER;

	for (size_t i = 0; i < a->count; i++)
		if (a->flying[i].at_ms < at)
			at = a->flying[i].at_ms;
	return at;
}
