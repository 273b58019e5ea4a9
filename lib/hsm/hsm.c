/* The life of the token: open, reopen, close. */
#include "hsm/hsm_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum {
	BACKOFF_FIRST_MS = 200,
	BACKOFF_MAX_MS = 30000,
	EPOCH_SOUND_MS = 30000, /* one that lasted so long ended by chance */
};

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static enum rc
check_config(
    const struct hsm_config *config, struct hsm_uri *uri, struct hsm_error *err)
{
	enum rc rc;

	if (config->sessions < 1 || config->sessions > HSM_SESSIONS_MAX) {
		hsm_error_text(err, 0, "hsm.sessions: %u is not 1..%d",
		    config->sessions, HSM_SESSIONS_MAX);
		hsm_error_remedy(err, "4 is usual");
		return RC_CONFIG;
	}
	rc = hsm_uri_parse(config->token, uri, err);
	if (rc)
		return rc;
	if (uri->object[0] || uri->type[0] || uri->id_len) {
		hsm_error_text(err, 0, "hsm.token names an object in a token");
		hsm_error_remedy(err,
		    "leave token=, serial=, manufacturer= and "
		    "model= in it only");
		return RC_CONFIG;
	}
	if (!uri->token[0] && !uri->serial[0]) {
		hsm_error_text(err, 0, "hsm.token names no token");
		hsm_error_remedy(err, "give it token= or serial=");
		return RC_CONFIG;
	}
	return RC_OK;
}

static enum rc
bring_up(struct hsm *h, struct hsm_error *err)
{
	enum rc rc = token_attach(h, err);

	if (!rc)
		rc = raw_attach(h, err);
	if (rc) {
		if (rc == RC_MEMORY)
			hsm_error_text(err, 0, "out of memory");
		token_detach(h);
	}
	return rc;
}

static void
init_locks(struct hsm *h)
{
	pthread_rwlockattr_t attr;

	/* The writer first: a stream of operations must not keep a dead epoch
	 * alive. No reader takes the lock twice. */
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(
	    &attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&h->epoch_lock, &attr);
	pthread_rwlockattr_destroy(&attr);
	pthread_mutex_init(&h->lock, NULL);
	pthread_mutex_init(&h->reopen_lock, NULL);
	pthread_cond_init(&h->given, NULL);
}

static void
release(struct hsm *h)
{
	token_detach(h);
	module_unload(h);
	secret_fini(&h->pin);
	pthread_cond_destroy(&h->given);
	pthread_mutex_destroy(&h->reopen_lock);
	pthread_mutex_destroy(&h->lock);
	pthread_rwlock_destroy(&h->epoch_lock);
	free(h);
}

enum rc
hsm_open(
    const struct hsm_config *config, struct hsm **out, struct hsm_error *err)
{
	struct hsm *h;
	enum rc rc;

	*out = NULL;
	hsm_error_clear(err);
	h = calloc(1, sizeof(*h));
	if (!h) {
		hsm_error_text(err, 0, "out of memory");
		return RC_MEMORY;
	}
	h->config = config;
	init_locks(h);
	for (unsigned i = 0; i < HSM_SESSIONS_MAX; i++)
		h->sessions[i].hsm = h;
	rc = check_config(config, &h->uri, err);
	if (!rc && config->pin)
		rc = hsm_pin_read(config->pin_kind, config->pin, &h->pin, err);
	if (!rc)
		rc = module_load(h, err);
	if (!rc)
		rc = bring_up(h, err);
	if (rc) {
		release(h);
		return rc;
	}
	h->opened_ms = now_ms();
	h->up = true;
	hsm_error_clear(err);
	*out = h;
	return RC_OK;
}

void
hsm_close(struct hsm *h)
{
	if (!h)
		return;
	h->up = false;
	release(h);
}

const char *
hsm_token_name(const struct hsm *h)
{
	return h->name;
}

static void
sleep_ms(unsigned ms)
{
	struct timespec left = {ms / 1000, (long)(ms % 1000) * 1000000L};

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

/* Everyone who calls from now on is told why, at once, until it is up. */
static void
tear_down(struct hsm *h)
{
	pthread_rwlock_wrlock(&h->epoch_lock);
	if (h->up) {
		pthread_mutex_lock(&h->lock);
		hsm_error_text(
		    &h->failure, 0, "token %s is being reopened", h->name);
		hsm_error_remedy(&h->failure, "wait a moment");
		pthread_mutex_unlock(&h->lock);
	}
	h->up = false;
	h->generation++;
	token_detach(h);
	pthread_rwlock_unlock(&h->epoch_lock);
}

static enum rc
reopen(struct hsm *h, struct hsm_error *err)
{
	enum rc rc;

	if (h->up && now_ms() - h->opened_ms > EPOCH_SOUND_MS)
		h->backoff_ms = 0;
	h->backoff_ms = h->backoff_ms ? h->backoff_ms * 2 : BACKOFF_FIRST_MS;
	if (h->backoff_ms > BACKOFF_MAX_MS)
		h->backoff_ms = BACKOFF_MAX_MS;
	sleep_ms(h->backoff_ms);

	tear_down(h);
	rc = bring_up(h, err);
	pthread_rwlock_wrlock(&h->epoch_lock);
	if (rc == RC_OK) {
		h->opened_ms = now_ms();
		h->up = true;
	} else {
		pthread_mutex_lock(&h->lock);
		h->failure = *err;
		pthread_mutex_unlock(&h->lock);
	}
	pthread_rwlock_unlock(&h->epoch_lock);
	return rc;
}

bool
hsm_needs_reopen(struct hsm *h)
{
	bool needed;

	pthread_rwlock_rdlock(&h->epoch_lock);
	needed = !h->up || h->dead_generation == h->generation;
	pthread_rwlock_unlock(&h->epoch_lock);
	return needed;
}

enum rc
hsm_reopen(struct hsm *h, struct hsm_error *err)
{
	struct hsm_error mine;
	enum rc rc;

	if (!err)
		err = &mine;
	hsm_error_clear(err);
	pthread_mutex_lock(&h->reopen_lock);
	if (h->pin_refused) {
		hsm_error_text(err, CKR_PIN_INCORRECT,
		    "token %s has refused the PIN before", h->name);
		hsm_error_remedy(err, "correct the PIN and start again");
		rc = RC_PIN;
	} else if (h->up && h->dead_generation != h->generation) {
		rc = RC_OK; /* another thread was here first */
	} else {
		rc = reopen(h, err);
	}
	pthread_mutex_unlock(&h->reopen_lock);
	if (rc == RC_OK)
		hsm_error_clear(err);
	return rc;
}
