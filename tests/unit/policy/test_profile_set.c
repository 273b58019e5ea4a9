/* The shipped profiles, and those of a folder on top of them. */
#include "policy/profile.h"

#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *const shipped[] = {
    "default", "anjay", "wakaama", "zephyr", "leshan", "contiki-ng", "awa"};

enum { SHIPPED = sizeof(shipped) / sizeof(shipped[0]) };

static const struct policy_profile *
profile_of(const struct policy_set *s, const char *name)
{
	for (size_t i = 0; i < s->profile_count; i++)
		if (strcmp(s->profiles[i].name, name) == 0)
			return &s->profiles[i];
	fail_msg("no profile %s", name);
	return NULL;
}

/* They need no folder, and stand in front of those of one. */
static void
test_the_shipped_ones_are_there(void **state)
{
	struct policy_set *s = loaded_policy("profile: mine\n"
					     "---\n"
					     "policy: p\n");

	(void)state;
	assert_int_equal(s->profile_count, SHIPPED + 1);
	for (size_t i = 0; i < SHIPPED; i++) {
		const struct policy_profile *p = &s->profiles[i];

		assert_string_equal(p->name, shipped[i]);
		assert_int_equal(p->place.line, 0);
		assert_in_range(p->version, 10, 12);
		assert_true(p->format_count > 0);
		assert_true(p->levels & 1u << p->level);
		assert_in_range(p->max_message, 64, 65535);
		assert_in_range(p->endpoint_max, 1, 252);
		assert_true(p->modes & 1u << SERVER_NOSEC);
		/* 4.04 and 4.05 are common answers to a Delete */
		assert_false(p->strict_delete);
		/* whether a pack has worked is never known */
		assert_false(p->pack);
	}
	assert_string_equal(s->profiles[SHIPPED].name, "mine");
	assert_int_equal(s->profiles[SHIPPED].place.line, 4);
	policy_set_unref(s);
}

/* A policy says nothing more than the name, and gets the profile. */
static void
test_every_profile_can_be_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < SHIPPED; i++) {
		char text[128];
		struct policy_set *s;

		snprintf(text, sizeof(text),
		    "policy: p\ndevice: {profile: %s}\n", shipped[i]);
		s = loaded_policy(text);
		assert_memory_equal(&policy_at(s, 0)->device,
		    profile_of(s, shipped[i]), sizeof(struct policy_profile));
		policy_set_unref(s);
	}
}

/* What was seen of the clients, where it costs a device. */
static void
test_what_breaks_a_client(void **state)
{
	struct policy_set *s = loaded_policy("policy: p\n");
	const struct policy_profile *p = profile_of(s, "leshan");

	(void)state;
	assert_true(p->empty_keys); /* or Finish is 4.06 */
	assert_false(p->levels & 1u << WRITE_RESOURCE);
	p = profile_of(s, "zephyr");
	assert_true(p->max_message <= 512);
	assert_int_equal(p->block_size, 0); /* SenML CBOR in blocks: 5.00 */
	assert_int_equal(p->key_max, 16);
	assert_int_equal(p->endpoint_max, 32);
	p = profile_of(s, "anjay");
	assert_int_equal(p->account_instance, 1); /* others: 0 */
	assert_false(p->modes & 1u << SERVER_RPK);
	assert_true(p->refuses_zero_retries);
	p = profile_of(s, "awa"); /* CBOR and JSON: a crash */
	assert_int_equal(p->format_count, 1);
	assert_int_equal(p->formats[0], 11542);
	assert_false(p->discover);
	p = profile_of(s, "contiki-ng");
	assert_int_equal(p->levels, 1u << WRITE_INSTANCE);
	p = profile_of(s, "wakaama");
	assert_true(p->refuses_unknown);
	assert_int_equal(p->modes, 1u << SERVER_PSK | 1u << SERVER_NOSEC);
	p = profile_of(s, "default"); /* what satisfies all of them */
	assert_true(p->discover && p->empty_keys && p->refuses_unknown);
	assert_int_equal(p->account_instance, -1);
	assert_int_equal(p->formats[0], 11542);
	policy_set_unref(s);
}

/* A format that a client was not seen to take is not tried with it, nor a mode
 * of security, nor a level. */
static void
test_what_each_client_takes(void **state)
{
	enum {
		P = 1 << SERVER_PSK | 1 << SERVER_NOSEC,
		C = 1 << SERVER_CERTIFICATE,
		R = 1 << SERVER_RPK,
		I = 1 << WRITE_INSTANCE,
		O = 1 << WRITE_OBJECT,
		S = 1 << WRITE_RESOURCE,
	};
	static const struct {
		const char *name;
		unsigned version, modes, levels;
		bool ignores; /* resources that it does not know */
		uint16_t formats[5];
	} seen[] = {
	    {"default", 11, P | C | R, I | O | S, false, {11542, 112, 110}},
	    {"anjay", 12, P | C, I | O | S, true, {11542, 112, 110, 11544}},
	    {"wakaama", 11, P, I | O | S, false, {11542}},
	    {"zephyr", 11, P | C, I | O, false, {112, 11542}},
	    {"leshan", 11, P | C | R, I | O, true, {112, 11542, 110}},
	    {"contiki-ng", 10, P, I, false, {11542}},
	    {"awa", 10, P, I | O, false, {11542}},
	};
	struct policy_set *s = loaded_policy("policy: p\n");

	(void)state;
	for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++) {
		const struct policy_profile *p = profile_of(s, seen[i].name);
		size_t n = 0;

		assert_int_equal(p->version, seen[i].version);
		assert_int_equal(p->modes, seen[i].modes);
		assert_int_equal(p->levels, seen[i].levels);
		assert_int_equal(p->level, WRITE_INSTANCE);
		assert_int_equal(!p->refuses_unknown, seen[i].ignores);
		for (; seen[i].formats[n]; n++)
			assert_int_equal(p->formats[n], seen[i].formats[n]);
		assert_int_equal(p->format_count, n);
	}
	policy_set_unref(s);
}

/* In whatever order documents stand, and through several of them. */
static void
test_a_profile_is_based_on_another(void **state)
{
	struct policy_set *s = loaded_policy("policy: p\n"
					     "device: {profile: late, "
					     "discover: true}\n"
					     "---\n"
					     "profile: late\n"
					     "based_on: mine\n"
					     "discover: false\n"
					     "---\n"
					     "profile: mine\n"
					     "based_on: zephyr\n"
					     "key_max: 64B\n");
	const struct policy_profile *p = &policy_at(s, 0)->device;

	(void)state;
	assert_string_equal(p->name, "late");
	assert_true(p->discover);
	assert_false(profile_of(s, "late")->discover);
	assert_int_equal(p->key_max, 64);
	assert_int_equal(p->max_message, 512);
	assert_int_equal(p->place.line, 7);
	assert_int_equal(profile_of(s, "zephyr")->key_max, 16);
	policy_set_unref(s);
}

#define POLICY \
	"---\n" \
	"identity: here\n" \
	"psk: {derive: birth}\n" \
	"---\n" \
	"policy: p\n" \
	"servers: []\n"

static void
test_names(void **state)
{
	(void)state;
	expect_findings("profile: anjay\n"
			"---\n"
			"profile: mine\n"
			"based_on: anjya\n"
			"---\n"
			"profile: mine\n"
			"---\n"
			"profile: \"-/-\"\n" POLICY "device: {profile: mien}\n",
	    "1:10: error: profile: anjay is built in; give yours another "
	    "name\n"
	    "4:11: error: based_on: no profile has the name \"anjya\"; did you "
	    "mean anjay?\n"
	    "6:10: error: profile: mine is the name of the profile at t.yaml:3 "
	    "already\n"
	    "8:10: error: profile: \"-/-\": a name is 1 to 64 letters, digits, "
	    "'.', '_' or '-'\n"
	    "15:19: error: device.profile: no profile has the name \"mien\"; "
	    "did you mean mine?\n");
}

static void
test_a_profile_is_not_based_on_itself(void **state)
{
	(void)state;
	expect_findings("profile: a\n"
			"based_on: b\n"
			"---\n"
			"profile: b\n"
			"based_on: a\n"
			"---\n"
			"profile: c\n"
			"based_on: c\n" POLICY,
	    "5:11: error: based_on: the profile is based on itself in the "
	    "end\n"
	    "8:11: error: based_on: the profile is based on itself in the "
	    "end\n");
}

static void
test_a_long_way_down_ends(void **state)
{
	char text[2048];
	struct writer w;

	(void)state;
	writer_init(&w, text, sizeof(text) - 1);
	for (int i = 0; i < 12; i++)
		writer_fmt(&w, "profile: p%d\nbased_on: p%d\n---\n", i, i + 1);
	writer_str(&w, "profile: p12\n" POLICY);
	text[w.len] = '\0';
	expect_findings(text,
	    "26:11: error: based_on: more than 8 profiles are based on one "
	    "another\n");
}

static void
test_a_profile_has_no_other_keys(void **state)
{
	(void)state;
	expect_findings("profile: mine\n"
			"max_mesage: 500B\n"
			"device: {discover: false}\n" POLICY,
	    "2:1: error: max_mesage: unknown key; did you mean "
	    "`max_message`?\n"
	    "3:1: error: device: unknown key\n");
	expect_codes("profile: mine\n"
		     "policy: q\n",
	    "1:10 policy-two-kinds\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_shipped_ones_are_there),
	    cmocka_unit_test(test_every_profile_can_be_named),
	    cmocka_unit_test(test_what_breaks_a_client),
	    cmocka_unit_test(test_what_each_client_takes),
	    cmocka_unit_test(test_a_profile_is_based_on_another),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_a_profile_is_not_based_on_itself),
	    cmocka_unit_test(test_a_long_way_down_ends),
	    cmocka_unit_test(test_a_profile_has_no_other_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
