#include "coap/signalling.h"

enum {
	ALTERNATIVE_MAX = 255, /* bytes */
	HOLD_OFF_LEN_MAX = 3,
	BAD_CSM_LEN_MAX = 2,
};

const struct coap_option *
coap_signal_bad_option(const struct coap_message *m)
{
	for (size_t i = 0; i < m->option_count; i++) {
		if (m->options[i].number & 1)
			return &m->options[i];
	}
	return NULL;
}

/* RFC 8323 section 5.6 names a wrong value of an elective option a reason for
 * Bad-CSM-Option; to ignore it, as RFC 7252 section 5.4.3 would, leaves both
 * sides with different limits. What is repeated counts once, the first. */
enum rc
coap_csm_read(
    const struct coap_message *m, struct coap_capabilities *c, uint16_t *bad)
{
	const struct coap_option *o = coap_signal_bad_option(m);
	struct coap_capabilities said = *c;

	if (o) {
		*bad = o->number;
		return RC_UNSUPPORTED;
	}
	o = coap_find(m, COAP_CSM_MESSAGE_MAX);
	if (o && !coap_uint_value(o->value, &said.message_max)) {
		*bad = o->number;
		return RC_MALFORMED;
	}
	o = coap_find(m, COAP_CSM_BLOCK_WISE);
	if (o && o->value.len > 0) {
		*bad = o->number;
		return RC_MALFORMED;
	}
	if (o)
		said.block_wise = true;
	*c = said;
	return RC_OK;
}

static void
make(struct coap_message *m, enum coap_signal code)
{
	memset(m, 0, sizeof(*m));
	m->code = (uint8_t)code;
}

/* In ascending order; a signal of ours has few. */
static void
put(struct coap_message *m, enum coap_signal_option number, struct span value)
{
	m->options[m->option_count++] =
	    (struct coap_option){(uint16_t)number, value};
}

void
coap_csm_make(
    struct coap_message *m, struct coap_capabilities c, uint8_t *scratch)
{
	make(m, COAP_CSM);
	put(m, COAP_CSM_MESSAGE_MAX, coap_uint(c.message_max, scratch));
	if (c.block_wise)
		put(m, COAP_CSM_BLOCK_WISE, span_of(NULL, 0));
}

bool
coap_custody(const struct coap_message *m)
{
	const struct coap_option *o = coap_find(m, COAP_PING_CUSTODY);

	return o && o->value.len == 0;
}

void
coap_pong_make(
    struct coap_message *m, const struct coap_message *ping, bool custody)
{
	make(m, COAP_PONG);
	m->token = ping->token;
	if (custody)
		put(m, COAP_PING_CUSTODY, span_of(NULL, 0));
}

void
coap_release_read(const struct coap_message *m, struct coap_release *r)
{
	const struct coap_option *hold = coap_find(m, COAP_RELEASE_HOLD_OFF);

	*r = (struct coap_release){.diagnostic = m->payload};
	for (size_t i = 0; i < m->option_count; i++) {
		struct span v = m->options[i].value;

		if (m->options[i].number == COAP_RELEASE_ALTERNATIVE &&
		    v.len > 0 && v.len <= ALTERNATIVE_MAX) {
			r->alternative = v;
			break;
		}
	}
	if (hold && hold->value.len <= HOLD_OFF_LEN_MAX)
		(void)coap_uint_value(hold->value, &r->hold_off_s);
}

enum rc
coap_release_make(
    struct coap_message *m, const struct coap_release *r, uint8_t *scratch)
{
	make(m, COAP_RELEASE);
	if (r->alternative.len > ALTERNATIVE_MAX ||
	    r->hold_off_s > COAP_HOLD_OFF_MAX_S)
		return RC_BUG;
	if (r->alternative.len > 0)
		put(m, COAP_RELEASE_ALTERNATIVE, r->alternative);
	if (r->hold_off_s > 0)
		put(m, COAP_RELEASE_HOLD_OFF,
		    coap_uint(r->hold_off_s, scratch));
	m->payload = r->diagnostic;
	return RC_OK;
}

void
coap_abort_read(const struct coap_message *m, struct coap_abort *a)
{
	const struct coap_option *o = coap_find(m, COAP_ABORT_BAD_CSM);
	uint32_t number;

	*a = (struct coap_abort){
	    .bad_csm_option = COAP_ABORT_NO_OPTION,
	    .diagnostic = m->payload,
	};
	if (o && o->value.len <= BAD_CSM_LEN_MAX &&
	    coap_uint_value(o->value, &number))
		a->bad_csm_option = (int)number;
}

void
coap_abort_make(
    struct coap_message *m, const struct coap_abort *a, uint8_t *scratch)
{
	make(m, COAP_ABORT);
	if (a->bad_csm_option != COAP_ABORT_NO_OPTION)
		put(m, COAP_ABORT_BAD_CSM,
		    coap_uint((uint32_t)a->bad_csm_option & 0xffff, scratch));
	m->payload = a->diagnostic;
}
