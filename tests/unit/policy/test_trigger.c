/* How a server is asked to send a device back. */
#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#define POLICY(trigger) \
	"identity: here\n" \
	"psk: {derive: birth}\n" \
	"---\n" \
	"policy: p\n" \
	"servers:\n" \
	"  - name: a\n" \
	"    short_server_id: 1\n" \
	"    uri: coaps://h\n" \
	"    security: {mode: psk, key: {derive: f}}\n" \
	"    trigger:\n" trigger

static bool
ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

/* Files are seen from the folder of the document; one is never read here. */
static void
test_a_request_as_it_is_written(void **state)
{
	struct policy_set *s = loaded_files(
	    POLICY("      url: https://h/api/clients/{endpoint}/1/0/9\n"
		   "      method: PUT\n"
		   "      headers: {Accept: text/plain, X-Server: \"{name}\"}\n"
		   "      body: \"{}\"\n"
		   "      authorization: {file: key.pem}\n"
		   "      ca: ca.pem\n"));
	const struct policy_trigger *t =
	    &server_at(policy_at(s, 0), 0)->trigger;

	(void)state;
	assert_string_equal(t->url, "https://h/api/clients/{endpoint}/1/0/9");
	assert_string_equal(t->method, "PUT");
	assert_int_equal(t->header_count, 2);
	assert_string_equal(t->headers[0], "Accept: text/plain");
	assert_string_equal(t->headers[1], "X-Server: {name}");
	assert_string_equal(t->body, "{}");
	assert_true(ends_with(t->authorization_file, "/key.pem"));
	assert_true(ends_with(t->ca_file, "/ca.pem"));
	policy_set_unref(s);
	s = loaded(POLICY("      url: http://h/\n"));
	t = &server_at(policy_at(s, 0), 0)->trigger;
	assert_string_equal(t->method, "POST");
	assert_int_equal(t->header_count, 0);
	assert_null(t->body);
	assert_null(t->authorization_file);
	assert_null(t->ca_file);
	policy_set_unref(s);
}

/* Whoever sends it is in another folder than who reads the policy. */
static void
test_files_are_found_from_anywhere(void **state)
{
	int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct policy_trigger *t;
	struct policy_set *s;
	struct folder f;
	struct diag *d = diag_new();

	(void)state;
	assert_true(here >= 0 && folder_init(&f));
	folder_put(&f, "ca.pem", SPAN_LIT("x"));
	folder_put(&f, "token", SPAN_LIT("Bearer x"));
	folder_put(&f, "t.yaml",
	    SPAN_LIT(POLICY("      url: https://h/\n"
			    "      authorization: {file: token}\n"
			    "      ca: ca.pem\n")));
	assert_int_equal(chdir(f.path), 0);
	assert_int_equal(policy_load("t.yaml", d, &s), RC_OK);
	assert_int_equal(fchdir(here), 0);
	close(here);
	t = &server_at(policy_at(s, 0), 0)->trigger;
	assert_string_equal(t->authorization_file, folder_path(&f, "token"));
	assert_string_equal(t->ca_file, folder_path(&f, "ca.pem"));
	policy_set_unref(s);
	diag_free(d);
	folder_fini(&f);
}

static void
test_what_is_no_request(void **state)
{
	(void)state;
	expect_files(POLICY("      method: DELETE\n"
			    "      headers: {Cookie: x, A: 1, B: \"{c}\"}\n"
			    "      body: \"{client}\"\n"
			    "      authorization: Bearer 0123456789\n"
			    "      ca: none.pem\n"
			    "      timeout: 3s\n"),
	    "11:7: error: servers[0].trigger: `url:` is missing\n"
	    "11:15: error: servers[0].trigger.method: \"DELETE\" is not "
	    "known; expected: POST, PUT or GET\n"
	    "12:25: error: servers[0].trigger.headers.Cookie: \"Cookie\": "
	    "holds a secret, and none is written in a policy; say "
	    "`authorization: {file: PATH}`\n"
	    "12:37: error: servers[0].trigger.headers.B: {c} is no "
	    "placeholder; "
	    "{endpoint}, {model}, {batch}, {policy}, {name} and {ssid} stand "
	    "here, and {{c}} writes it as it is\n"
	    "13:13: error: servers[0].trigger.body: {client} is no "
	    "placeholder; "
	    "{endpoint}, {model}, {batch}, {policy}, {name} and {ssid} stand "
	    "here, and {{client}} writes it as it is\n"
	    "14:22: error: servers[0].trigger.authorization: a secret in "
	    "clear; take it out of this file (and out of its history) and "
	    "keep it in a file of its own: {file: PATH}\n"
	    "15:11: error: servers[0].trigger.ca: \"none.pem\" cannot be "
	    "read: No such file or directory\n"
	    "16:7: error: servers[0].trigger.timeout: unknown key\n");
}

/* An endpoint with a quote or an ampersand in it says no more than its name. */
static void
test_a_body_with_a_name_in_it_is_json(void **state)
{
	(void)state;
	expect_files(POLICY("      url: https://h/\n"
			    "      headers: {content-type: text/xml}\n"
			    "      body: \"<d>{endpoint}</d>\"\n"),
	    "13:13: error: servers[0].trigger.body: what stands for a "
	    "placeholder is escaped as JSON, and not as the Content-Type wants "
	    "it; have it in the URL\n");
	/* JSON is what is said of a body where nothing is */
	policy_set_unref(loaded(POLICY("      url: https://h/\n"
				       "      body: '[\"{endpoint}\"]'\n")));
	policy_set_unref(loaded(
	    POLICY("      url: https://h/\n"
		   "      headers: {Content-Type: application/cwt+json}\n"
		   "      body: '[\"{name}\"]'\n")));
	/* a number is one in any type */
	policy_set_unref(
	    loaded(POLICY("      url: https://h/\n"
			  "      headers: {Content-Type: text/plain}\n"
			  "      body: \"ssid={ssid}\"\n")));
}

/* The token goes where everybody reads it; and the file may be to come. */
static void
test_what_is_worth_a_warning(void **state)
{
	(void)state;
	expect_files(POLICY("      url: http://h/\n"
			    "      authorization: {file: later.token}\n"),
	    "12:22: warning: servers[0].trigger.authorization: goes over the "
	    "network in clear with an http:// URL; https:// protects it\n"
	    "12:29: warning: servers[0].trigger.authorization.file: "
	    "\"later.token\": No such file or directory; no device can be "
	    "sent back until it is there\n");
	expect_findings(POLICY("      url: http://h/\n"
			       "      authorization: {file: key.pem}\n"
			       "      ca: ca.pem\n"),
	    "12:29: error: servers[0].trigger.authorization.file: "
	    "\"key.pem\" cannot be found: these documents come from no "
	    "folder\n"
	    "13:11: error: servers[0].trigger.ca: \"ca.pem\" cannot be "
	    "found: these documents come from no folder\n"
	    "13:11: error: servers[0].trigger.ca: nothing is trusted with an "
	    "http:// URL\n");
}

static void
test_the_number_of_headers_is_limited(void **state)
{
	(void)state;
	expect_findings(
	    POLICY("      url: http://h/\n"
		   "      headers: {A: 1, B: 1, C: 1, D: 1, E: 1, F: "
		   "1, G: 1, H: 1, I: 1}\n"),
	    "12:16: error: servers[0].trigger.headers: 9 headers; at most 8 "
	    "are expected\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_request_as_it_is_written),
	    cmocka_unit_test(test_files_are_found_from_anywhere),
	    cmocka_unit_test(test_what_is_no_request),
	    cmocka_unit_test(test_a_body_with_a_name_in_it_is_json),
	    cmocka_unit_test(test_what_is_worth_a_warning),
	    cmocka_unit_test(test_the_number_of_headers_is_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
