#include "cost/model.h"

#include "cost/model_body.h"

#include "lwm2m/format.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	ENTRIES_MAX = 256, /* of one Write */
	ANSWER_BLOCK = 1024, /* bytes of a block of its answers */
};

enum rc
model_init(struct model *m, const struct policy_profile *device,
    struct span endpoint, struct coap_peer *coap)
{
	enum rc rc;

	*m = (struct model){.device = device, .endpoint = endpoint};
	m->coap = coap;
	if (device->account_instance > 0)
		m->account = (uint16_t)device->account_instance;
	m->up = malloc(MODEL_BODY_MAX);
	m->work = malloc(2 * MODEL_BODY_MAX);
	rc = m->up && m->work ? shelf_init(&m->shelf) : RC_MEMORY;
	if (rc == RC_OK)
		rc = model_furnish(m);
	return rc;
}

void
model_fini(struct model *m)
{
	shelf_fini(&m->shelf);
	coap_peer_free(m->coap);
	free(m->up);
	free(m->work);
	*m = (struct model){0};
}

static bool
takes_format(const struct policy_profile *p, uint32_t format)
{
	for (size_t i = 0; i < p->format_count; i++)
		if (p->formats[i] == format)
			return true;
	return p->format_count == 0 && format_by_number((int)format) != NULL;
}

int
model_prefers(const struct policy_profile *p)
{
	static const uint16_t named[] = {
	    FORMAT_SENML_CBOR, FORMAT_SENML_JSON, FORMAT_LWM2M_CBOR};

	for (size_t i = 0; i < 3 && p->version > 10; i++)
		if (takes_format(p, named[i]))
			return named[i];
	return -1;
}

void
model_start(struct model *m, uint64_t now_ms)
{
	uint8_t ep[COAP_SEGMENT_MAX], pct[16];
	struct coap_request rq = {
	    .method = COAP_POST,
	    .path = {SPAN_LIT("bs")},
	    .path_count = 1,
	    .echo = span_of(m->echo, m->echo_len),
	    .content_format = COAP_FORMAT_NONE,
	    .accept = COAP_FORMAT_NONE,
	};
	int format = model_prefers(m->device);
	struct writer w;
	uint32_t ref;

	writer_init(&w, ep, sizeof(ep));
	writer_str(&w, "ep=");
	writer_put(&w, m->endpoint);
	rq.query[rq.query_count++] = writer_span(&w);
	if (format >= 0) {
		writer_init(&w, pct, sizeof(pct));
		writer_fmt(&w, "pct=%d", format);
		rq.query[rq.query_count++] = writer_span(&w);
	}
	m->rc = coap_peer_request(m->coap, &rq, now_ms, &ref);
}

/** The path of a command; false: none of LwM2M. `bs`: Finish. */
static bool
read_path(const struct coap_message *c, struct lwm2m_path *out, bool *bs)
{
	uint16_t ids[4] = {
	    LWM2M_ID_NONE, LWM2M_ID_NONE, LWM2M_ID_NONE, LWM2M_ID_NONE};
	uint64_t number;
	size_t n = 0;

	*bs = false;
	for (size_t i = 0; i < c->option_count; i++) {
		if (c->options[i].number != COAP_URI_PATH)
			continue;
		if (span_is(c->options[i].value, "bs"))
			*bs = true;
		else if (n == 4 ||
		    !span_decimal(c->options[i].value, 65534, &number))
			return false;
		else
			ids[n++] = (uint16_t)number;
	}
	*out = (struct lwm2m_path){ids[0], ids[1], ids[2], ids[3]};
	return true;
}

static uint32_t
uint_option(const struct coap_message *c, uint16_t number, uint32_t other)
{
	const struct coap_option *o = coap_find(c, number);
	uint32_t v;

	return o && coap_uint_value(o->value, &v) ? v : other;
}

static uint8_t
take_write(struct model *m, const struct coap_message *c,
    struct lwm2m_path path, struct span body)
{
	uint32_t format = uint_option(c, COAP_CONTENT_FORMAT, UINT32_MAX);
	struct lwm2m_entry entries[ENTRIES_MAX];
	struct writer scratch;
	size_t count;

	if (format > 0xffff || !takes_format(m->device, format))
		return COAP_UNSUPPORTED_FORMAT;
	writer_init(&scratch, m->work, 2 * MODEL_BODY_MAX);
	if (lwm2m_decode((int)format, path, body, &scratch, entries,
		ENTRIES_MAX, &count) != RC_OK)
		return COAP_BAD_REQUEST;
	for (size_t i = 0; i < count && m->rc == RC_OK; i++)
		m->rc = shelf_put(&m->shelf, &entries[i]);
	return COAP_CHANGED;
}

/** Put a block behind the others. The code to answer; 0: the body is whole. */
static uint8_t
gather(struct model *m, const struct coap_message *c, struct coap_block b)
{
	size_t offset = (size_t)b.num * coap_block_size(b.szx);

	if (m->device->block_size == 0)
		return COAP_BAD_OPTION;
	if (b.num == 0)
		m->up_len = 0;
	if (offset != m->up_len)
		return COAP_INCOMPLETE;
	if (c->payload.len > MODEL_BODY_MAX - m->up_len)
		return COAP_TOO_LARGE;
	memcpy(m->up + m->up_len, c->payload.p, c->payload.len);
	m->up_len += c->payload.len;
	return b.more ? COAP_CONTINUE : 0;
}

static void
put(struct model *m, const struct coap_message *c, struct lwm2m_path path,
    struct coap_response *rs)
{
	const struct coap_option *block1 = coap_find(c, COAP_BLOCK1);
	struct span body = c->payload;
	struct coap_block b;

	if (block1 && coap_block_decode(block1->value, &b) == RC_OK) {
		rs->code = gather(m, c, b);
		body = span_of(m->up, m->up_len);
		/* it echoes the option */
		if (rs->code != COAP_BAD_OPTION) {
			rs->options = block1;
			rs->option_count = 1;
		}
		if (rs->code != 0)
			return;
	}
	rs->code = take_write(m, c, path, body);
}

/** A Discover or a Read, into `w`. */
static void
get(struct model *m, const struct coap_message *c, struct lwm2m_path path,
    struct coap_response *rs, struct writer *w)
{
	uint32_t accept = uint_option(c, COAP_ACCEPT, FORMAT_LINK);
	size_t first, count;

	rs->code = COAP_CONTENT;
	rs->content_format = (int)accept;
	if (accept == FORMAT_LINK) {
		model_discover(m, path, w);
		return;
	}
	count = shelf_within(&m->shelf, path, &first);
	if (!m->device->read)
		rs->code = COAP_METHOD_NOT_ALLOWED;
	else if (!takes_format(m->device, accept))
		rs->code = COAP_NOT_ACCEPTABLE;
	else if (lwm2m_encode((int)accept, path, m->shelf.entries + first,
		     count, w) != RC_OK)
		rs->code = COAP_NOT_FOUND;
	if (rs->code != COAP_CONTENT) {
		rs->content_format = COAP_FORMAT_NONE;
		w->len = 0;
	}
}

/** The part of a body that is asked for, with Block2 where it needs one. */
struct part {
	struct coap_option options[2];
	uint8_t block[4];
};

static void
take_part(const struct coap_message *c, struct span body, struct part *p,
    struct coap_response *rs)
{
	static const uint8_t etag = 1;
	const struct coap_option *asked = coap_find(c, COAP_BLOCK2);
	struct coap_block b = {.szx = coap_szx_for(ANSWER_BLOCK)};
	size_t size, offset;

	rs->payload = body;
	if (asked && coap_block_decode(asked->value, &b) != RC_OK)
		return;
	size = coap_block_size(b.szx);
	offset = b.num * size;
	if (body.len <= size || offset >= body.len)
		return;
	rs->payload = span_from(body, offset);
	b.more = rs->payload.len > size;
	if (b.more)
		rs->payload.len = size;
	p->options[0] =
	    (struct coap_option){COAP_ETAG, span_of(&etag, sizeof(etag))};
	p->options[1] =
	    (struct coap_option){COAP_BLOCK2, coap_block_encode(b, p->block)};
	rs->options = p->options;
	rs->option_count = 2;
}

static void
serve(struct model *m, const struct coap_event *ev, uint64_t now_ms)
{
	const struct coap_message *c = ev->message;
	struct coap_response rs = {
	    .code = COAP_BAD_REQUEST,
	    .content_format = COAP_FORMAT_NONE,
	    .max_age_s = -1,
	};
	struct lwm2m_path path;
	struct part part;
	struct writer w;
	bool finish;

	writer_init(&w, m->work, 2 * MODEL_BODY_MAX);
	if (!read_path(c, &path, &finish)) {
		/* as it stands */
	} else if (finish) {
		rs.code = COAP_CHANGED;
	} else if (c->code == COAP_PUT) {
		put(m, c, path, &rs);
	} else if (c->code == COAP_DELETE) {
		shelf_delete(&m->shelf, path, m->account);
		rs.code = COAP_DELETED;
	} else if (c->code == COAP_GET) {
		get(m, c, path, &rs, &w);
		take_part(c, writer_span(&w), &part, &rs);
	}
	if (coap_peer_respond(m->coap, ev->ref, &rs, now_ms) != RC_OK &&
	    m->rc == RC_OK)
		m->rc = RC_BUG;
}

/** The answer to its request. */
static void
take_answer(struct model *m, const struct coap_message *answer, uint64_t now_ms)
{
	const struct coap_option *echo = coap_find(answer, COAP_ECHO);

	if (answer->code != COAP_UNAUTHORIZED || !echo || m->echo_len > 0 ||
	    echo->value.len == 0 || echo->value.len > MODEL_ECHO_MAX)
		return;
	memcpy(m->echo, echo->value.p, echo->value.len);
	m->echo_len = echo->value.len;
	model_start(m, now_ms);
}

void
model_receive(struct model *m, struct span message, uint64_t now_ms)
{
	struct coap_event ev;

	coap_peer_receive(m->coap, message, now_ms);
	while (coap_peer_event(m->coap, &ev))
		if (ev.kind == COAP_EVENT_REQUEST)
			serve(m, &ev, now_ms);
		else if (ev.kind == COAP_EVENT_RESPONSE)
			take_answer(m, ev.message, now_ms);
}
