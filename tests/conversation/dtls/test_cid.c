/* Connection IDs: RFC 9146 under DTLS 1.2, RFC 9147 9 under 1.3. A device that
 * changes its address goes on; whoever only repeats what it said does not. */
#include "dtls/client_internal.h"
#include "dtls/features.h"
#include "hsm/psk_test.h"
#include "pki.h"

#include <stdlib.h>

static struct world *w;

static int
start(void **state)
{
	struct dtls_config config = dtls_config_default;

	(void)state;
	w = malloc(sizeof(*w));
	assert_non_null(w);
	config.worker = 3;
	dtls_cid_key_make(&config.cid_key);
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

#define CCM8 "TLS_PSK_WITH_AES_128_CCM_8"
#define GCM13 "TLS_AES_128_GCM_SHA256"

/* Wants `own` bytes of its own in our records, and takes ours. */
static void
device_of(unsigned i, const char *identity, bool right_key,
    enum dtls_client_version version, const char *suites, size_t own)
{
	w->offer_cid = true;
	w->cid_len = own;
	pki_psk_device(w, i, identity, right_key, version, suites);
}

static void
device(enum dtls_client_version version)
{
	device_of(1, "a-meter", true, version, NULL, 0);
	world_connect(w, 1);
	w->events[0] = w->trace[0] = '\0';
}

static struct dtls_counters
counters(void)
{
	struct dtls_counters c;

	dtls_counters(w->server, &c);
	return c;
}

static uint16_t
port(uint64_t conn)
{
	struct address a;

	assert_int_equal(dtls_address(w->server, conn, &a), RC_OK);
	return a.port;
}

/* The last datagram that device `i` sent. */
static struct span
last_sent(unsigned i)
{
	return world_sent(w, i, w->devices[i].sent_count - 1);
}

/* What it says does not arrive: somebody else may bring it. */
static struct span
say_and_lose(unsigned i, const char *text)
{
	w->lose_up = 1;
	world_say(w, i, text);
	return last_sent(i);
}

static void
under_dtls_12(void **state)
{
	(void)state;
	device_of(1, "a-meter", true, DTLS_CLIENT_12, NULL, 0);
	world_connect(w, 1);
	expect_trace(w,
	    "C1 hello\n"
	    "S1 verify\n"
	    "C1 hello+cookie\n"
	    "S1 hello,done\n"
	    "C1 key,ccs,cid\n"
	    "S1 ccs,secret\n");
	expect_events(w, "1 wanted a-meter\n1 established a-meter " CCM8 "\n");
	world_say(w, 1, "up");
	world_tell(w, w->last_conn, "down");
	expect_trace(w, "C1 cid\nS1 data\n");
	expect_events(w, "1 data up\n");
	assert_string_equal(w->devices[1].heard, "down");
}

static void
under_dtls_13(void **state)
{
	(void)state;
	device_of(1, "a-meter", true, DTLS_CLIENT_13, NULL, 0);
	world_connect(w, 1);
	expect_trace(w,
	    "C1 hello\n"
	    "S1 retry\n"
	    "C1 hello+cookie\n"
	    "S1 hello,sealed,sealed\n"
	    "C1 sealed+cid\n"
	    "S1 data13\n");
	expect_events(w, "1 wanted a-meter\n1 established a-meter " GCM13 "\n");
	world_say(w, 1, "up");
	world_tell(w, w->last_conn, "down");
	expect_trace(w, "C1 data13+cid\nS1 data13\n");
	expect_events(w, "1 data up\n");
	assert_string_equal(w->devices[1].heard, "down");
}

/* Each suite has its own way to authenticate what stands in the header. */
static void
each_suite_both_ways(void **state)
{
	static const struct {
		enum dtls_client_version version;
		const char *name;
	} suites[] = {
	    {DTLS_CLIENT_12, "PSK-AES128-CCM-8"},
	    {DTLS_CLIENT_12, "PSK-AES128-CCM"},
	    {DTLS_CLIENT_12, "PSK-AES128-GCM-SHA256"},
	    {DTLS_CLIENT_12, "PSK-AES128-CBC-SHA256"},
	    {DTLS_CLIENT_13, "TLS13-AES128-GCM-SHA256"},
	    {DTLS_CLIENT_13, "TLS13-AES128-CCM-8-SHA256"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		unsigned n = (unsigned)i + 1;

		device_of(
		    n, "a-meter", true, suites[i].version, suites[i].name, 10);
		world_connect(w, n);
		w->events[0] = w->trace[0] = '\0';
		world_say(w, n, "up");
		world_rebind(w, n, 1);
		world_say(w, n, "moved");
		world_tell(w, w->last_conn, "down");
		assert_non_null(strstr(w->events, "data moved\n"));
		assert_non_null(strstr(w->events, "moved to port"));
		assert_non_null(strstr(w->trace, "cid\nS"));
		assert_string_equal(w->devices[n].heard, "down");
	}
	assert_int_equal(counters().moved, 6);
}

static void
with_a_certificate(void **state)
{
	(void)state;
	pki_serve(w, &(struct pki_house){0});
	w->offer_cid = true;
	for (unsigned n = 1; n <= 2; n++) {
		pki_device(w, n, "device",
		    n == 1 ? DTLS_CLIENT_12 : DTLS_CLIENT_13, NULL);
		world_connect(w, n);
		w->events[0] = '\0';
		world_rebind(w, n, 2);
		world_say(w, n, "still me");
		expect_events(w,
		    n == 1 ? "1 moved to port 40201\n1 data still me\n"
			   : "2 moved to port 40202\n2 data still me\n");
	}
}

/* Never the same twice, of 8 bytes, and the worker is in it. */
static void
what_is_given_out(void **state)
{
	struct span first, second;

	(void)state;
	device(DTLS_CLIENT_12);
	device_of(2, "b-meter", true, DTLS_CLIENT_13, NULL, 4);
	world_connect(w, 2);
	first = dtls_client_cid(w->devices[1].client);
	second = dtls_client_cid(w->devices[2].client);
	assert_int_equal(first.len, DTLS_CID_LEN);
	assert_int_equal(second.len, DTLS_CID_LEN);
	assert_false(span_equal(first, second));
}

static void
nobody_is_given_one_unasked(void **state)
{
	(void)state;
	world_device(w, 1, "a-meter", true, NULL);
	world_connect(w, 1);
	assert_int_equal(dtls_client_cid(w->devices[1].client).len, 0);
	w->events[0] = '\0';
	world_rebind(w, 1, 1);
	world_say(w, 1, "who is this?");
	expect_events(w, "");
	assert_int_equal(counters().moved, 0);
}

/* The answer goes to where the question came from, from the first one on. */
static void
goes_on_from(enum dtls_client_version version)
{
	uint64_t conn;

	device(version);
	conn = w->last_conn;
	w->echo = true;
	world_rebind(w, 1, 1);
	world_say(w, 1, "here I am");
	expect_events(w, "1 moved to port 40101\n1 data here I am\n");
	assert_string_equal(w->devices[1].heard, "here I am");
	assert_int_equal(port(conn), 40101);
	world_say(w, 1, ".");
	expect_events(w, "1 data .\n"); /* moved once */
	world_rebind(w, 1, 2);
	world_say(w, 1, "and here");
	expect_events(w, "1 moved to port 40201\n1 data and here\n");
	world_rebind(w, 1, 0);
	world_say(w, 1, "and back");
	expect_events(w, "1 moved to port 40001\n1 data and back\n");
	assert_string_equal(w->devices[1].heard, "here I am.and hereand back");
	assert_int_equal(counters().live, 1);
	assert_int_equal(counters().moved, 3);
	dtls_client_close(w->devices[1].client);
	world_rebind(w, 1, 3);
	world_run(w);
	expect_events(
	    w, "1 moved to port 40301\n1 closed closed-by-peer a-meter\n");
	assert_int_equal(counters().live, 0);
}

static void
a_device_goes_on(void **state)
{
	(void)state;
	goes_on_from(DTLS_CLIENT_12);
}

static void
a_device_goes_on_13(void **state)
{
	(void)state;
	goes_on_from(DTLS_CLIENT_13);
}

/* What has been received once moves nothing when somebody sends it again. */
static void
replayed(enum dtls_client_version version)
{
	uint64_t conn;

	device(version);
	conn = w->last_conn;
	world_say(w, 1, "one");
	world_say(w, 1, "two");
	w->events[0] = '\0';
	for (size_t i = 0; i < w->devices[1].sent_count; i++)
		world_stray(w, (unsigned)i, world_sent(w, 1, i));
	/* hellos of another address are hellos, no more */
	expect_events(w, "");
	assert_int_equal(port(conn), 40001);
	assert_int_equal(counters().moved, 0);
	world_tell(w, conn, "unharmed");
	assert_string_equal(w->devices[1].heard, "unharmed");
}

static void
a_replayed_record_moves_nothing(void **state)
{
	(void)state;
	replayed(DTLS_CLIENT_12);
}

static void
a_replayed_record_moves_nothing_13(void **state)
{
	(void)state;
	replayed(DTLS_CLIENT_13);
}

/* Held back on the way, and brought from elsewhere when newer ones have come:
 * it is heard, and nothing moves (RFC 9146 6). */
static void
a_late_record_moves_nothing(void **state)
{
	struct span late;
	uint64_t conn;

	(void)state;
	device(DTLS_CLIENT_12);
	conn = w->last_conn;
	late = say_and_lose(1, "late");
	world_say(w, 1, "newer");
	w->events[0] = '\0';
	world_stray(w, 1, late);
	expect_events(w, "1 data late\n");
	assert_int_equal(port(conn), 40001);
	assert_int_equal(counters().moved, 0);
}

/* A copy of each record with one byte changed, from another address, sooner
 * than the record itself. */
static void
no_forged_record_moves_it(enum dtls_client_version version)
{
	uint8_t forged[256];
	struct span good;
	uint64_t conn;

	device(version);
	conn = w->last_conn;
	good = say_and_lose(1, "a message");
	assert_true(good.len < sizeof(forged));
	for (size_t i = 0; i < good.len; i++) {
		memcpy(forged, good.p, good.len);
		forged[i] ^= 0x41;
		world_stray(w, (unsigned)i, span_of(forged, good.len));
		world_stray(w, (unsigned)i, span_of(good.p, i));
	}
	expect_events(w, "");
	assert_int_equal(port(conn), 40001);
	/* not with what comes next from its own address, either: wolfSSL has
	 * kept nothing of whoever failed */
	world_say(w, 1, "unharmed");
	world_tell(w, conn, "likewise");
	expect_events(w, "1 data unharmed\n");
	assert_string_equal(w->devices[1].heard, "likewise");
	assert_int_equal(port(conn), 40001);
	assert_int_equal(counters().moved, 0);
	/* and the record itself, from wherever, does if it is the newest */
	good = say_and_lose(1, "the newest");
	world_stray(w, 9, good);
	expect_events(w, "0 moved to port 1033\n0 data the newest\n");
}

static void
a_forged_record_moves_nothing(void **state)
{
	(void)state;
	no_forged_record_moves_it(DTLS_CLIENT_12);
}

static void
a_forged_record_moves_nothing_13(void **state)
{
	(void)state;
	no_forged_record_moves_it(DTLS_CLIENT_13);
}

/* Nobody's: made up, or of a worker that has ended. */
static void
ten_thousand_unknown_ones(void **state)
{
	uint8_t bytes[64];
	struct span good;
	size_t ignored, out;

	(void)state;
	device(DTLS_CLIENT_12);
	good = say_and_lose(1, "a message");
	memcpy(bytes, good.p, good.len);
	ignored = counters().ignored;
	out = w->devices[1].got_count;
	for (unsigned i = 0; i < 10000; i++) {
		for (size_t b = 0; b < DTLS_CID_LEN; b++)
			bytes[DTLS_CID_AT + b] = (uint8_t)(i >> b ^ b);
		/* also from the address of who is live */
		if (i % 2)
			world_inject(w, 1, span_of(bytes, good.len));
		else
			world_stray(w, i, span_of(bytes, good.len));
	}
	assert_int_equal(counters().ignored, ignored + 10000);
	assert_int_equal(counters().live, 1);
	assert_int_equal(w->devices[1].got_count, out); /* not a word */
	world_say(w, 1, "unharmed");
	expect_events(w, "1 data unharmed\n");
}

/* The old address is free: who comes there is somebody else. */
static void
another_device_at_the_old_address(void **state)
{
	uint64_t first, second;

	(void)state;
	device(DTLS_CLIENT_12);
	first = w->last_conn;
	world_rebind(w, 1, 1);
	world_say(w, 1, "moved");
	device_of(2, "b-meter", true, DTLS_CLIENT_12, NULL, 0);
	w->devices[2].address = w->devices[1].address;
	w->devices[2].address.port = 40001;
	world_connect(w, 2);
	second = w->last_conn;
	expect_events(w,
	    "1 moved to port 40101\n"
	    "1 data moved\n"
	    "2 wanted b-meter\n"
	    "2 established b-meter " CCM8 "\n");
	assert_int_equal(counters().live, 2);
	world_tell(w, first, "to the first");
	world_tell(w, second, "to the second");
	assert_string_equal(w->devices[1].heard, "to the first");
	assert_string_equal(w->devices[2].heard, "to the second");
}

/* A device that says it is where another one lives, which has no Connection
 * ID: that one stays, whatever becomes of the first. */
static void
to_where_another_one_lives(void **state)
{
	uint64_t first, second;
	struct address home;

	(void)state;
	world_device(w, 2, "b-meter", true, NULL);
	world_connect(w, 2);
	second = w->last_conn;
	device(DTLS_CLIENT_12);
	first = w->last_conn;
	home = w->devices[1].address;
	world_inject(w, 2, say_and_lose(1, "I am two"));
	expect_events(w, "2 moved to port 40002\n2 data I am two\n");
	assert_int_equal(counters().live, 2);
	world_say(w, 2, "no, I am");
	expect_events(w, "2 data no, I am\n");
	world_tell(w, second, "you are");
	assert_string_equal(w->devices[2].heard, "you are");
	/* The first goes home, and nothing of it is left there. */
	assert_true(address_equal(&home, &w->devices[1].address));
	world_say(w, 1, "home");
	expect_events(w, "1 moved to port 40001\n1 data home\n");
	assert_int_equal(port(first), 40001);
	dtls_close(w->server, first, w->now_ms);
	world_say(w, 2, "unharmed");
	expect_events(w, "2 data unharmed\n");
}

/* A new handshake at the new address takes its place there. */
static void
restarted_where_it_has_moved_to(void **state)
{
	(void)state;
	device(DTLS_CLIENT_12);
	world_rebind(w, 1, 1);
	world_say(w, 1, "moved");
	w->events[0] = '\0';
	device_of(1, "a-meter", true, DTLS_CLIENT_12, NULL, 0);
	world_rebind(w, 1, 1);
	world_connect(w, 1);
	expect_events(w,
	    "1 wanted a-meter\n"
	    "1 closed replaced a-meter\n"
	    "1 established a-meter " CCM8 "\n");
	assert_int_equal(counters().live, 1);
}

/* Half of its flight says nothing of who it is, so that in handshake there is
 * no moving: the rest of it from elsewhere is not taken. */
static void
not_in_handshake(void **state)
{
	(void)state;
	device_of(1, "a-meter", true, DTLS_CLIENT_12, NULL, 0);
	w->skip_up = 2;
	w->lose_up = 1;
	world_connect(w, 1);
	world_stray(w, 1, last_sent(1));
	expect_events(w, "");
	assert_int_equal(counters().pending, 1);
	world_inject(w, 1, last_sent(1));
	expect_events(w, "1 wanted a-meter\n1 established a-meter " CCM8 "\n");

	device_of(2, "b-meter", true, DTLS_CLIENT_13, NULL, 0);
	w->skip_up = 2;
	w->lose_up = 1;
	world_connect(w, 2);
	w->events[0] = '\0';
	world_stray(w, 2, last_sent(2));
	expect_events(w, "");
	world_inject(w, 2, last_sent(2));
	expect_events(w, "2 established b-meter " GCM13 "\n");
}

/* Finished in a record of its own type: a wrong key is found all the same, and
 * the evidence of it is good for trying keys. */
static void
a_wrong_key(void **state)
{
	static const char *const suites[] = {"PSK-AES128-CCM-8",
	    "PSK-AES128-GCM-SHA256", "PSK-AES128-CBC-SHA256"};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct psk_evidence e;
		struct secret right = world_key(SPAN_LIT("a"), true);
		struct secret wrong = world_key(SPAN_LIT("a"), false);

		device_of(
		    1, "a-meter", false, DTLS_CLIENT_12, suites[i], i * 5);
		world_connect(w, 1);
		expect_events(
		    w, "1 wanted a-meter\n1 failed wrong-key a-meter\n");
		assert_int_equal(dtls_client_alert(w->devices[1].client), 51);
		assert_int_equal(w->evidence_rc, RC_OK);
		assert_int_equal(
		    evidence_get(span_of(w->evidence, w->evidence_len), &e),
		    RC_OK);
		assert_int_equal(e.record.p[0], EVIDENCE_CID_TYPE);
		assert_true(psk_test(&e, &wrong)); /* the one that it used */
		assert_false(psk_test(&e, &right));
		secret_fini(&right);
		secret_fini(&wrong);
	}
}

/* What waits for its key is evidence already. */
static void
evidence_that_waits(void **state)
{
	uint8_t bytes[EVIDENCE_BYTES_MAX];
	struct secret right = world_key(SPAN_LIT("a"), true);
	struct psk_evidence e;
	struct writer out;

	(void)state;
	w->silent_keeper = true;
	device_of(1, "a-meter", true, DTLS_CLIENT_12, NULL, 0);
	world_connect(w, 1);
	writer_init(&out, bytes, sizeof(bytes));
	assert_int_equal(dtls_evidence(w->server, w->wanted, &out), RC_OK);
	assert_int_equal(evidence_get(writer_span(&out), &e), RC_OK);
	assert_true(psk_test(&e, &right));
	secret_fini(&right);
	world_answer(w, true);
	world_run(w);
	expect_events(w, "1 wanted a-meter\n1 established a-meter " CCM8 "\n");
}

/* Our Finished is lost: its flight comes again, half of it without a
 * Connection ID. */
static void
a_lost_finished(void **state)
{
	(void)state;
	device_of(1, "a-meter", true, DTLS_CLIENT_12, NULL, 6);
	w->skip_down = 2;
	w->lose_down = 1;
	world_connect(w, 1);
	world_pass(w, 1000);
	expect_trace(w,
	    "C1 hello\n"
	    "S1 verify\n"
	    "C1 hello+cookie\n"
	    "S1 hello,done\n"
	    "C1 key,ccs,cid\n"
	    "S1 ccs,cid (lost)\n"
	    "C1 key,ccs,cid\n"
	    "S1 ccs,cid\n");
	world_say(w, 1, "there");
	expect_events(w,
	    "1 wanted a-meter\n"
	    "1 established a-meter " CCM8 "\n"
	    "1 data there\n");
}

/* Whoever was given one has it in each protected record. */
static void
a_record_without_it(void **state)
{
	struct span good;
	uint8_t bare[256];
	size_t rest;

	(void)state;
	device(DTLS_CLIENT_12);
	good = say_and_lose(1, "a message");
	rest = good.len - DTLS_CID_AT - DTLS_CID_LEN;
	memcpy(bare, good.p, DTLS_CID_AT);
	memcpy(bare + DTLS_CID_AT, good.p + DTLS_CID_AT + DTLS_CID_LEN, rest);
	for (uint8_t type = 20; type <= 23; type++) {
		bare[0] = type;
		world_inject(w, 1, span_of(bare, DTLS_CID_AT + rest));
	}
	expect_events(w, "");
	world_inject(w, 1, good);
	expect_events(w, "1 data a message\n");
}

static void
grow(uint8_t *at, size_t width, size_t n)
{
	for (size_t i = width; i-- > 0; n >>= 8) {
		n += at[i];
		at[i] = (uint8_t)n;
	}
}

/* A hello whose Connection ID of 10 bytes is longer by `more`. */
static struct span
lengthened(struct span hello, size_t more, uint8_t out[static 512])
{
	static const char extension[] = "\x00\x36\x00\x0b\x0a";
	size_t at = 0, sum = 13 + 12 + 2 + 32;

	while (memcmp(hello.p + at, extension, 5) != 0)
		assert_true(++at + 5 < hello.len);
	memcpy(out, hello.p, at + 5);
	memset(out + at + 5, 'x', more);
	memcpy(out + at + 5 + more, hello.p + at + 5, hello.len - at - 5);
	sum += 1 + (size_t)out[sum]; /* session id, cookie, suites, ... */
	sum += 1 + (size_t)out[sum];
	sum += 2 + (size_t)(out[sum] << 8 | out[sum + 1]);
	sum += 1 + (size_t)out[sum];
	grow(out + 11, 2, more);
	grow(out + 13 + 1, 3, more);
	grow(out + 13 + 9, 3, more);
	grow(out + sum, 2, more);
	grow(out + at + 2, 2, more);
	grow(out + at + 4, 1, more);
	return span_of(out, hello.len + more);
}

static bool
names_one(struct span flight)
{
	for (size_t i = 0; i + 5 < flight.len; i++)
		if (memcmp(flight.p + i, "\x00\x36\x00\x09\x08", 5) == 0)
			return true;
	return false;
}

static void
greet(size_t more)
{
	uint8_t bytes[512];

	device_of(1, "a-meter", true, DTLS_CLIENT_12, NULL, 10);
	w->lose_up = 100;
	assert_int_equal(
	    dtls_client_tick(w->devices[1].client, w->now_ms), RC_OK);
	world_run(w);
	world_inject(w, 1, lengthened(last_sent(1), more, bytes));
	world_inject(w, 1, lengthened(last_sent(1), more, bytes));
}

/* Offered more than wolfSSL can put into a record: none, and no harm. */
static void
longer_than_we_can_send(void **state)
{
	(void)state;
	greet(0);
	assert_int_equal(w->devices[1].got_count, 2);
	assert_true(names_one(world_got(w, 1, 1)));
	world_stop(w);
	world_start(w, NULL);
	for (size_t more = 1; more < 240; more += 119) {
		size_t before = w->devices[1].got_count;

		greet(more);
		assert_int_equal(w->devices[1].got_count, before + 2);
		assert_false(names_one(world_got(w, 1, before + 1)));
	}
}

/* A length that is not that of its Connection ID. */
static void
a_broken_offer(void **state)
{
	uint8_t bytes[512];
	struct span hello;

	(void)state;
	device_of(1, "a-meter", true, DTLS_CLIENT_12, NULL, 10);
	w->lose_up = 1;
	world_connect(w, 1);
	hello = lengthened(last_sent(1), 0, bytes);
	w->trace[0] = '\0';
	for (size_t i = 0; i + 5 < hello.len; i++)
		if (memcmp(bytes + i, "\x00\x36\x00\x0b\x0a", 5) == 0)
			bytes[i + 4]++;
	world_inject(w, 1, hello);
	expect_trace(w, "");
}

/* CBC as it was before RFC 7366: wolfSSL cannot read what it makes there. */
static void
not_with_a_mac_below_the_cipher(void **state)
{
	(void)state;
	/* none of its own: turned down, wolfSSL's client would go on with it */
	device_of(
	    1, "a-meter", true, DTLS_CLIENT_12, "PSK-AES128-CBC-SHA256", 0);
	assert_int_equal(
	    wolfSSL_AllowEncryptThenMac(w->devices[1].client->ssl, 0),
	    WOLFSSL_SUCCESS);
	world_connect(w, 1);
	expect_events(w,
	    "1 wanted a-meter\n"
	    "1 established a-meter TLS_PSK_WITH_AES_128_CBC_SHA256\n");
	assert_int_equal(dtls_client_cid(w->devices[1].client).len, 0);
	world_say(w, 1, "up");
	world_tell(w, w->last_conn, "down");
	expect_events(w, "1 data up\n");
	assert_string_equal(w->devices[1].heard, "down");
}

/* connections_max is for those who have moved as well. */
static void
wandering_is_no_way_around_the_limit(void **state)
{
	struct dtls_config config = dtls_config_default;
	struct dtls_client *first;
	struct span finish;

	(void)state;
	world_stop(w);
	config.connections_max = 2;
	world_start(w, &config);
	for (unsigned i = 1; i <= 2; i++) {
		device_of(i, i == 1 ? "a-meter" : "b-meter", true,
		    DTLS_CLIENT_12, NULL, 0);
		world_connect(w, i);
	}
	/* Full. The first may renew its own at its address: it begins, moves
	 * away, and would have two. */
	first = w->devices[1].client;
	w->devices[1].client = NULL;
	device_of(1, "c-meter", true, DTLS_CLIENT_12, NULL, 0);
	w->skip_up = 2;
	w->lose_up = 1;
	world_connect(w, 1);
	assert_int_equal(counters().pending, 1);
	finish = last_sent(1);
	dtls_client_free(w->devices[1].client);
	w->devices[1].client = first;
	world_rebind(w, 1, 1);
	world_say(w, 1, "away");
	w->events[0] = '\0';
	world_rebind(w, 1, 0);
	world_inject(w, 1, finish);
	expect_events(w, "1 wanted c-meter\n1 failed resources c-meter\n");
	assert_int_equal(counters().live, 2);
}

int
main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
	    STORY(under_dtls_12),
	    STORY(under_dtls_13),
	    STORY(each_suite_both_ways),
	    STORY(with_a_certificate),
	    STORY(what_is_given_out),
	    STORY(nobody_is_given_one_unasked),
	    STORY(a_device_goes_on),
	    STORY(a_device_goes_on_13),
	    STORY(a_replayed_record_moves_nothing),
	    STORY(a_replayed_record_moves_nothing_13),
	    STORY(a_late_record_moves_nothing),
	    STORY(a_forged_record_moves_nothing),
	    STORY(a_forged_record_moves_nothing_13),
	    STORY(ten_thousand_unknown_ones),
	    STORY(another_device_at_the_old_address),
	    STORY(to_where_another_one_lives),
	    STORY(restarted_where_it_has_moved_to),
	    STORY(not_in_handshake),
	    STORY(a_wrong_key),
	    STORY(evidence_that_waits),
	    STORY(a_lost_finished),
	    STORY(a_record_without_it),
	    STORY(longer_than_we_can_send),
	    STORY(a_broken_offer),
	    STORY(not_with_a_mac_below_the_cipher),
	    STORY(wandering_is_no_way_around_the_limit),
	};

	if (!DTLS_HAVE_CID) /* told to meson */
		return 77;
	return cmocka_run_group_tests_name("dtls_cid", tests, NULL, NULL);
}
