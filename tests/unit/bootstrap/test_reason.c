/* Every way a bootstrap can end has a code, a sentence and a remedy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bootstrap/reason.h"

#include <stdbool.h>
#include <string.h>

enum {
	BAD_REQUEST = 0x80,
	UNAUTHORIZED = 0x81,
	NOT_ALLOWED = 0x85,
	NOT_ACCEPTABLE = 0x86,
	UNSUPPORTED_FORMAT = 0x8f,
	TOO_MANY_REQUESTS = 0x9d,
	UNAVAILABLE = 0xa3,
};

/* "write-refused": lower case, digits and dashes. */
static bool
is_code(const char *s)
{
	return strlen(s) >= 2 &&
	    strspn(s, "abcdefghijklmnopqrstuvwxyz-") == strlen(s);
}

/* One line that ends like a sentence. */
static bool
is_sentence(const char *s)
{
	size_t len = strlen(s);

	return len > 10 && len < 200 && s[len - 1] == '.' && !strchr(s, '\n') &&
	    s[0] >= 'A' && s[0] <= 'Z';
}

static void
the_table_is_complete(void **state)
{
	(void)state;
	for (unsigned r = 0; r < REASON_COUNT; r++) {
		const char *code = reason_code((enum reason)r);

		if (!is_code(code))
			fail_msg("reason %u: code", r);
		if (!is_sentence(reason_sentence((enum reason)r)))
			fail_msg("%s: sentence", code);
		/* only what ended well needs no remedy */
		if (r != REASON_NONE &&
		    !is_sentence(reason_remedy((enum reason)r)))
			fail_msg("%s: remedy", code);
		for (unsigned other = 0; other < r; other++)
			assert_string_not_equal(
			    code, reason_code((enum reason)other));
	}
	assert_string_equal(reason_remedy(REASON_NONE), "");
}

/** What has a code of its own. */
static uint8_t
expected(enum reason r)
{
	static const struct {
		enum reason reason;
		uint8_t code;
	} own[] = {
	    {REASON_PCT_UNSUPPORTED, UNSUPPORTED_FORMAT},
	    {REASON_PACK_REFUSED, NOT_ALLOWED},
	    {REASON_PACK_FORMAT, NOT_ACCEPTABLE},
	    {REASON_ECHO_WANTED, UNAUTHORIZED},
	    {REASON_TOO_OFTEN, TOO_MANY_REQUESTS},
	};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (own[i].reason == r)
			return own[i].code;
	return BAD_REQUEST;
}

/* bootstrap.md 4.1 and 11: the device is at fault, or it is to come again
 * later. */
static void
what_the_device_is_told(void **state)
{
	(void)state;
	for (unsigned r = 1; r < REASON_COUNT; r++) {
		uint8_t code = reason_coap((enum reason)r);

		assert_true(
		    code == UNAVAILABLE || code == expected((enum reason)r));
	}
	/* who is not admitted does not learn why */
	assert_int_equal(reason_coap(REASON_NO_IDENTITY), BAD_REQUEST);
	assert_int_equal(reason_coap(REASON_NO_POLICY), BAD_REQUEST);
	assert_int_equal(reason_coap(REASON_ENDPOINT_MISMATCH), BAD_REQUEST);
	assert_int_equal(reason_coap(REASON_ENDPOINT_MISSING), BAD_REQUEST);
	assert_int_equal(reason_coap(REASON_REQUEST_MALFORMED), BAD_REQUEST);
	assert_int_equal(
	    reason_coap(REASON_PCT_UNSUPPORTED), UNSUPPORTED_FORMAT);
	/* a client goes on with POST /bs after these */
	assert_int_equal(reason_coap(REASON_PACK_REFUSED), NOT_ALLOWED);
	assert_int_equal(reason_coap(REASON_PACK_FORMAT), NOT_ACCEPTABLE);
	/* RFC 9175 section 2.3, RFC 8516 */
	assert_int_equal(reason_coap(REASON_ECHO_WANTED), UNAUTHORIZED);
	assert_int_equal(reason_coap(REASON_TOO_OFTEN), TOO_MANY_REQUESTS);
	/* faults of ours are not the device's */
	assert_int_equal(reason_coap(REASON_BUSY), UNAVAILABLE);
	assert_int_equal(reason_coap(REASON_TOKEN_AWAY), UNAVAILABLE);
	assert_int_equal(reason_coap(REASON_KEEPER_AWAY), UNAVAILABLE);
	assert_int_equal(reason_coap(REASON_LEDGER_AWAY), UNAVAILABLE);
	assert_int_equal(reason_coap(REASON_RATE), UNAVAILABLE);
	/* for good, and for now */
	assert_int_equal(reason_coap(REASON_DENIED), BAD_REQUEST);
	assert_int_equal(reason_coap(REASON_QUARANTINED), UNAVAILABLE);
}

static void
out_of_range(void **state)
{
	(void)state;
	assert_string_equal(reason_code(REASON_COUNT), "?");
	assert_string_equal(reason_sentence(REASON_COUNT), "");
	assert_string_equal(reason_remedy(REASON_COUNT), "");
	assert_int_equal(reason_coap(REASON_COUNT), UNAVAILABLE);
	assert_string_equal(outcome_name((enum outcome)3), "?");
}

static void
outcomes(void **state)
{
	(void)state;
	assert_string_equal(outcome_name(OUTCOME_OK), "ok");
	assert_string_equal(outcome_name(OUTCOME_FAILED), "failed");
	assert_string_equal(outcome_name(OUTCOME_UNKNOWN), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_table_is_complete),
	    cmocka_unit_test(what_the_device_is_told),
	    cmocka_unit_test(out_of_range),
	    cmocka_unit_test(outcomes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
