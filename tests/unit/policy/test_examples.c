/* What users copy from works: the examples, and every block of the README. */
#include "expect.h"

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

static bool
is_yaml(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && strcmp(name + len - 5, ".yaml") == 0;
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

		if (!is_yaml(e->d_name))
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
	assert_true(count >= 9);
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

/* The files that the examples name, for the blocks of the README too. */
static void
put_companions(const struct folder *f)
{
	DIR *dir = opendir(POLICIES "/examples");
	struct dirent *e;

	assert_non_null(dir);
	while ((e = readdir(dir))) {
		char path[PATH_MAX], *content;

		if (e->d_name[0] == '.' || is_yaml(e->d_name))
			continue;
		snprintf(
		    path, sizeof(path), POLICIES "/examples/%s", e->d_name);
		content = read_text(path);
		folder_put(f, e->d_name, span_str(content));
		free(content);
	}
	closedir(dir);
}

static void
test_each_block_of_the_readme_loads(void **state)
{
	char *readme = read_text(POLICIES "/README.md");
	char *at = readme;
	unsigned count = 0;
	struct folder f;

	(void)state;
	assert_true(folder_init(&f));
	put_companions(&f);
	while ((at = strstr(at, "```yaml\n"))) {
		char *block = at + strlen("```yaml\n");
		char *end = strstr(block, "\n```");

		assert_non_null(end);
		end[1] = '\0';
		folder_put(&f, "t.yaml", span_str(block));
		policy_set_unref(expect_folder(&f, "t.yaml", NULL));
		at = end + 2;
		count++;
	}
	assert_true(count >= 3);
	folder_fini(&f);
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
	    "objects:", "verify:", "on_failure:", "until:", "imported:",
	    "certificate:", "trust:", "issue:", "ca:", "validity:",
	    "server_certificate:", "file:", "usage:", "matching:", "sni:",
	    "rpk:", "table:", "authority:", "certificate_profile:", "subject:",
	    "san_uri:", "san_dns:", "extended_key_usage:", "key_usage:",
	    "key_ids:", "backdate:", "random:", "length:", "server_key:",
	    "based_on:", "version:", "formats:", "level:", "levels:", "read:",
	    "pack:", "unknown_resources:", "zero_retries:", "block_size:",
	    "account_instance:", "oscore:", "access_control:", "key_max:",
	    "endpoint_max:", "echo:", "registration:", "priority:", "delay:",
	    "failure_block:", "bootstrap_on_failure:", "retry:", "count:",
	    "timer:", "sequence_count:", "sequence_delay:", "apn_link:",
	    "sms_trigger:", "preferred_transport:", "mute_send:",
	    "alternate_apn_links:", "server_versions:", "notification_mode:",
	    "profile_id_hash:", "resources:", "recipient_id:", "sender_id:",
	    "trigger:", "url:", "method:", "headers:", "body:",
	    "authorization:", "instance_of:", "bootstrap_account:", "rotate:",
	    "hold_off:", "timeout:", "correction:", "budget:", "datagrams:",
	    "bytes:", "round_trips:", "blocks:", "nb_iot:", "lte_m:",
	    "devices:", "regex:", "list:", "prefix:", "credential:", "issuer:",
	    "key_sha256:", "deny:", "quarantine:", "because:", "san:", "model:",
	    "batch:", "image:", "instance:", "format:", "options:", "serial:",
	    "pattern:", "label:", "payload:", "dpi:", "size:", "text:"};
	char *readme = read_text(POLICIES "/README.md");

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strstr(readme, keys[i]))
			fail_msg("%s is not in policies/README.md", keys[i]);
	free(readme);
}

/* "| `zephyr` | 1.1 | ... | 512B | none |" as the documents have it. */
static void
test_the_profiles_of_the_readme(void **state)
{
	char *readme = read_text(POLICIES "/README.md");
	struct policy_set *s = loaded_policy("policy: p\n");

	(void)state;
	for (size_t i = 0; i < s->profile_count; i++) {
		const struct policy_profile *p = &s->profiles[i];
		char row[256], block[16] = "none", account[16] = "unknown";

		if (p->block_size)
			snprintf(block, sizeof(block), "%zuB", p->block_size);
		if (p->account_instance >= 0)
			snprintf(account, sizeof(account), "/0/%d",
			    p->account_instance);
		snprintf(row, sizeof(row),
		    "| `%s` | %u.%u | %s | %s | %s | %zuB | %s | %s |", p->name,
		    p->version / 10, p->version % 10,
		    p->discover ? "yes" : "no", p->read ? "yes" : "no",
		    p->empty_keys ? "yes" : "no", p->max_message, block,
		    account);
		if (!strstr(readme, row))
			fail_msg("not in policies/README.md: %s", row);
	}
	policy_set_unref(s);
	free(readme);
}

/* Each file in policies/profiles is part of the programs, by its name, and that
 * of the default has every key. */
static void
test_each_profile_is_shipped(void **state)
{
	static const char *const keys[] = {"version", "formats", "level",
	    "levels", "discover", "read", "pack", "empty_keys", "strict_delete",
	    "unknown_resources", "zero_retries", "max_message", "block_size",
	    "account_instance", "security", "oscore", "access_control",
	    "key_max", "endpoint_max"};
	char *text = read_text(POLICIES "/profiles/default.yaml");
	struct policy_set *s = loaded_policy("policy: p\n");
	DIR *dir = opendir(POLICIES "/profiles");
	struct dirent *e;
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		char line[64];

		snprintf(line, sizeof(line), "\n%s: ", keys[i]);
		if (!strstr(text, line))
			fail_msg("default.yaml does not say %s", keys[i]);
	}
	assert_non_null(dir);
	while ((e = readdir(dir))) {
		bool found = false;

		for (size_t i = 0; i < s->profile_count; i++)
			found |= strncmp(e->d_name, s->profiles[i].name,
				     strlen(s->profiles[i].name)) == 0;
		if (is_yaml(e->d_name) && !found)
			fail_msg("%s is not shipped", e->d_name);
		count += is_yaml(e->d_name);
	}
	assert_int_equal(count, s->profile_count);
	closedir(dir);
	policy_set_unref(s);
	free(text);
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

/* What the certificate example says, and that its files are real. */
static void
test_the_certificates(void **state)
{
	const struct span pem = SPAN_LIT("-----BEGIN CERTIFICATE-----\n");
	const struct policy_server *server;
	const struct identity *id;
	struct policy_set *s;

	(void)state;
	assert_int_equal(
	    policy_load(POLICIES "/examples/x509-fleet.yaml", NULL, &s), RC_OK);
	id = identity_at(s, 0);
	assert_int_equal(id->kind, IDENTITY_CERTIFICATE);
	assert_true(span_starts(id->trust.bytes, pem));
	assert_true(span_starts(id->server.file.bytes, pem));
	assert_string_equal(id->issue.profile->name, "meter");
	server = server_at(policy_at(s, 0), 0);
	assert_int_equal(server->mode, SERVER_CERTIFICATE);
	assert_ptr_equal(server->issue.ca, &s->authorities[0]);
	assert_true(span_starts(s->authorities[0].certificate.bytes, pem));
	policy_set_unref(s);
}

/* The same for raw keys: one in each spelling of the table. */
static void
test_the_raw_keys(void **state)
{
	struct policy_set *s;
	const struct identity *id;

	(void)state;
	assert_int_equal(
	    policy_load(POLICIES "/examples/rpk-bench.yaml", NULL, &s), RC_OK);
	id = identity_at(s, 0);
	assert_int_equal(id->kind, IDENTITY_RPK);
	assert_int_equal(id->table_count, 3);
	assert_true(
	    span_starts(server_at(policy_at(s, 0), 0)->server.file.bytes,
		SPAN_LIT("-----BEGIN PUBLIC KEY-----\n")));
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
	    cmocka_unit_test(test_each_profile_is_shipped),
	    cmocka_unit_test(test_the_two_servers),
	    cmocka_unit_test(test_the_certificates),
	    cmocka_unit_test(test_the_raw_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
