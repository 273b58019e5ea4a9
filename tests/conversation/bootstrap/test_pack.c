/* Bootstrap-Pack (LwM2M Core 1.2, 6.1.7.2; bootstrap.md section 11): all of a
 * bootstrap as one answer, fetched block by block (RFC 7959 section 2.4). */
#include "stage.h"

#include "bootstrap/choose.h"
#include "lwm2m/format.h"

#include <stdio.h>

#define PLAY(f) cmocka_unit_test_setup_teardown(f, setup, stage_teardown)

enum { BODY_MAX = 4096, ENTRIES_MAX = 64, DEVICE_PORT = 40000 };

/** What the device has fetched. */
static struct {
	uint8_t body[BODY_MAX];
	size_t len;
	uint8_t etag[8];
	uint32_t size; /**< as Size2 says; 0: it did not */
	bool more;
	uint32_t blocks;
} got;

static int
setup(void **state)
{
	int code = stage_setup(state);

	stage.keeper.packs = true;
	memset(&got, 0, sizeof(got));
	return code;
}

static const struct coap_option *
must_have(uint16_t number)
{
	const struct coap_option *o = coap_find(&stage.came, number);

	assert_non_null(o);
	return o;
}

/** Take what came last as the bytes from `offset` on. */
static void
take(size_t offset)
{
	const struct coap_option *o = must_have(COAP_ETAG);
	struct span payload = stage.came.payload;
	struct coap_block b = {0};

	assert_int_equal(o->value.len, sizeof(got.etag));
	if (got.blocks++ == 0)
		memcpy(got.etag, o->value.p, sizeof(got.etag));
	else
		assert_memory_equal(got.etag, o->value.p, sizeof(got.etag));
	o = coap_find(&stage.came, COAP_SIZE2);
	if (o)
		assert_true(coap_uint_value(o->value, &got.size));
	o = coap_find(&stage.came, COAP_BLOCK2);
	if (o)
		assert_int_equal(coap_block_decode(o->value, &b), RC_OK);
	got.more = b.more;
	assert_true(payload.len > 0 && offset + payload.len <= BODY_MAX);
	memcpy(got.body + offset, payload.p, payload.len);
	if (offset + payload.len > got.len)
		got.len = offset + payload.len;
}

/** Ask for one block, and take it. */
static void
fetch(const char *uri, uint32_t num, size_t size)
{
	const struct coap_option *o;
	struct coap_block b;
	char text[256];

	snprintf(text, sizeof(text), "CON GET %s b2=%u/0/%zu", uri, num, size);
	says(text);
	hear();
	assert_int_equal(stage.came.code, COAP_CONTENT);
	o = must_have(COAP_BLOCK2);
	assert_int_equal(coap_block_decode(o->value, &b), RC_OK);
	assert_int_equal(b.num, num);
	assert_int_equal(coap_block_size(b.szx), size);
	take(num * size);
	assert_true(stage.came.payload.len == size || !b.more);
}

/** All of it, in order, in blocks of that size. */
static void
fetch_all(const char *uri, size_t size)
{
	uint32_t num = 0;

	do
		fetch(uri, num++, size);
	while (got.more);
}

/** What stands in it; fails the test when it is no pack. */
static size_t
unpack(int format, struct lwm2m_entry *entries)
{
	static uint8_t scratch[2 * BODY_MAX];
	struct writer w;
	size_t count;

	writer_init(&w, scratch, sizeof(scratch));
	assert_int_equal(
	    lwm2m_decode(format, LWM2M_ROOT, span_of(got.body, got.len), &w,
		entries, ENTRIES_MAX, &count),
	    RC_OK);
	return count;
}

static const struct lwm2m_value *
value(const struct lwm2m_entry *entries, size_t count, struct lwm2m_path path)
{
	for (size_t i = 0; i < count; i++)
		if (path_compare(entries[i].path, path) == 0)
			return &entries[i].value;
	return NULL;
}

/** One account, the one of wish_usual, at that instance of /0. */
static void
holds_the_account(int format, uint16_t instance)
{
	struct lwm2m_entry entries[ENTRIES_MAX];
	size_t count = unpack(format, entries);
	const struct lwm2m_value *v;
	uint8_t key[WISH_KEY_LEN];

	wish_key(1, key);
	v = value(entries, count,
	    LWM2M_RESOURCE(OBJECT_SECURITY, instance, SECURITY_SECRET_KEY));
	assert_non_null(v);
	assert_true(span_equal(v->bytes, span_of(key, sizeof(key))));
	v = value(entries, count,
	    LWM2M_RESOURCE(OBJECT_SECURITY, instance, SECURITY_BOOTSTRAP));
	assert_non_null(v);
	assert_false(v->boolean);
	v = value(
	    entries, count, LWM2M_RESOURCE(OBJECT_SERVER, 0, SERVER_SSID));
	assert_non_null(v);
	assert_int_equal(v->integer, 101);
	for (size_t i = 0; i < count; i++)
		assert_true(entries[i].path.object > OBJECT_SERVER ||
		    entries[i].path.instance ==
			(entries[i].path.object == OBJECT_SERVER ? 0
								 : instance));
}

/* Anjay's request: what fits goes whole, and nothing is asked of the device
 * besides: no Discover, no Delete, no Finish. */
static void
in_one_message(void **state)
{
	(void)state;
	says("CON GET /bspack?ep=dev-1 accept=112");
	expect("ACK 2.05 cf=112");
	take(0);
	assert_null(coap_find(&stage.came, COAP_BLOCK2));
	holds_the_account(112, 100);
	verdict("unknown pack-sent 0/6 -");
	assert_int_equal(stage.keeper.finishing, 1);
	assert_int_equal(stage.keeper.accept, 112);
	assert_int_equal(stage.keeper.pct, -1);
	boots(0);
	/* the answer was lost: it is there once more, and begins nothing */
	says_again();
	expect("ACK 2.05 cf=112");
	assert_int_equal(stage.keeper.begins, 1);
}

static void
in_blocks_of_every_size(void **state)
{
	static const int formats[] = {
	    FORMAT_SENML_JSON, FORMAT_SENML_CBOR, FORMAT_LWM2M_CBOR};

	(void)state;
	for (size_t f = 0; f < 3; f++) {
		for (size_t size = 16; size <= 1024; size *= 2) {
			char uri[64];

			stage_again();
			stage.keeper.packs = true;
			memset(&got, 0, sizeof(got));
			stage.keeper.accept = formats[f];
			snprintf(uri, sizeof(uri),
			    "/bspack?ep=dev-1&acc=</0/1> accept=%d",
			    formats[f]);
			fetch_all(uri, size);
			assert_int_equal(got.size, got.len);
			assert_int_equal(
			    got.blocks, (got.len + size - 1) / size);
			holds_the_account(formats[f], 0);
			verdict("unknown pack-sent 0/6 -");
			boots(0);
		}
	}
}

/* Without a wish of the device: as its profile says. */
static void
blocks_by_the_profile(void **state)
{
	(void)state;
	stage.keeper.wish.max_message = 128;
	says("CON GET /bspack?ep=dev-1");
	expect("ACK 2.05 cf=112 b2=0/1/64");
	take(0);
	no_verdict();
	boots(1);
	for (uint32_t num = 1; got.more; num++)
		fetch("/bspack?ep=dev-1", num, 64);
	holds_the_account(112, 100);
	verdict("unknown pack-sent 0/6 -");
}

/* RFC 7959 section 2.4: whichever block is asked for, as often as it is. It is
 * fetched when all of it is. */
static void
twice_and_out_of_order(void **state)
{
	const char *uri = "/bspack?ep=dev-1";
	uint32_t last;

	(void)state;
	fetch(uri, 0, 32);
	fetch(uri, 2, 32);
	fetch(uri, 2, 32);
	last = (got.size - 1) / 32;
	assert_true(last >= 3);
	fetch(uri, last, 32);
	no_verdict();
	/* the device begins anew in the middle of it: it is still one pack */
	fetch(uri, 0, 32);
	for (uint32_t num = 3; num < last; num++)
		fetch(uri, num, 32);
	no_verdict();
	/* what is missing need not come in the same size */
	fetch(uri, 2, 16);
	no_verdict();
	fetch(uri, 3, 16);
	verdict("unknown pack-sent 0/6 -");
	assert_int_equal(got.len, got.size);
	holds_the_account(112, 100);
	assert_int_equal(stage.keeper.begins, 1);
	assert_int_equal(stage.keeper.finishing, 1);
}

static void
never_finished(void **state)
{
	(void)state;
	fetch("/bspack?ep=dev-1", 0, 64);
	fetch("/bspack?ep=dev-1", 1, 64);
	boots(1);
	pass(239000);
	no_verdict();
	pass(2000);
	verdict("failed pack-unfetched 0/6 -");
	boots(0);
	/* it is too late now: another request begins anew */
	says("CON GET /bspack?ep=dev-1 b2=2/0/64");
	expect("ACK 4.00");
	memset(&got, 0, sizeof(got));
	fetch("/bspack?ep=dev-1", 0, 1024);
	verdict("unknown pack-sent 0/6 -");
}

/* Blocks that are none, or of another pack. */
static void
no_such_block(void **state)
{
	(void)state;
	says("CON GET /bspack?ep=dev-1 b2=1/0/64");
	expect("ACK 4.00");
	assert_int_equal(stage.keeper.begins, 0);
	fetch("/bspack?ep=dev-1", 0, 64);
	says("CON GET /bspack?ep=dev-1 b2=1000/0/64");
	expect("ACK 4.00");
	says("CON GET /bspack?ep=dev-1 b2=1048575/0/1024");
	expect("ACK 4.00");
	says("CON GET /bspack?ep=dev-2 b2=1/0/64");
	expect("ACK 4.00");
	says("CON GET /bspack?ep=dev-1&acc=</0/1> b2=1/0/64");
	expect("ACK 4.00");
	says("CON GET /bspack?ep=dev-1 accept=110 b2=1/0/64");
	expect("ACK 4.00");
	/* nor is it for anybody else */
	moves(40404);
	says("CON GET /bspack?ep=dev-1 b2=1/0/64");
	expect("ACK 4.00");
	moves(DEVICE_PORT);
	no_verdict();
	fetch("/bspack?ep=dev-1", 1, 64);
	assert_int_equal(stage.keeper.begins, 1);
	for (uint32_t num = 2; got.more; num++)
		fetch("/bspack?ep=dev-1", num, 64);
	verdict("unknown pack-sent 0/6 -");
}

/* A client that does not like what it gets goes on with POST /bs. */
static void
falls_back_in_the_middle(void **state)
{
	(void)state;
	stage.keeper.wish = wish_short;
	fetch("/bspack?ep=dev-1", 0, 64);
	says("CON POST /bs?ep=dev-1&pct=112");
	verdict("failed superseded 0/3 -");
	expect("ACK 2.04");
	expect("CON PUT /0/100 cf=112");
	answer("ACK 2.04");
	expect("CON PUT /1/0 cf=112");
	/* what was to be fetched is there no more */
	says("CON GET /bspack?ep=dev-1 b2=1/0/64");
	expect("ACK 4.00");
	answer("ACK 2.04");
	expect("CON POST /bs");
	answer("ACK 2.04");
	verdict("ok ok 2/3 2.04");
}

/* Anjay 1.2: any error, and it asks for the other way at once. */
static void
refused(void **state)
{
	static const struct {
		const char *request, *answer;
		enum reason reason;
	} cases[] = {
	    {"CON GET /bspack?ep=dev-1 accept=112", "ACK 4.05",
		REASON_PACK_REFUSED},
	    {"CON GET /bspack?ep=dev-1 accept=112", "ACK 4.00",
		REASON_NO_POLICY},
	    {"CON GET /bspack?ep=dev-1 accept=11542", "ACK 4.06", REASON_NONE},
	    {"CON GET /bspack?ep=dev-1 accept=0", "ACK 4.06", REASON_NONE},
	    {"CON GET /bspack?ep=dev-1&acc=</1/0>", "ACK 4.00", REASON_NONE},
	    {"CON GET /bspack?ep=dev-1&ep=dev-2", "ACK 4.00", REASON_NONE},
	};

	(void)state;
	stage.keeper.wish = wish_short;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		stage.keeper.refuses = cases[i].reason;
		says(cases[i].request);
		expect(cases[i].answer);
		boots(0);
		no_verdict();
		stage.keeper.refuses = REASON_NONE;
		says("CON POST /bs?ep=dev-1&pct=112");
		expect("ACK 2.04");
		expect("CON PUT /0/100 cf=112");
		answer("RST");
		verdict("failed reset 0/3 -");
	}
}

/* Its own account is where it says it is, and stays out of the pack's way. */
static void
its_own_account(void **state)
{
	(void)state;
	says("CON GET /bspack?ep=dev-1&acc=</0/0>,</21/0>");
	expect("ACK 2.05 cf=112");
	take(0);
	holds_the_account(112, 1);
	verdict("unknown pack-sent 0/6 -");
}

/* Less good than to be told: where its profile says that it is. */
static void
its_own_account_by_the_profile(void **state)
{
	(void)state;
	stage.keeper.wish.own_said = true;
	stage.keeper.wish.own = CHOOSE_HIGH;
	says("CON GET /bspack?ep=dev-1");
	expect("ACK 2.05 cf=112");
	take(0);
	holds_the_account(112, CHOOSE_HIGH + 1);
	verdict("unknown pack-sent 0/6 -");
	/* what it says itself counts more */
	says("CON GET /bspack?ep=dev-1&acc=</0/1>");
	expect("ACK 2.05 cf=112");
	memset(&got, 0, sizeof(got));
	take(0);
	holds_the_account(112, 0);
	verdict("unknown pack-sent 0/6 -");
}

/* A pack that does not fit, and a device that takes no blocks: it goes on with
 * a Bootstrap-Request, whose Writes are smaller. */
static void
too_large_without_blocks(void **state)
{
	(void)state;
	stage.keeper.wish.max_message = 128;
	stage.keeper.wish.no_blocks = true;
	says("CON GET /bspack?ep=dev-1");
	expect("ACK 4.05");
	verdict("failed plan-too-large 0/6 -");
	boots(0);
	/* unless it asks for them all the same */
	fetch_all("/bspack?ep=dev-1", 64);
	verdict("unknown pack-sent 0/6 -");
}

/* Nobody knows whether the instance that the policy names is the device's own
 * account: the other way has Discover for that. */
static void
an_instance_of_which_nobody_knows(void **state)
{
	(void)state;
	stage.keeper.wish.has_other = true;
	stage.keeper.wish.other = LWM2M_INSTANCE(OBJECT_SECURITY, 2);
	says("CON GET /bspack?ep=dev-1");
	expect("ACK 4.05");
	verdict("failed no-instance 0/7 -");
	boots(0);
}

/* Two devices at a time, each of which gets its own. */
static void
two_devices(void **state)
{
	(void)state;
	fetch("/bspack?ep=dev-1", 0, 64);
	moves(40404);
	memset(&got, 0, sizeof(got));
	stage.keeper.open = false; /* the other one is no older session */
	fetch("/bspack?ep=dev-2", 0, 64);
	boots(2);
	for (uint32_t num = 1; got.more; num++)
		fetch("/bspack?ep=dev-2", num, 64);
	verdict("unknown pack-sent 0/6 -");
	boots(1);
	moves(DEVICE_PORT);
	memset(&got, 0, sizeof(got));
	for (uint32_t num = 1; num == 1 || got.more; num++)
		fetch("/bspack?ep=dev-1", num, 64);
	verdict("unknown pack-sent 0/6 -");
}

/* The keeper takes its time: an empty ACK, then the first block separately. */
static void
a_slow_keeper(void **state)
{
	(void)state;
	stage.keeper.delay_ms = 1500;
	says("CON GET /bspack?ep=dev-1 accept=112");
	pass(1000);
	expect("ACK");
	pass(500);
	expect("CON 2.05 cf=112");
	take(0);
	answer("ACK");
	holds_the_account(112, 100);
	pass(1500);
	verdict("unknown pack-sent 0/6 -");
}

/* The association ends before it was all fetched. */
static void
superseded_elsewhere(void **state)
{
	struct question q = {.kind = Q_CANCEL};

	(void)state;
	fetch("/bspack?ep=dev-1", 0, 64);
	memcpy(q.session, stage.keeper.session, SESSION_ID_LEN);
	boot_cancel(&stage.worker, q.session, REASON_SUPERSEDED, stage.now_ms);
	pass(1);
	verdict("failed superseded 0/6 -");
	says("CON GET /bspack?ep=dev-1 b2=1/0/64");
	expect("ACK 4.00");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    PLAY(in_one_message),
	    PLAY(in_blocks_of_every_size),
	    PLAY(blocks_by_the_profile),
	    PLAY(twice_and_out_of_order),
	    PLAY(never_finished),
	    PLAY(no_such_block),
	    PLAY(falls_back_in_the_middle),
	    PLAY(refused),
	    PLAY(its_own_account),
	    PLAY(its_own_account_by_the_profile),
	    PLAY(too_large_without_blocks),
	    PLAY(an_instance_of_which_nobody_knows),
	    PLAY(two_devices),
	    PLAY(a_slow_keeper),
	    PLAY(superseded_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
