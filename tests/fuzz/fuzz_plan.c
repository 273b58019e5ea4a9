/*
 * A plan as a worker gets it, and a device that answers it as it likes. The
 * first byte says how many bytes follow that tell the answers, one a command
 * and then again from the first; the rest is the plan. One that is believed is
 * walked to its end: it must come to one, it is ok only if the last Finish was
 * answered 2.04, and after a refused Write there is no Finish.
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
	DELETED = 0x42,
	CHANGED = 0x44,
	CONTENT = 0x45,
	NOT_ACCEPTABLE = 0x86,
	UNSUPPORTED = 0x8f,
	SCRIPT_MAX = 32,
	/* each step and its repetition, each format refused once in a Write
	 * and once in a Read, then cleaning up */
	COMMANDS_MAX =
	    2 * PLAN_STEPS_MAX + 2 * SESSION_FORMATS_MAX + CHOOSE_KNOWN_MAX,
	LIFETIME_MS = 240000,
};

/* The low four bits of an answer; what is not here is what it should be. */
static const uint8_t codes[] = {
    0, 0x80, 0x84, 0x85, 0x86, 0x88, 0x8d, 0x8f, 0xa0, 0xa3, 0x44, 0x42, 0x45};

enum { ANSWER_RESET = 14, ANSWER_SILENCE = 15 };

static const char links_one[] = "</0/0>,</1>";
static const char links_two[] = "</>;lwm2m=1.1,</0/1>,</0/0>;ssid=101,"
				"</1/0>;ssid=101,</21/0>,</21/1>;ssid=101";
static const char links_bad[] = "</0/0>,</0/1>,</0/x>,</0/2>;ssid=70000";
static const uint8_t server_tlv[] = {
    0x08, 0, 12, 0xc1, 0, 101, 0xc4, 1, 0, 1, 0x51, 0x80, 0xc1, 6, 1};
static const uint8_t server_cbor[] = {0x81, 0xa3, 0x21, 0x65, '/', '1', '/',
    '0', '/', 0x00, 0x61, '0', 0x02, 0x18, 101};
static const char server_json[] = "[{\"bn\":\"/1/0/\",\"n\":\"0\",\"v\":101}]";

static const struct {
	const void *p;
	size_t len;
	int format;
} bodies[] = {
    {links_one, sizeof(links_one) - 1, FORMAT_LINK},
    {links_two, sizeof(links_two) - 1, FORMAT_LINK},
    {links_bad, sizeof(links_bad) - 1, 65535},
    {server_tlv, sizeof(server_tlv), FORMAT_TLV},
    {server_cbor, sizeof(server_cbor), FORMAT_SENML_CBOR},
    {server_json, sizeof(server_json) - 1, FORMAT_SENML_JSON},
    {"", 0, -1},
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
	const uint8_t *script;
	size_t script_len;
	struct span junk; /**< a body that is none */
	unsigned commands;
	bool write_refused, finished;
};

static uint8_t
usual_code(uint8_t method)
{
	if (method == GET)
		return CONTENT;
	return method == POST || method == PUT ? CHANGED : DELETED;
}

static struct span
body_of(const struct walk *k, uint8_t how, int *format)
{
	size_t i = how >> 4;

	*format = -1;
	if (i >= sizeof(bodies) / sizeof(bodies[0]))
		return k->junk;
	*format = bodies[i].format;
	return span_of(bodies[i].p, bodies[i].len);
}

static void
check_command(const struct walk *k, const struct session_command *c)
{
	must(k->commands <= COMMANDS_MAX);
	must(c->path_count <= 4 && c->payload.len <= SECRET_MAX);
	for (size_t i = 0; i < c->path_count; i++)
		must(c->path[i].len > 0);
	if (is_finish(c))
		must(!k->write_refused);
}

static void
reply(struct walk *k, const struct session_command *c)
{
	uint8_t how =
	    k->script_len ? k->script[k->commands % k->script_len] : 0;
	uint8_t low = how & 0xf, code = usual_code(c->method);
	bool finish = is_finish(c), write = c->method == PUT;
	struct span body;
	int format;

	k->commands++;
	check_command(k, c);
	if (low == ANSWER_RESET || low == ANSWER_SILENCE) {
		session_failed(k->session,
		    low == ANSWER_RESET ? REASON_RESET : REASON_NO_ANSWER,
		    k->commands);
		return;
	}
	if (low > 0 && low < sizeof(codes))
		code = codes[low];
	body = body_of(k, how, &format);
	if (write)
		k->write_refused = code != CHANGED && code != 0x41;
	if (finish)
		k->finished = code == CHANGED;
	session_response(k->session, code, format, body, k->commands);
}

static void
walk(struct walk *k)
{
	struct session_out out;
	unsigned ends = 0, finishing = 0;

	while (session_next(k->session, &out, k->commands)) {
		if (out.kind == SESSION_OUT_COMMAND) {
			must(!is_finish(out.command) || finishing > 0);
			reply(k, out.command);
		}
		finishing += out.kind == SESSION_OUT_FINISHING;
		must(finishing <= 2);
		if (out.kind == SESSION_OUT_END) {
			must(++ends == 1);
			must((out.verdict->outcome == OUTCOME_OK) ==
			    k->finished);
			must(out.verdict->step <= out.verdict->steps);
			session_recorded(k->session);
		}
	}
	must(session_state(k->session) == SESSION_ENDED);
	must(session_deadline(k->session) == TIME_NEVER);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct session_config config = {
	    .lifetime_ms = LIFETIME_MS,
	    .waiting_ms = LIFETIME_MS,
	};
	struct walk k = {0};
	struct secret bytes = {0};
	struct session_out out;
	size_t script;

	if (size < 1 || size > PLAN_BYTES_MAX)
		return 0;
	script = data[0] % SCRIPT_MAX;
	if (size < 1 + script)
		return 0;
	/* which format the request names is in the script, too */
	config.pct =
	    script ? lwm2m_formats[data[1] % lwm2m_format_count].number : -1;
	k.script = data + 1;
	k.script_len = script;
	k.junk = span_of(data + 1 + script, size - 1 - script);
	must(secret_set(&bytes, k.junk) == RC_OK);
	k.session = session_new(&config, 0);
	must(k.session != NULL);
	must(session_next(k.session, &out, 0) && out.kind == SESSION_OUT_ASK);
	session_plan(k.session, &bytes, 0);
	must(bytes.len == 0);
	walk(&k);
	session_free(k.session);
	return 0;
}
