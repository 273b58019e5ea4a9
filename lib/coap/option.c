#include "coap/message.h"

/* The critical options that we understand (RFC 7252 section 5.10, RFC 7959
 * section 2.1). If-Match, If-None-Match, OSCORE, the Proxy ones and Q-Block
 * are left out on purpose: to ignore them would change what the peer asked. */
static const struct rule {
	uint16_t number;
	uint8_t min_len, max_len; /* bytes */
	bool repeatable;
} rules[] = {
    {COAP_URI_HOST, 1, 255, false},
    {COAP_URI_PORT, 0, 2, false},
    {COAP_URI_PATH, 0, 255, true},
    {COAP_URI_QUERY, 0, 255, true},
    {COAP_ACCEPT, 0, 2, false},
    {COAP_BLOCK2, 0, 3, false},
    {COAP_BLOCK1, 0, 3, false},
};

const struct coap_option *
coap_find(const struct coap_message *m, uint16_t number)
{
	for (size_t i = 0; i < m->option_count; i++) {
		if (m->options[i].number == number)
			return &m->options[i];
	}
	return NULL;
}

enum rc
coap_add(struct coap_message *m, uint16_t number, struct span value)
{
	size_t at = m->option_count;

	if (at == COAP_OPTIONS_MAX)
		return RC_TOO_LARGE;
	while (at > 0 && m->options[at - 1].number > number) {
		m->options[at] = m->options[at - 1];
		at--;
	}
	m->options[at] = (struct coap_option){number, value};
	m->option_count++;
	return RC_OK;
}

struct span
coap_uint(uint32_t value, uint8_t *bytes)
{
	size_t width = 0;

	while (width < 4 && value >> (8 * width) != 0)
		width++;
	for (size_t i = 0; i < width; i++)
		bytes[i] = (uint8_t)(value >> (8 * (width - 1 - i)));
	return span_of(bytes, width);
}

bool
coap_uint_value(struct span value, uint32_t *out)
{
	uint32_t v = 0;

	if (value.len > 4)
		return false;
	for (size_t i = 0; i < value.len; i++)
		v = v << 8 | value.p[i];
	*out = v;
	return true;
}

static const struct rule *
find_rule(uint16_t number)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (rules[i].number == number)
			return &rules[i];
	}
	return NULL;
}

const struct coap_option *
coap_bad_option(const struct coap_message *m)
{
	for (size_t i = 0; i < m->option_count; i++) {
		const struct coap_option *o = &m->options[i];
		const struct rule *rule = find_rule(o->number);
		bool critical = o->number & 1;
		bool again = i > 0 && m->options[i - 1].number == o->number;

		if (!critical)
			continue;
		if (!rule || o->value.len < rule->min_len ||
		    o->value.len > rule->max_len ||
		    (again && !rule->repeatable))
			return o;
	}
	return NULL;
}
