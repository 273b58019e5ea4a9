/* The key is asked for, found, not found, wrong, late or not to be had. */
#include "dtls/internal.h"
#include "world.h"

#include <stdio.h>
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
	return 0;
}

static const char refused_trace[] = "C1 hello\n"
				    "S1 verify\n"
				    "C1 hello+cookie\n"
				    "S1 hello,done\n"
				    "C1 key,ccs,secret\n"
				    "S1 alert(2,51)\n";

/* Identities from 'x' on are unknown to the keeper of these tests. */
static void
unknown_and_wrong_look_the_same(void **state)
{
	struct span last[2];

	(void)state;
	world_device(w, 1, "xavier", true, NULL);
	world_connect(w, 1);
	expect_trace(w, refused_trace);
	expect_events(w, "1 wanted xavier\n1 failed unknown-identity xavier\n");
	assert_int_equal(dtls_client_alert(w->devices[1].client), 51);

	world_device(w, 1, "anchor", false, NULL);
	world_connect(w, 1);
	expect_trace(w, refused_trace);
	expect_events(w, "1 wanted anchor\n1 failed wrong-key anchor\n");
	assert_int_equal(dtls_client_alert(w->devices[1].client), 51);

	/* HelloVerifyRequest and alert byte for byte but for the cookie; the
	 * flight between in its length, for its random is random. */
	last[0] = world_got(w, 1, 2);
	last[1] = world_got(w, 1, 5);
	assert_true(span_equal(last[0], last[1]));
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(
		    world_got(w, 1, i).len, world_got(w, 1, i + 3).len);

	/* The third: both at once, and the right key has not been spoilt. */
	world_device(w, 1, "a-good-one", true, NULL);
	world_connect(w, 1);
	expect_events(w,
	    "1 wanted a-good-one\n"
	    "1 established a-good-one TLS_PSK_WITH_AES_128_CCM_8\n");
}

/* One datagram at a time: the alert comes only once Finished has. */
static void
told_at_finished_not_before(void **state)
{
	(void)state;
	w->split = true;
	for (int known = 0; known < 2; known++) {
		struct dtls_counters counters;
		struct span flight, rest;

		world_device(w, 1, known ? "anchor" : "xavier", false, NULL);
		w->skip_up = 2;
		w->lose_up = 1;
		world_connect(w, 1);
		w->trace[0] = w->events[0] = '\0';
		flight = world_sent(w, 1, w->devices[1].sent_count - 1);
		while (flight.len > 0) {
			rest = span_from(flight,
			    13 + (size_t)(flight.p[11] << 8 | flight.p[12]));
			dtls_counters(w->server, &counters);
			assert_int_equal(counters.pending, 1);
			assert_string_equal(w->trace, "");
			world_inject(
			    w, 1, span_of(flight.p, flight.len - rest.len));
			flight = rest;
		}
		expect_trace(w, "S1 alert(2,51)\n");
		w->events[0] = '\0';
	}
}

/* Epoch 1 before ChangeCipherSpec is out of order, not a wrong key. */
static void
finished_before_the_rest_is_no_wrong_key(void **state)
{
	struct span flight, key, ccs, finished;

	(void)state;
	world_device(w, 1, "a-meter", true, NULL);
	w->skip_up = 2;
	w->lose_up = 1;
	world_connect(w, 1);
	w->trace[0] = w->events[0] = '\0';
	flight = world_sent(w, 1, w->devices[1].sent_count - 1);
	key = span_of(flight.p, 13 + (size_t)flight.p[12]);
	ccs = span_of(key.p + key.len, 14);
	finished = span_from(flight, key.len + ccs.len);
	world_inject(w, 1, finished);
	world_inject(w, 1, ccs);
	world_inject(w, 1, finished);
	expect_events(w, "");
	world_inject(w, 1, key);
	world_inject(w, 1, finished);
	world_inject(w, 1, ccs);
	expect_events(w, "1 wanted a-meter\n");
	expect_trace(w, "");
	/* It is the device's turn: nothing to send again before the deadline. */
	assert_int_equal(dtls_deadline(w->server), w->now_ms + 60000);
	/* Application data cannot overtake Finished either. */
	world_inject(w, 1, SPAN_LIT("\x17\xfe\xfd\0\1\0\0\0\0\0\1\0\3abc"));
	world_inject(w, 1, finished);
	expect_events(w, "1 established a-meter TLS_PSK_WITH_AES_128_CCM_8\n");
	expect_trace(w, "S1 ccs,secret\n");
}

/* The flight of a device, with its ClientKeyExchange replaced. */
static struct span
with_key_exchange(struct writer *out, struct span flight, struct span body)
{
	size_t old_len = 13 + (size_t)flight.p[12];

	writer_put(out, span_of(flight.p, 11)); /* record header */
	writer_be(out, 12 + body.len, 2);
	writer_be(out, 16, 1);
	writer_be(out, body.len, 3);
	writer_put(out, span_of(flight.p + 13 + 4, 2)); /* message_seq */
	writer_be(out, 0, 3);
	writer_be(out, body.len, 3);
	writer_put(out, body);
	writer_put(out, span_from(flight, old_len));
	assert_false(out->full);
	return writer_span(out);
}

static void
try_identity(struct span identity, const char *events)
{
	uint8_t body_bytes[2048], bytes[4096];
	struct writer body, out;
	struct span flight;

	world_device(w, 1, "a-meter", true, NULL);
	w->skip_up = 2;
	w->lose_up = 1;
	world_connect(w, 1);
	w->trace[0] = w->events[0] = '\0';
	flight = world_sent(w, 1, w->devices[1].sent_count - 1);
	writer_init(&body, body_bytes, sizeof(body_bytes));
	writer_be(&body, identity.len, 2);
	writer_put(&body, identity);
	writer_init(&out, bytes, sizeof(bytes));
	world_inject(w, 1, with_key_exchange(&out, flight, writer_span(&body)));
	expect_trace(w, "S1 alert(2,51)\n");
	expect_events(w, events);
}

/* RFC 4279 5.3 lets us limit them; the peer learns no more than that it
 * failed, and nobody is asked. */
static void
identities_that_cannot_be(void **state)
{
	char longest[1536 + 1];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	/* wolfSSL would see "a", whose key it is. */
	try_identity(SPAN_LIT("a\0b"), "1 failed unknown-identity\n");
	try_identity(SPAN_LIT("\0"), "1 failed unknown-identity\n");
	try_identity(SPAN_LIT(""), "1 failed unknown-identity\n");
	try_identity(span_of(longest, 129), "1 failed unknown-identity\n");
	try_identity(span_of(longest, 1000), "1 failed unknown-identity\n");
	try_identity(span_of(longest, 1536), "1 failed unknown-identity\n");
	/* 128 bytes are one: asked, and here not the ones that were hashed. */
	longest[128] = '\0';
	{
		char text[4096];

		(void)snprintf(text, sizeof(text),
		    "1 wanted %s\n1 failed wrong-key %s\n", longest, longest);
		try_identity(span_of(longest, 128), text);
	}
}

static void
the_longest_identity(void **state)
{
	char identity[DTLS_IDENTITY_MAX + 1] = "";
	char text[512];

	(void)state;
	memset(identity, 'a', DTLS_IDENTITY_MAX);
	world_device(w, 1, identity, true, NULL);
	world_connect(w, 1);
	(void)snprintf(text, sizeof(text),
	    "1 wanted %s\n1 established %s TLS_PSK_WITH_AES_128_CCM_8\n",
	    identity, identity);
	expect_events(w, text);
}

/* A ClientKeyExchange whose lengths lie is a broken message. */
static void
identity_longer_than_its_message(void **state)
{
	uint8_t bytes[4096];
	struct writer out;

	(void)state;
	world_device(w, 1, "a-meter", true, NULL);
	w->skip_up = 2;
	w->lose_up = 1;
	world_connect(w, 1);
	w->events[0] = '\0';
	writer_init(&out, bytes, sizeof(bytes));
	world_inject(w, 1,
	    with_key_exchange(&out,
		world_sent(w, 1, w->devices[1].sent_count - 1),
		SPAN_LIT("\0\5abc")));
	expect_events(w, "1 failed handshake-protocol\n");
}

/* RFC 6347 4.2.3: the transcript is that of the whole message, so fragments
 * made on the way change nothing. Last one first, and one twice. */
static void
identity_in_fragments(void **state)
{
	static const size_t order[] = {2, 0, 2, 1};
	struct span flight, body;

	(void)state;
	world_device(w, 1, "a-meter-with-a-long-name", true, NULL);
	w->skip_up = 2;
	w->lose_up = 1;
	world_connect(w, 1);
	w->trace[0] = w->events[0] = '\0';
	flight = world_sent(w, 1, w->devices[1].sent_count - 1);
	body = span_of(flight.p + 25, (size_t)flight.p[12] - 12);
	for (size_t i = 0; i < 4; i++) {
		size_t from = order[i] * 10;
		size_t len = order[i] == 2 ? body.len - 20 : 10;
		uint8_t bytes[512];
		struct writer out;

		expect_events(w, "");
		writer_init(&out, bytes, sizeof(bytes));
		writer_put(&out, span_of(flight.p, 5));
		writer_be(&out, 0x10 + i, 6); /* sequence number */
		writer_be(&out, 12 + len, 2);
		writer_put(&out, span_of(flight.p + 13, 6));
		writer_be(&out, from, 3);
		writer_be(&out, len, 3);
		writer_put(&out, span_of(body.p + from, len));
		/* The last fragment shares its datagram with the rest. */
		if (i == 3)
			writer_put(&out, span_from(flight, 25 + body.len));
		world_inject(w, 1, writer_span(&out));
	}
	expect_events(w,
	    "1 wanted a-meter-with-a-long-name\n"
	    "1 established a-meter-with-a-long-name "
	    "TLS_PSK_WITH_AES_128_CCM_8\n");
}

static void
a_forged_fragment_changes_nothing(void **state)
{
	uint8_t bytes[1024];
	struct writer out;
	struct span flight;

	(void)state;
	world_device(w, 1, "a-meter", true, NULL);
	w->silent_keeper = true;
	w->skip_up = 2;
	w->lose_up = 1;
	world_connect(w, 1);
	w->trace[0] = w->events[0] = '\0';
	flight = world_sent(w, 1, w->devices[1].sent_count - 1);
	writer_init(&out, bytes, sizeof(bytes));
	writer_put(&out, span_of(flight.p, 5));
	writer_be(&out, 0x10, 6); /* sequence number */
	writer_be(&out, 12 + 3, 2);
	writer_put(&out, span_of(flight.p + 13, 6));
	writer_be(&out, 0, 3);
	writer_be(&out, 3, 3);
	writer_put(&out, SPAN_LIT("\0\7b"));
	world_inject(w, 1, writer_span(&out));
	world_inject(w, 1, flight);
	expect_events(w, "1 wanted a-meter\n");
	world_answer(w, true);
	world_run(w);
	expect_events(w, "1 established a-meter TLS_PSK_WITH_AES_128_CCM_8\n");
}

/* A whole one, forged before the true one: it is the one that counts, for us
 * and for wolfSSL, and whoever has the key of that identity has not hashed
 * it. One question, no session. */
static void
the_first_identity_counts(void **state)
{
	uint8_t bytes[1024];
	struct writer out;
	struct span flight;

	(void)state;
	world_device(w, 1, "a-meter", true, NULL);
	w->silent_keeper = true;
	w->skip_up = 2;
	w->lose_up = 1;
	world_connect(w, 1);
	w->trace[0] = w->events[0] = '\0';
	flight = world_sent(w, 1, w->devices[1].sent_count - 1);
	writer_init(&out, bytes, sizeof(bytes));
	(void)with_key_exchange(&out,
	    span_of(flight.p, 13 + (size_t)flight.p[12]),
	    SPAN_LIT("\0\7another"));
	world_inject(w, 1, writer_span(&out));
	world_inject(w, 1, flight);
	expect_events(w, "1 wanted another\n");
	world_answer(w, true);
	world_run(w);
	expect_events(w, "1 failed wrong-key another\n");
	expect_trace(w, "S1 alert(2,51)\n");
}

static void
a_patient_device(void **state)
{
	(void)state;
	w->silent_keeper = true;
	world_device(w, 1, "a-meter", true, NULL);
	world_connect(w, 1);
	/* It repeats its flight at 1, 3, 7, 15 and 31 s; asked once. */
	world_pass(w, 40000);
	expect_events(w, "1 wanted a-meter\n");
	w->trace[0] = '\0';
	world_answer(w, true);
	world_run(w);
	expect_events(w, "1 established a-meter TLS_PSK_WITH_AES_128_CCM_8\n");
	world_say(w, 1, "at last");
	expect_events(w, "1 data at last\n");
}

static void
no_answer_in_time(void **state)
{
	(void)state;
	w->silent_keeper = true;
	world_device(w, 1, "a-meter", true, NULL);
	world_connect(w, 1);
	world_pass(w, 59999);
	expect_events(w, "1 wanted a-meter\n");
	world_pass(w, 1);
	expect_events(w, "1 failed handshake-timeout a-meter\n");
	assert_int_equal(
	    dtls_psk_answer(w->server, w->wanted, NULL, 0, w->now_ms),
	    RC_NOT_FOUND);
}

/* What waits is bounded: eight datagrams, the budget, the deadline. */
static void
eight_datagrams_wait(void **state)
{
	struct span flight;

	(void)state;
	w->silent_keeper = true;
	w->split = true;
	world_device(w, 1, "a-meter", true, NULL);
	w->skip_up = 2;
	w->lose_up = 1;
	world_connect(w, 1);
	flight = world_sent(w, 1, w->devices[1].sent_count - 1);
	/* The key, seven times junk, then what is needed: too late. */
	world_inject(w, 1, span_of(flight.p, 13 + (size_t)flight.p[12]));
	for (int i = 0; i < 7; i++)
		world_inject(
		    w, 1, SPAN_LIT("\x14\xfe\xfd\0\0\0\0\0\0\0\1\0\1\2"));
	world_inject(w, 1, span_from(flight, 13 + (size_t)flight.p[12]));
	w->events[0] = '\0';
	world_answer(w, true);
	world_run(w);
	expect_events(w, "");
	/* A repeated flight finishes it. */
	world_pass(w, 1000);
	expect_events(w, "1 established a-meter TLS_PSK_WITH_AES_128_CCM_8\n");
}

static void
the_keeper_is_away(void **state)
{
	(void)state;
	w->silent_keeper = true;
	world_device(w, 1, "a-meter", true, NULL);
	world_connect(w, 1);
	w->trace[0] = '\0';
	dtls_psk_unavailable(w->server, w->wanted, w->now_ms);
	dtls_psk_unavailable(w->server, w->wanted, w->now_ms);
	assert_int_equal(
	    dtls_psk_answer(w->server, w->wanted, NULL, 0, w->now_ms),
	    RC_NOT_FOUND);
	world_run(w);
	expect_trace(w, "");
	expect_events(w, "1 wanted a-meter\n");
	/* The device repeats its flight after a second, and now it is there. */
	w->silent_keeper = false;
	world_pass(w, 1000);
	expect_events(w,
	    "1 wanted a-meter\n"
	    "1 established a-meter TLS_PSK_WITH_AES_128_CCM_8\n");
}

static void
keys_of_a_wrong_length(void **state)
{
	static const size_t lens[] = {0, 15, 65};
	uint8_t bytes[65];

	(void)state;
	memset(bytes, 'a', sizeof(bytes));
	w->silent_keeper = true;
	for (size_t i = 0; i < 3; i++) {
		struct secret key = {0};

		assert_int_equal(
		    secret_set(&key, span_of(bytes, lens[i])), RC_OK);
		world_device(w, 1, "a-meter", true, NULL);
		world_connect(w, 1);
		assert_int_equal(
		    dtls_psk_answer(w->server, w->wanted, &key, 0, w->now_ms),
		    RC_OK);
		secret_fini(&key);
		world_run(w);
		expect_events(w,
		    "1 wanted a-meter\n"
		    "1 failed unknown-identity a-meter\n");
	}
}

/* A peer that goes on for ever: with the wrong key it never gets that far any
 * more, so here it is one that only repeats its hello. */
static void
the_budget_ends_it(void **state)
{
	struct dtls_counters counters;
	size_t n;

	(void)state;
	world_device(w, 1, "a-meter", true, NULL);
	w->skip_up = 2;
	w->lose_up = 1;
	world_connect(w, 1);
	w->trace[0] = '\0';
	/* The hello that passed the cookie was the first of 64. */
	for (n = 1; n < 64; n++) {
		world_inject(w, 1, world_sent(w, 1, 1));
		assert_string_equal(w->events, "");
	}
	world_inject(w, 1, world_sent(w, 1, 1));
	expect_events(w, "1 failed handshake-budget\n");
	dtls_counters(w->server, &counters);
	assert_int_equal(counters.pending, 0);
	assert_int_equal(counters.failed, 1);
}

/* The same while a key is waited for, and with other junk than hellos. */
static void
the_budget_counts_what_waits(void **state)
{
	(void)state;
	w->silent_keeper = true;
	world_device(w, 1, "a-meter", true, NULL);
	world_connect(w, 1);
	expect_events(w, "1 wanted a-meter\n");
	for (size_t n = 2; n < 64; n++) {
		world_inject(w, 1, world_sent(w, 1, 2));
		expect_events(w, "");
	}
	world_inject(w, 1, world_sent(w, 1, 2));
	expect_events(w, "1 failed handshake-budget a-meter\n");
}

static void
the_deadline_ends_it(void **state)
{
	(void)state;
	world_device(w, 1, "a-meter", true, NULL);
	w->skip_up = 2;
	w->lose_up = 1000;
	world_connect(w, 1);
	world_pass(w, 59999);
	expect_events(w, "");
	w->trace[0] = '\0';
	world_pass(w, 1);
	expect_events(w, "1 failed handshake-timeout\n");
	/* Without a word: who forged the hello gets nothing said in the name
	 * of a server that the address may be talking to. */
	expect_trace(w, "");
	assert_int_equal(dtls_deadline(w->server), TIME_NEVER);
}

/* In the clear, from anybody: what wolfSSL would take for a fault of the peer
 * does not end the handshake. */
static void
forged_messages(void **state)
{
	const struct span forged[] = {
	    /* Certificate, CertificateVerify, Finished, something new */
	    SPAN_LIT("\x16\xfe\xfd\0\0\0\0\0\0\0\x10\0\x0f"
		     "\x0b\0\0\3\0\2\0\0\0\0\0\3\0\1a"),
	    SPAN_LIT("\x16\xfe\xfd\0\0\0\0\0\0\0\x11\0\x0f"
		     "\x0f\0\0\3\0\2\0\0\0\0\0\3\0\1a"),
	    SPAN_LIT("\x16\xfe\xfd\0\0\0\0\0\0\0\x12\0\x0f"
		     "\x14\0\0\3\0\2\0\0\0\0\0\3\0\1a"),
	    SPAN_LIT("\x16\xfe\xfd\0\0\0\0\0\0\0\x13\0\x0f"
		     "\x63\0\0\3\0\2\0\0\0\0\0\3\0\1a"),
	    /* a ClientKeyExchange to come later, and ones that are broken */
	    SPAN_LIT("\x16\xfe\xfd\0\0\0\0\0\0\0\x14\0\x0f"
		     "\x10\0\0\3\0\3\0\0\0\0\0\3\0\1a"),
	    SPAN_LIT("\x16\xfe\xfd\0\0\0\0\0\0\0\x15\0\x0f"
		     "\x10\0\0\2\0\2\0\0\0\0\0\3\0\1a"),
	    SPAN_LIT("\x16\xfe\xfd\0\0\0\0\0\0\0\x16\0\2\x10\0"),
	    SPAN_LIT("\x16\xfe\xfd\0\0\0\0\0\0\0\x17\0\0"),
	    /* a part of one of 16 MB, for which nobody makes room */
	    SPAN_LIT("\x16\xfe\xfd\0\0\0\0\0\0\0\x18\0\x0f"
		     "\x10\xff\xff\xff\0\2\0\0\0\0\0\3\0\1a"),
	    /* ChangeCipherSpec, too early and broken; broken alerts; data */
	    SPAN_LIT("\x14\xfe\xfd\0\0\0\0\0\0\0\x1a\0\1\2"),
	    SPAN_LIT("\x14\xfe\xfd\0\0\0\0\0\0\0\x20\0\2\1\1"),
	    SPAN_LIT("\x14\xfe\xfd\0\0\0\0\0\0\0\x19\0\1\1"),
	    SPAN_LIT("\x14\xfe\xfd\0\0\0\0\0\0\0\x1b\0\0"),
	    SPAN_LIT("\x15\xfe\xfd\0\0\0\0\0\0\0\x1c\0\1\2"),
	    SPAN_LIT("\x15\xfe\xfd\0\0\0\0\0\0\0\x1d\0\3\2\x28\0"),
	    SPAN_LIT("\x17\xfe\xfd\0\0\0\0\0\0\0\x1e\0\1x"),
	    SPAN_LIT("\x15\xfe\xfd\0\1\0\0\0\0\0\x1f\0\2\2\x28"),
	};

	struct span flight;
	size_t key_len;

	(void)state;
	world_device(w, 1, "a-meter", true, NULL);
	w->skip_up = 2;
	w->lose_up = 1;
	world_connect(w, 1);
	w->trace[0] = '\0';
	flight = world_sent(w, 1, w->devices[1].sent_count - 1);
	key_len = 13 + (size_t)flight.p[12];
	for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++)
		world_inject(w, 1, forged[i]);
	expect_trace(w, "");
	expect_events(w, "");
	/* And once more behind the true ClientKeyExchange. */
	world_inject(w, 1, span_of(flight.p, key_len));
	expect_events(w, "1 wanted a-meter\n");
	for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++)
		world_inject(w, 1, forged[i]);
	expect_trace(w, "");
	world_inject(w, 1, span_from(flight, key_len));
	expect_events(w, "1 established a-meter TLS_PSK_WITH_AES_128_CCM_8\n");
}

/* The key is a copy of ours, for as long as the handshake runs. */
static void
the_key_is_forgotten(void **state)
{
	const struct conn *c;

	(void)state;
	world_device(w, 1, "a-meter", true, NULL);
	w->split = true;
	w->skip_up = 2;
	w->lose_up = 1;
	world_connect(w, 1);
	world_inject(w, 1,
	    span_of(
		world_sent(w, 1, 2).p, 13 + (size_t)world_sent(w, 1, 2).p[12]));
	c = conn_by_id(w->server, w->wanted);
	assert_non_null(c);
	assert_int_equal(c->key.len, 16);
	world_pass(w, 1000);
	assert_ptr_equal(conn_by_id(w->server, w->wanted), c);
	assert_int_equal(c->state, CONN_LIVE);
	assert_null(c->key.bytes);
	assert_null(c->assembly);
}

/* The client gives up in the clear (RFC 5246 7.2.2). */
static void
the_device_gives_up(void **state)
{
	(void)state;
	world_device(w, 1, "a-meter", true, NULL);
	w->skip_up = 2;
	w->lose_up = 1;
	world_connect(w, 1);
	world_inject(
	    w, 1, SPAN_LIT("\x15\xfe\xfd\0\0\0\0\0\0\0\x63\0\2\2\x28"));
	expect_events(w, "1 failed closed-by-peer\n");
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, start, stop)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    STORY(unknown_and_wrong_look_the_same),
	    STORY(told_at_finished_not_before),
	    STORY(finished_before_the_rest_is_no_wrong_key),
	    STORY(identities_that_cannot_be),
	    STORY(the_longest_identity),
	    STORY(identity_longer_than_its_message),
	    STORY(identity_in_fragments),
	    STORY(a_forged_fragment_changes_nothing),
	    STORY(the_first_identity_counts),
	    STORY(a_patient_device),
	    STORY(no_answer_in_time),
	    STORY(eight_datagrams_wait),
	    STORY(the_keeper_is_away),
	    STORY(keys_of_a_wrong_length),
	    STORY(the_budget_ends_it),
	    STORY(the_budget_counts_what_waits),
	    STORY(the_deadline_ends_it),
	    STORY(forged_messages),
	    STORY(the_key_is_forgotten),
	    STORY(the_device_gives_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
