/* The instances of one device in the Writes of a plan. */
#include "sample.h"

#include "bootstrap/resolve.h"
#include "lwm2m/object.h"

static const struct plan_head head = {
    .version = 11,
    .own = LWM2M_ID_NONE,
    .ssids = {101, 102},
    .account_count = 2,
};

static void
put(struct plan_builder *b, struct lwm2m_path path, int64_t n)
{
	plan_put(b, &(struct lwm2m_entry){path, LWM2M_VALUE_INTEGER(n)});
}

static void
finish(struct plan_builder *b, struct plan *out)
{
	struct secret bytes = {0};

	assert_int_equal(plan_end(b, &bytes, NULL), RC_OK);
	assert_int_equal(plan_decode(&bytes, out), RC_OK);
}

static void
discover(struct accounts *a, const char *links)
{
	*a = (struct accounts){0};
	assert_true(accounts_discovered(a, span_str(links)));
}

static void
path_is(struct lwm2m_path path, struct lwm2m_path expected)
{
	assert_int_equal(path_compare(path, expected), 0);
}

/* A Write of an object has several accounts; what is encoded is in order,
 * whatever instances they went to. */
static void
accounts_of_an_object(void **state)
{
	struct lwm2m_entry e[4];
	struct lwm2m_path path;
	struct plan_builder b;
	struct accounts a;
	struct plan p;

	(void)state;
	plan_begin(&b, &head);
	plan_step(&b, PLAN_WRITE, 0, 0, LWM2M_OBJECT(OBJECT_SERVER));
	plan_account(&b, 1);
	put(&b, LWM2M_RESOURCE(1, 0, 1), 11);
	put(&b, LWM2M_RESOURCE(1, 0, 0), 10);
	plan_account(&b, 2);
	put(&b, LWM2M_RESOURCE(1, 0, 0), 20);
	plan_account(&b, 0);
	put(&b, LWM2M_RESOURCE(1, 5, 0), 50);
	finish(&b, &p);
	/* the second account is there already, in front */
	discover(&a, "</0/0>,</1/0>;ssid=102,</1/1>;ssid=7");
	assert_int_equal(resolve_write(&p, &p.steps[0], &a, &path, e), RC_OK);
	path_is(path, LWM2M_OBJECT(OBJECT_SERVER));
	path_is(e[0].path, LWM2M_RESOURCE(1, 0, 0));
	assert_int_equal(e[0].value.integer, 20);
	path_is(e[1].path, LWM2M_RESOURCE(1, 2, 0));
	assert_int_equal(e[1].value.integer, 10);
	path_is(e[2].path, LWM2M_RESOURCE(1, 2, 1));
	path_is(e[3].path, LWM2M_RESOURCE(1, 5, 0));
	plan_fini(&p);
}

static void
a_resource_of_an_account(void **state)
{
	struct lwm2m_entry e[1];
	struct lwm2m_path path;
	struct plan_builder b;
	struct accounts a = {0};
	struct plan p;

	(void)state;
	plan_begin(&b, &head);
	plan_step(&b, PLAN_WRITE, 0, 2, LWM2M_RESOURCE(0, 0, 2));
	put(&b, LWM2M_RESOURCE(0, 0, 2), 3);
	finish(&b, &p);
	assert_int_equal(resolve_write(&p, &p.steps[0], &a, &path, e), RC_OK);
	path_is(path, LWM2M_RESOURCE(0, CHOOSE_HIGH + 1, 2));
	path_is(e[0].path, path);
	plan_fini(&p);
}

/* `/0/x/17` names an instance of /21 that is written later; `/2/x/1` one of /1
 * that was written before. */
static void
values_that_are_instances(void **state)
{
	const struct lwm2m_entry link = {
	    LWM2M_RESOURCE(0, 0, 17), {.type = LWM2M_OBJLNK, .link = {21, 0}}};
	const struct lwm2m_entry id = {
	    LWM2M_RESOURCE(2, 0, 1), LWM2M_VALUE_INTEGER(0)};
	struct lwm2m_entry e[1], w;
	struct lwm2m_path path;
	struct plan_builder b;
	struct accounts a;
	struct plan p;

	(void)state;
	plan_begin(&b, &head);
	plan_step(&b, PLAN_WRITE, 0, 1, LWM2M_INSTANCE(0, 0));
	plan_put_instance_of(&b, &link, 1, 21);
	plan_step(&b, PLAN_WRITE, 0, 1, LWM2M_INSTANCE(21, 0));
	put(&b, LWM2M_RESOURCE(21, 0, 3), 10);
	plan_step(&b, PLAN_WRITE, 0, 0, LWM2M_INSTANCE(2, 0));
	plan_put_instance_of(&b, &id, 2, 1);
	finish(&b, &p);
	discover(&a, "</0/0>,</1/0>;ssid=7,</21/0>,</21/1>;ssid=7");
	assert_false(resolve_written(&p, &p.entries[0], &a, &w));
	assert_int_equal(resolve_write(&p, &p.steps[0], &a, &path, e), RC_OK);
	assert_int_equal(e[0].value.link.object, 21);
	assert_int_equal(e[0].value.link.instance, 2);
	assert_int_equal(resolve_write(&p, &p.steps[1], &a, &path, e), RC_OK);
	path_is(path, LWM2M_INSTANCE(21, 2));
	assert_int_equal(resolve_write(&p, &p.steps[2], &a, &path, e), RC_OK);
	path_is(path, LWM2M_INSTANCE(2, 0));
	assert_int_equal(e[0].value.integer, 1);
	assert_true(resolve_written(&p, &p.entries[0], &a, &w));
	path_is(w.path, LWM2M_RESOURCE(0, 1, 17));
	assert_int_equal(w.value.link.instance, 2);
	plan_fini(&p);
}

/* Our own account: where Discover says, or somebody who knows. */
static void
our_account(void **state)
{
	static const struct {
		const char *links; /* NULL: not asked */
		int said;
		int instance; /* -1: none without risk */
	} cases[] = {
	    {"</0/3>,</0/1>;ssid=5", -1, 3},
	    {"</0/3>,</0/1>;ssid=5", 1, 3}, /* the device knows better */
	    {NULL, 1, 1},
	    {NULL, -1, -1},
	    {"</0/3>,</0/1>", -1, -1}, /* which of them? */
	    {"</0/3>,</0/1>", 1, -1},
	    {"</0/3>,</0/x>", -1, -1}, /* not all could be read */
	    {"</0/3>,</0/x>", 3, 3},
	    {"</0/3>,</0/x>", 1, -1},
	    {"</0/3>,</0/1>;ssid=5,</0/x>", 1, -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lwm2m_entry e[1];
		struct lwm2m_path path;
		struct plan_builder b;
		struct accounts a = {0};
		struct plan p;
		enum rc rc;

		plan_begin(&b, &head);
		plan_step(
		    &b, PLAN_WRITE, 0, PLAN_ACCOUNT_OURS, LWM2M_INSTANCE(0, 0));
		put(&b, LWM2M_RESOURCE(0, 0, 2), 0);
		finish(&b, &p);
		if (cases[i].said >= 0)
			accounts_own(
			    &a, LWM2M_INSTANCE(0, (uint16_t)cases[i].said));
		if (cases[i].links)
			assert_true(
			    accounts_discovered(&a, span_str(cases[i].links)));
		rc = resolve_write(&p, &p.steps[0], &a, &path, e);
		if (cases[i].instance < 0)
			assert_int_equal(rc, RC_CONFLICT);
		else
			assert_int_equal(rc, RC_OK);
		if (rc == RC_OK)
			assert_int_equal(path.instance, cases[i].instance);
		plan_fini(&p);
	}
}

/* What a plan names by its ID is looked at, in a Write of an object too. */
static void
never_over_ours(void **state)
{
	static const struct {
		const char *links;
		struct lwm2m_path step, entry;
		enum rc rc;
	} cases[] = {
	    {"</0/1>,</21/4>", {0, 1, 0xffff, 0xffff}, {0, 1, 2, 0xffff},
		RC_CONFLICT},
	    {"</0/1>,</21/4>", {0, 0xffff, 0xffff, 0xffff}, {0, 1, 2, 0xffff},
		RC_CONFLICT},
	    {"</0/1>,</21/4>", {0, 2, 2, 0xffff}, {0, 2, 2, 0xffff}, RC_OK},
	    {"</0/1>,</0/x>", {0, 2, 2, 0xffff}, {0, 2, 2, 0xffff},
		RC_CONFLICT},
	    {"</0/1>,</21/4>", {21, 4, 0xffff, 0xffff}, {21, 4, 3, 0xffff},
		RC_CONFLICT},
	    {"</0/1>,</21/4>", {21, 5, 0xffff, 0xffff}, {21, 5, 3, 0xffff},
		RC_OK},
	    {"</0/1>,</1/4>", {1, 4, 0xffff, 0xffff}, {1, 4, 3, 0xffff}, RC_OK},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lwm2m_entry e[1];
		struct lwm2m_path path;
		struct plan_builder b;
		struct accounts a;
		struct plan p;

		plan_begin(&b, &head);
		plan_step(&b, PLAN_WRITE, 0, 0, cases[i].step);
		put(&b, cases[i].entry, 3);
		finish(&b, &p);
		discover(&a, cases[i].links);
		assert_int_equal(
		    resolve_write(&p, &p.steps[0], &a, &path, e), cases[i].rc);
		plan_fini(&p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(accounts_of_an_object),
	    cmocka_unit_test(a_resource_of_an_account),
	    cmocka_unit_test(values_that_are_instances),
	    cmocka_unit_test(our_account),
	    cmocka_unit_test(never_over_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
