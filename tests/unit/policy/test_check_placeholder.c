/* Placeholders in documents: what is found, and where. */
#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define IDENTITY "identity: here\npsk: {derive: birth}\n---\n"
#define SERVER(uri, identity, more) \
	"servers:\n" \
	"  - {name: a, short_server_id: 101, uri: \"" uri "\", " \
	"security: {mode: psk, identity: \"" identity \
	"\", key: {derive: f}}" more "}\n"

/* `want` NULL: warnings are let pass. */
static struct policy_set *
with(const char *devices, const char *text, const char *want)
{
	struct policy_set *s;
	struct folder f;

	assert_true(folder_init(&f));
	if (devices)
		folder_put(&f, "devices.csv", span_str(devices));
	folder_put(&f, "t.yaml", span_str(text));
	s = expect_folder(&f, "t.yaml", want);
	folder_fini(&f);
	return s;
}

static void
test_a_word_that_is_none(void **state)
{
	(void)state;
	expect_findings(IDENTITY
	    "policy: p\n" SERVER("coaps://h/{modell}", "{endpont}",
		"") "objects:\n"
		    "  /3/0: {14: \"{ssid} {{ssid}} { ssid }\"}\n",
	    "6:42: error: servers[0].uri: {modell} is no placeholder; did you "
	    "mean {model}? {endpoint}, {model}, {batch}, {policy}, {name} and "
	    "{ssid} stand here, and {{modell}} writes it as it is\n"
	    "6:96: error: servers[0].security.identity: {endpont} is no "
	    "placeholder; did you mean {endpoint}? {endpoint}, {model}, "
	    "{batch}, {policy}, {name} and {ssid} stand here, and {{endpont}} "
	    "writes it as it is\n"
	    "8:14: error: objects[/3/0].14: what {ssid} stands for is not "
	    "known here; {endpoint}, {model}, {batch} and {policy} stand "
	    "here\n");
}

static void
test_of_an_identity_the_endpoint_alone(void **state)
{
	(void)state;
	expect_findings(
	    "identity: here\n"
	    "psk: {derive: birth, identity: \"{model}/{endpoint}\"}\n",
	    "1:1: warning: no policy names this identity: its devices are "
	    "refused\n"
	    "2:32: error: psk.identity: what {model} stands for is not known "
	    "here; {endpoint} stands alone here\n");
}

static void
test_what_nobody_may_know(void **state)
{
	static const char uses[] = IDENTITY
	    "policy: p\n" SERVER("coaps://h/{model}", "{endpoint}/{batch}", "");
	static const char matched[] =
	    IDENTITY "policy: p\nmatch: {model: \"*\"}\n" SERVER(
		"coaps://h/{model}", "{endpoint}", "") "---\n"
						       "devices: {file: "
						       "devices.csv}\n";

	(void)state;
	expect_findings(uses,
	    "6:42: warning: servers[0].uri: uses {model}, and the policy takes "
	    "devices without `match:` of it: a device of which no list of "
	    "`devices:` says its model gets nothing\n"
	    "6:95: warning: servers[0].security.identity: uses {batch}, and "
	    "the "
	    "policy takes devices without `match:` of it: a device of which no "
	    "list of `devices:` says its batch gets nothing\n");
	policy_set_unref(with("endpoint,model\nm,WM200\n", matched, ""));
}

/* The longest model that is listed, and the longest name of the profile. */
static void
test_what_gets_too_long(void **state)
{
	static const char text[] =
	    IDENTITY "policy: p\nmatch: {model: \"*\"}\ndevice: {endpoint_max: "
		     "64B}\n" SERVER("coaps://h", "{model}/{endpoint}",
			 "") "---\n"
			     "devices: {file: "
			     "devices.csv}\n";

	(void)state;
	policy_set_unref(with("endpoint,model\n"
			      "m,0123456789012345678901234567890123456789012345"
			      "67890123456789012\n",
	    text, ""));
	policy_set_unref(with("endpoint,model\n"
			      "m,0123456789012345678901234567890123456789012345"
			      "678901234567890123\n",
	    text,
	    "8:87: warning: servers[0].security.identity: gets 129 bytes long "
	    "for the longest names that are to be expected, and a PSK identity "
	    "has at most 128: such devices get nothing\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_word_that_is_none),
	    cmocka_unit_test(test_of_an_identity_the_endpoint_alone),
	    cmocka_unit_test(test_what_nobody_may_know),
	    cmocka_unit_test(test_what_gets_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
