#include "worker_state.h"

#include "base/digest.h"
#include "connection.h"
#include "jail.h"
#include "signals.h"
#include "udp.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
	/** Batches of datagrams a round, so that timers get a turn. */
	RECEIVE_ROUNDS = 2,
	STATS_MS = 2000,
	LOG_PER_S = 20, /**< lines about strangers */
	DRAIN_GRACE_MS = 2000, /**< for the last verdicts to be recorded */
	/** Bytes of what peers have shown: usually below 2 KiB each. */
	PAPERS_MAX = 64 << 20,
	/** Descriptors that are no connections. */
	OTHER_FILES = 64,
};

bool
worker_may_log(struct worker *w, uint64_t now_ms)
{
	if (now_ms >= w->log_refill_ms + 1000) {
		w->log_refill_ms = now_ms;
		w->log_tokens = LOG_PER_S;
	}
	if (w->log_tokens == 0)
		return false;
	w->log_tokens--;
	return true;
}

/* --- the loop's callbacks ------------------------------------------------- */

static void
take_datagram(
    struct listener *l, const struct address *from, struct span d, uint64_t now)
{
	l->worker->stats.datagrams_in++;
	if (!l->dtls) {
		peer_datagram(l, from, d, now);
		return;
	}
	dtls_receive(l->dtls, from, d, now);
	listener_serve(l, now);
}

static void
listener_ready(void *ctx, uint32_t events)
{
	struct listener *l = ctx;
	struct address from;
	struct span datagram;
	uint64_t now = clock_now_ms();

	(void)events;
	for (int round = 0; round < RECEIVE_ROUNDS; round++) {
		unsigned n = udp_receive(l->fd);

		for (unsigned i = 0; i < n; i++)
			if (udp_get(i, &from, &datagram))
				take_datagram(l, &from, datagram, now);
		if (n < UDP_BATCH)
			break;
	}
}

enum rc
listener_watch(struct listener *l)
{
	return loop_watch(l->worker->loop, l->fd, EPOLLIN,
	    l->is_stream ? connections_ready : listener_ready, l);
}

static void
take_answer(struct worker *w, struct question *q, int passed, uint64_t now_ms)
{
	switch (q->kind) {
	case Q_CREDENTIALS:
		show_take(w, &q->credentials, passed);
		break;
	case Q_SIGN_ANSWER:
		handshake_signature(w, &q->sign_answer, now_ms);
		break;
	case Q_PSK_ANSWER:
		handshake_key(w, &q->psk_answer, now_ms);
		break;
	case Q_BEGIN_ANSWER:
		boot_answer(w, &q->begin_answer, now_ms);
		break;
	case Q_RECORDED:
		boot_recorded(w, q->session, now_ms);
		break;
	case Q_CANCEL:
		boot_cancel(w, q->session, REASON_SUPERSEDED, now_ms);
		break;
	case Q_PUSH:
		pushed_take(w, &q->push, now_ms);
		break;
	case Q_HELLO:
	case Q_PSK:
	case Q_PSK_FAILED:
	case Q_EVIDENCE:
	case Q_SIGN:
	case Q_REFUSED:
	case Q_PUSHED:
	case Q_BEGIN:
	case Q_FINISHING:
	case Q_END:
	case Q_STATS:
		break; /* ours to send, not to get */
	}
}

/** Nothing runs any more: said, so that all workers end together. Until then
 *  devices are told here to come again. */
static void
maybe_drained(struct worker *w)
{
	const uint8_t number = (uint8_t)w->index;

	if (!w->draining || w->boots.count > 0)
		return;
	if (w->ending)
		loop_stop(w->loop);
	else if (!w->said_idle)
		w->said_idle = write(w->idle, &number, 1) == 1;
}

static void
on_keeper(void *ctx, uint32_t events)
{
	struct worker *w = ctx;
	struct question q;
	int passed;
	enum rc rc;

	(void)events;
	while ((rc = link_receive_with(w->keeper, &q, &passed)) != RC_AGAIN) {
		if (rc == RC_IO) {
			/* the supervisor holds the other end: it is gone too */
			LOG(LOG_ERROR, "supervisor_lost",
			    F_INT("worker", w->index));
			loop_stop(w->loop);
			return;
		}
		if (rc == RC_OK) {
			take_answer(w, &q, passed, clock_now_ms());
			question_fini(&q);
		}
		if (passed >= 0)
			close(passed);
	}
	maybe_drained(w);
}

static void
cancel_one(void *ctx, struct table_item *item)
{
	struct boot *b = (struct boot *)item;
	struct peer *p = b->peer;
	uint64_t now = *(const uint64_t *)ctx;

	if (p) {
		boot_detach(b, REASON_CANCELLED, now);
		peer_pump(p, now);
	}
}

static void
drain_late(void *ctx, uint64_t now_ms)
{
	struct worker *w = ctx;

	(void)now_ms;
	loop_stop(w->loop);
}

static void
drain_over(void *ctx, uint64_t now_ms)
{
	struct worker *w = ctx;

	w->ending = true;
	table_each(&w->boots, cancel_one, &now_ms);
	if (loop_timer_set(w->loop, &w->drain_timer, now_ms + DRAIN_GRACE_MS,
		drain_late, w) != RC_OK)
		loop_stop(w->loop);
	maybe_drained(w);
}

/** Whoever has nothing under way is released. */
static void
release_one(void *ctx, struct table_item *item)
{
	struct connection *c = (struct connection *)item;

	if (c->peer)
		peer_pump(c->peer, *(const uint64_t *)ctx);
}

/** No new bootstraps; those that run may end. */
static void
drain(struct worker *w, uint64_t now_ms)
{
	if (w->draining)
		return;
	w->draining = true;
	if (loop_timer_set(w->loop, &w->drain_timer,
		now_ms + w->config->drain_ms, drain_over, w) != RC_OK)
		loop_stop(w->loop);
	table_each(&w->connections, release_one, &now_ms);
	maybe_drained(w);
}

static void
on_signal(void *ctx, uint32_t events)
{
	struct worker *w = ctx;
	struct signalfd_siginfo info;

	(void)events;
	while (read(w->signals, &info, sizeof(info)) == sizeof(info)) {
		drain(w, clock_now_ms());
		if (info.ssi_signo == SIGNAL_END)
			drain_over(w, clock_now_ms());
	}
}

static void
send_stats(void *ctx, uint64_t now_ms)
{
	struct worker *w = ctx;
	struct question q = {.kind = Q_STATS};

	w->stats.sessions = w->boots.count;
	w->stats.peers = w->peers.count;
	w->stats.handshakes_pending = 0;
	w->stats.hellos = 0;
	for (size_t i = 0; i < w->listener_count; i++) {
		struct dtls_counters c;

		if (!w->listeners[i].dtls)
			continue;
		dtls_counters(w->listeners[i].dtls, &c);
		w->stats.handshakes_pending += c.pending;
		w->stats.hellos += c.hellos;
	}
	q.stats = w->stats;
	(void)!link_send(w->keeper, &q);
	if (loop_timer_set(w->loop, &w->stats_timer, now_ms + STATS_MS,
		send_stats, w) != RC_OK)
		LOG(LOG_ERROR, "out_of_memory", F_TEXT("for", "timer"));
	maybe_drained(w);
}

/** What this round had to say leaves. */
static void
flush(void *ctx)
{
	struct worker *w = ctx;

	udp_flush();
	link_flush();
	connections_bury(w);
}

/* --- start and end -------------------------------------------------------- */

static enum rc
listener_init(struct worker *w, size_t i, const struct worker_args *args)
{
	struct listener *l = &w->listeners[i];
	const struct config *c = args->config;
	struct dtls_config tls = dtls_config_default;
	enum rc rc = RC_OK;

	l->worker = w;
	l->index = (unsigned)i;
	l->fd = args->sockets[i];
	tls.connections_max = w->peers_max;
	tls.handshakes_max = c->handshakes_max / c->workers + 1;
	/* with many workers a share may be smaller than what one source may
	 * have: never all of it */
	tls.handshakes_per_source = (tls.handshakes_max + 1) / 2;
	if (tls.handshakes_per_source > c->handshakes_per_source)
		tls.handshakes_per_source = c->handshakes_per_source;
	tls.handshake_ms = (uint32_t)c->handshake_ms;
	tls.idle_ms = (uint32_t)c->idle_ms;
	tls.worker = (uint8_t)w->index;
	tls.cid_key = args->cid_key;
	l->is_stream = tls.stream = listen_is_stream(c->listen[i].kind);
	if (listen_is_secure(c->listen[i].kind))
		rc = dtls_new(&tls, &l->dtls);
	/* who comes by DTLS waits in the socket until show_take() */
	if (rc == RC_OK && !l->dtls)
		rc = listener_watch(l);
	return rc;
}

/** As many connections as are wanted, and as there are descriptors for. */
static void
set_connections(struct worker *w, const struct config *c)
{
	struct rlimit files;

	w->connections_max = c->connections_max / c->workers + 1;
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 &&
	    w->connections_max + OTHER_FILES > files.rlim_cur)
		w->connections_max = files.rlim_cur > 2 * OTHER_FILES
		    ? (size_t)files.rlim_cur - OTHER_FILES
		    : OTHER_FILES;
	w->young_per_source = (w->connections_max + 1) / 2;
	if (w->young_per_source > c->handshakes_per_source)
		w->young_per_source = c->handshakes_per_source;
}

static enum rc
worker_init(struct worker *w, const struct worker_args *args)
{
	const struct config *c = args->config;
	sigset_t signals;
	enum rc rc;

	w->index = args->index;
	w->config = c;
	w->keeper = args->keeper;
	w->idle = args->idle;
	w->listener_count = c->listen_count;
	w->boots_max = (c->sessions_max + c->workers - 1) / c->workers;
	/* associations outlive their bootstrap by a while */
	w->peers_max = (w->boots_max + 1) * 2 + c->connections_max / c->workers;
	w->papers.max = PAPERS_MAX;
	w->coap = coap_params_default;
	w->coap.body_max = c->answer_max;
	set_connections(w, c);
	/* answers to a process before us may still come */
	random_bytes(&w->wait_salt, sizeof(w->wait_salt));
	echo_init(&w->echo);
	sigemptyset(&signals);
	sigaddset(&signals, SIGNAL_END);
	sigaddset(&signals, SIGNAL_DRAIN);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	w->signals = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	rc = w->signals < 0 ? RC_IO : loop_new(&w->loop);
	if (rc == RC_OK)
		rc = connections_init(w);
	if (rc == RC_OK)
		rc = table_init(&w->peers);
	if (rc == RC_OK)
		rc = table_init(&w->granted);
	if (rc == RC_OK)
		rc = table_init(&w->boots);
	if (rc == RC_OK)
		rc = table_init(&w->waits);
	if (rc == RC_OK)
		rc = loop_watch(w->loop, w->signals, EPOLLIN, on_signal, w);
	if (rc == RC_OK)
		rc = loop_watch(w->loop, w->keeper, EPOLLIN, on_keeper, w);
	for (size_t i = 0; rc == RC_OK && i < w->listener_count; i++)
		rc = listener_init(w, i, args);
	return rc;
}

static void
worker_fini(struct worker *w)
{
	struct table_item *item;

	while ((item = table_any(&w->boots)))
		boot_free((struct boot *)item);
	while ((item = table_any(&w->waits)))
		wait_forget((struct wait *)item);
	while ((item = table_any(&w->peers)))
		peer_free((struct peer *)item);
	connections_fini(w);
	for (size_t i = 0; i < w->listener_count; i++)
		dtls_free(w->listeners[i].dtls);
	flush(w);
	pushed_fini(w);
	table_fini(&w->granted);
	table_fini(&w->peers);
	table_fini(&w->boots);
	table_fini(&w->waits);
	loop_free(w->loop);
}

int
worker_run(const struct worker_args *args)
{
	struct question hello = {.kind = Q_HELLO};
	struct worker w = {0};
	char name[16];
	enum rc rc;

	snprintf(name, sizeof(name), "worker %u", args->index);
	prctl(PR_SET_NAME, name);
	rc = worker_init(&w, args);
	if (rc == RC_OK && args->as_root)
		rc = jail_user(&args->config->user_worker);
	if (rc == RC_OK)
		rc = jail_worker();
	if (rc == RC_OK) {
		LOG(LOG_INFO, "worker_started", F_INT("worker", w.index),
		    F_TEXT("jail", jail_name()));
		hello.hello_worker = w.index;
		rc = link_send(w.keeper, &hello);
	}
	if (rc == RC_OK) {
		loop_after_round(w.loop, flush, &w);
		send_stats(&w, clock_now_ms());
		rc = loop_run(w.loop);
	}
	if (rc != RC_OK)
		LOG(LOG_ERROR, "worker_failed", F_INT("worker", w.index),
		    F_TEXT("error", rc_name(rc)));
	worker_fini(&w);
	return rc == RC_OK ? 0 : rc_exit(rc);
}
