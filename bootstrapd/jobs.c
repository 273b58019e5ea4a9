#include "jobs.h"

#include "base/loop.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { QUEUE_MAX = 4096, MISSING_SAY_MS = 60000 };

struct queue {
	struct job *first, **last;
	size_t count;
};

struct jobs {
	struct hsm *hsm;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	/* a device that is proved goes before one that wants a handshake */
	struct queue begins, psks, done;
	size_t busy;
	bool stopping, reopening;
	uint64_t missing_said_ms;
	struct token_health health;
	int fd;
	unsigned thread_count;
	pthread_t threads[64];
};

static void
queue_init(struct queue *q)
{
	*q = (struct queue){.last = &q->first};
}

static void
queue_put(struct queue *q, struct job *j)
{
	j->next = NULL;
	*q->last = j;
	q->last = &j->next;
	q->count++;
}

static struct job *
queue_pop(struct queue *q)
{
	struct job *j = q->first;

	if (!j)
		return NULL;
	q->first = j->next;
	if (!q->first)
		q->last = &q->first;
	q->count--;
	return j;
}

static struct job *
job_new(enum job_kind kind, unsigned worker, struct policy_set *set)
{
	struct job *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->kind = kind;
	j->worker = worker;
	j->set = policy_set_ref(set);
	return j;
}

static struct span
keep(uint8_t *room, size_t cap, struct span s)
{
	size_t n = s.len < cap ? s.len : cap;

	if (n)
		memcpy(room, s.p, n);
	return span_of(room, n);
}

struct job *
job_psk(unsigned worker, struct policy_set *set, const struct q_psk *q)
{
	struct job *j = job_new(JOB_PSK, worker, set);

	if (!j)
		return NULL;
	j->asker.ref = q->ref;
	j->asker.worker = worker;
	j->item.key = span_of(&j->asker, sizeof(j->asker));
	j->request.credential =
	    keep(j->credential, sizeof(j->credential), q->identity);
	return j;
}

struct job *
job_begin(unsigned worker, struct policy_set *set, const struct q_begin *q)
{
	struct job *j = job_new(JOB_BEGIN, worker, set);

	if (!j)
		return NULL;
	memcpy(j->request.session, q->session, SESSION_ID_LEN);
	j->request.nosec = q->nosec;
	j->request.epoch = q->epoch;
	j->request.has_endpoint = q->has_endpoint;
	j->request.address = q->address;
	j->request.pct = q->pct;
	j->request.fault = q->fault;
	j->request.worker = worker;
	j->request.credential =
	    keep(j->credential, sizeof(j->credential), q->credential);
	j->request.endpoint =
	    keep(j->endpoint, sizeof(j->endpoint), q->endpoint);
	return j;
}

void
job_free(struct job *j)
{
	if (!j)
		return;
	secret_fini(&j->key);
	issue_decision_fini(&j->decision);
	policy_set_unref(j->set);
	free(j);
}

static struct job *
next_job(struct jobs *q)
{
	struct job *j = queue_pop(&q->begins);

	return j ? j : queue_pop(&q->psks);
}

static enum rc
work(struct hsm_session *s, struct job *j)
{
	/* who asked has given it up, or asked again: the token is not for it */
	if (clock_now_ms() >= j->expires_ms) {
		j->rc = RC_TIMEOUT;
		j->decision.reason = REASON_KEEPER_AWAY;
		return RC_OK;
	}
	if (j->kind == JOB_PSK) {
		j->rc = issue_psk(s, j->set, j->request.credential,
		    j->first_epoch, j->attempt, &j->key, &j->epoch);
		return j->rc;
	}
	issue_begin(s, j->set, &j->request, &j->decision);
	return j->decision.reason == REASON_TOKEN_AWAY ? RC_TOKEN : RC_OK;
}

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

	/* a missing master is a fault of one policy, not of the token */
	if (hsm_probe(s, NULL) == RC_OK) {
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

static void
finish(struct jobs *q, struct job *j)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&q->mutex);
	q->busy--;
	queue_put(&q->done, j);
	pthread_mutex_unlock(&q->mutex);
	(void)!write(q->fd, &one, sizeof(one));
}

static void *
run(void *ctx)
{
	struct jobs *q = ctx;
	struct hsm_session *s = NULL;
	struct hsm_error err;

	if (hsm_session_take(q->hsm, &s, &err) != RC_OK) {
		LOG(LOG_ERROR, "token_session", F_TEXT("error", err.text));
		return NULL;
	}
	pthread_mutex_lock(&q->mutex);
	while (!q->stopping) {
		struct job *j = next_job(q);
		enum rc rc;

		if (!j) {
			pthread_cond_wait(&q->wake, &q->mutex);
			continue;
		}
		q->busy++;
		pthread_mutex_unlock(&q->mutex);
		rc = work(s, j);
		finish(q, j);
		if (rc == RC_TOKEN)
			note_failure(q, s);
		pthread_mutex_lock(&q->mutex);
	}
	pthread_mutex_unlock(&q->mutex);
	hsm_session_give(s);
	return NULL;
}

enum rc
jobs_start(struct hsm *hsm, unsigned threads, struct jobs **out)
{
	struct jobs *q = calloc(1, sizeof(*q));

	if (!q)
		return RC_MEMORY;
	q->hsm = hsm;
	q->health.ok = true;
	queue_init(&q->begins);
	queue_init(&q->psks);
	queue_init(&q->done);
	pthread_mutex_init(&q->mutex, NULL);
	pthread_cond_init(&q->wake, NULL);
	q->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (q->fd < 0) {
		free(q);
		return RC_IO;
	}
	while (q->thread_count < threads &&
	    q->thread_count < sizeof(q->threads) / sizeof(q->threads[0])) {
		if (pthread_create(
			&q->threads[q->thread_count], NULL, run, q) != 0)
			break;
		q->thread_count++;
	}
	if (q->thread_count == 0) {
		close(q->fd);
		free(q);
		return RC_MEMORY;
	}
	*out = q;
	return RC_OK;
}

bool
jobs_stop(struct jobs *q, unsigned patience_s)
{
	struct timespec end;
	struct job *j;

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
	while ((j = next_job(q)))
		job_free(j);
	while ((j = queue_pop(&q->done)))
		job_free(j);
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
	struct queue *to = j->kind == JOB_PSK ? &q->psks : &q->begins;
	bool room;

	pthread_mutex_lock(&q->mutex);
	room = to->count < QUEUE_MAX;
	if (room) {
		queue_put(to, j);
		pthread_cond_signal(&q->wake);
	}
	pthread_mutex_unlock(&q->mutex);
	if (!room)
		job_free(j);
	return room;
}

struct job *
jobs_take(struct jobs *q)
{
	uint64_t count;
	struct job *j;

	(void)!read(q->fd, &count, sizeof(count));
	pthread_mutex_lock(&q->mutex);
	j = q->done.first;
	queue_init(&q->done);
	pthread_mutex_unlock(&q->mutex);
	return j;
}

size_t
jobs_waiting(struct jobs *q)
{
	size_t n;

	pthread_mutex_lock(&q->mutex);
	n = q->begins.count + q->psks.count + q->busy;
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
