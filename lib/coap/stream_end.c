#include "coap/peer_internal.h"

bool
stream_ends(const struct stream *s)
{
	return s->end.kind != COAP_END_NONE;
}

/* RFC 8323 section 5.5: what was in flight when one side sent Release is still
 * expected to be processed. */
bool
stream_over(const struct coap_peer *p)
{
	const struct stream *s = p->stream;

	if (s->end.final || !stream_ends(s))
		return s->end.final;
	return !request_is_open(&p->exchange) && !stream_asked(s);
}

static void
finish(struct coap_peer *p, enum coap_end_kind kind, const char *why)
{
	struct stream *s = p->stream;

	s->end.kind = kind;
	s->end.why = why;
	s->end.final = true;
	memset(s->asked, 0, sizeof(s->asked));
	s->custody_count = 0;
	/* Not the inbox: an event may still borrow from it. */
	s->in.rest = span_of(NULL, 0);
	request_fail(p, why, true);
}

static void
drop_output(struct stream *s)
{
	outbox_clear(&s->out);
	secret_fini(&s->tail);
	s->sent = 0;
}

void
stream_close(struct coap_peer *p, enum coap_end_kind kind, const char *why)
{
	/* A Release that came before says more than the close behind it. */
	if (kind == COAP_END_CLOSED && stream_ends(p->stream)) {
		kind = p->stream->end.kind;
		why = p->stream->end.why;
	}
	finish(p, kind, why);
	drop_output(p->stream);
}

void
stream_abort(
    struct coap_peer *p, enum coap_end_kind kind, const char *why, int bad_csm)
{
	struct coap_abort abort = {
	    .bad_csm_option = bad_csm,
	    .diagnostic = span_str(why),
	};
	uint8_t scratch[COAP_SIGNAL_SCRATCH];
	struct coap_message m;

	if (p->stream->end.final)
		return;
	finish(p, kind, why);
	if (abort.diagnostic.len > STREAM_WHY_MAX)
		abort.diagnostic.len = STREAM_WHY_MAX;
	coap_abort_make(&m, &abort, scratch);
	outbox_end(&p->stream->out, &m);
	p->counters.sent++;
}

void
stream_release(struct coap_peer *p, uint32_t hold_off_s)
{
	struct stream *s = p->stream;
	struct coap_release release = {.hold_off_s = hold_off_s};
	uint8_t scratch[COAP_SIGNAL_SCRATCH];
	struct coap_message m;

	if (stream_ends(s))
		return;
	if (release.hold_off_s > COAP_HOLD_OFF_MAX_S)
		release.hold_off_s = COAP_HOLD_OFF_MAX_S;
	if (coap_release_make(&m, &release, scratch) != RC_OK)
		return;
	stream_put(p, &m);
	if (stream_ends(s))
		return;
	s->end.kind = COAP_END_OURS;
	s->end.why = "we have released the connection";
	s->end_ms = time_after(s->now_ms, s->params->release_timeout_ms);
}

static void
keep_words(struct stream *s, struct span text)
{
	if (text.len > sizeof(s->diagnostic))
		text.len = sizeof(s->diagnostic);
	if (text.len > 0)
		memcpy(s->diagnostic, text.p, text.len);
	s->end.diagnostic = span_of(s->diagnostic, text.len);
}

void
stream_released(struct coap_peer *p)
{
	struct stream *s = p->stream;
	struct coap_release release;

	/* Once is enough; after ours it only says "I, too". */
	if (stream_ends(s))
		return;
	coap_release_read(&p->in, &release);
	keep_words(s, release.diagnostic);
	s->end.kind = COAP_END_RELEASED;
	s->end.why = "the peer has released the connection";
	s->end.hold_off_s = release.hold_off_s;
	s->end_ms = time_after(s->now_ms, s->params->release_timeout_ms);
}

/* RFC 8323 section 5.6: nothing in flight is expected to be processed. */
void
stream_aborted(struct coap_peer *p)
{
	struct coap_abort abort;

	coap_abort_read(&p->in, &abort);
	keep_words(p->stream, abort.diagnostic);
	stream_close(
	    p, COAP_END_ABORTED, "the peer has aborted the connection");
}

static uint64_t
csm_due(const struct stream *s)
{
	return time_after(s->began_ms, s->params->csm_timeout_ms);
}

/* When the peer has been silent for long enough to be asked, or given up. */
static uint64_t
silence_due(const struct stream *s)
{
	if (s->params->idle_ms == 0)
		return TIME_NEVER;
	if (s->pinged)
		return time_after(s->ping_ms, s->params->pong_timeout_ms);
	return time_after(s->heard_ms, s->params->idle_ms);
}

uint64_t
stream_end_deadline(const struct coap_peer *p)
{
	const struct stream *s = p->stream;

	if (stream_over(p))
		return TIME_NEVER;
	if (stream_ends(s))
		return s->end_ms;
	return s->heard_csm ? silence_due(s) : csm_due(s);
}

void
stream_end_tick(struct coap_peer *p)
{
	struct stream *s = p->stream;

	if (s->now_ms < stream_end_deadline(p))
		return;
	if (stream_ends(s))
		finish(p, s->end.kind, s->end.why);
	else if (!s->heard_csm)
		stream_abort(p, COAP_END_SILENT, "no CSM has come in time",
		    COAP_ABORT_NO_OPTION);
	else if (s->pinged)
		stream_abort(p, COAP_END_SILENT, "no Pong has come in time",
		    COAP_ABORT_NO_OPTION);
	else
		stream_ping(p);
}

struct coap_end
coap_peer_end(const struct coap_peer *p)
{
	struct coap_end end = {.kind = COAP_END_NONE};

	if (p->stream) {
		end = p->stream->end;
		end.final = stream_over(p);
	}
	return end;
}

void
coap_peer_release(struct coap_peer *p, uint32_t hold_off_s, uint64_t now_ms)
{
	if (!p->stream)
		return;
	p->stream->now_ms = now_ms;
	stream_release(p, hold_off_s);
}

void
coap_peer_abort(struct coap_peer *p, const char *why, uint64_t now_ms)
{
	if (!p->stream)
		return;
	p->stream->now_ms = now_ms;
	stream_abort(p, COAP_END_OURS, why, COAP_ABORT_NO_OPTION);
}

void
coap_peer_closed(struct coap_peer *p, uint64_t now_ms)
{
	if (!p->stream || p->stream->end.final)
		return;
	p->stream->now_ms = now_ms;
	stream_close(p, COAP_END_CLOSED, "the connection was closed");
}
