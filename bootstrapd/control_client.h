/**
 * control_client.h - one connection to the control socket, as the files that
 * answer it share it: control.c (sockets, verbs of one line), control_status.c,
 * control_push.c (the lines of a push).
 */
#ifndef BOOTSTRAPD_CONTROL_CLIENT_H
#define BOOTSTRAPD_CONTROL_CLIENT_H

#include "base/loop.h"
#include "control.h"
#include "reply.h"

#include <sys/types.h>

struct keeper;

struct client {
	struct control *control;
	int fd; /**< -1: free */
	uid_t uid;
	struct push_run *run; /**< it carries out a push; else NULL */
	bool deaf; /**< does not read its answers: to be closed */
	struct loop_timer timer;
	uint8_t line[CONTROL_PUSH_LINE_MAX];
	size_t len;
};

struct keeper *client_keeper(const struct client *c);
/** Send a block. One who does not read is closed with its next line. */
void client_say(struct client *c, const struct reply *r);
void client_close(struct client *c);

/* control_status.c */

void control_status(struct keeper *k, struct reply *r);

/* control_rollout.c */

/** The verb `rollout`: "start WORDS", "status", "halt"...; its exit code. */
int control_rollout(
    struct keeper *k, struct client *c, struct span arg, struct reply *r);

/* control_rollout_show.c */

/** All of it; 0. */
int control_rollout_status(struct keeper *k, struct reply *r);
/** What status says of it: nothing where there is none. */
void control_rollout_put(struct keeper *k, struct reply *r);

/* control_push.c */

/** The verbs `push` and `push-resume`; their exit code, 0: c->run is set. */
int control_push_start(
    struct keeper *k, struct client *c, struct span arg, struct reply *r);
int control_push_resume(
    struct keeper *k, struct client *c, struct span arg, struct reply *r);
/** A line after that. */
void control_push_line(struct client *c, struct span line);
/** The client has hung up. Harmless when it carried out none. */
void control_push_gone(struct client *c);

#endif
