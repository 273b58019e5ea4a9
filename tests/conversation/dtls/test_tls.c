/* TLS on streams: what DTLS does, on bytes that are cut anywhere. */
#include "dtls/internal.h"
#include "pki.h"

#include <stdio.h>
#include <stdlib.h>

static struct world *w;
static struct dtls_config config;

static int
start(void **state)
{
	(void)state;
	config = dtls_config_default;
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
	pki_forget();
	return 0;
}

static void
again(void)
{
	(void)stop(NULL);
	w = malloc(sizeof(*w));
	assert_non_null(w);
	world_start(w, &config);
}

static const enum dtls_client_version versions[] = {
    DTLS_CLIENT_12, DTLS_CLIENT_13};
static const char *const by_key[] = {
    "1 wanted a-meter\n"
    "1 established a-meter TLS_PSK_WITH_AES_128_CCM_8\n",
    "1 wanted a-meter\n"
    "1 established a-meter TLS_AES_128_GCM_SHA256\n"};
static const char *const by_certificate[] = {
    "1 sign 0\n"
    "1 established x509 a-meter TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8\n",
    "1 sign 0\n"
    "1 established x509 a-meter TLS_AES_128_GCM_SHA256\n"};

static void
come(unsigned i, size_t v)
{
	char name[] = {
	    (char)('a' + (int)i - 1), '-', 'm', 'e', 't', 'e', 'r', '\0'};

	pki_psk_device(w, i, name, true, versions[v], NULL);
	world_connect(w, i);
}

/** Both ways, in more than one record. */
static void
talk(void)
{
	static char long_text[40001];
	const uint64_t conn = w->devices[1].conn;
	size_t heard = w->devices[1].heard_len;

	world_say(w, 1, "crumbs");
	world_tell(w, conn, "and more");
	assert_string_equal(w->devices[1].heard + heard, "and more");
	if (w->cut) {
		w->events[0] = '\0';
		return;
	}
	expect_events(w, "1 data crumbs\n");
	memset(long_text, 'l', sizeof(long_text) - 1);
	world_tell(w, conn, long_text);
	assert_int_equal(
	    w->devices[1].heard_len, heard + 8 + sizeof(long_text) - 1);
}

static void
keys_and_certificates(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		pki_serve(w, &(struct pki_house){.raw_keys = {"device"}});
		come(1, v);
		expect_events(w, by_key[v]);
		talk();
		pki_device(w, 1, "device", versions[v], NULL);
		world_connect(w, 1);
		expect_events(w, by_certificate[v]);
		talk();
		pki_raw_device(w, 1, "device", versions[v], NULL);
		world_connect(w, 1);
		assert_non_null(strstr(w->events, "established rpk"));
		again();
	}
}

/* Whatever the pieces are, the handshake and what follows are the same. */
static void
in_pieces(void **state)
{
	static const size_t cuts[] = {1, 2, 3, 4, 5, 6, 7, 11, 64, 1000};

	(void)state;
	for (size_t v = 0; v < 2; v++) {
		for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
			pki_serve(w, &(struct pki_house){0});
			w->cut = cuts[i];
			come(1, v);
			expect_events(w, by_key[v]);
			talk();
			pki_device(w, 1, "device", versions[v], NULL);
			world_connect(w, 1);
			expect_events(w, by_certificate[v]);
			talk();
			again();
		}
	}
}

/* One cut, behind each byte that a device sends. */
static void
cut_at_every_byte(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		for (size_t at = 1, all = 2; at < all; at++) {
			w->cut_at = at;
			come(1, v);
			expect_events(w, by_key[v]);
			world_say(w, 1, "whole");
			expect_events(w, "1 data whole\n");
			all = w->devices[1].up;
			again();
		}
	}
}

/* Handshake messages over many records (RFC 5246 6.2.1). Behind the hello
 * wolfSSL wants the header of each in one piece. */
static void
many_records(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		for (size_t crumb = 4; crumb < 40; crumb += v ? 7 : 1) {
			w->crumb = crumb;
			come(1, v);
			expect_events(w, by_key[v]);
			again();
		}
	}
}

/* Nobody knows the identity, or its key is another: the same bytes. */
static void
wrong_keys(void **state)
{
	static const int alerts[] = {decrypt_error, illegal_parameter};
	size_t down;

	(void)state;
	for (size_t v = 0; v < 2; v++) {
		pki_psk_device(w, 1, "a-meter", false, versions[v], NULL);
		world_connect(w, 1);
		expect_events(
		    w, "1 wanted a-meter\n1 failed wrong-key a-meter\n");
		assert_int_equal(
		    dtls_client_alert(w->devices[1].client), alerts[v]);
		down = w->devices[1].down;
		pki_psk_device(w, 1, "z-meter", true, versions[v], NULL);
		world_connect(w, 1);
		expect_events(
		    w, "1 wanted z-meter\n1 failed unknown-identity z-meter\n");
		assert_int_equal(
		    dtls_client_alert(w->devices[1].client), alerts[v]);
		assert_int_equal(w->devices[1].down, down);
		again();
	}
}

/* The keeper cannot answer: it is asked again, and nobody else waits. */
static void
key_is_late(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		w->silent_keeper = true;
		come(1, v);
		expect_events(w, "1 wanted a-meter\n");
		dtls_psk_unavailable(w->server, w->wanted, w->now_ms);
		world_run(w);
		expect_events(w, "");
		world_pass(w, 1000);
		expect_events(w, "1 wanted a-meter\n");
		dtls_psk_unavailable(w->server, w->wanted, w->now_ms);
		w->silent_keeper = false;
		come(2, v);
		w->events[0] = '\0';
		w->silent_keeper = true;
		world_pass(w, 1000);
		expect_events(w, "1 wanted a-meter\n");
		world_answer(w, true);
		world_run(w);
		assert_true(dtls_client_established(w->devices[1].client));
		again();
	}
}

/* The token takes its time; others go on; without it the handshake ends. */
static void
signature_is_late(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		w->silent_signer = true;
		pki_serve(w, &(struct pki_house){0});
		pki_device(w, 1, "device", versions[v], NULL);
		world_connect(w, 1);
		expect_events(w, "1 sign 0\n");
		come(2, v);
		assert_true(dtls_client_established(w->devices[2].client));
		w->events[0] = '\0';
		world_sign(w, false);
		world_pass(w, 1000);
		expect_events(w, "1 sign 0\n");
		world_sign(w, true);
		world_run(w);
		expect_events(w, by_certificate[v] + strlen("1 sign 0\n"));
		pki_device(w, 3, "device", versions[v], NULL);
		world_connect(w, 3);
		world_pass(w, config.handshake_ms);
		expect_events(w, "3 sign 0\n3 failed handshake-timeout\n");
		again();
	}
}

/* Each refusal costs one alert; somebody else's certificate too. */
static void
refused(void **state)
{
	static const struct {
		const char *name, *event;
	} bad[] = {
	    {"stranger", "untrusted-certificate"},
	    {"expired", "expired-certificate"},
	    {"lost", "revoked-certificate"},
	};

	(void)state;
	for (size_t v = 0; v < 2; v++) {
		pki_serve(w, &(struct pki_house){.crl = "device-ca"});
		for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			pki_device(w, 1, bad[i].name, versions[v], NULL);
			world_connect(w, 1);
			if (!strstr(w->events, bad[i].event))
				fail_msg("%s: %s", bad[i].name, w->events);
			assert_null(strstr(w->events, "established"));
			assert_int_equal(
			    dtls_client_alert(w->devices[1].client),
			    bad_certificate);
			w->events[0] = '\0';
		}
		pki_bare_device(w, 1, versions[v]);
		world_connect(w, 1);
		assert_non_null(strstr(w->events, "failed no-certificate"));
		again();
	}
}

static uint64_t
open_at(uint8_t host, uint16_t port, enum rc want)
{
	const struct address a = {
	    .family = 4, .ip = {192, 0, 2, host}, .port = port};
	uint64_t conn = 0;

	assert_int_equal(
	    dtls_stream_open(w->server, &a, w->now_ms, &conn), want);
	return conn;
}

static void
limits(void **state)
{
	struct dtls_counters c;

	(void)state;
	config.handshakes_max = 4;
	config.handshakes_per_source = 2;
	again();
	(void)open_at(1, 1, RC_OK);
	(void)open_at(1, 2, RC_OK);
	(void)open_at(1, 3, RC_FULL);
	(void)open_at(2, 1, RC_OK);
	(void)open_at(2, 2, RC_OK);
	world_run(w);
	expect_events(w, "");
	/* the oldest that has said nothing gives way */
	(void)open_at(3, 1, RC_OK);
	world_run(w);
	expect_events(w, "0 failed resources\n");
	come(1, 0);
	assert_true(dtls_client_established(w->devices[1].client));
	w->events[0] = '\0';
	world_pass(w, config.handshake_ms);
	expect_events(w,
	    "0 failed handshake-timeout\n"
	    "0 failed handshake-timeout\n"
	    "0 failed handshake-timeout\n");
	dtls_counters(w->server, &c);
	assert_int_equal(c.live, 1);
	assert_int_equal(c.pending, 0);
}

static void
feed(uint64_t conn, const void *bytes, size_t len)
{
	dtls_stream_receive(w->server, conn, span_of(bytes, len), w->now_ms);
}

static void
what_is_no_tls(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} bad[] = {
	    {"GET / HTTP/1.1\r\n\r\n", 18},
	    {"\x00\xe1", 2},
	    {"\x80\x2e\x01\x03\x01", 5}, /* SSL 2 */
	    {"\x17\x03\x03\x00\x01\x00", 6},
	    {"\x14\x03\x03\x00\x01\x01", 6},
	    {"\x15\x03\x03\x00\x02\x02\x28", 7},
	    {"\x16\x02\x00\x00\x05", 5},
	    {"\x16\x03\x01\x48\x01", 5}, /* too long a record */
	    {"\x16\x03\x01\x00\x00", 5}, /* empty */
	    {"\x16\x03\x01\x00\x04\x02\x00\x00\x00", 9},
	    {"\x16\x03\x01\x00\x04\x01\x00\x20\x01", 9}, /* too long a hello */
	    {"\x16\x03\x01\x00\x05\x01\x00\x00\x00\x00", 10},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t conn = open_at(1, (uint16_t)i, RC_OK), to;
		uint8_t said[64];
		struct writer out;

		feed(conn, bad[i].bytes, bad[i].len);
		(void)w;
		writer_init(&out, said, sizeof(said));
		assert_int_equal(
		    dtls_stream_output(w->server, &to, &out), RC_OK);
		assert_int_equal(to, conn);
		assert_int_equal(out.len, TLS_ALERT_LEN);
		assert_int_equal(said[5], alert_fatal);
		world_run(w);
		expect_events(w, "0 failed handshake-protocol\n");
		/* the number is dead */
		feed(conn, bad[i].bytes, bad[i].len);
		dtls_stream_ended(w->server, conn, w->now_ms);
		world_run(w);
		expect_events(w, "");
	}
}

/* While something is asked for, a device cannot fill our memory. */
static void
floods(void **state)
{
	static uint8_t bytes[16 << 10];

	(void)state;
	w->silent_keeper = true;
	come(1, 0);
	for (int i = 0; i < 4; i++)
		feed(w->devices[1].conn, bytes, sizeof(bytes));
	world_run(w);
	expect_events(
	    w, "1 wanted a-meter\n1 failed handshake-budget a-meter\n");
	assert_int_equal(
	    dtls_psk_answer(w->server, w->wanted, NULL, 0, w->now_ms),
	    RC_NOT_FOUND);
}

static void
records_have_a_budget(void **state)
{
	static const uint8_t ping[] = {0x15, 3, 3, 0, 2, 1, 0x5a};

	(void)state;
	w->silent_signer = false;
	pki_serve(w, &(struct pki_house){0});
	w->silent_signer = true;
	pki_device(w, 1, "device", DTLS_CLIENT_12, NULL);
	world_connect(w, 1);
	w->events[0] = '\0';
	for (unsigned i = 0; i < 100; i++)
		feed(w->devices[1].conn, ping, sizeof(ping));
	world_sign(w, true);
	world_run(w);
	assert_non_null(strstr(w->events, "failed"));
	assert_null(strstr(w->events, "established"));
	/* nor with records of which each makes sense */
	config.handshake_datagrams = 16;
	again();
	pki_serve(w, &(struct pki_house){0});
	w->crumb = 4;
	pki_device(w, 1, "device", DTLS_CLIENT_12, NULL);
	world_connect(w, 1);
	expect_events(w, "1 sign 0\n1 failed handshake-budget\n");
}

/* Behind its hello, in the record of that: nobody says more before he is
 * answered. */
static void
more_than_a_hello(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		struct device *dev = &w->devices[1];
		uint8_t bytes[WORLD_DATAGRAM];
		struct writer out;
		size_t len;

		pki_psk_device(w, 1, "a-meter", true, versions[v], NULL);
		assert_int_equal(
		    dtls_client_tick(dev->client, w->now_ms), RC_OK);
		writer_init(&out, bytes, sizeof(bytes));
		assert_int_equal(dtls_client_output(dev->client, &out), RC_OK);
		len = out.len - 5 + 1;
		bytes[3] = (uint8_t)(len >> 8);
		bytes[4] = (uint8_t)len;
		bytes[out.len] = 0x10;
		assert_int_equal(dtls_stream_open(w->server, &dev->address,
				     w->now_ms, &dev->conn),
		    RC_OK);
		feed(dev->conn, bytes, out.len + 1);
		world_run(w);
		expect_events(w, "1 failed handshake-protocol\n");
		again();
	}
}

static void
endings(void **state)
{
	uint64_t conn;

	(void)state;
	for (size_t v = 0; v < 2; v++) {
		come(1, v);
		w->events[0] = '\0';
		dtls_client_close(w->devices[1].client);
		world_run(w);
		expect_events(w, "1 closed closed-by-peer a-meter\n");

		come(1, v);
		w->events[0] = '\0';
		dtls_close(w->server, w->devices[1].conn, w->now_ms);
		world_run(w);
		assert_false(dtls_client_established(w->devices[1].client));
		assert_int_equal(dtls_client_alert(w->devices[1].client), -1);
		expect_events(w, "");

		come(1, v);
		w->events[0] = '\0';
		conn = w->devices[1].conn;
		dtls_stream_ended(w->server, conn, w->now_ms);
		world_run(w);
		expect_events(w, "1 closed closed-by-peer a-meter\n");
		assert_int_equal(
		    dtls_send(w->server, conn, SPAN_LIT("x"), w->now_ms),
		    RC_NOT_FOUND);

		come(1, v);
		w->events[0] = '\0';
		world_pass(w, config.idle_ms);
		expect_events(w, "1 closed idle a-meter\n");
		again();
	}
}

/* Any one bit of what a device sends is wrong: it ends, or it is as before. */
static void
flipped(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		for (size_t at = 0, all = 1; at < all; at++) {
			uint8_t bytes[WORLD_DATAGRAM];
			struct device *dev = &w->devices[1];
			struct writer out;

			pki_psk_device(
			    w, 1, "a-meter", true, versions[v], NULL);
			assert_int_equal(
			    dtls_client_tick(dev->client, w->now_ms), RC_OK);
			writer_init(&out, bytes, sizeof(bytes));
			assert_int_equal(
			    dtls_client_output(dev->client, &out), RC_OK);
			assert_int_equal(
			    dtls_stream_open(w->server, &dev->address,
				w->now_ms, &dev->conn),
			    RC_OK);
			all = out.len;
			bytes[at] ^= (uint8_t)(1 << at % 8);
			feed(dev->conn, bytes, out.len);
			world_run(w);
			dtls_stream_ended(w->server, dev->conn, w->now_ms);
			world_run(w);
			w->events[0] = '\0';
			w->trace[0] = '\0';
		}
		again();
	}
}

/* Datagrams mean nothing to it, and streams nothing to the other. */
static void
one_or_the_other(void **state)
{
	static const uint8_t hello[] = {
	    0x16, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1};
	const struct address a = {.family = 4, .ip = {192, 0, 2, 1}, .port = 1};
	uint64_t conn;

	(void)state;
	dtls_receive(w->server, &a, span_of(hello, sizeof(hello)), w->now_ms);
	world_run(w);
	expect_events(w, "");
	config.stream = false;
	again();
	assert_int_equal(
	    dtls_stream_open(w->server, &a, w->now_ms, &conn), RC_UNSUPPORTED);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, start, stop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    STORY(keys_and_certificates),
	    STORY(in_pieces),
	    STORY(cut_at_every_byte),
	    STORY(many_records),
	    STORY(wrong_keys),
	    STORY(key_is_late),
	    STORY(signature_is_late),
	    STORY(refused),
	    STORY(limits),
	    STORY(what_is_no_tls),
	    STORY(floods),
	    STORY(records_have_a_budget),
	    STORY(more_than_a_hello),
	    STORY(endings),
	    STORY(flipped),
	    STORY(one_or_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
