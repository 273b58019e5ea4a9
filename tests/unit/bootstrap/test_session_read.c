/* Bootstrap-Read: what the device says it has, against what was written. */
#include "walked.h"

#include "lwm2m/format.h"
#include "lwm2m/object.h"

static const struct plan_head head = {
    .max_message = 500,
    .block_size = 1024,
    .version = 12,
    .own = LWM2M_ID_NONE,
    .ssids = {101},
    .account_count = 1,
};

static const struct session_config tlv_first = {.pct = FORMAT_TLV};

/** Write of `/1/@1` (101, 86400, true), Delete of /1 before; Read; Finish. */
static void
build(struct plan_builder *b)
{
	plan_begin(b, &head);
	plan_step(b, PLAN_DELETE, 0, 0, LWM2M_OBJECT(1));
	plan_step(b, PLAN_WRITE, 0, 1, LWM2M_INSTANCE(1, 0));
	walked_put(b, LWM2M_RESOURCE(1, 0, 0), 101);
	walked_put(b, LWM2M_RESOURCE(1, 0, 1), 86400);
	plan_put(b,
	    &(struct lwm2m_entry){
		LWM2M_RESOURCE(1, 0, 6), LWM2M_VALUE_BOOLEAN(true)});
	plan_put(b,
	    &(struct lwm2m_entry){
		LWM2M_RESOURCE(1, 0, 13), LWM2M_VALUE_UNSIGNED(7)});
	plan_step(b, PLAN_READ, 0, 0, LWM2M_OBJECT(1));
	plan_step(b, PLAN_FINISH, 0, 0, LWM2M_ROOT);
}

static struct session *
asked(const struct session_config *c)
{
	struct plan_builder b;
	struct session *s;

	build(&b);
	s = walked_new(c, &b);
	(void)walked_command(s);
	walked_answer(s, A_DELETED);
	(void)walked_command(s);
	walked_answer(s, A_CHANGED);
	return s;
}

/** What the device has: rows of (instance, resource, number). */
struct row {
	uint16_t instance, resource;
	int64_t number;
};

static struct span
encoded(
    int format, const struct row *rows, size_t count, uint8_t *buf, size_t cap)
{
	struct lwm2m_entry e[16];
	struct writer w;

	assert_true(count <= 16);
	for (size_t i = 0; i < count; i++) {
		e[i].path =
		    LWM2M_RESOURCE(1, rows[i].instance, rows[i].resource);
		e[i].value = LWM2M_VALUE_INTEGER(rows[i].number);
		if (object_type(e[i].path) == LWM2M_BOOLEAN)
			e[i].value = LWM2M_VALUE_BOOLEAN(rows[i].number != 0);
		if (object_type(e[i].path) == LWM2M_UNSIGNED)
			e[i].value =
			    LWM2M_VALUE_UNSIGNED((uint64_t)rows[i].number);
	}
	writer_init(&w, buf, cap);
	assert_int_equal(
	    lwm2m_encode(format, LWM2M_OBJECT(1), e, count, &w), RC_OK);
	return writer_span(&w);
}

static const int formats[] = {FORMAT_TLV, FORMAT_SENML_CBOR, FORMAT_SENML_JSON,
    FORMAT_OMA_JSON, FORMAT_LWM2M_CBOR};

enum { FORMATS = sizeof(formats) / sizeof(formats[0]) };

static const struct row right[] = {
    {0, 0, 101}, {0, 1, 86400}, {0, 6, 1}, {0, 11, 4}, {0, 13, 7}};

/* Whatever it has beside; in each format. */
static void
all_is_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < FORMATS; i++) {
		const struct session_config c = {.pct = formats[i]};
		struct session *s = asked(&c);
		uint8_t buf[512];

		assert_int_equal(walked_format(s), formats[i]);
		walked_answer_with(s, A_CONTENT, formats[i],
		    encoded(formats[i], right, 5, buf, sizeof(buf)));
		(void)walked_command(s);
		walked_answer(s, A_CHANGED);
		assert_int_equal(walked_end(s).outcome, OUTCOME_OK);
	}
}

/* What it answers in says its Content-Format; without one, what was asked. */
static void
another_format_than_asked(void **state)
{
	struct session *s = asked(&tlv_first);
	uint8_t buf[512];

	(void)state;
	assert_int_equal(walked_format(s), FORMAT_TLV);
	walked_answer_with(s, A_CONTENT, FORMAT_SENML_JSON,
	    encoded(FORMAT_SENML_JSON, right, 5, buf, sizeof(buf)));
	(void)walked_command(s);
	walked_answer(s, A_CHANGED);
	assert_int_equal(walked_end(s).outcome, OUTCOME_OK);
	s = asked(&tlv_first);
	(void)walked_command(s);
	walked_answer_with(
	    s, A_CONTENT, -1, encoded(FORMAT_TLV, right, 5, buf, sizeof(buf)));
	(void)walked_command(s);
	walked_answer(s, A_CHANGED);
	assert_int_equal(walked_end(s).outcome, OUTCOME_OK);
}

static void
other_than_was_written(void **state)
{
	static const struct row wrong[][4] = {
	    {{0, 0, 102}, {0, 1, 86400}, {0, 6, 1}, {0, 13, 7}},
	    {{0, 0, 101}, {0, 1, 86401}, {0, 6, 1}, {0, 13, 7}},
	    {{0, 0, 101}, {0, 1, 86400}, {0, 6, 0}, {0, 13, 7}},
	    {{0, 0, 101}, {0, 1, 86400}, {0, 6, 1}, {0, 13, 8}},
	    {{0, 0, 101}, {0, 1, 86400}, {0, 6, 1}, {0, 14, 7}},
	    {{1, 0, 101}, {1, 1, 86400}, {1, 6, 1}, {1, 13, 7}},
	    {{0, 0, 101}, {0, 1, 86400}, {0, 6, 1}, {1, 13, 7}},
	};

	(void)state;
	for (size_t f = 0; f < FORMATS; f++)
		for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
			const struct session_config c = {.pct = formats[f]};
			struct session *s = asked(&c);
			struct session_verdict v;
			uint8_t buf[512];

			(void)walked_command(s);
			walked_answer_with(s, A_CONTENT, formats[f],
			    encoded(formats[f], wrong[i], 4, buf, sizeof(buf)));
			v = walked_end(s);
			assert_int_equal(v.reason, REASON_VERIFY_MISMATCH);
			assert_int_equal(v.step, 2);
			assert_int_equal(v.code, A_CONTENT);
		}
}

/* An object without instances is an empty body. */
static void
nothing_at_all(void **state)
{
	struct session *s = asked(&tlv_first);

	(void)state;
	(void)walked_command(s);
	walked_answer(s, A_CONTENT);
	assert_int_equal(walked_end(s).reason, REASON_VERIFY_MISMATCH);
}

static void
no_answer_to_read(void **state)
{
	static const uint8_t codes[] = {A_BAD_REQUEST, A_NOT_FOUND,
	    A_NOT_ALLOWED, A_NOT_IMPLEMENTED, A_INTERNAL, A_CHANGED, 0x81};

	(void)state;
	for (size_t i = 0; i < sizeof(codes); i++) {
		struct session *s = asked(&tlv_first);
		struct session_verdict v;

		(void)walked_command(s);
		walked_answer(s, codes[i]);
		v = walked_end(s);
		assert_int_equal(v.reason, REASON_VERIFY_UNAVAILABLE);
		assert_int_equal(v.code, codes[i]);
	}
}

/* 4.06: the same in the next format, until there is none. It can be written
 * in nevertheless. */
static void
formats_that_are_not_given(void **state)
{
	struct session *s = asked(&tlv_first);
	struct session_verdict v;

	(void)state;
	assert_int_equal(walked_format(s), FORMAT_TLV);
	walked_answer(s, A_NOT_ACCEPTABLE);
	assert_int_equal(walked_format(s), FORMAT_SENML_CBOR);
	walked_answer(s, A_UNSUPPORTED_FORMAT);
	assert_int_equal(walked_format(s), FORMAT_SENML_JSON);
	walked_answer(s, A_NOT_ACCEPTABLE);
	assert_int_equal(walked_format(s), FORMAT_LWM2M_CBOR);
	walked_answer(s, A_NOT_ACCEPTABLE);
	v = walked_end(s);
	assert_int_equal(v.reason, REASON_VERIFY_UNAVAILABLE);
	assert_int_equal(v.code, A_NOT_ACCEPTABLE);
}

/* Bodies that are none, in each format, with and without a name. */
static void
junk(void **state)
{
	static const struct span bodies[] = {
	    {(const uint8_t *)"\xff", 1},
	    {(const uint8_t *)"\x08\x00\x02\xc1", 4}, /* cut off */
	    /* the same resource twice */
	    {(const uint8_t *)"\x08\x00\x06\xc1\x00\x65\xc1\x00\x65", 9},
	    {(const uint8_t *)"\x9f\x9f\x9f\x9f\x9f\x9f\x9f\x9f", 8},
	    {(const uint8_t *)"\x9b\xff\xff\xff\xff\xff\xff\xff\xff", 9},
	    {(const uint8_t *)"\x81\xa1\x00\x7b\xff\xff\xff\xff\xff\xff\xff",
		11},
	    {(const uint8_t *)"[[[[[[[[[[[[[[[[", 16},
	    {(const uint8_t *)"[{\"bn\":\"/1/0/\",\"n\":\"0\",\"v\":1},"
			      "{\"n\":\"0\",\"v\":1}]",
		48},
	    {(const uint8_t *)"[{\"n\":\"/0/0/5\",\"vs\":\"x\"}]", 25},
	    {(const uint8_t *)"\x00", 1},
	};

	(void)state;
	for (size_t f = 0; f < FORMATS; f++)
		for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]);
		     i++) {
			const struct session_config c = {.pct = formats[f]};
			struct session *s = asked(&c);
			struct session_verdict v;

			(void)walked_command(s);
			walked_answer_with(
			    s, A_CONTENT, i % 2 ? formats[f] : -1, bodies[i]);
			v = walked_end(s);
			assert_int_equal(v.outcome, OUTCOME_FAILED);
			assert_true(v.reason == REASON_VERIFY_UNAVAILABLE ||
			    v.reason == REASON_VERIFY_MISMATCH);
		}
}

/* More values than any plan writes. */
static void
more_than_is_remembered(void **state)
{
	struct session *s = asked(&tlv_first);
	static uint8_t body[8 * (PLAN_ENTRIES_MAX + 1)];
	struct writer w;

	(void)state;
	(void)walked_command(s);
	writer_init(&w, body, sizeof(body));
	for (unsigned i = 0; i <= PLAN_ENTRIES_MAX; i++) {
		writer_be(&w, 0x23, 1); /* instance of a 16-bit ID, 3 bytes */
		writer_be(&w, i, 2);
		writer_be(&w, 0xc10001, 3);
	}
	walked_answer_with(s, A_CONTENT, FORMAT_TLV, writer_span(&w));
	assert_int_equal(walked_end(s).reason, REASON_VERIFY_UNAVAILABLE);
}

/* What was written twice counts as it was last; what was deleted since is not
 * asked for. */
static void
the_last_word_counts(void **state)
{
	static const struct row has[] = {{0, 0, 101}, {0, 1, 60}};
	struct plan_builder b;
	struct session *s;
	uint8_t buf[128];

	(void)state;
	plan_begin(&b, &head);
	plan_step(&b, PLAN_WRITE, 0, 0, LWM2M_INSTANCE(1, 7));
	walked_put(&b, LWM2M_RESOURCE(1, 7, 0), 5);
	plan_step(&b, PLAN_WRITE, 0, 1, LWM2M_INSTANCE(1, 0));
	walked_put(&b, LWM2M_RESOURCE(1, 0, 0), 101);
	walked_put(&b, LWM2M_RESOURCE(1, 0, 1), 86400);
	plan_step(&b, PLAN_DELETE, 0, 0, LWM2M_INSTANCE(1, 7));
	plan_step(&b, PLAN_WRITE, 0, 1, LWM2M_RESOURCE(1, 0, 1));
	walked_put(&b, LWM2M_RESOURCE(1, 0, 1), 60);
	plan_step(&b, PLAN_READ, 0, 0, LWM2M_OBJECT(1));
	plan_step(&b, PLAN_FINISH, 0, 0, LWM2M_ROOT);
	s = walked_new(&tlv_first, &b);
	for (unsigned i = 0; i < 4; i++) {
		uint8_t method = walked_command(s)->method;

		walked_answer(s, method == 4 ? A_DELETED : A_CHANGED);
	}
	(void)walked_command(s);
	walked_answer_with(s, A_CONTENT, FORMAT_TLV,
	    encoded(FORMAT_TLV, has, 2, buf, sizeof(buf)));
	(void)walked_command(s);
	walked_answer(s, A_CHANGED);
	assert_int_equal(walked_end(s).outcome, OUTCOME_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_is_there),
	    cmocka_unit_test(another_format_than_asked),
	    cmocka_unit_test(other_than_was_written),
	    cmocka_unit_test(nothing_at_all),
	    cmocka_unit_test(no_answer_to_read),
	    cmocka_unit_test(formats_that_are_not_given),
	    cmocka_unit_test(junk),
	    cmocka_unit_test(more_than_is_remembered),
	    cmocka_unit_test(the_last_word_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
