#include "stage_internal.h"

#include "coap/block.h"

#include <stdio.h>
#include <stdlib.h>

static const char *
word(const char *text, const char *w)
{
	size_t len = strlen(w);

	if (strncmp(text, w, len) != 0 ||
	    (text[len] != ' ' && text[len] != '\0'))
		return NULL;
	return text + len + (text[len] == ' ');
}

static const char *
take_type(const char *text, enum coap_type *type)
{
	static const char *const types[] = {"CON", "NON", "ACK", "RST"};

	for (unsigned i = 0; i < 4; i++) {
		const char *rest = word(text, types[i]);

		if (rest) {
			*type = (enum coap_type)i;
			return rest;
		}
	}
	fail_msg("no type of message: %s", text);
	return text;
}

static const char *
take_code(const char *text, uint8_t *code)
{
	static const char *const methods[] = {"GET", "POST", "PUT", "DELETE"};
	unsigned class, detail;

	if (*text == '\0')
		return text;
	for (unsigned i = 0; i < 4; i++) {
		const char *rest = word(text, methods[i]);

		if (rest) {
			*code = (uint8_t)(i + 1);
			return rest;
		}
	}
	if (sscanf(text, "%1u.%2u", &class, &detail) != 2)
		fail_msg("no code: %s", text);
	*code = (uint8_t)(class << 5 | detail);
	return text + 4 + (text[4] == ' ');
}

static void
add(struct coap_message *m, uint16_t number, struct span value)
{
	assert_int_equal(coap_add(m, number, value), RC_OK);
}

/** "/bs?ep=dev-1&pct=112" */
static const char *
take_uri(struct coap_message *m, const char *text)
{
	while (*text && *text != ' ') {
		uint16_t number = *text == '/' ? COAP_URI_PATH : COAP_URI_QUERY;
		size_t len =
		    strcspn(text + 1, number == COAP_URI_PATH ? "/? " : "& ");

		if (len > 0)
			add(m, number, span_of(text + 1, len));
		text += 1 + len;
	}
	return text + (*text == ' ');
}

/** "cf=40", "b1=0/1/64" ... `room` takes four bytes. */
static const char *
take_option(struct coap_message *m, const char *text, uint8_t *room)
{
	static const struct {
		const char *name;
		uint16_t number;
		bool block;
	} names[] = {{"cf=", COAP_CONTENT_FORMAT, false},
	    {"accept=", COAP_ACCEPT, false}, {"b1=", COAP_BLOCK1, true},
	    {"b2=", COAP_BLOCK2, true}, {"echo=", COAP_ECHO, false},
	    {"if-match=", COAP_IF_MATCH, false},
	    {"proxy=", COAP_PROXY_SCHEME, false},
	    {"observe=", COAP_OBSERVE, false}};
	size_t len = strcspn(text, " ");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = strlen(names[i].name);
		unsigned num, more, size;

		if (strncmp(text, names[i].name, n) != 0)
			continue;
		if (!names[i].block) {
			add(m, names[i].number,
			    coap_uint(
				(uint32_t)strtoul(text + n, NULL, 10), room));
		} else {
			assert_int_equal(
			    sscanf(text + n, "%u/%u/%u", &num, &more, &size),
			    3);
			add(m, names[i].number,
			    coap_block_encode(
				(struct coap_block){
				    num, more != 0, coap_szx_for(size)},
				room));
		}
		return text + len + (text[len] == ' ');
	}
	fail_msg("no such option: %s", text);
	return text;
}

size_t
compose(const char *text, uint16_t mid, struct coap_token token,
    struct span payload, uint8_t *out, size_t cap)
{
	struct coap_message m = {.mid = mid, .payload = payload};
	uint8_t room[8][4];
	size_t used = 0;
	struct writer w;

	text = take_code(take_type(text, &m.type), &m.code);
	if (coap_is_request(m.code))
		text = take_uri(&m, text);
	while (*text) {
		assert_true(used < 8);
		text = take_option(&m, text, room[used++]);
	}
	if (m.code != COAP_EMPTY)
		m.token = token;
	writer_init(&w, out, cap);
	coap_encode(&m, &w);
	assert_false(w.full);
	return w.len;
}
