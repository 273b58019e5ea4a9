/*
 * A plan as a worker gets it. The first byte says how the device answers (the
 * n-th command badly), the rest is the plan. One that is believed is walked to
 * its end: it must come to one, and it is ok only if Finish was answered.
 */
#include "base/heap.h"
#include "bootstrap/session.h"
#include "lwm2m/format.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	GET = 1,
	POST = 2,
	PUT = 3,
	CONTENT = 0x45,
	CHANGED = 0x44,
	DELETED = 0x42,
	BAD_REQUEST = 0x80,
	UNSUPPORTED = 0x8f,
	/* each step in each format and once more, then cleaning up */
	COMMANDS_MAX = PLAN_STEPS_MAX * 4 + CHOOSE_KNOWN_MAX + 8,
	LIFETIME_MS = 240000,
};

static const struct span links[] = {
    {(const uint8_t *)"</0/0>,</1>", 11},
    {(const uint8_t *)"</0/1>,</0/0>;ssid=101,</1/0>;ssid=101", 38},
};

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static bool
is_finish(const struct session_command *c)
{
	return c->step && c->step->op == PLAN_FINISH;
}

struct walk {
	struct session *session;
	unsigned commands, bad; /* this one is answered badly; 0: none */
	bool refused_write, finished;
};

static void
obey(struct walk *k, const struct session_command *c)
{
	bool badly = ++k->commands == k->bad;
	uint8_t code = DELETED;
	struct span body = {0};

	must(k->commands <= COMMANDS_MAX);
	must(c->path_count <= 4 && c->payload.len <= SECRET_MAX);
	for (size_t i = 0; i < c->path_count; i++)
		must(c->path[i].len > 0);
	if (is_finish(c))
		must(!k->refused_write);
	if (c->method == GET) {
		code = CONTENT;
		body = links[k->bad % 2];
	} else if (c->method == POST || c->method == PUT) {
		code = CHANGED;
	}
	if (badly)
		code = k->bad & 1 ? BAD_REQUEST : UNSUPPORTED;
	k->refused_write |= c->method == PUT && code == BAD_REQUEST;
	k->finished |= is_finish(c) && code == CHANGED;
	session_response(k->session, code, -1, body, k->commands);
}

static void
walk(struct walk *k)
{
	struct session_out out;
	unsigned ends = 0;

	while (session_next(k->session, &out, k->commands)) {
		if (out.kind == SESSION_OUT_COMMAND)
			obey(k, out.command);
		if (out.kind == SESSION_OUT_END) {
			must(++ends == 1);
			must((out.verdict->outcome == OUTCOME_OK) ==
			    k->finished);
			session_recorded(k->session);
		}
	}
	must(session_state(k->session) == SESSION_ENDED);
	must(session_deadline(k->session) == TIME_NEVER);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct session_config config = {
	    .pct = FORMAT_SENML_CBOR,
	    .lifetime_ms = LIFETIME_MS,
	    .waiting_ms = LIFETIME_MS,
	};
	struct walk k = {0};
	struct secret bytes = {0};
	struct session_out out;

	if (size < 1 || size > PLAN_BYTES_MAX)
		return 0;
	k.bad = data[0];
	must(secret_set(&bytes, span_of(data + 1, size - 1)) == RC_OK);
	k.session = session_new(&config, 0);
	must(k.session != NULL);
	must(session_next(k.session, &out, 0) && out.kind == SESSION_OUT_ASK);
	session_plan(k.session, &bytes, 0);
	must(bytes.len == 0);
	walk(&k);
	session_free(k.session);
	return 0;
}
