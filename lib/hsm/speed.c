/* Threads that call the token for a time, each call with its own session. */
#include "hsm/speed.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

enum {
	RANDOM_BYTES = 32,
	NAP_NS = 10000000,
};

static enum rc
work_hmac(struct hsm_session *s, const struct speed_keys *k)
{
	const struct hsm_derivation d = {
	    .master = k->master,
	    .purpose = HSM_PURPOSE_SERVER,
	    .short_server_id = 1,
	    .epoch = 1,
	    .endpoint = SPAN_LIT("urn:dev:ops:hsm-speed"),
	};
	struct secret key = {0};
	enum rc rc = hsm_derive(s, &d, &key);

	secret_fini(&key);
	return rc;
}

static enum rc
work_random(struct hsm_session *s, const struct speed_keys *k)
{
	uint8_t bytes[RANDOM_BYTES];

	(void)k;
	return hsm_random(s, bytes, sizeof(bytes));
}

static enum rc
work_sign(struct hsm_session *s, const struct speed_keys *k)
{
	const uint8_t digest[P256_DIGEST_LEN] = {1};
	uint8_t signature[P256_SIGNATURE_LEN];

	return hsm_ec_sign(s, &k->signer, digest, signature);
}

typedef enum rc (*work_fn)(struct hsm_session *s, const struct speed_keys *k);

static const struct {
	const char *name;
	work_fn work;
} operations[] = {
    [SPEED_HMAC] = {"hmac", work_hmac},
    [SPEED_RANDOM] = {"random", work_random},
    [SPEED_SIGN] = {"sign", work_sign},
};

const char *
speed_name(enum speed_operation op)
{
	return operations[op].name;
}

bool
speed_possible(enum speed_operation op, const struct speed_keys *k)
{
	switch (op) {
	case SPEED_HMAC:
		return k->master[0] != '\0';
	case SPEED_SIGN:
		return k->signer.label[0] != '\0';
	case SPEED_RANDOM:
		break;
	}
	return true;
}

struct run {
	struct hsm *hsm;
	const struct speed_keys *keys;
	work_fn work;
	atomic_bool over;
	_Atomic uint64_t done;
	pthread_mutex_t lock; /* of the two below */
	enum rc rc; /* of the first call that failed */
	struct hsm_error err;
};

static enum rc
once(struct run *r, struct hsm_error *err)
{
	struct hsm_session *s = NULL;
	enum rc rc = hsm_session_take(r->hsm, &s, err);

	if (rc)
		return rc;
	rc = r->work(s, r->keys);
	if (rc)
		*err = *hsm_session_error(s);
	hsm_session_give(s);
	return rc;
}

static void *
thread_main(void *arg)
{
	struct run *r = arg;

	while (!r->over) {
		struct hsm_error err = {0};
		enum rc rc = once(r, &err);

		if (!rc) {
			r->done++;
			continue;
		}
		pthread_mutex_lock(&r->lock);
		if (!r->rc) {
			r->rc = rc;
			r->err = err;
		}
		pthread_mutex_unlock(&r->lock);
		r->over = true;
	}
	return NULL;
}

static double
now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* The time, or until one of the threads gives up. */
static void
wait_for(struct run *r, unsigned duration_ms)
{
	double end = now_s() + duration_ms / 1e3;

	while (!r->over && now_s() < end)
		nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
}

enum rc
speed_measure(struct hsm *h, const struct speed_keys *keys,
    enum speed_operation op, unsigned threads, unsigned duration_ms,
    double *per_second, struct hsm_error *err)
{
	struct run r = {.hsm = h, .keys = keys, .work = operations[op].work};
	pthread_t ids[SPEED_THREADS_MAX];
	unsigned started = 0;
	double begin = now_s(), took;

	if (threads == 0 || threads > SPEED_THREADS_MAX)
		return RC_MALFORMED;
	pthread_mutex_init(&r.lock, NULL);
	while (started < threads &&
	    pthread_create(&ids[started], NULL, thread_main, &r) == 0)
		started++;
	if (started == threads)
		wait_for(&r, duration_ms);
	r.over = true;
	for (unsigned i = 0; i < started; i++)
		pthread_join(ids[i], NULL);
	took = now_s() - begin;
	pthread_mutex_destroy(&r.lock);
	if (started < threads)
		return RC_MEMORY;
	*per_second = took > 0 ? (double)r.done / took : 0;
	if (r.rc)
		*err = r.err;
	return r.rc;
}

static enum rc
first_master(void *ctx, const struct hsm_master *m)
{
	static const uint8_t none[HSM_KCV_LEN];
	struct speed_keys *k = ctx;

	if (!k->master[0] && memcmp(m->kcv, none, sizeof(none)) != 0)
		memcpy(k->master, m->label, sizeof(k->master));
	return RC_OK;
}

static enum rc
first_signer(void *ctx, const struct hsm_ec_key *key)
{
	struct speed_keys *k = ctx;

	if (!k->signer.label[0] && key->sign && key->p256)
		k->signer = key->ref;
	return RC_OK;
}

enum rc
speed_find_keys(struct hsm_session *s, struct speed_keys *k)
{
	enum rc rc = RC_OK;

	if (!k->master[0])
		rc = hsm_master_list(s, first_master, k);
	if (!rc && !k->signer.label[0]) {
		rc = hsm_ec_list(s, first_signer, k);
		/* no such keys in a token of this kind */
		if (rc == RC_UNSUPPORTED)
			rc = RC_OK;
	}
	return rc;
}
