/**
 * push_op.h - one device on its way to the decision, as the files share it that
 * bring it there: push.c (by which way), push_heard.c (workers, time),
 * push_say.c (clients), push_op.c.
 */
#ifndef BOOTSTRAPD_PUSH_OP_H
#define BOOTSTRAPD_PUSH_OP_H

#include "push.h"

/* push_op.c */

/** NULL: out of memory. */
struct push_op *op_new(
    struct keeper *k, struct client *c, const struct push_wish *w);
void op_free(struct keeper *k, struct push_op *op);
/** NULL: none. */
struct push_op *op_of(struct keeper *k, struct span endpoint);
/** Borrowed from `op`. */
struct push_wish op_wish(const struct push_op *op);
void op_ask_worker(struct keeper *k, const struct push_op *op, unsigned worker,
    enum q_push_what what);
/** No worker expects anything of that address any more. */
void op_forget_probe(struct keeper *k, const struct push_op *op);
/** Recorded and said; `op` is gone. */
void op_end_failed(struct keeper *k, struct push_op *op, enum push_reason why,
    const char *detail);
/** Not now; `op` is gone. */
void op_end_busy(struct keeper *k, struct push_op *op);
void op_tick_soon(struct keeper *k);

/* push.c: the next step; `op` may be gone after it */

/** A worker is found: it shall begin. */
void op_go(struct keeper *k, struct push_op *op);
/** All have said whether they have a session. */
void op_looked(struct keeper *k, struct push_op *op);
/** Nobody has one. */
void op_no_session(struct keeper *k, struct push_op *op);
/** Nobody has answered from that address. */
void op_no_answer(struct keeper *k, struct push_op *op);

/* push_heard.c */

/** Those whose time has come. */
void op_on_tick(void *ctx, uint64_t now_ms);

/* push_say.c */

void push_say_failed(struct client *c, struct span endpoint,
    enum push_reason why, const char *detail);
void push_say_sent(
    struct client *c, const struct push_op *op, const uint8_t *session);

#endif
