/* Values by the type that the tables give a resource. */
#include "expect.h"
#include "policy/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct fixture {
	struct load load;
	struct yaml_ctx ctx;
	struct arena *trees;
	struct diag *diag;
	struct lwm2m_value value;
};

static int
setup(void **state)
{
	static struct fixture f;

	f = (struct fixture){0};
	f.load.arena = arena_new(0);
	f.trees = arena_new(0);
	f.diag = diag_new();
	f.ctx = (struct yaml_ctx){f.diag, "t"};
	*state = &f;
	return f.load.arena && f.trees && f.diag ? 0 : -1;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	arena_free(f->load.arena);
	arena_free(f->trees);
	diag_free(f->diag);
	return 0;
}

static const struct lwm2m_resource of_string = {
    .name = "s", .type = LWM2M_STRING};
static const struct lwm2m_resource of_one_letter = {
    .name = "one letter", .type = LWM2M_STRING, .min = 1, .max = 1};
static const struct lwm2m_resource of_integer = {
    .name = "i", .type = LWM2M_INTEGER};
static const struct lwm2m_resource of_byte = {
    .name = "byte", .type = LWM2M_UNSIGNED, .max = 255};
static const struct lwm2m_resource of_unsigned = {
    .name = "u", .type = LWM2M_UNSIGNED};
static const struct lwm2m_resource of_float = {
    .name = "f", .type = LWM2M_FLOAT};
static const struct lwm2m_resource of_boolean = {
    .name = "b", .type = LWM2M_BOOLEAN};
static const struct lwm2m_resource of_opaque = {
    .name = "o", .type = LWM2M_OPAQUE};
static const struct lwm2m_resource of_six = {
    .name = "six", .type = LWM2M_OPAQUE, .min = 6, .max = 6};
static const struct lwm2m_resource of_time = {.name = "t", .type = LWM2M_TIME};
static const struct lwm2m_resource of_link = {
    .name = "l", .type = LWM2M_OBJLNK};
static const struct lwm2m_resource of_nothing = {
    .name = "x", .type = LWM2M_NONE};

/* Read `text` as one YAML value. */
static bool
reads(struct fixture *f, const struct lwm2m_resource *r, const char *text)
{
	struct yaml_doc *docs;
	char list[8200];

	snprintf(list, sizeof(list), "- %s", text);
	assert_int_equal(
	    yaml_parse(f->trees, f->diag, "t", span_str(list), &docs), RC_OK);
	return load_value(
	    &f->load, &f->ctx, docs->root->children, r, &f->value);
}

static void
test_what_is_a_value(void **state)
{
	struct fixture *f = *state;

	assert_true(reads(f, &of_string, "abc"));
	assert_true(span_is(f->value.bytes, "abc"));
	assert_true(reads(f, &of_string, "\"\""));
	assert_int_equal(f->value.bytes.len, 0);
	assert_true(reads(f, &of_string, "12"));
	assert_true(span_is(f->value.bytes, "12"));
	assert_true(reads(f, &of_integer, "-9223372036854775808"));
	assert_true(f->value.integer == INT64_MIN);
	assert_true(reads(f, &of_unsigned, "9223372036854775807"));
	assert_true(f->value.number == INT64_MAX);
	assert_true(reads(f, &of_byte, "255"));
	assert_int_equal(f->value.number, 255);
	assert_true(reads(f, &of_float, "-12.5e1"));
	assert_true(f->value.real == -125.0);
	assert_true(reads(f, &of_float, "7"));
	assert_true(f->value.real == 7.0);
	assert_true(reads(f, &of_boolean, "true"));
	assert_true(f->value.boolean);
	assert_true(reads(f, &of_opaque, "hex:00fF"));
	assert_true(span_equal(f->value.bytes, span_of("\0\xff", 2)));
	assert_true(reads(f, &of_opaque, "b64:AP8="));
	assert_true(span_equal(f->value.bytes, span_of("\0\xff", 2)));
	assert_true(reads(f, &of_opaque, "text:00ff"));
	assert_true(span_is(f->value.bytes, "00ff"));
	assert_true(reads(f, &of_opaque, "\"hex:\""));
	assert_int_equal(f->value.bytes.len, 0);
	assert_true(reads(f, &of_six, "text:sixsix"));
	assert_true(reads(f, &of_time, "1767225600"));
	assert_true(f->value.integer == 1767225600);
	assert_true(reads(f, &of_link, "\"65535:65535\""));
	assert_int_equal(f->value.link.object, 65535);
	assert_true(reads(f, &of_link, "11:2"));
	assert_int_equal(f->value.link.object, 11);
	assert_int_equal(f->value.link.instance, 2);
	assert_int_equal(diag_total(f->diag), 0);
}

static void
test_what_is_none(void **state)
{
	static const struct {
		const struct lwm2m_resource *r;
		const char *text, *code;
	} t[] = {
	    {&of_string, "", "yaml-empty"},
	    {&of_string, "~", "yaml-empty"},
	    {&of_string, "[a]", "yaml-type"},
	    {&of_one_letter, "UT", "policy-value-length"},
	    {&of_one_letter, "\"\"", "policy-value-length"},
	    {&of_integer, "1.0", "yaml-number"},
	    {&of_integer, "0x10", "yaml-number"},
	    {&of_integer, "010", "yaml-number"},
	    {&of_integer, "+1", "yaml-number"},
	    {&of_integer, "\"1\"", "yaml-number"},
	    {&of_integer, "9223372036854775808", "yaml-number"},
	    {&of_integer, "-9223372036854775809", "yaml-number"},
	    {&of_unsigned, "-1", "yaml-range"},
	    {&of_byte, "256", "yaml-range"},
	    {&of_float, ".inf", "policy-value"},
	    {&of_float, "nan", "policy-value"},
	    {&of_float, "0x1p3", "policy-value"},
	    {&of_float, "1e999", "policy-value"},
	    {&of_float, "1.2.3", "policy-value"},
	    {&of_float, "\"1\"", "policy-value"},
	    {&of_boolean, "yes", "yaml-boolean"},
	    {&of_boolean, "1", "yaml-boolean"},
	    {&of_opaque, "00ff", "policy-value"},
	    {&of_opaque, "hex:0", "policy-value"},
	    {&of_opaque, "hex:0g", "policy-value"},
	    {&of_opaque, "b64:A", "policy-value"},
	    {&of_six, "hex:00", "policy-value-length"},
	    {&of_link, "3", "policy-value"},
	    {&of_link, "\"3:\"", "policy-value"},
	    {&of_link, "3:65536", "policy-value"},
	    {&of_link, "3:0:0", "policy-value"},
	    {&of_nothing, "1", "policy-executable"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		if (reads(f, t[i].r, t[i].text))
			fail_msg("%s is read as %s", t[i].text, t[i].r->name);
		assert_int_equal(diag_total(f->diag), i + 1);
		assert_string_equal(diag_get(f->diag, i)->code, t[i].code);
	}
}

/* Bytes that were refused may be key bytes in the wrong place. */
static void
test_bytes_are_not_shown(void **state)
{
	struct fixture *f = *state;

	assert_false(reads(f, &of_opaque, "c0ffeec0ffee"));
	assert_null(strstr(diag_get(f->diag, 0)->text, "c0ffee"));
}

static void
test_a_value_has_a_limit(void **state)
{
	struct fixture *f = *state;
	char text[8194];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(reads(f, &of_string, text));
	assert_string_equal(diag_get(f->diag, 0)->code, "policy-value-length");
	text[sizeof(text) - 2] = '\0';
	assert_true(reads(f, &of_string, text));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_what_is_a_value, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_what_is_none, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_bytes_are_not_shown, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_a_value_has_a_limit, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
