/* In what a device is spoken to: the formats that are tried, one after
 * another, until none is left. */
#include "walked.h"

#include "lwm2m/format.h"

/** A Write of an instance with that head, and Finish. */
static struct session *
begun(int pct, const struct plan_head *h)
{
	const struct session_config c = {.pct = pct};
	struct plan_builder b;

	plan_begin(&b, h);
	plan_step(&b, PLAN_WRITE, 0, 0, LWM2M_INSTANCE(3, 0));
	walked_put(&b, LWM2M_RESOURCE(3, 0, 10), 1);
	walked_put(&b, LWM2M_RESOURCE(3, 0, 9), 100);
	plan_step(&b, PLAN_FINISH, 0, 0, LWM2M_ROOT);
	return walked_new(&c, &b);
}

/* A device that refuses each: the order, and that each is tried once. */
static void
the_order(void **state)
{
	static const struct {
		int pct;
		unsigned version;
		uint16_t profile[PLAN_FORMATS_MAX]; /* ended by 9999 */
		int order[SESSION_FORMATS_MAX]; /* ended by 9999 */
	} cases[] = {
	    {-1, 10, {9999}, {11542, 9999}},
	    {-1, 11, {9999}, {11542, 112, 110, 9999}},
	    {-1, 12, {9999}, {11542, 112, 110, 11544, 9999}},
	    {112, 10, {9999}, {112, 11542, 9999}},
	    {112, 11, {9999}, {112, 11542, 110, 9999}},
	    {110, 12, {9999}, {110, 11542, 112, 11544, 9999}},
	    {11544, 11, {9999}, {11544, 11542, 112, 110, 9999}},
	    {11543, 10, {9999}, {11543, 11542, 9999}},
	    {11542, 10, {9999}, {11542, 9999}},
	    {-1, 11, {112, 9999}, {112, 11542, 110, 9999}},
	    {110, 11, {112, 110, 9999}, {110, 112, 11542, 9999}},
	    /* older numbers, as they were said */
	    {-1, 10, {1542, 9999}, {1542, 11542, 9999}},
	    {1542, 10, {9999}, {1542, 11542, 9999}},
	    {-1, 10, {1543, 1542, 9999}, {1543, 1542, 11542, 9999}},
	    /* what is none, or holds one value, is no format for this */
	    {60, 11, {9999}, {11542, 112, 110, 9999}},
	    {0, 10, {0, 42, 60, 40, 7, 9999}, {11542, 9999}},
	    {99999, 10, {9999}, {11542, 9999}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct plan_head h = {
		    .max_message = 500,
		    .block_size = 1024,
		    .version = cases[i].version,
		    .own = LWM2M_ID_NONE,
		};
		struct session_verdict v;
		struct session *s;

		while (cases[i].profile[h.format_count] != 9999) {
			h.formats[h.format_count] =
			    cases[i].profile[h.format_count];
			h.format_count++;
		}
		s = begun(cases[i].pct, &h);
		for (size_t n = 0; cases[i].order[n] != 9999; n++) {
			int format = walked_format(s);

			if (format != cases[i].order[n])
				fail_msg(
				    "case %zu, the %zu. is %d", i, n, format);
			walked_answer(s, A_UNSUPPORTED_FORMAT);
		}
		v = walked_end(s);
		assert_int_equal(v.outcome, OUTCOME_FAILED);
		assert_int_equal(v.reason, REASON_FORMAT_REFUSED);
		assert_int_equal(v.code, A_UNSUPPORTED_FORMAT);
		assert_int_equal(v.format, -1);
	}
}

/* The longest list there can be fits. */
static void
all_at_once(void **state)
{
	const struct plan_head h = {
	    .max_message = 500,
	    .block_size = 1024,
	    .version = 12,
	    .own = LWM2M_ID_NONE,
	    .formats = {1542, 1543, 11543, 0, 42, 60, 1541, 1544},
	    .format_count = 8,
	};
	static const int order[] = {11544, 1542, 1543, 11543, 11542, 112, 110};
	struct session *s = begun(11544, &h);

	(void)state;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		assert_int_equal(walked_format(s), order[i]);
		walked_answer(s, A_UNSUPPORTED_FORMAT);
	}
	assert_int_equal(walked_end(s).reason, REASON_FORMAT_REFUSED);
}

static const struct plan_head singles = {
    .max_message = 500,
    .block_size = 1024,
    .version = 11,
    .own = LWM2M_ID_NONE,
    .formats = {FORMAT_TEXT, FORMAT_OPAQUE, FORMAT_CBOR, FORMAT_TLV},
    .format_count = 4,
    .ssids = {101},
    .account_count = 1,
};

static struct session *
of_single_values(void)
{
	const struct session_config c = {.pct = -1};
	struct secret key = {0};
	struct plan_builder b;

	plan_begin(&b, &singles);
	plan_step(&b, PLAN_WRITE, 0, 1, LWM2M_RESOURCE(0, 0, 2));
	walked_put(&b, LWM2M_RESOURCE(0, 0, 2), 0);
	plan_step(&b, PLAN_WRITE, 0, 1, LWM2M_RESOURCE(0, 0, 5));
	assert_int_equal(secret_set(&key, SPAN_LIT("\x01\xff key")), RC_OK);
	plan_put_secret(&b, LWM2M_RESOURCE(0, 0, 5), &key, "psk");
	secret_fini(&key);
	plan_step(&b, PLAN_WRITE, 0, 0, LWM2M_RESOURCE(2, 0, 2));
	walked_put(&b, (struct lwm2m_path){2, 0, 2, 101}, 15);
	walked_put(&b, (struct lwm2m_path){2, 0, 2, 102}, 1);
	plan_step(&b, PLAN_WRITE, 0, 0, LWM2M_INSTANCE(3, 0));
	walked_put(&b, LWM2M_RESOURCE(3, 0, 9), 100);
	plan_step(&b, PLAN_FINISH, 0, 0, LWM2M_ROOT);
	return walked_new(&c, &b);
}

/* One value goes in the first format that can carry it, several never in one
 * that holds one; that does not make it refused. */
static void
single_values(void **state)
{
	struct session *s = of_single_values();

	(void)state;
	assert_int_equal(walked_format(s), FORMAT_TEXT);
	walked_answer(s, A_CHANGED);
	assert_int_equal(walked_format(s), FORMAT_TEXT); /* base64 */
	walked_answer(s, A_UNSUPPORTED_FORMAT);
	assert_int_equal(walked_format(s), FORMAT_OPAQUE);
	walked_answer(s, A_CHANGED);
	assert_int_equal(walked_format(s), FORMAT_TLV);
	walked_answer(s, A_CHANGED);
	assert_int_equal(walked_format(s), FORMAT_TLV);
	walked_answer(s, A_CHANGED);
	(void)walked_command(s);
	walked_answer(s, A_CHANGED);
	assert_int_equal(walked_end(s).outcome, OUTCOME_OK);
}

/* Refused once, it is not tried again in any later step. */
static void
remembered(void **state)
{
	struct session *s = of_single_values();

	(void)state;
	assert_int_equal(walked_format(s), FORMAT_TEXT);
	walked_answer(s, A_UNSUPPORTED_FORMAT);
	assert_int_equal(walked_format(s), FORMAT_CBOR); /* no opaque number */
	walked_answer(s, A_NOT_ACCEPTABLE);
	assert_int_equal(walked_format(s), FORMAT_TLV);
	walked_answer(s, A_CHANGED);
	assert_int_equal(walked_format(s), FORMAT_OPAQUE);
	walked_answer(s, A_UNSUPPORTED_FORMAT);
	assert_int_equal(walked_format(s), FORMAT_TLV);
	walked_answer(s, A_UNSUPPORTED_FORMAT);
	assert_int_equal(walked_format(s), FORMAT_SENML_CBOR);
	walked_answer(s, A_CHANGED);
	assert_int_equal(walked_format(s), FORMAT_SENML_CBOR);
	walked_answer(s, A_BAD_REQUEST);
	assert_int_equal(walked_end(s).reason, REASON_WRITE_REFUSED);
}

/* A Bootstrap-Read is about several values: nothing is asked for that holds
 * one, whether the profile names it or the device does. */
static void
never_read_as_one_value(void **state)
{
	const struct session_config c = {.pct = FORMAT_CBOR};
	struct plan_builder b;
	struct session *s;

	(void)state;
	plan_begin(&b, &singles);
	plan_step(&b, PLAN_WRITE, 0, 0, LWM2M_RESOURCE(3, 0, 9));
	walked_put(&b, LWM2M_RESOURCE(3, 0, 9), 100);
	plan_step(&b, PLAN_READ, 0, 0, LWM2M_OBJECT(1));
	plan_step(&b, PLAN_FINISH, 0, 0, LWM2M_ROOT);
	s = walked_new(&c, &b);
	assert_int_equal(walked_format(s), FORMAT_TEXT); /* not by pct */
	walked_answer(s, A_CHANGED);
	assert_int_equal(walked_format(s), FORMAT_TLV);
	walked_answer_with(s, A_CONTENT, FORMAT_TLV, SPAN_LIT(""));
	(void)walked_command(s);
	walked_answer(s, A_CHANGED);
	assert_int_equal(walked_end(s).outcome, OUTCOME_OK);
}

/* A Write that needs blocks, and a device that takes none. */
static void
no_blocks(void **state)
{
	const struct session_config c = {.pct = -1};
	struct plan_head h = singles;
	static uint8_t text[600];
	struct session_verdict v;
	struct plan_builder b;
	struct session *s;

	(void)state;
	memset(text, 'x', sizeof(text));
	h.block_size = 0;
	plan_begin(&b, &h);
	plan_step(&b, PLAN_WRITE, 0, 0, LWM2M_INSTANCE(3, 0));
	plan_put(&b,
	    &(struct lwm2m_entry){LWM2M_RESOURCE(3, 0, 0),
		LWM2M_VALUE_STRING(span_of(text, sizeof(text)))});
	plan_step(&b, PLAN_FINISH, 0, 0, LWM2M_ROOT);
	s = walked_new(&c, &b);
	v = walked_end(s);
	assert_int_equal(v.reason, REASON_PLAN_TOO_LARGE);
	assert_int_equal(v.commands, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_order),
	    cmocka_unit_test(all_at_once),
	    cmocka_unit_test(single_values),
	    cmocka_unit_test(remembered),
	    cmocka_unit_test(never_read_as_one_value),
	    cmocka_unit_test(no_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
