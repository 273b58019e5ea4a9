/* Whatever is wrong with what a device shows: it learns nothing from how it is
 * refused, and who comes after it meets a server that has forgotten it. */
#include "dtls/internal.h"
#include "mint.h"
#include "pki.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

enum { PARTS_MAX = 12, SAID_MAX = 4096 };

static struct world *w;
static size_t held; /* bytes that wolfSSL has, for server and device */
static size_t highest; /* that it has been */

static void
grow(size_t len)
{
	held += len;
	if (held > highest)
		highest = held;
}

static void *
take(size_t len)
{
	void *p = malloc(len);

	grow(p ? malloc_usable_size(p) : 0);
	return p;
}

static void
give_back(void *p)
{
	held -= malloc_usable_size(p);
	free(p);
}

static void *
take_again(void *p, size_t len)
{
	size_t before = p ? malloc_usable_size(p) : 0;
	void *q = realloc(p, len);

	if (q) {
		held -= before;
		grow(malloc_usable_size(q));
	}
	return q;
}

static size_t
memory_held(void)
{
	return held;
}

/* Who is there. "Root" alone is trusted. */
enum who {
	NOBODY,
	ROOT,
	OTHER, /* another root */
	ISSUING, /* by Root */
	STALE, /* likewise, out of date */
	EARLY, /* likewise, not valid yet */
	TIGHT, /* likewise, path length 0 */
	BELOW_TIGHT, /* an authority by it */
	TORN, /* by Root, the signature damaged */
	STRAY, /* an authority by Other */
	METER, /* by Root */
	ISSUED, /* by Issuing, as the others by whom they are named for */
	UNDER_STALE,
	UNDER_EARLY,
	UNDER_TIGHT,
	UNDER_TORN,
	UNDER_STRAY,
	UNDER_METER, /* which is no authority */
	STRANGER, /* by Other */
	EXPIRED, /* by Root, as are the next */
	UNRIPE,
	TORN_METER,
	SELF, /* by itself */
	CAST,
	JUNK, /* an object that is no certificate */
};

static struct mint cast[CAST];

enum { HOUR_S = 3600 };

static const struct {
	const char *name;
	enum who by;
	struct mint_wish wish;
} born[CAST] = {
    [ROOT] = {"root", NOBODY, {.authority = true}},
    [OTHER] = {"other", NOBODY, {.authority = true}},
    [ISSUING] = {"issuing", ROOT, {.authority = true}},
    [STALE] = {"stale", ROOT,
	{.authority = true, .from_s = -2 * HOUR_S, .until_s = -HOUR_S}},
    [EARLY] = {"early", ROOT,
	{.authority = true, .from_s = HOUR_S, .until_s = 2 * HOUR_S}},
    [TIGHT] = {"tight", ROOT, {.authority = true, .path_len = "0"}},
    [BELOW_TIGHT] = {"below tight", TIGHT, {.authority = true}},
    [TORN] = {"torn", ROOT, {.authority = true, .damaged = true}},
    [STRAY] = {"stray", OTHER, {.authority = true}},
    [METER] = {"meter", ROOT, {0}},
    [ISSUED] = {"issued", ISSUING, {0}},
    [UNDER_STALE] = {"under stale", STALE, {0}},
    [UNDER_EARLY] = {"under early", EARLY, {0}},
    [UNDER_TIGHT] = {"under tight", BELOW_TIGHT, {0}},
    [UNDER_TORN] = {"under torn", TORN, {0}},
    [UNDER_STRAY] = {"under stray", STRAY, {0}},
    [UNDER_METER] = {"under meter", METER, {0}},
    [STRANGER] = {"stranger", OTHER, {0}},
    [EXPIRED] = {"expired", ROOT, {.from_s = -2 * HOUR_S, .until_s = -HOUR_S}},
    [UNRIPE] = {"unripe", ROOT, {.from_s = HOUR_S, .until_s = 2 * HOUR_S}},
    [TORN_METER] = {"torn meter", ROOT, {.damaged = true}},
    [SELF] = {"self", NOBODY, {0}},
};

static int
mint_all(void **state)
{
	(void)state;
	for (size_t i = 1; i < CAST; i++)
		mint_make(&cast[i], born[i].name,
		    born[i].by ? &cast[born[i].by] : NULL, &born[i].wish);
	return 0;
}

static void
serve(void)
{
	struct dtls_server_credential shown = {
	    .chain = pki_file("server", "pem")};
	struct span trust = mint_der(&cast[ROOT]);
	struct dtls_credentials c = {.servers = &shown,
	    .server_count = 1,
	    .trust = &trust,
	    .trust_count = 1};

	assert_int_equal(dtls_set_credentials(w->server, &c, &w->fault), RC_OK);
}

static int
start(void **state)
{
	(void)state;
	w = malloc(sizeof(*w));
	assert_non_null(w);
	world_start(w, NULL);
	serve();
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
	serve();
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

static struct span
part(enum who who)
{
	return who == JUNK ? SPAN_LIT("\x30\x05\x02\x03\x01\x02\x03")
			   : mint_der(&cast[who]);
}

/* A device with that chain, and the key of `keeper`, says all it has. */
static void
show_with(
    enum dtls_client_version version, const enum who *parts, enum who keeper)
{
	uint8_t bytes[PARTS_MAX * MINT_DER_MAX];
	struct secret key = {0};
	struct writer chain;

	writer_init(&chain, bytes, sizeof(bytes));
	for (size_t i = 0; i < PARTS_MAX && parts[i]; i++)
		writer_put(&chain, part(parts[i]));
	assert_int_equal(secret_set(&key, mint_key(&cast[keeper])), RC_OK);
	world_open(w, 1,
	    &(struct dtls_client_config){.version = version,
		.chain = writer_span(&chain),
		.private_key = &key,
		.trust = pki_file("server-ca", "pem")});
	secret_fini(&key);
	w->devices[1].got_count = w->devices[1].sent_count = 0;
	w->trace[0] = w->events[0] = '\0';
	world_connect(w, 1);
}

static void
show(enum dtls_client_version version, const enum who *parts)
{
	show_with(version, parts, parts[0]);
}

/* Of all that the server has said what no chance is in: which records, how
 * long the last one is, and in the clear each byte of it. */
static void
said(char out[static SAID_MAX])
{
	const struct device *dev = &w->devices[1];
	size_t at = 0;

	if (w->stream) {
		(void)snprintf(out, SAID_MAX, "%zu bytes\n", dev->last_down);
		return;
	}
	assert_true(dev->got_count > 0);
	for (size_t i = 0; i < dev->got_count; i++) {
		char text[256];

		describe(world_got(w, 1, i), 0, text, sizeof(text));
		at += (size_t)snprintf(out + at, SAID_MAX - at, "%s\n", text);
	}
	if (strstr(out, "sealed")) {
		(void)snprintf(out + at, SAID_MAX - at, "%zu bytes\n",
		    world_got(w, 1, dev->got_count - 1).len);
		return;
	}
	for (size_t i = 0; i < world_got(w, 1, dev->got_count - 1).len; i++)
		at += (size_t)snprintf(out + at, SAID_MAX - at, "%02x",
		    world_got(w, 1, dev->got_count - 1).p[i]);
}

static const struct {
	enum who parts[PARTS_MAX];
	const char *reason;
} bad[] = {
    {{STRANGER}, "untrusted-certificate (stranger)"},
    {{STRANGER, STRANGER}, "untrusted-certificate (stranger)"},
    {{STRANGER, OTHER}, "untrusted-certificate (stranger)"},
    {{STRANGER, ISSUING}, "untrusted-certificate (stranger)"},
    {{STRANGER, METER}, "untrusted-certificate (stranger)"},
    {{UNDER_STRAY, STRAY}, "untrusted-certificate (under stray)"},
    {{UNDER_STRAY, STRAY, OTHER}, "untrusted-certificate (under stray)"},
    {{SELF}, "untrusted-certificate (self)"},
    {{SELF, SELF}, "untrusted-certificate (self)"},
    {{ISSUED}, "untrusted-certificate (issued)"},
    {{ISSUED, STRAY}, "untrusted-certificate (issued)"},
    {{METER, STRANGER}, "untrusted-certificate (meter)"},
    {{EXPIRED}, "expired-certificate (expired)"},
    {{EXPIRED, EXPIRED}, "expired-certificate (expired)"},
    {{EXPIRED, ROOT}, "expired-certificate (expired)"},
    {{EXPIRED, OTHER}, "expired-certificate (expired)"},
    {{UNRIPE}, "expired-certificate (unripe)"},
    {{TORN_METER}, "untrusted-certificate (torn meter)"},
    {{TORN_METER, TORN_METER}, "untrusted-certificate (torn meter)"},
    {{UNDER_STALE, STALE}, "expired-certificate (under stale)"},
    {{UNDER_STALE, STALE, ROOT}, "expired-certificate (under stale)"},
    {{METER, STALE}, "expired-certificate (meter)"},
    {{UNDER_EARLY, EARLY}, "expired-certificate (under early)"},
    {{UNDER_TIGHT, BELOW_TIGHT, TIGHT}, "untrusted-certificate (under tight)"},
    {{UNDER_TORN, TORN}, "untrusted-certificate (under torn)"},
    {{UNDER_METER, METER}, "untrusted-certificate (under meter)"},
    {{ROOT, METER}, "bad-certificate (root)"},
    {{ISSUING, ISSUED}, "untrusted-certificate (issuing)"},
    {{STRANGER, OTHER, OTHER, OTHER, OTHER, OTHER, OTHER, OTHER, OTHER},
	"untrusted-certificate (stranger)"},
    {{METER, ROOT, ROOT, ROOT, ROOT, ROOT, ROOT, ROOT, ROOT, ROOT},
	"bad-certificate"},
    {{METER, JUNK}, "bad-certificate"},
    {{STRANGER, JUNK}, "bad-certificate"},
};

/* Told by its alert alone, in the words of said(). */
static void
expect_refusal(const char *reason, char first[static SAID_MAX])
{
	char now[SAID_MAX], expected[256];

	(void)snprintf(
	    expected, sizeof(expected), "1 sign 0\n1 failed %s\n", reason);
	expect_events(w, expected);
	assert_false(dtls_client_established(w->devices[1].client));
	assert_int_equal(dtls_client_alert(w->devices[1].client), 42);
	said(now);
	if (!first[0])
		memcpy(first, now, sizeof(now));
	assert_string_equal(now, first);
}

static void
every_refusal_is_the_same(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		char first[SAID_MAX] = "";

		for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			show(versions[v], bad[i].parts);
			expect_refusal(bad[i].reason, first);
		}
		/* A certificate that is good, and somebody else's. */
		show_with(versions[v], (enum who[PARTS_MAX]){METER}, STRANGER);
		expect_refusal("handshake-protocol (meter)", first);
		show_with(versions[v], (enum who[PARTS_MAX]){STRANGER}, METER);
		expect_refusal("untrusted-certificate (stranger)", first);
	}
}

/* What stands beside a good way to the anchor does no harm. */
static void
odd_but_good(void **state)
{
	static const enum who good[][PARTS_MAX] = {
	    {METER},
	    {METER, METER},
	    {METER, ROOT},
	    {METER, OTHER},
	    {METER, STRAY, OTHER},
	    {METER, ISSUING},
	    {ISSUED, ISSUING},
	    {ISSUED, ISSUING, ROOT},
	    {ISSUED, ISSUED, ISSUING},
	    {ISSUED, STRAY, ISSUING},
	    {ISSUED, ISSUING, ROOT, ROOT, ROOT, ROOT, ROOT, ROOT, ROOT},
	};

	(void)state;
	for (size_t v = 0; v < 2; v++) {
		for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
			show(versions[v], good[i]);
			assert_true(
			    dtls_client_established(w->devices[1].client));
		}
	}
}

/* The flight of a device, record by record: after how many the server says
 * something. */
static size_t
records_until_answer(enum dtls_client_version version, enum who who,
    enum who keeper, char reason[static SAID_MAX])
{
	struct peek_record r;
	struct span flight;
	size_t count = 0;

	w->skip_up = 2;
	w->lose_up = 1;
	show_with(version, (enum who[PARTS_MAX]){who}, keeper);
	w->skip_up = w->lose_up = 0;
	expect_events(w, "1 sign 0\n");
	w->trace[0] = '\0';
	flight = world_sent(w, 1, 2);
	while (!strstr(w->events, "failed")) {
		assert_true(peek_record(&flight, &r));
		assert_string_equal(w->trace, "");
		world_inject(w, 1, r.raw);
		count++;
	}
	(void)snprintf(reason, SAID_MAX, "%.200s", w->events);
	return count;
}

/* Nor by when: a certificate that somebody has found on the way is no question
 * to us without its key. */
static void
no_sooner_than_the_proof(void **state)
{
	static const enum who shown[] = {
	    STRANGER, EXPIRED, UNRIPE, SELF, TORN_METER, ISSUED, METER};
	static const size_t at[] = {3, 2}; /* its CertificateVerify */

	(void)state;
	for (size_t v = 0; v < 2; v++) {
		for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
			char reason[SAID_MAX];

			assert_int_equal(records_until_answer(versions[v],
					     shown[i], TIGHT, reason),
			    at[v]);
		}
		for (size_t i = 0; shown[i] != METER; i++) {
			char reason[SAID_MAX];

			assert_int_equal(records_until_answer(versions[v],
					     shown[i], shown[i], reason),
			    at[v]);
		}
	}
}

/* A record of DTLS 1.2 with a piece of a handshake message. */
static struct span
piece(uint8_t *out, size_t cap, uint64_t number, uint16_t seq, size_t whole,
    size_t offset, struct span bytes)
{
	struct writer wr;

	writer_init(&wr, out, cap);
	writer_be(&wr, PEEK_HANDSHAKE, 1);
	writer_be(&wr, 0xfefd, 2);
	writer_be(&wr, number, 8);
	writer_be(&wr, PEEK_MESSAGE_HEAD_LEN + bytes.len, 2);
	writer_be(&wr, 11, 1); /* Certificate */
	writer_be(&wr, whole, 3);
	writer_be(&wr, seq, 2);
	writer_be(&wr, offset, 3);
	writer_be(&wr, bytes.len, 3);
	writer_put(&wr, bytes);
	assert_false(wr.full);
	return writer_span(&wr);
}

/* Up to our flight; the device's own is lost, and it says no more. */
static void
come_so_far(void)
{
	w->skip_up = 2;
	w->lose_up = 1;
	show(DTLS_CLIENT_12, (enum who[PARTS_MAX]){METER});
	w->skip_up = w->lose_up = 0;
	expect_events(w, "1 sign 0\n");
}

/* Lists of which no library makes one. */
static void
broken_lists(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} lists[] = {
#define LIST(s) {s, sizeof(s) - 1}
	    LIST("\0\0\3\0\0\0"), /* one of no bytes */
	    LIST("\0\0\6\0\0\0\0\0\0"),
	    LIST("\0\0\5\0\0\2\x30\0"),
	    LIST("\0\0\4\0\0\1\x30"),
	    LIST("\0\0\5\0\0\x40\x30\0"), /* longer than the list */
	    LIST("\0\0\x40\0\0\2\x30\0"), /* longer than the message */
	    LIST("\0\0\2\0\0\2\x30\0"), /* shorter */
	    LIST("\0\0\1\0"),
	    LIST("\0\0"),
	    LIST("\xff\xff\xff\xff\xff\xff"),
#undef LIST
	};
	char first[SAID_MAX] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		uint8_t record[256];
		struct span list = span_of(lists[i].bytes, lists[i].len);
		char now[SAID_MAX];

		come_so_far();
		world_inject(w, 1,
		    piece(record, sizeof(record), 100, 2, list.len, 0, list));
		assert_non_null(strstr(w->events, "1 failed "));
		assert_int_equal(dtls_client_alert(w->devices[1].client), 42);
		said(now);
		if (!first[0])
			memcpy(first, now, sizeof(now));
		assert_string_equal(now, first);
	}
}

/* Behind a good leaf. */
static void
broken_second(void **state)
{
	static const char *const second[] = {"", "\x30", "junk"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		uint8_t record[2048], bytes[2048];
		struct span leaf = part(METER), tail = span_str(second[i]);
		struct writer list;

		writer_init(&list, bytes, sizeof(bytes));
		writer_be(&list, leaf.len + tail.len + 6, 3);
		writer_be(&list, leaf.len, 3);
		writer_put(&list, leaf);
		writer_be(&list, tail.len, 3);
		writer_put(&list, tail);
		come_so_far();
		world_inject(w, 1,
		    piece(record, sizeof(record), 100, 2, list.len, 0,
			writer_span(&list)));
		assert_non_null(strstr(w->events, "1 failed "));
		assert_int_equal(dtls_client_alert(w->devices[1].client), 42);
	}
}

/* Who is let in depends on what he shows, and not on who was here before. */
static void
nobody_vouches_for_the_next(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++) {
		char first[SAID_MAX] = "";

		show(versions[v], (enum who[PARTS_MAX]){ISSUED, ISSUING});
		assert_true(dtls_client_established(w->devices[1].client));
		show(versions[v], (enum who[PARTS_MAX]){ISSUED});
		expect_refusal("untrusted-certificate (issued)", first);
		show(versions[v], (enum who[PARTS_MAX]){UNDER_STALE, STALE});
		expect_refusal("expired-certificate (under stale)", first);
		show(versions[v], (enum who[PARTS_MAX]){UNDER_STALE});
		expect_refusal("untrusted-certificate (under stale)", first);
		show(versions[v], (enum who[PARTS_MAX]){UNDER_TORN, TORN});
		expect_refusal("untrusted-certificate (under torn)", first);
		show(versions[v], (enum who[PARTS_MAX]){UNDER_TORN});
		expect_refusal("untrusted-certificate (under torn)", first);
		show(versions[v], (enum who[PARTS_MAX]){METER});
		assert_true(dtls_client_established(w->devices[1].client));
	}
}

static void
gone(void)
{
	dtls_client_free(w->devices[1].client);
	w->devices[1].client = NULL;
	world_pass(w, 600000);
	w->trace[0] = w->events[0] = '\0';
}

/* However many chains it sees, each with an authority of its own. */
static void
what_is_seen_is_forgotten(void **state)
{
	static struct mint authority, leaf;
	size_t before = 0;

	(void)state;
	authority = cast[ISSUING];
	leaf = cast[ISSUED];
	for (unsigned i = 0; i < 40; i++) {
		bool stray = i % 4 == 3;
		enum who parts[PARTS_MAX] = {ISSUED, ISSUING};

		mint_make(&cast[ISSUING], "issuing",
		    &cast[stray ? OTHER : ROOT],
		    &(struct mint_wish){.authority = true});
		mint_make(&cast[ISSUED], "issued", &cast[ISSUING], NULL);
		show(versions[i % 2], parts);
		assert_int_equal(
		    dtls_client_established(w->devices[1].client), !stray);
		gone();
		if (i == 7)
			before = memory_held();
	}
	assert_int_equal(memory_held(), before);
	cast[ISSUING] = authority;
	cast[ISSUED] = leaf;
}

/* The most that `held` has been above `base` since `highest` was set to it. */
static size_t
most_above(size_t base)
{
	return highest > base ? highest - base : 0;
}

enum {
	/* Bytes that one association may cost at its most, whatever comes: of
	 * wolfSSL, beside 9 kB that each has. */
	COST_MAX = 96 * 1024,
};

/* Authorities with ballast: 12 and 30 kB. Under DTLS 1.2 more than we take. */
static void
a_chain_like_a_truck(void **state)
{
	static const size_t ballast[] = {1000, 3500};
	static struct mint usual;
	size_t before;

	(void)state;
	usual = cast[STRAY];
	gone();
	before = memory_held();
	for (size_t i = 0; i < 4; i++) {
		mint_make(&cast[STRAY], "stray", &cast[OTHER],
		    &(struct mint_wish){
			.authority = true, .ballast_len = ballast[i / 2]});
		show(versions[i % 2],
		    (enum who[PARTS_MAX]){STRANGER, STRAY, STRAY, STRAY, STRAY,
			STRAY, STRAY, STRAY, STRAY});
		assert_false(dtls_client_established(w->devices[1].client));
		gone();
		assert_int_equal(memory_held(), before);
	}
	cast[STRAY] = usual;
}

/* Pieces of a message of the largest size that never becomes whole. */
static void
pieces_without_end(void **state)
{
	static const uint8_t zeros[1200];
	static const struct {
		size_t piece, step, whole;
	} ways[] = {
	    {1, 2, 8192},
	    {1, 100, 8192},
	    {1200, 1300, 8192},
	    {1200, 7, 8192},
	    {1, 2, 16384}, /* too large */
	    {1, 2, 0xffffff},
	};
	size_t before;

	(void)state;
	come_so_far();
	gone();
	before = memory_held();
	for (size_t n = 0; n < sizeof(ways) / sizeof(ways[0]); n++) {
		size_t base;

		come_so_far();
		base = highest = memory_held();
		for (unsigned i = 0; i < 100; i++) {
			uint8_t record[1400];
			size_t at = 1 + ways[n].step * i % 6900;

			world_inject(w, 1,
			    piece(record, sizeof(record), 100 + i, 2,
				ways[n].whole, at,
				span_of(zeros, ways[n].piece)));
		}
		expect_events(w, "1 failed handshake-budget\n");
		assert_in_range(most_above(base), 0, COST_MAX);
		gone();
		assert_int_equal(memory_held(), before);
	}
}

/* Under DTLS 1.3, sealed: all but the first, 18 kB. */
static void
all_but_the_first_piece(void **state)
{
	static struct mint usual;
	size_t before;

	(void)state;
	usual = cast[STRAY];
	mint_make(&cast[STRAY], "stray", &cast[OTHER],
	    &(struct mint_wish){.authority = true, .ballast_len = 1600});
	gone();
	before = memory_held();
	w->skip_up = 2;
	w->lose_up = 1;
	show(DTLS_CLIENT_13,
	    (enum who[PARTS_MAX]){STRANGER, STRAY, STRAY, STRAY, STRAY, STRAY,
		STRAY, STRAY, STRAY});
	expect_events(w, "1 sign 0\n");
	dtls_client_free(w->devices[1].client);
	w->devices[1].client = NULL;
	assert_in_range(memory_held() - before, 12 * 1024, COST_MAX / 2);
	gone();
	assert_int_equal(memory_held(), before);
	cast[STRAY] = usual;
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, start, stop)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    STORY(every_refusal_is_the_same),
	    cmocka_unit_test_setup_teardown(
		every_refusal_is_the_same, start_stream, stop),
	    STORY(odd_but_good),
	    STORY(no_sooner_than_the_proof),
	    STORY(broken_lists),
	    STORY(broken_second),
	    STORY(nobody_vouches_for_the_next),
	    STORY(what_is_seen_is_forgotten),
	    STORY(a_chain_like_a_truck),
	    STORY(pieces_without_end),
	    STORY(all_but_the_first_piece),
	};

	if (wolfSSL_SetAllocators(take, give_back, take_again) != 0)
		return 1;
	return cmocka_run_group_tests(tests, mint_all, NULL);
}
