#include "lanes.h"

void
lane_queue_init(struct lane_queue *q)
{
	*q = (struct lane_queue){.last = &q->first};
}

void
lane_queue_put(struct lane_queue *q, struct job *j)
{
	j->next = NULL;
	*q->last = j;
	q->last = &j->next;
	q->count++;
}

struct job *
lane_queue_pop(struct lane_queue *q)
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

void
lane_queue_drop(struct lane_queue *q)
{
	struct job *j;

	while ((j = lane_queue_pop(q)))
		job_free(j);
}

void
lanes_init(struct lanes *l, unsigned threads, unsigned workers)
{
	size_t busy_most = threads < 2 ? 1 : threads - 1;

	*l = (struct lanes){.workers = workers, .alone = threads < 2};
	for (int i = 0; i < LANES; i++) {
		struct lane *lane = &l->list[i];
		size_t most = i == LANE_IDLE ? LANE_IDLE_MOST : LANE_MOST;

		lane->share = most / workers;
		lane->busy_most = i == LANE_IDLE ? 1 : busy_most;
		for (unsigned n = 0; n < WORKERS_MAX; n++)
			lane_queue_init(&lane->of[n]);
	}
}

static struct lane *
lane_of(struct lanes *l, const struct job *j)
{
	switch (j->kind) {
	case JOB_PSK:
		return &l->list[LANE_PSKS];
	case JOB_SIGN:
		return &l->list[LANE_SIGNS];
	case JOB_BEGIN:
		return &l->list[LANE_BEGINS];
	case JOB_DOCTOR:
		break;
	}
	return &l->list[LANE_IDLE];
}

static void
put(struct lane *lane, struct job *j)
{
	lane_queue_put(&lane->of[j->worker], j);
	lane->count++;
}

bool
lanes_put(struct lanes *l, struct job *j)
{
	struct lane *lane = lane_of(l, j);

	if (j->worker >= l->workers || lane->of[j->worker].count >= lane->share)
		return false;
	put(lane, j);
	return true;
}

void
lanes_done(struct lanes *l, const struct job *j)
{
	lane_of(l, j)->busy--;
}

void
lanes_again(struct lanes *l, struct job *j)
{
	put(lane_of(l, j), j);
}

/** How many of a lane could be taken. */
static size_t
takeable(const struct lane *lane)
{
	size_t room = lane->busy_most - lane->busy;

	return lane->count < room ? lane->count : room;
}

static struct job *
take(struct lanes *l, enum lane_name name)
{
	struct lane *lane = &l->list[name];
	struct job *j = NULL;

	if (takeable(lane) == 0)
		return NULL;
	while (!j) {
		j = lane_queue_pop(&lane->of[lane->turn]);
		lane->turn = (lane->turn + 1) % l->workers;
	}
	lane->count--;
	lane->busy++;
	return j;
}

static struct job *
take_handshake(struct lanes *l)
{
	enum lane_name other = l->turn == LANE_PSKS ? LANE_SIGNS : LANE_PSKS;
	struct job *j = take(l, l->turn);

	if (!j)
		return take(l, other);
	l->turn = other;
	return j;
}

struct job *
lanes_take(struct lanes *l)
{
	/* a thread alone has none to spare for handshakes, but every other
	 * turn */
	struct job *j = l->alone && l->begun ? take_handshake(l) : NULL;

	l->begun = false;
	if (!j) {
		j = take(l, LANE_BEGINS);
		l->begun = j != NULL;
	}
	if (!j)
		j = take_handshake(l);
	return j ? j : take(l, LANE_IDLE);
}

size_t
lanes_takeable(const struct lanes *l)
{
	size_t n = 0;

	for (int i = 0; i < LANE_IDLE; i++)
		n += takeable(&l->list[i]);
	return n;
}

size_t
lanes_waiting(const struct lanes *l)
{
	size_t n = 0;

	for (int i = 0; i < LANE_IDLE; i++)
		n += l->list[i].count + l->list[i].busy;
	return n;
}

bool
lanes_idling(const struct lanes *l)
{
	return l->list[LANE_IDLE].busy > 0;
}

void
lanes_drop(struct lanes *l)
{
	for (int i = 0; i < LANES; i++) {
		for (unsigned n = 0; n < WORKERS_MAX; n++)
			lane_queue_drop(&l->list[i].of[n]);
		l->list[i].count = 0;
	}
}
