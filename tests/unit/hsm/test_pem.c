/* RFC 7468, written and read. */
#include "x509_vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* As the openssl program writes it. */
static void
test_same_text(void **state)
{
	uint8_t der[VECTOR_MAX];
	struct span bytes = vector(root_pem, "CERTIFICATE", der);
	char text[2 * VECTOR_MAX];
	struct writer w;

	(void)state;
	assert_int_equal(bytes.len, 394);
	writer_init(&w, text, sizeof(text) - 1);
	pem_write(&w, "CERTIFICATE", bytes);
	text[w.len] = '\0';
	assert_string_equal(text, root_pem);
}

static void
test_several_in_a_file(void **state)
{
	static const char file[] = "subject=CN = x\n"
				   "-----BEGIN EC PARAMETERS-----\n"
				   "BggqhkjOPQMBBw==\n"
				   "-----END EC PARAMETERS-----\n"
				   "-----BEGIN CERTIFICATE-----\r\n"
				   "AQID\r\n"
				   "-----END CERTIFICATE-----\r\n"
				   "# second\n"
				   "-----BEGIN CERTIFICATE-----\n"
				   "  BA\t==\n"
				   "-----END CERTIFICATE-----";
	struct span rest = span_str(file);
	uint8_t buf[16];
	struct writer w;

	(void)state;
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(pem_next(&rest, "CERTIFICATE", &w), RC_OK);
	assert_true(span_equal(writer_span(&w), SPAN_LIT("\1\2\3")));
	assert_int_equal(pem_next(&rest, "CERTIFICATE", &w), RC_OK);
	assert_true(span_equal(writer_span(&w), SPAN_LIT("\1\2\3\4")));
	assert_int_equal(pem_next(&rest, "CERTIFICATE", &w), RC_NOT_FOUND);
}

static void
test_broken(void **state)
{
	static const struct {
		const char *text;
		enum rc rc;
	} cases[] = {
	    {"", RC_NOT_FOUND},
	    {"-----BEGIN CERTIFICATE----\nAQID\n-----END CERTIFICATE-----\n",
		RC_NOT_FOUND},
	    {"-----BEGIN CERTIFICATE-----\nAQID\n", RC_MALFORMED},
	    {"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
		RC_MALFORMED},
	    {"-----BEGIN CERTIFICATE-----\nAQI\n-----END CERTIFICATE-----\n",
		RC_MALFORMED},
	    {"-----BEGIN CERTIFICATE-----\nAQ==AQID\n"
	     "-----END CERTIFICATE-----\n",
		RC_MALFORMED},
	    {"-----BEGIN CERTIFICATE-----\nA*ID\n-----END CERTIFICATE-----\n",
		RC_MALFORMED},
	    {"-----BEGIN CERTIFICATE-----\nAQIDAQIDAQID\n"
	     "-----END CERTIFICATE-----\n",
		RC_TOO_LARGE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span rest = span_str(cases[i].text);
		uint8_t buf[8];
		struct writer w;

		writer_init(&w, buf, sizeof(buf));
		assert_int_equal(
		    pem_next(&rest, "CERTIFICATE", &w), cases[i].rc);
		assert_int_equal(w.len, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_same_text),
	    cmocka_unit_test(test_several_in_a_file),
	    cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
