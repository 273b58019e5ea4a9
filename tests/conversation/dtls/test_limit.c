/* What one host, one datagram and one credential can take for themselves. */
#include "dtls/internal.h"
#include "pki.h"

#include <stdlib.h>

enum {
	BARE_MAX = 512, /* bytes of a hello */
	COOKIE_AT = 61, /* in a hello without a session id */
	SOCKETS = 2000,
};

static struct world *w;
static uint8_t bare[BARE_MAX]; /* a hello without a cookie */
static size_t bare_len;

static const struct dtls_config small = {
    .connections_max = 100,
    .handshakes_max = 4,
    .handshakes_per_source = 2,
    .handshake_ms = 60000,
    .handshake_datagrams = 64,
    .idle_ms = 300000,
    .cookie_rotate_ms = 60000,
    .mtu = 1280,
};

static void
begin(const struct dtls_config *config)
{
	w = malloc(sizeof(*w));
	assert_non_null(w);
	world_start(w, config);
	/* What a device says first, heard by nobody. */
	world_device(w, 8, "h-meter", true, NULL);
	w->lose_up = 1;
	world_connect(w, 8);
	bare_len = world_sent(w, 8, 0).len;
	assert_true(bare_len > COOKIE_AT && bare_len <= BARE_MAX);
	memcpy(bare, world_sent(w, 8, 0).p, bare_len);
	dtls_client_free(w->devices[8].client);
	w->devices[8].client = NULL;
	w->trace[0] = '\0';
}

static int
start(void **state)
{
	(void)state;
	begin(NULL);
	return 0;
}

static int
start_small(void **state)
{
	(void)state;
	begin(&small);
	return 0;
}

static int
start_few_places(void **state)
{
	struct dtls_config config = small;

	(void)state;
	config.connections_max = 3;
	config.handshakes_max = 100;
	begin(&config);
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

static struct dtls_counters
counters(void)
{
	struct dtls_counters c;

	dtls_counters(w->server, &c);
	return c;
}

static struct address
at(const char *text)
{
	struct address a;

	assert_int_equal(address_parse(span_str(text), &a), RC_OK);
	return a;
}

/* The datagrams that wait to be sent, thrown away: how many. */
static size_t
drained(void)
{
	uint8_t bytes[DTLS_DATAGRAM_MAX];
	struct address to;
	struct writer out;
	size_t count = 0;

	for (;; count++) {
		writer_init(&out, bytes, sizeof(bytes));
		if (dtls_output(w->server, &to, &out) != RC_OK)
			return count;
	}
}

static void
put_be(uint8_t *p, size_t len, size_t width)
{
	while (width-- > 0) {
		p[width] = (uint8_t)len;
		len >>= 8;
	}
}

/* The same hello with its cookie, as from `a`. */
static struct span
with_cookie(const struct address *a, uint8_t out[2 * BARE_MAX])
{
	uint8_t verify[DTLS_DATAGRAM_MAX];
	struct address to;
	struct writer got;
	size_t cookie_len, len;

	dtls_receive(w->server, a, span_of(bare, bare_len), w->now_ms);
	writer_init(&got, verify, sizeof(verify));
	assert_int_equal(dtls_output(w->server, &to, &got), RC_OK);
	assert_true(address_equal(&to, a));
	/* Behind two headers and the version. */
	cookie_len = verify[13 + 12 + 2];
	assert_int_equal(got.len, 13 + 12 + 2 + 1 + cookie_len);
	memcpy(out, bare, COOKIE_AT);
	memcpy(out + COOKIE_AT, verify + 13 + 12 + 3, cookie_len);
	memcpy(out + COOKIE_AT + cookie_len, bare + COOKIE_AT,
	    bare_len - COOKIE_AT);
	len = bare_len + cookie_len;
	out[10] = 1; /* record number and message_seq */
	out[18] = 1;
	out[COOKIE_AT - 1] = (uint8_t)cookie_len;
	put_be(out + 11, len - 13, 2);
	put_be(out + 14, len - 13 - 12, 3);
	put_be(out + 22, len - 13 - 12, 3);
	return span_of(out, len);
}

/* Begin a handshake from there, and say no more. True: it was begun. */
static bool
half_open(const struct address *a)
{
	uint64_t before = counters().handshakes;
	uint8_t bytes[2 * BARE_MAX];
	struct span hello = with_cookie(a, bytes);

	dtls_receive(w->server, a, hello, w->now_ms);
	(void)drained();
	return counters().handshakes > before;
}

static bool
half_open_at(const char *text)
{
	struct address a = at(text);

	return half_open(&a);
}

static bool
connects(unsigned i, const char *identity)
{
	world_device(w, i, identity, true, NULL);
	world_connect(w, i);
	return dtls_client_established(w->devices[i].client);
}

static void
one_host_does_not_lock_out_the_others(void **state)
{
	struct address host = at("192.0.2.1:1");

	(void)state;
	for (size_t i = 0; i < SOCKETS; i++, host.port++)
		assert_int_equal(half_open(&host), i < 256);
	assert_int_equal(counters().pending, 256);
	assert_int_equal(counters().ignored, SOCKETS - 256);
	assert_true(connects(1, "a-meter"));
	expect_events(w,
	    "1 wanted a-meter\n"
	    "1 established a-meter TLS_PSK_WITH_AES_128_CCM_8\n");
}

static void
nor_do_two_thousand_hosts(void **state)
{
	struct address host = at("192.0.2.1:1");

	(void)state;
	for (size_t i = 0; i < SOCKETS; i++) {
		host.ip[2] = (uint8_t)(i >> 8);
		host.ip[3] = (uint8_t)i;
		assert_true(half_open(&host));
	}
	assert_int_equal(counters().pending, SOCKETS);
	assert_true(connects(1, "a-meter"));
	assert_int_equal(counters().pending, SOCKETS - 1);
}

static void
an_address_is_a_source(void **state)
{
	(void)state;
	assert_true(half_open_at("192.0.2.1:1"));
	assert_true(half_open_at("192.0.2.1:2"));
	assert_false(half_open_at("192.0.2.1:3"));
	/* Who has a place there may begin anew. */
	bare[30] ^= 1; /* random */
	assert_true(half_open_at("192.0.2.1:2"));
	bare[30] ^= 1;
	assert_true(half_open_at("192.0.2.2:3"));
	/* Of the same bytes, but another family. */
	assert_true(half_open_at("[c000:201::]:3"));
	world_run(w);
	expect_events(w, "0 failed replaced\n");
	/* All give their places back. */
	world_pass(w, 60000);
	expect_events(w,
	    "0 failed handshake-timeout\n"
	    "0 failed handshake-timeout\n"
	    "0 failed handshake-timeout\n"
	    "0 failed handshake-timeout\n");
	assert_true(half_open_at("192.0.2.1:3"));
	assert_true(half_open_at("192.0.2.1:4"));
	assert_false(half_open_at("192.0.2.1:5"));
}

static void
a_network_of_ipv6_is_a_source(void **state)
{
	(void)state;
	assert_true(half_open_at("[2001:db8:0:1::1]:1"));
	assert_true(half_open_at("[2001:db8:0:1:ffff::1]:1"));
	assert_false(half_open_at("[2001:db8:0:1::2]:1"));
	assert_true(half_open_at("[2001:db8:0:2::1]:1"));
}

/* Established ones are no handshakes any more, and count no longer. */
static void
a_source_is_not_limited_in_what_it_finishes(void **state)
{
	char identity[] = "a-meter";

	(void)state;
	for (unsigned i = 1; i <= 5; i++, identity[0]++) {
		world_device(w, i, identity, true, NULL);
		w->devices[i].address = at("192.0.2.1:7");
		w->devices[i].address.port = (uint16_t)(1000 + i);
		world_connect(w, i);
		assert_true(dtls_client_established(w->devices[i].client));
	}
	assert_int_equal(counters().live, 5);
}

static void
the_oldest_gives_way(void **state)
{
	struct address a = at("192.0.2.5:1");
	uint8_t bytes[2 * BARE_MAX];
	struct span hello;

	(void)state;
	assert_true(half_open_at("192.0.2.1:1"));
	assert_true(half_open_at("192.0.2.2:1"));
	assert_true(half_open_at("192.0.2.3:1"));
	assert_true(half_open_at("192.0.2.4:1"));
	/* To nobody whose cookie is made up. */
	hello = with_cookie(&a, bytes);
	bytes[COOKIE_AT] ^= 1;
	dtls_receive(w->server, &a, hello, w->now_ms);
	assert_int_equal(drained(), 1);
	expect_events(w, "");
	world_run(w);
	expect_events(w, "");
	/* And not for somebody who is there already. */
	bare[30] ^= 1;
	assert_true(half_open_at("192.0.2.1:1"));
	world_run(w);
	expect_events(w, "0 failed replaced\n");
	bytes[COOKIE_AT] ^= 1;
	dtls_receive(w->server, &a, hello, w->now_ms);
	assert_int_equal(drained(), 1);
	world_run(w);
	expect_events(w, "0 failed resources\n");
	/* It was the second, for the first had begun anew: both the third and
	 * the first are there. */
	assert_true(half_open_at("192.0.2.3:1"));
	bare[30] ^= 1;
	assert_true(half_open_at("192.0.2.1:1"));
	world_run(w);
	expect_events(w, "0 failed replaced\n0 failed replaced\n");
	assert_int_equal(counters().pending, 4);
}

/* Who has sent its ClientKeyExchange does not. */
static void
not_who_has_come_further(void **state)
{
	(void)state;
	w->silent_keeper = true;
	assert_false(connects(1, "a-meter"));
	assert_false(connects(2, "b-meter"));
	assert_true(half_open_at("192.0.2.1:1"));
	assert_true(half_open_at("192.0.2.2:1"));
	w->events[0] = '\0';
	assert_false(connects(3, "c-meter"));
	assert_false(connects(4, "d-meter"));
	expect_events(w,
	    "0 failed resources\n"
	    "3 wanted c-meter\n"
	    "0 failed resources\n"
	    "4 wanted d-meter\n");
	/* Not even when the keeper could not be asked. */
	dtls_psk_unavailable(w->server, w->wanted, w->now_ms);
	assert_false(half_open_at("192.0.2.3:1"));
	world_run(w);
	expect_events(w, "");
	assert_int_equal(counters().pending, 4);
}

/* Three more, and one that finds no room but theirs. */
static void
crowd(void)
{
	assert_true(half_open_at("192.0.2.1:1"));
	assert_true(half_open_at("192.0.2.2:1"));
	assert_true(half_open_at("192.0.2.3:1"));
	world_run(w);
	w->events[0] = '\0';
	assert_true(half_open_at("192.0.2.4:1"));
	world_run(w);
	assert_int_equal(counters().pending, 4);
}

/* A signature was made for it, but it has shown nothing yet. */
static void
who_has_shown_no_certificate_gives_way(void **state)
{
	(void)state;
	pki_serve(w, &(struct pki_house){0});
	pki_device(w, 1, "device", DTLS_CLIENT_12, NULL);
	w->skip_up = 2;
	w->lose_up = 8;
	world_connect(w, 1);
	expect_events(w, "1 sign 0\n");
	crowd();
	expect_events(w, "1 failed resources\n");
}

/* Nor does it matter whether the token is still at it. */
static void
who_waits_for_a_signature_gives_way(void **state)
{
	(void)state;
	pki_serve(w, &(struct pki_house){0});
	w->silent_signer = true;
	pki_device(w, 1, "device", DTLS_CLIENT_12, NULL);
	world_connect(w, 1);
	expect_events(w, "1 sign 0\n");
	crowd();
	expect_events(w, "1 failed resources\n");
	assert_int_equal(
	    dtls_sign_answer(w->server, w->sign_conn, NULL, w->now_ms),
	    RC_NOT_FOUND);
}

static void
not_who_is_let_in_by_its_certificate(void **state)
{
	struct span flight;

	(void)state;
	pki_serve(w, &(struct pki_house){0});
	pki_device(w, 1, "device", DTLS_CLIENT_12, NULL);
	w->skip_up = 2;
	w->lose_up = 1;
	world_connect(w, 1);
	expect_events(w, "1 sign 0\n");
	/* Of its flight only the first record, the certificate, arrives. */
	flight = world_sent(w, 1, 2);
	flight.len = 13 + (size_t)(flight.p[11] << 8 | flight.p[12]);
	world_inject(w, 1, flight);
	crowd();
	expect_events(w, "0 failed resources\n");
}

#if DTLS_HAVE_13
/* Its hello names an identity, as anybody's can. */
static void
who_waits_for_a_binders_key_gives_way(void **state)
{
	(void)state;
	w->silent_keeper = true;
	pki_psk_device(w, 1, "a-meter", true, DTLS_CLIENT_13, NULL);
	world_connect(w, 1);
	expect_events(w, "1 wanted a-meter\n");
	crowd();
	expect_events(w, "1 failed resources a-meter\n");
	assert_int_equal(
	    dtls_psk_answer(w->server, w->wanted, NULL, 0, w->now_ms),
	    RC_NOT_FOUND);
}

static void
not_who_has_a_good_binder(void **state)
{
	(void)state;
	pki_psk_device(w, 1, "a-meter", true, DTLS_CLIENT_13, NULL);
	w->skip_up = 2;
	w->lose_up = 8;
	world_connect(w, 1);
	expect_events(w, "1 wanted a-meter\n");
	crowd();
	expect_events(w, "0 failed resources\n");
}

static void
four_associations_an_identity_over_dtls_13(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= 4; i++) {
		pki_psk_device(w, i, "a-meter", true, DTLS_CLIENT_13, NULL);
		world_connect(w, i);
	}
	assert_int_equal(counters().live, 4);
	w->events[0] = '\0';
	pki_psk_device(w, 5, "a-meter", true, DTLS_CLIENT_13, NULL);
	world_connect(w, 5);
	expect_events(w,
	    "5 wanted a-meter\n"
	    "1 closed replaced a-meter\n"
	    "5 established a-meter TLS_AES_128_GCM_SHA256\n");
	assert_int_equal(counters().live, 4);
}
#endif

/* A certificate is no identity here: who may have how many is not known. */
static void
as_many_as_come_with_a_certificate(void **state)
{
	(void)state;
	pki_serve(w, &(struct pki_house){0});
	for (unsigned i = 1; i <= 6; i++) {
		pki_device(w, i, "device", DTLS_CLIENT_12, NULL);
		world_connect(w, i);
		assert_true(dtls_client_established(w->devices[i].client));
	}
	assert_int_equal(counters().live, 6);
}

/* The limit of associations holds all that are begun. */
static void
half_open_ones_take_no_places_of_associations(void **state)
{
	char identity[] = "a-meter";

	(void)state;
	assert_true(half_open_at("192.0.2.1:1"));
	assert_true(half_open_at("192.0.2.2:1"));
	assert_true(half_open_at("192.0.2.3:1"));
	for (unsigned i = 1; i <= 3; i++, identity[0]++)
		assert_true(connects(i, identity));
	assert_int_equal(counters().live, 3);
	assert_int_equal(counters().pending, 0);
	assert_false(connects(4, "d-meter"));
	assert_false(half_open_at("192.0.2.1:1"));
}

/* Twenty hellos in a datagram: a stranger's address gets one answer. */
static void
one_answer_a_datagram(void **state)
{
	struct address victim = at("192.0.2.1:1");
	uint8_t many[20 * 2 * BARE_MAX], bytes[2 * BARE_MAX];
	struct span forged = with_cookie(&victim, bytes);

	(void)state;
	for (size_t i = 0; i < 20; i++)
		memcpy(many + i * bare_len, bare, bare_len);
	dtls_receive(
	    w->server, &victim, span_of(many, 20 * bare_len), w->now_ms);
	assert_int_equal(drained(), 1);
	/* Likewise with cookies that are none. */
	bytes[COOKIE_AT] ^= 1;
	for (size_t i = 0; i < 20; i++)
		memcpy(many + i * forged.len, forged.p, forged.len);
	dtls_receive(
	    w->server, &victim, span_of(many, 20 * forged.len), w->now_ms);
	assert_int_equal(drained(), 1);
	/* The next datagram is another one. */
	dtls_receive(w->server, &victim, span_of(bare, bare_len), w->now_ms);
	assert_int_equal(drained(), 1);
	assert_int_equal(counters().handshakes, 0);
}

static void
four_associations_an_identity(void **state)
{
	struct dtls_client *first;

	(void)state;
	for (unsigned i = 1; i <= 4; i++)
		assert_true(connects(i, "a-meter"));
	assert_true(connects(5, "another"));
	first = w->devices[1].client;
	w->events[0] = w->trace[0] = '\0';
	assert_true(connects(6, "a-meter"));
	expect_events(w,
	    "6 wanted a-meter\n"
	    "1 closed replaced a-meter\n"
	    "6 established a-meter TLS_PSK_WITH_AES_128_CCM_8\n");
	expect_trace(w,
	    "C6 hello\n"
	    "S6 verify\n"
	    "C6 hello+cookie\n"
	    "S6 hello,done\n"
	    "C6 key,ccs,secret\n"
	    "S6 ccs,secret\n"
	    "S1 bye\n");
	assert_false(dtls_client_established(first));
	assert_int_equal(counters().live, 5);
	/* The device that was closed comes again: now the second goes. */
	assert_true(connects(1, "a-meter"));
	expect_events(w,
	    "1 wanted a-meter\n"
	    "2 closed replaced a-meter\n"
	    "1 established a-meter TLS_PSK_WITH_AES_128_CCM_8\n");
	/* From an address where it is already it takes that place alone. */
	assert_true(connects(3, "a-meter"));
	expect_events(w,
	    "3 wanted a-meter\n"
	    "3 closed replaced a-meter\n"
	    "3 established a-meter TLS_PSK_WITH_AES_128_CCM_8\n");
	/* One that ends makes room. */
	dtls_client_close(w->devices[4].client);
	world_run(w);
	w->events[0] = '\0';
	assert_true(connects(7, "a-meter"));
	expect_events(w,
	    "7 wanted a-meter\n"
	    "7 established a-meter TLS_PSK_WITH_AES_128_CCM_8\n");
	world_say(w, 5, "all the while");
	expect_events(w, "5 data all the while\n");
}

/* Without the key nobody ends what an identity has. */
static void
not_for_who_only_names_it(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= 4; i++)
		assert_true(connects(i, "a-meter"));
	w->events[0] = '\0';
	for (unsigned i = 5; i <= 6; i++) {
		world_device(w, i, "a-meter", false, NULL);
		world_connect(w, i);
	}
	expect_events(w,
	    "5 wanted a-meter\n"
	    "5 failed wrong-key a-meter\n"
	    "6 wanted a-meter\n"
	    "6 failed wrong-key a-meter\n");
	assert_int_equal(counters().live, 4);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, start, stop)
#define SMALL(name) cmocka_unit_test_setup_teardown(name, start_small, stop)
#define FEW(name) cmocka_unit_test_setup_teardown(name, start_few_places, stop)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		STORY(one_host_does_not_lock_out_the_others),
		STORY(nor_do_two_thousand_hosts),
		SMALL(an_address_is_a_source),
		SMALL(a_network_of_ipv6_is_a_source),
		SMALL(a_source_is_not_limited_in_what_it_finishes),
		SMALL(the_oldest_gives_way),
		SMALL(not_who_has_come_further),
		SMALL(who_has_shown_no_certificate_gives_way),
		SMALL(who_waits_for_a_signature_gives_way),
		SMALL(not_who_is_let_in_by_its_certificate),
#if DTLS_HAVE_13
		SMALL(who_waits_for_a_binders_key_gives_way),
		SMALL(not_who_has_a_good_binder),
		STORY(four_associations_an_identity_over_dtls_13),
#endif
		STORY(as_many_as_come_with_a_certificate),
		FEW(half_open_ones_take_no_places_of_associations),
		STORY(one_answer_a_datagram),
		STORY(four_associations_an_identity),
		STORY(not_for_who_only_names_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
