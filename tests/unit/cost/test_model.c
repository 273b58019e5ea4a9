/* The device that bootstraps are measured with, message by message. */
#include "cost/model.h"

#include "lwm2m/format.h"
#include "lwm2m/object.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { NOW = 1000 };

static const struct policy_profile usual = {
    .name = "usual",
    .version = 11,
    .formats = {FORMAT_TLV, FORMAT_SENML_CBOR},
    .format_count = 2,
    .discover = true,
    .read = true,
    .max_message = 1024,
    .block_size = 1024,
    .account_instance = -1,
};

static struct policy_profile profile;
static struct model model;
static struct coap_peer *server;
static uint8_t bytes[COAP_DATAGRAM_MAX];
static char body[4096];
static size_t body_len;
static uint8_t code;
static uint8_t sent[COAP_DATAGRAM_MAX]; /* the device's last */
static size_t sent_len;

static void
zeros(void *ctx, void *out, size_t len)
{
	(void)ctx;
	memset(out, 0, len);
}

static void
start(const struct policy_profile *p)
{
	profile = *p;
	server = coap_peer_new(&coap_params_default, zeros, NULL);
	assert_int_equal(model_init(&model, &profile, SPAN_LIT("dev-1"),
			     coap_peer_new(&coap_params_default, zeros, NULL)),
	    RC_OK);
}

static int
stop(void **state)
{
	(void)state;
	model_fini(&model);
	coap_peer_free(server);
	return 0;
}

/** Both ends in turn, until neither says anything. */
static void
talk(void)
{
	struct coap_event ev;
	struct writer w;
	bool any = true;

	while (any) {
		any = false;
		writer_init(&w, bytes, sizeof(bytes));
		if (coap_peer_output(server, &w) == RC_OK) {
			any = true;
			model_receive(&model, writer_span(&w), NOW);
		}
		writer_init(&w, bytes, sizeof(bytes));
		if (coap_peer_output(model.coap, &w) == RC_OK) {
			any = true;
			memcpy(sent, bytes, w.len);
			sent_len = w.len;
			coap_peer_receive(server, writer_span(&w), NOW);
		}
		if (!coap_peer_event(server, &ev) ||
		    ev.kind != COAP_EVENT_RESPONSE)
			continue;
		code = ev.message->code;
		assert_true(ev.body.len < sizeof(body));
		if (ev.body.len)
			memcpy(body, ev.body.p, ev.body.len);
		body[ev.body.len] = '\0';
		body_len = ev.body.len;
	}
}

static void
ask(uint8_t method, const char *path, int cf, int accept, struct span payload,
    size_t block_size)
{
	struct coap_request rq = {
	    .method = method,
	    .content_format = cf,
	    .accept = accept,
	    .payload = payload,
	    .block_size = block_size,
	};
	uint32_t ref;

	for (; *path == '/' && path[1]; path += 2)
		rq.path[rq.path_count++] = span_of(path + 1, 1);
	code = 0;
	assert_int_equal(coap_peer_request(server, &rq, NOW, &ref), RC_OK);
	talk();
}

static void
write_account(uint16_t object, unsigned ssid, const char *uri)
{
	struct lwm2m_path at = LWM2M_INSTANCE(object, 2);
	struct lwm2m_entry e[2];
	uint8_t buf[512];
	char path[8];
	struct writer w;
	size_t n = 0;

	if (uri)
		e[n++] = (struct lwm2m_entry){LWM2M_RESOURCE(object, 2, 0),
		    LWM2M_VALUE_STRING(span_str(uri))};
	e[n++] = (struct lwm2m_entry){
	    LWM2M_RESOURCE(object, 2, uri ? SECURITY_SSID : SERVER_SSID),
	    LWM2M_VALUE_INTEGER(ssid)};
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(lwm2m_encode(FORMAT_TLV, at, e, n, &w), RC_OK);
	(void)snprintf(path, sizeof(path), "/%u/2", object);
	ask(COAP_PUT, path, FORMAT_TLV, COAP_FORMAT_NONE, writer_span(&w), 0);
	assert_int_equal(code, COAP_CHANGED);
}

static void
expect_discover(const char *text)
{
	ask(COAP_GET, "/", COAP_FORMAT_NONE, FORMAT_LINK, SPAN_LIT(""), 0);
	assert_int_equal(code, COAP_CONTENT);
	assert_string_equal(body, text);
}

static void
what_it_asks(void **state)
{
	static const struct {
		unsigned version;
		uint16_t formats[2];
		size_t count;
		const char *query;
	} table[] = {
	    {10, {FORMAT_TLV}, 1, "ep=dev-1"},
	    {11, {FORMAT_TLV, FORMAT_SENML_CBOR}, 2, "pct=112"},
	    {11, {0}, 0, "pct=112"},
	    {11, {FORMAT_SENML_JSON, FORMAT_TLV}, 2, "pct=110"},
	    {12, {FORMAT_LWM2M_CBOR}, 1, "pct=11544"},
	    {11, {FORMAT_TLV}, 1, "ep=dev-1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct policy_profile p = usual;
		struct coap_message m;

		p.version = table[i].version;
		memcpy(p.formats, table[i].formats, sizeof(table[i].formats));
		p.format_count = table[i].count;
		start(&p);
		model_start(&model, NOW);
		talk();
		assert_int_equal(
		    coap_decode(span_of(sent, sent_len), &m), RC_OK);
		assert_int_equal(m.code, COAP_POST);
		assert_true(span_is(m.options[0].value, "bs"));
		assert_true(span_is(
		    m.options[m.option_count - 1].value, table[i].query));
		stop(NULL);
	}
	start(&usual); /* for the tear-down */
}

static void
discover_follows_what_is_written(void **state)
{
	(void)state;
	start(&usual);
	expect_discover("</>;lwm2m=1.1,</0/0>,</1>,</2>,</3/0>");
	write_account(0, 101, "coaps://eu1");
	write_account(1, 101, NULL);
	expect_discover("</>;lwm2m=1.1,</0/0>,</0/2>;ssid=101;"
			"uri=\"coaps://eu1\",</1/2>;ssid=101,</2>,</3/0>");
	/* its own account stays */
	ask(COAP_DELETE, "/", COAP_FORMAT_NONE, COAP_FORMAT_NONE, SPAN_LIT(""),
	    0);
	assert_int_equal(code, COAP_DELETED);
	expect_discover("</>;lwm2m=1.1,</0/0>,</1>,</2>,</3>");
}

static void
discover_in_the_style_of_a_family(void **state)
{
	static const char leshan[] =
	    "</>;lwm2m=1.0,</0>;ver=1.2,</0/0>;uri=\"coaps://bs\",</1>,</3>,"
	    "</3/0>";
	static const char zephyr[] =
	    "lwm2m=\"1.1\",</0/1>,</0/2>;ssid=0,</1>,</3/0>";
	struct policy_profile p = usual;

	(void)state;
	p.discover_reply = leshan;
	start(&p);
	expect_discover(leshan);
	write_account(0, 7, "coaps://eu1");
	write_account(1, 7, NULL);
	expect_discover("</>;lwm2m=1.0,</0>;ver=1.2,</0/0>;uri=\"coaps://bs\","
			"</0/2>;ssid=7;uri=\"coaps://eu1\",</1>,"
			"</1/2>;ssid=7,</3>,</3/0>");
	stop(NULL);

	p.discover_reply = zephyr;
	start(&p);
	assert_int_equal(model.account, 1);
	expect_discover(zephyr);
	write_account(0, 7, "coaps://eu1");
	expect_discover("lwm2m=\"1.1\",</0/1>,</0/2>;ssid=7;"
			"uri=\"coaps://eu1\",</1>,</3/0>");
	stop(NULL);

	/* of LwM2M 1.0, where no URI is in it */
	p = usual;
	p.version = 10;
	p.account_instance = 1;
	start(&p);
	write_account(0, 7, "coaps://eu1");
	expect_discover("lwm2m=\"1.0\",</0/1>,</0/2>;ssid=7,</1>,</2>,</3/0>");
}

static void
a_write_in_blocks(void **state)
{
	struct lwm2m_entry e = {LWM2M_RESOURCE(0, 2, SECURITY_SERVER_KEY),
	    LWM2M_VALUE_OPAQUE(span_of(bytes, 600))};
	uint8_t buf[1024], key[600];
	const struct lwm2m_value *v;
	struct writer w;

	(void)state;
	memset(key, 0xa5, sizeof(key));
	e.value.bytes = span_of(key, sizeof(key));
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(
	    lwm2m_encode(FORMAT_TLV, LWM2M_INSTANCE(0, 2), &e, 1, &w), RC_OK);
	start(&usual);
	ask(COAP_PUT, "/0/2", FORMAT_TLV, COAP_FORMAT_NONE, writer_span(&w),
	    128);
	assert_int_equal(code, COAP_CHANGED);
	v = shelf_get(&model.shelf, e.path);
	assert_non_null(v);
	assert_true(span_equal(v->bytes, e.value.bytes));
	stop(NULL);

	/* a device that takes none */
	profile.block_size = 0;
	start(&profile);
	ask(COAP_PUT, "/0/2", FORMAT_TLV, COAP_FORMAT_NONE, writer_span(&w),
	    128);
	assert_int_equal(code, COAP_BAD_OPTION);
	assert_null(shelf_get(&model.shelf, e.path));
}

static void
what_was_written_is_read(void **state)
{
	struct lwm2m_entry entries[4];
	uint8_t scratch[64];
	struct writer w;
	size_t count;

	(void)state;
	start(&usual);
	write_account(1, 101, NULL);
	ask(COAP_GET, "/1", COAP_FORMAT_NONE, FORMAT_TLV, SPAN_LIT(""), 0);
	assert_int_equal(code, COAP_CONTENT);
	writer_init(&w, scratch, sizeof(scratch));
	assert_int_equal(lwm2m_decode(FORMAT_TLV, LWM2M_OBJECT(1),
			     span_of(body, body_len), &w, entries, 4, &count),
	    RC_OK);
	assert_int_equal(count, 1);
	assert_int_equal(entries[0].value.integer, 101);
	/* in a format that it has not; and one that is not answered at all */
	ask(COAP_GET, "/1", COAP_FORMAT_NONE, FORMAT_SENML_JSON, SPAN_LIT(""),
	    0);
	assert_int_equal(code, COAP_NOT_ACCEPTABLE);
	stop(NULL);
	profile.read = false;
	start(&profile);
	ask(COAP_GET, "/1", COAP_FORMAT_NONE, FORMAT_TLV, SPAN_LIT(""), 0);
	assert_int_equal(code, COAP_METHOD_NOT_ALLOWED);
}

static void
what_it_refuses(void **state)
{
	(void)state;
	start(&usual);
	ask(COAP_PUT, "/0/2", FORMAT_SENML_JSON, COAP_FORMAT_NONE,
	    SPAN_LIT("[]"), 0);
	assert_int_equal(code, COAP_UNSUPPORTED_FORMAT);
	ask(COAP_PUT, "/0/2", FORMAT_TLV, COAP_FORMAT_NONE, SPAN_LIT("\x01"),
	    0);
	assert_int_equal(code, COAP_BAD_REQUEST);
	ask(COAP_POST, "/1/2", COAP_FORMAT_NONE, COAP_FORMAT_NONE, SPAN_LIT(""),
	    0);
	assert_int_equal(code, COAP_BAD_REQUEST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(what_it_asks, stop),
	    cmocka_unit_test_teardown(discover_follows_what_is_written, stop),
	    cmocka_unit_test_teardown(discover_in_the_style_of_a_family, stop),
	    cmocka_unit_test_teardown(a_write_in_blocks, stop),
	    cmocka_unit_test_teardown(what_was_written_is_read, stop),
	    cmocka_unit_test_teardown(what_it_refuses, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
