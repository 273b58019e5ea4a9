/* The words of a trigger. */
#include "policy/word.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct vector {
	const char *text;
	const char *wrong; /* how it begins; NULL: nothing is wrong */
};

static void
check(word_check word, const struct vector *t, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *wrong = word(span_str(t[i].text));

		if (!wrong != !t[i].wrong ||
		    (wrong && strncmp(wrong, t[i].wrong, strlen(t[i].wrong))))
			fail_msg("%s: %s", t[i].text, wrong);
	}
}

#define CHECK(word, t) check(word, t, sizeof(t) / sizeof((t)[0]))

static void
test_urls(void **state)
{
	static const struct vector t[] = {
	    {"https://h", NULL},
	    {"http://127.0.0.1:8080/api/clients/{endpoint}/1/0/9", NULL},
	    {"https://[2001:db8::1]:443/{name}?id={ssid}&e={endpoint}", NULL},
	    {"https://h/a%20b", NULL},
	    {"coap://h/x", "a URL of http"},
	    {"", "a URL of http"},
	    {"https://", "a URL needs a host"},
	    {"https:///x", "a URL needs a host"},
	    {"https://user:pass@h/x", "a user name or password"},
	    {"https://{endpoint}.example/x", "which host is asked"},
	    {"https://h/{model}/{batch}/{policy}", NULL},
	    {"https://h/{endpiont}", "a URL has no braces"},
	    {"https://h/{endpoint", "a URL has no braces"},
	    {"https://h/endpoint}", "a URL has no braces"},
	    {"https://h/{}", "a URL has no braces"},
	    {"https://h/{{endpoint}}", "a URL has no braces"},
	    {"https://h/a b", "a character"},
	    {"https://h/a\nb", "a character"},
	    {"https://h/#x", "a character"},
	    {"https://h/\xc3\xa4", "a character"},
	};

	(void)state;
	CHECK(word_http_url, t);
	assert_true(word_http_is_clear("http://h/"));
	assert_false(word_http_is_clear("https://h/"));
}

/* What is secret stands in a file, and nobody frames a request but its
 * sender. */
static void
test_header_names(void **state)
{
	static const struct vector t[] = {
	    {"Accept", NULL},
	    {"X-Fleet", NULL},
	    {"", "the name of a header"},
	    {"A b", "a character"},
	    {"A:", "a character"},
	    {"A\r", "a character"},
	    {"authorization", "holds a secret"},
	    {"Proxy-Authorization", "holds a secret"},
	    {"COOKIE", "holds a secret"},
	    {"X-Api-Key", "holds a secret"},
	    {"Host", "is made with"},
	    {"content-length", "is made with"},
	    {"Transfer-Encoding", "is made with"},
	};

	(void)state;
	CHECK(word_http_name, t);
}

static void
test_values_and_bodies(void **state)
{
	static const struct vector values[] = {
	    {"", NULL},
	    {"application/json", NULL},
	    {"{endpoint} {ssid}", NULL},
	    {"a\r\nB: c", "a control character"},
	};
	static const struct vector bodies[] = {
	    {"{\"client\": \"{endpoint}\", \"id\": {ssid}}\n", NULL},
	    {"{}", NULL},
	    {"{ endpoint }", NULL},
	};

	(void)state;
	CHECK(word_http_value, values);
	CHECK(word_http_body, bodies);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_urls),
	    cmocka_unit_test(test_header_names),
	    cmocka_unit_test(test_values_and_bodies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
