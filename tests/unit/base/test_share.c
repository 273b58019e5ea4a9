/* Shares as people write them, and what is none. */
#include "base/share.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
test_what_is_a_share(void **state)
{
	static const struct {
		const char *text;
		uint32_t share;
	} of[] = {{"1%", 10000}, {"100%", 1000000}, {"0.0001%", 1},
	    {"12.5%", 125000}, {"99.9999%", 999999}, {"0%", 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		char text[16] = "";
		uint32_t share = 7;
		struct writer w;

		assert_true(share_parse(span_str(of[i].text), &share));
		assert_int_equal(share, of[i].share);
		writer_init(&w, text, sizeof(text) - 1);
		share_print(&w, share);
		assert_string_equal(text, of[i].text);
	}
}

static void
test_what_is_none(void **state)
{
	static const char *const wrong[] = {"100.0001%", "101%", "0.00001%",
	    "1", "%", ".5%", "1.%", "-1%", " 1%", "1 %", "1e1%", ""};
	uint32_t share = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (share_parse(span_str(wrong[i]), &share))
			fail_msg("%s", wrong[i]);
	assert_int_equal(share, 7);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_a_share),
	    cmocka_unit_test(test_what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
