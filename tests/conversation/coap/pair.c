#include "pair.h"

#include <stdio.h>
#include <stdlib.h>

#include "coap/frame.h"

uint32_t
pair_any(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static void
draw(void *ctx, void *out, size_t len)
{
	struct pair *p = ctx;

	for (size_t i = 0; i < len; i++)
		((uint8_t *)out)[i] = (uint8_t)pair_any(&p->drawn);
}

struct pair *
pair_new(uint32_t seed)
{
	struct pair *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->params = coap_params_default;
	p->server_params = coap_stream_params_default;
	p->device_params = coap_stream_params_default;
	p->seed = seed;
	p->now_ms = 1000;
	p->block = 3072;
	for (size_t i = 0; i < PAIR_BODY_MAX; i++) {
		p->body[i] = (uint8_t)(i ^ i / 256 * 31);
		p->description[i] = (uint8_t)(i * 7 ^ i / 256);
	}
	return p;
}

void
pair_connect(struct pair *p)
{
	p->server = coap_peer_new_stream(
	    &p->params, &p->server_params, draw, p, p->now_ms);
	p->device = coap_peer_new_stream(
	    &p->params, &p->device_params, draw, p, p->now_ms);
	assert_non_null(p->server);
	assert_non_null(p->device);
}

void
pair_free(struct pair *p)
{
	coap_peer_free(p->server);
	coap_peer_free(p->device);
	free(p);
}

void
pair_tell(struct pair *p, const char *fmt, ...)
{
	size_t len = strlen(p->story);
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(p->story + len, PAIR_STORY_MAX - len, fmt, ap);
	va_end(ap);
	assert_true(n >= 0 && (size_t)n < PAIR_STORY_MAX - len - 1);
	strcat(p->story, "\n");
}

void
pair_command(
    struct pair *p, uint8_t method, const char *path, size_t payload_len)
{
	struct coap_request *rq = &p->commands[p->command_count++];

	assert_true(p->command_count <= PAIR_COMMANDS_MAX);
	*rq = (struct coap_request){
	    .method = method,
	    .content_format = payload_len ? 11542 : COAP_FORMAT_NONE,
	    .accept = method == COAP_GET ? 40 : COAP_FORMAT_NONE,
	    .payload = span_of(p->body, payload_len),
	    .block_size = 1024,
	};
	while (*path) {
		size_t len = strcspn(path, "/");

		rq->path[rq->path_count++] = span_of(path, len);
		path += len + (path[len] == '/');
	}
}

static void
next_command(struct pair *p)
{
	uint32_t ref;

	if (p->command_next < p->command_count)
		assert_int_equal(
		    coap_peer_request(p->server,
			&p->commands[p->command_next++], p->now_ms, &ref),
		    RC_OK);
}

static void
respond(struct pair *p, struct coap_peer *peer, uint32_t ref, uint8_t code)
{
	struct coap_response rs = {
	    .code = code,
	    .content_format = COAP_FORMAT_NONE,
	    .max_age_s = -1,
	};

	(void)!coap_peer_respond(peer, ref, &rs, p->now_ms);
}

static void
server_event(struct pair *p, const struct coap_event *ev)
{
	switch (ev->kind) {
	case COAP_EVENT_REQUEST:
		pair_tell(
		    p, "server: asked %s", coap_code_name(ev->message->code));
		respond(p, p->server, ev->ref, COAP_CHANGED);
		if (!p->started)
			next_command(p);
		p->started = true;
		break;
	case COAP_EVENT_RESPONSE:
		pair_tell(p, "server: %s, %zu bytes",
		    coap_code_name(ev->message->code), ev->body.len);
		if (ev->message->code == COAP_CONTENT)
			assert_true(span_equal(ev->body,
			    span_of(p->description, p->description_len)));
		next_command(p);
		break;
	case COAP_EVENT_FAILED:
		pair_tell(
		    p, "server: %s: %s", ev->gone ? "gone" : "failed", ev->why);
		break;
	case COAP_EVENT_RESET:
	case COAP_EVENT_TIMEOUT:
		pair_tell(p, "server: event %d", (int)ev->kind);
		break;
	}
}

/* GET: a part of the description, as the request's Block2 has it. */
static void
describe(struct pair *p, const struct coap_event *ev)
{
	const struct coap_option *o = coap_find(ev->message, COAP_BLOCK2);
	struct coap_block b = {
	    .szx = p->block >= 1024 ? COAP_SZX_BERT : coap_szx_for(p->block)};
	struct span rest, all = span_of(p->description, p->description_len);
	struct coap_option block2 = {.number = COAP_BLOCK2};
	uint8_t bytes[4];
	struct coap_response rs = {
	    .code = COAP_CONTENT,
	    .content_format = 40,
	    .max_age_s = -1,
	    .options = &block2,
	    .option_count = 1,
	};

	if (o)
		assert_int_equal(coap_block_decode_bert(o->value, &b), RC_OK);
	rest = span_from(all, b.num * coap_block_size(b.szx));
	b.more = rest.len > p->block;
	rs.payload = span_of(rest.p, b.more ? p->block : rest.len);
	block2.value = coap_block_encode(b, bytes);
	assert_int_equal(
	    coap_peer_respond(p->device, ev->ref, &rs, p->now_ms), RC_OK);
}

/* PUT: whole, or a part as its Block1 has it. */
static void
write_part(struct pair *p, const struct coap_event *ev)
{
	const struct coap_option *o = coap_find(ev->message, COAP_BLOCK1);
	struct coap_block b = {0};
	struct coap_option block1 = {.number = COAP_BLOCK1};
	struct coap_response rs = {
	    .content_format = COAP_FORMAT_NONE,
	    .max_age_s = -1,
	    .options = &block1,
	    .option_count = o != NULL,
	};
	size_t offset;

	if (o) {
		assert_int_equal(coap_block_decode_bert(o->value, &b), RC_OK);
		block1.value = o->value;
	}
	offset = b.num * coap_block_size(b.szx);
	if (offset == 0)
		p->written_len = 0;
	assert_int_equal(offset, p->written_len);
	assert_true(offset + ev->body.len <= PAIR_BODY_MAX);
	memcpy(p->written + offset, ev->body.p, ev->body.len);
	p->written_len += ev->body.len;
	rs.code = b.more ? COAP_CONTINUE : COAP_CHANGED;
	if (!b.more)
		pair_tell(p, "device: written %zu bytes", p->written_len);
	assert_int_equal(
	    coap_peer_respond(p->device, ev->ref, &rs, p->now_ms), RC_OK);
}

static void
device_event(struct pair *p, const struct coap_event *ev)
{
	switch (ev->kind) {
	case COAP_EVENT_REQUEST:
		if (ev->message->code == COAP_GET) {
			describe(p, ev);
		} else if (ev->message->code == COAP_PUT) {
			write_part(p, ev);
		} else {
			pair_tell(p, "device: asked %s",
			    coap_code_name(ev->message->code));
			respond(p, p->device, ev->ref,
			    ev->message->code == COAP_DELETE ? COAP_DELETED
							     : COAP_CHANGED);
		}
		break;
	case COAP_EVENT_RESPONSE:
		pair_tell(p, "device: %s", coap_code_name(ev->message->code));
		break;
	case COAP_EVENT_FAILED:
	case COAP_EVENT_RESET:
	case COAP_EVENT_TIMEOUT:
		pair_tell(p, "device: event %d", (int)ev->kind);
		break;
	}
}

static size_t
piece(struct pair *p)
{
	uint32_t any;

	if (p->seed == 0)
		return 1;
	any = pair_any(&p->seed);
	return any & 1 ? 1 + (any >> 1) % 24 : 1 + (any >> 1) % 9000;
}

/* What one sends, in a piece; false: nothing. */
static bool
send_piece(struct pair *p, struct coap_peer *peer, struct wire *wire)
{
	size_t n = piece(p);
	struct writer w;

	if (n > PAIR_WIRE_CAP - wire->sent)
		n = PAIR_WIRE_CAP - wire->sent;
	assert_true(n > 0);
	writer_init(&w, wire->bytes + wire->sent, n);
	if (coap_peer_output(peer, &w) != RC_OK)
		return false;
	wire->sent += w.len;
	return true;
}

/* What the other gets of it, in another piece. */
static bool
receive_piece(struct pair *p, struct coap_peer *peer, struct wire *wire,
    void (*take)(struct pair *, const struct coap_event *))
{
	size_t n = piece(p);
	struct coap_event ev;
	uint8_t *exact;

	if (n > wire->sent - wire->read)
		n = wire->sent - wire->read;
	if (n == 0)
		return false;
	exact = malloc(n);
	assert_non_null(exact);
	memcpy(exact, wire->bytes + wire->read, n);
	wire->read += n;
	coap_peer_receive(peer, span_of(exact, n), p->now_ms);
	while (coap_peer_event(peer, &ev))
		take(p, &ev);
	free(exact);
	return true;
}

void
pair_play(struct pair *p)
{
	bool moved = true;

	while (moved) {
		moved = send_piece(p, p->device, &p->up);
		moved = send_piece(p, p->server, &p->down) || moved;
		moved =
		    receive_piece(p, p->server, &p->up, server_event) || moved;
		moved = receive_piece(p, p->device, &p->down, device_event) ||
		    moved;
	}
}

void
pair_bootstrap(struct pair *p)
{
	struct coap_request rq = {
	    .method = COAP_POST,
	    .path = {SPAN_LIT("bs")},
	    .path_count = 1,
	    .content_format = COAP_FORMAT_NONE,
	    .accept = COAP_FORMAT_NONE,
	};
	uint32_t ref;

	assert_int_equal(
	    coap_peer_request(p->device, &rq, p->now_ms, &ref), RC_OK);
	pair_play(p);
}

void
pair_wait(struct pair *p, uint64_t ms)
{
	struct coap_event ev;

	p->now_ms += ms;
	coap_peer_tick(p->server, p->now_ms);
	while (coap_peer_event(p->server, &ev))
		server_event(p, &ev);
	coap_peer_tick(p->device, p->now_ms);
	while (coap_peer_event(p->device, &ev))
		device_event(p, &ev);
	pair_play(p);
}
