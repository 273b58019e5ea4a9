#include "coap/peer_internal.h"

/* RFC 8323 section 5.3: also later ones, which change what was said. */
static void
take_csm(struct coap_peer *p)
{
	struct stream *s = p->stream;
	uint16_t bad = 0;
	enum rc rc = coap_csm_read(&p->in, &s->peer, &bad);

	if (rc == RC_UNSUPPORTED)
		stream_abort(p, COAP_END_FAULT,
		    "a critical option of the CSM is not known", bad);
	else if (rc != RC_OK)
		stream_abort(p, COAP_END_FAULT,
		    "an option of the CSM has a wrong value", bad);
	else
		s->heard_csm = true;
}

static void
pong(struct coap_peer *p, const struct coap_message *ping, bool custody)
{
	struct coap_message m;

	coap_pong_make(&m, ping, custody);
	stream_put(p, &m);
}

/* RFC 8323 section 5.4.1: with Custody the answer should wait for the requests
 * before it. "Should": more Pings than we care to remember get theirs at once,
 * and without the promise. */
static void
take_ping(struct coap_peer *p)
{
	struct stream *s = p->stream;
	bool custody = coap_custody(&p->in);

	if (!custody || !stream_asked(s))
		pong(p, &p->in, custody);
	else if (s->custody_count == STREAM_CUSTODY_MAX)
		pong(p, &p->in, false);
	else
		s->custody[s->custody_count++] = p->in.token;
}

void
stream_custody(struct coap_peer *p)
{
	struct stream *s = p->stream;
	size_t count = s->custody_count;

	s->custody_count = 0;
	for (size_t i = 0; i < count && !s->end.final; i++)
		pong(p, &(struct coap_message){.token = s->custody[i]}, true);
}

void
stream_ping(struct coap_peer *p)
{
	struct stream *s = p->stream;
	struct coap_message m = {
	    .code = COAP_PING, .token.len = COAP_TOKEN_MAX};

	s->pinged = true;
	s->ping_ms = s->now_ms;
	p->random(p->random_ctx, m.token.bytes, COAP_TOKEN_MAX);
	/* Behind what it does not read it would not see this either: its time
	 * runs all the same. */
	if (outbox_put(&s->out, &m) == RC_OK)
		p->counters.sent++;
}

void
stream_signal(struct coap_peer *p, enum rc rc)
{
	if (p->in.code == COAP_ABORT) {
		stream_aborted(p); /* whatever else it says */
		return;
	}
	if (rc == RC_TOO_LARGE) {
		stream_abort(p, COAP_END_FAULT,
		    "a signalling message with too many options",
		    COAP_ABORT_NO_OPTION);
		return;
	}
	if (p->in.code == COAP_CSM) {
		take_csm(p);
		return;
	}
	/* RFC 8323 section 5.2. Of codes that are not known every critical
	 * option is unknown; without one they are ignored. */
	if (coap_signal_bad_option(&p->in)) {
		stream_abort(p, COAP_END_FAULT,
		    "a critical option of a signalling message is not known",
		    COAP_ABORT_NO_OPTION);
		return;
	}
	if (p->in.code == COAP_PING)
		take_ping(p);
	else if (p->in.code == COAP_RELEASE)
		stream_released(p);
}
