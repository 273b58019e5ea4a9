/* Hellos: no state before the cookie is back, and limits after it. */
#include "world.h"

#include <malloc.h>
#include <stdlib.h>

static struct world *w;
static const struct dtls_config small = {
    .connections_max = 3,
    .handshakes_max = 2,
    .handshakes_per_source = 2,
    .handshake_ms = 60000,
    .handshake_datagrams = 64,
    .idle_ms = 300000,
    .cookie_rotate_ms = 60000,
    .mtu = 1280,
};

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
start_small(void **state)
{
	(void)state;
	w = malloc(sizeof(*w));
	assert_non_null(w);
	world_start(w, &small);
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

static struct dtls_counters
counters(void)
{
	struct dtls_counters c;

	dtls_counters(w->server, &c);
	return c;
}

/* One device's hello, with and without a cookie, to be sent as wanted. */
static void
capture_hellos(unsigned i, struct span *bare, struct span *with_cookie)
{
	world_device(w, i, "a-meter", true, NULL);
	w->skip_up = 1;
	w->lose_up = 1;
	world_connect(w, i);
	*bare = world_sent(w, i, w->devices[i].sent_count - 2);
	*with_cookie = world_sent(w, i, w->devices[i].sent_count - 1);
	w->trace[0] = '\0';
	dtls_client_free(w->devices[i].client);
	w->devices[i].client = NULL;
}

static void
bound_to_the_address(void **state)
{
	struct address other;
	struct span bare, hello;
	struct address *a = &w->devices[1].address;

	(void)state;
	capture_hellos(1, &bare, &hello);
	/* Another port, another IP, another family. */
	other = *a;
	other.port++;
	dtls_receive(w->server, &other, hello, w->now_ms);
	other = *a;
	other.ip[3]++;
	dtls_receive(w->server, &other, hello, w->now_ms);
	other = *a;
	other.family = 6;
	dtls_receive(w->server, &other, hello, w->now_ms);
	assert_int_equal(counters().handshakes, 0);
	assert_int_equal(counters().cookies_sent, 4);
	world_inject(w, 1, hello);
	assert_int_equal(counters().handshakes, 1);
}

/* To what it was made for: random, session id, suites, compression. */
static void
bound_to_the_hello(void **state)
{
	struct span bare, hello;
	uint8_t bytes[512];

	(void)state;
	capture_hellos(1, &bare, &hello);
	memcpy(bytes, hello.p, hello.len);
	bytes[27] ^= 1; /* random */
	world_inject(w, 1, span_of(bytes, hello.len));
	bytes[27] ^= 1;
	bytes[61] ^= 1; /* cookie */
	world_inject(w, 1, span_of(bytes, hello.len));
	bytes[61] ^= 1;
	expect_trace(w, "S1 verify\nS1 verify\n");
	assert_int_equal(counters().handshakes, 0);
	world_inject(w, 1, span_of(bytes, hello.len));
	assert_int_equal(counters().handshakes, 1);
}

static void
good_for_one_rotation(void **state)
{
	struct span bare, hello;

	(void)state;
	capture_hellos(1, &bare, &hello);
	w->now_ms += 60000; /* from here on the secret is the previous one */
	world_inject(w, 1, hello);
	expect_trace(w, "S1 hello,done\n");
	assert_int_equal(counters().handshakes, 1);
}

/* And again: both listeners have made an association and go on. */
static void
both_secrets_side_by_side(void **state)
{
	struct span bare, hellos[7];

	(void)state;
	for (unsigned i = 1; i <= 6; i++) {
		if (i == 4)
			w->now_ms += 60000;
		capture_hellos(i, &bare, &hellos[i]);
	}
	for (unsigned i = 1; i <= 3; i++) {
		world_inject(w, i, hellos[i]);
		world_inject(w, i + 3, hellos[i + 3]);
		assert_int_equal(counters().handshakes, 2 * i);
	}
	expect_trace(w,
	    "S1 hello,done\n"
	    "S4 hello,done\n"
	    "S2 hello,done\n"
	    "S5 hello,done\n"
	    "S3 hello,done\n"
	    "S6 hello,done\n");
}

static void
not_for_two(void **state)
{
	struct span bare, hello;

	(void)state;
	capture_hellos(1, &bare, &hello);
	w->now_ms += 60000;
	world_inject(w, 1, bare);
	w->now_ms += 60000;
	w->trace[0] = '\0';
	world_inject(w, 1, hello);
	expect_trace(w, "S1 verify\n");
	assert_int_equal(counters().handshakes, 0);
}

/* Nobody called for hours: the secret of then is not "the previous one". */
static void
not_after_a_long_silence(void **state)
{
	struct span bare, hello;

	(void)state;
	capture_hellos(1, &bare, &hello);
	w->now_ms += 120000;
	world_inject(w, 1, hello);
	expect_trace(w, "S1 verify\n");
	assert_int_equal(counters().handshakes, 0);
}

/* One rotation on the way shows nowhere. (After two the client would be asked
 * for a cookie a second time, which this one, unlike others, refuses.) */
static void
rotated_between_the_two_hellos(void **state)
{
	(void)state;
	world_device(w, 1, "a-meter", true, NULL);
	w->skip_up = 1;
	w->lose_up = 1;
	world_connect(w, 1);
	w->now_ms += 60000;
	world_pass(w, 0);
	expect_trace(w,
	    "C1 hello\n"
	    "S1 verify\n"
	    "C1 hello+cookie (lost)\n"
	    "C1 hello+cookie\n"
	    "S1 hello,done\n"
	    "C1 key,ccs,secret\n"
	    "S1 ccs,secret\n");
}

static void
a_hundred_thousand_hellos(void **state)
{
	struct span bare, hello;
	size_t before = 0, after;

	(void)state;
	capture_hellos(1, &bare, &hello);
	for (uint32_t i = 0; i < 100000; i++) {
		struct address a = {.family = 4,
		    .ip = {172, 16, (uint8_t)(i >> 8), (uint8_t)i},
		    .port = (uint16_t)(1 + i % 60000)};
		uint8_t bytes[DTLS_DATAGRAM_MAX];
		struct writer out;
		struct address to;

		dtls_receive(w->server, &a, i % 2 ? hello : bare, w->now_ms);
		writer_init(&out, bytes, sizeof(bytes));
		assert_int_equal(dtls_output(w->server, &to, &out), RC_OK);
		assert_true(address_equal(&to, &a));
		assert_true(out.len < 3 * bare.len);
		assert_int_equal(dtls_output(w->server, &to, &out), RC_AGAIN);
		/* A few rotations on the way; after the first ones all that
		 * there will ever be has been allocated. */
		if (i % 1000 == 0)
			w->now_ms += 10000;
		if (i == 20000)
			before = mallinfo2().uordblks;
	}
	after = mallinfo2().uordblks;
	/* Not a byte a hello: what there is is two listeners more or less. */
	assert_true(after < before + 65536);
	assert_int_equal(counters().handshakes, 0);
	assert_int_equal(counters().pending, 0);
	assert_int_equal(counters().hellos, 100001);
	assert_int_equal(dtls_deadline(w->server), TIME_NEVER);
	/* And then somebody real. */
	world_device(w, 2, "b-meter", true, NULL);
	world_connect(w, 2);
	assert_true(dtls_client_established(w->devices[2].client));
}

/* An owner that does not drain: the ring is full, and no more. */
static void
output_is_bounded(void **state)
{
	struct span bare, hello;
	uint8_t bytes[DTLS_DATAGRAM_MAX];
	struct address to;
	struct writer out;
	size_t count = 0;

	(void)state;
	capture_hellos(1, &bare, &hello);
	for (int i = 0; i < 1000; i++)
		dtls_receive(
		    w->server, &w->devices[1].address, bare, w->now_ms);
	/* Too small a buffer takes nothing away. */
	writer_init(&out, bytes, 10);
	assert_int_equal(dtls_output(w->server, &to, &out), RC_FULL);
	for (;; count++) {
		writer_init(&out, bytes, sizeof(bytes));
		if (dtls_output(w->server, &to, &out) != RC_OK)
			break;
	}
	assert_int_equal(count, 64);
	w->lose_down = 0;
	world_device(w, 2, "b-meter", true, NULL);
	world_connect(w, 2);
	assert_true(dtls_client_established(w->devices[2].client));
}

static void
handshakes_are_limited(void **state)
{
	struct span bare, hello;

	(void)state;
	w->silent_keeper = true;
	for (unsigned i = 1; i <= 2; i++) {
		world_device(w, i, i == 1 ? "a" : "b", true, NULL);
		world_connect(w, i);
	}
	assert_int_equal(counters().pending, 2);
	/* The third gets its cookie and then silence. */
	capture_hellos(3, &bare, &hello);
	w->events[0] = '\0';
	world_inject(w, 3, hello);
	expect_trace(w, "");
	expect_events(w, "");
	assert_int_equal(counters().pending, 2);
	assert_int_equal(counters().ignored, 1);
	/* Who has a place may begin anew. */
	world_device(w, 2, "b", true, NULL);
	world_connect(w, 2);
	expect_events(w, "2 failed replaced b\n2 wanted b\n");
	/* A place that is given back is free. */
	world_answer(w, true);
	world_run(w);
	w->trace[0] = '\0';
	world_inject(w, 3, hello);
	expect_trace(w, "S3 hello,done\n");
}

static void
associations_are_limited(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= 4; i++) {
		char identity[] = {(char)('a' + (int)i - 1), '\0'};

		world_device(w, i, identity, true, NULL);
		world_connect(w, i);
	}
	assert_int_equal(counters().live, 3);
	assert_false(dtls_client_established(w->devices[4].client));
	/* A restart is no newcomer. */
	world_device(w, 3, "c", true, NULL);
	world_connect(w, 3);
	assert_true(dtls_client_established(w->devices[3].client));
	assert_int_equal(counters().live, 3);
	dtls_client_close(w->devices[1].client);
	world_run(w);
	world_pass(w, 1000);
	assert_true(dtls_client_established(w->devices[4].client));
}

/* Whatever is not a hello finds nobody, and nothing is said about it. */
static void
junk(void **state)
{
	struct span bare, hello;
	uint8_t bytes[512];

	(void)state;
	capture_hellos(1, &bare, &hello);
	world_inject(w, 1, SPAN_LIT(""));
	world_inject(w, 1, SPAN_LIT("\x16"));
	world_inject(w, 1, SPAN_LIT("\x40\1\2\3"));
	world_inject(w, 1, SPAN_LIT("\x19\xfe\xfd\0\0\0\0\0\0\0\0\0\0"));
	world_inject(w, 1, SPAN_LIT("\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\0"));
	world_inject(w, 1, SPAN_LIT("\x15\xfe\xfd\0\0\0\0\0\0\0\0\0\2\2\x28"));
	world_inject(w, 1, SPAN_LIT("\x17\xfe\xfd\0\1\0\0\0\0\0\0\0\1x"));
	/* Every truncation of a hello. */
	for (size_t len = 0; len < hello.len; len++)
		world_inject(w, 1, span_of(hello.p, len));
	/* A fragment of one: it would need state before the cookie. */
	memcpy(bytes, bare.p, bare.len);
	bytes[24]--;
	bytes[12]--;
	world_inject(w, 1, span_of(bytes, bare.len - 1));
	expect_trace(w, "");
	expect_events(w, "");
	assert_int_equal(counters().handshakes, 0);
	assert_int_equal(counters().ignored, 8 + hello.len);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, start, stop)
#define SMALL(name) cmocka_unit_test_setup_teardown(name, start_small, stop)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    STORY(bound_to_the_address),
	    STORY(bound_to_the_hello),
	    STORY(good_for_one_rotation),
	    STORY(both_secrets_side_by_side),
	    STORY(not_for_two),
	    STORY(not_after_a_long_silence),
	    STORY(rotated_between_the_two_hellos),
	    STORY(a_hundred_thousand_hellos),
	    STORY(output_is_bounded),
	    SMALL(handshakes_are_limited),
	    SMALL(associations_are_limited),
	    STORY(junk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
