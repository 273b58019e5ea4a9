/* How long one call takes, one after the other: what one device waits for. */
#include "hsm/checkup.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	SAMPLES_MAX = 100,
	SAMPLES_MIN = 3,
	ENOUGH_US = 1000000, /* no longer than that a kind */
	SLOW_US = 100000,
};

static uint64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static int
compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

typedef enum rc (*call_fn)(struct checkup *d);

static enum rc
call_mac(struct checkup *d)
{
	uint8_t kcv[HSM_KCV_LEN];

	return hsm_key_check(d->s, d->master, kcv);
}

static enum rc
call_sign(struct checkup *d)
{
	const uint8_t digest[P256_DIGEST_LEN] = {1};
	uint8_t signature[P256_SIGNATURE_LEN];

	return hsm_ec_sign(d->s, &d->signer, digest, signature);
}

static enum rc
call_random(struct checkup *d)
{
	uint8_t bytes[32];

	return hsm_random(d->s, bytes, sizeof(bytes));
}

static enum rc
measure(struct checkup *d, const char *what, call_fn call)
{
	struct hsm_finding f = {.check = "latency", .verdict = HSM_OK};
	uint64_t taken[SAMPLES_MAX], begin;
	enum rc rc = call(d); /* the first one looks for the key */

	begin = now_us();
	for (f.samples = 0; !rc && f.samples < SAMPLES_MAX; f.samples++) {
		uint64_t before = now_us();

		if (f.samples >= SAMPLES_MIN && before - begin > ENOUGH_US)
			break;
		rc = call(d);
		taken[f.samples] = now_us() - before;
	}
	if (rc)
		return rc == RC_MEMORY ? rc : RC_TOKEN;
	qsort(taken, f.samples, sizeof(taken[0]), compare);
	f.min_us = taken[0];
	f.median_us = taken[f.samples / 2];
	f.max_us = taken[f.samples - 1];
	snprintf(f.subject, sizeof(f.subject), "%s", what);
	snprintf(f.text, sizeof(f.text),
	    "min %.2f ms, median %.2f ms, max %.2f ms of %u",
	    (double)f.min_us / 1000, (double)f.median_us / 1000,
	    (double)f.max_us / 1000, f.samples);
	if (f.median_us > SLOW_US) {
		f.verdict = HSM_WARN;
		snprintf(f.remedy, sizeof(f.remedy),
		    "see with hsm speed whether more sessions help, then raise "
		    "hsm.sessions; look at the network on the way to the "
		    "token");
	}
	return d->each(d->ctx, &f);
}

enum rc
checkup_latency(struct checkup *d)
{
	enum rc rc = RC_OK;

	if (d->master[0])
		rc = measure(d, "hmac", call_mac);
	if (!rc && d->signer.label[0])
		rc = measure(d, "sign", call_sign);
	return rc ? rc : measure(d, "random", call_random);
}
