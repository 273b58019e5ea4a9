/* In what two policies differ, one line a difference: kind, whose, before,
 * after. */
#include "policy/differ.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#define IDENTITY "identity: factory\npsk: {derive: bootstrap-2026}\n---\n"
#define EU(n, uri, security) \
	"  - name: eu-" n "\n    short_server_id: 10" n "\n" \
	"    uri: coaps://" uri "\n    security: {" security "}\n"
#define KEY "mode: psk, key: {derive: fleet-2026}"
#define ONE(uri, security) "servers:\n" EU("1", uri, security)
#define PLAIN ONE("eu1.example", KEY)

enum { TEXT_MAX = 4096 };

static struct policy_set *
load(const char *policy)
{
	char text[TEXT_MAX];
	struct policy_set *set = NULL;
	struct diag *d = diag_new();

	(void)snprintf(text, sizeof(text), IDENTITY "policy: p\n%s", policy);
	if (policy_load_text("test.yaml", span_str(text), d, &set) != RC_OK) {
		diag_print(d, stderr);
		fail_msg("it does not load:\n%s", text);
	}
	diag_free(d);
	return set;
}

static void
say(void *ctx, const struct policy_difference *d)
{
	char *text = ctx;
	size_t len = strlen(text);

	(void)snprintf(text + len, TEXT_MAX - len, "%s %s: %s -> %s\n",
	    policy_change_name(d->kind), d->what, d->before ? d->before : "-",
	    d->after ? d->after : "-");
}

static void
differ(const char *before, const char *after, const char *want)
{
	struct policy_set *a = load(before), *b = load(after);
	char text[TEXT_MAX] = "";

	policy_differ(&a->policies[0], &b->policies[0], say, text);
	if (strcmp(text, want) != 0)
		fail_msg("from\n%sto\n%sexpected:\n%scame:\n%s", before, after,
		    want, text);
	/* and none with itself */
	text[0] = '\0';
	policy_differ(&b->policies[0], &b->policies[0], say, text);
	assert_string_equal(text, "");
	policy_set_unref(a);
	policy_set_unref(b);
}

static void
what_devices_do_not_notice(void **state)
{
	(void)state;
	differ(PLAIN, PLAIN, "");
	differ("description: a\norder: 1\nmatch: {endpoint: 'a*'}\n" PLAIN,
	    "description: b\norder: 7\nmatch: {endpoint: 'b*'}\n" PLAIN, "");
}

static void
servers(void **state)
{
	(void)state;
	differ(PLAIN, PLAIN EU("2", "eu2.example", KEY),
	    "server-added eu-2: - -> coaps://eu2.example\n");
	differ(PLAIN EU("2", "eu2.example", KEY), PLAIN,
	    "server-removed eu-2: coaps://eu2.example -> -\n");
	differ(PLAIN, ONE("eu9.example", KEY),
	    "server-moved eu-1: coaps://eu1.example -> coaps://eu9.example\n");
	/* another one in its place */
	differ(PLAIN, "servers:\n" EU("2", "eu2.example", KEY),
	    "server-moved eu-1: eu-1 coaps://eu1.example -> "
	    "eu-2 coaps://eu2.example\n"
	    "short-server-id eu-2 ssid: 101 -> 102\n");
	differ(PLAIN EU("2", "eu2.example", KEY),
	    "servers:\n" EU("2", "eu2.example", KEY)
		EU("1", "eu1.example", KEY),
	    "server-order servers: - -> -\n");
	differ("servers: []\n", PLAIN,
	    "server-added eu-1: - -> coaps://eu1.example\n");
}

static void
keys(void **state)
{
	(void)state;
	differ(PLAIN,
	    ONE("eu1.example",
		"mode: psk, key: {derive: fleet-2026, epoch: 2}"),
	    "key-epoch eu-1 epoch: 1 -> 2\n");
	differ(PLAIN,
	    ONE("eu1.example", "mode: psk, key: {derive: fleet-2027}"),
	    "key eu-1 key: derived fleet-2026 -> derived fleet-2027\n");
	differ(PLAIN,
	    ONE("eu1.example", "mode: psk, key: {random: seal, length: 16}"),
	    "key eu-1 key: derived fleet-2026 -> random seal, 16 bytes\n");
	differ(PLAIN, ONE("eu1.example", "mode: psk, key: {imported: theirs}"),
	    "key eu-1 key: derived fleet-2026 -> imported theirs\n");
	differ(PLAIN, ONE("eu1.example", KEY ", identity: 'x-{endpoint}'"),
	    "psk-identity eu-1 psk identity: {endpoint} -> x-{endpoint}\n");
	differ("servers:\n  - name: a\n    short_server_id: 1\n"
	       "    uri: coap://a.example\n    security: {mode: nosec}\n",
	    "servers:\n  - name: a\n    short_server_id: 1\n"
	    "    uri: coaps://a.example\n    security: {" KEY "}\n",
	    "server-moved a: coap://a.example -> coaps://a.example\n"
	    "security-mode a mode: nosec -> psk\n");
}

static void
settings_and_objects(void **state)
{
	(void)state;
	differ(PLAIN, PLAIN "    lifetime: 2d\n    binding: UQ\n",
	    "server-settings eu-1 lifetime: 86400 -> 172800\n"
	    "server-settings eu-1 binding: U -> UQ\n");
	differ(PLAIN, PLAIN "    min_period: 5s\n",
	    "server-settings eu-1 min_period: - -> 5\n");
	differ(PLAIN "objects:\n  /3/0: {14: '+01:00', 15: 'UTC'}\n",
	    PLAIN "objects:\n  /3/0: {14: '+02:00'}\n"
		  "  /2/0: {0: 3, 1: 0, 2: {101: 15}, 3: 101}\n",
	    "objects /3/0/14: +01:00 -> +02:00\n"
	    "objects /3/0/15: UTC -> -\n"
	    "objects /2/0/0: - -> 3\n"
	    "objects /2/0/1: - -> 0\n"
	    "objects /2/0/2/101: - -> 15\n"
	    "objects /2/0/3: - -> 101\n");
}

static void
the_rest_of_a_plan(void **state)
{
	(void)state;
	differ(PLAIN, PLAIN "clean: [/0, /1]\n", "clean clean: - -> /0 /1\n");
	differ(PLAIN, PLAIN "verify: discover\non_failure: clean\n",
	    "verify verify: none -> discover\n"
	    "on-failure on_failure: leave -> clean\n");
	differ(PLAIN, PLAIN "device: {max_message: 500B}\n",
	    "device max_message: 1024 -> 500\n");
	differ(PLAIN, PLAIN "bootstrap_account: rotate\n",
	    "bootstrap-account bootstrap_account: keep -> rotate\n");
	differ(PLAIN "clean: [/1]\n",
	    PLAIN "clean: [/1]\ndevice: {strict_delete: true}\n",
	    "clean clean: /1 -> /1 (answered 2.02)\n");
	/* of whom an object speaks */
	differ(
	    PLAIN EU("2", "eu2.example", KEY) "objects:\n  /2/0: {0: 1, 1: "
					      "{instance_of: eu-1}, 3: 101}\n",
	    PLAIN EU("2", "eu2.example", KEY) "objects:\n  /2/0: {0: 1, 1: "
					      "{instance_of: eu-2}, 3: 101}\n",
	    "objects /2/0: instance_of -> instance_of\n");
}

static void
what_is_tried_when_the_finish_is_refused(void **state)
{
	(void)state;
	differ(PLAIN,
	    PLAIN "device: {empty_keys: false}\n"
		  "correction: {device: {empty_keys: true}}\n",
	    "device empty_keys: true -> false\n"
	    "correction correction: - -> as written\n");
	differ(PLAIN "correction: {clean: [/0]}\n",
	    PLAIN "correction: {clean: [/1], "
		  "objects: {/3/0: {14: '+01:00'}}}\n",
	    "correction clean: /0 -> /1\n"
	    "correction /3/0/14: - -> +01:00\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_devices_do_not_notice),
	    cmocka_unit_test(servers),
	    cmocka_unit_test(keys),
	    cmocka_unit_test(settings_and_objects),
	    cmocka_unit_test(the_rest_of_a_plan),
	    cmocka_unit_test(what_is_tried_when_the_finish_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
