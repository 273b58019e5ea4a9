#include "stage_internal.h"

#include "cable.h"
#include "connection.h"
#include "udp.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

enum {
	PLAIN = 0, /* the worker's listeners */
	SECURE = 1,
	STREAM = CABLE_LISTENER,
	LISTENERS = 3,
	DEVICE_PORT = 40000,
	FADE_MS = 600000, /* until the worker has forgotten everything */
};

struct stage stage;

/* --- what the worker stands on, played ------------------------------------ */

/* The loop is only a name here: in place of base/loop.c. */
enum rc
loop_timer_set(struct loop *l, struct loop_timer *t, uint64_t at_ms,
    loop_timer_fn fn, void *ctx)
{
	assert_ptr_equal(l, &stage);
	t->fn = fn;
	t->ctx = ctx;
	return timer_arm(&stage.timers, &t->timer, at_ms);
}

void
loop_timer_clear(struct loop *l, struct loop_timer *t)
{
	assert_ptr_equal(l, &stage);
	timer_disarm(&stage.timers, &t->timer);
}

/* In place of bootstrapd/udp.c. */
void
udp_send(int fd, const struct address *to, struct span datagram)
{
	assert_int_equal(fd, stage.secure ? SECURE : PLAIN);
	air_send(false, to, datagram);
}

/* In place of the kernel's: a conversation can be played again. */
void
random_bytes(void *out, size_t len)
{
	uint8_t *p = out;

	for (size_t i = 0; i < len; i++) {
		stage.random ^= stage.random << 13;
		stage.random ^= stage.random >> 7;
		stage.random ^= stage.random << 17;
		p[i] = (uint8_t)(stage.random >> 32);
	}
}

bool
worker_may_log(struct worker *w, uint64_t now_ms)
{
	(void)w;
	(void)now_ms;
	return true;
}

/* As in bootstrapd/worker.c. */
enum rc
listener_watch(struct listener *l)
{
	return loop_watch(
	    l->worker->loop, l->fd, EPOLLIN, connections_ready, l);
}

/* --- the clock ------------------------------------------------------------ */

void
stage_note(const char *fmt, ...)
{
	size_t room = STAGE_TRACE_MAX - stage.trace_len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(stage.trace + stage.trace_len, room, fmt, ap);
	va_end(ap);
	assert_true(n >= 0 && (size_t)n < room);
	stage.trace_len += (size_t)n;
}

void
stage_receive(const struct address *from, struct span d)
{
	struct listener *l =
	    &stage.worker.listeners[stage.secure ? SECURE : PLAIN];

	/* as on_socket in bootstrapd/worker.c */
	if (!l->dtls) {
		peer_datagram(l, from, d, stage.now_ms);
		return;
	}
	dtls_receive(l->dtls, from, d, stage.now_ms);
	listener_serve(l, stage.now_ms);
}

static bool
worker_work(void)
{
	struct flying f;
	struct timer *t;
	bool any = false;

	while (air_take(true, &f)) {
		any = true;
		stage_receive(&f.address, span_of(f.bytes, f.len));
	}
	while ((t = timer_pop(&stage.timers, stage.now_ms))) {
		/* the timer is the first member */
		struct loop_timer *lt = (struct loop_timer *)t;

		any = true;
		lt->fn(lt->ctx, stage.now_ms);
	}
	return any;
}

void
stage_settle(void)
{
	bool any;

	do {
		any = worker_work();
		any |= cable_work();
		any |= keeper_work();
		any |= player_work();
	} while (any);
}

static uint64_t
min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t
stage_deadline(void)
{
	uint64_t at = timer_next(&stage.timers);

	at = min(at, air_deadline());
	at = min(at, keeper_deadline());
	return min(at, player_deadline());
}

void
pass(uint64_t ms)
{
	uint64_t end = stage.now_ms + ms, at;

	stage_settle();
	while ((at = stage_deadline()) <= end) {
		if (at > stage.now_ms)
			stage.now_ms = at;
		stage_settle();
	}
	stage.now_ms = end;
}

/* --- what was recorded ---------------------------------------------------- */

void
verdict(const char *text)
{
	const struct session_verdict *v = NULL;
	char code[8] = "-", is[128];

	for (size_t i = 0; i < stage.verdict_count && !v; i++) {
		if (stage.verdicts[i].told)
			continue;
		stage.verdicts[i].told = true;
		v = &stage.verdicts[i].verdict;
	}
	if (!v)
		fail_msg("no verdict, expected: %s", text);
	if (v->code)
		snprintf(
		    code, sizeof(code), "%u.%02u", v->code >> 5, v->code & 31);
	snprintf(is, sizeof(is), "%s %s %u/%u %s", outcome_name(v->outcome),
	    reason_code(v->reason), v->step, v->steps, code);
	assert_string_equal(is, text);
}

void
no_verdict(void)
{
	for (size_t i = 0; i < stage.verdict_count; i++)
		assert_true(stage.verdicts[i].told);
}

void
boots(size_t count)
{
	assert_int_equal(stage.worker.boots.count, count);
}

/* --- begin and end -------------------------------------------------------- */

static void
begin(void)
{
	struct worker *w = &stage.worker;

	memset(&stage, 0, sizeof(stage));
	memset(&cable, 0, sizeof(cable));
	stage.now_ms = STAGE_START_MS;
	stage.random = 0x9e3779b97f4a7c15;
	stage.mid = 0x1234;
	stage.address = (struct address){
	    .family = 4, .ip = {192, 0, 2, 1}, .port = DEVICE_PORT};
	stage.config = (struct config){
	    .session_lifetime_ms = 240000,
	    .keeper_wait_ms = 20000,
	    .idle_ms = 300000,
	};
	timer_heap_init(&stage.timers);
	keeper_init(&stage.keeper);
	w->config = &stage.config;
	w->loop = (struct loop *)(void *)&stage;
	w->keeper = 77;
	w->listener_count = LISTENERS;
	w->boots_max = 8;
	w->peers_max = 16;
	w->coap = coap_params_default;
	w->connections_max = 4;
	w->young_per_source = 4;
	assert_int_equal(connections_init(w), RC_OK);
	assert_int_equal(table_init(&w->peers), RC_OK);
	assert_int_equal(table_init(&w->granted), RC_OK);
	assert_int_equal(table_init(&w->boots), RC_OK);
	assert_int_equal(table_init(&w->waits), RC_OK);
	for (unsigned i = 0; i < LISTENERS; i++) {
		w->listeners[i].worker = w;
		w->listeners[i].index = i;
		w->listeners[i].fd = (int)i;
	}
	assert_int_equal(
	    dtls_new(&dtls_config_default, &w->listeners[SECURE].dtls), RC_OK);
	w->listeners[STREAM].is_stream = true;
	assert_int_equal(listener_watch(&w->listeners[STREAM]), RC_OK);
}

static void
end(void)
{
	struct worker *w = &stage.worker;
	struct table_item *item;

	while ((item = table_any(&w->boots)))
		boot_free((struct boot *)item);
	while ((item = table_any(&w->waits)))
		wait_forget((struct wait *)item);
	while ((item = table_any(&w->peers)))
		peer_free((struct peer *)item);
	connections_fini(w);
	dtls_free(w->listeners[SECURE].dtls);
	table_fini(&w->peers);
	pushed_fini(w);
	table_fini(&w->granted);
	table_fini(&w->boots);
	table_fini(&w->waits);
	timer_heap_fini(&stage.timers);
	keeper_fini();
	player_fini();
}

int
stage_setup(void **state)
{
	(void)state;
	log_setup("conversation", LOG_ERROR, 2);
	begin();
	return 0;
}

int
stage_teardown(void **state)
{
	(void)state;
	silence();
	no_verdict();
	/* in time nothing is left of anybody */
	stage.keeper.silent = stage.keeper.records_not = false;
	stage.keeper.delay_ms = 0;
	stage.cut_up = stage.cut_down = true;
	pass(FADE_MS);
	boots(0);
	assert_int_equal(stage.worker.waits.count, 0);
	assert_int_equal(stage.worker.peers.count, 0);
	end();
	return 0;
}

void
stage_again(void)
{
	end();
	begin();
}
