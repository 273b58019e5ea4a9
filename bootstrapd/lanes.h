/**
 * lanes.h - jobs on their way to the token's threads.
 *
 * A device that is proved goes before one that wants a handshake; of those,
 * keys and signatures take turns. What waits in one lane never has all threads,
 * or a token that is slow with one thing would be with everything. In a lane
 * each worker has a queue of its own, of its share, and they are served in
 * turn: one that asks without end fills its own and waits for itself. Not
 * thread-safe: under the mutex of jobs.c.
 */
#ifndef BOOTSTRAPD_LANES_H
#define BOOTSTRAPD_LANES_H

#include "jobs.h"

enum {
	LANE_MOST = 4096, /**< jobs of one kind that wait, of all workers */
	LANE_IDLE_MOST = 64, /**< that nobody waits for */
};

struct lane_queue {
	struct job *first, **last;
	size_t count;
};

void lane_queue_init(struct lane_queue *q);
void lane_queue_put(struct lane_queue *q, struct job *j);
/** NULL: empty. */
struct job *lane_queue_pop(struct lane_queue *q);
/** All jobs are freed. */
void lane_queue_drop(struct lane_queue *q);

/** For handshakes two, for proved devices, and for what nobody waits for. */
enum lane_name { LANE_PSKS, LANE_SIGNS, LANE_BEGINS, LANE_IDLE, LANES };

struct lane {
	struct lane_queue of[WORKERS_MAX];
	unsigned turn; /**< the worker that is looked at first */
	size_t share; /**< of one worker, jobs */
	size_t count; /**< that wait */
	size_t busy, busy_most; /**< in threads */
};

struct lanes {
	struct lane list[LANES];
	unsigned workers;
	enum lane_name turn; /**< of the two for handshakes */
	bool alone, begun; /**< there is one thread; it has begun a session */
};

/** For 1..WORKERS_MAX workers. */
void lanes_init(struct lanes *l, unsigned threads, unsigned workers);
/** False, and nothing was taken: that worker has its share of that kind. */
bool lanes_put(struct lanes *l, struct job *j);
/** The next job, counted as worked on; NULL: none, or none in its share. What
 *  nobody waits for comes where there is nothing else, one at a time. */
struct job *lanes_take(struct lanes *l);
/** It is worked on no more. */
void lanes_done(struct lanes *l, const struct job *j);
/** There is more to do of it: in its turn, whether there is room or not. */
void lanes_again(struct lanes *l, struct job *j);
/** How many could be taken now, of those that somebody waits for. */
size_t lanes_takeable(const struct lanes *l);
/** How many wait or are worked on, of those. */
size_t lanes_waiting(const struct lanes *l);
/** Is a job worked on that nobody waits for? */
bool lanes_idling(const struct lanes *l);
/** All jobs that wait are freed. */
void lanes_drop(struct lanes *l);

#endif
