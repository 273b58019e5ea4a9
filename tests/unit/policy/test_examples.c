/* What users copy from works: the examples, and every block of the README. */
#include "expect.h"

#include "policy/profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>

#define POLICIES SOURCE_ROOT "/policies"

static char *
read_text(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t len = 0;

	assert_non_null(f);
	assert_true(getdelim(&text, &len, '\0', f) > 0);
	fclose(f);
	return text;
}

static void
test_each_example_loads(void **state)
{
	DIR *dir = opendir(POLICIES "/examples");
	struct dirent *e;
	unsigned count = 0;

	(void)state;
	assert_non_null(dir);
	while ((e = readdir(dir))) {
		struct policy_set *s;
		char path[PATH_MAX];
		struct diag *d;

		if (e->d_name[0] == '.')
			continue;
		d = diag_new();
		snprintf(
		    path, sizeof(path), POLICIES "/examples/%s", e->d_name);
		if (policy_load(path, d, &s) != RC_OK)
			diag_print(d, stderr);
		assert_non_null(s);
		/* only NoSec is worth a warning in an example */
		for (size_t i = 0; i < diag_total(d); i++)
			assert_string_equal(
			    diag_get(d, i)->code, "policy-nosec");
		assert_true(s->identity_count > 0 && s->policy_count > 0);
		policy_set_unref(s);
		diag_free(d);
		count++;
	}
	closedir(dir);
	assert_true(count >= 3);
}

/* The demo serves them from one folder. */
static void
test_all_examples_together(void **state)
{
	struct diag *d = diag_new();
	struct policy_set *s;

	(void)state;
	assert_int_equal(policy_load(POLICIES "/examples", d, &s), RC_OK);
	assert_int_equal(diag_count(d, DIAG_WARNING), 1);
	policy_set_unref(s);
	diag_free(d);
}

static void
test_each_block_of_the_readme_loads(void **state)
{
	char *readme = read_text(POLICIES "/README.md");
	char *at = readme;
	unsigned count = 0;

	(void)state;
	while ((at = strstr(at, "```yaml\n"))) {
		char *block = at + strlen("```yaml\n");
		char *end = strstr(block, "\n```");

		assert_non_null(end);
		end[1] = '\0';
		policy_set_unref(loaded(block));
		at = end + 2;
		count++;
	}
	assert_true(count >= 2);
	free(readme);
}

/* The words of the grammar, each of which the README explains. */
static void
test_each_key_is_in_the_readme(void **state)
{
	static const char *const keys[] = {
	    "identity:", "endpoint:", "psk:", "derive:", "epoch:", "nosec:",
	    "network:", "policy:", "description:", "order:", "match:",
	    "device:", "profile:", "max_message:", "discover:", "empty_keys:",
	    "strict_delete:", "clean:", "servers:", "name:", "short_server_id:",
	    "uri:", "lifetime:", "binding:", "storing:", "min_period:",
	    "max_period:", "disable_timeout:", "security:", "mode:", "key:",
	    "objects:", "verify:", "on_failure:"};
	char *readme = read_text(POLICIES "/README.md");

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strstr(readme, keys[i]))
			fail_msg("%s is not in policies/README.md", keys[i]);
	free(readme);
}

/* "| `zephyr` | true | false | 512B |" as the table of the code has it. */
static void
test_the_profiles_of_the_readme(void **state)
{
	char *readme = read_text(POLICIES "/README.md");

	(void)state;
	for (size_t i = 0; i < PROFILE_COUNT; i++) {
		const struct policy_profile *p = &profiles[i];
		char row[128];

		snprintf(row, sizeof(row), "| `%s` | %s | %s | %zuB |", p->name,
		    p->discover ? "true" : "false",
		    p->empty_keys ? "true" : "false", p->max_message);
		if (!strstr(readme, row))
			fail_msg("not in policies/README.md: %s", row);
	}
	free(readme);
}

/* What the two-servers example says, as the set has it. */
static void
test_the_two_servers(void **state)
{
	struct policy_set *s;
	const struct policy_server *server;

	(void)state;
	assert_int_equal(
	    policy_load(POLICIES "/examples/two-servers.yaml", NULL, &s),
	    RC_OK);
	assert_string_equal(policy_at(s, 0)->name, "pilot");
	assert_string_equal(policy_at(s, 1)->name, "sensors");
	assert_int_equal(policy_at(s, 0)->server_count, 2);
	server = server_at(policy_at(s, 0), 1);
	assert_string_equal(server->psk_identity, "owner/{endpoint}");
	assert_int_equal(server->key.epoch, 3);
	policy_set_unref(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_example_loads),
	    cmocka_unit_test(test_all_examples_together),
	    cmocka_unit_test(test_each_block_of_the_readme_loads),
	    cmocka_unit_test(test_each_key_is_in_the_readme),
	    cmocka_unit_test(test_the_profiles_of_the_readme),
	    cmocka_unit_test(test_the_two_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
