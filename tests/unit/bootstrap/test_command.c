/* One step as one request. */
#include "sample.h"

#include "bootstrap/command.h"
#include "lwm2m/format.h"
#include "lwm2m/object.h"

enum { GET = 1, POST = 2, PUT = 3, DELETE = 4 };

/** "/0/7", "/bs" of the request's segments. */
static void
goes_to(const struct command *c, const char *path)
{
	uint8_t text[64];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	for (size_t i = 0; i < c->out.path_count; i++) {
		writer_str(&w, "/");
		writer_put(&w, c->out.path[i]);
	}
	assert_true(span_is(writer_span(&w), path));
}

static void
each_step(void **state)
{
	struct command c = {0};
	struct accounts a = {0};
	struct plan p;

	(void)state;
	sample_plan(&sample_usual, &p);

	assert_int_equal(
	    command_make(&c, &p, &a, &p.steps[0], FORMAT_TLV), RC_OK);
	assert_int_equal(c.out.method, GET);
	goes_to(&c, ""); /* "/" is no Uri-Path at all */
	assert_int_equal(c.out.accept, FORMAT_LINK);
	assert_int_equal(c.out.content_format, -1);
	assert_ptr_equal(c.out.step, &p.steps[0]);

	assert_int_equal(
	    command_make(&c, &p, &a, &p.steps[1], FORMAT_TLV), RC_OK);
	assert_int_equal(c.out.method, DELETE);
	goes_to(&c, "/0");
	assert_int_equal(c.out.accept, -1);

	assert_int_equal(
	    command_make(&c, &p, &a, &p.steps[2], FORMAT_TLV), RC_OK);
	assert_int_equal(c.out.method, PUT);
	goes_to(&c, "/0/100");
	assert_int_equal(c.out.content_format, FORMAT_TLV);
	assert_int_equal(c.out.accept, -1);
	assert_true(c.out.payload.len > 0);

	assert_int_equal(
	    command_make(&c, &p, &a, &p.steps[5], FORMAT_TLV), RC_OK);
	assert_int_equal(c.out.method, POST);
	goes_to(&c, "/bs");
	assert_int_equal(c.out.content_format, -1);
	assert_int_equal(c.out.payload.len, 0);
	assert_int_equal(c.payload.len, 0); /* the key is gone */

	command_delete(&c, LWM2M_INSTANCE(1, 0));
	assert_int_equal(c.out.method, DELETE);
	goes_to(&c, "/1/0");
	assert_null(c.out.step);
	command_fini(&c);
	plan_fini(&p);
}

/* The entries of the plan stand at instance 0; what is sent is about the
 * instance that was chosen. */
static void
the_chosen_instance(void **state)
{
	static const int formats[] = {FORMAT_TLV, FORMAT_SENML_CBOR};
	struct command c = {0};
	struct accounts a = {0};
	struct plan p;

	(void)state;
	sample_plan(&sample_usual, &p);
	for (size_t f = 0; f < 2; f++) {
		struct lwm2m_entry entries[16];
		uint8_t scratch[256];
		struct writer w;
		size_t count;

		assert_int_equal(
		    command_make(&c, &p, &a, &p.steps[2], formats[f]), RC_OK);
		writer_init(&w, scratch, sizeof(scratch));
		assert_int_equal(
		    lwm2m_decode(formats[f], LWM2M_INSTANCE(0, CHOOSE_HIGH),
			c.out.payload, &w, entries, 16, &count),
		    RC_OK);
		assert_int_equal(count, 4);
		assert_true(span_is(entries[3].value.bytes, sample_usual.key));
	}
	command_fini(&c);
	plan_fini(&p);
}

/** A plan with one Write of `len` bytes of text. */
static void
write_of(size_t len, size_t max_message, size_t block_max, struct plan *out)
{
	static uint8_t text[PLAN_BYTES_MAX];
	struct lwm2m_entry e = {
	    LWM2M_RESOURCE(3, 0, 0), LWM2M_VALUE_STRING(span_of(text, len))};
	struct secret bytes = {0};
	struct plan_builder b;

	memset(text, 'x', sizeof(text));
	plan_begin(&b,
	    &(struct plan_head){
		.max_message = max_message,
		.block_size = block_max,
		.version = 11,
		.own = LWM2M_ID_NONE,
	    });
	plan_step(&b, PLAN_WRITE, 0, 0, LWM2M_INSTANCE(3, 0));
	plan_put(&b, &e);
	assert_int_equal(plan_end(&b, &bytes, NULL), RC_OK);
	assert_int_equal(plan_decode(&bytes, out), RC_OK);
}

/* max_message is of the whole CoAP message: what goes whole has 20 bytes around
 * it here, a block at most 42. */
static void
block_sizes(void **state)
{
	enum { REFUSED = 0 };
	static const struct {
		size_t text, max_message, block_max, block;
	} cases[] = {
	    {400, 500, 1024, 1024}, /* fits: whole */
	    {476, 500, 1024, 1024},
	    {477, 500, 1024, 256},
	    {476, 500, 0, 1024},
	    {477, 500, 0, REFUSED},
	    {1021, 1200, 0, REFUSED}, /* above the largest block */
	    {1021, 1200, 1024, 1024},
	    {3000, 500, 1024, 256},
	    {3000, 500, 64, 64},
	    {3000, 500, 63, 32},
	    {3000, 500, 1, 16},
	    {3000, 1280, 1024, 1024},
	    {3000, 1280, 4000, 1024},
	    {3000, 1066, 1024, 1024},
	    {3000, 1065, 1024, 512},
	    {3000, 100, 1024, 32},
	    {3000, 58, 1024, 16},
	    {3000, 20, 1024, 16},
	    {3000, 0, 1024, 16},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct command c = {0};
		struct accounts a = {0};
		struct plan p;
		enum rc rc;

		write_of(cases[i].text, cases[i].max_message,
		    cases[i].block_max, &p);
		rc = command_make(&c, &p, &a, &p.steps[0], FORMAT_TLV);
		if (cases[i].block == REFUSED)
			assert_int_equal(rc, RC_TOO_LARGE);
		else
			assert_int_equal(rc, RC_OK);
		if (rc == RC_OK)
			assert_int_equal(c.out.block_size, cases[i].block);
		command_fini(&c);
		plan_fini(&p);
	}
}

/* The largest value a plan can hold can be sent. */
static void
large_payloads(void **state)
{
	struct command c = {0};
	struct accounts a = {0};
	struct plan p;

	(void)state;
	write_of(32000, 500, 1024, &p);
	assert_int_equal(
	    command_make(&c, &p, &a, &p.steps[0], FORMAT_SENML_CBOR), RC_OK);
	assert_true(c.out.payload.len > 32000);
	assert_int_equal(c.out.block_size, 256);
	command_fini(&c);
	plan_fini(&p);
}

static void
a_format_that_cannot_be_written(void **state)
{
	struct command c = {0};
	struct accounts a = {0};
	struct plan p;

	(void)state;
	sample_plan(&sample_usual, &p);
	assert_int_equal(
	    command_make(&c, &p, &a, &p.steps[2], FORMAT_TEXT), RC_UNSUPPORTED);
	command_fini(&c);
	plan_fini(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_step),
	    cmocka_unit_test(the_chosen_instance),
	    cmocka_unit_test(block_sizes),
	    cmocka_unit_test(large_payloads),
	    cmocka_unit_test(a_format_that_cannot_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
