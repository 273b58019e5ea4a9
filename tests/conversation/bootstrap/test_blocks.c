/*
 * Block-wise transfers with a device that does not keep to them (RFC 7959):
 * blocks that shrink, grow, repeat, jump, lie about their size, change under
 * the reader or never end; both ways. Each comes to an end that has a name,
 * after a number of datagrams that is bounded.
 */
#include "stage_internal.h"

#include "coap/block.h"
#include "lwm2m/format.h"
#include "lwm2m/object.h"

#define PLAY(f) cmocka_unit_test_setup_teardown(f, stage_setup, stage_teardown)

enum {
	STEP_MS = 1000,
	PATIENCE_MS = 400000,
	BLOCK = 64,
	/** body_max of 16 KiB in the smallest blocks, each way, and what is
	 *  around it. */
	DATAGRAMS_MAX = 2 * 16384 / 16 + 64,
};

/** What it does with the blocks of an answer, from the second on. */
enum trick {
	TRICK_NONE,
	TRICK_SHRINKS, /**< the same bytes in halves: it may */
	TRICK_GROWS,
	TRICK_REPEATS, /**< the first one again */
	TRICK_JUMPS,
	TRICK_SHORT, /**< less than its size, and more to come */
	TRICK_LONG,
	TRICK_EMPTY,
	TRICK_BARE, /**< no Block2 */
	TRICK_CHANGES, /**< another ETag each time */
	TRICK_ENDLESS, /**< there is always one more */
	TRICK_HUGE, /**< 100 KiB in the largest blocks */
	TRICK_TINY, /**< endless, in blocks of 16 */
	TRICK_REFUSES, /**< 4.04 */
	TRICK_RESETS,
	TRICK_SILENT,
	TRICKS,
};

static struct {
	enum trick trick;
	uint8_t etag;
	unsigned answers; /**< to a GET */
	unsigned datagrams;
} dev;

static const char links[] =
    "</>;lwm2m=1.1,</0/1>,</0/100>;ssid=101,</1/0>;ssid=101,</3/0>,</4>,</5/0>,"
    "</6/0>,</7/0>,</9/0>,</10/0>,</11/0>,</12/0>,</13/0>,</14/0>,</15/0>,"
    "</16/0>,</17/0>,</18/0>,</19/0>,</20/0>,</22/0>,</23/0>,</24/0>,</25/0>";

/** One block of the answer to `m`. */
static void
send_block(const struct coap_message *m, struct coap_block b,
    struct span payload, bool with_block)
{
	struct coap_message a = {.type = COAP_ACK,
	    .code = COAP_CONTENT,
	    .mid = m->mid,
	    .token = m->token,
	    .payload = payload};
	uint8_t buf[STAGE_DATAGRAM_MAX], number[4], format[4];
	struct writer w;

	if (dev.etag)
		assert_int_equal(
		    coap_add(&a, COAP_ETAG, span_of(&dev.etag, 1)), RC_OK);
	assert_int_equal(
	    coap_add(&a, COAP_CONTENT_FORMAT, coap_uint(FORMAT_LINK, format)),
	    RC_OK);
	if (with_block)
		assert_int_equal(
		    coap_add(&a, COAP_BLOCK2, coap_block_encode(b, number)),
		    RC_OK);
	writer_init(&w, buf, sizeof(buf));
	coap_encode(&a, &w);
	assert_false(w.full);
	air_send(true, &stage.address, writer_span(&w));
}

static void
send_code(const struct coap_message *m, enum coap_type type, uint8_t code)
{
	struct coap_message a = {.type = type, .code = code, .mid = m->mid};
	uint8_t buf[64];
	struct writer w;

	if (code)
		a.token = m->token;
	writer_init(&w, buf, sizeof(buf));
	coap_encode(&a, &w);
	air_send(true, &stage.address, writer_span(&w));
}

/** What was asked for; the first block where it is not said. */
static struct coap_block
asked(const struct coap_message *m)
{
	const struct coap_option *o = coap_find(m, COAP_BLOCK2);
	struct coap_block b = {.szx = coap_szx_for(BLOCK)};

	if (o)
		assert_int_equal(coap_block_decode(o->value, &b), RC_OK);
	return b;
}

/** An honest block of `size` bytes from `at` of the list. */
static void
send_part(const struct coap_message *m, size_t at, size_t size)
{
	struct span all = span_str(links), part = span_from(all, at);
	struct coap_block b = {
	    .num = (uint32_t)(at / size), .szx = coap_szx_for(size)};

	if (part.len > size) {
		part.len = size;
		b.more = true;
	}
	send_block(m, b, part, true);
}

/** One that is full, of no meaning, and not the last. */
static void
send_filler(const struct coap_message *m, struct coap_block b, size_t len)
{
	static uint8_t filler[2048];

	memset(filler, ',', sizeof(filler));
	b.more = true;
	send_block(m, b, span_of(filler, len), true);
}

static void
answer_get(const struct coap_message *m)
{
	struct coap_block b = asked(m);
	size_t size = (size_t)16 << b.szx, at = b.num * size;

	dev.answers++;
	if (dev.trick == TRICK_HUGE && b.num == 0)
		b.szx = coap_szx_for(1024);
	if (dev.trick == TRICK_TINY && b.num == 0)
		b.szx = coap_szx_for(16);
	size = (size_t)16 << b.szx;
	if (dev.trick == TRICK_HUGE || dev.trick == TRICK_TINY) {
		if (at < 100 * 1024)
			send_filler(m, b, size);
		else
			send_part(m, 0, BLOCK);
		return;
	}
	if (dev.trick == TRICK_CHANGES)
		dev.etag++;
	if (b.num == 0 || dev.trick == TRICK_NONE) {
		send_part(m, at, size);
		return;
	}
	switch (dev.trick) {
	case TRICK_SHRINKS:
		send_part(m, at, size > 16 ? size / 2 : 16);
		break;
	case TRICK_GROWS:
		b.szx++;
		send_filler(m, b, size * 2);
		break;
	case TRICK_REPEATS:
		send_part(m, 0, size);
		break;
	case TRICK_JUMPS:
		b.num++;
		send_filler(m, b, size);
		break;
	case TRICK_SHORT:
		send_filler(m, b, size - 1);
		break;
	case TRICK_LONG:
		send_filler(m, b, size + 1);
		break;
	case TRICK_EMPTY:
		send_filler(m, b, 0);
		break;
	case TRICK_BARE:
		send_block(m, b, SPAN_LIT("</3/0>"), false);
		break;
	case TRICK_CHANGES:
		send_part(m, at, size);
		break;
	case TRICK_ENDLESS:
		send_filler(m, b, size);
		break;
	case TRICK_REFUSES:
		send_code(m, COAP_ACK, COAP_NOT_FOUND);
		break;
	case TRICK_RESETS:
		send_code(m, COAP_RST, 0);
		break;
	case TRICK_SILENT:
	case TRICK_NONE:
	case TRICK_HUGE:
	case TRICK_TINY:
	case TRICKS:
		break;
	}
}

static bool
serve(void (*put)(const struct coap_message *m))
{
	struct coap_message m;
	struct flying f;

	if (!air_take(false, &f))
		return false;
	assert_true(++dev.datagrams < DATAGRAMS_MAX);
	/* this one is about datagrams, not about their trace */
	stage.trace_len = 0;
	assert_int_equal(coap_decode(span_of(f.bytes, f.len), &m), RC_OK);
	if (m.type != COAP_CON)
		return true;
	if (m.code == COAP_GET)
		answer_get(&m);
	else if (m.code == COAP_PUT && put)
		put(&m);
	else
		send_code(&m, COAP_ACK,
		    m.code == COAP_DELETE ? COAP_DELETED : COAP_CHANGED);
	return true;
}

static const struct session_verdict *
play(const struct wish *w, enum trick trick,
    void (*put)(const struct coap_message *m))
{
	uint64_t end;

	stage_again();
	memset(&dev, 0, sizeof(dev));
	dev.trick = trick;
	stage.keeper.wish = *w;
	says("CON POST /bs?ep=dev-1&pct=112");
	end = stage.now_ms + PATIENCE_MS;
	while (stage.verdict_count == 0 && stage.now_ms < end) {
		while (serve(put))
			stage_settle();
		if (stage.verdict_count == 0)
			pass(STEP_MS);
	}
	while (serve(put))
		stage_settle();
	assert_int_equal(stage.verdict_count, 1);
	stage.verdicts[0].told = true;
	boots(0);
	return &stage.verdicts[0].verdict;
}

static void
must_be(const struct session_verdict *v, enum reason reason, unsigned what)
{
	if (v->reason != reason)
		fail_msg("%u: %s, came %s", what, reason_code(reason),
		    reason_code(v->reason));
	assert_int_equal(
	    v->outcome, reason == REASON_NONE ? OUTCOME_OK : OUTCOME_FAILED);
}

/* Best effort: a list that does not come through is as good as none, and the
 * account goes to a high instance. */
static void
a_discover(void **state)
{
	(void)state;
	for (unsigned t = 0; t < TRICKS; t++) {
		struct wish w = wish_short;
		enum reason reason = REASON_NONE;
		const struct session_verdict *v;

		w.discover = true;
		v = play(&w, (enum trick)t, NULL);
		if (t == TRICK_RESETS)
			reason = REASON_RESET;
		if (t == TRICK_SILENT)
			reason = REASON_NO_ANSWER;
		must_be(v, reason, t);
		assert_true(dev.answers > 0);
	}
}

/* What has to be there to be compared. */
static void
a_verification(void **state)
{
	(void)state;
	for (unsigned t = 0; t < TRICKS; t++) {
		struct wish w = wish_short;
		enum reason reason = REASON_BLOCK_FAILED;

		w.verify = true;
		if (t == TRICK_NONE || t == TRICK_SHRINKS)
			reason = REASON_NONE;
		if (t == TRICK_REFUSES)
			reason = REASON_VERIFY_UNAVAILABLE;
		if (t == TRICK_RESETS)
			reason = REASON_RESET;
		if (t == TRICK_SILENT)
			reason = REASON_NO_ANSWER;
		must_be(play(&w, (enum trick)t, NULL), reason, t);
		assert_int_equal(stage.keeper.finishing, reason == REASON_NONE);
	}
}

/* --- blocks of ours ------------------------------------------------------- */

/** What it says to a block of a Write. */
static struct {
	uint8_t code;
	int num; /**< of Block1; -1: as it was asked; -2: no Block1 */
	int more; /**< -1: as it was */
	size_t size; /**< 0: as it was */
	unsigned from; /**< the n-th answer, from 1; before that it obeys */
	unsigned answers;
} put;

static void
answer_put(const struct coap_message *m)
{
	const struct coap_option *o = coap_find(m, COAP_BLOCK1);
	struct coap_message a = {
	    .type = COAP_ACK, .mid = m->mid, .token = m->token};
	uint8_t buf[64], number[4];
	struct coap_block b = {0};
	struct writer w;

	if (!o) {
		send_code(m, COAP_ACK, COAP_CHANGED);
		return;
	}
	assert_int_equal(coap_block_decode(o->value, &b), RC_OK);
	a.code = b.more ? COAP_CONTINUE : COAP_CHANGED;
	if (++put.answers >= put.from) {
		a.code = put.code;
		if (put.num >= 0)
			b.num = (uint32_t)put.num;
		if (put.more >= 0)
			b.more = put.more;
		if (put.size)
			b.szx = coap_szx_for(put.size);
	}
	if (put.answers < put.from || put.num != -2)
		assert_int_equal(
		    coap_add(&a, COAP_BLOCK1, coap_block_encode(b, number)),
		    RC_OK);
	writer_init(&w, buf, sizeof(buf));
	coap_encode(&a, &w);
	air_send(true, &stage.address, writer_span(&w));
}

static void
a_write(void **state)
{
	static const struct {
		uint8_t code;
		int num, more;
		size_t size;
		unsigned from;
		enum reason reason;
	} cases[] = {
	    {COAP_CHANGED, -1, -1, 0, 99, REASON_NONE},
	    {COAP_CHANGED, -1, -1, 0, 1, REASON_BLOCK_FAILED},
	    {COAP_CHANGED, -1, -1, 0, 2, REASON_BLOCK_FAILED},
	    {COAP_CONTINUE, -1, -1, 0, 1, REASON_BLOCK_FAILED},
	    {COAP_INCOMPLETE, -1, -1, 0, 1, REASON_WRITE_REFUSED},
	    {COAP_INCOMPLETE, -1, -1, 0, 2, REASON_WRITE_REFUSED},
	    {COAP_TOO_LARGE, -1, -1, 0, 1, REASON_WRITE_REFUSED},
	    {COAP_TOO_LARGE, -2, -1, 0, 1, REASON_WRITE_REFUSED},
	    {COAP_TOO_LARGE, -1, -1, 1024, 1, REASON_WRITE_REFUSED},
	    {COAP_BAD_OPTION, -2, -1, 0, 1, REASON_WRITE_REFUSED},
	    {COAP_BAD_REQUEST, -1, -1, 0, 2, REASON_WRITE_REFUSED},
	    {COAP_INTERNAL, -1, -1, 0, 3, REASON_WRITE_REFUSED},
	    {COAP_CONTENT, -1, -1, 0, 1, REASON_BLOCK_FAILED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wish w = wish_short;

		w.servers = 0;
		w.padding = 600;
		memset(&put, 0, sizeof(put));
		put.code = cases[i].code;
		put.num = cases[i].num;
		put.more = cases[i].more;
		put.size = cases[i].size;
		put.from = cases[i].from;
		must_be(play(&w, TRICK_NONE, answer_put), cases[i].reason,
		    (unsigned)i);
		/* a transfer is begun again twice, not for ever */
		assert_true(put.answers <= 3 * 600 / 16);
	}
}

/* "Smaller", again and again: down to 16 bytes, and no further. */
static void
ever_smaller(void **state)
{
	static const size_t sizes[] = {128, 64, 32, 16};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		static const uint8_t codes[] = {COAP_CONTINUE, COAP_TOO_LARGE};

		for (size_t c = 0; c < 2; c++) {
			struct wish w = wish_short;
			const struct session_verdict *v;

			w.servers = 0;
			w.padding = 600;
			memset(&put, 0, sizeof(put));
			put.code = codes[c];
			put.num = put.more = -1;
			put.size = sizes[i];
			put.from = 1;
			v = play(&w, TRICK_NONE, answer_put);
			/* it says so to the last block too */
			assert_true(v->reason == REASON_BLOCK_FAILED ||
			    v->reason == REASON_WRITE_REFUSED);
			assert_true(put.answers <= 1 + 616 / 16 + 1);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    PLAY(a_discover),
	    PLAY(a_verification),
	    PLAY(a_write),
	    PLAY(ever_smaller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
