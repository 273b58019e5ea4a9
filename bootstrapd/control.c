#include "control_client.h"

#include "check.h"
#include "keeper_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct control {
	struct keeper *keeper;
	int fd;
	struct client clients[CONTROL_CLIENTS_MAX];
};

static int
do_status(struct keeper *k, struct client *c, struct span arg, struct reply *r)
{
	(void)c;
	(void)arg;
	control_status(k, r);
	return 0;
}

static int
do_reload(struct keeper *k, struct client *c, struct span arg, struct reply *r)
{
	char by[64], first[512];
	enum rc rc;

	(void)arg;
	snprintf(by, sizeof(by), "bootstrapctl uid %u", (unsigned)c->uid);
	rc = keeper_reload(k, by, first, sizeof(first));
	if (rc != RC_OK) {
		reply_str(r, "refused", first);
		reply_str(r, "in_force", "the set that was loaded before");
		return check_exit(CHECK_POLICIES, rc);
	}
	reply_number(r, "identities", k->policies.set->identity_count);
	reply_number(r, "policies", k->policies.set->policy_count);
	reply_hex(r, "in_force", span_of(k->policies.set->digest, DIGEST_LEN));
	if (k->rollout)
		reply_str(r, "rollout",
		    "goes on: its policies are in force for its share alone");
	return 0;
}

static int
do_stop(struct keeper *k, struct client *c, struct span arg, struct reply *r)
{
	(void)arg;
	LOG(LOG_NOTICE, "stop_asked", F_INT("uid", c->uid));
	keeper_note(k, KEEPER_STOP);
	reply_str(r, "stopping", "sessions that run may end first");
	return 0;
}

static int
do_supersede(
    struct keeper *k, struct client *c, struct span arg, struct reply *r)
{
	struct known_session *s = session_of_endpoint(k, false, arg);

	(void)c;
	if (!s)
		s = session_of_endpoint(k, true, arg);
	if (!s) {
		reply_str(
		    r, "error", "no bootstrap of that endpoint is running");
		return 66;
	}
	end_session(k, s, s->finishing ? OUTCOME_UNKNOWN : OUTCOME_FAILED,
	    REASON_CANCELLED);
	record_tell(k, s->worker, Q_CANCEL, s->id);
	reply_text(r, "superseded", arg);
	return 0;
}

/** A device that a policy lets in once may come once more. */
static int
do_release(struct keeper *k, struct client *c, struct span arg, struct reply *r)
{
	const struct field f[] = {
	    F_INT("uid", c->uid),
	    F_TEXT("instance", k->args->instance),
	};
	struct ledger_history h;
	char room[1];
	const struct ledger_event e = {
	    .kind = "device_released",
	    .endpoint = arg,
	    .fields = f,
	    .field_count = sizeof(f) / sizeof(f[0]),
	};

	if (arg.len == 0 || arg.len > POLICY_ENDPOINT_MAX) {
		reply_str(r, "error", "an endpoint has 1 to 252 bytes");
		return 64;
	}
	if (record_events(k, &e, 1) != RC_OK) {
		reply_str(r, "error", "the ledger cannot be written");
		return 74;
	}
	LOG(LOG_NOTICE, "device_released", F_INT("uid", c->uid),
	    F_TEXT("endpoint", arg));
	reply_text(r, "released", arg);
	if (ledger_history(k->ledger, arg, &h, room, sizeof(room)) != RC_OK ||
	    h.oks == 0)
		reply_str(r, "note",
		    "no bootstrap of that endpoint has ended ok, so none was "
		    "held back; is it spelled as in `bootstrapctl devices`?");
	return 0;
}

static const struct verb {
	const char *name;
	int (*run)(struct keeper *k, struct client *c, struct span arg,
	    struct reply *r);
} verbs[] = {
    {"status", do_status},
    {"reload", do_reload},
    {"stop", do_stop},
    {"supersede", do_supersede},
    {"release", do_release},
    {"rollout", control_rollout},
    {"push", control_push_start},
    {"push-resume", control_push_resume},
};

struct keeper *
client_keeper(const struct client *c)
{
	return c->control->keeper;
}

void
client_close(struct client *c)
{
	struct loop *loop = c->control->keeper->loop;

	control_push_gone(c);
	loop_unwatch(loop, c->fd);
	loop_timer_clear(loop, &c->timer);
	close(c->fd);
	c->fd = -1;
}

void
client_say(struct client *c, const struct reply *r)
{
	ssize_t n = -1;

	/* small beside the socket's buffer: a full one is not read */
	if (!r->w.full)
		n = send(c->fd, r->buf, r->w.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n >= 0 && (size_t)n == r->w.len)
		return;
	/* the loop finds it closed */
	c->deaf = true;
	(void)shutdown(c->fd, SHUT_RDWR);
}

/** The first line. False: that was all. */
static bool
serve(struct client *c, struct span line)
{
	struct reply *r = calloc(1, sizeof(*r));
	struct span verb = line, arg = {0};
	const uint8_t *space = memchr(line.p, ' ', line.len);
	int code = 64;

	if (!r)
		return false;
	if (space) {
		verb = span_of(line.p, (size_t)(space - line.p));
		arg = span_from(line, verb.len + 1);
	}
	reply_init(r);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (span_is(verb, verbs[i].name))
			code = verbs[i].run(c->control->keeper, c, arg, r);
	if (code == 64 && r->w.len == 0)
		reply_str(r, "error", "unknown verb");
	if (c->run)
		writer_str(&r->w, "\n");
	else
		writer_fmt(&r->w, "exit\t%d\n", code);
	client_say(c, r);
	free(r);
	return c->run != NULL;
}

static void on_timeout(void *ctx, uint64_t now_ms);

static bool
set_timeout(struct client *c)
{
	uint64_t after = c->run ? CONTROL_PUSH_TIMEOUT_MS : CONTROL_TIMEOUT_MS;

	return loop_timer_set(c->control->keeper->loop, &c->timer,
		   clock_now_ms() + after, on_timeout, c) == RC_OK;
}

/** False: there will be no more of them. */
static bool
take_line(struct client *c, struct span line)
{
	if (!c->run && line.len >= CONTROL_LINE_MAX)
		return false;
	if (c->run)
		control_push_line(c, line);
	else if (!serve(c, line))
		return false;
	return !c->deaf && set_timeout(c);
}

static void
on_client(void *ctx, uint32_t events)
{
	struct client *c = ctx;
	ssize_t n = recv(
	    c->fd, c->line + c->len, sizeof(c->line) - c->len, MSG_DONTWAIT);
	size_t done = 0;
	const uint8_t *end;

	(void)events;
	if (n <= 0) {
		client_close(c);
		return;
	}
	c->len += (size_t)n;
	while ((end = memchr(c->line + done, '\n', c->len - done))) {
		size_t len = (size_t)(end - c->line) - done;

		if (!take_line(c, span_of(c->line + done, len))) {
			client_close(c);
			return;
		}
		done += len + 1;
	}
	memmove(c->line, c->line + done, c->len - done);
	c->len -= done;
	if (c->len == sizeof(c->line) ||
	    (!c->run && c->len >= CONTROL_LINE_MAX))
		client_close(c);
}

static void
on_timeout(void *ctx, uint64_t now_ms)
{
	(void)now_ms;
	client_close(ctx);
}

/** Who may connect is decided by the socket file: its owner is the keeper's
 *  user, its mode 0660. Who did is noted with what he asks for. */
static bool
who_speaks(int fd, uid_t *uid)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0)
		return false;
	*uid = cred.uid;
	return true;
}

static void
on_listen(void *ctx, uint32_t events)
{
	struct control *ctl = ctx;
	struct loop *loop = ctl->keeper->loop;
	struct client *c = NULL;
	int fd = accept4(ctl->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd < 0)
		return;
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX && !c; i++)
		if (ctl->clients[i].fd < 0)
			c = &ctl->clients[i];
	if (!c || !who_speaks(fd, &c->uid)) {
		close(fd);
		return;
	}
	c->control = ctl;
	c->len = 0;
	c->fd = fd;
	c->run = NULL;
	c->deaf = false;
	if (loop_watch(loop, fd, EPOLLIN, on_client, c) != RC_OK) {
		close(fd);
		c->fd = -1;
		return;
	}
	if (!set_timeout(c))
		client_close(c);
}

enum rc
control_start(struct keeper *k, int listen_fd)
{
	struct control *ctl = calloc(1, sizeof(*ctl));

	if (!ctl)
		return RC_MEMORY;
	ctl->keeper = k;
	ctl->fd = listen_fd;
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		ctl->clients[i].fd = -1;
	k->control = ctl;
	return loop_watch(k->loop, listen_fd, EPOLLIN, on_listen, ctl);
}

void
control_stop(struct keeper *k)
{
	if (!k->control)
		return;
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (k->control->clients[i].fd >= 0)
			client_close(&k->control->clients[i]);
	loop_unwatch(k->loop, k->control->fd);
	free(k->control);
	k->control = NULL;
}
