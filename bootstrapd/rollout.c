#include "rollout.h"

#include "base/digest.h"

#include <string.h>

enum {
	HOUR_MS = 3600000,
	/** Clocks are steered by at most 500 parts in a million; and so much is
	 *  between reading one and the other. */
	STEERED = 2000,
	APART_MS = 5000,
};

void
rollout_defaults(struct rollout_terms *t)
{
	static const uint32_t stages[] = {10000, 100000, 500000, SHARE_WHOLE};

	*t = (struct rollout_terms){
	    .stage_count = sizeof(stages) / sizeof(stages[0]),
	    .success = 980000,
	    .window_ms = HOUR_MS,
	    .minimum = 20,
	};
	memcpy(t->stages, stages, sizeof(stages));
}

uint64_t
rollout_place(const uint8_t id[static ROLLOUT_ID_LEN], struct span endpoint)
{
	uint8_t digest[DIGEST_LEN];
	uint64_t place = 0;
	struct digest d;

	digest_init(&d);
	digest_put(&d, SPAN_LIT("rollout"));
	digest_put(&d, span_of(id, ROLLOUT_ID_LEN));
	digest_put(&d, endpoint);
	digest_final(&d, digest);
	for (size_t i = 0; i < sizeof(place); i++)
		place = place << 8 | digest[i];
	return place;
}

bool
rollout_takes_part(uint64_t place, uint32_t share)
{
	const uint64_t part = UINT64_MAX / SHARE_WHOLE;

	return share >= SHARE_WHOLE || place < part * share;
}

uint64_t
rollout_ended(const struct rollout_counts *c)
{
	return c->ok + c->failed + c->unknown;
}

/** Are `some` more than what may fail of `all`? */
static bool
too_many(const struct rollout_terms *t, uint64_t some, uint64_t all)
{
	return some * SHARE_WHOLE > (SHARE_WHOLE - t->success) * all;
}

/** Not failures enough to halt for by themselves, before the minimum. */
static bool
fails_early(const struct rollout_terms *t, uint64_t failed)
{
	return failed >= ROLLOUT_EARLY_FAILURES &&
	    too_many(t, failed, t->minimum);
}

enum rollout_verdict
rollout_judge(const struct rollout_terms *t, const struct rollout_counts *c,
    uint64_t elapsed_ms, const char **why)
{
	uint64_t ended = rollout_ended(c);
	bool over = elapsed_ms >= t->window_ms;

	if (ended >= t->minimum && too_many(t, c->failed, ended)) {
		*why = "too many of the devices that have ended have failed";
		return ROLLOUT_FAILS;
	}
	if (ended < t->minimum && fails_early(t, c->failed)) {
		*why = "so many have failed that the minimum of devices "
		       "could not mend it";
		return ROLLOUT_FAILS;
	}
	if (ended < t->minimum) {
		*why = over ? "the window is over, and fewer devices than the "
			      "minimum have ended"
			    : "fewer devices than the minimum have ended";
		return ROLLOUT_WAITS;
	}
	if (!over) {
		*why = "the window is not over";
		return ROLLOUT_WAITS;
	}
	if (too_many(t, c->failed + c->unknown, ended)) {
		*why = "the window is over, and the outcome of too many "
		       "devices is unknown";
		return ROLLOUT_FAILS;
	}
	*why = "the window is over, and enough of the devices are ok";
	return ROLLOUT_PASSES;
}

uint64_t
rollout_spare(const struct rollout_terms *t, const struct rollout_counts *c)
{
	struct rollout_counts more = *c;
	const char *why;
	uint64_t low = 0, high = 1;

	/* each further failure is one more that has ended, so that the share
	 * rises with every one of them: looked for by halves */
	more.failed = c->failed + high;
	while (high < UINT32_MAX &&
	    rollout_judge(t, &more, 0, &why) != ROLLOUT_FAILS) {
		low = high;
		high *= 2;
		more.failed = c->failed + high;
	}
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;

		more.failed = c->failed + middle;
		if (rollout_judge(t, &more, 0, &why) == ROLLOUT_FAILS)
			high = middle;
		else
			low = middle;
	}
	return high;
}

uint64_t
rollout_began_ms(int64_t row_wall_ms, int64_t row_monotonic_ms, int64_t wall_ms,
    uint64_t now_ms)
{
	int64_t apart, passed;

	if (row_monotonic_ms < 0 || (uint64_t)row_monotonic_ms > now_ms)
		return now_ms;
	passed = (int64_t)(now_ms - (uint64_t)row_monotonic_ms);
	apart = (wall_ms - row_wall_ms) - passed;
	if (apart < 0)
		apart = -apart;
	return apart <= APART_MS + passed / STEERED ? (uint64_t)row_monotonic_ms
						    : now_ms;
}
