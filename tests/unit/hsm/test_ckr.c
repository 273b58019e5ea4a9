#include "hsm/hsm_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Numbers as PKCS#11 v2.40 gives them, not as a header names them. */
static void
test_names(void **state)
{
	(void)state;
	assert_string_equal(hsm_ckr_name(0x0), "CKR_OK");
	assert_string_equal(hsm_ckr_name(0xa0), "CKR_PIN_INCORRECT");
	assert_string_equal(hsm_ckr_name(0xa4), "CKR_PIN_LOCKED");
	assert_string_equal(hsm_ckr_name(0x32), "CKR_DEVICE_REMOVED");
	assert_string_equal(hsm_ckr_name(0xb3), "CKR_SESSION_HANDLE_INVALID");
	assert_string_equal(
	    hsm_ckr_name(0x191), "CKR_CRYPTOKI_ALREADY_INITIALIZED");
	assert_string_equal(hsm_ckr_name(0x4711), "CKR_?");
}

/* What is done about each (the classes decide it). */
static void
test_classes(void **state)
{
	static const struct {
		CK_RV rv;
		enum ckr_class class;
	} cases[] = {
	    {0x0, CKR_CLASS_OK}, {0xb0, CKR_CLASS_SESSION},
	    {0xb3, CKR_CLASS_SESSION}, {0x90, CKR_CLASS_OPERATION},
	    {0x91, CKR_CLASS_OPERATION}, {0x82, CKR_CLASS_HANDLE},
	    {0x60, CKR_CLASS_HANDLE}, {0x101, CKR_CLASS_LOGIN},
	    {0xb1, CKR_CLASS_FULL}, {0xa0, CKR_CLASS_PIN},
	    {0xa1, CKR_CLASS_PIN}, {0xa2, CKR_CLASS_PIN}, {0xa3, CKR_CLASS_PIN},
	    {0xa4, CKR_CLASS_PIN}, {0x102, CKR_CLASS_PIN},
	    {0x70, CKR_CLASS_KEY}, {0x62, CKR_CLASS_KEY},
	    {0xd0, CKR_CLASS_TEMPLATE}, {0xd1, CKR_CLASS_TEMPLATE},
	    {0x13, CKR_CLASS_TEMPLATE}, {0x30, CKR_CLASS_DEVICE},
	    {0x32, CKR_CLASS_DEVICE}, {0xe0, CKR_CLASS_DEVICE},
	    {0xe1, CKR_CLASS_DEVICE}, {0x190, CKR_CLASS_DEVICE},
	    {0x5, CKR_CLASS_DEVICE}, {0x6, CKR_CLASS_DEVICE},
	    {0x2, CKR_CLASS_DEVICE},
	    {0x80000001, CKR_CLASS_DEVICE}, /* a vendor's own */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (hsm_ckr_class(cases[i].rv) != cases[i].class)
			fail_msg("0x%lx", cases[i].rv);
		assert_true(hsm_ckr_remedy(cases[i].rv)[0] != '\0');
	}
}

static void
test_message_is_cut_with_a_mark(void **state)
{
	struct hsm_error err = {0};
	char name[300], quoted[32];

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	hsm_error_text(&err, 5, "token %s", name);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_string_equal(err.text + sizeof(err.text) - 4, "...");
	assert_int_equal(err.ckr, 5);

	assert_string_equal(
	    hsm_quote(quoted, sizeof(quoted), span_str("a\x1b[2Jb")),
	    "\"a\\u001b[2Jb\"");
	hsm_quote(quoted, sizeof(quoted), span_str(name));
	assert_string_equal(quoted, "\"nnnn\"...");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_classes),
	    cmocka_unit_test(test_message_is_cut_with_a_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
