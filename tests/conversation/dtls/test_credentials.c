/* What the server shows: by name, replaced while it runs, and what is no credential. */
#include "base/digest.h"
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

/* Which server's certificate the device was shown. */
static const char *
shown(unsigned i)
{
	static const char *const names[] = {
	    "server", "server-two", "server-cn"};
	uint8_t seen[32], digest[32];

	if (!dtls_client_server(w->devices[i].client, seen))
		return "none";
	for (size_t n = 0; n < 3; n++) {
		uint8_t der[2048];
		struct writer out;

		writer_init(&out, der, sizeof(der));
		assert_int_equal(
		    pki_der(pki_file(names[n], "pem"), &out), RC_OK);
		digest_of(writer_span(&out), digest);
		if (memcmp(seen, digest, 32) == 0)
			return names[n];
		digest_of(pki_file(names[n], "spki"), digest);
		if (memcmp(seen, digest, 32) == 0)
			return names[n];
	}
	return "?";
}

/* dNSName whatever the case, "*" for one label, the common name without any;
 * else the first. */
static void
by_name(void **state)
{
	static const struct {
		const char *name, *server;
	} rows[] = {
	    {"bs.example", "server"},
	    {"BS.Example", "server"},
	    {"bs2.example", "server"},
	    {"one.two.example", "server-two"},
	    {"cn.example", "server-cn"},
	    {NULL, "server"},
	    /* Not what they ask for, and refused by the device. */
	    {"other.example", "server"},
	    {"two.example", "server"},
	    {"a.b.two.example", "server"},
	};

	(void)state;
	pki_serve(w, &(struct pki_house){0});
	for (size_t v = 0; v < 2; v++)
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			pki_device_for(
			    w, 1, "device", rows[i].name, versions[v]);
			w->sign_key = 99;
			world_connect(w, 1);
			if (strcmp(shown(1), rows[i].server) != 0)
				fail_msg("%s: %s",
				    rows[i].name ? rows[i].name : "no name",
				    shown(1));
			assert_int_equal(w->sign_key,
			    strcmp(rows[i].server, "server") == 0 ? 0
				: strcmp(rows[i].server, "server-two") == 0
				? 1
				: 2);
			assert_int_equal(
			    dtls_client_established(w->devices[1].client),
			    i < 6);
		}
}

/* Live associations do not notice; what comes next sees the new ones. */
static void
replaced_under_live_ones(void **state)
{
	uint64_t conn;

	(void)state;
	pki_serve(w, &(struct pki_house){.raw_keys = {"device"}});
	pki_device(w, 1, "device", DTLS_CLIENT_12, NULL);
	world_connect(w, 1);
	conn = w->last_conn;
	pki_device(w, 2, "device", DTLS_CLIENT_13, NULL);
	world_connect(w, 2);
	pki_raw_device(w, 3, "device", DTLS_CLIENT_12, NULL);
	world_connect(w, 3);
	/* One that is between its two hellos. */
	pki_device(w, 4, "stranger", DTLS_CLIENT_13, NULL);
	w->skip_up = 1;
	w->lose_up = 1;
	world_connect(w, 4);
	w->events[0] = '\0';

	pki_serve(w, &(struct pki_house){.trust = "other-ca"});
	for (unsigned i = 1; i <= 3; i++) {
		char expected[64];

		world_say(w, i, "unchanged");
		(void)snprintf(
		    expected, sizeof(expected), "%u data unchanged\n", i);
		expect_events(w, expected);
	}
	world_tell(w, conn, "indeed");
	assert_string_equal(w->devices[1].heard, "indeed");
	world_inject(w, 4, world_sent(w, 4, 1));
	expect_events(w,
	    "4 sign 0\n"
	    "4 established x509 e-meter TLS_AES_128_GCM_SHA256\n");
	pki_device(w, 5, "device", DTLS_CLIENT_12, NULL);
	world_connect(w, 5);
	expect_events(
	    w, "5 sign 0\n5 failed untrusted-certificate (a-meter)\n");
	pki_raw_device(w, 6, "device", DTLS_CLIENT_12, NULL);
	world_connect(w, 6);
	expect_events(w, "6 sign 0\n6 failed unknown-raw-key (raw key)\n");
	/* And none at all. */
	assert_int_equal(dtls_set_credentials(w->server, NULL, NULL), RC_OK);
	world_say(w, 1, "still");
	expect_events(w, "1 data still\n");
	world_device(w, 7, "g", true, NULL);
	world_connect(w, 7);
	expect_events(
	    w, "7 wanted g\n7 established g TLS_PSK_WITH_AES_128_CCM_8\n");
}

/* A handshake that is under way ends by the rules that it began by. */
static void
replaced_under_a_handshake(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		pki_serve(w, &(struct pki_house){0});
		pki_device(w, 1, "device", versions[v], NULL);
		w->skip_up = 2;
		w->lose_up = 1;
		world_connect(w, 1);
		w->events[0] = '\0';
		pki_serve(w, &(struct pki_house){.trust = "other-ca"});
		world_inject(w, 1, world_sent(w, 1, 2));
		assert_non_null(
		    strstr(w->events, "1 established x509 a-meter"));
		(void)stop(NULL);
		(void)start(NULL);
	}
}

static void
try_one(enum rc rc, const char *what, size_t index,
    const struct dtls_credentials *c)
{
	struct dtls_fault fault = {"nothing", 99};

	assert_int_equal(dtls_set_credentials(w->server, c, &fault), rc);
	assert_string_equal(fault.what, what);
	assert_int_equal(fault.index, index);
	/* Nothing has changed. */
	pki_device(w, 1, "device", DTLS_CLIENT_12, NULL);
	world_connect(w, 1);
	assert_true(dtls_client_established(w->devices[1].client));
}

/* A server's certificate of each kind that is none. */
static void
no_chain(void **state)
{
	const struct span bad[] = {
	    SPAN_LIT("-----BEGIN CERTIFICATE-----\nAAAA\n"),
	    SPAN_LIT("-----BEGIN CERTIFICATE-----\n"
		     "-----END CERTIFICATE-----\n"),
	    SPAN_LIT("-----BEGIN CERTIFICATE-----\nMAA=\n"
		     "-----END CERTIFICATE-----\n"),
	    SPAN_LIT("\x30\0"),
	    SPAN_LIT("what is that?"),
	    pki_file("server", "key"),
	    pki_file("server", "spki"),
	    pki_file("device-ca", "crl"),
	};

	(void)state;
	pki_serve(w, &(struct pki_house){0});
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct dtls_server_credential s[] = {
		    {.chain = pki_file("server", "pem")}, {.chain = bad[i]}};

		try_one(RC_MALFORMED, "chain", 1,
		    &(struct dtls_credentials){
			.servers = s, .server_count = 2});
	}
}

static void
no_key(void **state)
{
	struct dtls_server_credential s = {0};
	uint8_t key[91];

	(void)state;
	pki_serve(w, &(struct pki_house){0});
	/* Neither; too short; of another curve; not on the curve. */
	try_one(RC_MALFORMED, "public-key", 0,
	    &(struct dtls_credentials){.servers = &s, .server_count = 1});
	memcpy(key, pki_file("server", "spki").p, 91);
	s.public_key = span_of(key, 90);
	try_one(RC_MALFORMED, "public-key", 0,
	    &(struct dtls_credentials){.servers = &s, .server_count = 1});
	s.public_key = span_of(key, 91);
	key[22] = 6;
	try_one(RC_MALFORMED, "public-key", 0,
	    &(struct dtls_credentials){.servers = &s, .server_count = 1});
	/* That of another certificate. */
	s.chain = pki_file("server", "pem");
	s.public_key = pki_file("server-two", "spki");
	try_one(RC_CONFLICT, "chain", 0,
	    &(struct dtls_credentials){.servers = &s, .server_count = 1});
}

static void
no_trust(void **state)
{
	struct dtls_server_credential s = {.chain = pki_file("server", "pem")};
	struct span trust[] = {
	    pki_file("device-ca", "pem"), SPAN_LIT("nothing")};

	(void)state;
	pki_serve(w, &(struct pki_house){0});
	try_one(RC_MALFORMED, "trust", 1,
	    &(struct dtls_credentials){.servers = &s,
		.server_count = 1,
		.trust = trust,
		.trust_count = 2});
	trust[1] = (struct span){0};
	try_one(RC_MALFORMED, "trust", 1,
	    &(struct dtls_credentials){.servers = &s,
		.server_count = 1,
		.trust = trust,
		.trust_count = 2});
	/* A certificate of a device signs nothing. */
	trust[1] = pki_file("device", "pem");
	try_one(RC_MALFORMED, "trust", 1,
	    &(struct dtls_credentials){.servers = &s,
		.server_count = 1,
		.trust = trust,
		.trust_count = 2});
}

static void
no_crl(void **state)
{
	struct dtls_server_credential s = {.chain = pki_file("server", "pem")};
	struct span crls[] = {
	    pki_file("device-ca", "crl"), pki_file("device-ca", "pem")};

	(void)state;
	pki_serve(w, &(struct pki_house){0});
	try_one(RC_MALFORMED, "crl", 1,
	    &(struct dtls_credentials){.servers = &s,
		.server_count = 1,
		.crls = crls,
		.crl_count = 2});
}

static void
too_many(void **state)
{
	static struct dtls_server_credential s[DTLS_SERVERS_MAX + 1];
	struct span trust = pki_file("device-ca", "pem");

	(void)state;
	for (size_t i = 0; i <= DTLS_SERVERS_MAX; i++)
		s[i].chain = pki_file("server", "pem");
	pki_serve(w, &(struct pki_house){0});
	try_one(RC_TOO_LARGE, "", 0,
	    &(struct dtls_credentials){.servers = s,
		.server_count = DTLS_SERVERS_MAX + 1,
		.trust = &trust,
		.trust_count = 1});
	assert_int_equal(dtls_set_credentials(w->server,
			     &(struct dtls_credentials){.servers = s,
				 .server_count = DTLS_SERVERS_MAX,
				 .trust = &trust,
				 .trust_count = 1},
			     NULL),
	    RC_OK);
	pki_device(w, 1, "device", DTLS_CLIENT_12, NULL);
	world_connect(w, 1);
	assert_true(dtls_client_established(w->devices[1].client));
}

/* DER as well as PEM, and much at once. */
static void
in_der(void **state)
{
	uint8_t chain[4096], trust[4096];
	struct writer c, t;
	struct dtls_server_credential s;
	struct span anchors;

	(void)state;
	writer_init(&c, chain, sizeof(chain));
	writer_init(&t, trust, sizeof(trust));
	assert_int_equal(pki_der(pki_file("server", "pem"), &c), RC_OK);
	assert_int_equal(pki_der(pki_file("server-ca", "pem"), &c), RC_OK);
	assert_int_equal(pki_der(pki_file("other-ca", "pem"), &t), RC_OK);
	assert_int_equal(pki_der(pki_file("device-ca", "pem"), &t), RC_OK);
	s = (struct dtls_server_credential){.chain = writer_span(&c)};
	anchors = writer_span(&t);
	assert_int_equal(dtls_set_credentials(w->server,
			     &(struct dtls_credentials){.servers = &s,
				 .server_count = 1,
				 .trust = &anchors,
				 .trust_count = 1},
			     NULL),
	    RC_OK);
	memset(chain, 0, sizeof(chain)); /* copied */
	memset(trust, 0, sizeof(trust));
	for (unsigned i = 1; i <= 2; i++) {
		pki_device(w, i, i == 1 ? "device" : "stranger",
		    versions[i - 1], NULL);
		world_connect(w, i);
		assert_true(dtls_client_established(w->devices[i].client));
	}
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, start, stop)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    STORY(by_name),
	    STORY(replaced_under_live_ones),
	    STORY(replaced_under_a_handshake),
	    STORY(no_chain),
	    STORY(no_key),
	    STORY(no_trust),
	    STORY(no_crl),
	    STORY(too_many),
	    STORY(in_der),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
