#include "batch_pool.h"

#include "record.h"
#include "tool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct worker {
	struct batch_pool *pool;
	pthread_t thread;
	bool runs;
	struct image_mint mint;
	struct buffer_source source;
	struct ledger *store;
};

/** A session, and whose turn it is. */
struct seat {
	struct hsm_session *session; /* NULL: the token is not asked */
	pthread_mutex_t turn;
};

struct batch_pool {
	pthread_mutex_t lock;
	pthread_cond_t work, idle;
	struct batch_job *jobs;
	size_t count;
	_Atomic size_t next;
	atomic_bool stopped; /* a fault that the next one would have, too */
	unsigned busy; /* under the lock: workers within the group */
	uint64_t round; /* under the lock: counts groups */
	bool over;
	unsigned thread_count;
	unsigned seat_count;
	struct seat seats[BATCH_SESSIONS_MAX];
	struct worker workers[BATCH_SESSIONS_MAX * BATCH_THREADS_EACH];
};

void
batch_job_fini(struct batch_job *j)
{
	secret_fini(&j->image);
	mint_servers_free(j->servers);
	free(j->fault);
	j->servers = NULL;
	j->fault = NULL;
}

/** Keep what was made; the room that it was made in is for the next. */
static void
take(struct worker *w, struct batch_job *j)
{
	struct image_mint *m = &w->mint;

	if (m->fault.code == EX_OK &&
	    secret_set(&j->image, secret_expose(&m->image)) != RC_OK) {
		m->fault = (struct image_fault){
		    .code = EX_SOFTWARE,
		    .stops = true,
		    .text = "image: out of memory",
		    .remedy = "give the process more memory, or a higher "
			      "RLIMIT_MEMLOCK",
		};
	}
	if (m->fault.code != EX_OK) {
		j->fault = malloc(sizeof(*j->fault));
		if (!j->fault)
			abort();
		*j->fault = m->fault;
		return;
	}
	memcpy(j->sha256, m->sha256, sizeof(j->sha256));
	j->credential = m->credential;
	j->servers = mint_take_servers(m);
	j->psk_identity_len = m->psk_identity.len;
	if (m->psk_identity.len)
		memcpy(j->psk_identity, m->psk_identity.p, m->psk_identity.len);
}

static void
work(struct worker *w)
{
	struct batch_pool *p = w->pool;

	while (!p->stopped) {
		size_t i = p->next++;
		struct batch_job *j;

		if (i >= p->count)
			return;
		j = &p->jobs[i];
		(void)!mint_one(
		    &w->mint, span_of(j->endpoint, j->endpoint_len));
		take(w, j);
		j->done = true;
		if (j->fault && j->fault->stops)
			p->stopped = true;
	}
}

static void *
thread_main(void *arg)
{
	struct worker *w = arg;
	struct batch_pool *p = w->pool;
	uint64_t round = 0;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		while (p->round == round && !p->over)
			pthread_cond_wait(&p->work, &p->lock);
		if (p->over)
			break;
		round = p->round;
		pthread_mutex_unlock(&p->lock);
		work(w);
		pthread_mutex_lock(&p->lock);
		if (--p->busy == 0)
			pthread_cond_signal(&p->idle);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/** Another session of the token. */
static int
take_seat(struct batch_pool *p, const struct token *token)
{
	struct seat *seat = &p->seats[p->seat_count];
	struct hsm_error err = {0};

	if (token->hsm &&
	    hsm_session_take(token->hsm, &seat->session, &err) != RC_OK)
		return tool_error(EX_UNAVAILABLE, err.remedy, "%s", err.text);
	pthread_mutex_init(&seat->turn, NULL);
	p->seat_count++;
	return EX_OK;
}

/** Another thread, at the seat that was taken last. */
static int
start_worker(struct batch_pool *p, const struct buffer *buffer,
    const char *ledger, const struct image_recipe *r)
{
	struct worker *w = &p->workers[p->thread_count];
	struct seat *seat = &p->seats[p->seat_count - 1];
	int code = EX_OK;

	w->pool = p;
	p->thread_count++;
	if (ledger)
		code = record_open(ledger, LEDGER_READ, &w->store);
	if (code != EX_OK)
		return code;
	w->mint = (struct image_mint){
	    .recipe = r,
	    .session = seat->session,
	    .turn = seat->session ? &seat->turn : NULL,
	    .store = w->store,
	};
	if (buffer) {
		w->source = (struct buffer_source){
		    .buffer = buffer,
		    .mint = &w->mint,
		};
		w->mint.account = buffer_account;
		w->mint.account_ctx = &w->source;
	}
	if (pthread_create(&w->thread, NULL, thread_main, w) != 0)
		return tool_fault(RC_MEMORY, "threads");
	w->runs = true;
	return EX_OK;
}

int
batch_pool_start(const struct image_recipe *r, const struct token *token,
    const struct buffer *buffer, const char *ledger, unsigned sessions,
    struct batch_pool **out)
{
	struct batch_pool *p = calloc(1, sizeof(*p));
	int code = EX_OK;

	*out = p;
	if (!p)
		return tool_fault(RC_MEMORY, "threads");
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->idle, NULL);
	while (code == EX_OK && p->seat_count < sessions) {
		code = take_seat(p, token);
		for (int i = 0; code == EX_OK && i < BATCH_THREADS_EACH; i++)
			code = start_worker(p, buffer, ledger, r);
	}
	if (code != EX_OK) {
		batch_pool_free(p);
		*out = NULL;
	}
	return code;
}

void
batch_pool_begin(struct batch_pool *p, struct batch_job *jobs, size_t count)
{
	pthread_mutex_lock(&p->lock);
	p->jobs = jobs;
	p->count = count;
	p->next = 0;
	p->busy = p->thread_count;
	p->round++;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
}

void
batch_pool_wait(struct batch_pool *p)
{
	pthread_mutex_lock(&p->lock);
	while (p->busy > 0)
		pthread_cond_wait(&p->idle, &p->lock);
	pthread_mutex_unlock(&p->lock);
}

void
batch_pool_free(struct batch_pool *p)
{
	if (!p)
		return;
	batch_pool_wait(p);
	pthread_mutex_lock(&p->lock);
	p->over = true;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->thread_count; i++) {
		struct worker *w = &p->workers[i];

		if (w->runs)
			pthread_join(w->thread, NULL);
		mint_end(&w->mint);
		ledger_close(w->store);
	}
	for (unsigned i = 0; i < p->seat_count; i++) {
		if (p->seats[i].session)
			hsm_session_give(p->seats[i].session);
		pthread_mutex_destroy(&p->seats[i].turn);
	}
	pthread_cond_destroy(&p->idle);
	pthread_cond_destroy(&p->work);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
