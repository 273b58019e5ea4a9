#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "coap/message.h"

static void
every_byte_has_a_name(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		const char *name = coap_code_name((uint8_t)i);
		char digits[8];

		(void)snprintf(
		    digits, sizeof(digits), "%u.%02u", i >> 5, i & 31);
		assert_non_null(name);
		if (i >= 1 && i <= 4) /* methods have a word */
			assert_null(strchr(name, '.'));
		else
			assert_memory_equal(name, digits, 4);
	}
}

static void
names(void **state)
{
	(void)state;
	assert_string_equal(coap_code_name(COAP_EMPTY), "0.00");
	assert_string_equal(coap_code_name(COAP_DELETE), "DELETE");
	assert_string_equal(coap_code_name(0x44), "2.04 Changed");
	assert_string_equal(coap_code_name(0x5f), "2.31 Continue");
	assert_string_equal(
	    coap_code_name(0x8f), "4.15 Unsupported Content-Format");
	assert_string_equal(coap_code_name(0xa3), "5.03 Service Unavailable");
	assert_string_equal(coap_code_name(0xe1), "7.01 CSM");
	assert_string_equal(coap_code_name(0xe6), "7.06");
	assert_string_equal(coap_code_name(0xff), "7.31");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_byte_has_a_name),
	    cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
