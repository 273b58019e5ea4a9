/* What a server is sent, whatever a device calls itself. */
#include "trigger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char url[] = "https://lwm2m.example/api/clients/{endpoint}/1/0/9";

static struct placeholder_values
named(const char *endpoint)
{
	return (struct placeholder_values){
	    .endpoint = span_str(endpoint),
	    .name = SPAN_LIT("eu-1"),
	    .ssid = 101,
	};
}

static void
test_urls(void **state)
{
	static const struct {
		const char *pattern, *endpoint;
		enum rc rc;
		const char *want;
	} cases[] = {
	    {url, "urn:dev:ops:1-2", RC_OK,
		"https://lwm2m.example/api/clients/urn%3Adev%3Aops%3A1-2/1/0/"
		"9"},
	    {url, "a/../../admin?x=1#y&z", RC_OK,
		"https://lwm2m.example/api/clients/"
		"a%2F..%2F..%2Fadmin%3Fx%3D1%23y%26z/1/0/9"},
	    {url, "%2e%2e \r\nX: y", RC_OK,
		"https://lwm2m.example/api/clients/"
		"%252e%252e%20%0D%0AX%3A%20y/1/0/9"},
	    {url, "m\xc3\xa4", RC_OK,
		"https://lwm2m.example/api/clients/m%C3%A4/1/0/9"},
	    {"http://h:8080/{name}/{ssid}?e={endpoint}&{other}", "{ssid}",
		RC_OK, "http://h:8080/eu-1/101?e=%7Bssid%7D&{other}"},
	    {url, "..", RC_DENIED, ""},
	    {url, ".", RC_DENIED, ""},
	    {url, "", RC_DENIED, ""},
	    /* no device says who is asked, or as whom */
	    {"https://{endpoint}/x", "evil.example", RC_CONFIG, ""},
	    {"https://h.{name}.example/x", "a", RC_CONFIG, ""},
	    {"https://user:pw@h/x", "a", RC_CONFIG, ""},
	    {"file:///etc/{endpoint}", "passwd", RC_CONFIG, ""},
	    {"gopher://h/{endpoint}", "a", RC_CONFIG, ""},
	    {"HTTP://h/", "a", RC_CONFIG, ""},
	    {"https:///x", "a", RC_CONFIG, ""},
	    {"https://h/a b", "a", RC_CONFIG, ""},
	    {"https://h/a\r\nb", "a", RC_CONFIG, ""},
	    {NULL, "a", RC_CONFIG, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct policy_trigger t = {.url = cases[i].pattern};
		const struct placeholder_values n = named(cases[i].endpoint);
		char buf[256];
		struct writer w;

		writer_init(&w, buf, sizeof(buf));
		if (trigger_url(&w, &t, &n) != cases[i].rc ||
		    !span_is(writer_span(&w), cases[i].want))
			fail_msg("%zu: %.*s", i, SPAN_FMT(writer_span(&w)));
	}
}

static void
test_headers(void **state)
{
	static const struct {
		const char *pattern, *endpoint;
		enum rc rc;
		const char *want;
	} cases[] = {
	    {"X-Device: {endpoint};{ssid}", "urn:dev:ops:1-2", RC_OK,
		"X-Device: urn:dev:ops:1-2;101"},
	    {"Content-Type: application/json", "", RC_OK,
		"Content-Type: application/json"},
	    {"X-Device: {endpoint}", "a\r\nX-Admin: 1", RC_DENIED, ""},
	    {"X-Device: {endpoint}", "a\nX-Admin: 1", RC_DENIED, ""},
	    {"X-Device: {endpoint}", "m\xc3\xa4", RC_DENIED, ""},
	    {"X-Device: {endpoint}", "a\x7f", RC_DENIED, ""},
	    {"X-{endpoint}: a", "b", RC_CONFIG, ""},
	    {"no header", "b", RC_CONFIG, ""},
	    {": b", "b", RC_CONFIG, ""},
	    {"X: a\r\nY: b", "b", RC_CONFIG, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct placeholder_values n = named(cases[i].endpoint);
		char buf[256];
		struct writer w;

		writer_init(&w, buf, sizeof(buf));
		if (trigger_header(&w, cases[i].pattern, &n) != cases[i].rc ||
		    !span_is(writer_span(&w), cases[i].want))
			fail_msg("%zu: %.*s", i, SPAN_FMT(writer_span(&w)));
	}
}

static void
test_bodies(void **state)
{
	const struct policy_trigger t = {
	    .body = "{\"device\": \"{endpoint}\", \"ssid\": {ssid}, \"x\": {}}",
	};
	const struct placeholder_values n =
	    named("a\", \"admin\": \"yes\\\x1b\xe2\x80\xa8");
	const struct policy_trigger none = {0};
	char buf[256];
	struct writer w;

	(void)state;
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(trigger_body(&w, &t, &n), RC_OK);
	if (!span_is(writer_span(&w),
		"{\"device\": \"a\\\", \\\"admin\\\": \\\"yes\\\\\\u001b\\u2028"
		"\", \"ssid\": 101, \"x\": {}}"))
		fail_msg("%.*s", SPAN_FMT(writer_span(&w)));
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(trigger_body(&w, &none, &n), RC_OK);
	assert_int_equal(w.len, 0);
}

static void
test_methods(void **state)
{
	static const struct {
		const char *method;
		enum rc rc;
	} cases[] = {
	    {NULL, RC_OK},
	    {"PUT", RC_OK},
	    {"", RC_CONFIG},
	    {"post", RC_CONFIG},
	    {"GET /x HTTP", RC_CONFIG},
	    {"POST\r\n", RC_CONFIG},
	    {"AAAAAAAAAAAAAAAAA", RC_CONFIG},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct policy_trigger t = {.method = cases[i].method};
		char buf[TRIGGER_METHOD_MAX];
		struct writer w;

		writer_init(&w, buf, sizeof(buf));
		assert_int_equal(trigger_method(&w, &t), cases[i].rc);
		if (i == 0)
			assert_true(span_is(writer_span(&w), "POST"));
	}
}

/* A name of 252 bytes, each three or six on the wire; and too little room. */
static void
test_limits(void **state)
{
	static char endpoint[253], buf[TRIGGER_URL_MAX + TRIGGER_BODY_MAX];
	static char pattern[TRIGGER_URL_MAX + 1];
	struct policy_trigger t = {.url = url, .body = "{endpoint}"};
	struct placeholder_values n;
	struct writer w;

	(void)state;
	memset(endpoint, '\x01', 252);
	n = named(endpoint);
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(trigger_url(&w, &t, &n), RC_OK);
	assert_int_equal(w.len, strlen(url) - 10 + 3 * 252);
	assert_int_equal(trigger_body(&w, &t, &n), RC_OK);
	writer_init(&w, buf, 700);
	assert_int_equal(trigger_url(&w, &t, &n), RC_TOO_LARGE);
	assert_int_equal(w.len, 0);
	assert_false(w.full);
	memset(pattern, 'x', sizeof(pattern) - 1);
	memcpy(pattern, "http://h/{name}", 15);
	t.url = pattern;
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(trigger_url(&w, &t, &n), RC_OK);
	memcpy(pattern, "http://h/{endpoint}", 19);
	assert_int_equal(trigger_url(&w, &t, &n), RC_TOO_LARGE);
	writer_init(&w, buf, 3);
	assert_int_equal(trigger_method(&w, &t), RC_TOO_LARGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_urls),
	    cmocka_unit_test(test_headers),
	    cmocka_unit_test(test_bodies),
	    cmocka_unit_test(test_methods),
	    cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
