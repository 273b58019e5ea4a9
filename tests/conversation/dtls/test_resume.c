/* No session is ever resumed: who offers one gets a full handshake. */
#include "dtls/peek.h"
#include "pki.h"

#include <stdlib.h>

static struct world *w;

static int
start(void **state)
{
	(void)state;
	w = malloc(sizeof(*w));
	assert_non_null(w);
	world_start(w, NULL);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	world_stop(w);
	free(w);
	pki_forget();
	return 0;
}

enum {
	SESSION_ID_LEN_AT =
	    PEEK_RECORD_HEAD_LEN + PEEK_MESSAGE_HEAD_LEN + 2 + PEEK_RANDOM_LEN,
	OFFER_MAX = 512,
};

static void
put(struct writer *w2, struct span s)
{
	writer_put(w2, s);
	assert_false(w2->full);
}

static void
set_16(uint8_t *at, size_t n)
{
	at[0] = (uint8_t)(n >> 8);
	at[1] = (uint8_t)n;
}

/* The hello with that session ID, and with a ticket where it is not empty. */
static struct span
offering(struct span hello, struct span session_id, struct span ticket,
    uint8_t out[static OFFER_MAX])
{
	struct span rest = span_from(hello, SESSION_ID_LEN_AT + 1);
	size_t cookie_len = rest.p[0], extensions_at, all;
	uint8_t head[4];
	struct writer o;

	/* cookie, suites, compression: then the extensions' length */
	extensions_at = 1 + cookie_len;
	extensions_at += 2 +
	    (size_t)(rest.p[extensions_at] << 8 | rest.p[extensions_at + 1]);
	extensions_at += 1 + (size_t)rest.p[extensions_at];
	assert_int_equal(hello.p[SESSION_ID_LEN_AT], 0);
	writer_init(&o, out, OFFER_MAX);
	put(&o, span_of(hello.p, SESSION_ID_LEN_AT));
	writer_be(&o, session_id.len, 1);
	put(&o, session_id);
	put(&o, rest);
	if (ticket.len > 0) {
		uint8_t *n = out + SESSION_ID_LEN_AT + 1 + session_id.len +
		    extensions_at;

		set_16(head, 35);
		set_16(head + 2, ticket.len);
		put(&o, span_of(head, sizeof(head)));
		put(&o, ticket);
		set_16(n, (size_t)(n[0] << 8 | n[1]) + 4 + ticket.len);
	}
	all = o.len - PEEK_RECORD_HEAD_LEN;
	set_16(out + 11, all);
	all -= PEEK_MESSAGE_HEAD_LEN;
	set_16(out + PEEK_RECORD_HEAD_LEN + 2, all);
	set_16(out + PEEK_RECORD_HEAD_LEN + 10, all);
	return writer_span(&o);
}

/* The session ID in the ServerHello, that many datagrams before the last. */
static struct span
answered(size_t before)
{
	struct span flight =
	    world_got(w, 1, w->devices[1].got_count - 1 - before);
	struct peek_record r;

	assert_true(peek_record(&flight, &r));
	assert_int_equal(r.body.p[0], 2);
	return span_of(
	    r.raw.p + SESSION_ID_LEN_AT + 1, r.raw.p[SESSION_ID_LEN_AT]);
}

/* Both hellos of device 1 with what it offers; what it sends by itself is
 * lost. */
static void
offer(struct span session_id, struct span ticket)
{
	uint8_t bytes[OFFER_MAX];

	w->lose_up = 100;
	assert_int_equal(
	    dtls_client_tick(w->devices[1].client, w->now_ms), RC_OK);
	world_run(w);
	w->trace[0] = '\0';
	world_inject(
	    w, 1, offering(world_sent(w, 1, 0), session_id, ticket, bytes));
	expect_trace(w, "S1 verify\nC1 hello+cookie (lost)\n");
	world_inject(
	    w, 1, offering(world_sent(w, 1, 1), session_id, ticket, bytes));
}

static void
a_session_id(void **state)
{
	struct span id = SPAN_LIT("thirty-two bytes of some session");

	(void)state;
	assert_int_equal(id.len, 32);
	world_device(w, 1, "a-meter", true, NULL);
	offer(id, (struct span){0});
	/* Resumed it would be "hello,ccs,secret". */
	expect_trace(w, "S1 hello,done\nC1 key,ccs,secret (lost)\n");
	assert_false(span_equal(answered(0), id));
}

static void
a_session_id_with_certificates(void **state)
{
	struct span id = SPAN_LIT("thirty-two bytes of some session");

	(void)state;
	pki_serve(w, &(struct pki_house){0});
	pki_device(w, 1, "device", DTLS_CLIENT_12, NULL);
	offer(id, (struct span){0});
	expect_trace(w,
	    "S1 hello,cert\n"
	    "S1 exchange,request,done\n"
	    "C1 cert,key,verified,ccs,secret (lost)\n");
	assert_false(span_equal(answered(1), id));
}

static void
a_ticket(void **state)
{
	static const uint8_t ticket[64] = "a ticket";

	(void)state;
	world_device(w, 1, "a-meter", true, NULL);
	offer(SPAN_LIT("chosen to see that it comes back"),
	    span_of(ticket, sizeof(ticket)));
	expect_trace(w, "S1 hello,done\nC1 key,ccs,secret (lost)\n");
}

/* Under DTLS 1.3 a session is a pre-shared key with a name that the server has
 * made: there is none, and one that is made up is asked for as any other. */
static void
no_ticket_under_dtls_13(void **state)
{
	(void)state;
	pki_psk_device(w, 1, "a-meter", true, DTLS_CLIENT_13, NULL);
	world_connect(w, 1);
	world_say(w, 1, "up");
	world_tell(w, w->last_conn, "down");
	expect_trace(w,
	    "C1 hello\n"
	    "S1 retry\n"
	    "C1 hello+cookie\n"
	    "S1 hello,sealed,sealed\n"
	    "C1 sealed\n"
	    "S1 data13\n" /* the ACK of Finished, and no NewSessionTicket */
	    "C1 data13\n"
	    "S1 data13\n");
	assert_string_equal(w->devices[1].heard, "down");
	w->events[0] = '\0';
	pki_psk_device(w, 1, "x-ticket", true, DTLS_CLIENT_13, NULL);
	world_connect(w, 1);
	expect_events(
	    w, "1 wanted x-ticket\n1 failed unknown-identity x-ticket\n");
}

/* The same device twice: twice its key is asked for. */
static void
twice_in_full(void **state)
{
	(void)state;
	for (int n = 0; n < 2; n++) {
		world_device(w, 1, "a-meter", true, NULL);
		world_connect(w, 1);
		expect_trace(w,
		    "C1 hello\n"
		    "S1 verify\n"
		    "C1 hello+cookie\n"
		    "S1 hello,done\n"
		    "C1 key,ccs,secret\n"
		    "S1 ccs,secret\n");
		assert_non_null(strstr(w->events, "1 wanted a-meter\n"));
		w->events[0] = '\0';
	}
}

int
main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, start, stop)
	static const struct CMUnitTest tests[] = {
	    STORY(a_session_id),
	    STORY(a_session_id_with_certificates),
	    STORY(a_ticket),
	    STORY(no_ticket_under_dtls_13),
	    STORY(twice_in_full),
	};

	return cmocka_run_group_tests_name("dtls_resume", tests, NULL, NULL);
}
