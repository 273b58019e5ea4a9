/* What looks like a secret, and what is only long. */
#include "policy/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Put together here, so that nobody takes them for keys. */
#define HEX16 \
	"0011223344556677" \
	"8899aabbccddeeff"
#define BEGIN "-----BEGIN "

static void
test_values(void **state)
{
	static const struct {
		const char *text;
		enum secret_kind kind;
	} cases[] = {
	    {"", SECRET_NONE},
	    {HEX16, SECRET_LIKELY},
	    {HEX16 HEX16, SECRET_LIKELY},
	    {"0x" HEX16, SECRET_LIKELY},
	    {"hex:" HEX16, SECRET_LIKELY},
	    {HEX16 "0", SECRET_NONE},
	    {HEX16 "00", SECRET_NONE},
	    {"00000000000000000000000000000000", SECRET_NONE},
	    {"abcdefabcdefabcdefabcdefabcdefab", SECRET_NONE},
	    {"b64:3q2+7wAAAAAAAAAAAAAAAQ==", SECRET_LIKELY},
	    {"3q2+7wAAAAAAAAAAAAAAAQ==", SECRET_LIKELY},
	    {"3q2+7wAAAAAAAAAAAAAAAQ", SECRET_LIKELY},
	    {"Water meters of the south", SECRET_NONE},
	    {"urn:dev:ops:0057F2-WM200-1", SECRET_NONE},
	    {"https://wiki.example/a:b@c", SECRET_NONE},
	    {"https://me@wiki.example/", SECRET_NONE},
	    {"https://me:pw@wiki.example/", SECRET_PASSWORD},
	    {"see https://me:pw@wiki.example", SECRET_PASSWORD},
	    {BEGIN "EC PRIVATE KEY-----", SECRET_PEM},
	    {BEGIN "CERTIFICATE-----", SECRET_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (secret_in_value(span_str(cases[i].text)) != cases[i].kind)
			fail_msg("%s", cases[i].text);
}

static void
test_lines(void **state)
{
	(void)state;
	assert_true(secret_in_text(SPAN_LIT("key: " HEX16)));
	assert_true(secret_in_text(SPAN_LIT("{a: b, c: [\"" HEX16 "\"]}")));
	assert_true(secret_in_text(SPAN_LIT("url: 'https://a:b@c/' # d")));
	assert_false(secret_in_text(SPAN_LIT("key: {derive: fleet-2026}")));
	assert_false(secret_in_text(SPAN_LIT("")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
