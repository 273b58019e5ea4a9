/*
 * A ring of batches. The thread that reads fills them and hands them out; any
 * number of others decide what is in them; then the one that reads takes them
 * back in their order. So the text of the devices has one order, and memory is
 * that of the ring.
 */
#include "fleet.h"

#include "base/progress.h"
#include "tool.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	BATCH_ROWS = 512,
	BATCH_BYTES = 512 * 1024, /**< of endpoints and data */
	WORKERS_MAX = 16,
	/* enough that nobody waits while a thread is not given a core */
	BATCHES_EACH = 8,
};

enum batch_state { BATCH_FREE, BATCH_FULL, BATCH_BUSY, BATCH_DONE };

struct batch {
	enum batch_state state;
	struct ledger_row rows[BATCH_ROWS];
	size_t count;
	uint8_t *bytes; /**< owned; what the rows point into */
	size_t len, cap;
	char *text; /**< owned; of the devices; NULL: none */
	size_t text_len;
};

struct run {
	const struct fleet_job *job;
	fleet_text_fn each;
	void *ctx;
	struct ledger *ledger;
	struct ledger_fleet fleet;
	struct progress progress;
	uint64_t read; /**< rows */
	int code; /**< what `each` has returned, or EX_OK */

	pthread_mutex_t lock;
	pthread_cond_t full, done;
	struct batch *ring; /**< owned */
	size_t ring_count;
	size_t fill; /**< the batch that is filled */
	size_t oldest, pending; /**< handed out, not taken back yet */
	bool over; /**< no more will come */
	enum rc rc; /**< what has stopped a worker */

	struct fleet_worker *workers; /**< owned */
	pthread_t threads[WORKERS_MAX];
	size_t worker_count, thread_count;
};

/* --- the threads that decide ---------------------------------------------- */

static void
decide_batch(struct fleet_worker *w, struct batch *b)
{
	FILE *csv = NULL;

	if (w->job->devices) {
		csv = open_memstream(&b->text, &b->text_len);
		if (!csv)
			w->rc = RC_MEMORY;
	}
	for (size_t i = 0; i < b->count && w->rc == RC_OK; i++)
		fleet_device(w, &b->rows[i], csv);
	if (csv && fclose(csv) != 0)
		w->rc = RC_MEMORY;
}

static struct batch *
next_full(struct run *r)
{
	for (;;) {
		for (size_t i = 0; i < r->pending; i++) {
			struct batch *b =
			    &r->ring[(r->oldest + i) % r->ring_count];

			if (b->state == BATCH_FULL)
				return b;
		}
		if (r->over)
			return NULL;
		pthread_cond_wait(&r->full, &r->lock);
	}
}

struct thread_args {
	struct run *run;
	struct fleet_worker *worker;
};

static void *
work(void *arg)
{
	struct thread_args *args = arg;
	struct run *r = args->run;
	struct batch *b;

	pthread_mutex_lock(&r->lock);
	while ((b = next_full(r))) {
		b->state = BATCH_BUSY;
		pthread_mutex_unlock(&r->lock);
		decide_batch(args->worker, b);
		pthread_mutex_lock(&r->lock);
		b->state = BATCH_DONE;
		if (args->worker->rc != RC_OK && r->rc == RC_OK)
			r->rc = args->worker->rc;
		pthread_cond_signal(&r->done);
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

/* --- the thread that reads ------------------------------------------------ */

/** Is there no use in going on? */
static bool
stopped(struct run *r)
{
	bool failed;

	pthread_mutex_lock(&r->lock);
	failed = r->rc != RC_OK;
	pthread_mutex_unlock(&r->lock);
	return failed || r->code != EX_OK;
}

/** The oldest, once it is done. */
static void
take_back(struct run *r)
{
	struct batch *b = &r->ring[r->oldest];

	pthread_mutex_lock(&r->lock);
	while (b->state != BATCH_DONE)
		pthread_cond_wait(&r->done, &r->lock);
	r->oldest = (r->oldest + 1) % r->ring_count;
	r->pending--;
	pthread_mutex_unlock(&r->lock);
	if (r->each && b->text && !stopped(r))
		r->code = r->each(r->ctx, span_of(b->text, b->text_len));
	free(b->text);
	b->text = NULL;
	b->count = b->len = 0;
	b->state = BATCH_FREE;
}

static void
hand_out(struct run *r)
{
	pthread_mutex_lock(&r->lock);
	r->ring[r->fill].state = BATCH_FULL;
	r->pending++;
	pthread_cond_signal(&r->full);
	pthread_mutex_unlock(&r->lock);
	r->fill = (r->fill + 1) % r->ring_count;
	if (r->pending == r->ring_count)
		take_back(r);
	progress_at(&r->progress, r->read, r->fleet.came);
}

static bool
fits(const struct batch *b, const struct ledger_row *row)
{
	return b->count < BATCH_ROWS &&
	    b->cap - b->len >= row->endpoint.len + row->data.len;
}

/** A row may be larger than a batch has room for: then it grows once. */
static bool
make_room(struct batch *b, const struct ledger_row *row)
{
	size_t need = row->endpoint.len + row->data.len;

	if (need < BATCH_BYTES)
		need = BATCH_BYTES;
	if (b->cap >= need)
		return true;
	free(b->bytes);
	b->bytes = malloc(need);
	b->cap = b->bytes ? need : 0;
	return b->bytes;
}

static struct span
copy(struct batch *b, struct span s)
{
	uint8_t *p = b->bytes + b->len;

	if (s.len)
		memcpy(p, s.p, s.len);
	b->len += s.len;
	return span_of(p, s.len);
}

/** Stops with RC_TIMEOUT where there is no use in going on. */
static enum rc
take_row(void *ctx, const struct ledger_row *row)
{
	static const struct span kind = {
	    (const uint8_t *)"bootstrap_begin", sizeof("bootstrap_begin") - 1};
	struct run *r = ctx;
	struct batch *b = &r->ring[r->fill];
	struct ledger_row *to;

	if (b->count > 0 && !fits(b, row)) {
		hand_out(r);
		b = &r->ring[r->fill];
	}
	if (b->count == 0 && stopped(r))
		return RC_TIMEOUT;
	if (b->count == 0 && !make_room(b, row))
		return RC_MEMORY;
	to = &b->rows[b->count++];
	*to = *row;
	to->endpoint = copy(b, row->endpoint);
	to->data = copy(b, row->data);
	to->session = span_of(NULL, 0);
	/* the text is the statement's; the row of another kind says so */
	to->kind = span_equal(row->kind, kind) ? kind : span_of(NULL, 0);
	r->read++;
	return RC_OK;
}

static enum rc
read_all(struct run *r)
{
	enum rc rc = ledger_snapshot(r->ledger);

	if (rc == RC_OK)
		rc = ledger_fleet(r->ledger, &r->fleet);
	progress_begin(&r->progress, "deciding devices");
	if (rc == RC_OK)
		rc = ledger_devices(r->ledger, take_row, r);
	if (rc == RC_OK && r->ring[r->fill].count > 0)
		hand_out(r);
	/* what was handed out is finished in any case: it is being read */
	while (r->pending > 0)
		take_back(r);
	progress_end(&r->progress);
	ledger_snapshot_end(r->ledger);
	return rc;
}

/* --- all of it ------------------------------------------------------------ */

static size_t
cores(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > WORKERS_MAX ? WORKERS_MAX : (size_t)n;
}

static enum rc
set_up(struct run *r)
{
	char why[256];
	enum rc rc = ledger_open(
	    r->job->ledger, LEDGER_READ, &r->ledger, why, sizeof(why));

	if (rc != RC_OK)
		return rc;
	r->worker_count = cores();
	r->ring_count = BATCHES_EACH * r->worker_count;
	r->ring = calloc(r->ring_count, sizeof(*r->ring));
	r->workers = calloc(r->worker_count, sizeof(*r->workers));
	if (!r->ring || !r->workers)
		return RC_MEMORY;
	for (size_t i = 0; i < r->worker_count && rc == RC_OK; i++)
		rc = fleet_worker_init(&r->workers[i], r->job);
	return rc;
}

static void
tear_down(struct run *r)
{
	for (size_t i = 0; r->workers && i < r->worker_count; i++)
		fleet_worker_fini(&r->workers[i]);
	for (size_t i = 0; r->ring && i < r->ring_count; i++) {
		free(r->ring[i].bytes);
		free(r->ring[i].text);
	}
	free(r->workers);
	free(r->ring);
	ledger_close(r->ledger);
	pthread_cond_destroy(&r->full);
	pthread_cond_destroy(&r->done);
	pthread_mutex_destroy(&r->lock);
}

static enum rc
with_threads(struct run *r)
{
	struct thread_args args[WORKERS_MAX];
	enum rc rc = RC_OK;

	while (r->thread_count < r->worker_count) {
		size_t i = r->thread_count;

		args[i] = (struct thread_args){r, &r->workers[i]};
		if (pthread_create(&r->threads[i], NULL, work, &args[i]) != 0)
			break;
		r->thread_count++;
	}
	/* fewer will do */
	rc = r->thread_count > 0 ? read_all(r) : RC_MEMORY;
	pthread_mutex_lock(&r->lock);
	r->over = true;
	pthread_cond_broadcast(&r->full);
	pthread_mutex_unlock(&r->lock);
	for (size_t i = 0; i < r->thread_count; i++)
		pthread_join(r->threads[i], NULL);
	return rc;
}

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/** What the threads have counted, together. */
static enum rc
add_up(const struct run *r, struct fleet_result *out)
{
	out->fleet = r->fleet;
	out->seen = r->read;
	for (size_t i = 0; i < r->worker_count; i++)
		fleet_tally_add(&out->tally, &r->workers[i].tally);
	return out->tally.no_memory ? RC_MEMORY : RC_OK;
}

static int
failed(const struct fleet_job *job, enum rc rc)
{
	struct quoted q;

	if (rc == RC_MEMORY)
		return tool_fault(rc, "plan");
	return tool_error(EX_IOERR,
	    "run `provisioning-tool audit verify` on it", "%s cannot be read",
	    quote_str(&q, job->ledger));
}

int
fleet_run(const struct fleet_job *job, fleet_text_fn each, void *ctx,
    struct fleet_result *out)
{
	struct run r = {
	    .job = job,
	    .each = each,
	    .ctx = ctx,
	    .lock = PTHREAD_MUTEX_INITIALIZER,
	    .full = PTHREAD_COND_INITIALIZER,
	    .done = PTHREAD_COND_INITIALIZER,
	};
	uint64_t began_ms = now_ms();
	enum rc rc;

	*out = (struct fleet_result){0};
	rc = fleet_tally_init(&out->tally, job->examples);
	if (rc == RC_OK)
		rc = set_up(&r);
	if (rc == RC_OK)
		rc = with_threads(&r);
	if (r.rc != RC_OK)
		rc = r.rc;
	if (rc == RC_OK)
		rc = add_up(&r, out);
	tear_down(&r);
	out->took_ms = now_ms() - began_ms;
	if (r.code != EX_OK)
		return r.code;
	return rc == RC_OK ? EX_OK : failed(job, rc);
}

void
fleet_result_fini(struct fleet_result *r)
{
	fleet_tally_fini(&r->tally);
}
