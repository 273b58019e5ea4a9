/* What a handshake leaves for trying keys on it: the key of the device opens
 * it, whichever that is, and no other does. */
#include "dtls/internal.h"
#include "hsm/psk_test.h"
#include "world.h"

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
start_stream(void **state)
{
	struct dtls_config config = dtls_config_default;

	(void)state;
	config.stream = true;
	w = malloc(sizeof(*w));
	assert_non_null(w);
	world_start(w, &config);
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

static const char *const suites[] = {
    "PSK-AES128-CCM-8",
    "PSK-AES128-CCM",
    "PSK-AES128-GCM-SHA256",
    "PSK-AES128-CBC-SHA256",
};

enum { SUITES = sizeof(suites) / sizeof(suites[0]) };

static bool
opens(struct span bytes, struct span identity, bool right)
{
	struct secret key = world_key(identity, right);
	struct psk_evidence e;
	bool good;

	assert_int_equal(evidence_get(bytes, &e), RC_OK);
	good = psk_test(&e, &key);
	secret_fini(&key);
	return good;
}

/* The device has a wrong key: that one, and not the right one. */
static void
expect_wrong_key(struct span bytes, const char *identity)
{
	assert_true(opens(bytes, span_str(identity), false));
	assert_false(opens(bytes, span_str(identity), true));
}

static struct span
left_over(void)
{
	assert_int_equal(w->evidence_rc, RC_OK);
	return span_of(w->evidence, w->evidence_len);
}

static void
a_wrong_key_in_every_suite(void **state)
{
	(void)state;
	for (size_t i = 0; i < SUITES; i++) {
		world_device(w, 1, "a-meter", false, suites[i]);
		world_connect(w, 1);
		expect_events(
		    w, "1 wanted a-meter\n1 failed wrong-key a-meter\n");
		expect_wrong_key(left_over(), "a-meter");
	}
}

/* While the key is asked for, the Finished waits behind the identity. */
static void
the_right_key_before_it_is_answered(void **state)
{
	uint8_t buf[EVIDENCE_BYTES_MAX];

	(void)state;
	w->silent_keeper = true;
	for (size_t i = 0; i < SUITES; i++) {
		struct writer out;

		world_device(w, 1, "a-meter", true, suites[i]);
		world_connect(w, 1);
		writer_init(&out, buf, sizeof(buf));
		assert_int_equal(
		    dtls_evidence(w->server, w->wanted, &out), RC_OK);
		assert_true(
		    opens(writer_span(&out), SPAN_LIT("a-meter"), true));
		assert_false(
		    opens(writer_span(&out), SPAN_LIT("a-meter"), false));
		/* to look is not to touch */
		world_answer(w, true);
		world_run(w);
		assert_non_null(strstr(w->events, "1 established a-meter"));
		w->events[0] = '\0';
		/* and nothing of it is left once it is established */
		assert_int_equal(
		    dtls_evidence(w->server, w->last_conn, &out), RC_NOT_FOUND);
	}
}

/* Each record alone: the Finished is not there yet, and then it is. */
static void
finished_in_a_datagram_of_its_own(void **state)
{
	uint8_t buf[EVIDENCE_BYTES_MAX];
	struct span flight, key, ccs;
	struct writer out;

	(void)state;
	w->silent_keeper = true;
	world_device(w, 1, "a-meter", true, NULL);
	w->skip_up = 2;
	w->lose_up = 1;
	world_connect(w, 1);
	flight = world_sent(w, 1, w->devices[1].sent_count - 1);
	key = span_of(flight.p, 13 + (size_t)flight.p[12]);
	ccs = span_of(key.p + key.len, 14);
	writer_init(&out, buf, sizeof(buf));
	world_inject(w, 1, key);
	assert_int_equal(dtls_evidence(w->server, w->wanted, &out), RC_AGAIN);
	world_inject(w, 1, ccs);
	assert_int_equal(dtls_evidence(w->server, w->wanted, &out), RC_AGAIN);
	world_inject(w, 1, span_from(flight, key.len + ccs.len));
	assert_int_equal(dtls_evidence(w->server, w->wanted, &out), RC_OK);
	assert_true(opens(writer_span(&out), SPAN_LIT("a-meter"), true));
}

/* What is said twice is hashed once (RFC 6347 4.2.6). */
static void
lost_and_repeated_flights(void **state)
{
	(void)state;
	/* our flight is lost, and so is the hello that asks for it again */
	world_device(w, 1, "a-meter", false, NULL);
	w->skip_down = 1;
	w->lose_down = 2;
	world_connect(w, 1);
	for (int i = 0; i < 8; i++)
		world_pass(w, 1000);
	expect_wrong_key(left_over(), "a-meter");
	/* everything comes twice */
	w->twice = true;
	world_device(w, 2, "b-meter", false, NULL);
	world_connect(w, 2);
	expect_wrong_key(left_over(), "b-meter");
	w->twice = false;
	/* everything comes in pieces of one record */
	w->split = true;
	world_device(w, 3, "c-meter", false, NULL);
	world_connect(w, 3);
	expect_wrong_key(left_over(), "c-meter");
}

/* The identity in fragments is hashed as if it were whole. */
static void
an_identity_in_fragments(void **state)
{
	struct span flight, body;

	(void)state;
	world_device(w, 1, "a-meter-with-a-long-name", false, NULL);
	w->skip_up = 2;
	w->lose_up = 1;
	world_connect(w, 1);
	flight = world_sent(w, 1, w->devices[1].sent_count - 1);
	body = span_of(flight.p + 25, (size_t)flight.p[12] - 12);
	for (size_t from = 0; from < body.len; from += 10) {
		size_t len = body.len - from < 10 ? body.len - from : 10;
		uint8_t bytes[512];
		struct writer out;

		writer_init(&out, bytes, sizeof(bytes));
		writer_put(&out, span_of(flight.p, 5));
		writer_be(&out, 0x10 + from, 6); /* sequence number */
		writer_be(&out, 12 + len, 2);
		writer_put(&out, span_of(flight.p + 13, 6));
		writer_be(&out, from, 3);
		writer_be(&out, len, 3);
		writer_put(&out, span_of(body.p + from, len));
		if (from + len == body.len)
			writer_put(&out, span_from(flight, 25 + body.len));
		world_inject(w, 1, writer_span(&out));
	}
	expect_wrong_key(left_over(), "a-meter-with-a-long-name");
}

/* The token was away, and the flight comes again. */
static void
a_key_that_could_not_be_had(void **state)
{
	(void)state;
	w->silent_keeper = true;
	world_device(w, 1, "a-meter", false, NULL);
	world_connect(w, 1);
	dtls_psk_unavailable(w->server, w->wanted, w->now_ms);
	w->silent_keeper = false;
	world_pass(w, 1000);
	expect_events(w,
	    "1 wanted a-meter\n"
	    "1 wanted a-meter\n"
	    "1 failed wrong-key a-meter\n");
	expect_wrong_key(left_over(), "a-meter");
}

/* A forged Finished ends the handshake as a wrong key does: no key opens it,
 * so nobody is told of a mistake of the device. */
static void
a_forged_finished_opens_under_no_key(void **state)
{
	struct span flight;
	uint8_t bytes[512];

	(void)state;
	world_device(w, 1, "a-meter", true, NULL);
	w->skip_up = 2;
	w->lose_up = 1;
	world_connect(w, 1);
	flight = world_sent(w, 1, w->devices[1].sent_count - 1);
	assert_true(flight.len <= sizeof(bytes));
	memcpy(bytes, flight.p, flight.len);
	bytes[flight.len - 1] ^= 1;
	world_inject(w, 1, span_of(bytes, flight.len));
	assert_false(opens(left_over(), SPAN_LIT("a-meter"), true));
	assert_false(opens(left_over(), SPAN_LIT("a-meter"), false));
}

static void
what_leaves_nothing(void **state)
{
	uint8_t buf[EVIDENCE_BYTES_MAX];
	struct writer out;

	(void)state;
	/* it never got as far as a Finished */
	world_device(w, 1, "a-meter", true, NULL);
	w->skip_up = 2;
	w->lose_up = 1000;
	world_connect(w, 1);
	world_pass(w, 60000);
	assert_int_equal(w->evidence_rc, RC_NOT_FOUND);
	w->lose_up = 0;
	/* an association that is none */
	writer_init(&out, buf, sizeof(buf));
	assert_int_equal(dtls_evidence(w->server, 4711, &out), RC_NOT_FOUND);
	/* no room */
	w->silent_keeper = true;
	world_device(w, 2, "b-meter", true, NULL);
	world_connect(w, 2);
	writer_init(&out, buf, 100);
	assert_int_equal(
	    dtls_evidence(w->server, w->wanted, &out), RC_TOO_LARGE);
	assert_int_equal(out.len <= 100, true);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, start, stop)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    STORY(a_wrong_key_in_every_suite),
	    STORY(the_right_key_before_it_is_answered),
	    cmocka_unit_test_setup_teardown(
		a_wrong_key_in_every_suite, start_stream, stop),
	    cmocka_unit_test_setup_teardown(
		the_right_key_before_it_is_answered, start_stream, stop),
	    STORY(finished_in_a_datagram_of_its_own),
	    STORY(lost_and_repeated_flights),
	    STORY(an_identity_in_fragments),
	    STORY(a_key_that_could_not_be_had),
	    STORY(a_forged_finished_opens_under_no_key),
	    STORY(what_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
