/*
 * Every answer that a device can give, at every step, in every format: one
 * command is answered badly, all others as they should be. However it goes, it
 * comes to an end that has a name, no Finish follows what was refused, and
 * nothing is left.
 */
#include "stage_internal.h"

#include "lwm2m/format.h"
#include "lwm2m/object.h"

#include <stdio.h>

#define PLAY(f) cmocka_unit_test_setup_teardown(f, stage_setup, stage_teardown)

enum {
	CODES = 256,
	WRITTEN_MAX = 1024,
	COMMANDS_MAX = 64, /**< none of these needs more */
	STEP_MS = 1000,
	PATIENCE_MS = 400000,
};

/** What a device does to the command that it answers badly. */
enum trick {
	TRICK_CODE, /**< this code, without a payload */
	TRICK_RESET,
	TRICK_SILENCE, /**< now and always */
	TRICK_ACK, /**< and then nothing */
	TRICK_SEPARATE, /**< this code, in a CON of its own */
	TRICK_NON, /**< this code, in a NON of its own */
	TRICK_TOKEN, /**< 2.04 to another token, then nothing */
	TRICK_TWICE, /**< the right answer, twice */
	TRICK_JUNK, /**< bytes that are no message, then the right answer */
	TRICK_BODY, /**< the right code with a body that is none */
};

static const int formats[] = {FORMAT_TLV, FORMAT_SENML_CBOR, FORMAT_SENML_JSON,
    FORMAT_LWM2M_CBOR, FORMAT_OMA_JSON};

enum { FORMATS = sizeof(formats) / sizeof(formats[0]) };

/** All kinds of steps, in this order. */
enum step {
	STEP_DISCOVER,
	STEP_DELETE,
	STEP_SECURITY,
	STEP_SERVER,
	STEP_OWN,
	STEP_READ,
	STEP_VERIFY,
	STEP_FINISH,
	STEPS,
};

static const struct wish everything = {
    .discover = true,
    .clean = {{OBJECT_SERVER, LWM2M_ID_NONE, LWM2M_ID_NONE, LWM2M_ID_NONE}},
    .clean_count = 1,
    .servers = 1,
    .rotates = true,
    .read = true,
    .verify = true,
    .version = 12,
    .own_said = true,
    .own = 1,
    .max_message = 1000,
};

/** The device, and what it has seen. */
static struct {
	enum trick trick;
	uint8_t code;
	unsigned at; /**< the command that is answered badly, from 0 */
	unsigned commands;
	uint16_t last_mid;
	uint8_t written[WRITTEN_MAX]; /**< /1/0, as it came */
	size_t written_len;
	int written_format;
	bool has_account; /**< /0/security and /1/0 */
	unsigned security;
	bool refused; /**< the last Write was */
	bool finished; /**< Finish was answered 2.04 */
	bool finish_after_refusal;
	bool done; /**< the bad answer was given */
} dev;

static void
send(enum coap_type type, uint8_t code, uint16_t mid, struct coap_token token,
    int format, struct span payload)
{
	struct coap_message m = {.type = type,
	    .code = code,
	    .mid = mid,
	    .token = token,
	    .payload = payload};
	uint8_t buf[STAGE_DATAGRAM_MAX], number[4];
	struct writer w;

	if (format >= 0)
		assert_int_equal(coap_add(&m, COAP_CONTENT_FORMAT,
				     coap_uint((uint32_t)format, number)),
		    RC_OK);
	writer_init(&w, buf, sizeof(buf));
	coap_encode(&m, &w);
	assert_false(w.full);
	air_send(true, &stage.address, writer_span(&w));
}

static bool
path_is(const struct coap_message *m, const char *path)
{
	char text[64] = "";

	for (size_t i = 0; i < m->option_count; i++)
		if (m->options[i].number == COAP_URI_PATH)
			snprintf(text + strlen(text),
			    sizeof(text) - strlen(text), "/%.*s",
			    SPAN_FMT(m->options[i].value));
	return strcmp(text, path) == 0;
}

static int
number_of(const struct coap_message *m, uint16_t option)
{
	const struct coap_option *o = coap_find(m, option);
	uint32_t n;

	return o && coap_uint_value(o->value, &n) ? (int)n : -1;
}

/** What was written to /1/0 as an answer about /1. */
static struct span
read_back(int format, uint8_t *buf, size_t cap)
{
	struct writer w;

	if (format != FORMAT_TLV)
		return span_of(dev.written, dev.written_len);
	/* of TLV one level more: Object Instance, 8-bit ID, 8-bit length */
	assert_true(dev.written_len < 256);
	writer_init(&w, buf, cap);
	writer_be(&w, 0x08, 1);
	writer_be(&w, 0, 1);
	writer_be(&w, dev.written_len, 1);
	writer_put(&w, span_of(dev.written, dev.written_len));
	return writer_span(&w);
}

/** What it has: its own account, and what was written. */
static struct span
links(char *buf, size_t cap)
{
	int n = snprintf(buf, cap, "</>;lwm2m=1.1,</0/1>,</3/0>");

	if (dev.has_account)
		n += snprintf(buf + n, cap - (size_t)n,
		    ",</0/%u>;ssid=101,</1/0>;ssid=101", dev.security);
	return span_of(buf, (size_t)n);
}

/** A Write is done. */
static void
apply(const struct coap_message *m)
{
	if (path_is(m, "/1/0")) {
		assert_true(m->payload.len <= sizeof(dev.written));
		memcpy(dev.written, m->payload.p, m->payload.len);
		dev.written_len = m->payload.len;
		dev.written_format = number_of(m, COAP_CONTENT_FORMAT);
	} else if (!path_is(m, "/0/1")) {
		dev.has_account = true;
		dev.security = path_is(m, "/0/0") ? 0 : CHOOSE_HIGH;
	}
}

/** As it should be. */
static void
obey(const struct coap_message *m)
{
	uint8_t buf[WRITTEN_MAX + 8];
	struct span body = {0};
	uint8_t code = COAP_CHANGED;
	int format = -1;

	if (m->code == COAP_GET && path_is(m, "")) {
		code = COAP_CONTENT;
		format = FORMAT_LINK;
		body = links((char *)buf, sizeof(buf));
	} else if (m->code == COAP_GET) {
		code = COAP_CONTENT;
		format = dev.written_format; /* it has no other */
		body = read_back(format, buf, sizeof(buf));
	} else if (m->code == COAP_DELETE) {
		code = COAP_DELETED;
	} else if (m->code == COAP_PUT) {
		apply(m);
		dev.refused = false;
	}
	dev.finished |= m->code == COAP_POST;
	send(COAP_ACK, code, m->mid, m->token, format, body);
}

/** Is it one that a CoAP server may give? */
static bool
is_code(uint8_t code)
{
	return coap_is_response(code);
}

/** What the device itself thinks of its answer. */
static void
note_answer(const struct coap_message *m, uint8_t code)
{
	bool good = code == COAP_CHANGED || code == COAP_CREATED;

	if (m->code == COAP_PUT && good)
		apply(m);
	if (m->code == COAP_PUT && is_code(code))
		dev.refused = !good;
	if (m->code == COAP_POST && code == COAP_CHANGED)
		dev.finished = true;
}

static void
misbehave(const struct coap_message *m)
{
	const struct coap_token none = {0};
	struct coap_token other = m->token;

	dev.done = true;
	if (dev.trick == TRICK_CODE || dev.trick == TRICK_SEPARATE ||
	    dev.trick == TRICK_NON)
		note_answer(m, dev.code);
	if (dev.trick == TRICK_BODY)
		note_answer(m, COAP_CHANGED);
	switch (dev.trick) {
	case TRICK_CODE:
		/* an Empty message has no token (RFC 7252 section 4.1) */
		send(COAP_ACK, dev.code, m->mid, dev.code ? m->token : none, -1,
		    (struct span){0});
		break;
	case TRICK_RESET:
		send(COAP_RST, 0, m->mid, none, -1, (struct span){0});
		break;
	case TRICK_SILENCE:
		break;
	case TRICK_ACK:
		send(COAP_ACK, 0, m->mid, none, -1, (struct span){0});
		break;
	case TRICK_SEPARATE:
		send(COAP_ACK, 0, m->mid, none, -1, (struct span){0});
		send(COAP_CON, dev.code, stage.mid++, m->token, -1,
		    (struct span){0});
		break;
	case TRICK_NON:
		send(COAP_NON, dev.code, stage.mid++, m->token, -1,
		    (struct span){0});
		break;
	case TRICK_TOKEN:
		other.bytes[0] ^= 1;
		send(COAP_ACK, COAP_CHANGED, m->mid, other, -1,
		    (struct span){0});
		break;
	case TRICK_TWICE:
		obey(m);
		obey(m);
		break;
	case TRICK_JUNK:
		air_send(true, &stage.address, SPAN_LIT("\xff\xff"));
		air_send(true, &stage.address, SPAN_LIT("\x48"));
		obey(m);
		break;
	case TRICK_BODY:
		send(COAP_ACK,
		    m->code == COAP_GET ? COAP_CONTENT : COAP_CHANGED, m->mid,
		    m->token, number_of(m, COAP_ACCEPT),
		    SPAN_LIT("\x9f\xbf\x9f\xbf\x00\xff\xc1\x08"));
		break;
	}
}

static void
take_command(const struct coap_message *m)
{
	bool again = dev.commands > 0 && m->mid == dev.last_mid;

	if (!again)
		dev.commands++;
	dev.last_mid = m->mid;
	assert_true(dev.commands <= COMMANDS_MAX);
	if (m->code == COAP_POST && dev.refused)
		dev.finish_after_refusal = true;
	if (dev.commands - 1 == dev.at ||
	    (dev.done && dev.commands > dev.at &&
		(dev.trick == TRICK_SILENCE || dev.trick == TRICK_ACK ||
		    dev.trick == TRICK_TOKEN)))
		misbehave(m);
	else
		obey(m);
}

/** What has come from the server. False: nothing. */
static bool
serve(void)
{
	struct coap_message m;
	struct flying f;

	if (!air_take(false, &f))
		return false;
	assert_int_equal(coap_decode(span_of(f.bytes, f.len), &m), RC_OK);
	if (m.type == COAP_CON && coap_is_request(m.code))
		take_command(&m);
	return true;
}

/** One bootstrap, from the request to what becomes of it. */
static const struct session_verdict *
play(int format, enum step at, enum trick trick, uint8_t code)
{
	char request[64];
	uint64_t end;

	stage_again();
	memset(&dev, 0, sizeof(dev));
	dev.at = at;
	dev.trick = trick;
	dev.code = code;
	stage.keeper.wish = everything;
	snprintf(
	    request, sizeof(request), "CON POST /bs?ep=dev-1&pct=%d", format);
	says(request);
	end = stage.now_ms + PATIENCE_MS;
	while (stage.verdict_count == 0 && stage.now_ms < end) {
		while (serve())
			stage_settle();
		if (stage.verdict_count == 0)
			pass(STEP_MS);
	}
	while (serve())
		stage_settle();
	if (stage.verdict_count != 1)
		fail_msg("%d at %u in %d, code %02x: %zu verdicts", trick, at,
		    format, code, stage.verdict_count);
	stage.verdicts[0].told = true;
	boots(0);
	assert_false(dev.finish_after_refusal);
	return &stage.verdicts[0].verdict;
}

static void
must_be(const struct session_verdict *v, enum outcome outcome,
    enum reason reason, enum step at)
{
	if (v->outcome == outcome && v->reason == reason &&
	    (reason == REASON_NONE || v->step == at))
		return;
	fail_msg("%s %s at %u, code %02x; came %s %s at %u",
	    outcome_name(outcome), reason_code(reason), at, dev.code,
	    outcome_name(v->outcome), reason_code(v->reason), v->step);
}

/** What comes of a code that answers a step and is no help in going on. */
static enum reason
reason_for(enum step at)
{
	switch (at) {
	case STEP_DISCOVER:
		return REASON_NONE;
	case STEP_DELETE:
		return REASON_DELETE_REFUSED;
	case STEP_SECURITY:
	case STEP_SERVER:
	case STEP_OWN:
		return REASON_WRITE_REFUSED;
	case STEP_READ:
	case STEP_VERIFY:
		return REASON_VERIFY_UNAVAILABLE;
	case STEP_FINISH:
		return REASON_FINISH_REFUSED;
	case STEPS:
		break;
	}
	return REASON_NONE;
}

/** True: the step is done, or the next format is tried. */
static bool
goes_on(enum step at, uint8_t code)
{
	switch (at) {
	case STEP_DISCOVER:
		return true;
	case STEP_DELETE:
		return code == COAP_DELETED || code == COAP_BAD_REQUEST ||
		    code == COAP_NOT_FOUND || code == COAP_METHOD_NOT_ALLOWED;
	case STEP_SECURITY:
	case STEP_SERVER:
	case STEP_OWN:
		return code == COAP_CHANGED || code == COAP_CREATED ||
		    code == COAP_UNSUPPORTED_FORMAT ||
		    code == COAP_NOT_ACCEPTABLE;
	case STEP_READ:
		return code == COAP_UNSUPPORTED_FORMAT ||
		    code == COAP_NOT_ACCEPTABLE;
	case STEP_FINISH:
		return code == COAP_CHANGED;
	case STEP_VERIFY:
	case STEPS:
		break;
	}
	return false;
}

static void
judge(const struct session_verdict *v, enum step at, uint8_t code)
{
	enum reason reason = reason_for(at);

	/* a 2.05 without a body: nothing is there of what was written */
	if (at == STEP_READ && code == COAP_CONTENT)
		reason = REASON_VERIFY_MISMATCH;
	/* "go on", to what has no more blocks */
	if (code == COAP_CONTINUE && at != STEP_DISCOVER) {
		must_be(v, at == STEP_FINISH ? OUTCOME_UNKNOWN : OUTCOME_FAILED,
		    REASON_BLOCK_FAILED, at);
		return;
	}
	if (goes_on(at, code)) {
		must_be(v, OUTCOME_OK, REASON_NONE, at);
		assert_true(dev.finished);
	} else {
		must_be(v, OUTCOME_FAILED, reason, at);
		assert_false(dev.finished);
	}
}

/** Not an answer at all: the command is sent again, and later as a new one. */
static void
judge_ignored(const struct session_verdict *v, enum step at)
{
	if (at == STEP_FINISH)
		must_be(v, OUTCOME_UNKNOWN, REASON_FINISH_UNANSWERED, at);
	else
		must_be(v, OUTCOME_OK, REASON_NONE, at);
}

static void
every_code(void **state)
{
	(void)state;
	for (size_t f = 0; f < FORMATS; f++)
		for (unsigned at = 0; at < STEPS; at++)
			for (unsigned code = 0; code < CODES; code++) {
				const struct session_verdict *v =
				    play(formats[f], (enum step)at, TRICK_CODE,
					(uint8_t)code);

				if (is_code((uint8_t)code))
					judge(v, (enum step)at, (uint8_t)code);
				else
					judge_ignored(v, (enum step)at);
			}
}

/* The same as a response of its own, confirmable or not. */
static void
every_code_separately(void **state)
{
	static const enum trick tricks[] = {TRICK_SEPARATE, TRICK_NON};

	(void)state;
	for (size_t t = 0; t < 2; t++)
		for (unsigned at = 0; at < STEPS; at++)
			for (unsigned code = 0x40; code < 0xc0; code++) {
				const struct session_verdict *v =
				    play(FORMAT_TLV, (enum step)at, tricks[t],
					(uint8_t)code);

				judge(v, (enum step)at, (uint8_t)code);
			}
}

static void
rst(void **state)
{
	(void)state;
	for (size_t f = 0; f < FORMATS; f++)
		for (unsigned at = 0; at < STEPS; at++)
			must_be(play(formats[f], (enum step)at, TRICK_RESET, 0),
			    at == STEP_FINISH ? OUTCOME_UNKNOWN
					      : OUTCOME_FAILED,
			    REASON_RESET, (enum step)at);
}

/* Nothing, an ACK without an end, or an answer to something else: after the
 * repetitions the session ends, and only of Finish nobody knows. */
static void
silence_of_three_kinds(void **state)
{
	static const enum trick tricks[] = {
	    TRICK_SILENCE, TRICK_ACK, TRICK_TOKEN};

	(void)state;
	for (size_t t = 0; t < 3; t++)
		for (unsigned at = 0; at < STEPS; at++) {
			const struct session_verdict *v = play(
			    FORMAT_SENML_CBOR, (enum step)at, tricks[t], 0);

			assert_false(dev.finished);
			if (at == STEP_FINISH)
				must_be(v, OUTCOME_UNKNOWN,
				    REASON_FINISH_UNANSWERED, (enum step)at);
			else
				must_be(v, OUTCOME_FAILED, REASON_NO_ANSWER,
				    (enum step)at);
		}
}

/* What comes twice or is no message changes nothing. */
static void
noise(void **state)
{
	static const enum trick tricks[] = {TRICK_TWICE, TRICK_JUNK};

	(void)state;
	for (size_t f = 0; f < FORMATS; f++)
		for (size_t t = 0; t < 2; t++)
			for (unsigned at = 0; at < STEPS; at++)
				must_be(play(formats[f], (enum step)at,
					    tricks[t], 0),
				    OUTCOME_OK, REASON_NONE, (enum step)at);
}

/* A body where none belongs is not looked at; where one belongs it has to be
 * one. */
static void
bodies_that_are_none(void **state)
{
	(void)state;
	for (size_t f = 0; f < FORMATS; f++)
		for (unsigned at = 0; at < STEPS; at++) {
			const struct session_verdict *v =
			    play(formats[f], (enum step)at, TRICK_BODY, 0);

			if (at == STEP_READ || at == STEP_VERIFY)
				must_be(v, OUTCOME_FAILED,
				    REASON_VERIFY_UNAVAILABLE, (enum step)at);
			else if (at == STEP_DELETE)
				must_be(v, OUTCOME_FAILED,
				    REASON_DELETE_REFUSED, (enum step)at);
			else
				must_be(
				    v, OUTCOME_OK, REASON_NONE, (enum step)at);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    PLAY(every_code),
	    PLAY(every_code_separately),
	    PLAY(rst),
	    PLAY(silence_of_three_kinds),
	    PLAY(noise),
	    PLAY(bodies_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
