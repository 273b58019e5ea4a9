#include "control.h"

#include "base/text.h"
#include "build_config.h"
#include "check.h"
#include "jail.h"
#include "keeper_state.h"
#include "link.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct client {
	struct control *control;
	int fd; /**< -1: free */
	uid_t uid;
	struct loop_timer timer;
	uint8_t line[CONTROL_LINE_MAX];
	size_t len;
};

struct control {
	struct keeper *keeper;
	int fd;
	struct client clients[CONTROL_CLIENTS_MAX];
};

/** An answer as it grows. */
struct answer {
	struct writer w;
	uint8_t buf[32768];
};

static void
put_text(struct answer *a, const char *key, struct span value)
{
	writer_fmt(&a->w, "%s\t", key);
	text_quote(&a->w, value);
	writer_str(&a->w, "\n");
}

static void
put_str(struct answer *a, const char *key, const char *value)
{
	put_text(a, key, span_str(value));
}

static void
put_number(struct answer *a, const char *key, uint64_t value)
{
	writer_fmt(&a->w, "%s\t%llu\n", key, (unsigned long long)value);
}

static void
put_time(struct answer *a, const char *key, int64_t ms)
{
	char text[25];

	ledger_time(ms, text);
	put_str(a, key, text);
}

static void
put_worker(struct answer *a, const struct link *l, uint64_t now_ms)
{
	char key[48];
	const struct {
		const char *name;
		uint64_t value;
	} all[] = {
	    {"sessions", l->stats.sessions},
	    {"peers", l->stats.peers},
	    {"handshakes_pending", l->stats.handshakes_pending},
	    {"hellos", l->stats.hellos},
	    {"established", l->stats.established},
	    {"handshakes_failed", l->stats.failed},
	    {"datagrams_in", l->stats.datagrams_in},
	    {"datagrams_out", l->stats.datagrams_out},
	    {"dropped", l->stats.dropped},
	    {"moved", l->stats.moved},
	};

	snprintf(key, sizeof(key), "worker.%u.seen_ms_ago", l->worker);
	if (l->stats_ms)
		put_number(a, key, now_ms - l->stats_ms);
	else
		put_str(a, key, "never");
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		snprintf(
		    key, sizeof(key), "worker.%u.%s", l->worker, all[i].name);
		put_number(a, key, all[i].value);
	}
}

static void
put_health(struct answer *a, struct keeper *k)
{
	struct token_health token;

	jobs_health(k->jobs, &token);
	put_str(
	    a, "health", token.ok && k->ledger_health.ok ? "ok" : "degraded");
	put_str(a, "token", hsm_token_name(k->hsm));
	put_str(a, "token.state", token.ok ? "ok" : "away");
	if (!token.ok) {
		put_str(a, "token.error", token.error.text);
		put_str(a, "token.remedy", token.error.remedy);
	}
	put_str(a, "ledger", k->config->ledger);
	put_str(a, "ledger.state", k->ledger_health.ok ? "ok" : "away");
	if (!k->ledger_health.ok) {
		put_str(a, "ledger.error", k->ledger_health.text);
		put_time(a, "ledger.since", k->ledger_health.since_ms);
	}
}

/** What is shown to devices, and until when it holds. */
static void
put_certificates(struct answer *a, const struct keeper *k)
{
	int64_t now_s = clock_wall_ms() / 1000;

	for (size_t i = 0; i < k->files->cert_count; i++) {
		const struct server_cert *c = &k->files->certs[i];
		uint8_t hex[2 * DIGEST_LEN];
		struct writer w;
		char key[48];

		writer_init(&w, hex, sizeof(hex));
		text_hex(&w, span_of(c->sha256, DIGEST_LEN));
		snprintf(key, sizeof(key), "server.%zu.certificate", i);
		put_text(a, key, writer_span(&w));
		snprintf(key, sizeof(key), "server.%zu.file", i);
		put_str(a, key, c->path);
		snprintf(key, sizeof(key), "server.%zu.not_after", i);
		put_time(a, key, c->cert.not_after_s * 1000);
		snprintf(key, sizeof(key), "server.%zu.state", i);
		put_str(a, key, server_cert_state(c, now_s));
	}
	put_number(a, "server.anchors", k->showing.anchors);
	put_number(a, "server.crls", k->showing.crls);
	put_number(a, "server.crls_stale", k->lists.stale);
	put_number(a, "server.raw_keys", k->showing.raw_keys);
}

static int
do_status(struct keeper *k, struct client *c, struct span arg, struct answer *a)
{
	const struct policy_set *set = k->policies.set;
	uint64_t now = clock_now_ms(), seq = 0;
	uint8_t head[DIGEST_LEN], hex[2 * DIGEST_LEN];
	struct writer w;

	(void)c;
	(void)arg;
	put_str(a, "version", PROJECT_VERSION);
	put_str(a, "instance", k->args->instance);
	put_number(a, "keeper.up_s", (now - k->started_ms) / 1000);
	put_str(a, "jail", jail_name());
	put_health(a, k);
	writer_init(&w, hex, sizeof(hex));
	text_hex(&w, span_of(set->digest, DIGEST_LEN));
	put_text(a, "policies.set", writer_span(&w));
	put_str(a, "policies.source", k->config->policies);
	put_time(a, "policies.loaded", k->policies.at_ms);
	put_str(a, "policies.loaded_by", k->policies.by);
	put_number(a, "policies.identities", set->identity_count);
	put_number(a, "policies.policies", set->policy_count);
	put_certificates(a, k);
	put_number(a, "sessions", k->sessions.count);
	put_number(a, "questions.waiting", jobs_waiting(k->jobs));
	if (ledger_head(k->ledger, &seq, head) == RC_OK) {
		writer_init(&w, hex, sizeof(hex));
		text_hex(&w, span_of(head, DIGEST_LEN));
		put_number(a, "ledger.rows", seq);
		put_text(a, "ledger.head", writer_span(&w));
	}
	for (unsigned i = 0; i < k->args->link_count; i++)
		put_worker(a, &k->links[i], now);
	return 0;
}

static int
do_reload(struct keeper *k, struct client *c, struct span arg, struct answer *a)
{
	char by[64], first[512];
	enum rc rc;

	(void)arg;
	snprintf(by, sizeof(by), "bootstrapctl uid %u", (unsigned)c->uid);
	rc = keeper_reload(k, by, first, sizeof(first));
	if (rc != RC_OK) {
		put_str(a, "refused", first);
		put_str(a, "in_force", "the set that was loaded before");
		return check_exit(CHECK_POLICIES, rc);
	}
	put_number(a, "identities", k->policies.set->identity_count);
	put_number(a, "policies", k->policies.set->policy_count);
	return 0;
}

static int
do_stop(struct keeper *k, struct client *c, struct span arg, struct answer *a)
{
	(void)arg;
	LOG(LOG_NOTICE, "stop_asked", F_INT("uid", c->uid));
	keeper_note(k, KEEPER_STOP);
	put_str(a, "stopping", "sessions that run may end first");
	return 0;
}

static int
do_supersede(
    struct keeper *k, struct client *c, struct span arg, struct answer *a)
{
	struct known_session *s = session_of_endpoint(k, false, arg);

	(void)c;
	if (!s)
		s = session_of_endpoint(k, true, arg);
	if (!s) {
		put_str(a, "error", "no bootstrap of that endpoint is running");
		return 66;
	}
	end_session(k, s, s->finishing ? OUTCOME_UNKNOWN : OUTCOME_FAILED,
	    REASON_CANCELLED);
	record_tell(k, s->worker, Q_CANCEL, s->id);
	put_text(a, "superseded", arg);
	return 0;
}

static const struct verb {
	const char *name;
	int (*run)(struct keeper *k, struct client *c, struct span arg,
	    struct answer *a);
} verbs[] = {
    {"status", do_status},
    {"reload", do_reload},
    {"stop", do_stop},
    {"supersede", do_supersede},
};

static void
client_close(struct client *c)
{
	struct loop *loop = c->control->keeper->loop;

	loop_unwatch(loop, c->fd);
	loop_timer_clear(loop, &c->timer);
	close(c->fd);
	c->fd = -1;
}

static void
serve(struct client *c)
{
	struct answer *a = calloc(1, sizeof(*a));
	struct span line = span_of(c->line, c->len), verb = line, arg = {0};
	const uint8_t *space = memchr(c->line, ' ', c->len);
	int code = 64;

	if (!a)
		return;
	if (space) {
		verb = span_of(line.p, (size_t)(space - line.p));
		arg = span_from(line, verb.len + 1);
	}
	writer_init(&a->w, a->buf, sizeof(a->buf));
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (span_is(verb, verbs[i].name))
			code = verbs[i].run(c->control->keeper, c, arg, a);
	if (code == 64)
		put_text(a, "error", SPAN_LIT("unknown verb"));
	writer_fmt(&a->w, "exit\t%d\n", code);
	/* an answer is small beside the socket's buffer */
	(void)!send(c->fd, a->buf, a->w.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	free(a);
}

static void
on_client(void *ctx, uint32_t events)
{
	struct client *c = ctx;
	ssize_t n = recv(
	    c->fd, c->line + c->len, sizeof(c->line) - c->len, MSG_DONTWAIT);
	const uint8_t *end;

	(void)events;
	if (n <= 0) {
		client_close(c);
		return;
	}
	c->len += (size_t)n;
	end = memchr(c->line, '\n', c->len);
	if (end) {
		c->len = (size_t)(end - c->line);
		serve(c);
	}
	if (end || c->len == sizeof(c->line))
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
	if (loop_watch(loop, fd, EPOLLIN, on_client, c) != RC_OK) {
		close(fd);
		c->fd = -1;
		return;
	}
	if (loop_timer_set(loop, &c->timer, clock_now_ms() + CONTROL_TIMEOUT_MS,
		on_timeout, c) != RC_OK)
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
