#include "request.h"

#include "base/text.h"
#include "lwm2m/format.h"

enum { ENDPOINT_MAX = 252 /**< bytes: one Uri-Query option less "ep=" */ };

/** One key=value of the query. False: the query is malformed. */
static bool
take_query(struct request *rq, struct span q)
{
	const struct span ep = SPAN_LIT("ep="), pct = SPAN_LIT("pct=");
	uint64_t number;

	if (span_starts(q, ep)) {
		if (rq->has_endpoint)
			return false; /* two of them: which one is it? */
		rq->has_endpoint = true;
		rq->endpoint = span_from(q, ep.len);
		return rq->endpoint.len > 0 &&
		    rq->endpoint.len <= ENDPOINT_MAX &&
		    text_utf8_valid(rq->endpoint);
	}
	if (span_starts(q, pct)) {
		if (rq->pct >= 0 ||
		    !span_decimal(span_from(q, pct.len), INT32_MAX, &number))
			return false;
		rq->pct = (int32_t)number;
	}
	return true; /* unknown keys are ignored, in any order */
}

static void
read_bs(const struct coap_message *m, struct request *out)
{
	bool good = m->type == COAP_CON && m->payload.len == 0;

	out->kind = REQUEST_BOOTSTRAP;
	for (size_t i = 0; i < m->option_count; i++)
		if (m->options[i].number == COAP_URI_QUERY)
			good &= take_query(out, m->options[i].value);
	if (!good) {
		out->fault = REASON_REQUEST_MALFORMED;
		/* not to be believed, nor recorded as if it were */
		out->has_endpoint = false;
		out->endpoint = (struct span){0};
		out->pct = -1;
	}
}

/** Bootstrap-Pack is optional for us: 5.01 sends the client to POST /bs. */
static void
read_bspack(const struct coap_message *m, struct request *out)
{
	(void)m;
	out->code = COAP_NOT_IMPLEMENTED;
}

static const struct route {
	const char *path;
	uint8_t method;
	void (*read)(const struct coap_message *m, struct request *out);
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
request_read(const struct coap_message *m, struct request *out)
{
	*out = (struct request){.kind = REQUEST_ANSWER, .pct = -1};
	out->code = COAP_NOT_FOUND;
	if (coap_find(m, COAP_PROXY_URI) || coap_find(m, COAP_PROXY_SCHEME)) {
		out->code = COAP_NO_PROXYING;
		return;
	}
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (!path_is(m, routes[i].path))
			continue;
		if (m->code == routes[i].method)
			routes[i].read(m, out);
		else
			out->code = COAP_METHOD_NOT_ALLOWED;
		return;
	}
}

void
request_formats(int32_t pct, int *out, size_t cap)
{
	/* 1.0 clients send no pct and know TLV (pains.md 10) */
	const int preferred = pct < 0 ? FORMAT_TLV : pct;
	const int others[] = {FORMAT_TLV, FORMAT_SENML_CBOR};
	size_t n = 0;

	if (n < cap)
		out[n++] = preferred;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i] != preferred && n < cap)
			out[n++] = others[i];
	if (n < cap)
		out[n] = -1;
}
