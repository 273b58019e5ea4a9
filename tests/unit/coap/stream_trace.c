#include "stream_trace.h"

#include <stdio.h>
#include <stdlib.h>

enum { STREAM_CAP = 80000 };

struct coap_stream_params stream_params;

static void
draw(void *ctx, void *out, size_t len)
{
	assert_ptr_equal(ctx, &trace);
	assert_int_equal(len, 8);
	for (uint8_t i = 0; i < 7; i++)
		((uint8_t *)out)[i] = (uint8_t)(i + 1);
	((uint8_t *)out)[7] = (uint8_t)(8 + trace.tokens++);
}

void
connect_peer(void)
{
	coap_peer_free(trace.peer);
	trace.tokens = 0;
	trace.peer = coap_peer_new_stream(
	    &trace.params, &stream_params, draw, &trace, trace.now_ms);
	assert_non_null(trace.peer);
}

int
stream_setup_bare(void **state)
{
	trace_setup(state);
	stream_params = coap_stream_params_default;
	stream_params.idle_ms = 0;
	connect_peer();
	return 0;
}

int
stream_setup(void **state)
{
	stream_setup_bare(state);
	exchange_csm(OUR_CSM, CSM);
	return 0;
}

void
exchange_csm(const char *ours, const char *theirs)
{
	goes(ours);
	comes(theirs);
}

void
quiet(void)
{
	struct coap_event ev;

	if (coap_peer_event(trace.peer, &ev))
		fail_msg("an event that nobody expects: %d, %s", (int)ev.kind,
		    ev.why ? ev.why : "");
}

void
comes(const char *bytes)
{
	/* In memory of its own length, so that a sanitizer sees a read past
	 * its end; kept until the next one, as events point into it. */
	static uint8_t *exact;
	static uint8_t buf[STREAM_CAP];
	size_t len = bytes_of(bytes, buf, sizeof(buf));

	quiet();
	free(exact);
	exact = malloc(len ? len : 1);
	assert_non_null(exact);
	memcpy(exact, buf, len);
	coap_peer_receive(trace.peer, span_of(exact, len), trace.now_ms);
}

void
goes(const char *bytes)
{
	static uint8_t is[STREAM_CAP], should[STREAM_CAP];
	size_t len = bytes_of(bytes, should, sizeof(should));
	struct writer w;

	quiet();
	writer_init(&w, is, len);
	if (coap_peer_output(trace.peer, &w) != RC_OK)
		fail_msg("nothing goes out, expected: %s", bytes);
	if (w.len == len && memcmp(is, should, len) == 0)
		return;
	for (size_t i = 0; i < w.len && i < 64; i++)
		print_error("%02x ", is[i]);
	fail_msg("%zu other bytes than expected: %s", w.len, bytes);
}

void
ask(struct coap_request rq)
{
	uint32_t ref;

	quiet();
	assert_int_equal(
	    coap_peer_request(trace.peer, &rq, trace.now_ms, &ref), RC_OK);
}

void
gone(const char *why)
{
	struct coap_event ev;

	assert_true(coap_peer_event(trace.peer, &ev));
	assert_int_equal(ev.kind, COAP_EVENT_FAILED);
	assert_true(ev.gone);
	assert_string_equal(ev.why, why);
}

void
over(enum coap_end_kind kind)
{
	uint8_t byte;
	struct writer w;

	quiet();
	assert_int_equal(coap_peer_end(trace.peer).kind, kind);
	assert_true(coap_peer_end(trace.peer).final);
	assert_non_null(coap_peer_end(trace.peer).why);
	wakes(TIME_NEVER);
	writer_init(&w, &byte, 1);
	assert_int_equal(coap_peer_output(trace.peer, &w), RC_AGAIN);
}

void
aborts(enum coap_end_kind kind, const char *why)
{
	char text[400];

	quiet();
	assert_int_equal(coap_peer_end(trace.peer).kind, kind);
	assert_true(coap_peer_end(trace.peer).final);
	assert_string_equal(coap_peer_end(trace.peer).why, why);
	snprintf(text, sizeof(text), "d0 %02x e5 ff '%s'",
	    (unsigned)(1 + strlen(why) - 13) & 0xff, why);
	goes(text);
	over(kind);
}
