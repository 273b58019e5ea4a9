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
lanes_init(struct lanes *l, unsigned threads)
{
	*l = (struct lanes){.share = threads < 2 ? 1 : threads - 1};
	for (int i = 0; i < LANES; i++)
		lane_queue_init(&l->list[i].queue);
}

struct lane *
lanes_of(struct lanes *l, enum job_kind kind)
{
	switch (kind) {
	case JOB_PSK:
		return &l->list[LANE_PSKS];
	case JOB_SIGN:
		return &l->list[LANE_SIGNS];
	case JOB_BEGIN:
		return &l->list[LANE_BEGINS];
	case JOB_DOCTOR:
		break;
	}
	return NULL;
}

/** How many of a lane could be taken. */
static size_t
takeable(const struct lanes *l, const struct lane *lane)
{
	size_t room = lane->busy < l->share ? l->share - lane->busy : 0;

	return lane->queue.count < room ? lane->queue.count : room;
}

static struct job *
take(struct lanes *l, enum lane_name name)
{
	struct lane *lane = &l->list[name];
	struct job *j = NULL;

	if (takeable(l, lane) > 0)
		j = lane_queue_pop(&lane->queue);
	if (j)
		lane->busy++;
	return j;
}

struct job *
lanes_take(struct lanes *l)
{
	enum lane_name other = l->turn == LANE_PSKS ? LANE_SIGNS : LANE_PSKS;
	struct job *j = take(l, LANE_BEGINS);

	if (j)
		return j;
	j = take(l, l->turn);
	if (!j)
		return take(l, other);
	l->turn = other;
	return j;
}

size_t
lanes_takeable(const struct lanes *l)
{
	size_t n = 0;

	for (int i = 0; i < LANES; i++)
		n += takeable(l, &l->list[i]);
	return n;
}

size_t
lanes_waiting(const struct lanes *l)
{
	size_t n = 0;

	for (int i = 0; i < LANES; i++)
		n += l->list[i].queue.count + l->list[i].busy;
	return n;
}

void
lanes_drop(struct lanes *l)
{
	for (int i = 0; i < LANES; i++)
		lane_queue_drop(&l->list[i].queue);
}
