#include "lanes.h"

#include "base/loop.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
	MISSING_SAY_MS = 60000,
	/** A token that takes no longer for a job is quick: waking another
	 *  thread for the next one would cost more than the job. */
	QUICK_NS = 250000,
};

struct jobs {
	struct hsm *hsm;
	const char *ledger;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	struct lanes lanes;
	struct lane_queue done;
	size_t running; /* threads */
	size_t asleep; /* of them, whom nobody has called */
	bool quick; /* the last job was */
	bool stopping, reopening;
	uint64_t missing_said_ms;
	struct token_health health;
	int fd;
	unsigned thread_count;
	pthread_t threads[64];
	/* Taken before any question is: a thread that found none later would
	 * be missed for good. */
	struct hsm_session *sessions[64];
	unsigned session_count;
};

/**
 * The token is away: one thread brings it back, asleep between the tries; the
 * others go on and answer "not now".
 */
static void
reopen(struct jobs *q, const struct hsm_error *why)
{
	struct hsm_error err;
	bool again;
	enum rc rc;

	LOG(LOG_ERROR, "token_away", F_TEXT("error", why->text),
	    F_TEXT("remedy", why->remedy));
	do {
		rc = hsm_reopen(q->hsm, &err);
		pthread_mutex_lock(&q->mutex);
		q->health.ok = rc == RC_OK;
		q->health.pin_refused = rc == RC_PIN;
		q->health.error = err;
		again = rc != RC_OK && rc != RC_PIN && !q->stopping;
		/* with the health, or who fails in between is told that
		 * somebody sees to it, and nobody does */
		q->reopening = again;
		q->health.reopen_ms = again ? clock_now_ms() : 0;
		pthread_mutex_unlock(&q->mutex);
	} while (again);
	if (rc == RC_OK)
		LOG(LOG_NOTICE, "token_back",
		    F_TEXT("token", hsm_token_name(q->hsm)));
}

/** Once a minute: it is said for each device else. */
static void
say_missing(struct jobs *q, const struct hsm_error *err)
{
	uint64_t now = clock_now_ms();
	bool due;

	pthread_mutex_lock(&q->mutex);
	due = now >= q->missing_said_ms + MISSING_SAY_MS;
	if (due)
		q->missing_said_ms = now;
	pthread_mutex_unlock(&q->mutex);
	if (due)
		LOG(LOG_ERROR, "key_missing", F_TEXT("error", err->text),
		    F_TEXT("remedy", err->remedy));
}

static void
note_failure(struct jobs *q, struct hsm_session *s)
{
	const struct hsm_error err = *hsm_session_error(s);
	bool mine;

	/* a missing master is a fault of one policy, not of the token; but what
	 * a token that fails says of itself may be all well */
	if (hsm_probe(s, NULL) == RC_OK && !hsm_needs_reopen(q->hsm)) {
		say_missing(q, &err);
		return;
	}
	pthread_mutex_lock(&q->mutex);
	mine = !q->reopening;
	q->reopening = true;
	q->health.ok = false;
	q->health.error = err;
	if (mine)
		q->health.reopen_ms = clock_now_ms();
	pthread_mutex_unlock(&q->mutex);
	if (mine)
		reopen(q, &err);
}

/** It is done, or comes again when there is nothing else to do. Under the
 *  mutex. */
static void
finish(struct jobs *q, struct job *j, enum rc rc, uint64_t took_ns)
{
	bool again = j->kind == JOB_DOCTOR && rc == RC_AGAIN;
	const uint64_t one = 1;

	lanes_done(&q->lanes, j);
	if (j->kind != JOB_DOCTOR)
		q->quick = took_ns <= QUICK_NS;
	if (again) {
		lanes_again(&q->lanes, j);
		return;
	}
	/* one word for all that the keeper finds when it comes */
	if (!q->done.first)
		(void)!write(q->fd, &one, sizeof(one));
	lane_queue_put(&q->done, j);
}

static uint64_t
monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/** Call one that sleeps. One that wakes uncalled is counted twice: then
 *  nobody comes for one call too many. Under the mutex. */
static void
call_one(struct jobs *q)
{
	if (q->asleep == 0)
		return;
	q->asleep--;
	pthread_cond_signal(&q->wake);
}

static void *
run(void *ctx)
{
	struct jobs *q = ctx;
	struct hsm_session *s = NULL;
	struct ledger *store = NULL;
	char why[256];

	if (ledger_open(q->ledger, LEDGER_READ, &store, why, sizeof(why)) !=
	    RC_OK) {
		LOG(LOG_ERROR, "ledger", F_TEXT("error", (const char *)why));
		return NULL;
	}
	pthread_mutex_lock(&q->mutex);
	s = q->sessions[q->running++];
	while (!q->stopping) {
		struct job *j = lanes_take(&q->lanes);
		uint64_t start_ns, took_ns;
		enum rc rc;

		if (!j) {
			q->asleep++;
			pthread_cond_wait(&q->wake, &q->mutex);
			continue;
		}
		pthread_mutex_unlock(&q->mutex);
		start_ns = monotonic_ns();
		rc = job_work(s, store, j);
		took_ns = monotonic_ns() - start_ns;
		pthread_mutex_lock(&q->mutex);
		finish(q, j, rc, took_ns);
		if (rc == RC_TOKEN) {
			pthread_mutex_unlock(&q->mutex);
			note_failure(q, s);
			pthread_mutex_lock(&q->mutex);
		}
	}
	pthread_mutex_unlock(&q->mutex);
	ledger_close(store);
	return NULL;
}

static void
give_sessions(struct jobs *q)
{
	while (q->session_count > 0)
		hsm_session_give(q->sessions[--q->session_count]);
}

static enum rc
take_sessions(struct jobs *q, unsigned threads)
{
	struct hsm_error err;

	while (q->session_count < threads &&
	    q->session_count < sizeof(q->sessions) / sizeof(q->sessions[0])) {
		enum rc rc = hsm_session_take(
		    q->hsm, &q->sessions[q->session_count], &err);

		if (rc != RC_OK) {
			LOG(LOG_ERROR, "token_session",
			    F_TEXT("error", err.text),
			    F_TEXT("remedy", err.remedy));
			return rc;
		}
		q->session_count++;
	}
	return RC_OK;
}

enum rc
jobs_start(struct hsm *hsm, const char *ledger, unsigned threads,
    unsigned workers, struct jobs **out)
{
	struct jobs *q = calloc(1, sizeof(*q));
	enum rc rc;

	if (!q)
		return RC_MEMORY;
	q->hsm = hsm;
	q->ledger = ledger;
	q->health.ok = true;
	lanes_init(&q->lanes, threads, workers);
	lane_queue_init(&q->done);
	pthread_mutex_init(&q->mutex, NULL);
	pthread_cond_init(&q->wake, NULL);
	q->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (q->fd < 0) {
		free(q);
		return RC_IO;
	}
	rc = take_sessions(q, threads);
	while (rc == RC_OK && q->thread_count < q->session_count) {
		if (pthread_create(
			&q->threads[q->thread_count], NULL, run, q) != 0)
			break;
		q->thread_count++;
	}
	if (q->thread_count == 0) {
		give_sessions(q);
		close(q->fd);
		free(q);
		return rc == RC_OK ? RC_MEMORY : rc;
	}
	*out = q;
	return RC_OK;
}

bool
jobs_stop(struct jobs *q, unsigned patience_s)
{
	struct timespec end;

	if (!q)
		return true;
	pthread_mutex_lock(&q->mutex);
	q->stopping = true;
	pthread_cond_broadcast(&q->wake);
	pthread_mutex_unlock(&q->mutex);
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += patience_s;
	for (unsigned i = 0; i < q->thread_count; i++)
		if (pthread_timedjoin_np(q->threads[i], NULL, &end) != 0)
			return false;
	give_sessions(q);
	lanes_drop(&q->lanes);
	lane_queue_drop(&q->done);
	close(q->fd);
	free(q);
	return true;
}

int
jobs_fd(const struct jobs *q)
{
	return q->fd;
}

bool
jobs_put(struct jobs *q, struct job *j)
{
	bool room;

	pthread_mutex_lock(&q->mutex);
	room = lanes_put(&q->lanes, j);
	/* who is awake comes to it soon, unless it is at what nobody waits
	 * for */
	if (room &&
	    (!q->quick || q->asleep + lanes_idling(&q->lanes) >= q->running))
		call_one(q);
	pthread_mutex_unlock(&q->mutex);
	if (!room)
		job_free(j);
	return room;
}

size_t
jobs_hurry(struct jobs *q)
{
	size_t n;

	pthread_mutex_lock(&q->mutex);
	n = lanes_takeable(&q->lanes);
	for (size_t i = 0; i < n && q->asleep > 0; i++)
		call_one(q);
	pthread_mutex_unlock(&q->mutex);
	return n;
}

void
jobs_heard(struct jobs *q)
{
	uint64_t count;

	(void)!read(q->fd, &count, sizeof(count));
}

struct job *
jobs_take(struct jobs *q)
{
	struct job *j;

	pthread_mutex_lock(&q->mutex);
	j = q->done.first;
	lane_queue_init(&q->done);
	pthread_mutex_unlock(&q->mutex);
	return j;
}

size_t
jobs_waiting(struct jobs *q)
{
	size_t n;

	pthread_mutex_lock(&q->mutex);
	n = lanes_waiting(&q->lanes);
	pthread_mutex_unlock(&q->mutex);
	return n;
}

void
jobs_health(struct jobs *q, struct token_health *out)
{
	pthread_mutex_lock(&q->mutex);
	*out = q->health;
	pthread_mutex_unlock(&q->mutex);
}
