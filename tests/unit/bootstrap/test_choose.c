/* Which instances the accounts go to: tables of what was discovered. The
 * conversations show the same with a device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bootstrap/choose.h"
#include "lwm2m/object.h"

#include <stdio.h>

enum { NONE = LWM2M_ID_NONE };

/** The choice for one account, NONE when there is none. */
static uint16_t
choose(struct accounts *a, uint16_t object, unsigned account, uint16_t ssid)
{
	uint16_t instance = 0;

	if (accounts_choose(a, object, account, ssid, &instance) != RC_OK)
		return NONE;
	return instance;
}

static void
usable(void **state)
{
	static const struct {
		const char *links;
		bool usable, discovered;
	} cases[] = {
	    {"</>;lwm2m=1.1,</0/0>", true, true},
	    {"</0/0>", true, true},
	    {"</0/0>,</0/1>", true, true},
	    {"</0/1>;ssid=0,</0/0>", true, true},
	    {"", false, false},
	    {"</>;lwm2m=1.1", false, false},
	    {"</0>,</1>", false, false},
	    {"</0/0>;ssid=1", false, false},
	    {"</1/0>,</3/0>", false, false}, /* /1 without ssid says nothing */
	    {"</0/0>,</0/x>", true, false},
	    {"</0/0>,</0/1>;ssid=70000", true, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct accounts a = {0};

		if (accounts_discovered(&a, span_str(cases[i].links)) !=
			cases[i].usable ||
		    a.discovered != cases[i].discovered)
			fail_msg("%s", cases[i].links);
		if (!cases[i].usable)
			assert_int_equal(a.count, 0);
	}
}

/* Two questions for one account have one answer. */
static void
once_chosen(void **state)
{
	struct accounts a = {0};
	uint16_t instance = 9;

	(void)state;
	assert_false(accounts_chosen(&a, 0, 101, &instance));
	assert_int_equal(choose(&a, 0, 1, 101), CHOOSE_HIGH);
	assert_int_equal(choose(&a, 0, 1, 101), CHOOSE_HIGH);
	assert_true(accounts_chosen(&a, 0, 101, &instance));
	assert_int_equal(instance, CHOOSE_HIGH);
	assert_false(accounts_chosen(&a, 1, 101, &instance));
	assert_int_equal(choose(&a, 0, 2, 102), CHOOSE_HIGH + 1);
	assert_int_equal(choose(&a, 1, 1, 101), 0);
	assert_int_equal(choose(&a, 1, 2, 102), 1);
}

static void
never_ours(void **state)
{
	struct accounts a = {0};

	(void)state;
	assert_true(accounts_discovered(&a, SPAN_LIT("</0/0>,</0/2>")));
	for (uint16_t i = 0; i < 20; i++) {
		uint16_t instance =
		    choose(&a, 0, (unsigned)i + 1, (uint16_t)(101 + i));

		assert_int_not_equal(instance, 0);
		assert_int_not_equal(instance, 2);
	}
}

/* An empty slot is used once. */
static void
an_empty_slot(void **state)
{
	struct accounts a = {0};

	(void)state;
	assert_true(accounts_discovered(&a, SPAN_LIT("</0/0>,</0/1>;ssid=0")));
	assert_int_equal(choose(&a, 0, 1, 101), 1);
	assert_int_equal(choose(&a, 0, 2, 102), 2);
}

static void
what_a_delete_frees(void **state)
{
	const struct {
		struct lwm2m_path path;
		uint16_t security, server; /* for ssid 103 */
	} cases[] = {
	    {LWM2M_ROOT, 0, 0},
	    {LWM2M_OBJECT(0), 0, 2},
	    {LWM2M_OBJECT(1), 3, 0},
	    {LWM2M_OBJECT(2), 3, 2},
	    {LWM2M_INSTANCE(0, 0), 0, 2},
	    {LWM2M_INSTANCE(0, 2), 2, 2},
	    {LWM2M_INSTANCE(1, 1), 3, 1},
	    {LWM2M_INSTANCE(0, 9), 3, 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct accounts a = {0};

		assert_true(accounts_discovered(&a,
		    SPAN_LIT("</0/0>;ssid=101,</0/1>,</0/2>;ssid=102,"
			     "</1/0>;ssid=101,</1/1>;ssid=102")));
		accounts_deleted(&a, cases[i].path);
		assert_int_equal(choose(&a, 0, 1, 103), cases[i].security);
		assert_int_equal(choose(&a, 1, 1, 103), cases[i].server);
		assert_false(accounts_may_touch(&a, 0, 1));
	}
}

static void
by_its_id(void **state)
{
	struct accounts a = {0};

	(void)state;
	assert_false(accounts_may_touch(&a, 0, 5)); /* nothing is known */
	assert_true(accounts_discovered(&a, SPAN_LIT("</0/1>,</0/2>;ssid=7")));
	assert_false(accounts_may_touch(&a, 0, 1));
	assert_true(accounts_may_touch(&a, 0, 2));
	assert_true(accounts_may_touch(&a, 0, 5));
	assert_true(accounts_discovered(&a, SPAN_LIT("</0/1>,</0/2>;ssid=x")));
	assert_false(accounts_may_touch(&a, 0, 2)); /* not all could be read */
}

/* Somebody has said where ours is. */
static void
said_by_others(void **state)
{
	struct accounts a = {0};
	uint16_t instance = 9;

	(void)state;
	assert_false(accounts_ours(&a, &instance));
	accounts_own(&a, LWM2M_OBJECT(0));
	accounts_own(&a, LWM2M_INSTANCE(1, 0));
	accounts_own(&a, LWM2M_INSTANCE(3, 0));
	assert_int_equal(a.count, 0);
	accounts_own(&a, LWM2M_INSTANCE(0, CHOOSE_HIGH));
	accounts_own(&a, LWM2M_INSTANCE(21, CHOOSE_HIGH));
	assert_true(accounts_ours(&a, &instance));
	assert_int_equal(instance, CHOOSE_HIGH);
	assert_int_equal(choose(&a, 0, 1, 101), CHOOSE_HIGH + 1);
	assert_int_equal(choose(&a, 21, 1, 101), CHOOSE_HIGH + 1);
	assert_false(accounts_may_touch(&a, 0, CHOOSE_HIGH));
	assert_true(accounts_may_touch(&a, 0, 0));
	/* a reply of no use leaves that; one that is of use counts more */
	assert_false(accounts_discovered(&a, SPAN_LIT("</1/0>")));
	assert_true(accounts_ours(&a, &instance));
	assert_true(accounts_discovered(&a, SPAN_LIT("</0/3>")));
	assert_true(accounts_ours(&a, &instance));
	assert_int_equal(instance, 3);
	accounts_own(&a, LWM2M_INSTANCE(0, 5)); /* too late */
	assert_true(accounts_ours(&a, &instance));
	assert_int_equal(instance, 3);
}

/* /21: what belongs to our account is left alone. */
static void
oscore_contexts(void **state)
{
	struct accounts a = {0};

	(void)state;
	assert_true(accounts_discovered(
	    &a, SPAN_LIT("</0/0>,</21/0>,</21/1>;ssid=7,</21/2>;ssid=0")));
	assert_int_equal(choose(&a, 21, 1, 101), 2);
	assert_int_equal(choose(&a, 21, 2, 7), 1);
	assert_int_equal(choose(&a, 21, 3, 103), 3);
	assert_false(accounts_may_touch(&a, 21, 0));
	accounts_deleted(&a, LWM2M_OBJECT(21));
	assert_false(accounts_may_touch(&a, 21, 0));
	assert_int_equal(choose(&a, 21, 1, 101), 1);
}

/* More than are remembered: ours may be among those. */
static void
overflow(void **state)
{
	static char links[4096];
	struct accounts a = {0};
	size_t len = 0;

	(void)state;
	for (unsigned i = 0; i <= CHOOSE_KNOWN_MAX; i++)
		len += (size_t)snprintf(links + len, sizeof(links) - len,
		    "%s</0/%u>%s", i ? "," : "", i, i ? ";ssid=1" : "");
	assert_true(accounts_discovered(&a, span_of(links, len)));
	assert_true(a.overflow);
	assert_int_equal(choose(&a, 0, 1, 101), NONE);
	assert_false(accounts_may_touch(&a, 0, 200));
	/* nor where a Delete has made room: ours may be what did not fit */
	accounts_deleted(&a, LWM2M_OBJECT(0));
	assert_int_equal(a.count, 1);
	assert_int_equal(choose(&a, 0, 1, 101), NONE);
	assert_int_equal(choose(&a, 1, 1, 101), 0);
}

/* The numbers end, and the memory does. */
static void
no_instance_left(void **state)
{
	struct accounts a = {0};

	(void)state;
	for (uint16_t i = 0; i < CHOOSE_KNOWN_MAX; i++)
		assert_int_equal(choose(&a, 1, 1, (uint16_t)(i + 1)), i);
	assert_int_equal(choose(&a, 1, 1, 999), NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(usable),
	    cmocka_unit_test(once_chosen),
	    cmocka_unit_test(never_ours),
	    cmocka_unit_test(an_empty_slot),
	    cmocka_unit_test(what_a_delete_frees),
	    cmocka_unit_test(by_its_id),
	    cmocka_unit_test(said_by_others),
	    cmocka_unit_test(oscore_contexts),
	    cmocka_unit_test(overflow),
	    cmocka_unit_test(no_instance_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
