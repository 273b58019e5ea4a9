#include "stage_internal.h"

#include "describe.h"

#include <stdio.h>

static uint8_t heard_bytes[STAGE_DATAGRAM_MAX];

/** cmocka cuts what is long: the trace goes past it. */
#define differs(...) \
	do { \
		fputs(stage.trace, stderr); \
		fail_msg(__VA_ARGS__); \
	} while (0)

static void
send_said(void)
{
	air_send(true, &stage.address, span_of(stage.said, stage.said_len));
	stage_settle();
}

/** Something came that no line of the test has told. */
static void
all_told(void)
{
	struct flying f;
	uint8_t text[1024];
	struct writer w;

	if (stage.device || !air_take(false, &f))
		return;
	writer_init(&w, text, sizeof(text));
	describe_datagram(&w, span_of(f.bytes, f.len), false);
	fail_msg(
	    "unexpected: %.*s\n%s", SPAN_FMT(writer_span(&w)), stage.trace);
}

void
silence(void)
{
	all_told();
}

void
says(const char *request)
{
	all_told();
	stage.token = (struct coap_token){
	    .len = 4, .bytes = {0xd0, 0xd1, 0xd2, stage.tokens++}};
	stage.said_len = compose(request, stage.mid++, stage.token,
	    (struct span){0}, stage.said, sizeof(stage.said));
	send_said();
}

void
says_again(void)
{
	all_told();
	send_said();
}

void
says_bytes(struct span datagram)
{
	all_told();
	assert_true(datagram.len <= sizeof(stage.said));
	memcpy(stage.said, datagram.p, datagram.len);
	stage.said_len = datagram.len;
	send_said();
}

/** The next datagram from the server, as stage.came. */
static void
take(const char *expected)
{
	struct flying f;

	if (!air_take(false, &f))
		fail_msg(
		    "nothing came, expected: %s\n%s", expected, stage.trace);
	memcpy(heard_bytes, f.bytes, f.len);
	assert_int_equal(
	    coap_decode(span_of(heard_bytes, f.len), &stage.came), RC_OK);
	if (stage.came.type == COAP_CON)
		stage.heard = stage.came;
}

void
hear(void)
{
	take("anything");
}

void
expect(const char *message)
{
	uint8_t text[1024];
	struct writer w;

	take(message);
	writer_init(&w, text, sizeof(text));
	describe_message(&w, &stage.came, false);
	if (!span_is(writer_span(&w), message))
		differs("expected: %s\ncame:     %.*s", message,
		    SPAN_FMT(writer_span(&w)));
}

void
answer_with(const char *message, const char *payload)
{
	bool separate =
	    strncmp(message, "CON", 3) == 0 || strncmp(message, "NON", 3) == 0;
	uint8_t buf[STAGE_DATAGRAM_MAX];
	size_t len = compose(message, separate ? stage.mid++ : stage.heard.mid,
	    stage.heard.token, span_str(payload), buf, sizeof(buf));

	all_told();
	air_send(true, &stage.address, span_of(buf, len));
	stage_settle();
}

void
answer(const char *message)
{
	answer_with(message, NULL);
}

void
moves(uint16_t port)
{
	stage.address.port = port;
}

void
trace(const char *text)
{
	if (strcmp(stage.trace, text) != 0)
		differs("the conversation should be\n%s", text);
	stage.trace_len = 0;
	stage.trace[0] = '\0';
}
