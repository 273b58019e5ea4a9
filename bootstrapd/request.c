#include "request.h"

#include "base/text.h"
#include "lwm2m/format.h"
#include "lwm2m/link.h"
#include "lwm2m/object.h"

enum { ENDPOINT_MAX = 252 /**< bytes: one Uri-Query option less "ep=" */ };

/** "ep=...": the name of the device. */
static bool
take_endpoint(struct request *rq, struct span value)
{
	if (rq->has_endpoint)
		return false; /* two of them: which one is it? */
	rq->has_endpoint = true;
	rq->endpoint = value;
	return value.len > 0 && value.len <= ENDPOINT_MAX &&
	    text_utf8_valid(value);
}

/** "pct=...": the format it prefers. */
static bool
take_pct(struct request *rq, struct span value)
{
	uint64_t number;

	if (rq->pct >= 0 || !span_decimal(value, INT32_MAX, &number))
		return false;
	rq->pct = (int32_t)number;
	return true;
}

/** What may belong to a Bootstrap-Server Account: one instance of each. */
static bool
may_be_account(const struct request *rq, struct lwm2m_path p)
{
	if (path_depth(p) != 2 ||
	    (p.object != OBJECT_SECURITY && p.object != OBJECT_OSCORE &&
		p.object != OBJECT_COSE && p.object != OBJECT_MQTT))
		return false;
	for (size_t i = 0; i < rq->acc_count; i++)
		if (rq->acc[i].object == p.object)
			return false;
	return true;
}

/** "acc=</0/1>,</21/0>": the instances of its own account, as links without
 *  parameters. */
static bool
take_acc(struct request *rq, struct span value)
{
	struct link_reader r;
	struct lwm2m_link link;
	bool security = false;

	if (rq->acc_count > 0)
		return false;
	link_reader_init(&r, value);
	while (link_next(&r, &link)) {
		if (rq->acc_count == REQUEST_ACC_MAX || link.has_ssid ||
		    link.uri.len || link.version.len ||
		    !may_be_account(rq, link.path))
			return false;
		rq->acc[rq->acc_count++] = link.path;
		security |= link.path.object == OBJECT_SECURITY;
	}
	return r.skipped == 0 && security;
}

struct key {
	const char *name;
	bool (*take)(struct request *rq, struct span value);
};

static const struct key bs_keys[] = {
    {"ep=", take_endpoint}, {"pct=", take_pct}, {NULL, NULL}};
static const struct key bspack_keys[] = {
    {"ep=", take_endpoint}, {"acc=", take_acc}, {NULL, NULL}};

/** One key=value of the query. False: it is malformed. */
static bool
take_query(struct request *rq, const struct key *keys, struct span q)
{
	for (; keys->name; keys++) {
		struct span name = span_str(keys->name);

		if (span_starts(q, name))
			return keys->take(rq, span_from(q, name.len));
	}
	return true; /* unknown keys are ignored, in any order */
}

/** What `POST /bs` and `GET /bspack` have in common. */
static bool
read_query(
    const struct coap_message *m, const struct key *keys, struct request *out)
{
	const struct coap_option *echo = coap_find(m, COAP_ECHO);
	bool good = m->type == COAP_CON && m->payload.len == 0;

	for (size_t i = 0; i < m->option_count; i++)
		if (m->options[i].number == COAP_URI_QUERY)
			good &= take_query(out, keys, m->options[i].value);
	if (echo)
		out->echo = echo->value;
	return good;
}

/** Not to be believed, nor recorded as if it were. */
static void
spoil(struct request *out)
{
	out->fault = REASON_REQUEST_MALFORMED;
	out->has_endpoint = false;
	out->endpoint = (struct span){0};
	out->pct = -1;
	out->acc_count = 0;
	out->accept = out->kind == REQUEST_PACK ? FORMAT_SENML_CBOR : -1;
}

static void
read_bs(const struct coap_message *m, bool stream, struct request *out)
{
	(void)stream;
	out->kind = REQUEST_BOOTSTRAP;
	if (!read_query(m, bs_keys, out))
		spoil(out);
}

/** 112 for who does not say: 1.2 clients know it (bootstrap.md section 11). */
static bool
read_accept(const struct coap_message *m, int *format)
{
	const struct coap_option *accept = coap_find(m, COAP_ACCEPT);
	uint32_t number = FORMAT_SENML_CBOR;

	if (accept && !coap_uint_value(accept->value, &number))
		return false;
	*format = number <= UINT16_MAX ? (int)number : -1;
	return *format >= 0;
}

static bool
read_block(const struct coap_message *m, bool stream, struct request *out)
{
	const struct coap_option *block = coap_find(m, COAP_BLOCK2);
	enum rc rc;

	if (!block)
		return true;
	out->has_block = true;
	if (!stream)
		return coap_block_decode(block->value, &out->block) == RC_OK;
	rc = coap_block_decode_bert(block->value, &out->block);
	/* a unit of BERT is a block of 1024 bytes: such we send */
	if (out->block.szx == COAP_SZX_BERT)
		out->block.szx = COAP_SZX_MAX;
	return rc == RC_OK;
}

static void
note_alike(const struct coap_message *m, struct request *out)
{
	uint8_t head[3];
	struct digest d;
	struct writer w;

	digest_init(&d);
	for (size_t i = 0; i < m->option_count; i++) {
		const struct coap_option *o = &m->options[i];

		if (o->number != COAP_URI_QUERY && o->number != COAP_ACCEPT)
			continue;
		writer_init(&w, head, sizeof(head));
		writer_be(&w, o->number, 1);
		writer_be(&w, o->value.len, 2);
		digest_put(&d, writer_span(&w));
		digest_put(&d, o->value);
	}
	digest_final(&d, out->alike);
}

static void
read_bspack(const struct coap_message *m, bool stream, struct request *out)
{
	bool good = read_query(m, bspack_keys, out);

	out->kind = REQUEST_PACK;
	good &= read_accept(m, &out->accept);
	good &= read_block(m, stream, out);
	note_alike(m, out);
	if (!good)
		spoil(out);
	else if (out->accept != FORMAT_SENML_CBOR &&
	    out->accept != FORMAT_SENML_JSON &&
	    out->accept != FORMAT_LWM2M_CBOR)
		out->fault = REASON_PACK_FORMAT;
}

static const struct route {
	const char *path;
	uint8_t method;
	void (*read)(
	    const struct coap_message *m, bool stream, struct request *out);
} routes[] = {
    {"bs", COAP_POST, read_bs},
    {"bspack", COAP_GET, read_bspack},
};

/** True when the Uri-Path is just that one segment. */
static bool
path_is(const struct coap_message *m, const char *path)
{
	size_t segments = 0;
	bool equal = false;

	for (size_t i = 0; i < m->option_count; i++) {
		if (m->options[i].number != COAP_URI_PATH)
			continue;
		segments++;
		equal = span_is(m->options[i].value, path);
	}
	return segments == 1 && equal;
}

void
request_read(const struct coap_message *m, bool stream, struct request *out)
{
	*out = (struct request){
	    .kind = REQUEST_ANSWER,
	    .pct = -1,
	    .accept = -1,
	    .block.szx = COAP_SZX_MAX,
	};
	out->code = COAP_NOT_FOUND;
	if (coap_find(m, COAP_PROXY_URI) || coap_find(m, COAP_PROXY_SCHEME)) {
		out->code = COAP_NO_PROXYING;
		return;
	}
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (!path_is(m, routes[i].path))
			continue;
		if (m->code == routes[i].method)
			routes[i].read(m, stream, out);
		else
			out->code = COAP_METHOD_NOT_ALLOWED;
		return;
	}
}
