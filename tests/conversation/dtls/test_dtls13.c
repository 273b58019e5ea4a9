/* DTLS 1.3 with a pre-shared key, beside 1.2 on the same port. */
#include "dtls/internal.h"
#include "pki.h"

#include <malloc.h>
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

#define GCM "TLS_AES_128_GCM_SHA256"

static struct dtls_counters
counters(void)
{
	struct dtls_counters c;

	dtls_counters(w->server, &c);
	return c;
}

static void
device(const char *identity, bool right_key)
{
	pki_psk_device(w, 1, identity, right_key, DTLS_CLIENT_13, NULL);
}

static void
six_datagrams(void **state)
{
	(void)state;
	device("a-meter", true);
	world_connect(w, 1);
	expect_trace(w,
	    "C1 hello\n"
	    "S1 retry\n"
	    "C1 hello+cookie\n"
	    "S1 hello,sealed,sealed\n"
	    "C1 sealed\n"
	    "S1 data13\n");
	expect_events(w, "1 wanted a-meter\n1 established a-meter " GCM "\n");
	assert_string_equal(
	    dtls_client_version(w->devices[1].client), "DTLS 1.3");
	assert_true(world_got(w, 1, 0).len <= 3 * world_sent(w, 1, 0).len);
	assert_int_equal(dtls_tag(w->server, w->last_conn), 7);
}

static void
each_suite(void **state)
{
	static const struct {
		const char *name, *iana;
	} suites[] = {
	    {"TLS13-AES128-GCM-SHA256", GCM},
	    {"TLS13-AES128-CCM-SHA256", "TLS_AES_128_CCM_SHA256"},
	    {"TLS13-AES128-CCM-8-SHA256", "TLS_AES_128_CCM_8_SHA256"},
	};

	(void)state;
	for (unsigned i = 1; i <= 3; i++) {
		char identity[] = {(char)('a' + (int)i - 1), '\0'};
		char expected[256];

		pki_psk_device(
		    w, i, identity, true, DTLS_CLIENT_13, suites[i - 1].name);
		world_connect(w, i);
		(void)snprintf(expected, sizeof(expected),
		    "%u wanted %s\n%u established %s %s\n", i, identity, i,
		    identity, suites[i - 1].iana);
		expect_events(w, expected);
		world_say(w, i, "1");
		world_tell(w, w->last_conn, "2");
		assert_string_equal(w->devices[i].heard, "2");
		w->events[0] = '\0';
	}
}

/* Who can do both gets the newer one. */
static void
both_versions(void **state)
{
	(void)state;
	pki_psk_device(w, 1, "a-meter", true, DTLS_CLIENT_ANY, NULL);
	world_connect(w, 1);
	expect_events(w, "1 wanted a-meter\n1 established a-meter " GCM "\n");
	pki_psk_device(w, 2, "b-meter", true, DTLS_CLIENT_12, NULL);
	world_connect(w, 2);
	expect_events(w,
	    "2 wanted b-meter\n"
	    "2 established b-meter TLS_PSK_WITH_AES_128_CCM_8\n");
}

/* A hello that has been answered leaves nothing behind in who answers it,
 * whatever version it was of. */
static void
hellos_of_both_versions_by_turns(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= WORLD_CLIENTS; i++) {
		char identity[] = {(char)('a' + (int)i - 1), '\0'};

		pki_psk_device(w, i, identity, true,
		    i % 2 ? DTLS_CLIENT_13 : DTLS_CLIENT_12, NULL);
		assert_int_equal(
		    dtls_client_tick(w->devices[i].client, w->now_ms), RC_OK);
	}
	world_run(w);
	for (unsigned i = 1; i <= WORLD_CLIENTS; i++)
		assert_true(dtls_client_established(w->devices[i].client));
	assert_int_equal(counters().live, WORLD_CLIENTS);
	assert_int_equal(counters().handshakes, WORLD_CLIENTS);
}

static const char refused_trace[] = "C1 hello\n"
				    "S1 retry\n"
				    "C1 hello+cookie\n"
				    "S1 alert(2,47)\n";

/* Both fail at the binder: RFC 8446 4.2.11 lets an unknown identity fall back
 * to certificates, which would tell who is known. */
static void
unknown_and_wrong_look_the_same(void **state)
{
	(void)state;
	for (int certificates = 0; certificates < 2; certificates++) {
		if (certificates)
			pki_serve(w, &(struct pki_house){0});
		device("xavier", true);
		world_connect(w, 1);
		expect_trace(w, refused_trace);
		expect_events(
		    w, "1 wanted xavier\n1 failed unknown-identity xavier\n");
		assert_int_equal(dtls_client_alert(w->devices[1].client), 47);
		device("anchor", false);
		world_connect(w, 1);
		expect_trace(w, refused_trace);
		expect_events(
		    w, "1 wanted anchor\n1 failed wrong-key anchor\n");
		assert_int_equal(dtls_client_alert(w->devices[1].client), 47);
	}
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(
		    world_got(w, 1, i).len, world_got(w, 1, i + 2).len);
	assert_true(span_equal(world_got(w, 1, 1), world_got(w, 1, 3)));
	device("a-good-one", true);
	world_connect(w, 1);
	expect_events(
	    w, "1 wanted a-good-one\n1 established a-good-one " GCM "\n");
}

static void
the_longest_identity(void **state)
{
	char identity[DTLS_IDENTITY_MAX + 1] = "";
	char text[512];

	(void)state;
	memset(identity, 'a', DTLS_IDENTITY_MAX);
	device(identity, true);
	world_connect(w, 1);
	(void)snprintf(text, sizeof(text),
	    "1 wanted %s\n1 established %s " GCM "\n", identity, identity);
	expect_events(w, text);
}

/* With a NUL in it: wolfSSL would see another one. Nobody is asked. */
static void
an_identity_that_cannot_be(void **state)
{
	uint8_t bytes[1024];
	struct span hello;
	uint8_t *at;

	(void)state;
	device("a-meter", true);
	w->skip_up = 1;
	w->lose_up = 1;
	world_connect(w, 1);
	hello = world_sent(w, 1, 1);
	memcpy(bytes, hello.p, hello.len);
	at = memmem(bytes, hello.len, "a-meter", 7);
	assert_non_null(at);
	at[1] = '\0';
	w->trace[0] = '\0';
	dtls_client_free(w->devices[1].client);
	w->devices[1].client = NULL;
	/* The cookie binds the hello but for its binders: forge its answer. */
	world_inject(w, 1, span_of(bytes, hello.len));
	expect_events(w, "1 failed unknown-identity\n");
	expect_trace(w, "S1 alert(2,47)\n");
}

/* Nobody is asked before the cookie was good, and nothing is kept. */
static void
a_hundred_thousand_hellos(void **state)
{
	struct span bare, hello;
	uint8_t wrong[1024];
	size_t before = 0, after;

	(void)state;
	device("a-meter", true);
	w->skip_up = 1;
	w->lose_up = 1;
	world_connect(w, 1);
	bare = world_sent(w, 1, 0);
	hello = world_sent(w, 1, 1);
	dtls_client_free(w->devices[1].client);
	w->devices[1].client = NULL;
	memcpy(wrong, hello.p, hello.len);
	for (uint32_t i = 0; i < 100000; i++) {
		struct address a = {.family = 4,
		    .ip = {172, 16, (uint8_t)(i >> 8), (uint8_t)i},
		    .port = (uint16_t)(1 + i % 60000)};
		uint8_t bytes[DTLS_DATAGRAM_MAX];
		struct writer out;
		struct address to;

		dtls_receive(w->server, &a, i % 2 ? hello : bare, w->now_ms);
		for (;;) {
			writer_init(&out, bytes, sizeof(bytes));
			if (dtls_output(w->server, &to, &out) != RC_OK)
				break;
			assert_true(address_equal(&to, &a));
			assert_true(out.len < 3 * bare.len);
		}
		if (i % 1000 == 0)
			w->now_ms += 10000;
		if (i == 20000)
			before = mallinfo2().uordblks;
	}
	after = mallinfo2().uordblks;
	assert_true(after < before + 65536);
	expect_events(w, "");
	assert_int_equal(counters().handshakes, 0);
	assert_int_equal(counters().pending, 0);
	assert_int_equal(dtls_deadline(w->server), TIME_NEVER);
	pki_psk_device(w, 2, "b-meter", true, DTLS_CLIENT_13, NULL);
	world_connect(w, 2);
	assert_true(dtls_client_established(w->devices[2].client));
}

static void
bound_to_the_address(void **state)
{
	struct address other;
	struct span hello;
	struct address *a = &w->devices[1].address;

	(void)state;
	device("a-meter", true);
	w->skip_up = 1;
	w->lose_up = 1;
	world_connect(w, 1);
	hello = world_sent(w, 1, 1);
	other = *a;
	other.port++;
	dtls_receive(w->server, &other, hello, w->now_ms);
	other = *a;
	other.ip[3]++;
	dtls_receive(w->server, &other, hello, w->now_ms);
	world_run(w);
	expect_events(w, "");
	assert_int_equal(counters().handshakes, 0);
	world_inject(w, 1, hello);
	expect_events(w, "1 wanted a-meter\n1 established a-meter " GCM "\n");
}

/* There is no second try in 1.3 (RFC 9147 5.1): the secret before has to be
 * good for one rotation. */
static void
rotated_between_the_two_hellos(void **state)
{
	(void)state;
	for (int certificate = 0; certificate < 2; certificate++) {
		pki_serve(w, &(struct pki_house){0});
		if (certificate)
			pki_device(w, 1, "device", DTLS_CLIENT_13, NULL);
		else
			device("a-meter", true);
		w->skip_up = 1;
		w->lose_up = 1;
		world_connect(w, 1);
		w->now_ms += 60000;
		world_inject(w, 1, world_sent(w, 1, 1));
		world_run(w);
		assert_true(dtls_client_established(w->devices[1].client));
		assert_null(strstr(w->trace, "alert"));
		(void)stop(NULL);
		(void)start(NULL);
	}
}

static void
a_patient_device(void **state)
{
	(void)state;
	w->silent_keeper = true;
	device("a-meter", true);
	world_connect(w, 1);
	world_pass(w, 10000);
	expect_events(w, "1 wanted a-meter\n");
	w->trace[0] = '\0';
	world_answer(w, true);
	world_run(w);
	world_pass(w, 1000);
	expect_events(w, "1 established a-meter " GCM "\n");
	world_say(w, 1, "at last");
	expect_events(w, "1 data at last\n");
}

static void
no_answer_in_time(void **state)
{
	(void)state;
	w->silent_keeper = true;
	device("a-meter", true);
	world_connect(w, 1);
	world_pass(w, 59999);
	expect_events(w, "1 wanted a-meter\n");
	world_pass(w, 1);
	expect_events(w, "1 failed handshake-timeout a-meter\n");
	assert_int_equal(
	    dtls_psk_answer(w->server, w->wanted, NULL, 0, w->now_ms),
	    RC_NOT_FOUND);
}

static void
the_keeper_is_away(void **state)
{
	(void)state;
	w->silent_keeper = true;
	device("a-meter", true);
	world_connect(w, 1);
	w->trace[0] = '\0';
	dtls_psk_unavailable(w->server, w->wanted, w->now_ms);
	world_run(w);
	expect_trace(w, "");
	expect_events(w, "1 wanted a-meter\n");
	w->silent_keeper = false;
	world_pass(w, 2000);
	expect_events(w, "1 wanted a-meter\n1 established a-meter " GCM "\n");
}

static void
replaced_while_the_keeper_thinks(void **state)
{
	uint64_t asked;

	(void)state;
	w->silent_keeper = true;
	device("a-meter", true);
	world_connect(w, 1);
	asked = w->wanted;
	device("a-meter", true);
	world_connect(w, 1);
	expect_events(w,
	    "1 wanted a-meter\n"
	    "1 failed replaced a-meter\n"
	    "1 wanted a-meter\n");
	assert_int_equal(dtls_psk_answer(w->server, asked, NULL, 0, w->now_ms),
	    RC_NOT_FOUND);
	world_answer(w, true);
	world_run(w);
	expect_events(w, "1 established a-meter " GCM "\n");
}

static void
expect_one_session(void)
{
	expect_events(w, "1 wanted a-meter\n1 established a-meter " GCM "\n");
	assert_int_equal(counters().live, 1);
	assert_int_equal(counters().pending, 0);
	assert_int_equal(counters().handshakes, 1);
	assert_true(dtls_client_established(w->devices[1].client));
	world_say(w, 1, "hello");
	world_tell(w, w->last_conn, "yourself");
	expect_events(w, "1 data hello\n");
	assert_string_equal(w->devices[1].heard, "yourself");
}

static void
each_datagram_lost(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 3; n++)
		for (unsigned times = 1; times <= 3; times++)
			for (int down = 0; down < 2; down++) {
				(void)stop(NULL);
				(void)start(NULL);
				device("a-meter", true);
				w->skip_up = w->skip_down = n;
				w->lose_up = down ? 0 : times;
				w->lose_down = down ? times : 0;
				world_connect(w, 1);
				world_pass(w, 15000);
				w->lose_up = w->lose_down = 0;
				expect_one_session();
			}
}

static void
everything_twice(void **state)
{
	(void)state;
	w->twice = true;
	device("a-meter", true);
	world_connect(w, 1);
	world_pass(w, 3000);
	expect_one_session();
}

static void
each_record_alone(void **state)
{
	(void)state;
	w->split = true;
	device("a-meter", true);
	world_connect(w, 1);
	expect_one_session();
}

static void
a_bad_link(void **state)
{
	(void)state;
	device("a-meter", true);
	for (unsigned round = 0; round < 10; round++) {
		w->skip_up = w->skip_down = 1;
		w->lose_up = w->lose_down = 1;
		if (round == 0)
			world_connect(w, 1);
		world_pass(w, 3000);
	}
	w->lose_up = w->lose_down = 0;
	world_pass(w, 20000);
	expect_one_session();
}

/* In the clear nothing ends it, neither in the handshake nor later. */
static void
forged_plaintext_is_ignored(void **state)
{
	const struct span forged[] = {
	    SPAN_LIT("\x15\xfe\xfd\0\0\0\0\0\0\0\x63\0\2\2\x28"),
	    SPAN_LIT("\x15\xfe\xfd\0\0\0\0\0\0\0\x64\0\2\1\0"),
	    SPAN_LIT("\x16\xfe\xfd\0\0\0\0\0\0\0\x65\0\x0f"
		     "\x10\0\0\3\0\2\0\0\0\0\0\3\0\1a"),
	    SPAN_LIT("\x16\xfe\xfd\0\0\0\0\0\0\0\x66\0\x0f"
		     "\x14\0\0\3\0\2\0\0\0\0\0\3\0\1a"),
	    SPAN_LIT("\x14\xfe\xfd\0\0\0\0\0\0\0\x68\0\1\1"),
	    SPAN_LIT("\x17\xfe\xfd\0\0\0\0\0\0\0\x6a\0\1x"),
	    SPAN_LIT("\x1a\xfe\xfd\0\0\0\0\0\0\0\x6b\0\2\0\0"),
	    SPAN_LIT("\x15\xfe\xfd\0\1\0\0\0\0\0\x6c\0\2\2\x28"),
	    SPAN_LIT("\x2e\0\7\0\x11"
		     "0123456789abcdefg"),
	    SPAN_LIT("\x2f\0\7\0\x11"
		     "0123456789abcdefg"),
	    SPAN_LIT("\x2c\0\7\0\x11"
		     "0123456789abcdefg"),
	    SPAN_LIT("\x2d\0\7\0\x11"
		     "0123456789abcdefg"),
	    SPAN_LIT("\x2e\0\7\0\0"),
	};
	enum { COUNT = sizeof(forged) / sizeof(forged[0]) };

	(void)state;
	device("a-meter", true);
	w->skip_up = 2;
	w->lose_up = 1;
	world_connect(w, 1);
	w->trace[0] = '\0';
	expect_events(w, "1 wanted a-meter\n");
	for (size_t i = 0; i < COUNT; i++)
		world_inject(w, 1, forged[i]);
	expect_events(w, "");
	expect_trace(w, "");
	world_inject(w, 1, world_sent(w, 1, 2));
	expect_events(w, "1 established a-meter " GCM "\n");
	w->trace[0] = '\0';
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < COUNT; i++)
			world_inject(w, 1, forged[i]);
		expect_events(w, "");
		expect_trace(w, "");
		world_say(w, 1, "alive");
		expect_events(w, "1 data alive\n");
		w->trace[0] = '\0';
	}
}

static void
data_of_all_sizes(void **state)
{
	static const size_t lens[] = {1, 4, 7, 15, 16, 100, 1000, 1230};
	static char text[1300];
	uint64_t conn;

	(void)state;
	device("a-meter", true);
	world_connect(w, 1);
	conn = w->last_conn;
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		w->devices[1].heard_len = 0;
		memset(text, 'x', lens[i]);
		text[lens[i]] = '\0';
		w->events[0] = '\0';
		world_say(w, 1, text);
		assert_non_null(strstr(w->events, "data"));
		world_tell(w, conn, text);
		assert_int_equal(w->devices[1].heard_len, lens[i]);
	}
	assert_int_equal(
	    dtls_send(w->server, conn, span_of(text, 1279), w->now_ms),
	    RC_TOO_LARGE);
}

static void
goodbye_from_either_side(void **state)
{
	(void)state;
	device("a-meter", true);
	world_connect(w, 1);
	w->events[0] = w->trace[0] = '\0';
	dtls_client_close(w->devices[1].client);
	world_run(w);
	expect_events(w, "1 closed closed-by-peer a-meter\n");
	device("a-meter", true);
	world_connect(w, 1);
	w->events[0] = w->trace[0] = '\0';
	dtls_close(w->server, w->last_conn, w->now_ms);
	world_run(w);
	expect_trace(w, "S1 data13\n");
	assert_false(dtls_client_established(w->devices[1].client));
	assert_int_equal(dtls_deadline(w->server), TIME_NEVER);
}

static void
idle_ends(void **state)
{
	(void)state;
	device("a-meter", true);
	world_connect(w, 1);
	w->events[0] = '\0';
	world_pass(w, 299999);
	expect_events(w, "");
	world_pass(w, 1);
	expect_events(w, "1 closed idle a-meter\n");
}

/* From each version to each other at one address: the old one lives until the
 * new one has finished. */
static void
a_restarted_device(void **state)
{
	(void)state;
	for (int n = 0; n < 4; n++) {
		enum dtls_client_version first =
		    n & 1 ? DTLS_CLIENT_13 : DTLS_CLIENT_12;
		enum dtls_client_version second =
		    n & 2 ? DTLS_CLIENT_13 : DTLS_CLIENT_12;
		struct dtls_client *old, *new;
		uint64_t conn;

		pki_psk_device(w, 1, "a-meter", true, first, NULL);
		world_connect(w, 1);
		conn = w->last_conn;
		old = w->devices[1].client;
		w->devices[1].client = NULL;
		pki_psk_device(w, 1, "a-meter", true, second, NULL);
		w->skip_up = 2;
		w->lose_up = 1;
		world_connect(w, 1);
		assert_int_equal(counters().live, 1);
		assert_int_equal(counters().pending, 1);
		new = w->devices[1].client;
		w->devices[1].client = old;
		w->events[0] = '\0';
		world_say(w, 1, "from the old one");
		expect_events(w, "1 data from the old one\n");
		world_tell(w, conn, "to the old one");
		w->devices[1].client = new;
		world_pass(w, 3000);
		assert_non_null(strstr(w->events, "1 closed replaced a-meter"));
		assert_non_null(strstr(w->events, "1 established a-meter"));
		w->events[0] = '\0';
		world_say(w, 1, "from the new one");
		expect_events(w, "1 data from the new one\n");
		assert_int_equal(counters().live, 1);
		assert_int_equal(counters().pending, 0);
		dtls_client_free(old);
		(void)stop(NULL);
		(void)start(NULL);
	}
}

/* Captured hellos, sent again once it is live, and to it. */
static void
hellos_replayed(void **state)
{
	(void)state;
	device("a-meter", true);
	world_connect(w, 1);
	w->events[0] = w->trace[0] = '\0';
	world_inject(w, 1, world_sent(w, 1, 0));
	world_inject(w, 1, world_sent(w, 1, 1));
	world_inject(w, 1, world_sent(w, 1, 2));
	expect_events(w, "");
	assert_int_equal(counters().live, 1);
	assert_int_equal(counters().pending, 0);
	world_say(w, 1, "unharmed");
	expect_events(w, "1 data unharmed\n");
}

/* Who asks for what is not there. */
static void
no_common_suite(void **state)
{
	(void)state;
	pki_psk_device(
	    w, 1, "a-meter", true, DTLS_CLIENT_13, "TLS13-AES256-GCM-SHA384");
	world_connect(w, 1);
	assert_false(dtls_client_established(w->devices[1].client));
	assert_null(strstr(w->events, "wanted"));
	assert_int_equal(counters().live, 0);
	assert_int_equal(counters().pending, 0);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, start, stop)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    STORY(six_datagrams),
	    STORY(each_suite),
	    STORY(both_versions),
	    STORY(hellos_of_both_versions_by_turns),
	    STORY(unknown_and_wrong_look_the_same),
	    STORY(the_longest_identity),
	    STORY(an_identity_that_cannot_be),
	    STORY(a_hundred_thousand_hellos),
	    STORY(bound_to_the_address),
	    STORY(rotated_between_the_two_hellos),
	    STORY(a_patient_device),
	    STORY(no_answer_in_time),
	    STORY(the_keeper_is_away),
	    STORY(replaced_while_the_keeper_thinks),
	    STORY(each_datagram_lost),
	    STORY(everything_twice),
	    STORY(each_record_alone),
	    STORY(a_bad_link),
	    STORY(forged_plaintext_is_ignored),
	    STORY(data_of_all_sizes),
	    STORY(goodbye_from_either_side),
	    STORY(idle_ends),
	    STORY(a_restarted_device),
	    STORY(hellos_replayed),
	    STORY(no_common_suite),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
