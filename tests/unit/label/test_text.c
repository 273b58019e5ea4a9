/* What templates stand for, and that nothing is put on a label that a printer
 * or a reader would take for something else. */
#include "label.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct label_values known = {
    .endpoint = {(const uint8_t *)"urn:dev:os:32473-000042", 23},
    .serial = {(const uint8_t *)"00/42", 5},
    .batch = {(const uint8_t *)"WO-1", 4},
};

static enum rc
expand(const char *text, bool url, char out[256], char *fault)
{
	struct writer w;
	enum rc rc;

	writer_init(&w, out, 255);
	rc = label_expand(&w, span_str(text), &known, url, fault);
	out[w.len] = '\0';
	return rc;
}

static void
templates(void **state)
{
	static const struct {
		const char *text;
		bool url;
		const char *is;
	} table[] = {
	    {"LWB1:{endpoint}", false, "LWB1:urn:dev:os:32473-000042"},
	    {"{serial}{batch}", false, "00/42WO-1"},
	    /* a value in a URL is one segment, whatever is in it */
	    {"https://x/21/{serial}?e={endpoint}", true,
		"https://x/21/00%2F42?e=urn%3Adev%3Aos%3A32473-000042"},
	    /* braces that are none of ours */
	    {"{\"ep\":\"{endpoint}\"}", false,
		"{\"ep\":\"urn:dev:os:32473-000042\"}"},
	    {"{{endpoint}}", false, "{endpoint}"},
	    {"{}{ endpoint}{endpoint", false, "{}{ endpoint}{endpoint"},
	    {"{{endpoint}", false, "{urn:dev:os:32473-000042"},
	};
	char out[256], fault[LABEL_FAULT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(
		    expand(table[i].text, table[i].url, out, fault), RC_OK);
		assert_string_equal(out, table[i].is);
	}
}

static void
refused(void **state)
{
	static const struct {
		const char *text;
		enum rc rc;
		const char *says;
	} table[] = {
	    /* no word gives a key, or what keys can be tried against */
	    {"{key}", RC_NOT_FOUND, "{key} is no placeholder"},
	    {"{psk}", RC_NOT_FOUND, "{psk} is no placeholder"},
	    {"{key_id}", RC_NOT_FOUND, "{key_id} is no placeholder"},
	    {"{secret}", RC_NOT_FOUND, "no placeholder"},
	    {"x{identity}", RC_NOT_FOUND, "nothing is known"},
	    {"a\nb", RC_MALFORMED, "does not print"},
	    {"a\x1b[2J", RC_MALFORMED, "does not print"},
	    {"\xe2\x80\xae{serial}", RC_MALFORMED, "does not print"},
	    {"\xff", RC_MALFORMED, "not UTF-8"},
	    {"{endpoint}{endpoint}{endpoint}{endpoint}{endpoint}{endpoint}"
	     "{endpoint}{endpoint}{endpoint}{endpoint}{endpoint}{endpoint}",
		RC_TOO_LARGE, "too long"},
	};
	char out[256], fault[LABEL_FAULT_MAX];
	struct span word;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(
		    expand(table[i].text, false, out, fault), table[i].rc);
		assert_non_null(strstr(fault, table[i].says));
	}
	assert_false(label_words_known(SPAN_LIT("a{b}{psk}"), &word));
	assert_true(span_is(word, "b"));
	for (size_t i = 0; label_words[i]; i++) {
		char text[64];

		snprintf(text, sizeof(text), "{{psk}}{%s}", label_words[i]);
		assert_true(label_words_known(span_str(text), &word));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(templates),
	    cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
