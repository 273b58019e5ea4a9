#include "describe.h"

#include "base/text.h"
#include "coap/block.h"
#include "lwm2m/format.h"

static const char *const types[] = {"CON", "NON", "ACK", "RST"};

/** As it is when that can be read, else quoted. */
static void
put_text(struct writer *w, struct span s)
{
	bool plain = s.len > 0;

	for (size_t i = 0; i < s.len; i++)
		plain &= s.p[i] > ' ' && s.p[i] < 0x7f && s.p[i] != '\\';
	if (plain)
		writer_put(w, s);
	else
		text_quote(w, s);
}

static void
put_uri(struct writer *w, const struct coap_message *m)
{
	bool any = false, query = false;

	writer_str(w, " ");
	for (size_t i = 0; i < m->option_count; i++) {
		if (m->options[i].number != COAP_URI_PATH)
			continue;
		writer_str(w, "/");
		put_text(w, m->options[i].value);
		any = true;
	}
	if (!any)
		writer_str(w, "/");
	for (size_t i = 0; i < m->option_count; i++) {
		if (m->options[i].number != COAP_URI_QUERY)
			continue;
		writer_str(w, query ? "&" : "?");
		put_text(w, m->options[i].value);
		query = true;
	}
}

static void
put_number(struct writer *w, const struct coap_message *m, uint16_t number,
    const char *name)
{
	const struct coap_option *o = coap_find(m, number);
	uint32_t v;

	if (o && coap_uint_value(o->value, &v))
		writer_fmt(w, " %s=%u", name, v);
}

static void
put_block(struct writer *w, const struct coap_message *m, uint16_t number,
    const char *name)
{
	const struct coap_option *o = coap_find(m, number);
	struct coap_block b;

	if (o && coap_block_decode(o->value, &b) == RC_OK)
		writer_fmt(w, " %s=%u/%d/%zu", name, b.num, b.more,
		    coap_block_size(b.szx));
}

static bool
is_links(const struct coap_message *m)
{
	const struct coap_option *o = coap_find(m, COAP_CONTENT_FORMAT);
	uint32_t v;

	return o && coap_uint_value(o->value, &v) && v == FORMAT_LINK;
}

void
describe_message(struct writer *w, const struct coap_message *m, bool lengths)
{
	writer_str(w, types[m->type & 3]);
	if (coap_is_request(m->code)) {
		writer_fmt(w, " %s", coap_code_name(m->code));
		put_uri(w, m);
	} else if (m->code != COAP_EMPTY) {
		writer_fmt(w, " %u.%02u", m->code >> 5, m->code & 31);
	}
	put_number(w, m, COAP_CONTENT_FORMAT, "cf");
	put_number(w, m, COAP_ACCEPT, "accept");
	put_block(w, m, COAP_BLOCK1, "b1");
	put_block(w, m, COAP_BLOCK2, "b2");
	put_number(w, m, COAP_SIZE1, "size1");
	put_number(w, m, COAP_MAX_AGE, "max-age");
	if (m->payload.len == 0)
		return;
	if (is_links(m)) {
		writer_str(w, " ");
		put_text(w, m->payload);
	} else if (lengths) {
		writer_fmt(w, " %zu B", m->payload.len);
	}
}

void
describe_datagram(struct writer *w, struct span datagram, bool lengths)
{
	struct coap_message m;

	if (coap_decode(datagram, &m) == RC_OK)
		describe_message(w, &m, lengths);
	else
		writer_str(w, "(malformed)");
}
