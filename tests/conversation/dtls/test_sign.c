/* A signature that takes its time: the one who waits for it waits alone. */
#include "dtls/internal.h"
#include "pki.h"

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
	pki_forget();
	return 0;
}

static const enum dtls_client_version versions[] = {
    DTLS_CLIENT_12, DTLS_CLIENT_13};
static const char *const established[] = {
    "1 established x509 a-meter TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8\n",
    "1 established x509 a-meter TLS_AES_128_GCM_SHA256\n"};

/* Device 1 has come as far as the signature. */
static void
come_for_signature(enum dtls_client_version version)
{
	w->silent_signer = true;
	pki_serve(w, &(struct pki_house){.raw_keys = {"device"}});
	pki_device(w, 1, "device", version, NULL);
	world_connect(w, 1);
	expect_events(w, "1 sign 0\n");
}

static void
again(void)
{
	(void)stop(NULL);
	(void)start(NULL);
}

static void
finish(size_t v)
{
	world_run(w);
	expect_events(w, established[v]);
	world_say(w, 1, "at last");
	world_tell(w, w->last_conn, "hello");
	expect_events(w, "1 data at last\n");
	assert_string_equal(w->devices[1].heard, "hello");
}

/* 50 ms of a token: everybody else is served meanwhile, new and old. */
static void
others_go_on(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		w->silent_signer = false;
		pki_serve(w, &(struct pki_house){0});
		pki_device(w, 8, "device", DTLS_CLIENT_12, NULL);
		world_connect(w, 8);
		w->events[0] = '\0';
		come_for_signature(versions[v]);
		for (unsigned i = 2; i <= 7; i++) {
			char identity[] = {(char)('a' + (int)i - 1), '\0'};

			pki_psk_device(w, i, identity, true,
			    i % 2 ? DTLS_CLIENT_12 : DTLS_CLIENT_13, NULL);
			world_connect(w, i);
			assert_true(
			    dtls_client_established(w->devices[i].client));
			world_say(w, i, "quick");
			world_pass(w, 8);
		}
		w->events[0] = '\0';
		world_say(w, 8, "still here");
		expect_events(w, "8 data still here\n");
		world_pass(w, 2);
		world_sign(w, true);
		finish(v);
		again();
	}
}

/* Two signatures at once, answered the other way round. */
static void
two_wait(void **state)
{
	uint64_t first;
	uint8_t digest[DTLS_DIGEST_LEN], signature[DTLS_SIGNATURE_LEN];

	(void)state;
	come_for_signature(DTLS_CLIENT_12);
	first = w->sign_conn;
	memcpy(digest, w->sign_digest, sizeof(digest));
	pki_device(w, 2, "chained", DTLS_CLIENT_13, NULL);
	world_connect(w, 2);
	expect_events(w, "2 sign 0\n");
	assert_memory_not_equal(digest, w->sign_digest, sizeof(digest));
	world_sign(w, true);
	world_run(w);
	expect_events(w, "2 established x509 b-meter TLS_AES_128_GCM_SHA256\n");
	pki_sign(0, span_of(digest, sizeof(digest)), signature);
	assert_int_equal(
	    dtls_sign_answer(w->server, first, signature, w->now_ms), RC_OK);
	world_run(w);
	expect_events(w, established[0]);
}

/* It repeats its hello; nothing is answered, and wolfSSL is left alone. */
static void
a_patient_device(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		come_for_signature(versions[v]);
		w->trace[0] = '\0';
		world_pass(w, 12000);
		assert_null(strstr(w->trace, "S1"));
		expect_events(w, "");
		world_sign(w, true);
		finish(v);
		assert_int_equal(w->signatures, 1);
		again();
	}
}

/* What came of us before the signature was lost, and comes again. */
static void
the_first_part_is_lost(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		w->skip_down = 1;
		w->lose_down = 1;
		come_for_signature(versions[v]);
		world_pass(w, 50);
		world_sign(w, true);
		world_run(w);
		world_pass(w, 5000);
		finish(v);
		again();
	}
}

static void
the_second_part_is_lost(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		come_for_signature(versions[v]);
		w->lose_down = 2;
		world_sign(w, true);
		world_run(w);
		world_pass(w, 10000);
		finish(v);
		again();
	}
}

static void
everything_twice(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		w->twice = true;
		come_for_signature(versions[v]);
		world_pass(w, 3000);
		world_sign(w, true);
		world_run(w);
		expect_events(w, established[v]);
		again();
	}
}

/* The token is away: a second later the same is asked for, until it is back
 * or the handshake's time is up. Nothing is said meanwhile. */
static void
the_token_is_away(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		uint8_t digest[DTLS_DIGEST_LEN];

		come_for_signature(versions[v]);
		memcpy(digest, w->sign_digest, sizeof(digest));
		w->trace[0] = '\0';
		for (int i = 0; i < 5; i++) {
			world_sign(w, false);
			world_run(w);
			/* Nobody has asked: nothing to answer. */
			assert_int_equal(dtls_sign_answer(w->server,
					     w->sign_conn, NULL, w->now_ms),
			    RC_NOT_FOUND);
			world_pass(w, 999);
			expect_events(w, "");
			world_pass(w, 1);
			expect_events(w, "1 sign 0\n");
			assert_memory_equal(
			    digest, w->sign_digest, sizeof(digest));
		}
		assert_null(strstr(w->trace, "S1"));
		world_sign(w, true);
		finish(v);
		again();
	}
}

static void
the_token_stays_away(void **state)
{
	(void)state;
	come_for_signature(DTLS_CLIENT_12);
	for (int i = 0; i < 59; i++) {
		world_sign(w, false);
		world_pass(w, 1000);
		expect_events(w, "1 sign 0\n");
	}
	world_sign(w, false);
	world_pass(w, 1000);
	expect_events(w, "1 failed handshake-timeout\n");
	assert_int_equal(dtls_deadline(w->server), TIME_NEVER);
}

static void
no_answer_in_time(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		come_for_signature(versions[v]);
		w->trace[0] = '\0';
		world_pass(w, 59999);
		expect_events(w, "");
		world_pass(w, 1);
		expect_events(w, "1 failed handshake-timeout\n");
		assert_null(strstr(w->trace, "S1"));
		assert_int_equal(dtls_sign_answer(w->server, w->sign_conn,
				     w->sign_digest, w->now_ms),
		    RC_NOT_FOUND);
		again();
	}
}

static void
the_budget_counts_what_waits(void **state)
{
	(void)state;
	come_for_signature(DTLS_CLIENT_12);
	for (size_t n = 1; n < 64; n++) {
		world_inject(w, 1, world_sent(w, 1, 1));
		expect_events(w, "");
	}
	world_inject(w, 1, world_sent(w, 1, 1));
	expect_events(w, "1 failed handshake-budget\n");
	assert_int_equal(dtls_sign_answer(w->server, w->sign_conn,
			     w->sign_digest, w->now_ms),
	    RC_NOT_FOUND);
}

/* A device that restarts while its first handshake waits. */
static void
replaced_while_the_token_thinks(void **state)
{
	uint64_t old;

	(void)state;
	for (size_t v = 0; v < 2; v++) {
		come_for_signature(versions[v]);
		old = w->sign_conn;
		pki_device(w, 1, "device", versions[v], NULL);
		world_connect(w, 1);
		expect_events(w, "1 failed replaced\n1 sign 0\n");
		assert_int_equal(
		    dtls_sign_answer(w->server, old, w->sign_digest, w->now_ms),
		    RC_NOT_FOUND);
		world_sign(w, true);
		finish(v);
		again();
	}
}

/* A live association at the same address is served all along. */
static void
beside_a_live_one(void **state)
{
	struct dtls_client *old, *new;

	(void)state;
	for (size_t v = 0; v < 2; v++) {
		pki_serve(w, &(struct pki_house){0});
		pki_device(w, 1, "device", versions[1 - v], NULL);
		world_connect(w, 1);
		old = w->devices[1].client;
		w->devices[1].client = NULL;
		w->events[0] = '\0';
		come_for_signature(versions[v]);
		new = w->devices[1].client;
		w->devices[1].client = old;
		world_say(w, 1, "from the old one");
		expect_events(w, "1 data from the old one\n");
		w->devices[1].client = new;
		world_sign(w, true);
		world_run(w);
		assert_non_null(strstr(w->events, "1 closed replaced"));
		assert_non_null(strstr(w->events, established[v]));
		dtls_client_free(old);
		again();
	}
}

static void
closed_while_the_token_thinks(void **state)
{
	(void)state;
	come_for_signature(DTLS_CLIENT_12);
	dtls_close(w->server, w->sign_conn, w->now_ms);
	assert_int_equal(dtls_sign_answer(w->server, w->sign_conn,
			     w->sign_digest, w->now_ms),
	    RC_NOT_FOUND);
	assert_int_equal(dtls_deadline(w->server), TIME_NEVER);
}

/* Other credentials meanwhile: this handshake goes on with its own. */
static void
replaced_credentials(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		come_for_signature(versions[v]);
		pki_serve(w, &(struct pki_house){.trust = "other-ca"});
		assert_int_equal(
		    dtls_set_credentials(w->server, NULL, NULL), RC_OK);
		world_sign(w, true);
		finish(v);
		again();
	}
}

/* The token has another key than the certificate says, or nonsense: the
 * device finds out. */
static void
a_signature_that_is_wrong(void **state)
{
	uint8_t signature[DTLS_SIGNATURE_LEN];

	(void)state;
	for (size_t v = 0; v < 2; v++)
		for (int kind = 0; kind < 3; kind++) {
			come_for_signature(versions[v]);
			memset(
			    signature, kind == 1 ? 0 : 0xff, sizeof(signature));
			if (kind == 0)
				pki_sign(PKI_SERVER_TWO,
				    span_of(w->sign_digest, DTLS_DIGEST_LEN),
				    signature);
			assert_int_equal(
			    dtls_sign_answer(
				w->server, w->sign_conn, signature, w->now_ms),
			    RC_OK);
			world_run(w);
			assert_false(
			    dtls_client_established(w->devices[1].client));
			world_pass(w, 60000);
			assert_non_null(strstr(w->events, "1 failed "));
			again();
		}
}

/* Twice the same answer. */
static void
answered_twice(void **state)
{
	(void)state;
	come_for_signature(DTLS_CLIENT_12);
	world_sign(w, true);
	assert_int_equal(dtls_sign_answer(w->server, w->sign_conn,
			     w->sign_digest, w->now_ms),
	    RC_NOT_FOUND);
	finish(0);
	assert_int_equal(dtls_sign_answer(w->server, w->sign_conn,
			     w->sign_digest, w->now_ms),
	    RC_NOT_FOUND);
}

/* Datagrams that come meanwhile wait, eight of them. */
static void
eight_datagrams_wait(void **state)
{
	const struct conn *c;

	(void)state;
	come_for_signature(DTLS_CLIENT_12);
	c = conn_by_id(w->server, w->sign_conn);
	assert_non_null(c);
	for (int i = 0; i < 10; i++)
		world_inject(
		    w, 1, SPAN_LIT("\x14\xfe\xfd\0\0\0\0\0\0\0\1\0\1\2"));
	assert_int_equal(c->queue_count, 8);
	world_sign(w, true);
	finish(0);
}

/* Raw keys are signed for in the same way. */
static void
a_raw_key(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		w->silent_signer = true;
		pki_serve(w, &(struct pki_house){.raw_keys = {"device"}});
		pki_raw_device(w, 1, "device", versions[v], NULL);
		world_connect(w, 1);
		expect_events(w, "1 sign 0\n");
		world_pass(w, 2500);
		world_sign(w, true);
		world_run(w);
		assert_true(dtls_client_established(w->devices[1].client));
		again();
	}
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, start, stop)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    STORY(others_go_on),
	    STORY(two_wait),
	    STORY(a_patient_device),
	    STORY(the_first_part_is_lost),
	    STORY(the_second_part_is_lost),
	    STORY(everything_twice),
	    STORY(the_token_is_away),
	    STORY(the_token_stays_away),
	    STORY(no_answer_in_time),
	    STORY(the_budget_counts_what_waits),
	    STORY(replaced_while_the_token_thinks),
	    STORY(beside_a_live_one),
	    STORY(closed_while_the_token_thinks),
	    STORY(replaced_credentials),
	    STORY(a_signature_that_is_wrong),
	    STORY(answered_twice),
	    STORY(eight_datagrams_wait),
	    STORY(a_raw_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
