#include "supervisor.h"

#include "base/digest.h"
#include "base/event.h"
#include "base/heap.h"
#include "base/loop.h"
#include "base/text.h"
#include "jail.h"
#include "keeper.h"
#include "link.h"
#include "notify.h"
#include "signals.h"
#include "sockets.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	BACKOFF_FIRST_MS = 100,
	BACKOFF_MAX_MS = 10000,
	/** A child that has lived so long starts anew without a wait. */
	BACKOFF_FORGET_MS = 60000,
	/** No sign of life: killed. A device's handshake has 60 s, and its
	 *  retransmissions come ever later (RFC 6347 4.2.4.1). */
	KEEPER_SILENT_MS = 20000,
	KEEPER_START_MS = 120000, /**< the same while it starts */
	/** How often that is looked at; oftener where the service manager's
	 *  watchdog asks for it. */
	WATCH_MAX_MS = 2000,
};

enum stage {
	STAGE_STARTING, /**< the keeper is not ready yet */
	STAGE_SERVING,
	STAGE_DRAINING, /**< workers end first */
	STAGE_CLOSING, /**< then the keeper */
};

struct child {
	struct supervisor *supervisor;
	pid_t pid; /**< 0: not running */
	uint64_t started_ms;
	uint64_t backoff_ms;
	bool idle; /**< a worker that drains: nothing runs in it any more */
	struct loop_timer timer; /**< when to start it again */
};

struct supervisor {
	const struct config *config;
	struct loop *loop;
	enum stage stage;
	char instance[INSTANCE_TEXT];
	int sockets[WORKERS_MAX][LISTENERS_MAX];
	int links[WORKERS_MAX][2]; /**< worker's end, keeper's end */
	int control;
	int notes[2]; /**< pipe from the keeper */
	int idle[2]; /**< pipe from the workers: one byte, its number */
	int signals;
	struct child keeper, workers[WORKERS_MAX];
	uint64_t
	    watch_ms; /**< how often the manager and the keeper are seen to */
	bool keeper_was_ready, keeper_is_ready, pin_refused, as_root;
	uint64_t keeper_alive_ms;
	struct loop_timer watch_timer;
	struct secret pin; /**< with its NUL; empty: from elsewhere */
	int exit_code;
};

static enum rc
open_links(struct supervisor *s)
{
	for (unsigned n = 0; n < s->config->workers; n++) {
		enum rc rc = link_pair(s->links[n]);

		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

/* --- children ------------------------------------------------------------- */

static void start_child(void *ctx, uint64_t now_ms);

/**
 * A PIN in an environment variable is the keeper's alone. It is taken out at
 * the start and wiped in place, so that /proc/PID/environ shows it of nobody,
 * and given to each keeper anew.
 */
static enum rc
take_pin(struct supervisor *s)
{
	const char *name = s->config->hsm.pin;
	char *value;
	enum rc rc;

	if (s->config->hsm.pin_kind != HSM_PIN_ENV || !name ||
	    !(value = getenv(name)))
		return RC_OK; /* the keeper says what is missing */
	rc = secret_set(&s->pin, span_of(value, strlen(value) + 1));
	secret_wipe(value, strlen(value));
	unsetenv(name);
	return rc;
}

static void
give_pin(struct supervisor *s)
{
	if (s->pin.len &&
	    setenv(s->config->hsm.pin, (const char *)secret_expose(&s->pin).p,
		1) != 0)
		_exit(rc_exit(RC_MEMORY));
	secret_fini(&s->pin);
}

static _Noreturn void
become_worker(struct supervisor *s, unsigned n)
{
	struct worker_args args = {
	    .index = n,
	    .config = s->config,
	    .keeper = s->links[n][0],
	    .idle = s->idle[1],
	    .as_root = s->as_root,
	};
	int keep[LISTENERS_MAX + 2];
	size_t count = 0;

	secret_fini(&s->pin);
	memcpy(args.sockets, s->sockets[n], sizeof(args.sockets));
	for (size_t i = 0; i < s->config->listen_count; i++)
		keep[count++] = args.sockets[i];
	keep[count++] = args.keeper;
	keep[count++] = args.idle;
	jail_close_others(keep, count);
	_exit(worker_run(&args));
}

static _Noreturn void
become_keeper(struct supervisor *s)
{
	struct keeper_args args = {
	    .config = s->config,
	    .instance = s->instance,
	    .first = !s->keeper_was_ready,
	    .link_count = s->config->workers,
	    .control = s->control,
	    .supervisor = s->notes[1],
	    .as_root = s->as_root,
	};
	int keep[WORKERS_MAX + 2];
	size_t count = 0;

	for (unsigned n = 0; n < s->config->workers; n++)
		keep[count++] = args.links[n] = s->links[n][1];
	keep[count++] = args.supervisor;
	if (args.control >= 0)
		keep[count++] = args.control;
	give_pin(s);
	jail_close_others(keep, count);
	_exit(keeper_run(&args));
}

static bool
is_keeper(const struct supervisor *s, const struct child *c)
{
	return c == &s->keeper;
}

static unsigned
worker_number(const struct supervisor *s, const struct child *c)
{
	return (unsigned)(c - s->workers);
}

static void
start_child(void *ctx, uint64_t now_ms)
{
	struct child *c = ctx;
	struct supervisor *s = c->supervisor;
	pid_t parent = getpid(), pid;
	char who[24] = "keeper";

	if (c->pid != 0 || s->stage >= STAGE_CLOSING)
		return;
	if (!is_keeper(s, c))
		snprintf(who, sizeof(who), "worker %u", worker_number(s, c));
	pid = fork();
	if (pid == 0) {
		/* The supervisor's signals stay blocked here: a child takes
		 * its own by descriptor, and Ctrl-C on the group is for the
		 * supervisor alone. Nobody outlives it. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(0);
		log_rename(who);
		if (is_keeper(s, c))
			become_keeper(s);
		become_worker(s, worker_number(s, c));
	}
	if (pid < 0) {
		LOG(LOG_ERROR, "fork", F_TEXT("error", strerror(errno)));
		if (loop_timer_set(s->loop, &c->timer, now_ms + 1000,
			start_child, c) != RC_OK)
			loop_stop(s->loop);
		return;
	}
	c->pid = pid;
	c->started_ms = now_ms;
	c->idle = false;
	if (is_keeper(s, c)) {
		s->keeper_alive_ms = now_ms;
		s->keeper_is_ready = false;
	}
	LOG(LOG_DEBUG, "started", F_TEXT("child", who), F_INT("pid", pid));
}

static void
end_daemon(struct supervisor *s, int code)
{
	s->exit_code = code;
	s->stage = STAGE_CLOSING;
	for (unsigned n = 0; n < s->config->workers; n++)
		if (s->workers[n].pid)
			kill(s->workers[n].pid, SIGKILL);
	if (s->keeper.pid)
		kill(s->keeper.pid, SIGNAL_END);
	else
		loop_stop(s->loop);
}

static bool
workers_gone(const struct supervisor *s)
{
	for (unsigned n = 0; n < s->config->workers; n++)
		if (s->workers[n].pid)
			return false;
	return true;
}

/** All workers have drained: the keeper writes its last row. */
static void
close_keeper(struct supervisor *s)
{
	if (s->stage != STAGE_DRAINING || !workers_gone(s))
		return;
	s->stage = STAGE_CLOSING;
	if (s->keeper.pid)
		kill(s->keeper.pid, SIGNAL_END);
	else
		loop_stop(s->loop);
}

static void
tell_workers(struct supervisor *s, int sig)
{
	for (unsigned n = 0; n < s->config->workers; n++)
		if (s->workers[n].pid)
			kill(s->workers[n].pid, sig);
	close_keeper(s);
}

/** An idle worker goes on turning devices away for as long as another one is
 *  busy: they all end together. */
static void
end_idle_workers(struct supervisor *s)
{
	if (s->stage != STAGE_DRAINING)
		return;
	for (unsigned n = 0; n < s->config->workers; n++)
		if (s->workers[n].pid && !s->workers[n].idle)
			return;
	tell_workers(s, SIGNAL_END);
}

static void
drain(struct supervisor *s)
{
	bool again = s->stage == STAGE_DRAINING;

	if (s->stage == STAGE_CLOSING)
		return;
	if (s->stage == STAGE_STARTING) {
		end_daemon(s, 0);
		return;
	}
	LOG(LOG_NOTICE, "draining",
	    F_TEXT("note",
		again ? "asked again: what runs is cancelled"
		      : "what runs may end, nothing new begins"));
	notify_state("STOPPING=1");
	s->stage = STAGE_DRAINING;
	tell_workers(s, again ? SIGNAL_END : SIGNAL_DRAIN);
}

static void
say_death(const struct supervisor *s, const struct child *c, int status)
{
	bool expected = WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
	    s->stage >= STAGE_DRAINING;

	LOG(expected ? LOG_DEBUG : LOG_ERROR, "child_ended",
	    F_TEXT("child", is_keeper(s, c) ? "keeper" : "worker"),
	    F_INT("number", is_keeper(s, c) ? 0 : worker_number(s, c)),
	    F_TEXT("how", WIFSIGNALED(status) ? "signal" : "exit"),
	    F_INT("code",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)));
}

static void
child_ended(struct supervisor *s, struct child *c, int status)
{
	uint64_t now = clock_now_ms(), wait;

	c->pid = 0;
	say_death(s, c, status);
	if (is_keeper(s, c) &&
	    (s->stage == STAGE_CLOSING || s->stage == STAGE_STARTING ||
		s->pin_refused)) {
		if (s->stage == STAGE_STARTING)
			s->exit_code =
			    WIFEXITED(status) ? WEXITSTATUS(status) : 70;
		if (s->pin_refused)
			s->exit_code = rc_exit(RC_PIN);
		end_daemon(s, s->exit_code);
		return;
	}
	if (!is_keeper(s, c) && s->stage >= STAGE_DRAINING) {
		close_keeper(s);
		end_idle_workers(s);
		return;
	}
	if (now - c->started_ms > BACKOFF_FORGET_MS)
		c->backoff_ms = 0;
	wait = c->backoff_ms;
	c->backoff_ms = wait ? wait * 2 : BACKOFF_FIRST_MS;
	if (c->backoff_ms > BACKOFF_MAX_MS)
		c->backoff_ms = BACKOFF_MAX_MS;
	if (loop_timer_set(s->loop, &c->timer, now + wait, start_child, c) !=
	    RC_OK)
		loop_stop(s->loop);
}

static void on_notes(void *ctx, uint32_t events);

static void
reap(struct supervisor *s)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (s->keeper.pid == pid) {
			/* its last words first: was it the PIN? */
			on_notes(s, 0);
			child_ended(s, &s->keeper, status);
		}
		for (unsigned n = 0; n < s->config->workers; n++)
			if (s->workers[n].pid == pid)
				child_ended(s, &s->workers[n], status);
	}
}

/* --- the loop ------------------------------------------------------------- */

static void
keeper_ready(struct supervisor *s)
{
	s->keeper_was_ready = s->keeper_is_ready = true;
	if (s->stage != STAGE_STARTING)
		return;
	s->stage = STAGE_SERVING;
	for (unsigned n = 0; n < s->config->workers; n++)
		start_child(&s->workers[n], clock_now_ms());
	LOG(LOG_NOTICE, "ready", F_TEXT("instance", s->instance),
	    F_INT("workers", s->config->workers));
	notify_state("READY=1\nSTATUS=serving");
}

static void
on_notes(void *ctx, uint32_t events)
{
	struct supervisor *s = ctx;
	uint8_t notes[64];
	ssize_t n = read(s->notes[0], notes, sizeof(notes));

	(void)events;
	for (ssize_t i = 0; i < n; i++) {
		s->keeper_alive_ms = clock_now_ms();
		switch (notes[i]) {
		case KEEPER_READY:
			keeper_ready(s);
			break;
		case KEEPER_PIN_REFUSED:
			s->pin_refused = true;
			break;
		case KEEPER_RELOADING:
			/* not at its start, which is none */
			if (s->stage == STAGE_SERVING)
				notify_reloading();
			break;
		case KEEPER_RELOADED:
			if (s->stage == STAGE_SERVING)
				notify_state("READY=1");
			break;
		case KEEPER_STOP:
			drain(s);
			break;
		default:
			break; /* a sign of life */
		}
	}
}

static void
on_idle(void *ctx, uint32_t events)
{
	struct supervisor *s = ctx;
	uint8_t numbers[WORKERS_MAX];
	ssize_t n = read(s->idle[0], numbers, sizeof(numbers));

	(void)events;
	for (ssize_t i = 0; i < n; i++)
		if (numbers[i] < s->config->workers)
			s->workers[numbers[i]].idle = true;
	end_idle_workers(s);
}

static void
on_signal(void *ctx, uint32_t events)
{
	struct supervisor *s = ctx;
	struct signalfd_siginfo info;

	(void)events;
	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			reap(s);
		else if (info.ssi_signo == SIGHUP && s->keeper.pid)
			kill(s->keeper.pid, SIGNAL_RELOAD);
		else if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			drain(s);
	}
}

/** A keeper that gives no sign of life hangs: a new one takes its links. */
static void
watch(void *ctx, uint64_t now_ms)
{
	struct supervisor *s = ctx;
	uint64_t patience_ms =
	    s->keeper_is_ready ? KEEPER_SILENT_MS : KEEPER_START_MS;

	if (s->keeper.pid && now_ms > s->keeper_alive_ms + patience_ms) {
		LOG(LOG_ERROR, "keeper_silent",
		    F_INT("ms", now_ms - s->keeper_alive_ms));
		kill(s->keeper.pid, SIGKILL);
		s->keeper_alive_ms = now_ms;
	} else {
		notify_state("WATCHDOG=1");
	}
	if (loop_timer_set(s->loop, &s->watch_timer, now_ms + s->watch_ms,
		watch, s) != RC_OK)
		loop_stop(s->loop);
}

static enum rc
watch_all(struct supervisor *s)
{
	sigset_t signals, theirs;
	enum rc rc;

	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	/* for the children, from their first moment */
	sigemptyset(&theirs);
	sigaddset(&theirs, SIGNAL_END);
	sigaddset(&theirs, SIGNAL_DRAIN);
	sigaddset(&theirs, SIGNAL_RELOAD);
	sigprocmask(SIG_BLOCK, &theirs, NULL);
	signal(SIGPIPE, SIG_IGN);
	/* a file at its size limit is an error to handle, not a death */
	signal(SIGXFSZ, SIG_IGN);
	s->signals = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	if (s->signals < 0 || pipe2(s->notes, O_CLOEXEC | O_NONBLOCK) != 0 ||
	    pipe2(s->idle, O_CLOEXEC | O_NONBLOCK) != 0)
		return RC_IO;
	rc = loop_watch(s->loop, s->signals, EPOLLIN, on_signal, s);
	if (rc == RC_OK)
		rc = loop_watch(s->loop, s->notes[0], EPOLLIN, on_notes, s);
	if (rc == RC_OK)
		rc = loop_watch(s->loop, s->idle[0], EPOLLIN, on_idle, s);
	return rc;
}

static enum rc
check_users(const struct supervisor *s)
{
	const char *fault = config_users_fault(s->config, s->as_root);

	if (!fault)
		return RC_OK;
	LOG(LOG_ERROR, "users", F_TEXT("file", s->config->file),
	    F_TEXT("error", fault), F_TEXT("remedy", config_users_remedy));
	return RC_CONFIG;
}

/** The children lose the capability that lifts this limit with their user;
 *  they lock every key that they hold. */
static void
raise_memlock(void)
{
	const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};

	if (setrlimit(RLIMIT_MEMLOCK, &all) != 0)
		LOG(LOG_DEBUG, "memlock", F_TEXT("error", strerror(errno)));
}

int
supervisor_run(const struct config *config)
{
	struct supervisor *s = calloc(1, sizeof(*s));
	uint8_t id[8];
	struct writer w;
	enum rc rc;
	int code;

	if (!s)
		return rc_exit(RC_MEMORY);
	s->config = config;
	s->as_root = geteuid() == 0;
	s->control = -1;
	s->watch_ms = notify_watchdog_ms();
	if (s->watch_ms == 0 || s->watch_ms > WATCH_MAX_MS)
		s->watch_ms = WATCH_MAX_MS;
	random_bytes(id, sizeof(id));
	writer_init(&w, s->instance, sizeof(s->instance) - 1);
	text_hex(&w, span_of(id, sizeof(id)));
	s->keeper.supervisor = s;
	for (unsigned n = 0; n < WORKERS_MAX; n++)
		s->workers[n].supervisor = s;

	if (s->as_root)
		raise_memlock();
	rc = check_users(s);
	if (rc == RC_OK)
		rc = take_pin(s);
	if (rc == RC_OK)
		rc = loop_new(&s->loop);
	if (rc == RC_OK)
		rc = watch_all(s);
	if (rc == RC_OK)
		rc = sockets_open(config, s->sockets);
	if (rc == RC_OK)
		rc = open_links(s);
	if (rc == RC_OK)
		rc = sockets_control(config, s->as_root, &s->control);
	if (rc == RC_OK) {
		start_child(&s->keeper, clock_now_ms());
		watch(s, clock_now_ms());
		rc = loop_run(s->loop);
	}
	if (s->control >= 0)
		unlink(config->control);
	code = rc == RC_OK ? s->exit_code : rc_exit(rc);
	if (rc == RC_CONFIG)
		code = 78;
	LOG(LOG_NOTICE, "ended", F_INT("exit", code));
	secret_fini(&s->pin);
	loop_free(s->loop);
	free(s);
	return code;
}
