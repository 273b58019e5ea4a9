/* A session's commands as requests of a peer, and their ends told to it. */
#include "sample.h"

#include "bootstrap/bridge.h"
#include "lwm2m/format.h"

enum { NOW = 5000, LIFETIME = 240000 };

static struct session *session;
static struct coap_peer *peer;
static uint32_t ref;
static uint8_t buf[COAP_DATAGRAM_MAX];
static struct coap_message said; /* the last request; borrows from buf */

static void
zeros(void *ctx, void *out, size_t len)
{
	(void)ctx;
	memset(out, 0, len);
}

/** What the session has to say, up to the next command or the end. */
static enum session_out_kind
go_on(struct session_verdict *v)
{
	struct session_out out;
	struct writer w;

	while (session_next(session, &out, NOW)) {
		if (out.kind == SESSION_OUT_COMMAND) {
			bridge_send(session, peer, out.command, NOW, &ref);
			writer_init(&w, buf, sizeof(buf));
			if (coap_peer_output(peer, &w) != RC_OK)
				continue; /* it could not be sent */
			assert_int_equal(
			    coap_decode(writer_span(&w), &said), RC_OK);
			return out.kind;
		}
		if (out.kind == SESSION_OUT_END) {
			*v = *out.verdict;
			return out.kind;
		}
	}
	fail();
	return SESSION_OUT_ASK;
}

static int
begin(void **state)
{
	const struct session_config config = {
	    .pct = FORMAT_SENML_CBOR,
	    .lifetime_ms = LIFETIME,
	    .waiting_ms = LIFETIME,
	};
	struct secret bytes = {0};
	struct session_verdict v;

	(void)state;
	session = session_new(&config, NOW);
	peer = coap_peer_new(&coap_params_default, zeros, NULL);
	assert_non_null(session);
	assert_non_null(peer);
	assert_int_equal(sample_build(&sample_usual, &bytes, NULL), RC_OK);
	session_plan(session, &bytes, NOW);
	assert_int_equal(go_on(&v), SESSION_OUT_COMMAND);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	session_free(session);
	coap_peer_free(peer);
	return 0;
}

static void
happens(struct coap_event ev)
{
	ev.ref = ref;
	bridge_event(session, &ev, NOW);
}

static void
an_answer_leads_on(void **state)
{
	struct coap_message answer = {.type = COAP_ACK,
	    .code = COAP_CONTENT,
	    .mid = said.mid,
	    .token = said.token,
	    .payload = SPAN_LIT("</>;lwm2m=1.1,</0/1>")};
	uint8_t format[4], bytes[128];
	struct session_verdict v;
	struct coap_event ev;
	struct writer w;

	(void)state;
	/* the first step of the usual plan: Discover, with its Accept */
	assert_int_equal(said.code, COAP_GET);
	assert_non_null(coap_find(&said, COAP_ACCEPT));
	assert_int_equal(coap_add(&answer, COAP_CONTENT_FORMAT,
			     coap_uint(FORMAT_LINK, format)),
	    RC_OK);
	writer_init(&w, bytes, sizeof(bytes));
	coap_encode(&answer, &w);
	coap_peer_receive(peer, writer_span(&w), NOW);
	assert_true(coap_peer_event(peer, &ev));
	assert_int_equal(ev.ref, ref);
	bridge_event(session, &ev, NOW);
	assert_int_equal(go_on(&v), SESSION_OUT_COMMAND);
	assert_int_not_equal(said.code, COAP_GET);
}

static void
what_has_no_answer(void **state)
{
	static const struct {
		struct coap_event event;
		enum reason reason;
	} table[] = {
	    {{.kind = COAP_EVENT_RESET}, REASON_RESET},
	    {{.kind = COAP_EVENT_FAILED, .why = "x"}, REASON_BLOCK_FAILED},
	    {{.kind = COAP_EVENT_FAILED, .why = "x", .gone = true},
		REASON_PEER_GONE},
	};
	struct session_verdict v;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		happens(table[i].event);
		assert_int_equal(go_on(&v), SESSION_OUT_END);
		assert_int_equal(v.reason, table[i].reason);
		end(state);
		begin(state);
	}
	/* silence: once more, then it is over */
	happens((struct coap_event){.kind = COAP_EVENT_REQUEST});
	assert_int_equal(session_state(session), SESSION_RUNNING);
	coap_peer_cancel(peer);
	happens((struct coap_event){.kind = COAP_EVENT_TIMEOUT});
	assert_int_equal(go_on(&v), SESSION_OUT_COMMAND);
	coap_peer_cancel(peer);
	happens((struct coap_event){.kind = COAP_EVENT_TIMEOUT});
	assert_int_equal(go_on(&v), SESSION_OUT_END);
	assert_int_equal(v.reason, REASON_NO_ANSWER);
}

static void
what_cannot_be_sent(void **state)
{
	struct session_verdict v;

	(void)state;
	/* the peer is still busy with the first request */
	happens((struct coap_event){.kind = COAP_EVENT_TIMEOUT});
	assert_int_equal(go_on(&v), SESSION_OUT_END);
	assert_int_equal(v.reason, REASON_BLOCK_FAILED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(an_answer_leads_on, begin, end),
	    cmocka_unit_test_setup_teardown(what_has_no_answer, begin, end),
	    cmocka_unit_test_setup_teardown(what_cannot_be_sent, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
