/* Whose keys they are: lines that share a name or a key are one person. */
#include "issue/signers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

/* Keys of one byte said 32 times. */
#define KEY_A \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEB" \
	"AQEBAQEBAQEBAQEBAQEBAQEBAQEB\n"
#define KEY_B \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAICAgICAgICAgIC" \
	"AgICAgICAgICAgICAgICAgICAgIC\n"
#define KEY_C \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAMDAwMDAwMDAwMD" \
	"AwMDAwMDAwMDAwMDAwMDAwMDAwMD\n"
#define KEY_D \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAQEBAQEBAQEBAQE" \
	"BAQEBAQEBAQEBAQEBAQEBAQEBAQE\n"

static size_t
persons(const char *text)
{
	struct arena *a = arena_new(0);
	struct diag *d = diag_new();
	struct signers s;
	enum rc rc;

	assert_non_null(a);
	assert_non_null(d);
	rc = signers_read(a, "signers", span_str(text), d, &s);
	if (rc != RC_OK)
		diag_print(d, stderr);
	assert_int_equal(rc, RC_OK);
	diag_free(d);
	arena_free(a);
	return s.persons;
}

static void
test_who_is_one_person(void **state)
{
	(void)state;
	assert_int_equal(persons(""), 0);
	assert_int_equal(persons("# none\n\n \t\n"), 0);
	assert_int_equal(persons("ada " KEY_A "ben " KEY_B), 2);
	assert_int_equal(persons("ada " KEY_A "ada " KEY_B), 1);
	assert_int_equal(persons("ada " KEY_A "ben " KEY_A), 1);
	assert_int_equal(persons("ada,a2 " KEY_A "ben,a2 " KEY_B), 1);
	/* by way of a third, who comes last */
	assert_int_equal(
	    persons("ada " KEY_A "ben " KEY_B "ben,ada " KEY_C), 1);
	assert_int_equal(
	    persons("ada,x " KEY_A "a2,x " KEY_B "ben " KEY_C "ben,a2 " KEY_D),
	    1);
	assert_int_equal(
	    persons("ada,x " KEY_A "a2,x " KEY_B "ben " KEY_C "cleo " KEY_D),
	    3);
}

static void
test_lines_that_are_none(void **state)
{
	static const char *const faulty[] = {
	    "ada\n",
	    "ada ssh-ed25519\n",
	    "ada ssh-ed25519 AAAA\n",
	    "ada ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQ"
	    "EBAQEBAQEBAQEB\n",
	    "ada, " KEY_A,
	    "* " KEY_A,
	    "!ada " KEY_A,
	    "\"ada " KEY_A,
	    "ada cert-authority " KEY_A,
	    "ada namespaces=\"\" " KEY_A,
	    "ada namespaces=\"!file,bootstrapd\" " KEY_A,
	    "ada namespaces=\"bootstrapd " KEY_A,
	    "ada valid-after=\"20260101\" " KEY_A,
	    "ada valid-before=\"20261301Z\" " KEY_A,
	    "ada no-touch-required " KEY_A,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(faulty) / sizeof(faulty[0]); i++) {
		char text[1024];
		struct arena *a = arena_new(0);
		struct diag *d = diag_new();
		struct signers s;

		assert_non_null(a);
		assert_non_null(d);
		/* one of them is one too many */
		snprintf(text, sizeof(text), "ben " KEY_B "%s", faulty[i]);
		if (signers_read(a, "signers", span_str(text), d, &s) !=
			RC_CONFIG ||
		    diag_total(d) != 1 || diag_get(d, 0)->line != 2)
			fail_msg("%s", text);
		diag_free(d);
		arena_free(a);
	}
}

static void
test_when_and_for_what_a_key_is_valid(void **state)
{
	const int64_t before = 1767225599, at = 1767225600; /* 2026 begins */
	struct arena *a = arena_new(0);
	struct diag *d = diag_new();
	struct signers s;

	(void)state;
	assert_int_equal(signers_read(a, "signers",
			     SPAN_LIT("ada valid-after=\"20260101Z\" " KEY_A
				      "ben valid-before=\"20260101Z\" " KEY_B
				      "cleo namespaces=\"file,boot*\" " KEY_C
				      "dan namespaces=\"file\" " KEY_D),
			     d, &s),
	    RC_OK);
	assert_int_equal(s.count, 4);
	assert_non_null(signer_fault(&s.list[0], "bootstrapd", before));
	assert_null(signer_fault(&s.list[0], "bootstrapd", at));
	assert_null(signer_fault(&s.list[1], "bootstrapd", at));
	assert_non_null(signer_fault(&s.list[1], "bootstrapd", at + 1));
	assert_null(signer_fault(&s.list[2], "bootstrapd", at));
	assert_non_null(signer_fault(&s.list[3], "bootstrapd", at));
	diag_free(d);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_who_is_one_person),
	    cmocka_unit_test(test_lines_that_are_none),
	    cmocka_unit_test(test_when_and_for_what_a_key_is_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
