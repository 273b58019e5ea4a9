/**
 * lanes.h - jobs on their way to the token's threads.
 *
 * A device that is proved goes before one that wants a handshake; of those,
 * keys and signatures take turns. What waits in one lane never has all threads,
 * or a token that is slow with one thing would be with everything. Not
 * thread-safe: under the mutex of jobs.c.
 */
#ifndef BOOTSTRAPD_LANES_H
#define BOOTSTRAPD_LANES_H

#include "jobs.h"

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

enum lane_name { LANE_PSKS, LANE_SIGNS, LANE_BEGINS, LANES };

struct lane {
	struct lane_queue queue;
	size_t busy; /**< of them, in threads */
};

struct lanes {
	struct lane list[LANES];
	enum lane_name turn; /**< of the two for handshakes */
	size_t share; /**< threads that one lane may have */
};

void lanes_init(struct lanes *l, unsigned threads);
/** NULL: that job is of no lane, because nobody waits for it. */
struct lane *lanes_of(struct lanes *l, enum job_kind kind);
/** The next job, counted as worked on; NULL: none, or none in its share. */
struct job *lanes_take(struct lanes *l);
/** How many could be taken now. */
size_t lanes_takeable(const struct lanes *l);
/** How many wait or are worked on. */
size_t lanes_waiting(const struct lanes *l);
void lanes_drop(struct lanes *l);

#endif
