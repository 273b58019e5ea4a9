/* A device with a certificate: who is let in, and who is not. */
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

#define CCM_8 "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8"

static void
six_datagrams_and_one_for_the_signature(void **state)
{
	(void)state;
	pki_serve(w, &(struct pki_house){0});
	pki_device(w, 1, "device", DTLS_CLIENT_12, NULL);
	world_connect(w, 1);
	expect_events(w, "1 sign 0\n1 established x509 a-meter " CCM_8 "\n");
	expect_trace(w,
	    "C1 hello\n"
	    "S1 verify\n"
	    "C1 hello+cookie\n"
	    "S1 hello,cert\n"
	    "S1 exchange,request,done\n"
	    "C1 cert,key,verified,ccs,secret\n"
	    "S1 ccs,secret\n");
	world_say(w, 1, "up");
	world_tell(w, w->last_conn, "down");
	expect_events(w, "1 data up\n");
	assert_string_equal(w->devices[1].heard, "down");
}

static void
the_same_over_dtls_13(void **state)
{
	(void)state;
	pki_serve(w, &(struct pki_house){0});
	pki_device(w, 1, "device", DTLS_CLIENT_13, NULL);
	world_connect(w, 1);
	expect_events(w,
	    "1 sign 0\n"
	    "1 established x509 a-meter TLS_AES_128_GCM_SHA256\n");
	expect_trace(w,
	    "C1 hello\n"
	    "S1 retry\n"
	    "C1 hello+cookie\n"
	    "S1 hello,sealed,sealed,sealed\n"
	    "S1 sealed,sealed\n"
	    "C1 sealed,sealed,sealed\n"
	    "S1 data13\n");
	world_say(w, 1, "up");
	world_tell(w, w->last_conn, "down");
	expect_events(w, "1 data up\n");
	assert_string_equal(w->devices[1].heard, "down");
}

static void
each_suite(void **state)
{
	static const struct {
		const char *name, *iana;
		enum dtls_client_version version;
	} suites[] = {
	    {"ECDHE-ECDSA-AES128-CCM-8", CCM_8, DTLS_CLIENT_12},
	    {"ECDHE-ECDSA-AES128-CCM", "TLS_ECDHE_ECDSA_WITH_AES_128_CCM",
		DTLS_CLIENT_12},
	    {"ECDHE-ECDSA-AES128-GCM-SHA256",
		"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", DTLS_CLIENT_12},
	    {"ECDHE-ECDSA-AES128-SHA256",
		"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", DTLS_CLIENT_12},
	    {"TLS13-AES128-GCM-SHA256", "TLS_AES_128_GCM_SHA256",
		DTLS_CLIENT_13},
	    {"TLS13-AES128-CCM-SHA256", "TLS_AES_128_CCM_SHA256",
		DTLS_CLIENT_13},
	    {"TLS13-AES128-CCM-8-SHA256", "TLS_AES_128_CCM_8_SHA256",
		DTLS_CLIENT_13},
	};

	(void)state;
	pki_serve(w, &(struct pki_house){0});
	for (unsigned i = 0; i < 7; i++) {
		char expected[256];

		pki_device(
		    w, i + 1, "device", suites[i].version, suites[i].name);
		world_connect(w, i + 1);
		(void)snprintf(expected, sizeof(expected),
		    "%u sign 0\n%u established x509 a-meter %s\n", i + 1, i + 1,
		    suites[i].iana);
		expect_events(w, expected);
		world_say(w, i + 1, "up");
		world_tell(w, w->last_conn, "down");
		assert_string_equal(w->devices[i + 1].heard, "down");
		w->events[0] = '\0';
	}
}

/* The leaf is handed to the owner, who looks for the endpoint in it. */
static void
by_way_of_an_intermediate(void **state)
{
	(void)state;
	pki_serve(w, &(struct pki_house){.crl = "device-ca"});
	for (unsigned i = 1; i <= 2; i++) {
		char expected[256];

		pki_device(w, i, "chained", versions[i - 1], NULL);
		world_connect(w, i);
		(void)snprintf(expected, sizeof(expected),
		    "%u sign 0\n%u established x509 b-meter %s\n", i, i,
		    i == 1 ? CCM_8 : "TLS_AES_128_GCM_SHA256");
		expect_events(w, expected);
	}
}

static void
refused(unsigned i, const char *name, enum dtls_client_version version,
    int alert, const char *ending)
{
	char expected[256];

	if (name)
		pki_device(w, i, name, version, NULL);
	else
		pki_bare_device(w, i, version);
	world_connect(w, i);
	(void)snprintf(
	    expected, sizeof(expected), "%u sign 0\n%u %s\n", i, i, ending);
	expect_events(w, expected);
	assert_false(dtls_client_established(w->devices[i].client));
	assert_int_equal(dtls_client_alert(w->devices[i].client), alert);
}

static const struct {
	const char *name, *ending;
} faults[] = {
    {"stranger", "failed untrusted-certificate (e-meter)"},
    {"expired", "failed expired-certificate (f-meter)"},
    /* extendedKeyUsage serverAuth; keyUsage keyAgreement */
    {"misused", "failed bad-certificate (g-meter)"},
    {"agreeing", "failed bad-certificate (h-meter)"},
    {"lost", "failed revoked-certificate (d-meter)"},
    /* It is not revoked, but who has issued it is. */
    {"orphan", "failed revoked-certificate (c-meter)"},
};

enum { FAULTS = sizeof(faults) / sizeof(faults[0]) };

/* Whatever it was, the peer is told the same; the operator reads the reason. */
static void
who_is_not_let_in(void **state)
{
	(void)state;
	pki_serve(w, &(struct pki_house){.crl = "device-ca"});
	for (size_t v = 0; v < 2; v++)
		for (unsigned i = 0; i < FAULTS; i++)
			refused(i + 1, faults[i].name, versions[v], 42,
			    faults[i].ending);
}

/* The last thing that a device got. */
static struct span
last_got(unsigned i)
{
	assert_true(w->devices[i].got_count > 0);
	return world_got(w, i, w->devices[i].got_count - 1);
}

/* Not even a byte of it depends on why. */
static void
nothing_that_helps(void **state)
{
	static const uint8_t alert[] = {
	    0x15, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 6, 0, 2, 2, 42};

	(void)state;
	pki_serve(w, &(struct pki_house){.crl = "device-ca"});
	for (unsigned i = 0; i < FAULTS; i++)
		refused(i + 1, faults[i].name, DTLS_CLIENT_12, 42,
		    faults[i].ending);
	pki_raw_device(w, 7, "stranger", DTLS_CLIENT_12, NULL);
	world_connect(w, 7);
	expect_events(w, "7 sign 0\n7 failed unknown-raw-key (raw key)\n");
	for (unsigned i = 1; i <= FAULTS + 1; i++)
		assert_memory_equal(last_got(i).p, alert, sizeof(alert));
	/* sealed under DTLS 1.3, each by keys of its own: as many, as long */
	for (unsigned i = 0; i < FAULTS; i++) {
		refused(i + 1, faults[i].name, DTLS_CLIENT_13, 42,
		    faults[i].ending);
		assert_int_equal(
		    w->devices[i + 1].got_count, w->devices[1].got_count);
		assert_int_equal(last_got(i + 1).len, last_got(1).len);
	}
}

/* What stands behind the certificate is the owner's to see. */
static void
the_chain_is_told(void **state)
{
	(void)state;
	pki_serve(w, &(struct pki_house){0});
	pki_device(w, 1, "device", DTLS_CLIENT_12, NULL);
	world_connect(w, 1);
	assert_int_equal(w->chain_len, 0);
	for (unsigned i = 0; i < 2; i++) {
		uint8_t der[DTLS_CHAIN_MAX];
		struct writer whole;

		pki_device(w, 2, "chained", versions[i], NULL);
		world_connect(w, 2);
		writer_init(&whole, der, sizeof(der));
		assert_int_equal(
		    pki_der(pki_file("chained", "pem"), &whole), RC_OK);
		assert_true(w->peer_len > 0 && w->chain_len > 0);
		assert_int_equal(w->peer_len + w->chain_len, whole.len);
		assert_memory_equal(w->chain, der + w->peer_len, w->chain_len);
	}
}

static void
who_shows_nothing(void **state)
{
	(void)state;
	pki_serve(w, &(struct pki_house){0});
	refused(1, NULL, DTLS_CLIENT_12, 40, "failed no-certificate");
	refused(2, NULL, DTLS_CLIENT_13, 116, "failed no-certificate");
}

/* Without a CRL of its issuer a certificate is not revoked. */
static void
what_no_crl_lists(void **state)
{
	(void)state;
	pki_serve(w, &(struct pki_house){.crl = "issuing"});
	pki_device(w, 1, "lost", DTLS_CLIENT_12, NULL);
	world_connect(w, 1);
	expect_events(w, "1 sign 0\n1 established x509 d-meter " CCM_8 "\n");
}

static void
another_anchor(void **state)
{
	(void)state;
	pki_serve(w, &(struct pki_house){.trust = "other-ca"});
	refused(1, "device", DTLS_CLIENT_12, 42,
	    "failed untrusted-certificate (a-meter)");
	pki_device(w, 2, "stranger", DTLS_CLIENT_12, NULL);
	world_connect(w, 2);
	expect_events(w, "2 sign 0\n2 established x509 e-meter " CCM_8 "\n");
}

static void
a_device_that_does_not_trust_us(void **state)
{
	struct secret key = {0};

	(void)state;
	pki_serve(w, &(struct pki_house){0});
	assert_int_equal(secret_set(&key, pki_file("device", "key")), RC_OK);
	for (unsigned i = 1; i <= 2; i++) {
		world_open(w, i,
		    &(struct dtls_client_config){.version = versions[i - 1],
			.chain = pki_file("device", "pem"),
			.private_key = &key,
			.trust = pki_file("other-ca", "pem")});
		world_connect(w, i);
	}
	expect_events(w,
	    "1 sign 0\n"
	    "1 failed closed-by-peer\n"
	    "2 sign 0\n"
	    "2 failed closed-by-peer\n");
	secret_fini(&key);
}

/* Somebody else's certificate, without its key. */
static void
a_borrowed_certificate(void **state)
{
	struct secret key = {0};

	(void)state;
	pki_serve(w, &(struct pki_house){0});
	assert_int_equal(secret_set(&key, pki_file("stranger", "key")), RC_OK);
	for (unsigned i = 1; i <= 2; i++) {
		world_open(w, i,
		    &(struct dtls_client_config){.version = versions[i - 1],
			.chain = pki_file("device", "pem"),
			.private_key = &key,
			.trust = pki_file("server-ca", "pem")});
		world_connect(w, i);
		assert_false(dtls_client_established(w->devices[i].client));
	}
	expect_events(w,
	    "1 sign 0\n"
	    "1 failed handshake-protocol (a-meter)\n"
	    "2 sign 0\n"
	    "2 failed handshake-protocol (a-meter)\n");
	secret_fini(&key);
}

/* A key that is shared works as before beside certificates, also for who
 * could do both. */
static void
pre_shared_keys_beside(void **state)
{
	struct secret key = world_key(SPAN_LIT("b"), true);

	(void)state;
	pki_serve(w, &(struct pki_house){0});
	world_device(w, 1, "a-meter", true, NULL);
	world_connect(w, 1);
	world_open(w, 2,
	    &(struct dtls_client_config){.identity = SPAN_LIT("b-meter"),
		.key = &key,
		.trust = pki_file("server-ca", "pem")});
	world_connect(w, 2);
	pki_psk_device(w, 3, "c-meter", true, DTLS_CLIENT_13, NULL);
	world_connect(w, 3);
	secret_fini(&key);
	expect_events(w,
	    "1 wanted a-meter\n"
	    "1 established a-meter TLS_PSK_WITH_AES_128_CCM_8\n"
	    "2 wanted b-meter\n"
	    "2 established b-meter TLS_PSK_WITH_AES_128_CCM_8\n"
	    "3 wanted c-meter\n"
	    "3 established c-meter TLS_AES_128_GCM_SHA256\n");
}

/* No certificates of ours: whoever has nothing else is turned away. */
static void
nothing_to_show(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= 2; i++) {
		pki_device(w, i, "device", versions[i - 1], NULL);
		world_connect(w, i);
		assert_false(dtls_client_established(w->devices[i].client));
	}
	expect_events(w,
	    "1 failed handshake-protocol\n"
	    "2 failed handshake-protocol\n");
	assert_int_equal(dtls_client_alert(w->devices[1].client), 40);
	assert_int_equal(dtls_client_alert(w->devices[2].client), 40);
}

static void
connect_with(enum dtls_client_version version, unsigned up, unsigned down,
    unsigned count)
{
	pki_serve(w, &(struct pki_house){0});
	pki_device(w, 1, "device", version, NULL);
	w->skip_up = up;
	w->lose_up = up == 99 ? 0 : count;
	w->skip_down = down;
	w->lose_down = down == 99 ? 0 : count;
	world_connect(w, 1);
	world_pass(w, 15000);
	w->lose_up = w->lose_down = 0;
}

static void
expect_one_session(enum dtls_client_version version)
{
	struct dtls_counters counters;

	expect_events(w,
	    version == DTLS_CLIENT_12
		? "1 sign 0\n1 established x509 a-meter " CCM_8 "\n"
		: "1 sign 0\n"
		  "1 established x509 a-meter TLS_AES_128_GCM_SHA256\n");
	dtls_counters(w->server, &counters);
	assert_int_equal(counters.live, 1);
	assert_int_equal(counters.pending, 0);
	assert_int_equal(counters.handshakes, 1);
	assert_true(dtls_client_established(w->devices[1].client));
	world_say(w, 1, "hello");
	world_tell(w, w->last_conn, "yourself");
	expect_events(w, "1 data hello\n");
	assert_string_equal(w->devices[1].heard, "yourself");
	w->trace[0] = '\0';
}

/* Each datagram of either side lost, once and three times. */
static void
each_datagram_lost(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++)
		for (unsigned n = 0; n < 5; n++)
			for (unsigned times = 1; times <= 3; times += 2) {
				(void)stop(NULL);
				(void)start(NULL);
				connect_with(versions[v], n, 99, times);
				expect_one_session(versions[v]);
				(void)stop(NULL);
				(void)start(NULL);
				connect_with(versions[v], 99, n, times);
				expect_one_session(versions[v]);
			}
}

static void
everything_twice(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		w->twice = true;
		connect_with(versions[v], 99, 99, 0);
		expect_one_session(versions[v]);
		(void)stop(NULL);
		(void)start(NULL);
	}
}

static void
each_record_alone(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		w->split = true;
		connect_with(versions[v], 99, 99, 0);
		expect_one_session(versions[v]);
		(void)stop(NULL);
		(void)start(NULL);
	}
}

/* wolfSSL sends it again for the Certificate that comes again. */
static void
server_finished_lost(void **state)
{
	(void)state;
	pki_serve(w, &(struct pki_house){0});
	pki_device(w, 1, "device", DTLS_CLIENT_12, NULL);
	w->skip_down = 3;
	w->lose_down = 1;
	world_connect(w, 1);
	w->trace[0] = '\0';
	world_pass(w, 1000);
	expect_trace(w, "C1 cert,key,verified,ccs,secret\nS1 ccs,secret\n");
	expect_one_session(DTLS_CLIENT_12);
}

/* The flight's records in all orders that keep nothing in its place. */
static void
the_flight_in_disorder(void **state)
{
	static const size_t orders[][5] = {
	    {4, 3, 2, 1, 0}, {3, 0, 4, 1, 2}, {1, 0, 3, 2, 4}, {2, 4, 0, 3, 1}};

	(void)state;
	for (size_t n = 0; n < 4; n++) {
		struct span record[5], flight;

		pki_serve(w, &(struct pki_house){0});
		pki_device(w, 1, "device", DTLS_CLIENT_12, NULL);
		w->skip_up = 2;
		w->lose_up = 1;
		world_connect(w, 1);
		flight = world_sent(w, 1, 2);
		for (size_t i = 0; i < 5; i++) {
			record[i] = span_of(flight.p,
			    13 + (size_t)(flight.p[11] << 8 | flight.p[12]));
			flight = span_from(flight, record[i].len);
		}
		for (size_t i = 0; i < 5; i++)
			world_inject(w, 1, record[orders[n][i]]);
		/* Whatever of it came too early comes again. */
		world_pass(w, 3000);
		expect_one_session(DTLS_CLIENT_12);
		(void)stop(NULL);
		(void)start(NULL);
	}
}

/* In the clear, from anybody, before the true flight: nothing of it ends the
 * handshake. */
static void
forged_messages(void **state)
{
	const struct span forged[] = {
	    /* ClientKeyExchange and CertificateVerify in Certificate's place,
	     * Certificate in theirs; one that is empty; one of 16 MB */
	    SPAN_LIT("\x16\xfe\xfd\0\0\0\0\0\0\0\x10\0\x0f"
		     "\x10\0\0\3\0\2\0\0\0\0\0\3\0\1a"),
	    SPAN_LIT("\x16\xfe\xfd\0\0\0\0\0\0\0\x11\0\x0f"
		     "\x0f\0\0\3\0\2\0\0\0\0\0\3\0\1a"),
	    SPAN_LIT("\x16\xfe\xfd\0\0\0\0\0\0\0\x12\0\x0f"
		     "\x0b\0\0\3\0\3\0\0\0\0\0\3\0\1a"),
	    SPAN_LIT("\x16\xfe\xfd\0\0\0\0\0\0\0\x13\0\x0c"
		     "\x0b\0\0\0\0\2\0\0\0\0\0\0"),
	    SPAN_LIT("\x16\xfe\xfd\0\0\0\0\0\0\0\x14\0\x0f"
		     "\x0b\xff\xff\xff\0\2\0\0\0\0\0\3\0\1a"),
	    /* Finished, something new, ChangeCipherSpec, alerts, data */
	    SPAN_LIT("\x16\xfe\xfd\0\0\0\0\0\0\0\x15\0\x0f"
		     "\x14\0\0\3\0\2\0\0\0\0\0\3\0\1a"),
	    SPAN_LIT("\x16\xfe\xfd\0\0\0\0\0\0\0\x16\0\x0f"
		     "\x63\0\0\3\0\2\0\0\0\0\0\3\0\1a"),
	    SPAN_LIT("\x14\xfe\xfd\0\0\0\0\0\0\0\x17\0\1\1"),
	    SPAN_LIT("\x14\xfe\xfd\0\0\0\0\0\0\0\x18\0\1\2"),
	    SPAN_LIT("\x14\xfe\xfd\0\0\0\0\0\0\0\x19\0\2\1\1"),
	    SPAN_LIT("\x15\xfe\xfd\0\0\0\0\0\0\0\x1a\0\1\2"),
	    SPAN_LIT("\x17\xfe\xfd\0\0\0\0\0\0\0\x1b\0\1x"),
	    SPAN_LIT("\x16\xfe\xfd\0\1\0\0\0\0\0\x1c\0\3abc"),
	    SPAN_LIT("\x2e\0\1\0\3abc"),
	};
	struct span flight;

	(void)state;
	pki_serve(w, &(struct pki_house){0});
	pki_device(w, 1, "device", DTLS_CLIENT_12, NULL);
	w->skip_up = 2;
	w->lose_up = 1;
	world_connect(w, 1);
	expect_events(w, "1 sign 0\n");
	flight = world_sent(w, 1, 2);
	/* Before it, and behind each of its first three records. */
	for (int round = 0; round < 4; round++) {
		size_t len = 13 + (size_t)(flight.p[11] << 8 | flight.p[12]);

		w->trace[0] = '\0';
		for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++)
			world_inject(w, 1, forged[i]);
		expect_trace(w, "");
		expect_events(w, "");
		if (round < 3) {
			world_inject(w, 1, span_of(flight.p, len));
			flight = span_from(flight, len);
		}
	}
	world_inject(w, 1, flight);
	/* The forged ChangeCipherSpec behind CertificateVerify was as good as
	 * the true one. */
	expect_events(w, "1 established x509 a-meter " CCM_8 "\n");
}

/* A live association keeps nothing of the handshake. */
static void
nothing_is_kept(void **state)
{
	const struct conn *c;

	(void)state;
	for (size_t v = 0; v < 2; v++) {
		pki_serve(w, &(struct pki_house){0});
		pki_device(w, 1, "device", versions[v], NULL);
		world_connect(w, 1);
		c = conn_by_id(w->server, w->last_conn);
		assert_non_null(c);
		assert_int_equal(c->state, CONN_LIVE);
		assert_null(c->peer);
		assert_null(c->signing);
		assert_null(c->credentials);
	}
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, start, stop)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    STORY(six_datagrams_and_one_for_the_signature),
	    STORY(the_same_over_dtls_13),
	    STORY(each_suite),
	    STORY(by_way_of_an_intermediate),
	    STORY(who_is_not_let_in),
	    STORY(nothing_that_helps),
	    STORY(the_chain_is_told),
	    STORY(who_shows_nothing),
	    STORY(what_no_crl_lists),
	    STORY(another_anchor),
	    STORY(a_device_that_does_not_trust_us),
	    STORY(a_borrowed_certificate),
	    STORY(pre_shared_keys_beside),
	    STORY(nothing_to_show),
	    STORY(each_datagram_lost),
	    STORY(everything_twice),
	    STORY(each_record_alone),
	    STORY(server_finished_lost),
	    STORY(the_flight_in_disorder),
	    STORY(forged_messages),
	    STORY(nothing_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
