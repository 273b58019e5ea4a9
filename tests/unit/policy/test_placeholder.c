/* Words in braces, and what they stand for. */
#include "policy/placeholder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

static const struct placeholder_values all = {
    .endpoint = {(const uint8_t *)"a\"b", 3},
    .model = {(const uint8_t *)"WM 200", 6},
    .batch = {(const uint8_t *)"..", 2},
    .policy = {(const uint8_t *)"meters", 6},
    .name = {(const uint8_t *)"eu-1", 4},
    .ssid = 101,
};

static void
expect(const char *text, enum placeholder_form form,
    const struct placeholder_values *v, const char *want)
{
	char out[256];
	struct writer w;

	writer_init(&w, out, sizeof(out) - 1);
	assert_int_equal(
	    placeholder_expand(&w, span_str(text), form, v, NULL), RC_OK);
	out[w.len] = '\0';
	assert_string_equal(out, want);
}

static void
test_every_name(void **state)
{
	(void)state;
	expect("{policy}/{model}/{batch}/{endpoint}/{name}/{ssid}", FORM_PLAIN,
	    &all, "meters/WM 200/../a\"b/eu-1/101");
	expect("", FORM_PLAIN, &all, "");
}

/* JSON, nested as it is, needs nothing doubled. */
static void
test_other_braces_stand_for_themselves(void **state)
{
	static const char json[] = "{\"a\": {\"b\": \"{name}\"}}";

	(void)state;
	expect(json, FORM_JSON, &all, "{\"a\": {\"b\": \"eu-1\"}}");
	expect("{\"a\":{ssid}}", FORM_JSON, &all, "{\"a\":101}");
	expect("{{name}}", FORM_PLAIN, &all, "{name}");
	expect("{{colour}} {{", FORM_PLAIN, &all, "{colour} {{");
	expect("{{name}", FORM_PLAIN, &all, "{eu-1");
	expect("{name}}", FORM_PLAIN, &all, "eu-1}");
	expect("{{{name}}}", FORM_PLAIN, &all, "{{name}}");
	expect("{} { name } {name {na-me} {", FORM_PLAIN, &all,
	    "{} { name } {name {na-me} {");
}

/* What was put in is not looked at again. */
static void
test_a_value_is_no_template(void **state)
{
	const struct placeholder_values v = {
	    .endpoint = SPAN_LIT("{name}"), .name = SPAN_LIT("{endpoint}")};

	(void)state;
	expect("{endpoint}{name}", FORM_PLAIN, &v, "{name}{endpoint}");
}

static void
test_each_form(void **state)
{
	(void)state;
	expect("?e={endpoint}&m={model}", FORM_PERCENT, &all,
	    "?e=a%22b&m=WM%20200");
	expect("\"{endpoint}\"", FORM_JSON, &all, "\"a\\\"b\"");
	expect("{endpoint}", FORM_HEADER, &all, "a\"b");
}

static void
refuse(const char *text, enum placeholder_form form,
    const struct placeholder_values *v, size_t cap, enum rc want,
    const char *missing)
{
	const char *found = NULL;
	char out[64];
	struct writer w;

	writer_init(&w, out, cap);
	writer_str(&w, "x");
	assert_int_equal(
	    placeholder_expand(&w, span_str(text), form, v, &found), want);
	assert_int_equal(w.len, 1);
	assert_false(w.full);
	if (missing)
		assert_string_equal(found, missing);
	else
		assert_null(found);
}

static void
test_what_cannot_stand_there(void **state)
{
	const struct placeholder_values line = {.model = SPAN_LIT("a\r\nb")};
	const struct placeholder_values none = {.endpoint = SPAN_LIT("a")};

	(void)state;
	refuse("{batch}", FORM_PERCENT, &all, 64, RC_DENIED, NULL);
	refuse("{model}", FORM_HEADER, &line, 64, RC_DENIED, NULL);
	refuse(
	    "{endpoint}{model}", FORM_PLAIN, &none, 64, RC_NOT_FOUND, "model");
	refuse("{ssid}", FORM_PLAIN, &none, 64, RC_NOT_FOUND, "ssid");
	refuse("abc{policy}", FORM_PLAIN, &all, 8, RC_TOO_LARGE, NULL);
}

static void
test_which_are_used(void **state)
{
	const size_t lengths[PLACEHOLDERS] = {
	    [PLACEHOLDER_ENDPOINT] = 100, [PLACEHOLDER_SSID] = 5};

	(void)state;
	assert_int_equal(placeholder_uses(SPAN_LIT("{ssid}{{name}}{x}{ssid}")),
	    1u << PLACEHOLDER_SSID);
	assert_int_equal(
	    placeholder_length(SPAN_LIT("ab{endpoint}{ssid}{{x}}"), lengths),
	    2 + 100 + 5 + 3);
	assert_int_equal(placeholder_at(SPAN_LIT("{model}/")), 7);
	assert_int_equal(placeholder_at(SPAN_LIT("{modell}")), 0);
	assert_int_equal(placeholder_at(SPAN_LIT("{{model}}")), 0);
}

/* The words of a place are those that stand there, and so says its list. */
static void
test_places(void **state)
{
	(void)state;
	for (unsigned place = 0; place <= PLACE_TRIGGER; place++) {
		const char *const *w =
		    placeholder_words((enum placeholder_place)place);
		unsigned known = 0;
		char braced[16];

		for (; *w; w++) {
			snprintf(braced, sizeof(braced), "{%s}", *w);
			known |= placeholder_uses(span_str(braced));
			assert_non_null(strstr(
			    placeholder_list((enum placeholder_place)place),
			    braced));
		}
		for (unsigned i = 0; i < PLACEHOLDERS; i++)
			assert_int_equal(placeholder_stands((enum placeholder)i,
					     (enum placeholder_place)place),
			    known >> i & 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_name),
	    cmocka_unit_test(test_other_braces_stand_for_themselves),
	    cmocka_unit_test(test_a_value_is_no_template),
	    cmocka_unit_test(test_each_form),
	    cmocka_unit_test(test_what_cannot_stand_there),
	    cmocka_unit_test(test_which_are_used),
	    cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
