#include "trace.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum { START_MS = 1000000 };

struct trace trace;
static uint32_t last_request;

static void
draw(void *ctx, void *out, size_t len)
{
	static const uint8_t token[8] = {1, 2, 3, 4, 5, 6, 7, 8};

	assert_ptr_equal(ctx, &trace);
	switch (len) {
	case sizeof(trace.mid):
		memcpy(out, &trace.mid, len);
		break;
	case sizeof(trace.jitter):
		memcpy(out, &trace.jitter, len);
		break;
	case sizeof(token):
		memcpy(out, token, len);
		((uint8_t *)out)[7] = (uint8_t)(8 + trace.tokens++);
		break;
	default:
		fail_msg("%zu random bytes", len);
	}
}

int
trace_setup(void **state)
{
	(void)state;
	memset(&trace, 0, sizeof(trace));
	trace.params = coap_params_default;
	for (size_t i = 0; i < TRACE_BODY_MAX; i++)
		trace.body[i] = (uint8_t)(i ^ i / 256 * 31);
	restart(0x7001);
	return 0;
}

void
restart(uint16_t mid)
{
	coap_peer_free(trace.peer);
	trace.mid = mid;
	trace.now_ms = START_MS;
	trace.tokens = 0;
	trace.peer = coap_peer_new(&trace.params, draw, &trace);
	assert_non_null(trace.peer);
}

static size_t
token_bytes(const char **text, uint8_t *out)
{
	char *end;
	unsigned long n = strtoul(*text + 1, &end, 10);

	for (unsigned i = 0; i < 8; i++)
		out[i] = (uint8_t)(i + 1);
	out[7] = (uint8_t)(8 + n);
	*text = end;
	return 8;
}

static size_t
body_bytes(const char **text, uint8_t *out, size_t cap)
{
	char *end;
	size_t from_byte = strtoul(*text + 1, &end, 10), len;

	assert_int_equal(*end, '+');
	len = strtoul(end + 1, &end, 10);
	assert_int_equal(*end, '}');
	assert_true(from_byte + len <= TRACE_BODY_MAX && len <= cap);
	memcpy(out, trace.body + from_byte, len);
	*text = end + 1;
	return len;
}

size_t
bytes_of(const char *text, uint8_t *out, size_t cap)
{
	size_t len = 0;

	while (*text) {
		char hex[3] = {text[0], text[1], 0};

		assert_true(len + 8 <= cap);
		if (*text == ' ') {
			text++;
		} else if (*text == 'T') {
			len += token_bytes(&text, out + len);
		} else if (*text == '{') {
			len += body_bytes(&text, out + len, cap - len);
		} else if (*text == '\'') {
			for (text++; *text != '\''; text++) {
				assert_true(*text && len < cap);
				out[len++] = (uint8_t)*text;
			}
			text++;
		} else {
			assert_true(isxdigit((unsigned char)hex[0]) &&
			    isxdigit((unsigned char)hex[1]));
			out[len++] = (uint8_t)strtoul(hex, NULL, 16);
			text += 2;
		}
	}
	return len;
}

static void
print_hex(const char *what, struct span s)
{
	print_error("%s", what);
	for (size_t i = 0; i < s.len; i++)
		print_error(" %02x", s.p[i]);
	print_error("\n");
}

static void
same(struct span is, struct span should)
{
	if (span_equal(is, should))
		return;
	print_hex("is    ", is);
	print_hex("should", should);
	fail_msg("other bytes than expected");
}

/* All that has happened was told. */
static void
all_told(void)
{
	uint8_t buf[COAP_DATAGRAM_MAX];
	struct coap_event ev;
	struct writer w;

	if (coap_peer_event(trace.peer, &ev))
		fail_msg("an event that nobody expects: %d", (int)ev.kind);
	writer_init(&w, buf, sizeof(buf));
	if (coap_peer_output(trace.peer, &w) == RC_AGAIN)
		return;
	print_hex("is    ", writer_span(&w));
	fail_msg("a datagram that nobody expects");
}

int
trace_teardown(void **state)
{
	(void)state;
	all_told();
	coap_peer_free(trace.peer);
	trace.peer = NULL;
	return 0;
}

void
from(const char *datagram)
{
	/* In memory of its own length, so that a sanitizer sees a read past
	 * its end; kept until the next one, as events point into it. */
	static uint8_t *exact;
	uint8_t buf[2048];
	size_t len = bytes_of(datagram, buf, sizeof(buf));

	all_told();
	free(exact);
	exact = malloc(len ? len : 1);
	assert_non_null(exact);
	memcpy(exact, buf, len);
	coap_peer_receive(trace.peer, span_of(exact, len), trace.now_ms);
}

void
at(uint64_t ms)
{
	all_told();
	assert_true(START_MS + ms >= trace.now_ms);
	trace.now_ms = START_MS + ms;
	coap_peer_tick(trace.peer, trace.now_ms);
}

void
expect(const char *datagram)
{
	uint8_t buf[COAP_DATAGRAM_MAX], should[2048];
	size_t len = bytes_of(datagram, should, sizeof(should));
	struct writer w;

	writer_init(&w, buf, sizeof(buf));
	if (coap_peer_output(trace.peer, &w) != RC_OK)
		fail_msg("nothing goes out, expected: %s", datagram);
	same(writer_span(&w), span_of(should, len));
}

void
wakes(uint64_t ms)
{
	uint64_t is = coap_peer_deadline(trace.peer);

	if (ms == TIME_NEVER)
		assert_true(is == TIME_NEVER);
	else
		assert_int_equal(is - START_MS, ms);
}

uint32_t
asked(uint8_t code)
{
	struct coap_event ev;

	assert_true(coap_peer_event(trace.peer, &ev));
	assert_int_equal(ev.kind, COAP_EVENT_REQUEST);
	assert_int_equal(ev.message->code, code);
	assert_true(ev.ref != 0);
	return ev.ref;
}

void
answered(uint8_t code, const char *body)
{
	uint8_t should[TRACE_BODY_MAX];
	size_t len = bytes_of(body, should, sizeof(should));
	struct coap_event ev;

	assert_true(coap_peer_event(trace.peer, &ev));
	if (ev.kind != COAP_EVENT_RESPONSE)
		fail_msg("event %d, %s", (int)ev.kind, ev.why ? ev.why : "");
	assert_int_equal(ev.ref, last_request);
	assert_int_equal(ev.message->code, code);
	same(ev.body, span_of(should, len));
}

void
ended(enum coap_event_kind kind)
{
	struct coap_event ev;

	assert_true(coap_peer_event(trace.peer, &ev));
	assert_int_equal(ev.kind, kind);
	assert_int_equal(ev.ref, last_request);
	wakes(TIME_NEVER);
}

void
failed(const char *why)
{
	struct coap_event ev;

	assert_true(coap_peer_event(trace.peer, &ev));
	assert_int_equal(ev.kind, COAP_EVENT_FAILED);
	assert_int_equal(ev.ref, last_request);
	assert_string_equal(ev.why, why);
	wakes(TIME_NEVER);
}

struct coap_request
get_root(void)
{
	return (struct coap_request){
	    .method = COAP_GET,
	    .content_format = COAP_FORMAT_NONE,
	    .accept = 40,
	};
}

struct coap_request
put_server(size_t len)
{
	return (struct coap_request){
	    .method = COAP_PUT,
	    .path = {SPAN_LIT("1"), SPAN_LIT("0")},
	    .path_count = 2,
	    .content_format = 11542,
	    .accept = COAP_FORMAT_NONE,
	    .payload = span_of(trace.body, len),
	};
}

uint32_t
request(struct coap_request rq)
{
	all_told();
	assert_int_equal(
	    coap_peer_request(trace.peer, &rq, trace.now_ms, &last_request),
	    RC_OK);
	return last_request;
}

void
respond(uint32_t ref, uint8_t code)
{
	struct coap_response rs = {
	    .code = code,
	    .content_format = COAP_FORMAT_NONE,
	    .max_age_s = -1,
	};

	assert_int_equal(
	    coap_peer_respond(trace.peer, ref, &rs, trace.now_ms), RC_OK);
}
