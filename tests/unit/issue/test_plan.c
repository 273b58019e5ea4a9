/* What a policy compiles to: its plan, one line a step. "@1" is the instance
 * that is chosen for the first account, "@me" the device's own account; "5*" is
 * a secret, "17=@1" a value that is the instance chosen for the first account.
 * The keys themselves: tests/integration/hsm. */
#include "issue/issue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#define IDENTITY \
	"identity: factory\n" \
	"psk: {derive: bootstrap-2026, epoch: [1, 2]}\n" \
	"---\n"
#define SERVER(n) \
	"  - name: eu" n "\n" \
	"    short_server_id: 10" n "\n" \
	"    uri: coaps://eu" n ".example\n" \
	"    security: {mode: psk, key: {derive: fleet-2026}}\n"

enum { TEXT_MAX = 8192, NOW_S = 1764000000 };

struct compiled {
	struct policy_set *set;
	struct issue_rules *rules;
	struct issuer issuer;
	struct issue_decision decision;
	struct plan plan;
	char text[TEXT_MAX];
	size_t len;
};

PRINTF_LIKE(2, 3)
static void
say(struct compiled *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	c->len += (size_t)vsnprintf(
	    c->text + c->len, sizeof(c->text) - c->len, fmt, ap);
	va_end(ap);
	assert_true(c->len < sizeof(c->text));
}

static void
say_instance(struct compiled *c, unsigned account, uint16_t instance)
{
	if (account == PLAN_ACCOUNT_OURS)
		say(c, "@me");
	else if (account != 0)
		say(c, "@%u", account);
	else
		say(c, "%u", instance);
}

static void
say_path(struct compiled *c, struct lwm2m_path p, unsigned account)
{
	if (path_depth(p) == 0)
		say(c, "/");
	if (path_depth(p) > 0)
		say(c, "/%u", p.object);
	if (path_depth(p) > 1) {
		say(c, "/");
		say_instance(c, account, p.instance);
	}
	if (path_depth(p) > 2)
		say(c, "/%u", p.resource);
}

static void
say_entry(
    struct compiled *c, const struct plan_step *s, const struct plan_entry *e)
{
	say(c, " ");
	if (path_depth(s->path) == 1) {
		say_instance(c, e->account, e->entry.path.instance);
		say(c, "/");
	}
	say(c, "%u", e->entry.path.resource);
	if (e->entry.path.resource_instance != LWM2M_ID_NONE)
		say(c, ".%u", e->entry.path.resource_instance);
	if (e->secret)
		say(c, "*");
	if (e->resolve)
		say(c, "=@%u", e->resolve);
}

static const char *
method_of(enum plan_op op)
{
	switch (op) {
	case PLAN_DISCOVER:
		return "DISCOVER";
	case PLAN_DELETE:
		return "DELETE";
	case PLAN_WRITE:
		return "PUT";
	case PLAN_VERIFY:
		return "VERIFY";
	case PLAN_READ:
		return "READ";
	case PLAN_FINISH:
		return "FINISH";
	}
	return "?";
}

static void
say_plan(struct compiled *c)
{
	for (size_t i = 0; i < c->plan.step_count; i++) {
		const struct plan_step *s = &c->plan.steps[i];

		say(c, "%s", method_of(s->op));
		if (s->op != PLAN_FINISH) {
			say(c, " ");
			say_path(c, s->path, s->account);
		}
		for (size_t n = 0; n < s->entry_count; n++)
			say_entry(c, s, &c->plan.entries[s->entry_first + n]);
		say(c, "\n");
	}
}

static void
load(struct compiled *c, const char *yaml)
{
	struct diag *d = diag_new();
	enum rc rc;

	*c = (struct compiled){0};
	rc = policy_load_text("test.yaml", span_str(yaml), d, &c->set);
	if (rc == RC_OK)
		rc = issue_rules_new(c->set, NULL, d, &c->rules);
	if (rc != RC_OK) {
		diag_print(d, stderr);
		fail_msg("these documents do not load:\n%s", yaml);
	}
	diag_free(d);
	c->issuer = (struct issuer){.rules = c->rules, .now_s = NOW_S};
}

/* The same beside a list of devices. */
static void
load_beside(struct compiled *c, const char *yaml, const char *devices)
{
	const struct policy_set_file files[] = {
	    {.name = "devices.csv", .bytes = span_str(devices)},
	    {.name = "t.yaml", .bytes = span_str(yaml)},
	};
	struct diag *d = diag_new();
	enum rc rc;

	*c = (struct compiled){0};
	rc = policy_load_files("t.yaml", files, 2, d, &c->set);
	if (rc == RC_OK)
		rc = issue_rules_new(c->set, NULL, d, &c->rules);
	if (rc != RC_OK) {
		diag_print(d, stderr);
		fail_msg("these documents do not load:\n%s", yaml);
	}
	diag_free(d);
	c->issuer = (struct issuer){.rules = c->rules, .now_s = NOW_S};
}

static void
compile(struct compiled *c)
{
	assert_int_equal(issue_plan(&c->issuer, &c->set->policies[0],
			     SPAN_LIT("dev-1"), &c->decision),
	    RC_OK);
	assert_int_equal(plan_decode(&c->decision.plan, &c->plan), RC_OK);
	say_plan(c);
}

static void
unload(struct compiled *c)
{
	plan_fini(&c->plan);
	issue_decision_fini(&c->decision);
	issue_rules_unref(c->rules);
	policy_set_unref(c->set);
}

static void
compiles_to(const char *yaml, const char *text)
{
	struct compiled c;

	load(&c, yaml);
	compile(&c);
	if (strcmp(c.text, text) != 0)
		fail_msg("expected:\n%scame:\n%s", text, c.text);
	unload(&c);
}

static const struct plan_entry *
entry_at(const struct compiled *c, struct lwm2m_path path, unsigned account)
{
	for (size_t i = 0; i < c->plan.entry_count; i++)
		if (path_compare(c->plan.entries[i].entry.path, path) == 0 &&
		    c->plan.entries[i].account == account)
			return &c->plan.entries[i];
	fail_msg("not there");
	return NULL;
}

static void
instances(void **state)
{
	(void)state;
	compiles_to(IDENTITY "policy: p\n"
			     "clean: [/0, /1]\n"
			     "servers:\n" SERVER("1")
				 SERVER("2") "objects:\n"
					     "  /11/0: {0: main, 4: 3}\n"
					     "  /11/1: {0: spare, 4: 3}\n",
	    "DISCOVER /\n"
	    "DELETE /0\n"
	    "DELETE /1\n"
	    "PUT /0/@1 0 1 2 3 4 5* 10\n"
	    "PUT /0/@2 0 1 2 3 4 5* 10\n"
	    "PUT /1/@1 0 1 6 7\n"
	    "PUT /1/@2 0 1 6 7\n"
	    "PUT /11/0 0 4\n"
	    "PUT /11/1 0 4\n"
	    "FINISH\n");
}

/* All of an object at once. */
static void
objects(void **state)
{
	(void)state;
	compiles_to(IDENTITY
	    "policy: p\n"
	    "device: {profile: anjay, level: object, discover: false}\n"
	    "servers:\n" SERVER("1") SERVER("2") "objects:\n"
						 "  /11/0: {0: main, 4: 3}\n"
						 "  /3/0: {14: '+01:00'}\n"
						 "  /11/1: {0: spare, 4: 3}\n",
	    "PUT /0 @1/0 @1/1 @1/2 @1/3 @1/5* @1/10"
	    " @2/0 @2/1 @2/2 @2/3 @2/5* @2/10\n"
	    "PUT /1 @1/0 @1/1 @1/6 @1/7 @2/0 @2/1 @2/6 @2/7\n"
	    "PUT /3 0/14\n"
	    "PUT /11 0/0 0/4 1/0 1/4\n"
	    "FINISH\n");
}

/* One value a Write; a resource of several values is one, too. */
static void
resources(void **state)
{
	(void)state;
	compiles_to(IDENTITY
	    "policy: p\n"
	    "device: {profile: anjay, level: resource, discover: false}\n"
	    "servers:\n" SERVER(
		"1") "objects:\n"
		     "  /2/0: {0: 3, 1: 0, 2: {101: 15, 102: 1}, 3: 101}\n",
	    "PUT /0/@1/0 0\n"
	    "PUT /0/@1/1 1\n"
	    "PUT /0/@1/2 2\n"
	    "PUT /0/@1/3 3\n"
	    "PUT /0/@1/5 5*\n"
	    "PUT /0/@1/10 10\n"
	    "PUT /1/@1/0 0\n"
	    "PUT /1/@1/1 1\n"
	    "PUT /1/@1/6 6\n"
	    "PUT /1/@1/7 7\n"
	    "PUT /2/0/0 0\n"
	    "PUT /2/0/1 1\n"
	    "PUT /2/0/2 2.101 2.102\n"
	    "PUT /2/0/3 3\n"
	    "FINISH\n");
}

/* Two accounts of one resource are two Writes, though both stand at 0. */
static void
resources_of_two_accounts(void **state)
{
	struct compiled c;
	unsigned writes = 0;

	(void)state;
	load(&c,
	    IDENTITY "policy: p\n"
		     "device: {profile: anjay, level: resource}\n"
		     "servers:\n" SERVER("1") SERVER("2"));
	compile(&c);
	for (size_t i = 0; i < c.plan.step_count; i++) {
		writes += c.plan.steps[i].op == PLAN_WRITE;
		if (c.plan.steps[i].op == PLAN_WRITE)
			assert_int_equal(c.plan.steps[i].entry_count, 1);
	}
	assert_int_equal(writes, 20);
	unload(&c);
}

/* `/21` and the links to it; an access control entry about an instance that
 * nobody knows before; all typed by the tables. */
static void
links_between_objects(void **state)
{
	static const char yaml[] = IDENTITY
	    "policy: p\n"
	    "device: {profile: default, version: 1.2, oscore: true,"
	    " access_control: true, discover: true, empty_keys: false}\n"
	    "servers:\n" SERVER("1") "  - name: eu2\n"
				     "    short_server_id: 102\n"
				     "    uri: coap://eu2.example\n"
				     "    security:\n"
				     "      mode: nosec\n"
				     "      oscore:\n"
				     "        key: {derive: oscore-2026}\n"
				     "        recipient_id: '01'\n"
				     "objects:\n"
				     "  /2/0: {0: 1, 1: {instance_of: eu2}, 2: "
				     "{102: 3}, 3: 102}\n";
	struct compiled c;
	const struct plan_entry *e;
	static const uint8_t sender[] = {
	    0x03, 0x88, 0xfb, 0x62, 0x6c, 0xa8, 0x9a};

	(void)state;
	compiles_to(yaml,
	    "DISCOVER /\n"
	    "PUT /0/@1 0 1 2 3 5* 10\n"
	    "PUT /0/@2 0 1 2 10 17=@2\n"
	    "PUT /21/@2 0* 1 2\n"
	    "PUT /1/@1 0 1 6 7\n"
	    "PUT /1/@2 0 1 6 7\n"
	    "PUT /2/0 0 1=@2 2.102 3\n"
	    "FINISH\n");
	load(&c, yaml);
	compile(&c);
	e = entry_at(&c, LWM2M_RESOURCE(0, 0, 17), 2);
	assert_int_equal(e->resolve_object, 21);
	assert_int_equal(e->entry.value.type, LWM2M_OBJLNK);
	e = entry_at(&c, LWM2M_RESOURCE(2, 0, 1), 0);
	assert_int_equal(e->resolve_object, 1);
	e = entry_at(&c, LWM2M_RESOURCE(21, 0, 0), 2);
	assert_true(
	    span_is(e->label, "oscore oscore-2026 purpose 3 ssid 102 epoch 1"));
	e = entry_at(&c, LWM2M_RESOURCE(21, 0, 1), 2);
	assert_true(
	    span_equal(e->entry.value.bytes, span_of(sender, sizeof(sender))));
	e = entry_at(&c, LWM2M_RESOURCE(21, 0, 2), 2);
	assert_true(span_is(e->entry.value.bytes, "\x01"));
	assert_int_equal(c.decision.credential_count, 2);
	assert_true(c.decision.credentials[1].oscore);
	assert_int_equal(c.decision.credentials[1].short_server_id, 102);
	unload(&c);
}

/* What a client of 1.0 would refuse is left out where its profile says so. */
static void
resources_unknown_to_the_version(void **state)
{
	static const struct {
		bool refuses;
		unsigned version;
		const char *text;
	} cases[] = {
	    {true, 12, "PUT /1/@1 0 1 6 7 13 26\n"},
	    {true, 11, "PUT /1/@1 0 1 6 7 13\n"},
	    {true, 10, "PUT /1/@1 0 1 6 7\n"},
	    {false, 10, "PUT /1/@1 0 1 6 7 13 26\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct compiled c;
		struct policy *p;

		load(&c,
		    IDENTITY
		    "policy: p\n"
		    "device: {profile: anjay}\n"
		    "servers:\n" SERVER("1") "    resources: {13: 1, 26: 1}\n");
		/* no document may say that, only take it from a profile */
		memcpy(&p, &c.set->policies, sizeof(p));
		p->device.refuses_unknown = cases[i].refuses;
		p->device.version = cases[i].version;
		compile(&c);
		if (!strstr(c.text, cases[i].text))
			fail_msg(
			    "expected:\n%scame:\n%s", cases[i].text, c.text);
		unload(&c);
	}
}

static void
verified(void **state)
{
	(void)state;
	compiles_to(IDENTITY
	    "policy: p\n"
	    "device: {profile: anjay, access_control: true}\n"
	    "servers:\n" SERVER(
		"1") "objects:\n"
		     "  /2/0: {0: 3, 1: 0, 2: {101: 15}, 3: 101}\n"
		     "verify: read\n",
	    "DISCOVER /\n"
	    "PUT /0/@1 0 1 2 3 5* 10\n"
	    "PUT /1/@1 0 1 6 7\n"
	    "PUT /2/0 0 1 2.101 3\n"
	    "READ /1\n"
	    "READ /2\n"
	    "FINISH\n");
	compiles_to(IDENTITY "policy: p\n"
			     "device: {profile: anjay}\n"
			     "servers:\n" SERVER("1") "verify: read\n",
	    "DISCOVER /\n"
	    "PUT /0/@1 0 1 2 3 5* 10\n"
	    "PUT /1/@1 0 1 6 7\n"
	    "READ /1\n"
	    "FINISH\n");
}

/* All accounts once more, another way, with the keys that they have. */
static void
corrected(void **state)
{
	static const char yaml[] = IDENTITY
	    "policy: p\n"
	    "device: {profile: anjay, empty_keys: false, discover: false}\n"
	    "clean: [/0]\n"
	    "servers:\n" SERVER("1")
		SERVER("2") "correction:\n"
			    "  device: {empty_keys: true}\n"
			    "  clean: [/1]\n"
			    "  objects: {/3/0: {14: '+01:00'}}\n";
	struct compiled c;

	(void)state;
	compiles_to(yaml,
	    "DELETE /0\n"
	    "PUT /0/@1 0 1 2 3 5* 10\n"
	    "PUT /0/@2 0 1 2 3 5* 10\n"
	    "PUT /1/@1 0 1 6 7\n"
	    "PUT /1/@2 0 1 6 7\n"
	    "FINISH\n"
	    "DELETE /1\n"
	    "PUT /0/@1 0 1 2 3 4 5* 10\n"
	    "PUT /0/@2 0 1 2 3 4 5* 10\n"
	    "PUT /1/@1 0 1 6 7\n"
	    "PUT /1/@2 0 1 6 7\n"
	    "PUT /3/0 14\n"
	    "FINISH\n");
	load(&c, yaml);
	compile(&c);
	assert_int_equal(plan_first_finish(&c.plan), 5);
	/* nothing is issued twice */
	assert_int_equal(c.decision.credential_count, 2);
	unload(&c);
}

static const char rotating[] = IDENTITY "policy: p\n"
					"match: {identity: factory}\n"
					"device: {profile: anjay}\n"
					"bootstrap_account:\n"
					"  rotate: true\n"
					"  uri: coaps://boot.example\n"
					"  hold_off: 10s\n"
					"servers:\n" SERVER("1");

/* Its own account is written last, and looked at. */
static void
rotated(void **state)
{
	struct compiled c;
	const struct plan_entry *e;

	(void)state;
	compiles_to(rotating,
	    "DISCOVER /\n"
	    "PUT /0/@1 0 1 2 3 5* 10\n"
	    "PUT /1/@1 0 1 6 7\n"
	    "PUT /0/@me 0 1 2 3 5* 11\n"
	    "VERIFY /\n"
	    "FINISH\n");
	load(&c, rotating);
	compile(&c);
	e = entry_at(&c, LWM2M_RESOURCE(0, 0, 0), PLAN_ACCOUNT_OURS);
	assert_true(span_is(e->entry.value.bytes, "coaps://boot.example"));
	e = entry_at(&c, LWM2M_RESOURCE(0, 0, 1), PLAN_ACCOUNT_OURS);
	assert_true(e->entry.value.boolean);
	/* the key that it will come by: that of the newest epoch */
	e = entry_at(&c, LWM2M_RESOURCE(0, 0, 5), PLAN_ACCOUNT_OURS);
	assert_true(
	    span_is(e->label, "psk bootstrap-2026 purpose 1 ssid 0 epoch 2"));
	assert_int_equal(c.decision.credential_count, 2);
	assert_int_equal(c.decision.credentials[1].short_server_id, 0);
	assert_int_equal(c.decision.credentials[1].epoch, 2);
	assert_int_equal(c.plan.head.own, 1);
	unload(&c);
}

/* Who has come by the newest key has it already. */
static void
rotated_once(void **state)
{
	static const struct {
		uint32_t epoch;
		bool written;
	} cases[] = {{0, true}, {1, true}, {2, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct compiled c;

		load(&c, rotating);
		c.decision.peer.identity = &c.set->identities[0];
		c.decision.peer.epoch = cases[i].epoch;
		compile(&c);
		assert_int_equal(
		    strstr(c.text, "/0/@me") != NULL, cases[i].written);
		assert_int_equal(
		    c.decision.credential_count, cases[i].written ? 2 : 1);
		unload(&c);
	}
}

/* The same epoch of another document is another key. */
static void
rotated_to_another_identity(void **state)
{
	static const char yaml[] =
	    IDENTITY "identity: successor\n"
		     "psk: {derive: bootstrap-2027, epoch: [1, 2]}\n"
		     "---\n"
		     "policy: p\n"
		     "match: {identity: [factory, successor]}\n"
		     "device: {profile: anjay}\n"
		     "bootstrap_account:\n"
		     "  rotate: successor\n"
		     "  uri: coaps://boot.example\n"
		     "servers: []\n";

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct compiled c;

		load(&c, yaml);
		c.decision.peer.identity = &c.set->identities[i];
		c.decision.peer.epoch = 2;
		compile(&c);
		assert_int_equal(strstr(c.text, "/0/@me") != NULL, i == 0);
		unload(&c);
	}
}

/* Where it is to come to says the policy, or the daemon. */
static void
the_uri_of_this_server(void **state)
{
	struct compiled c;
	const struct plan_entry *e;

	(void)state;
	load(&c,
	    IDENTITY "policy: p\n"
		     "match: {identity: factory}\n"
		     "device: {profile: anjay}\n"
		     "bootstrap_account: rotate\n"
		     "servers: []\n");
	c.issuer.server_uri = "coaps://this.example";
	compile(&c);
	e = entry_at(&c, LWM2M_RESOURCE(0, 0, 0), PLAN_ACCOUNT_OURS);
	assert_true(span_is(e->entry.value.bytes, "coaps://this.example"));
	unload(&c);
}

/* Another bootstrap server derives its key as we would for our own devices. */
static void
handed_over(void **state)
{
	static const char yaml[] =
	    IDENTITY "policy: p\n"
		     "device: {profile: contiki-ng}\n"
		     "bootstrap_account:\n"
		     "  uri: coaps://boot.buyer.example\n"
		     "  security: {mode: psk, key: {derive: buyer-2026}}\n"
		     "  timeout: 1d\n"
		     "servers: []\n";
	struct compiled c;
	const struct plan_entry *e;

	(void)state;
	compiles_to(yaml,
	    "PUT /0/@me 0 1 2 3 5* 12\n"
	    "FINISH\n");
	load(&c, yaml);
	compile(&c);
	e = entry_at(&c, LWM2M_RESOURCE(0, 0, 5), PLAN_ACCOUNT_OURS);
	assert_true(
	    span_is(e->label, "psk buyer-2026 purpose 1 ssid 0 epoch 1"));
	/* and is one: the device has no /1 for it */
	e = entry_at(&c, LWM2M_RESOURCE(0, 0, 1), PLAN_ACCOUNT_OURS);
	assert_true(e->entry.value.boolean);
	assert_int_equal(c.plan.head.own, 0);
	unload(&c);
}

/* What the profile says of the whole device. */
static void
what_holds_for_the_plan(void **state)
{
	struct compiled c;

	(void)state;
	load(&c,
	    IDENTITY "policy: p\n"
		     "device:\n"
		     "  profile: default\n"
		     "  version: 1.0\n"
		     "  formats: [1542, tlv]\n"
		     "  max_message: 300B\n"
		     "  block_size: 64B\n"
		     "  account_instance: 7\n"
		     "servers:\n" SERVER("1")
			 SERVER("2") "on_failure: clean\n");
	compile(&c);
	assert_int_equal(c.plan.head.version, 10);
	assert_int_equal(c.plan.head.format_count, 2);
	assert_int_equal(c.plan.head.formats[0], 1542);
	assert_int_equal(c.plan.head.formats[1], 11542);
	assert_int_equal(c.plan.head.max_message, 300);
	assert_int_equal(c.plan.head.block_size, 64);
	assert_int_equal(c.plan.head.own, 7);
	assert_int_equal(c.plan.head.account_count, 2);
	assert_int_equal(c.plan.head.ssids[1], 102);
	assert_int_equal(c.plan.head.flags, PLAN_CLEAN_ON_FAILURE);
	unload(&c);
}

static void
expect_text(const struct compiled *c, struct lwm2m_path path, unsigned account,
    const char *want)
{
	struct span found = entry_at(c, path, account)->entry.value.bytes;

	if (!span_is(found, want))
		fail_msg("%.*s, not %s", SPAN_FMT(found), want);
}

#define NAMED \
	"devices: {file: devices.csv}\n---\n" IDENTITY "policy: meters\n" \
	"servers:\n" \
	"  - name: eu1\n" \
	"    short_server_id: 101\n" \
	"    uri: 'coaps://eu.example/{model}?b={batch}'\n" \
	"    security: {mode: psk, key: {derive: fleet-2026},\n" \
	"      identity: '{policy}/{name}/{ssid}/{endpoint}'}\n" \
	"objects:\n" \
	"  /11/0: {0: '{policy} {model}', 1: '{{model}}.{x', 4: 3}\n"

static void
placeholders(void **state)
{
	struct compiled c;

	(void)state;
	load_beside(&c, NAMED, "endpoint,model,batch\ndev-1,WM 200,b/1\n");
	compile(&c);
	expect_text(&c, LWM2M_RESOURCE(0, 0, 0), 1,
	    "coaps://eu.example/WM%20200?b=b%2F1");
	expect_text(&c, LWM2M_RESOURCE(0, 0, 3), 1, "meters/eu1/101/dev-1");
	expect_text(&c, LWM2M_RESOURCE(11, 0, 0), 0, "meters WM 200");
	expect_text(&c, LWM2M_RESOURCE(11, 0, 1), 0, "{model}.{x");
	unload(&c);
}

static void
is_refused(const char *yaml, const char *devices, const char *why)
{
	struct compiled c;

	load_beside(&c, yaml, devices);
	assert_int_equal(issue_plan(&c.issuer, &c.set->policies[0],
			     SPAN_LIT("dev-1"), &c.decision),
	    RC_CONFIG);
	assert_int_equal(c.decision.reason, REASON_NOT_POSSIBLE);
	if (!strstr(c.decision.detail, why))
		fail_msg("%s", c.decision.detail);
	unload(&c);
}

/* Nothing is written with a hole in it, and nothing is cut. */
static void
placeholders_that_nobody_knows(void **state)
{
	(void)state;
	is_refused(NAMED, "endpoint,model,batch\ndev-2,WM200,b1\n",
	    "a server's URI needs the model");
	is_refused(NAMED, "endpoint,model,batch\ndev-1,WM200,\n",
	    "a server's URI needs the batch");
	is_refused(
	    NAMED, "endpoint,model,batch\ndev-1,..,b\n", "nothing but dots");
	is_refused("devices: {file: devices.csv}\n---\n" IDENTITY
		   "policy: p\nservers:\n" SERVER(
		       "1") "objects:\n"
			    "  /11/0: {0: '{model}', 4: 3}\n",
	    "endpoint,model,batch\ndev-2,WM200,b1\n",
	    "/11/0/0 needs the model");
	is_refused("devices: {file: devices.csv}\n---\n" IDENTITY
		   "policy: p\nservers:\n"
		   "  - name: eu1\n"
		   "    short_server_id: 101\n"
		   "    uri: coaps://eu.example\n"
		   "    security: {mode: psk, key: {derive: fleet-2026},\n"
		   "      identity: '{model}{model}{endpoint}'}\n",
	    "endpoint,model,batch\ndev-1,"
	    "0123456789012345678901234567890123456789012345678901234567890123,"
	    "b\n",
	    "a PSK identity gets longer than 128 bytes");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(instances),
	    cmocka_unit_test(placeholders),
	    cmocka_unit_test(placeholders_that_nobody_knows),
	    cmocka_unit_test(objects),
	    cmocka_unit_test(resources),
	    cmocka_unit_test(resources_of_two_accounts),
	    cmocka_unit_test(links_between_objects),
	    cmocka_unit_test(resources_unknown_to_the_version),
	    cmocka_unit_test(verified),
	    cmocka_unit_test(corrected),
	    cmocka_unit_test(rotated),
	    cmocka_unit_test(rotated_once),
	    cmocka_unit_test(rotated_to_another_identity),
	    cmocka_unit_test(the_uri_of_this_server),
	    cmocka_unit_test(handed_over),
	    cmocka_unit_test(what_holds_for_the_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
