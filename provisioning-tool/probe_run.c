/* The experiments one after the other, and what they leave behind. */
#include "base/text.h"
#include "lwm2m/link.h"
#include "probe_read.h"
#include "tool.h"

enum {
	REFUSAL_WAIT_MS = 5000,
	REST_MS = 500, /* after a Finish: some end their session behind it */
};

/* --- what is said ------------------------------------------------------------ */

static void
writer_begin(struct writer *w, char text[static PROBE_TEXT_MAX])
{
	writer_init(w, text, PROBE_TEXT_MAX - 1);
}

static void
writer_close(struct writer *w)
{
	w->buf[w->len] = '\0';
}

static void
describe_step(const struct probe *p, const struct probe_step *s, size_t len,
    struct writer *w)
{
	int format = probe_format(p, s);

	writer_fmt(w, "%s ", coap_code_name(s->method));
	if (s->at == AT_BS)
		writer_str(w, "/bs");
	else
		path_print(w, probe_path(p, s->at));
	if (s->method == COAP_GET)
		writer_fmt(w, " Accept %d", format);
	if (s->method != COAP_PUT)
		return;
	if (format_by_number(format))
		writer_fmt(w, " in %s, %zu bytes", format_name(format), len);
	else
		writer_fmt(w, " in format %d, %zu bytes", format, len);
}

static void
note_request(struct probe *p)
{
	const struct bench_request *rq = &p->bench.first;
	const struct wire *wire = &p->bench.wire;
	struct probe_finding *f = probe_find(p, "request", "version");
	struct quoted q;
	struct writer w;

	if (!f)
		return;
	writer_begin(&w, f->answer);
	writer_str(&w, rq->confirmable ? "CON" : "NON");
	writer_fmt(&w, " POST %s/bs, token of %u bytes",
	    rq->prefixed ? "..." : "", rq->token_len);
	if (!rq->has_endpoint)
		writer_str(&w, ", no ep");
	if (rq->pct < 0)
		writer_str(&w, ", no pct");
	else
		writer_fmt(&w, ", pct=%d%s", rq->pct,
		    rq->pct_first ? " before ep" : "");
	if (rq->others)
		writer_fmt(&w, ", %u more queries", rq->others);
	writer_close(&w);
	writer_begin(&w, f->means);
	if (rq->has_endpoint)
		writer_fmt(&w, "it is %s",
		    quote(&q,
			text_cut(
			    span_of(rq->endpoint, rq->endpoint_len), 80, 80)));
	writer_close(&w);
	if (w.full)
		f->means[0] = '\0';
	f = rq->pack ? probe_find(p, "pack request", "version") : NULL;
	if (f) {
		writer_begin(&w, f->answer);
		writer_str(&w, "GET /bspack");
		if (rq->pack_accept >= 0)
			writer_fmt(&w, ", Accept %d", rq->pack_accept);
		writer_str(&w, "; POST /bs after 5.01");
		writer_close(&w);
	}
	f = wire->suite[0] ? probe_find(p, "security", NULL) : NULL;
	if (f) {
		writer_begin(&w, f->answer);
		writer_fmt(&w, "%s, %s", wire->version, wire->suite);
		writer_close(&w);
		writer_begin(&w, f->means);
		if (wire->offered[0])
			writer_fmt(&w, "offers %.200s", wire->offered);
		writer_close(&w);
	}
}

/* --- the device comes ---------------------------------------------------------- */

static void
ask_for_it(const struct probe *p)
{
	uint8_t text[ADDRESS_TEXT_MAX + 16];
	struct writer w;

	if (p->bench.arrived)
		return;
	if (p->bench.known) {
		fprintf(stderr, "restart the device: %s\n", p->restart);
		return;
	}
	fputs("start the device in bootstrap; it is to come to", stderr);
	for (size_t i = 0; i < p->bench.wire.listener_count; i++) {
		writer_init(&w, text, sizeof(text));
		wire_print(&w, &p->bench.wire.listeners[i]);
		fprintf(stderr, " %.*s", (int)w.len, (const char *)text);
	}
	fputc('\n', stderr);
}

static bool
meet(struct probe *p)
{
	bool first = !p->bench.known;

	ask_for_it(p);
	if (bench_wait(&p->bench,
		clock_now_ms() + (uint64_t)p->o->wait_s * 1000) != RC_OK)
		return false;
	if (first)
		note_request(p);
	return true;
}

static void
end_session(struct probe *p, const char *why)
{
	p->in_session = false;
	p->restart = why;
	bench_dismiss(&p->bench);
}

/* --- commands --------------------------------------------------------------------- */

static void
ask(struct probe *p, const struct probe_step *s, struct span payload)
{
	struct lwm2m_path path = probe_path(p, s->at);
	const uint16_t ids[] = {path.object, path.instance, path.resource};
	uint8_t text[3][8];
	struct coap_request rq = {
	    .method = s->method,
	    .content_format = COAP_FORMAT_NONE,
	    .accept = COAP_FORMAT_NONE,
	    .payload = payload,
	    .block_size = s->block,
	};
	struct writer w;

	for (unsigned i = 0; i < path_depth(path); i++) {
		writer_init(&w, text[i], sizeof(text[i]));
		writer_fmt(&w, "%u", ids[i]);
		rq.path[rq.path_count++] = writer_span(&w);
	}
	if (s->at == AT_BS)
		rq.path[rq.path_count++] = SPAN_LIT("bs");
	if (s->method == COAP_GET)
		rq.accept = probe_format(p, s);
	if (s->method == COAP_PUT) {
		rq.content_format = probe_format(p, s);
		p->wrote_server |= path.object == OBJECT_SERVER;
		p->wrote_security |= path.object == OBJECT_SECURITY;
	}
	bench_ask(&p->bench, &rq, &p->answer);
}

/* Is it still in its session? Any answer says so. */
static bool
still_there(struct probe *p)
{
	const struct probe_step s = {
	    .method = COAP_GET, .at = AT_SERVER, .format = FORMAT_LINK};

	if (p->answer.kind == BENCH_GONE || p->answer.kind == BENCH_CAME_AGAIN)
		return false;
	ask(p, &s, (struct span){0});
	return p->answer.kind == BENCH_ANSWERED;
}

/* What was just written with success, is it there? Unknown: yes. */
static bool
is_there(struct probe *p)
{
	const struct probe_step s = {
	    .method = COAP_GET, .at = AT_SERVER, .format = FORMAT_LINK};
	struct link_reader r;
	struct lwm2m_link link;

	if (p->facts.discover != PROBE_YES)
		return true;
	ask(p, &s, (struct span){0});
	if (!probe_good(&p->answer) || p->answer.content_format != FORMAT_LINK)
		return true;
	link_reader_init(&r, span_of(p->answer.body, p->answer.body_len));
	while (link_next(&r, &link))
		if (path_compare(link.path, probe_path(p, AT_SERVER_OURS)) == 0)
			return true;
	return false;
}

/* As it was before, as far as that goes. */
static void
tidy(struct probe *p)
{
	const struct probe_step server = {
	    .method = COAP_DELETE, .at = AT_SERVER_OURS};
	const struct probe_step security = {
	    .method = COAP_DELETE, .at = AT_SECURITY_OURS};

	if (p->wrote_server)
		ask(p, &server, (struct span){0});
	if (p->wrote_server && p->answer.kind != BENCH_ANSWERED)
		return;
	if (p->wrote_security)
		ask(p, &security, (struct span){0});
	p->wrote_server = p->wrote_security = false;
}

/* The device waits for commands, or its request for an answer. */
static bool
be_ready(struct probe *p, const struct probe_experiment *e)
{
	if (p->in_session && p->bench.arrived)
		end_session(p, "it has begun anew");
	if (p->in_session && e->refusal)
		end_session(p, "its next request is to be refused");
	if (p->in_session)
		return true;
	if (!meet(p))
		return false;
	if (e->refusal)
		return true;
	bench_welcome(&p->bench, COAP_CHANGED);
	p->in_session = true;
	if (p->wrote_server || p->wrote_security)
		tidy(p);
	return true;
}

/* --- one experiment ------------------------------------------------------------------ */

static const struct probe_step *
asked(const struct probe_experiment *e)
{
	const struct probe_step *s = e->steps;

	while (s < e->steps + PROBE_STEPS_MAX - 1 && s[1].method != 0)
		s++;
	return s;
}

/* Send all steps. False: one that prepares was not taken. */
static bool
send_steps(
    struct probe *p, const struct probe_experiment *e, struct writer *sent)
{
	const struct probe_step *last = asked(e);
	struct span payload;

	for (const struct probe_step *s = e->steps; s <= last; s++) {
		enum rc rc = probe_payload(p, s, &payload);

		writer_str(sent, s > e->steps ? ", " : "");
		describe_step(p, s, payload.len, sent);
		if (rc != RC_OK) {
			p->answer.kind = BENCH_UNSENT;
			return false;
		}
		ask(p, s, payload);
		if (s < last && !probe_good(&p->answer))
			return false;
	}
	return true;
}

/* What the answer means for the session. `w` has room for a word on it. */
static void
look_after(struct probe *p, const struct probe_step *s, enum bench_kind kind,
    uint8_t code, struct writer *w)
{
	if (kind == BENCH_ANSWERED && s->at == AT_BS && code == COAP_CHANGED) {
		end_session(p, "its session has ended with the Finish");
	} else if (kind == BENCH_CAME_AGAIN) {
		writer_str(w, "; it has begun anew instead");
		end_session(p, "it has begun anew");
	} else if ((kind != BENCH_ANSWERED && kind != BENCH_UNSENT) ||
	    s->at == AT_BS) {
		if (s->at == AT_BS)
			bench_rest(&p->bench, REST_MS);
		if (still_there(p))
			return;
		if (s->at == AT_BS && kind == BENCH_ANSWERED)
			writer_str(w, "; its session is over");
		else
			writer_str(w,
			    "; nothing more came of it: it has "
			    "crashed, or ended its session");
		end_session(p, "it does not answer any more");
	}
}

/* False: it could not be prepared. */
static bool
try_one(struct probe *p, const struct probe_experiment *e)
{
	struct probe_finding *f = probe_find(p, e->name, e->key);
	const struct probe_step *last = asked(e);
	enum bench_kind kind;
	struct writer w;
	uint8_t code;
	bool sent;

	if (!f)
		return true;
	if (e->server)
		p->facts.server = e->server;
	p->not_there = false;
	writer_begin(&w, f->sent);
	sent = send_steps(p, e, &w);
	writer_close(&w);
	kind = p->answer.kind;
	code = p->answer.code;
	writer_begin(&w, f->answer);
	bench_print(&w, &p->answer);
	writer_close(&w);
	if (sent && e->read == read_format && probe_good(&p->answer)) {
		p->not_there = !is_there(p);
		p->answer.kind = kind;
		p->answer.code = code;
	}
	writer_begin(&w, f->means);
	if (sent)
		e->read(p, last, &p->answer, &w);
	else
		writer_str(&w, "could not be prepared");
	look_after(p, last, kind, code, &w);
	writer_close(&w);
	if (p->in_session)
		tidy(p);
	return sent || kind == BENCH_UNSENT;
}

/* In a session that may have ended before, by the device's own account: then
 * once more in a new one. False: it does not come back. */
static bool
try_twice(struct probe *p, const struct probe_experiment *e)
{
	if (try_one(p, e))
		return true;
	if (p->in_session)
		end_session(p, "it does not take what it took before");
	if (!be_ready(p, e))
		return false;
	p->finding_count--;
	(void)try_one(p, e);
	return true;
}

/* Its request is refused: does it come back, and how? */
static bool
refuse_one(struct probe *p, const struct probe_experiment *e)
{
	struct probe_finding *f = probe_find(p, e->name, e->key);
	uint64_t wait_ms = p->bench.patience_ms;
	struct writer w;

	if (!f)
		return true;
	writer_begin(&w, f->sent);
	writer_fmt(&w, "%s to POST /bs", coap_code_name(e->refusal));
	writer_close(&w);
	bench_welcome(&p->bench, e->refusal);
	if (wait_ms > REFUSAL_WAIT_MS)
		wait_ms = REFUSAL_WAIT_MS;
	writer_begin(&w, f->answer);
	if (bench_wait(&p->bench, clock_now_ms() + wait_ms) != RC_OK) {
		writer_str(&w, "no other request");
		p->restart = "its request was refused";
	} else if (p->bench.arrival.pct < 0) {
		writer_str(&w, "POST /bs without pct");
	} else {
		writer_fmt(&w, "POST /bs with pct=%d", p->bench.arrival.pct);
	}
	writer_close(&w);
	if (!p->bench.arrived)
		bench_dismiss(&p->bench);
	return true;
}

int
probe_run(struct probe *p)
{
	p->facts.works = -1;
	p->facts.account = -1;
	p->facts.server = p->facts.security = 10;
	if (!meet(p))
		return tool_error(EX_UNAVAILABLE,
		    "see that it has its Bootstrap-Server Account with this "
		    "address, and what was said above",
		    "no device has come");
	for (size_t i = 0; i < probe_experiment_count; i++) {
		const struct probe_experiment *e = &probe_experiments[i];

		if (e->harm == HARM_ACCOUNT && !p->o->dangerous)
			continue;
		if (e->wanted && !e->wanted(p, asked(e)))
			continue;
		fprintf(stderr, "%s\n", e->name);
		if (!be_ready(p, e) ||
		    !(e->refusal ? refuse_one : try_twice)(p, e))
			return tool_error(EX_UNAVAILABLE,
			    "what was found until then is written",
			    "the device did not come back");
	}
	return EX_OK;
}
