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
		uint8_t code; /* 0: something for the keeper */
	} cases[] = {
	    {COAP_POST, "bs", 0},
	    {COAP_GET, "bs", COAP_METHOD_NOT_ALLOWED},
	    {COAP_PUT, "bs", COAP_METHOD_NOT_ALLOWED},
	    {COAP_DELETE, "bs", COAP_METHOD_NOT_ALLOWED},
	    {5, "bs", COAP_METHOD_NOT_ALLOWED}, /* FETCH */
	    {COAP_GET, "bspack", 0},
	    {COAP_GET, "bs/bspack", COAP_NOT_FOUND},
	    {COAP_PUT, "bspack", COAP_METHOD_NOT_ALLOWED},
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

		request_read(&m, false, &rq);
		if (cases[i].code == 0) {
			assert_int_equal(rq.kind,
			    cases[i].method == COAP_POST ? REQUEST_BOOTSTRAP
							 : REQUEST_PACK);
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
	request_read(&m, false, &rq);
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
		request_read(&m, false, &rq);
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
		request_read(&m, false, &rq);
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
		request_read(&m, false, &rq);
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
	request_read(&m, false, &rq);
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
	request_read(&m, false, &rq);
	assert_int_equal(rq.fault, REASON_REQUEST_MALFORMED);
	m.type = COAP_CON;
	m.payload = SPAN_LIT("hello");
	request_read(&m, false, &rq);
	assert_int_equal(rq.fault, REASON_REQUEST_MALFORMED);
}

/* --- Bootstrap-Pack (LwM2M Core 1.2, 6.1.7.2; bootstrap.md section 11) ---- */

static void
pack_queries(void **state)
{
	static const struct {
		const char *parts[4];
		bool good;
		const char *endpoint; /* NULL: none */
		const char *acc; /* as paths, in order; "": none */
	} cases[] = {
	    {{NULL}, true, NULL, ""}, {{"ep=dev-1"}, true, "dev-1", ""},
	    {{"ep=dev-1", "acc=</0/1>"}, true, "dev-1", "/0/1 "},
	    {{"acc=</0/1>,</21/0>", "ep=a"}, true, "a", "/0/1 /21/0 "},
	    {{"acc=</21/0>,</0/1>"}, true, NULL, "/21/0 /0/1 "},
	    {{"acc=</0/1>, </21/3>,</23/0>,</24/7>"}, true, NULL,
		"/0/1 /21/3 /23/0 /24/7 "},
	    {{"acc=</0/65534>"}, true, NULL, "/0/65534 "},
	    /* of a Bootstrap-Request: unknown here, and ignored */
	    {{"pct=x", "ep=a"}, true, "a", ""},
	    {{"ep=a", "ep=a"}, false, NULL, ""}, {{"ep="}, false, NULL, ""},
	    {{"ep=a", "acc="}, false, NULL, ""},
	    {{"acc=</0/1>", "acc=</0/1>"}, false, NULL, ""},
	    {{"acc=</0/1>,</0/2>"}, false, NULL, ""}, /* two accounts */
	    {{"acc=</0/1>,</0/1>"}, false, NULL, ""},
	    {{"acc=</21/0>"}, false, NULL, ""}, /* of no account */
	    {{"acc=</0>"}, false, NULL, ""}, {{"acc=</>"}, false, NULL, ""},
	    {{"acc=</0/1/0>"}, false, NULL, ""},
	    {{"acc=</0/65535>"}, false, NULL, ""},
	    {{"acc=</0/1>,</1/0>"}, false, NULL, ""}, /* has no /1 */
	    {{"acc=</0/1>,</3/0>"}, false, NULL, ""},
	    {{"acc=</0/1>;ssid=1"}, false, NULL, ""},
	    {{"acc=</0/1>;uri=\"coap://x\""}, false, NULL, ""},
	    {{"acc=/0/1"}, false, NULL, ""},
	    {{"acc=</0/1>,rubbish"}, false, NULL, ""},
	    {{"acc=%3C/0/1%3E"}, false, NULL, ""}, /* CoAP decodes nothing */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct coap_message m = message(COAP_GET, "bspack");
		uint8_t text[128];
		struct request rq;
		struct writer w;

		for (size_t n = 0; n < 4 && cases[i].parts[n]; n++)
			query(&m, span_str(cases[i].parts[n]));
		request_read(&m, false, &rq);
		assert_int_equal(rq.kind, REQUEST_PACK);
		writer_init(&w, text, sizeof(text));
		for (size_t n = 0; n < rq.acc_count; n++) {
			path_print(&w, rq.acc[n]);
			writer_put(&w, SPAN_LIT(" "));
		}
		if ((rq.fault == REASON_NONE) != cases[i].good ||
		    rq.pct != -1 || rq.accept != FORMAT_SENML_CBOR ||
		    rq.has_endpoint != (cases[i].endpoint != NULL) ||
		    !span_is(rq.endpoint, cases[i].endpoint) ||
		    !span_is(writer_span(&w), cases[i].acc))
			fail_msg("case %zu: %s", i, cases[i].parts[0]);
		if (!cases[i].good)
			assert_int_equal(rq.fault, REASON_REQUEST_MALFORMED);
	}
}

/* Three formats hold several objects; who names none gets SenML CBOR. */
static void
pack_formats(void **state)
{
	const struct {
		struct span accept;
		enum reason fault;
		int format;
	} cases[] = {
	    {SPAN_LIT("\x70"), REASON_NONE, 112},
	    {SPAN_LIT("\x6e"), REASON_NONE, 110},
	    {SPAN_LIT("\x2d\x18"), REASON_NONE, 11544},
	    {SPAN_LIT("\x2d\x16"), REASON_PACK_FORMAT, 11542},
	    {SPAN_LIT("\x2d\x17"), REASON_PACK_FORMAT, 11543},
	    {SPAN_LIT(""), REASON_PACK_FORMAT, 0},
	    {SPAN_LIT("\x3c"), REASON_PACK_FORMAT, 60},
	    {SPAN_LIT("\xff\xff"), REASON_PACK_FORMAT, 65535},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct coap_message m = message(COAP_GET, "bspack");
		struct request rq;

		query(&m, SPAN_LIT("ep=dev-1"));
		assert_int_equal(
		    coap_add(&m, COAP_ACCEPT, cases[i].accept), RC_OK);
		request_read(&m, false, &rq);
		assert_int_equal(rq.fault, cases[i].fault);
		assert_int_equal(rq.accept, cases[i].format);
		/* it is known all the same who has asked */
		assert_true(span_is(rq.endpoint, "dev-1"));
	}
}

/* Which block: SZX 7 is of streams alone (RFC 7959 section 2.2). */
static void
pack_blocks(void **state)
{
	const struct {
		struct span value;
		bool stream, good;
		uint32_t num;
		uint8_t szx;
	} cases[] = {
	    {SPAN_LIT(""), false, true, 0, 0},
	    {SPAN_LIT("\x06"), false, true, 0, 6},
	    {SPAN_LIT("\x32"), false, true, 3, 2},
	    {SPAN_LIT("\xff\xff\xf5"), false, true, 0xfffff, 5},
	    {SPAN_LIT("\x17"), false, false, 0, 0},
	    {SPAN_LIT("\x17"), true, true, 1, 6},
	    {SPAN_LIT("\0\0\0\x06"), false, false, 0, 0},
	    {SPAN_LIT("\0\0\0\x06"), true, false, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct coap_message m = message(COAP_GET, "bspack");
		struct request rq;

		assert_int_equal(
		    coap_add(&m, COAP_BLOCK2, cases[i].value), RC_OK);
		request_read(&m, cases[i].stream, &rq);
		if ((rq.fault == REASON_NONE) != cases[i].good)
			fail_msg("case %zu", i);
		if (!cases[i].good)
			continue;
		assert_true(rq.has_block);
		assert_int_equal(rq.block.num, cases[i].num);
		assert_int_equal(rq.block.szx, cases[i].szx);
	}
}

static void
the_first_block_need_not_be_asked_for(void **state)
{
	struct coap_message m = message(COAP_GET, "bspack");
	struct request rq;

	(void)state;
	request_read(&m, false, &rq);
	assert_false(rq.has_block);
	assert_int_equal(rq.block.num, 0);
	assert_int_equal(rq.block.szx, COAP_SZX_MAX);
}

static void
read_pack(const char *ep, const char *acc, struct span accept, struct span echo,
    struct request *rq)
{
	struct coap_message m = message(COAP_GET, "bspack");

	if (ep)
		query(&m, span_str(ep));
	if (acc)
		query(&m, span_str(acc));
	if (accept.len)
		assert_int_equal(coap_add(&m, COAP_ACCEPT, accept), RC_OK);
	if (echo.len)
		assert_int_equal(coap_add(&m, COAP_ECHO, echo), RC_OK);
	request_read(&m, false, rq);
}

/* Blocks are of one pack when they are asked for alike; Echo says nothing of
 * what is asked for. */
static void
what_is_asked_for_alike(void **state)
{
	const struct span cbor = SPAN_LIT("\x70"), json = SPAN_LIT("\x6e");
	const struct span none = {0};
	struct request one, other;

	(void)state;
	read_pack("ep=a", "acc=</0/1>", cbor, none, &one);
	read_pack("ep=a", "acc=</0/1>", cbor, SPAN_LIT("echo"), &other);
	assert_true(span_is(other.echo, "echo"));
	assert_memory_equal(one.alike, other.alike, DIGEST_LEN);
	read_pack("ep=b", "acc=</0/1>", cbor, none, &other);
	assert_memory_not_equal(one.alike, other.alike, DIGEST_LEN);
	read_pack("ep=a", "acc=</0/2>", cbor, none, &other);
	assert_memory_not_equal(one.alike, other.alike, DIGEST_LEN);
	read_pack("ep=a", NULL, cbor, none, &other);
	assert_memory_not_equal(one.alike, other.alike, DIGEST_LEN);
	read_pack("ep=a", "acc=</0/1>", json, none, &other);
	assert_memory_not_equal(one.alike, other.alike, DIGEST_LEN);
	/* nor is what stands in one option the same in two */
	read_pack("ab", "c", none, none, &one);
	read_pack("a", "bc", none, none, &other);
	assert_memory_not_equal(one.alike, other.alike, DIGEST_LEN);
}

static void
echo_of_a_request(void **state)
{
	struct coap_message m = message(COAP_POST, "bs");
	struct request rq;

	(void)state;
	query(&m, SPAN_LIT("ep=dev-1"));
	request_read(&m, false, &rq);
	assert_int_equal(rq.echo.len, 0);
	assert_int_equal(coap_add(&m, COAP_ECHO, SPAN_LIT("\1\2")), RC_OK);
	request_read(&m, false, &rq);
	assert_int_equal(rq.fault, REASON_NONE);
	assert_true(span_is(rq.echo, "\1\2"));
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
	    cmocka_unit_test(pack_queries),
	    cmocka_unit_test(pack_formats),
	    cmocka_unit_test(pack_blocks),
	    cmocka_unit_test(the_first_block_need_not_be_asked_for),
	    cmocka_unit_test(what_is_asked_for_alike),
	    cmocka_unit_test(echo_of_a_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
