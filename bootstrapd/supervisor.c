#include "supervisor.h"

#include "base/digest.h"
#include "base/event.h"
#include "base/heap.h"
#include "base/loop.h"
#include "base/text.h"
#include "children.h"
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
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
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

struct supervisor {
	const struct config *config;
	struct loop *loop;
	enum stage stage;
	char instance[INSTANCE_TEXT];
	int sockets[WORKERS_MAX][LISTENERS_MAX];
	struct dtls_cid_key cid_key; /**< of this start */
	int links[WORKERS_MAX][2]; /**< worker's end, keeper's end */
	int control;
	int notes[2]; /**< pipe from the keeper */
	int idle[2]; /**< pipe from the workers: one byte, its number */
	int signals;
	struct children children;
	uint64_t
	    watch_ms; /**< how often the manager and the keeper are seen to */
	bool keeper_was_ready, keeper_is_ready, pin_refused, as_root;
	bool rollout_halted;
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
	    .cid_key = s->cid_key,
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

static void
become(void *ctx, const struct child *c)
{
	if (child_is_keeper(c))
		become_keeper(ctx);
	become_worker(ctx, child_number(c));
}

/* --- stages --------------------------------------------------------------- */

/** The keeper writes its last row. */
static void
begin_closing(struct supervisor *s)
{
	s->stage = STAGE_CLOSING;
	s->children.closing = true;
	if (!child_signal(&s->children.keeper, SIGNAL_END))
		loop_stop(s->loop);
}

static void
end_daemon(struct supervisor *s, int code)
{
	s->exit_code = code;
	workers_signal(&s->children, SIGKILL);
	begin_closing(s);
}

/** All workers have drained. */
static void
close_keeper(struct supervisor *s)
{
	if (s->stage == STAGE_DRAINING && workers_gone(&s->children))
		begin_closing(s);
}

static void
tell_workers(struct supervisor *s, int sig)
{
	workers_signal(&s->children, sig);
	close_keeper(s);
}

/** An idle worker goes on turning devices away for as long as another one is
 *  busy: they all end together. */
static void
end_idle_workers(struct supervisor *s)
{
	if (s->stage == STAGE_DRAINING && workers_idle(&s->children))
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
	    F_TEXT("child", child_is_keeper(c) ? "keeper" : "worker"),
	    F_INT("number", child_is_keeper(c) ? 0 : child_number(c)),
	    F_TEXT("how", WIFSIGNALED(status) ? "signal" : "exit"),
	    F_INT("code",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)));
}

/** True: the daemon ends with it. */
static bool
keeper_ended(struct supervisor *s, int status)
{
	s->keeper_is_ready = false;
	if (s->stage != STAGE_CLOSING && s->stage != STAGE_STARTING &&
	    !s->pin_refused)
		return false;
	if (s->stage == STAGE_STARTING)
		s->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 70;
	if (s->pin_refused)
		s->exit_code = rc_exit(RC_PIN);
	end_daemon(s, s->exit_code);
	return true;
}

static void on_notes(void *ctx, uint32_t events);

static void
child_ended(void *ctx, struct child *c, int status)
{
	struct supervisor *s = ctx;

	if (child_is_keeper(c))
		on_notes(s, 0); /* its last words first: was it the PIN? */
	say_death(s, c, status);
	if (child_is_keeper(c) && keeper_ended(s, status))
		return;
	if (!child_is_keeper(c) && s->stage >= STAGE_DRAINING) {
		close_keeper(s);
		end_idle_workers(s);
		return;
	}
	child_start_again(c, clock_now_ms());
}

/* --- the loop ------------------------------------------------------------- */

/** In the words of `systemctl status`. */
static void
notify_serving(const struct supervisor *s, bool ready)
{
	char state[128];

	snprintf(state, sizeof(state), "%sSTATUS=serving%s",
	    ready ? "READY=1\n" : "",
	    s->rollout_halted ? "; a rollout was halted: "
				"see bootstrapctl rollout status"
			      : "");
	notify_state(state);
}

static void
rollout_is(struct supervisor *s, bool halted)
{
	bool changed = s->rollout_halted != halted;

	s->rollout_halted = halted;
	if (changed && s->stage == STAGE_SERVING)
		notify_serving(s, false);
}

static void
keeper_ready(struct supervisor *s)
{
	s->keeper_was_ready = s->keeper_is_ready = true;
	if (s->stage != STAGE_STARTING)
		return;
	s->stage = STAGE_SERVING;
	workers_start(&s->children, clock_now_ms());
	LOG(LOG_NOTICE, "ready", F_TEXT("instance", s->instance),
	    F_INT("workers", s->config->workers));
	notify_serving(s, true);
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
		case KEEPER_HALTED:
			rollout_is(s, true);
			break;
		case KEEPER_NOT_HALTED:
			rollout_is(s, false);
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
			s->children.workers[numbers[i]].idle = true;
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
			children_reap(&s->children);
		else if (info.ssi_signo == SIGHUP)
			child_signal(&s->children.keeper, SIGNAL_RELOAD);
		else if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			drain(s);
	}
}

/** A keeper that gives no sign of life hangs: a new one takes its links. */
static void
watch(void *ctx, uint64_t now_ms)
{
	struct supervisor *s = ctx;
	const struct child *keeper = &s->children.keeper;
	uint64_t patience_ms =
	    s->keeper_is_ready ? KEEPER_SILENT_MS : KEEPER_START_MS;

	/* its start is the first sign */
	if (s->keeper_alive_ms < keeper->started_ms)
		s->keeper_alive_ms = keeper->started_ms;
	if (keeper->pid && now_ms > s->keeper_alive_ms + patience_ms) {
		LOG(LOG_ERROR, "keeper_silent",
		    F_INT("ms", now_ms - s->keeper_alive_ms));
		child_signal(keeper, SIGKILL);
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

/** A connection takes a descriptor: as many as the administrator allows. */
static void
raise_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		LOG(LOG_DEBUG, "nofile", F_TEXT("error", strerror(errno)));
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
	if (s->as_root)
		raise_memlock();
	raise_files();
	rc = check_users(s);
	if (rc == RC_OK)
		rc = take_pin(s);
	if (rc == RC_OK)
		rc = loop_new(&s->loop);
	if (rc == RC_OK)
		rc = watch_all(s);
	if (rc == RC_OK)
		rc = sockets_open(config, s->sockets);
	dtls_cid_key_make(&s->cid_key);
	if (rc == RC_OK)
		sockets_steer(config, s->sockets, &s->cid_key);
	if (rc == RC_OK)
		rc = open_links(s);
	if (rc == RC_OK)
		rc = sockets_control(config, s->as_root, &s->control);
	if (rc == RC_OK) {
		children_init(&s->children, s->loop, config->workers, become,
		    child_ended, s);
		child_start(&s->children.keeper, clock_now_ms());
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
