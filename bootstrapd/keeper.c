#include "keeper_state.h"

#include "build_config.h"
#include "check.h"
#include "jail.h"
#include "link.h"
#include "push.h"
#include "rollout_run.h"
#include "signals.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
	TICK_MS = 1000,
	/** A job that a quick token was to do soon has waited so long. */
	HURRY_MS = 2,
	HANDSHAKES_MS = 60000,
	SWEEP_TICKS = 10,
	GAP_TICKS = 3,
	/** A module that has not answered for so long hangs: a new process is
	 *  the only cure (hsm.md 4.4: a call cannot be cancelled). */
	HANG_MS = 30000,
};

void
keeper_note(struct keeper *k, enum keeper_note note)
{
	const uint8_t byte = (uint8_t)note;

	(void)!write(k->args->supervisor, &byte, 1);
}

/* --- the loop ------------------------------------------------------------- */

static void
on_jobs(void *ctx, uint32_t events)
{
	struct keeper *k = ctx;

	(void)events;
	jobs_heard(k->jobs);
	record_soon(k);
}

static void
hurry(void *ctx, uint64_t now_ms)
{
	struct keeper *k = ctx;

	k->hurries = jobs_hurry(k->jobs) > 0 &&
	    loop_timer_set(
		k->loop, &k->hurry_timer, now_ms + HURRY_MS, hurry, k) == RC_OK;
}

static void
after_round(void *ctx)
{
	struct keeper *k = ctx;

	link_flush();
	if (k->hurries || jobs_waiting(k->jobs) == 0)
		return;
	k->hurries = loop_timer_set(k->loop, &k->hurry_timer,
			 clock_now_ms() + HURRY_MS, hurry, k) == RC_OK;
	if (!k->hurries)
		(void)jobs_hurry(k->jobs);
}

static void
on_signal(void *ctx, uint32_t events)
{
	struct keeper *k = ctx;
	struct signalfd_siginfo info;
	char first[512];

	(void)events;
	while (read(k->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGNAL_END)
			loop_stop(k->loop);
		else if (info.ssi_signo == SIGNAL_RELOAD)
			(void)!keeper_reload(k, "SIGHUP", first, sizeof(first));
	}
}

/** True when the module hangs: jobs wait, and none has come back for long. */
static bool
hangs(struct keeper *k, uint64_t now_ms)
{
	struct token_health health;

	if (jobs_waiting(k->jobs) == 0)
		k->last_done_ms = now_ms;
	jobs_health(k->jobs, &health);
	/* reopening sleeps for up to as long between its tries */
	if (health.reopen_ms)
		return now_ms > health.reopen_ms + 2 * HANG_MS;
	return health.ok && now_ms > k->last_done_ms + HANG_MS;
}

static void
tick(void *ctx, uint64_t now_ms)
{
	static unsigned ticks;
	struct keeper *k = ctx;
	struct token_health health;

	keeper_note(k, KEEPER_ALIVE);
	jobs_health(k->jobs, &health);
	if (health.pin_refused) {
		keeper_note(k, KEEPER_PIN_REFUSED);
		k->exit_code = rc_exit(RC_PIN);
		loop_stop(k->loop);
		return;
	}
	if (hangs(k, now_ms)) {
		LOG(LOG_ERROR, "token_hangs",
		    F_TEXT("token", hsm_token_name(k->hsm)),
		    F_TEXT("remedy", "the keeper is replaced"));
		/* its threads cannot be joined */
		_exit(rc_exit(RC_TOKEN));
	}
	for (unsigned i = 0; i < k->args->link_count; i++)
		ask_worker_lost(&k->links[i]);
	keeper_show(k);
	if (++ticks % SWEEP_TICKS == 0) {
		sessions_sweep(k, now_ms);
		keeper_say_certificates(k);
		if (server_files_changed(k->files))
			keeper_reload_crls(k);
		lists_look(k, false);
		push_sweep(k, now_ms);
	}
	record_watch(k);
	rollout_tick(k, now_ms);
	if (ticks % GAP_TICKS == 0)
		record_gap(k);
	if (loop_timer_set(
		k->loop, &k->tick_timer, now_ms + TICK_MS, tick, k) != RC_OK)
		loop_stop(k->loop);
}

static void
handshakes_due(void *ctx, uint64_t now_ms)
{
	struct keeper *k = ctx;

	record_handshakes(k);
	if (loop_timer_set(k->loop, &k->handshakes_timer,
		now_ms + HANDSHAKES_MS, handshakes_due, k) != RC_OK)
		loop_stop(k->loop);
}

/* --- start and end -------------------------------------------------------- */

/** A fault at the start, in words, for the log and the exit code. */
static void
complain(const char *what, const char *text, const char *remedy)
{
	LOG(LOG_ERROR, what, F_TEXT("error", text), F_TEXT("remedy", remedy));
}

static enum rc
open_ledger(struct keeper *k)
{
	char why[256] = "";
	enum rc rc = ledger_open(
	    k->config->ledger, LEDGER_WRITE, &k->ledger, why, sizeof(why));

	if (rc != RC_OK)
		complain("ledger", why,
		    "see that `ledger:` names a file in a folder that the "
		    "keeper's user may write");
	k->exit_code = check_exit(CHECK_LEDGER, rc);
	k->ledger_health.ok = rc == RC_OK;
	k->ledger_health.since_ms = clock_wall_ms();
	return rc;
}

static enum rc
open_token(struct keeper *k)
{
	struct hsm_error err = {0};
	enum rc rc = hsm_open(&k->hsm_config, &k->hsm, &err);

	if (rc == RC_OK)
		rc = hsm_session_take(k->hsm, &k->hsm_session, &err);
	if (rc != RC_OK)
		complain("token", err.text, err.remedy);
	if (rc == RC_PIN)
		keeper_note(k, KEEPER_PIN_REFUSED);
	k->exit_code = check_exit(CHECK_TOKEN, rc);
	return rc;
}

static enum rc
load_policies(struct keeper *k)
{
	const char *by = k->args->first ? "start" : "restart";
	char first[512];
	bool done;
	enum rc rc = rollout_restore(k, by, first, sizeof(first), &done);

	if (rc == RC_OK && !done)
		rc = keeper_reload(k, by, first, sizeof(first));

	if (rc == RC_CONFIG)
		complain("policies", first,
		    done ? "a rollout needs what the ledger has kept"
			 : "mend them; `bootstrapd check` shows every "
			   "finding");
	else if (rc != RC_OK)
		complain("masters", first, "");
	k->exit_code = check_exit(CHECK_POLICIES, rc);
	return rc;
}

static enum rc
record_start(struct keeper *k)
{
	const struct field f[] = {
	    F_TEXT("version", PROJECT_VERSION),
	    F_TEXT("instance", k->args->instance),
	    F_BYTES("policy_set", span_of(k->policies.set->digest, DIGEST_LEN)),
	    F_TEXT("token", hsm_token_name(k->hsm)),
	    F_TEXT("jail", jail_name()),
	};

	return record_event(k, k->args->first ? "daemon_start" : "keeper_start",
	    f, sizeof(f) / sizeof(f[0]));
}

static enum rc
watch_all(struct keeper *k)
{
	sigset_t signals;
	enum rc rc;

	sigemptyset(&signals);
	sigaddset(&signals, SIGNAL_END);
	sigaddset(&signals, SIGNAL_RELOAD);
	k->signals = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	rc = k->signals < 0
	    ? RC_IO
	    : loop_watch(k->loop, k->signals, EPOLLIN, on_signal, k);
	if (rc == RC_OK)
		rc = loop_watch(k->loop, jobs_fd(k->jobs), EPOLLIN, on_jobs, k);
	for (unsigned i = 0; rc == RC_OK && i < k->args->link_count; i++)
		rc = loop_watch(
		    k->loop, k->links[i].fd, EPOLLIN, ask_ready, &k->links[i]);
	loop_after_round(k->loop, after_round, k);
	if (rc == RC_OK && k->args->control >= 0)
		rc = control_start(k, k->args->control);
	return rc;
}

/**
 * Order matters: the jail before the first thread, the token (which makes
 * threads in some modules) after the jail, the workers' questions last.
 */
static enum rc
keeper_init(struct keeper *k)
{
	const struct config *c = k->config;
	unsigned threads = c->hsm.sessions > 1 ? c->hsm.sessions - 1 : 1;
	enum rc rc;

	k->hsm_config = c->hsm;
	k->hsm_config.sessions = threads + 1; /* one for this thread */
	k->showing.fd = -1;
	k->refused_last = &k->refused;
	for (unsigned i = 0; i < k->args->link_count; i++) {
		k->links[i].keeper = k;
		k->links[i].worker = i;
		k->links[i].fd = k->args->links[i];
	}
	epochs_init(&k->epochs);
	budget_init(&k->budget, clock_now_ms());
	rates_init(&k->begins);
	often_init(&k->often);
	crowd_init(&k->sources);
	rc = loop_new(&k->loop);
	if (rc == RC_OK)
		rc = table_init(&k->sessions);
	if (rc == RC_OK)
		rc = table_init(&k->endpoints);
	if (rc == RC_OK)
		rc = table_init(&k->asked);
	if (rc == RC_OK)
		rc = pushes_init(k);
	if (rc == RC_OK && k->args->as_root && c->user_keeper.uid != 0)
		rc = jail_user(&c->user_keeper);
	if (rc == RC_OK)
		rc = jail_keeper(c->hsm_network);
	if (rc == RC_OK)
		rc = open_ledger(k);
	if (rc == RC_OK)
		rc = open_token(k);
	if (rc == RC_OK)
		rc = load_policies(k);
	if (rc == RC_OK)
		rc = record_start(k);
	if (rc == RC_OK)
		rc = jobs_start(
		    k->hsm, c->ledger, threads, k->args->link_count, &k->jobs);
	if (rc == RC_OK)
		rc = sessions_restore(k);
	if (rc == RC_OK)
		rc = push_restore(k);
	if (rc == RC_OK)
		rc = watch_all(k);
	return rc;
}

/** False: the module holds on to a thread. The ledger is closed all the same. */
static bool
keeper_fini(struct keeper *k)
{
	enum { PATIENCE_S = 3 };

	control_stop(k);
	ledger_close(k->ledger);
	if (!jobs_stop(k->jobs, PATIENCE_S))
		return false;
	hsm_session_give(k->hsm_session);
	hsm_close(k->hsm);
	rollout_free(k->rollout);
	issue_rules_unref(k->policies.rules);
	policy_set_unref(k->policies.set);
	server_files_free(k->files);
	showing_fini(&k->showing);
	refused_settle(k);
	sessions_free(k);
	pushes_free(k);
	table_fini(&k->sessions);
	table_fini(&k->endpoints);
	table_fini(&k->asked);
	loop_free(k->loop);
	return true;
}

/** The workers have ended before us: every verdict is in. The checkpoint names
 *  the head, for whoever notes it elsewhere. */
static void
record_stop(struct keeper *k)
{
	uint64_t seq = 0;
	uint8_t head[DIGEST_LEN] = {0};
	const struct field stop[] = {F_TEXT("instance", k->args->instance)};

	record_flush(k, clock_now_ms());
	link_flush();
	record_handshakes(k);
	(void)!record_event(k, "daemon_stop", stop, 1);
	if (ledger_head(k->ledger, &seq, head) == RC_OK) {
		const struct field f[] = {
		    F_INT("covered_seq", seq),
		    F_BYTES("head", span_of(head, sizeof(head))),
		};

		(void)!record_event(
		    k, "checkpoint", f, sizeof(f) / sizeof(f[0]));
	}
}

int
keeper_run(const struct keeper_args *args)
{
	struct keeper *k = calloc(1, sizeof(*k));
	sigset_t signals;
	enum rc rc;
	int code;

	if (!k)
		return rc_exit(RC_MEMORY);
	prctl(PR_SET_NAME, "keeper");
	/* blocked before the first thread inherits the mask */
	sigemptyset(&signals);
	sigaddset(&signals, SIGNAL_END);
	sigaddset(&signals, SIGNAL_RELOAD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	k->args = args;
	k->config = args->config;
	k->started_ms = clock_now_ms();
	k->signals = -1;
	rc = keeper_init(k);
	if (rc == RC_OK) {
		keeper_note(k, KEEPER_READY);
		LOG(LOG_NOTICE, "keeper_started",
		    F_TEXT("token", hsm_token_name(k->hsm)),
		    F_TEXT("jail", jail_name()));
		tick(k, clock_now_ms());
		handshakes_due(k, clock_now_ms());
		rc = loop_run(k->loop);
		record_stop(k);
	}
	/* what it was, by what it belongs to; else by what it is */
	code = k->exit_code || rc == RC_OK ? k->exit_code : rc_exit(rc);
	if (!keeper_fini(k))
		_exit(code);
	free(k);
	return code;
}
