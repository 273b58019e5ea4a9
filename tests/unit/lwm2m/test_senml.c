#include "lwm2m/senml.h"
#include "vectors.h"

struct step {
	struct lwm2m_path path;
	const char *base; /* "": not written again */
	const char *name;
};

static void
expect(struct senml_names *s, const struct step *steps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct senml_record_name n;

		senml_names_next(s, steps[i].path, &n);
		assert_bytes("bn", n.base, span_str(steps[i].base));
		assert_bytes("n", n.name, span_str(steps[i].name));
	}
}

static void
test_the_base_is_the_request_path(void **state)
{
	static const struct step instance[] = {
	    {AT(0, 1, 0), "/0/1/", "0"},
	    {AT(0, 1, 10), "", "10"},
	    {AT4(0, 1, 16, 0), "", "16/0"},
	};
	static const struct step object[] = {
	    {AT(0, 1, 0), "/0/", "1/0"},
	    {AT(0, 2, 0), "", "2/0"},
	};
	static const struct step resource[] = {{AT(0, 0, 3), "/0/0/3", ""}};
	static const struct step multiple[] = {
	    {AT4(2, 0, 2, 0), "/2/0/2/", "0"},
	    {AT4(2, 0, 2, 101), "", "101"},
	};
	struct senml_names s;

	(void)state;
	senml_names_init(&s, LWM2M_INSTANCE(0, 1));
	expect(&s, instance, COUNT(instance));
	senml_names_init(&s, LWM2M_OBJECT(0));
	expect(&s, object, COUNT(object));
	senml_names_init(&s, LWM2M_RESOURCE(0, 0, 3));
	expect(&s, resource, COUNT(resource));
	senml_names_init(&s, LWM2M_RESOURCE(2, 0, 2));
	expect(&s, multiple, COUNT(multiple));
}

static void
test_a_pack_has_a_base_per_instance(void **state)
{
	static const struct step steps[] = {
	    {AT(0, 1, 0), "/0/1/", "0"},
	    {AT(0, 1, 1), "", "1"},
	    {AT(0, 2, 0), "/0/2/", "0"},
	    {AT(1, 2, 0), "/1/2/", "0"},
	    {AT4(65534, 65534, 65534, 65534), "/65534/65534/", "65534/65534"},
	};
	struct senml_names s;

	(void)state;
	senml_names_init(&s, LWM2M_ROOT);
	expect(&s, steps, COUNT(steps));
}

static void
test_absolute_names_need_no_base(void **state)
{
	static const struct step steps[] = {
	    {AT(0, 1, 0), "", "/0/1/0"},
	    {AT(1, 0, 0), "", "/1/0/0"},
	    {AT4(65534, 65534, 65534, 65534), "", "/65534/65534/65534/65534"},
	};
	struct senml_names s;

	(void)state;
	senml_names_init_absolute(&s);
	expect(&s, steps, COUNT(steps));
}

static void
test_base_and_name_are_joined_as_text(void **state)
{
	static const struct {
		const char *base, *name;
	} same[] = {
	    {"/0/1/", "16"},
	    {"", "/0/1/16"},
	    {"/0/1/16", ""},
	    {"/0/1/1", "6"},
	    {"/", "0/1/16"},
	};
	static const struct {
		const char *base, *name;
	} bad[] = {
	    {"", ""},
	    {"/0/1", "16/"},
	    {"/0/1/", "/16"},
	    {"0/1/", "16"},
	    {"/0/01/", "16"},
	    {"urn:dev:x:/0/1/", "16"},
	    {"/65534/65534/65534/65534", "/65534"},
	};
	struct lwm2m_path p;

	(void)state;
	for (size_t i = 0; i < COUNT(same); i++) {
		assert_int_equal(senml_resolve(span_str(same[i].base),
				     span_str(same[i].name), &p),
		    RC_OK);
		assert_int_equal(path_compare(p, LWM2M_RESOURCE(0, 1, 16)), 0);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(senml_resolve(span_str(bad[i].base),
				     span_str(bad[i].name), &p),
		    RC_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_base_is_the_request_path),
	    cmocka_unit_test(test_a_pack_has_a_base_per_instance),
	    cmocka_unit_test(test_absolute_names_need_no_base),
	    cmocka_unit_test(test_base_and_name_are_joined_as_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
