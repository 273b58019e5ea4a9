/* Peers that do anything: the server's side of the connection holds. */
#include "pair.h"

#include <stdlib.h>

#include "coap/frame.h"
#include "coap/inbox.h"
#include "coap/signalling.h"

/* One that listens and answers, but to whom we write the bytes. */
struct foe {
	struct pair *pair; /* its parameters, clock and random numbers */
	struct coap_peer *server;
	struct inbox heard; /* what the server says */
	struct coap_message last; /* of it */
	uint8_t buf[20000];
	unsigned messages;
	uint32_t seed;
};

static void
draw(void *ctx, void *out, size_t len)
{
	struct foe *f = ctx;

	for (size_t i = 0; i < len; i++)
		((uint8_t *)out)[i] = (uint8_t)pair_any(&f->seed);
}

static void
meet(struct foe *f, uint32_t seed)
{
	memset(f, 0, sizeof(*f));
	f->pair = pair_new(seed);
	f->seed = seed;
	f->server = coap_peer_new_stream(&f->pair->params,
	    &f->pair->server_params, draw, f, f->pair->now_ms);
	assert_non_null(f->server);
}

static void
part(struct foe *f)
{
	coap_peer_free(f->server);
	inbox_fini(&f->heard);
	pair_free(f->pair);
}

/* What the server says is frames, whole ones, whatever it has heard; an Abort
 * is the last. */
static void
listen(struct foe *f)
{
	struct span frame;
	struct writer w;

	for (;;) {
		writer_init(&w, f->buf, 1 + pair_any(&f->seed) % 5000);
		if (coap_peer_output(f->server, &w) != RC_OK)
			break;
		assert_true(inbox_put(&f->heard, writer_span(&w)));
		while (inbox_next(&f->heard, 65536, &frame) == RC_OK) {
			assert_int_not_equal(f->last.code, COAP_ABORT);
			assert_int_equal(
			    coap_frame_decode(frame, &f->last), RC_OK);
			f->messages++;
		}
	}
	assert_int_equal(f->heard.len, 0);
	if (f->last.code == COAP_ABORT)
		assert_true(coap_peer_end(f->server).final);
}

/* Bytes for the server; its requests are answered by nobody. */
static void
say(struct foe *f, struct span bytes)
{
	struct coap_response rs = {
	    .code = COAP_CHANGED,
	    .content_format = COAP_FORMAT_NONE,
	    .max_age_s = -1,
	};
	struct coap_event ev;

	coap_peer_receive(f->server, bytes, f->pair->now_ms);
	while (coap_peer_event(f->server, &ev)) {
		if (ev.kind == COAP_EVENT_REQUEST)
			(void)!coap_peer_respond(
			    f->server, ev.ref, &rs, f->pair->now_ms);
	}
}

static void
say_message(struct foe *f, const struct coap_message *m)
{
	uint8_t *buf = malloc(coap_frame_len(m));
	struct writer w;

	assert_non_null(buf);
	writer_init(&w, buf, coap_frame_len(m));
	coap_frame_encode(m, &w);
	assert_false(w.full);
	say(f, writer_span(&w));
	free(buf);
}

/* A bootstrap as it was recorded, with bytes changed, lost and doubled. */
static void
a_bootstrap_with_faults(void **state)
{
	struct pair *good = pair_new(1);
	unsigned ended = 0;

	(void)state;
	good->description_len = 3000;
	good->block = 512;
	pair_command(good, COAP_GET, "", 0);
	pair_command(good, COAP_PUT, "0/1", 20000);
	pair_connect(good);
	pair_bootstrap(good);
	for (uint32_t seed = 1; seed <= 2000; seed++) {
		uint32_t any = seed;
		struct foe f;
		uint32_t ref;

		meet(&f, seed);
		for (size_t at = 0; at < good->up.sent;) {
			uint8_t copy[64];
			size_t n = 1 + pair_any(&any) % sizeof(copy);

			if (n > good->up.sent - at)
				n = good->up.sent - at;
			memcpy(copy, good->up.bytes + at, n);
			at += n;
			switch (pair_any(&any) % 16) {
			case 0:
				copy[pair_any(&any) % n] ^=
				    (uint8_t)(1 << pair_any(&any) % 8);
				break;
			case 1:
				n = pair_any(&any) % n;
				break;
			case 2:
				at -= pair_any(&any) % n;
				break;
			}
			say(&f, span_of(copy, n));
			(void)!coap_peer_request(
			    f.server, &good->commands[0], f.pair->now_ms, &ref);
			listen(&f);
			coap_peer_tick(f.server, f.pair->now_ms += 10);
			listen(&f);
		}
		ended += coap_peer_end(f.server).final;
		part(&f);
	}
	/* Some live through it, most do not. */
	assert_true(ended > 100 && ended < 2000);
	pair_free(good);
}

static void
noise(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 3000; seed++) {
		struct foe f;

		meet(&f, seed);
		if (seed & 1)
			say(&f, SPAN_LIT("\x40\xe1\x22\x20\x00\x20"));
		for (unsigned i = 0; i < 20; i++) {
			uint8_t bytes[40];

			draw(&f, bytes, sizeof(bytes));
			/* small lengths, so that there are frames */
			bytes[0] &= 0x7f;
			say(&f, span_of(bytes, sizeof(bytes)));
			listen(&f);
		}
		part(&f);
	}
}

/* It asks and asks, and reads nothing. */
static void
one_that_never_reads(void **state)
{
	struct coap_message ping = {.code = COAP_PING};
	struct coap_message rq = {.code = COAP_POST, .token.len = 8};
	struct foe f;
	unsigned said;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		meet(&f, 1);
		say(&f, SPAN_LIT("\x40\xe1\x22\x20\x00\x20"));
		for (said = 0; !coap_peer_end(f.server).final; said++) {
			say_message(&f, i == 0 ? &ping : &rq);
			assert_true(said < 16384);
		}
		assert_int_equal(coap_peer_end(f.server).kind, COAP_END_FAULT);
		listen(&f); /* of all that waited, the Abort alone is left */
		assert_int_equal(f.messages, 1);
		assert_int_equal(f.last.code, COAP_ABORT);
		part(&f);
	}
}

/* The answer to Discover goes on for ever, in the smallest blocks. */
static void
blocks_without_end(void **state)
{
	struct coap_request rq = {
	    .method = COAP_GET,
	    .content_format = COAP_FORMAT_NONE,
	    .accept = 40,
	};
	struct coap_event ev = {.kind = COAP_EVENT_REQUEST};
	uint8_t bytes[4], body[16] = {0};
	struct foe f;
	uint32_t ref;
	unsigned blocks = 0;

	(void)state;
	meet(&f, 1);
	say(&f, SPAN_LIT("\x40\xe1\x22\x20\x00\x20"));
	assert_int_equal(
	    coap_peer_request(f.server, &rq, f.pair->now_ms, &ref), RC_OK);
	listen(&f);
	do {
		struct coap_message m = {
		    .code = COAP_CONTENT,
		    .token = f.last.token,
		    .payload = span_of(body, sizeof(body)),
		};
		uint8_t frame[64];
		struct writer w;

		assert_int_equal(
		    coap_add(&m, COAP_BLOCK2,
			coap_block_encode(
			    (struct coap_block){blocks, true, 0}, bytes)),
		    RC_OK);
		writer_init(&w, frame, sizeof(frame));
		coap_frame_encode(&m, &w);
		coap_peer_receive(f.server, writer_span(&w), f.pair->now_ms);
		blocks++;
		if (coap_peer_event(f.server, &ev))
			break;
		listen(&f);
	} while (blocks < 5000);
	assert_int_equal(ev.kind, COAP_EVENT_FAILED);
	assert_string_equal(ev.why, "the body is larger than we take");
	assert_int_equal(blocks, 16384 / 16 + 1);
	/* The connection is none the worse for it. */
	assert_int_equal(coap_peer_end(f.server).kind, COAP_END_NONE);
	part(&f);
}

/* Half of the announced frame, then one byte a second. */
static void
a_frame_without_end(void **state)
{
	struct foe f;
	unsigned s;

	(void)state;
	meet(&f, 1);
	say(&f, SPAN_LIT("\x40\xe1\x22\x20\x00\x20\xe0\x30\x00\x45\xff"));
	for (s = 0; !coap_peer_end(f.server).final && s < 1000; s++) {
		say(&f, SPAN_LIT("x"));
		coap_peer_tick(f.server, f.pair->now_ms += 1000);
		listen(&f);
	}
	assert_int_equal(s, 90); /* idle, and then no Pong */
	assert_int_equal(coap_peer_end(f.server).kind, COAP_END_SILENT);
	part(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_bootstrap_with_faults),
	    cmocka_unit_test(noise),
	    cmocka_unit_test(one_that_never_reads),
	    cmocka_unit_test(blocks_without_end),
	    cmocka_unit_test(a_frame_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
