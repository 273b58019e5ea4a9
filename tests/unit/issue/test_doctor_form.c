/* The forms that a key takes on its way, and what they are called. What each
 * of them is: test_doctor.c. */
#include "issue/doctor_form.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* A key with zero bytes where text functions stop. */
static void
test_functions_for_text_and_numbers(void **state)
{
	static const struct {
		const char *code;
		uint8_t key[32];
		size_t from, len;
	} cases[] = {
	    {"key-cut-at-zero", {7, 8, 9, 0, 5, [31] = 1}, 0, 3},
	    {"key-no-zeros-before", {0, 0, 0, 1, 5, [31] = 1}, 3, 29},
	    {"key-no-zeros-behind", {1, 2, [28] = 9}, 0, 29},
	};
	struct secret key = {0}, made = {0};
	struct form_name name;

	(void)state;
	assert_int_equal(secret_reserve(&made, FORM_KEY_MAX), RC_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool seen = false;

		assert_int_equal(
		    secret_set(&key, span_of(cases[i].key, 32)), RC_OK);
		for (size_t f = 0; f < form_count(); f++) {
			form_name(f, &name);
			if (strcmp(name.code, cases[i].code) != 0)
				continue;
			seen = true;
			assert_true(form_make(f, &key, &made));
			assert_true(span_equal(secret_expose(&made),
			    span_of(
				cases[i].key + cases[i].from, cases[i].len)));
		}
		assert_true(seen);
	}
	secret_fini(&key);
	secret_fini(&made);
}

/* A form is never the key itself, whatever it is: that would be no mistake. */
static void
test_no_form_is_the_key(void **state)
{
	static const uint8_t keys[][32] = {
	    {0},
	    {10, 10, 10, 10, 10, 10, 10, 10},
	    {1, 2, 3, [13] = 3, 2, 1},
	    {[31] = 1},
	};
	static const size_t lens[] = {1, 8, 16, 24, 31, 32};
	struct secret key = {0}, made = {0};

	(void)state;
	assert_int_equal(secret_reserve(&made, FORM_KEY_MAX), RC_OK);
	for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
		for (size_t n = 0; n < sizeof(lens) / sizeof(lens[0]); n++) {
			assert_int_equal(
			    secret_set(&key, span_of(keys[k], lens[n])), RC_OK);
			for (size_t f = 0; f < form_count(); f++) {
				if (!form_make(f, &key, &made))
					continue;
				assert_in_range(made.len, 1, FORM_KEY_MAX);
				assert_false(secret_equal(&key, &made));
			}
		}
	}
	secret_fini(&key);
	secret_fini(&made);
}

/* The longest key there is: a form that has no room for it is none. */
static void
test_room(void **state)
{
	struct secret key = {0}, made = {0};

	(void)state;
	assert_int_equal(secret_reserve(&key, FORM_KEY_MAX), RC_OK);
	assert_int_equal(secret_reserve(&made, FORM_KEY_MAX), RC_OK);
	key.len = FORM_KEY_MAX;
	memset(key.bytes, 'k', key.len);
	for (size_t f = 0; f < form_count(); f++)
		if (form_make(f, &key, &made))
			assert_in_range(made.len, 1, FORM_KEY_MAX);
	for (size_t f = 0; f < form_public_count(); f++)
		if (form_public_make(
			f, secret_expose(&key), SPAN_LIT("urn:dev:1"), &made))
			assert_in_range(made.len, 0, FORM_KEY_MAX);
	secret_fini(&key);
	secret_fini(&made);
}

/* Codes are for machines: each once, and all of them and the sentences fit. */
static void
test_names(void **state)
{
	size_t count = form_count() + form_public_count();
	struct form_name *names = calloc(count, sizeof(*names));

	(void)state;
	assert_non_null(names);
	for (size_t i = 0; i < count; i++) {
		struct form_name *n = &names[i];

		if (i < form_count())
			form_name(i, n);
		else
			form_public_name(i - form_count(), n);
		assert_in_range(strlen(n->code), 1, FORM_CODE_MAX - 2);
		assert_in_range(strlen(n->sentence), 20, FORM_SENTENCE_MAX - 2);
		assert_int_equal(n->sentence[strlen(n->sentence) - 1], '.');
		assert_null(strpbrk(n->code, "# ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
		assert_null(strchr(n->sentence, '#'));
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(names[k].code, n->code);
	}
	free(names);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_functions_for_text_and_numbers),
	    cmocka_unit_test(test_no_form_is_the_key),
	    cmocka_unit_test(test_room),
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
