#include "cost/dialogue.h"
#include "cost/preset.h"

enum {
	SESSION_LIFETIME_MS = 240000, /* as bootstrapd, unless configured */
	WAITING_MS = 20000,
	OVER_MS = 600000, /* nothing lasts longer */
	STARTED_MS = 1000000,
};

/* RFC 7252 at the slow end of its range: the first timeout is 3 s. */
static const struct coap_params params = {
    .ack_timeout_ms = 3000,
    .ack_random_percent = 100,
    .max_retransmit = 4,
    .exchange_lifetime_ms = 247000,
    .non_lifetime_ms = 145000,
    .response_timeout_ms = 93000,
    .body_max = 65536,
};

/* Tokens and MIDs: of some value, and always the same. */
static void
fill(void *ctx, void *out, size_t len)
{
	(void)ctx;
	memset(out, 0x5a, len);
}

static bool
is_plain(const struct dialogue *t)
{
	return t->c->transport == COST_UDP;
}

static void
fault(struct dialogue *t, enum rc rc)
{
	if (t->rc == RC_OK)
		t->rc = rc;
}

/** A message that carries a part of a body. */
static void
note_blocks(struct dialogue *t, struct span message)
{
	struct coap_message m;

	if (coap_decode(message, &m) != RC_OK)
		return;
	if (coap_is_request(m.code) ? coap_find(&m, COAP_BLOCK1) != NULL
				    : coap_find(&m, COAP_BLOCK2) != NULL)
		t->blocks++;
}

static void
hear(struct dialogue *t, enum air_way way, struct span message)
{
	enum rc rc = t->said ? t->said(t->said_ctx, way, message) : RC_OK;

	if (rc != RC_OK)
		fault(t, rc);
}

/* --- the server ----------------------------------------------------------- */

/** True: the address of a request is not shown fresh, and that was answered. */
static bool
ask_for_echo(struct dialogue *t, const struct coap_message *m, uint32_t ref)
{
	static const uint8_t value[COST_ECHO_LEN];
	const struct coap_option echo = {
	    COAP_ECHO, span_of(value, sizeof(value))};
	const struct coap_response rs = {
	    .code = COAP_UNAUTHORIZED,
	    .content_format = COAP_FORMAT_NONE,
	    .max_age_s = -1,
	    .options = &echo,
	    .option_count = 1,
	};

	if (!t->c->echo || !is_plain(t) || coap_find(m, COAP_ECHO))
		return false;
	if (coap_peer_respond(t->coap, ref, &rs, t->now_ms) != RC_OK)
		fault(t, RC_BUG);
	return true;
}

static void
begin(struct dialogue *t, const struct coap_message *m, uint32_t ref)
{
	struct session_config config = {
	    .lifetime_ms = SESSION_LIFETIME_MS,
	    .waiting_ms = WAITING_MS,
	    .pct = model_prefers(t->c->device),
	};

	/* or a repetition that the exchange layer let pass */
	if (ask_for_echo(t, m, ref) || t->session)
		return;
	t->request_ref = ref;
	t->session = session_new(&config, t->now_ms);
	if (!t->session)
		fault(t, RC_MEMORY);
}

static void
give_plan(struct dialogue *t)
{
	struct secret plan = {0};
	enum rc rc = secret_set(&plan, t->c->plan);

	if (rc == RC_OK)
		session_plan(t->session, &plan, t->now_ms);
	else
		fault(t, rc);
}

static void
respond(struct dialogue *t, const struct session_out *out)
{
	const struct coap_response rs = {
	    .code = out->code,
	    .content_format = COAP_FORMAT_NONE,
	    .max_age_s = out->max_age_s,
	};

	if (coap_peer_respond(t->coap, t->request_ref, &rs, t->now_ms) != RC_OK)
		fault(t, RC_BUG);
}

static void
decide(struct dialogue *t, const struct session_verdict *v)
{
	t->decided = true;
	t->decided_ms = t->now_ms;
	t->decided_sent = t->air.sent;
	t->verdict = *v;
	session_recorded(t->session);
}

/** What the session has to say, with a keeper that answers at once. */
static void
session_work(struct dialogue *t)
{
	struct session_out out;

	if (!t->session)
		return;
	while (session_next(t->session, &out, t->now_ms)) {
		switch (out.kind) {
		case SESSION_OUT_ASK:
			give_plan(t);
			break;
		case SESSION_OUT_RESPOND:
			respond(t, &out);
			break;
		case SESSION_OUT_COMMAND:
			bridge_send(t->session, t->coap, out.command, t->now_ms,
			    &t->command_ref);
			break;
		case SESSION_OUT_CANCEL:
			coap_peer_cancel(t->coap);
			break;
		case SESSION_OUT_FINISHING:
		case SESSION_OUT_PACK: /* nobody has asked for one */
			break;
		case SESSION_OUT_END:
			decide(t, out.verdict);
			break;
		}
		if (t->rc != RC_OK)
			return;
	}
}

static void
server_message(struct dialogue *t, struct span message)
{
	struct coap_event ev;

	coap_peer_receive(t->coap, message, t->now_ms);
	while (coap_peer_event(t->coap, &ev)) {
		if (ev.kind == COAP_EVENT_REQUEST)
			begin(t, ev.message, ev.ref);
		else if (t->session && ev.ref == t->command_ref)
			bridge_event(t->session, &ev, t->now_ms);
	}
	session_work(t);
}

static void
server_say(struct dialogue *t)
{
	uint8_t buf[COAP_DATAGRAM_MAX];
	struct writer w;

	for (;;) {
		writer_init(&w, buf, sizeof(buf));
		if (coap_peer_output(t->coap, &w) != RC_OK)
			break;
		note_blocks(t, writer_span(&w));
		hear(t, AIR_DOWN, writer_span(&w));
		if (is_plain(t))
			air_send(&t->air, AIR_DOWN, writer_span(&w), t->now_ms);
		else if (dtls_send(t->secure.server, t->secure.conn,
			     writer_span(&w), t->now_ms) != RC_OK)
			t->secure.broken = true;
	}
}

static void
server_records(struct dialogue *t)
{
	uint8_t buf[DTLS_DATAGRAM_MAX];
	struct address to;
	struct writer w;

	for (;;) {
		writer_init(&w, buf, sizeof(buf));
		if (dtls_output(t->secure.server, &to, &w) != RC_OK)
			return;
		air_send(&t->air, AIR_DOWN, writer_span(&w), t->now_ms);
	}
}

static void
server_work(struct dialogue *t)
{
	uint8_t room[AIR_DATAGRAM_MAX];
	struct span d;

	while (air_take(&t->air, AIR_UP, t->now_ms, room, &d)) {
		if (is_plain(t)) {
			server_message(t, d);
			continue;
		}
		secure_server_receive(&t->secure, d, t->now_ms);
		while (secure_server_next(&t->secure, &d, t->now_ms))
			server_message(t, d);
	}
	coap_peer_tick(t->coap, t->now_ms);
	if (t->session)
		session_tick(t->session, t->now_ms);
	session_work(t);
	server_say(t);
	if (!is_plain(t)) {
		dtls_tick(t->secure.server, t->now_ms);
		server_records(t);
	}
}

/* --- the device ----------------------------------------------------------- */

static void
device_ask(struct dialogue *t)
{
	if (t->asked ||
	    (!is_plain(t) && !dtls_client_established(t->secure.client)))
		return;
	t->asked = true;
	model_start(&t->model, t->now_ms);
}

static void
device_hear(struct dialogue *t, struct span datagram)
{
	uint8_t plain[DTLS_PLAINTEXT_MAX];
	struct writer w;

	if (is_plain(t)) {
		model_receive(&t->model, datagram, t->now_ms);
		return;
	}
	writer_init(&w, plain, sizeof(plain));
	if (dtls_client_receive(t->secure.client, datagram, &w, t->now_ms) !=
	    RC_OK)
		t->secure.broken = true;
	if (w.len)
		model_receive(&t->model, writer_span(&w), t->now_ms);
}

static void
device_say(struct dialogue *t)
{
	uint8_t buf[DTLS_DATAGRAM_MAX];
	struct writer w;

	for (;;) {
		writer_init(&w, buf, sizeof(buf));
		if (coap_peer_output(t->model.coap, &w) != RC_OK)
			break;
		note_blocks(t, writer_span(&w));
		hear(t, AIR_UP, writer_span(&w));
		if (is_plain(t))
			air_send(&t->air, AIR_UP, writer_span(&w), t->now_ms);
		else if (dtls_client_send(t->secure.client, writer_span(&w)) !=
		    RC_OK)
			t->secure.broken = true;
	}
	while (!is_plain(t)) {
		writer_init(&w, buf, sizeof(buf));
		if (dtls_client_output(t->secure.client, &w) != RC_OK)
			return;
		air_send(&t->air, AIR_UP, writer_span(&w), t->now_ms);
	}
}

static void
device_work(struct dialogue *t)
{
	struct dtls_client *client = t->secure.client;
	uint8_t room[AIR_DATAGRAM_MAX];
	struct span d;

	while (air_take(&t->air, AIR_DOWN, t->now_ms, room, &d))
		device_hear(t, d);
	if (client && !t->secure.broken &&
	    dtls_client_deadline(client) <= t->now_ms &&
	    dtls_client_tick(client, t->now_ms) != RC_OK)
		t->secure.broken = true;
	device_ask(t);
	t->air.within |= t->asked;
	coap_peer_tick(t->model.coap, t->now_ms);
	device_say(t);
}

/* --- the clock ------------------------------------------------------------ */

static uint64_t
min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t
deadline(const struct dialogue *t)
{
	uint64_t at = air_deadline(&t->air);

	at = min(at, coap_peer_deadline(t->coap));
	at = min(at, coap_peer_deadline(t->model.coap));
	if (t->session)
		at = min(at, session_deadline(t->session));
	if (!is_plain(t)) {
		at = min(at, dtls_deadline(t->secure.server));
		at = min(at, dtls_client_deadline(t->secure.client));
	}
	return at;
}

/** On until it is decided, and what was under way then has arrived. */
static void
run(struct dialogue *t)
{
	uint64_t end = t->now_ms + OVER_MS, at;

	for (;;) {
		device_work(t);
		server_work(t);
		if (t->rc != RC_OK || t->secure.broken || t->air.full)
			return;
		at = t->decided ? air_deadline(&t->air) : deadline(t);
		if (at == TIME_NEVER || at > end)
			return;
		t->now_ms = at > t->now_ms ? at : t->now_ms;
	}
}

/** The device says that it has done, and the server that it has heard. */
static void
part(struct dialogue *t)
{
	if (is_plain(t) || !t->decided || t->secure.broken)
		return;
	dtls_client_close(t->secure.client);
	device_say(t);
	while (t->air.count > 0) {
		t->now_ms = air_deadline(&t->air);
		server_work(t);
		device_work(t);
	}
}

static enum rc
prepare(struct dialogue *t, const struct secure_papers *papers)
{
	struct coap_peer *coap = coap_peer_new(&params, fill, NULL);
	enum rc rc = coap ? RC_OK : RC_MEMORY;

	if (rc == RC_OK)
		rc = model_init(&t->model, t->c->device, t->c->endpoint, coap);
	if (rc == RC_OK) {
		t->coap = coap_peer_new(&params, fill, NULL);
		rc = t->coap ? air_init(&t->air) : RC_MEMORY;
	}
	if (rc == RC_OK && !is_plain(t))
		rc = secure_open(&t->secure, papers, t->c);
	return rc;
}

static enum rc
hold(struct dialogue *t, const struct secure_papers *papers,
    const struct air_link *link, size_t lose, uint64_t now_ms)
{
	enum rc rc = prepare(t, papers);

	if (rc != RC_OK)
		return rc;
	air_start(&t->air, link, now_ms);
	t->air.lose = lose;
	run(t);
	part(t);
	if (t->rc == RC_OK)
		t->rc = t->model.rc;
	if (t->rc == RC_OK)
		t->rc = t->secure.rc;
	return t->rc;
}

enum rc
dialogue_hold(struct dialogue *t, const struct cost_case *c,
    const struct secure_papers *papers, const struct air_link *link,
    size_t lose, uint64_t now_ms)
{
	*t = (struct dialogue){.c = c, .now_ms = now_ms, .started_ms = now_ms};
	return hold(t, papers, link, lose, now_ms);
}

enum rc
dialogue_hear(struct dialogue *t, const struct cost_case *c,
    dialogue_said_fn said, void *ctx)
{
	*t = (struct dialogue){
	    .c = c,
	    .said = said,
	    .said_ctx = ctx,
	    .now_ms = STARTED_MS,
	    .started_ms = STARTED_MS,
	};
	return hold(t, NULL, &preset_counting, 0, STARTED_MS);
}

void
dialogue_fini(struct dialogue *t)
{
	session_free(t->session);
	coap_peer_free(t->coap);
	model_fini(&t->model);
	air_fini(&t->air);
	secure_close(&t->secure);
	*t = (struct dialogue){0};
}
