/* Raw public keys (RFC 7250): known ones only, beside everything else. */
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

#define CCM_8 "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8"
#define GCM_13 "TLS_AES_128_GCM_SHA256"

static const enum dtls_client_version versions[] = {
    DTLS_CLIENT_12, DTLS_CLIENT_13};
static const char *const suites[] = {CCM_8, GCM_13};

static void
expect_raw(unsigned i, const char *name, const char *suite)
{
	struct span key = pki_file(name, "spki");
	char expected[256];

	(void)snprintf(expected, sizeof(expected),
	    "%u sign 0\n%u established rpk %02x%02x %s\n", i, i, key.p[89],
	    key.p[90], suite);
	expect_events(w, expected);
}

/* No certificate anywhere: a server with a key alone, too. */
static void
a_known_key(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 4; n++) {
		unsigned i = n + 1;

		pki_serve(w,
		    &(struct pki_house){.no_chains = n > 1,
			.servers = 1,
			.raw_keys = {"chained", "device"}});
		pki_raw_device(w, i, "device", versions[n % 2], NULL);
		world_connect(w, i);
		expect_raw(i, "device", suites[n % 2]);
		world_say(w, i, "up");
		world_tell(w, w->last_conn, "down");
		assert_string_equal(w->devices[i].heard, "down");
		w->events[0] = '\0';
	}
}

static void
each_suite(void **state)
{
	static const struct {
		const char *name, *iana;
	} rows[] = {
	    {"ECDHE-ECDSA-AES128-CCM-8", CCM_8},
	    {"ECDHE-ECDSA-AES128-GCM-SHA256",
		"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
	    {"ECDHE-ECDSA-AES128-SHA256",
		"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"},
	};

	(void)state;
	pki_serve(w, &(struct pki_house){.raw_keys = {"device"}});
	for (unsigned i = 0; i < 3; i++) {
		pki_raw_device(
		    w, i + 1, "device", DTLS_CLIENT_12, rows[i].name);
		world_connect(w, i + 1);
		expect_raw(i + 1, "device", rows[i].iana);
	}
}

static void
an_unknown_key(void **state)
{
	(void)state;
	pki_serve(w, &(struct pki_house){.raw_keys = {"device"}});
	for (unsigned i = 1; i <= 2; i++) {
		char expected[256];

		pki_raw_device(w, i, "stranger", versions[i - 1], NULL);
		world_connect(w, i);
		(void)snprintf(expected, sizeof(expected),
		    "%u sign 0\n%u failed unknown-raw-key (raw key)\n", i, i);
		expect_events(w, expected);
		assert_int_equal(dtls_client_alert(w->devices[i].client), 42);
	}
}

/* The table is empty, not open. */
static void
none_is_known(void **state)
{
	(void)state;
	pki_serve(w, &(struct pki_house){0});
	pki_raw_device(w, 1, "device", DTLS_CLIENT_12, NULL);
	world_connect(w, 1);
	expect_events(w, "1 sign 0\n1 failed unknown-raw-key (raw key)\n");
}

/* The key of somebody else, which the device does not have. */
static void
a_borrowed_key(void **state)
{
	struct secret key = {0};

	(void)state;
	pki_serve(w, &(struct pki_house){.raw_keys = {"device"}});
	assert_int_equal(secret_set(&key, pki_file("stranger", "key")), RC_OK);
	for (unsigned i = 1; i <= 2; i++) {
		char expected[256];

		world_open(w, i,
		    &(struct dtls_client_config){.version = versions[i - 1],
			.public_key = pki_file("device", "spki"),
			.private_key = &key,
			.server_key = pki_file("server", "spki")});
		world_connect(w, i);
		(void)snprintf(expected, sizeof(expected),
		    "%u sign 0\n%u failed handshake-protocol (raw key)\n", i,
		    i);
		expect_events(w, expected);
	}
	secret_fini(&key);
}

/* One side raw, the other with a certificate; and all three kinds of device
 * on one port. */
static void
each_with_each(void **state)
{
	struct secret key = {0};

	(void)state;
	pki_serve(w, &(struct pki_house){.raw_keys = {"device"}});
	assert_int_equal(secret_set(&key, pki_file("device", "key")), RC_OK);
	for (unsigned i = 0; i < 2; i++) {
		char expected[256];

		world_open(w, 1,
		    &(struct dtls_client_config){.version = versions[i],
			.public_key = pki_file("device", "spki"),
			.private_key = &key,
			.trust = pki_file("server-ca", "pem")});
		world_connect(w, 1);
		world_pass(w, 0);
		w->events[0] = '\0';
		assert_true(dtls_client_established(w->devices[1].client));
		world_open(w, 2,
		    &(struct dtls_client_config){.version = versions[i],
			.chain = pki_file("device", "pem"),
			.private_key = &key,
			.server_key = pki_file("server", "spki")});
		world_connect(w, 2);
		assert_true(dtls_client_established(w->devices[2].client));
		pki_raw_device(w, 3, "device", versions[i], NULL);
		world_connect(w, 3);
		pki_device(w, 4, "device", versions[i], NULL);
		world_connect(w, 4);
		pki_psk_device(w, 5, "e-meter", true, versions[i], NULL);
		world_connect(w, 5);
		for (unsigned n = 2; n <= 5; n++)
			assert_true(
			    dtls_client_established(w->devices[n].client));
		(void)snprintf(expected, sizeof(expected), " %s\n", suites[i]);
		assert_non_null(
		    strstr(w->events, "2 established x509 a-meter"));
		assert_non_null(strstr(w->events, "3 established rpk "));
		assert_non_null(
		    strstr(w->events, "4 established x509 a-meter"));
		assert_non_null(strstr(w->events, "5 established e-meter"));
		assert_non_null(strstr(w->events, expected));
		(void)stop(NULL);
		(void)start(NULL);
		pki_serve(w, &(struct pki_house){.raw_keys = {"device"}});
	}
	secret_fini(&key);
}

/* A certificate is no raw key, whoever has its key. */
static void
a_certificate_in_place_of_a_key(void **state)
{
	(void)state;
	pki_serve(w,
	    &(struct pki_house){.trust = "other-ca", .raw_keys = {"device"}});
	pki_device(w, 1, "device", DTLS_CLIENT_12, NULL);
	world_connect(w, 1);
	expect_events(
	    w, "1 sign 0\n1 failed untrusted-certificate (a-meter)\n");
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, start, stop)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    STORY(a_known_key),
	    STORY(each_suite),
	    STORY(an_unknown_key),
	    STORY(none_is_known),
	    STORY(a_borrowed_key),
	    STORY(each_with_each),
	    STORY(a_certificate_in_place_of_a_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
