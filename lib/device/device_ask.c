#include "device/device_internal.h"

#include "base/text.h"
#include "lwm2m/format.h"

#include <stdio.h>

/* --- the trace ------------------------------------------------------------ */

void
device_note(struct device *d, const char *text)
{
	size_t at;

	if (d->event_count == DEVICE_EVENTS_MAX) {
		d->event_first = (d->event_first + 1) % DEVICE_EVENTS_MAX;
		d->event_count--;
	}
	at = (d->event_first + d->event_count++) % DEVICE_EVENTS_MAX;
	snprintf(d->events[at].text, DEVICE_TEXT_MAX, "%s", text);
}

bool
device_event(struct device *d, struct device_event *out)
{
	if (d->event_count == 0)
		return false;
	*out = d->events[d->event_first];
	d->event_first = (d->event_first + 1) % DEVICE_EVENTS_MAX;
	d->event_count--;
	return true;
}

static bool
is_plain_text(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f || s.p[i] == '"' ||
		    s.p[i] == '\\')
			return false;
	return true;
}

void
device_note_answered(struct device *d, const char *answer)
{
	char text[DEVICE_TEXT_MAX + 64];

	snprintf(text, sizeof(text), "-> %s  <- %s", d->asked, answer);
	device_note(d, text);
}

void
device_note_command(struct device *d, const struct order *o, unsigned blocks,
    const char *answer, struct span why)
{
	uint8_t text[DEVICE_TEXT_MAX];
	struct writer w;

	writer_init(&w, text, sizeof(text) - 1);
	writer_fmt(&w, "<- %s %s", coap_code_name(o->method), o->path_text);
	if (o->content_format != COAP_FORMAT_NONE)
		writer_fmt(&w, " %s", format_name(o->content_format));
	if (o->payload.len)
		writer_fmt(&w, " %zu B", o->payload.len);
	if (blocks)
		writer_fmt(&w, " in %u blocks", blocks);
	writer_fmt(&w, "  -> %s", answer);
	if (why.len) {
		writer_str(&w, " ");
		if (why.len > 200)
			why.len = 200;
		text_quote(&w, why);
	}
	text[w.len] = '\0';
	device_note(d, (const char *)text);
}

/* --- asking --------------------------------------------------------------- */

/** The query of a request, as options and as text for the trace. */
struct query {
	struct span parts[2];
	size_t count;
	uint8_t endpoint[3 + 256], other[32]; /* the other: pct or acc */
};

static void
query_make(struct device *d, struct query *q)
{
	const struct device_behaviour *b = &d->behaviour;
	struct writer w;

	q->count = 0;
	if (!b->omit_endpoint) {
		writer_init(&w, q->endpoint, sizeof(q->endpoint));
		writer_str(&w, "ep=");
		writer_put(&w, span_of(d->endpoint, d->endpoint_len));
		q->parts[q->count++] = writer_span(&w);
	}
	if (b->pct != BEHAVIOUR_PCT_OFF && !d->no_pct && !d->packing) {
		writer_init(&w, q->other, sizeof(q->other));
		writer_fmt(&w, "pct=%d", b->pct);
		q->parts[q->count++] = writer_span(&w);
	}
	if (d->packing && b->pack_links) {
		writer_init(&w, q->other, sizeof(q->other));
		pack_account_links(d, &w);
		q->parts[q->count++] = writer_span(&w);
	}
	if (q->count == 2 && b->pct_first) {
		struct span ep = q->parts[0];

		q->parts[0] = q->parts[1];
		q->parts[1] = ep;
	}
}

static void
describe_request(struct device *d, const char *line, const struct query *q)
{
	struct writer w;

	writer_init(&w, d->asked, sizeof(d->asked) - 1);
	writer_str(&w, line);
	for (size_t i = 0; i < q->count; i++) {
		writer_str(&w, i ? "&" : "?");
		if (is_plain_text(q->parts[i]))
			writer_put(&w, q->parts[i]);
		else
			text_quote(&w, q->parts[i]);
	}
	d->asked[w.len] = '\0';
}

/** Accept, and the block that is wanted, if any is named. */
static enum rc
add_wishes(
    struct device *d, struct coap_message *m, uint8_t *accept, uint8_t *block)
{
	int format = d->behaviour.pack_accept;
	enum rc rc = RC_OK;

	if (format >= 0)
		rc = coap_add(m, COAP_ACCEPT,
		    coap_uint((uint32_t)(format ? format : FORMAT_SENML_CBOR),
			accept));
	if (rc == RC_OK && d->pack.asks_block)
		rc = coap_add(
		    m, COAP_BLOCK2, coap_block_encode(d->pack.ask, block));
	return rc;
}

void
device_ask(struct device *d, uint64_t now_ms)
{
	struct coap_message m = {
	    .code = d->packing ? COAP_GET : COAP_POST,
	};
	uint8_t accept[4], block[4];
	struct query q;
	enum rc rc;

	query_make(d, &q);
	describe_request(d, d->packing ? "GET /bspack" : "POST /bs", &q);
	rc = coap_add(&m, COAP_URI_PATH,
	    d->packing ? SPAN_LIT("bspack") : SPAN_LIT("bs"));
	for (size_t i = 0; rc == RC_OK && i < q.count; i++)
		rc = coap_add(&m, COAP_URI_QUERY, q.parts[i]);
	if (rc == RC_OK && d->packing)
		rc = add_wishes(d, &m, accept, block);
	if (rc == RC_OK)
		rc = talk_ask(&d->talk, &m, now_ms);
	d->state = DEVICE_ASKING;
	d->give_up_ms = TIME_NEVER;
	if (rc != RC_OK) {
		d->state = DEVICE_FAILED;
		device_note_answered(d, "cannot be sent");
	}
}

void
device_start(struct device *d, uint64_t now_ms)
{
	d->packing = d->behaviour.ask_pack_first;
	if (d->packing)
		pack_begin(d);
	d->no_pct = false;
	d->commands = 0;
	d->finish_code = 0;
	if (d->behaviour.hold_off)
		d->state = DEVICE_IDLE;
	else
		device_ask(d, now_ms);
}
