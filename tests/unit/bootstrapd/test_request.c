/* The route table: what a device may ask, and what each request comes to
 * (LwM2M Core 6.1.7; bootstrap.md section 4.1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lwm2m/format.h"
#include "request.h"

static struct coap_message
message(uint8_t code, const char *path)
{
	struct coap_message m = {.type = COAP_CON, .code = code};

	while (*path) {
		size_t len = strcspn(path, "/");

		assert_int_equal(
		    coap_add(&m, COAP_URI_PATH, span_of(path, len)), RC_OK);
		path += len + (path[len] == '/');
	}
	return m;
}

static void
query(struct coap_message *m, struct span q)
{
	assert_int_equal(coap_add(m, COAP_URI_QUERY, q), RC_OK);
}

static void
routes(void **state)
{
	static const struct {
		uint8_t method;
		const char *path;
		uint8_t code; /* 0: a Bootstrap-Request */
	} cases[] = {
	    {COAP_POST, "bs", 0},
	    {COAP_GET, "bs", COAP_METHOD_NOT_ALLOWED},
	    {COAP_PUT, "bs", COAP_METHOD_NOT_ALLOWED},
	    {COAP_DELETE, "bs", COAP_METHOD_NOT_ALLOWED},
	    {5, "bs", COAP_METHOD_NOT_ALLOWED}, /* FETCH */
	    {COAP_GET, "bspack", COAP_NOT_IMPLEMENTED},
	    {COAP_POST, "bspack", COAP_METHOD_NOT_ALLOWED},
	    {COAP_POST, "", COAP_NOT_FOUND},
	    {COAP_POST, "BS", COAP_NOT_FOUND},
	    {COAP_POST, "b", COAP_NOT_FOUND},
	    {COAP_POST, "bsx", COAP_NOT_FOUND},
	    {COAP_POST, "bs/bs", COAP_NOT_FOUND},
	    {COAP_POST, "x/bs", COAP_NOT_FOUND},
	    {COAP_POST, "rd", COAP_NOT_FOUND},
	    {COAP_GET, ".well-known/core", COAP_NOT_FOUND},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct coap_message m = message(cases[i].method, cases[i].path);
		struct request rq;

		request_read(&m, &rq);
		if (cases[i].code == 0) {
			assert_int_equal(rq.kind, REQUEST_BOOTSTRAP);
			continue;
		}
		assert_int_equal(rq.kind, REQUEST_ANSWER);
		assert_int_equal(rq.code, cases[i].code);
	}
}

/* An empty segment before or behind is another path. */
static void
empty_segments(void **state)
{
	struct coap_message m = message(COAP_POST, "bs");
	struct request rq;

	(void)state;
	assert_int_equal(coap_add(&m, COAP_URI_PATH, SPAN_LIT("")), RC_OK);
	request_read(&m, &rq);
	assert_int_equal(rq.kind, REQUEST_ANSWER);
	assert_int_equal(rq.code, COAP_NOT_FOUND);
}

static void
no_proxy(void **state)
{
	static const uint16_t options[] = {COAP_PROXY_URI, COAP_PROXY_SCHEME};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct coap_message m = message(COAP_POST, "bs");
		struct request rq;

		assert_int_equal(
		    coap_add(&m, options[i], SPAN_LIT("coap")), RC_OK);
		request_read(&m, &rq);
		assert_int_equal(rq.code, COAP_NO_PROXYING);
	}
}

static void
queries(void **state)
{
	static const struct {
		const char *parts[4];
		bool good;
		const char *endpoint; /* NULL: none */
		int32_t pct;
	} cases[] = {
	    {{NULL}, true, NULL, -1},
	    {{"ep=dev-1"}, true, "dev-1", -1},
	    {{"ep=dev-1", "pct=112"}, true, "dev-1", 112},
	    {{"pct=112", "ep=dev-1"}, true, "dev-1", 112},
	    {{"pct=0"}, true, NULL, 0},
	    {{"pct=11544"}, true, NULL, 11544},
	    {{"pct=99999"}, true, NULL, 99999},
	    {{"pct=2147483647"}, true, NULL, 2147483647},
	    {{"x", "ep=a", "y=z", "b=U"}, true, "a", -1},
	    {{"", "ep=a"}, true, "a", -1},
	    {{"EP=a"}, true, NULL, -1},
	    {{"epx=a"}, true, NULL, -1},
	    {{"ep"}, true, NULL, -1},
	    {{"pct"}, true, NULL, -1},
	    {{"ep=a=b&c"}, true, "a=b&c", -1},
	    {{"ep=%41"}, true, "%41", -1}, /* CoAP decodes nothing */
	    {{"ep=gr\xc3\xbc\xc3\x9f"}, true, "gr\xc3\xbc\xc3\x9f", -1},
	    {{"ep="}, false, NULL, -1},
	    {{"ep=a", "ep=a"}, false, NULL, -1},
	    {{"ep=a", "pct=1", "ep=b"}, false, NULL, -1},
	    {{"ep=\xff"}, false, NULL, -1},
	    {{"ep=\xc3"}, false, NULL, -1},
	    {{"ep=a", "pct="}, false, NULL, -1},
	    {{"pct=x"}, false, NULL, -1},
	    {{"pct=-1"}, false, NULL, -1},
	    {{"pct=+1"}, false, NULL, -1},
	    {{"pct=1 "}, false, NULL, -1},
	    {{"pct=0112"}, false, NULL, -1},
	    {{"pct=0x70"}, false, NULL, -1},
	    {{"pct=2147483648"}, false, NULL, -1},
	    {{"pct=18446744073709551728"}, false, NULL, -1},
	    {{"pct=112", "pct=112"}, false, NULL, -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct coap_message m = message(COAP_POST, "bs");
		struct request rq;

		for (size_t n = 0; n < 4 && cases[i].parts[n]; n++)
			query(&m, span_str(cases[i].parts[n]));
		request_read(&m, &rq);
		assert_int_equal(rq.kind, REQUEST_BOOTSTRAP);
		if ((rq.fault == REASON_NONE) != cases[i].good ||
		    rq.pct != cases[i].pct ||
		    rq.has_endpoint != (cases[i].endpoint != NULL) ||
		    !span_is(rq.endpoint, cases[i].endpoint))
			fail_msg("case %zu: %s", i, cases[i].parts[0]);
		if (!cases[i].good)
			assert_int_equal(rq.fault, REASON_REQUEST_MALFORMED);
	}
}

/* A Uri-Query option holds 255 bytes, so an endpoint has 252 at most. */
static void
long_endpoints(void **state)
{
	char text[3 + 253];
	struct request rq;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "ep=", 3);
	for (size_t len = 251; len <= 253; len++) {
		struct coap_message m = message(COAP_POST, "bs");

		query(&m, span_of(text, 3 + len));
		request_read(&m, &rq);
		assert_int_equal(rq.has_endpoint, len <= 252);
		assert_int_equal(rq.endpoint.len, len <= 252 ? len : 0);
	}
}

/* A NUL would end the name where a C string is made of it. */
static void
a_nul_in_the_endpoint(void **state)
{
	struct coap_message m = message(COAP_POST, "bs");
	struct request rq;

	(void)state;
	query(&m, SPAN_LIT("ep=dev-1\0evil"));
	request_read(&m, &rq);
	assert_int_equal(rq.fault, REASON_REQUEST_MALFORMED);
	assert_false(rq.has_endpoint);
}

static void
neither_non_nor_a_payload(void **state)
{
	struct coap_message m = message(COAP_POST, "bs");
	struct request rq;

	(void)state;
	query(&m, SPAN_LIT("ep=dev-1"));
	m.type = COAP_NON;
	request_read(&m, &rq);
	assert_int_equal(rq.fault, REASON_REQUEST_MALFORMED);
	m.type = COAP_CON;
	m.payload = SPAN_LIT("hello");
	request_read(&m, &rq);
	assert_int_equal(rq.fault, REASON_REQUEST_MALFORMED);
}

/* encodings.md section 2: what pct names, then what is left. */
static void
formats_to_write(void **state)
{
	static const struct {
		int32_t pct;
		int formats[4];
	} cases[] = {
	    {-1, {FORMAT_TLV, FORMAT_SENML_CBOR, -1}},
	    {11542, {FORMAT_TLV, FORMAT_SENML_CBOR, -1}},
	    {112, {FORMAT_SENML_CBOR, FORMAT_TLV, -1}},
	    {110, {110, FORMAT_TLV, FORMAT_SENML_CBOR, -1}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int out[4] = {7, 7, 7, 7};

		request_formats(cases[i].pct, out, 4);
		for (size_t n = 0; n < 4; n++) {
			assert_int_equal(out[n], cases[i].formats[n]);
			if (out[n] < 0)
				break;
		}
	}
}

/* It never writes beyond the room that it is given. */
static void
formats_without_room(void **state)
{
	int out[3] = {7, 7, 7};

	(void)state;
	request_formats(112, out, 0);
	assert_int_equal(out[0], 7);
	request_formats(112, out, 1);
	assert_int_equal(out[0], 112);
	assert_int_equal(out[1], 7);
	request_formats(110, out, 2);
	assert_int_equal(out[1], FORMAT_TLV);
	assert_int_equal(out[2], 7);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(routes),
	    cmocka_unit_test(empty_segments),
	    cmocka_unit_test(no_proxy),
	    cmocka_unit_test(queries),
	    cmocka_unit_test(long_endpoints),
	    cmocka_unit_test(a_nul_in_the_endpoint),
	    cmocka_unit_test(neither_non_nor_a_payload),
	    cmocka_unit_test(formats_to_write),
	    cmocka_unit_test(formats_without_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
