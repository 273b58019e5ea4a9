/* bootstrapctl push: bootstraps that an operator starts, one device after the
 * other. */
#include "ctl_push.h"

#include "base/address.h"
#include "base/loop.h"
#include "base/progress.h"
#include "base/text.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	EXIT_FAULT = 70,
	LOOK_MS = 300, /**< how often the ledger is read */
	ASKED_MOST = CONTROL_SEND_MOST / 2,
	TURNS_MOST = 256, /**< devices that are looked at in one round */
	/** After a break nobody knows whether a trigger went out; one that did
	 *  has had its time by then. */
	UNSURE_MS = 15000,
	RATE_MOST = 10000, /**< a second */
};

static volatile sig_atomic_t interrupted;

static void
on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

/** The first asks for an end in order; the second is not ours any more. */
static void
watch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	action.sa_flags = (int)SA_RESETHAND;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

/* --- options -------------------------------------------------------------- */

static int
misuse(const char *what)
{
	fprintf(stderr, "bootstrapctl: push: %s\n", what);
	return EXIT_USAGE;
}

/** "10/s", "600/m", "10". Devices a second; 0: malformed. */
static double
read_rate(const char *text)
{
	static const struct {
		const char *unit;
		double seconds;
	} units[] = {{"/s", 1}, {"/m", 60}, {"/h", 3600}, {"", 1}};
	size_t digits = strspn(text, "0123456789");
	uint64_t number;
	double rate = 0;

	if (!span_decimal(span_of(text, digits), UINT32_MAX, &number))
		return 0;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(text + digits, units[i].unit) == 0)
			rate = (double)number / units[i].seconds;
	return rate <= RATE_MOST ? rate : 0;
}

static int
check_options(struct push *p, double *rate)
{
	static const char *const vias[] = {"session", "address", "trigger"};
	const struct ctl_push *o = &p->ctl->push;
	bool known = !o->via;
	struct address to;
	struct writer w;

	*rate = o->rate ? read_rate(o->rate) : PUSH_RATE_DEFAULT;
	if (*rate <= 0)
		return misuse("--rate is a number, /s, /m or /h behind it, of "
			      "at most 10000/s");
	for (size_t i = 0; o->via && i < sizeof(vias) / sizeof(vias[0]); i++)
		known |= strcmp(o->via, vias[i]) == 0;
	if (!known)
		return misuse("--via is session, address or trigger");
	p->via = o->via ? o->via : "any";
	if (o->to) {
		p->to = strncmp(o->to, "coap://", 7) == 0 ? o->to + 7 : o->to;
		if (address_parse(span_str(p->to), &to) != RC_OK ||
		    to.port == 0)
			return misuse("--to is coap://ADDRESS:PORT, numeric");
		if (p->ctl->word_count != 1)
			return misuse("--to goes with one endpoint");
		if (o->via && strcmp(o->via, "address") != 0)
			return misuse("--to is the way `address`");
	}
	if (o->resume) {
		writer_init(&w, p->id_bytes, sizeof(p->id_bytes));
		if (text_unhex(&w, span_str(o->resume)) != RC_OK ||
		    w.len != sizeof(p->id_bytes))
			return misuse("--resume names a push by 32 hex digits");
		if (p->ctl->word_count > 0 || o->policy || o->group ||
		    o->rollout || o->to || o->via)
			return misuse("--resume goes on with what was said "
				      "then: no endpoint, --policy, --group, "
				      "--rollout, --to or --via");
		writer_init(&w, p->id, sizeof(p->id) - 1);
		text_hex(&w, span_of(p->id_bytes, sizeof(p->id_bytes)));
		return 0;
	}
	if (p->ctl->word_count > 0 && (o->policy || o->group || o->rollout))
		return misuse("name endpoints, or have them selected by "
			      "--policy, --group and --rollout: not both");
	if (p->ctl->word_count == 0 && !o->policy && !o->group && !o->rollout)
		return misuse("which devices? Endpoints, --policy, --group or "
			      "--rollout");
	return 0;
}

/* --- sending -------------------------------------------------------------- */

/** Its trigger stands as sent, and what a server said to it does not. */
static bool
is_unsure(const struct target *t)
{
	return t->sent && !t->taken && !t->begun && !t->failed &&
	    strcmp(t->way, "trigger") == 0 && !target_is_late(t);
}

static void
make_due(struct push *p, uint64_t now_ms)
{
	p->due_last = &p->due;
	for (struct target *t = p->first; t; t = t->next) {
		if (is_unsure(t)) {
			int64_t left = t->sent_ms + UNSURE_MS - clock_wall_ms();

			t->not_before_ms =
			    now_ms + (left > 0 ? (uint64_t)left : 0);
		} else if (t->sent || t->begun || t->failed) {
			continue;
		}
		*p->due_last = t;
		p->due_last = &t->next_due;
		t->next_due = NULL;
	}
}

static void
send_one(struct push *p, struct target *t)
{
	const char *name = push_quoted(p, t->item.key);

	t->asked = true;
	p->asked++;
	if (t->sent)
		push_ask(p, "again %s", name);
	else
		push_ask(p, "send %s %s %s", p->via, p->to ? p->to : "-", name);
}

/** Those that wait for their time go to the end. Returns the allowance that is
 *  left. */
static double
send_due(struct push *p, double allowance, uint64_t now_ms)
{
	for (int i = 0; i < TURNS_MOST && p->due && allowance >= 1 &&
	     p->asked < ASKED_MOST && p->triggers < ASKED_MOST && !p->broken;
	     i++) {
		struct target *t = p->due;

		p->due = t->next_due;
		if (!p->due)
			p->due_last = &p->due;
		t->next_due = NULL;
		/* it has come meanwhile */
		if (t->sent && !is_unsure(t))
			continue;
		if (t->not_before_ms > now_ms) {
			*p->due_last = t;
			p->due_last = &t->next_due;
			continue;
		}
		send_one(p, t);
		allowance -= 1;
	}
	return allowance;
}

static size_t
count_done(const struct push *p, bool wait)
{
	size_t n = 0;

	for (const struct target *t = p->first; t; t = t->next)
		n += target_is_done(t, wait);
	return n;
}

/** Nothing is under way, and all is recorded. */
static bool
is_quiet(const struct push *p)
{
	return p->owed == 0 && p->triggers == 0;
}

/** True: all is done. */
static bool
carry_out(struct push *p, double rate)
{
	bool wait = p->ctl->push.wait;
	uint64_t last_ms = clock_now_ms(), looked_ms = 0;
	double allowance = 1, most = rate / 10 > 1 ? rate / 10 : 1;
	struct progress progress;
	size_t done = 0;

	p->due_last = &p->due;
	progress_begin(&progress, wait ? "bootstrapped" : "sent");
	make_due(p, last_ms);
	while (!p->broken) {
		uint64_t now_ms = clock_now_ms();

		/* what is under way has its time to end */
		if (interrupted) {
			p->due = NULL;
			p->due_last = &p->due;
		}
		if (interrupted && is_quiet(p))
			break;

		allowance += (double)(now_ms - last_ms) * rate / 1000;
		if (allowance > most)
			allowance = most;
		last_ms = now_ms;
		allowance = send_due(p, allowance, now_ms);
		push_trigger_work(p);
		if (now_ms >= looked_ms + LOOK_MS) {
			looked_ms = now_ms;
			if (push_follow(p) != RC_OK) {
				p->broken = "the ledger cannot be read";
				p->code = rc_exit(RC_DB);
			}
			done = count_done(p, wait);
			progress_at(&progress, done, p->count);
			if (done == p->count)
				break;
		}
		/* only the outcome is waited for */
		if (!p->due && is_quiet(p))
			push_close(p);
		(void)http_wait(p->http, p->fd,
		    p->due && rate > 20 ? (unsigned)(1000 / rate) + 1 : 50);
		push_listen(p);
	}
	progress_end(&progress);
	return done == p->count;
}

/* --- the verb ------------------------------------------------------------- */

static int
push_init(struct push *p)
{
	p->fd = -1;
	p->last = &p->first;
	p->waiting_last = &p->waiting;
	p->due_last = &p->due;
	p->arena = arena_new(0);
	if (!p->arena || table_init(&p->by_endpoint) != RC_OK ||
	    http_new(&p->http) != RC_OK) {
		fprintf(stderr, "bootstrapctl: out of memory\n");
		return EXIT_FAULT;
	}
	return 0;
}

static void
push_fini(struct push *p)
{
	push_close(p);
	push_stage_close(p);
	if (p->by_endpoint.slots)
		push_trigger_drop(p);
	http_free(p->http);
	ledger_close(p->ledger);
	table_fini(&p->by_endpoint);
	arena_free(p->arena);
}

static int
choose(struct push *p)
{
	uint8_t head[DIGEST_LEN];
	int code;

	if (p->id[0])
		return push_recall(p);
	code = push_pick(p);
	/* what is before is not of it */
	if (code == 0 && ledger_head(p->ledger, &p->after_seq, head) != RC_OK)
		code = rc_exit(RC_DB);
	return code;
}

static int
run(struct push *p, double rate)
{
	bool finished;
	int code = choose(p);

	if (code == 0)
		code = push_open(p);
	if (code)
		return code;
	/* said now: who is cut off later has it */
	if (p->count > 1)
		fprintf(stderr,
		    "push %s: %zu devices; when it is broken off: "
		    "bootstrapctl push --resume %s\n",
		    p->id, p->count, p->id);
	finished = carry_out(p, rate);
	(void)!push_follow(p);
	code = push_report(p, finished);
	if (p->broken) {
		fprintf(stderr,
		    "bootstrapctl: %s\n"
		    "  remedy: bootstrapctl push --resume %s\n",
		    p->broken, p->id);
		code = p->code;
	} else if (code == EXIT_UNFINISHED) {
		fprintf(stderr,
		    "bootstrapctl: not all were sent\n"
		    "  remedy: bootstrapctl push --resume %s\n",
		    p->id);
	}
	return code;
}

int
ctl_push(const struct ctl *ctl)
{
	struct push *p = calloc(1, sizeof(*p));
	double rate;
	int code;

	if (!p)
		return EXIT_FAULT;
	p->ctl = ctl;
	code = push_init(p);
	if (code == 0)
		code = check_options(p, &rate);
	if (code == 0)
		code = ctl_open_ledger(ctl, &p->ledger);
	if (code == 0) {
		watch_signals();
		code = run(p, rate);
	}
	push_fini(p);
	free(p);
	return code;
}
