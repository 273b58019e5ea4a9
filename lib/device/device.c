#include "device/device_internal.h"

#include <stdlib.h>

struct device *
device_new(const struct device_config *config)
{
	struct device *d;

	if (config->endpoint.len > sizeof(d->endpoint))
		return NULL;
	d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	d->behaviour = config->behaviour;
	if (config->endpoint.len)
		memcpy(d->endpoint, config->endpoint.p, config->endpoint.len);
	d->endpoint_len = config->endpoint.len;
	d->give_up_ms = TIME_NEVER;
	talk_init(&d->talk, &d->behaviour, config->seed);
	return d;
}

void
device_free(struct device *d)
{
	if (!d)
		return;
	held_fini(&d->store);
	pack_fini(d);
	talk_fini(&d->talk);
	free(d);
}

enum rc
device_equip(struct device *d, const struct lwm2m_entry *e)
{
	return held_put(&d->store, e);
}

enum rc
device_equip_self(struct device *d)
{
	const struct lwm2m_entry entries[] = {
	    {LWM2M_RESOURCE(OBJECT_DEVICE, 0, 0),
		LWM2M_VALUE_STRING(SPAN_LIT("virtual"))},
	    {LWM2M_RESOURCE(OBJECT_DEVICE, 0, 16),
		LWM2M_VALUE_STRING(SPAN_LIT("U"))},
	};
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < 2; i++)
		rc = held_put(&d->store, &entries[i]);
	return rc;
}

enum rc
device_equip_account(struct device *d, const char *uri, struct span identity,
    const struct secret *key)
{
	uint16_t i = d->behaviour.account;
	bool psk = key && key->len > 0;
	const struct lwm2m_entry entries[] = {
	    {LWM2M_RESOURCE(OBJECT_SECURITY, i, SECURITY_URI),
		LWM2M_VALUE_STRING(span_str(uri))},
	    {LWM2M_RESOURCE(OBJECT_SECURITY, i, SECURITY_BOOTSTRAP),
		LWM2M_VALUE_BOOLEAN(true)},
	    {LWM2M_RESOURCE(OBJECT_SECURITY, i, SECURITY_MODE),
		LWM2M_VALUE_INTEGER(psk ? MODE_PSK : MODE_NOSEC)},
	    {LWM2M_RESOURCE(OBJECT_SECURITY, i, SECURITY_IDENTITY),
		LWM2M_VALUE_OPAQUE(identity)},
	    {LWM2M_RESOURCE(OBJECT_SECURITY, i, SECURITY_SECRET_KEY),
		LWM2M_VALUE_OPAQUE(
		    psk ? secret_expose(key) : (struct span){0})},
	};
	size_t count = psk ? 5 : 3;
	enum rc rc = device_equip_self(d);

	for (size_t n = 0; rc == RC_OK && n < count; n++)
		rc = held_put(&d->store, &entries[n]);
	return rc;
}

static void
take_pack(struct device *d, const struct coap_message *m, uint64_t now_ms)
{
	switch (pack_response(d, m)) {
	case PACK_NONE:
		d->packing = false;
		break;
	case PACK_MORE:
		break;
	case PACK_TAKEN:
		d->packing = false;
		d->state = DEVICE_BOOTSTRAPPED;
		d->finished++;
		return;
	}
	device_ask(d, now_ms);
}

static void
take_response(struct device *d, const struct coap_message *m, uint64_t now_ms)
{
	device_note_answered(d, coap_code_name(m->code));
	if (d->packing) {
		take_pack(d, m, now_ms);
	} else if (coap_class(m->code) == 2) {
		d->state = DEVICE_BOOTSTRAPPING;
		d->give_up_ms = now_ms + TALK_LIFETIME_MS;
	} else if (coap_class(m->code) == 4 && d->behaviour.retry_without_pct &&
	    !d->no_pct && d->behaviour.pct != BEHAVIOUR_PCT_OFF) {
		d->no_pct = true;
		device_ask(d, now_ms);
	} else {
		d->state = DEVICE_FAILED;
	}
}

/* --- obeying -------------------------------------------------------------- */

static const struct device_rule *
find_rule(struct device *d, const struct order *o)
{
	for (size_t i = 0; i < d->behaviour.rule_count; i++) {
		const struct device_rule *r = &d->behaviour.rules[i];

		if ((r->command && r->command != d->commands) ||
		    (r->method && r->method != o->method) ||
		    (r->path && strcmp(r->path, o->path_text) != 0) ||
		    (r->times && d->rule_uses[i] >= r->times))
			continue;
		d->rule_uses[i]++;
		return r;
	}
	return NULL;
}

static void
finish_done(struct device *d, uint8_t code)
{
	d->finish_code = code;
	if (code != COAP_CHANGED)
		return; /* the server may correct and ask again */
	d->state = DEVICE_BOOTSTRAPPED;
	d->finished++;
	d->give_up_ms = TIME_NEVER;
}

static void
reply(struct device *d, const struct talk_heard *h, const struct order *o,
    const struct device_rule *r, const struct deed *deed, uint64_t now_ms)
{
	struct talk_answer a = {
	    .code = deed->code,
	    .content_format = deed->content_format,
	    .payload = deed->payload,
	};

	if (r) {
		a.reaction = r->reaction;
		a.delay_ms = r->delay_ms;
	}
	if (r && r->code) {
		a.code = r->code;
		a.content_format = COAP_FORMAT_NONE;
		a.payload = (struct span){0};
	}
	if (o->bs && coap_class(a.code) != 2 &&
	    d->behaviour.finish_error_separate)
		a.reaction = REACT_SEPARATE;
	device_note_command(d, o, h->blocks, coap_code_name(a.code),
	    coap_class(a.code) == 2 ? (struct span){0} : a.payload);
	if (talk_answer(&d->talk, h, &a, now_ms) != RC_OK)
		device_note(d, "   an answer could not be sent");
	else if (o->bs)
		finish_done(d, a.code);
}

static void
obey(struct device *d, const struct talk_heard *h, uint64_t now_ms)
{
	const struct device_rule *r;
	struct deed *deed;
	struct order o;
	bool done;

	order_read(h, &o);
	d->commands++;
	r = find_rule(d, &o);
	if (!d->behaviour.timeout_from_start)
		d->give_up_ms = now_ms + TALK_LIFETIME_MS;
	if (r && (r->reaction == REACT_SILENCE || r->reaction == REACT_DIE)) {
		d->talk.dead = r->reaction == REACT_DIE;
		talk_unhear(&d->talk, h);
	}
	if (r && r->reaction == REACT_RESET)
		talk_reset(&d->talk, h);
	done = !r || r->apply ||
	    (r->reaction != REACT_CODE && r->reaction != REACT_SILENCE &&
		r->reaction != REACT_RESET && r->reaction != REACT_DIE);
	deed = calloc(1, sizeof(*deed));
	if (!deed)
		return;
	deed->content_format = COAP_FORMAT_NONE;
	if (done)
		order_do(d, &o, deed);
	if (!r || r->reaction == REACT_NORMAL || r->reaction == REACT_CODE ||
	    r->reaction == REACT_SEPARATE || r->reaction == REACT_LATE)
		reply(d, h, &o, r, deed, now_ms);
	else
		device_note_command(d, &o, h->blocks,
		    r->reaction == REACT_RESET ? "RST" : "(no answer)",
		    (struct span){0});
	secret_wipe(deed, sizeof(*deed));
	free(deed);
}

static void
take_command(struct device *d, const struct talk_heard *h, uint64_t now_ms)
{
	if (d->state == DEVICE_ASKING && h->message.code == COAP_POST) {
		/* the Finish of the session before: nothing to finish yet */
		talk_unhear(&d->talk, h);
		return;
	}
	if (d->state == DEVICE_ASKING) {
		/* it comes before the answer: that was lost, or overtaken */
		device_note_answered(d, "(a command instead of an answer)");
		d->talk.asking = false;
		d->state = DEVICE_BOOTSTRAPPING;
	}
	if (d->state != DEVICE_BOOTSTRAPPING && d->behaviour.unsolicited) {
		d->commands = 0;
		d->state = DEVICE_BOOTSTRAPPING;
	}
	if (d->state == DEVICE_BOOTSTRAPPING)
		obey(d, h, now_ms);
	else
		talk_reset(&d->talk, h);
}

static void
take(struct device *d, const struct talk_heard *h, uint64_t now_ms)
{
	switch (h->kind) {
	case TALK_NOTHING:
		break;
	case TALK_RESPONSE:
		if (d->state == DEVICE_ASKING)
			take_response(d, &h->message, now_ms);
		break;
	case TALK_REJECTED:
		device_note_answered(d, "RST");
		d->state = DEVICE_FAILED;
		break;
	case TALK_UNANSWERED:
		device_note_answered(d, "(no answer)");
		d->state = DEVICE_FAILED;
		break;
	case TALK_COMMAND:
		take_command(d, h, now_ms);
		break;
	}
}

void
device_receive(struct device *d, struct span datagram, uint64_t now_ms)
{
	struct talk_heard h;

	talk_receive(&d->talk, datagram, now_ms, &h);
	take(d, &h, now_ms);
}

void
device_tick(struct device *d, uint64_t now_ms)
{
	struct talk_heard h;

	talk_tick(&d->talk, now_ms, &h);
	take(d, &h, now_ms);
	if (now_ms >= d->give_up_ms && !d->talk.dead) {
		d->give_up_ms = TIME_NEVER;
		d->state = DEVICE_FAILED;
		device_note(d, "   no Finish came in time");
	}
}

uint64_t
device_deadline(const struct device *d)
{
	uint64_t at = talk_deadline(&d->talk);

	return d->give_up_ms < at && !d->talk.dead ? d->give_up_ms : at;
}

enum rc
device_output(struct device *d, struct writer *w)
{
	return talk_output(&d->talk, w);
}

enum device_state
device_state(const struct device *d)
{
	bool dead = d->talk.dead && d->talk.out_count == 0;

	return dead && d->state != DEVICE_BOOTSTRAPPED ? DEVICE_DEAD : d->state;
}

const struct held *
device_store(const struct device *d)
{
	return &d->store;
}

unsigned
device_commands(const struct device *d)
{
	return d->commands;
}

unsigned
device_finished(const struct device *d)
{
	return d->finished;
}

uint8_t
device_finish_code(const struct device *d)
{
	return d->finish_code;
}

unsigned
device_sent(const struct device *d)
{
	return d->talk.sent;
}
