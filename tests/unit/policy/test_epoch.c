/* Which epochs are accepted, and until when. */
#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#define POLICY \
	"---\n" \
	"policy: p\n" \
	"servers: []\n"

/* The second in UTC at which an epoch ends that is written so. */
static int64_t
until(const char *text)
{
	struct policy_set *s;
	int64_t end;
	char *doc;

	assert_true(
	    asprintf(&doc,
		"identity: a\n"
		"psk: {derive: x, epoch: {epoch: 7, until: %s}}\n" POLICY,
		text) > 0);
	s = loaded(doc);
	assert_int_equal(identity_at(s, 0)->epoch_count, 1);
	assert_int_equal(identity_at(s, 0)->epochs[0], 7);
	end = identity_at(s, 0)->epoch_until_s[0];
	policy_set_unref(s);
	free(doc);
	return end;
}

/* Seconds by date(1): date -u -d 2027-04-01 +%s */
static void
test_a_date_ends_with_its_day(void **state)
{
	(void)state;
	assert_true(until("2027-03-31") == 1806537600);
	assert_true(until("2000-01-01") == 946771200);
	assert_true(until("2028-02-29") == 1835481600);
	assert_true(until("2100-02-28") == 4107542400);
	assert_true(until("9999-12-31") == 253402300800);
}

static void
test_an_instant_is_what_it_says(void **state)
{
	(void)state;
	assert_true(until("2027-03-31T12:00:00Z") == 1806494400);
	assert_true(until("\"2027-03-31T23:59:59Z\"") == 1806537599);
	assert_true(until("2000-02-29T00:00:00Z") == 951782400);
}

static void
test_what_is_no_date(void **state)
{
	static const char *const wrong[] = {"2027-02-29", "2100-02-29",
	    "2027-00-10", "2027-13-10", "2027-04-31", "2027-04-00",
	    "1999-12-31", "27-03-31", "2027-3-31", "2027/03/31",
	    "2027-03-31T24:00:00Z", "2027-03-31T12:60:00Z",
	    "2027-03-31T12:00:60Z", "2027-03-31T12:00:00",
	    "2027-03-31T12:00:00+01:00", "2027-03-31T12:00:00Zx",
	    "2027-03-31 12:00:00Z", "2027-03-31T12:00Z", "2027-03-31x",
	    "tomorrow", "-027-03-31", "20270331", "\"\"", "1806537600"};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char doc[256];

		snprintf(doc, sizeof(doc),
		    "identity: a\n"
		    "psk:\n"
		    "  derive: x\n"
		    "  epoch:\n"
		    "    epoch: 1\n"
		    "    until: %s\n" POLICY,
		    wrong[i]);
		expect_codes(doc, "6:12 policy-until\n");
	}
}

static void
test_epochs_of_both_kinds_in_one_list(void **state)
{
	struct policy_set *s =
	    loaded("identity: a\n"
		   "psk: {derive: x, epoch: [{epoch: 1, until: 9999-01-01}, 3, "
		   "{epoch: 2}]}\n" POLICY);
	const struct identity *id = identity_at(s, 0);

	(void)state;
	assert_int_equal(id->epoch_count, 3);
	assert_int_equal(id->epochs[0], 1);
	assert_true(id->epoch_until_s[0] < POLICY_FOREVER);
	assert_int_equal(id->epochs[1], 3);
	assert_true(id->epoch_until_s[1] == POLICY_FOREVER);
	assert_int_equal(id->epochs[2], 2);
	assert_true(id->epoch_until_s[2] == POLICY_FOREVER);
	policy_set_unref(s);
}

static void
test_an_older_one_ends_some_day(void **state)
{
	(void)state;
	expect_findings(
	    "identity: a\n"
	    "psk: {derive: x, epoch: [4, 5, {epoch: 3}, {epoch: 2, until: "
	    "9999-01-01}]}\n" POLICY,
	    "2:26: warning: psk.epoch[0]: epoch 4 is accepted for ever beside "
	    "a newer one; say until when: {epoch: 4, until: DATE}\n"
	    "2:32: warning: psk.epoch[2]: epoch 3 is accepted for ever beside "
	    "a newer one; say until when: {epoch: 3, until: DATE}\n");
	/* one alone is the newest, whatever its number */
	expect_findings("identity: a\n"
			"psk: {derive: x, epoch: 4}\n" POLICY,
	    "");
}

/* Said, but no reason to refuse a reload: time passes by itself. */
static void
test_what_is_past_is_a_warning(void **state)
{
	(void)state;
	expect_findings("identity: a\n"
			"psk: {derive: x, epoch: [{epoch: 1, until: "
			"2020-01-01}, 2]}\n" POLICY,
	    "2:26: warning: psk.epoch[0]: epoch 1 is not accepted any more; "
	    "take it out\n");
	expect_findings(
	    "identity: a\n"
	    "psk: {derive: x, epoch: [{epoch: 1, until: 2020-01-01}, "
	    "{epoch: 2, until: 2021-01-01T00:00:00Z}]}\n" POLICY,
	    "2:25: warning: psk.epoch: out of date, every one: no device gets "
	    "in by this identity\n");
}

static void
test_the_map_of_an_epoch(void **state)
{
	(void)state;
	expect_findings(
	    "identity: a\n"
	    "psk: {derive: x, epoch: [{until: 9999-01-01}, {epoch: 2, untill: "
	    "9999-01-01}, {epoch: 2}, {epoch: x}, [3]]}\n" POLICY,
	    "2:26: error: psk.epoch[0]: `epoch:` is missing\n"
	    "2:58: error: psk.epoch[1].untill: unknown key; did you mean "
	    "`until`?\n"
	    "2:79: error: psk.epoch[2]: epoch 2 is there already\n"
	    "2:99: error: psk.epoch[3].epoch: \"x\" is no number; a whole one "
	    "from 1 to 4294967295 is expected\n"
	    "2:103: error: psk.epoch[4]: a single value is expected, found a "
	    "list\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_date_ends_with_its_day),
	    cmocka_unit_test(test_an_instant_is_what_it_says),
	    cmocka_unit_test(test_what_is_no_date),
	    cmocka_unit_test(test_epochs_of_both_kinds_in_one_list),
	    cmocka_unit_test(test_an_older_one_ends_some_day),
	    cmocka_unit_test(test_what_is_past_is_a_warning),
	    cmocka_unit_test(test_the_map_of_an_epoch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
