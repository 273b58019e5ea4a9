/* Which master keys the token has to have. */
#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static enum rc
collect(void *ctx, const char *label)
{
	struct writer *w = ctx;

	writer_fmt(w, "%s\n", label);
	return w->full ? RC_FULL : RC_OK;
}

static const char set_text[] =
    "identity: a\n"
    "psk: {derive: birth}\n"
    "---\n"
    "identity: b\n"
    "psk: {derive: birth, identity: \"b-{endpoint}\"}\n"
    "---\n"
    "identity: lab\n"
    "nosec: {network: 127.0.0.0/8}\n"
    "---\n"
    "policy: p\n"
    "servers:\n"
    "  - {name: a, short_server_id: 1, uri: coaps://h, security: {mode: psk, "
    "key: {derive: fleet}}}\n"
    "  - {name: b, short_server_id: 2, uri: coap://h, security: {mode: "
    "nosec}}\n"
    "  - {name: c, short_server_id: 3, uri: coaps://h, security: {mode: psk, "
    "key: {derive: birth, epoch: 2}}}\n"
    "---\n"
    "policy: q\n"
    "servers:\n"
    "  - {name: a, short_server_id: 1, uri: coaps://h, security: {mode: psk, "
    "key: {derive: fleet, epoch: 9}}}\n";

static void
test_each_label_is_told_once(void **state)
{
	struct policy_set *s = loaded(set_text);
	uint8_t buf[64];
	struct writer w;

	(void)state;
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(policy_masters(s, collect, &w), RC_OK);
	assert_true(span_is(writer_span(&w), "birth\nfleet\n"));
	policy_set_unref(s);
}

static void
test_what_seals_is_told_and_what_was_imported_is_not(void **state)
{
	struct policy_set *s = loaded("identity: a\n"
				      "psk: {imported: q3}\n"
				      "---\n"
				      "policy: p\n"
				      "servers:\n"
				      "  - {name: a, short_server_id: 1, uri: "
				      "coaps://h, security: {mode: "
				      "psk, key: {random: seal}}}\n"
				      "  - {name: b, short_server_id: 2, uri: "
				      "coaps://h, security: {mode: "
				      "psk, key: {imported: q4}}}\n"
				      "  - {name: c, short_server_id: 3, uri: "
				      "coaps://h, security: {mode: "
				      "psk, key: {random: seal}}}\n");
	uint8_t buf[64];
	struct writer w;

	(void)state;
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(policy_masters(s, collect, &w), RC_OK);
	assert_true(span_is(writer_span(&w), "seal\n"));
	policy_set_unref(s);
}

static void
test_whoever_listens_can_stop(void **state)
{
	struct policy_set *s = loaded(set_text);
	uint8_t buf[8];
	struct writer w;

	(void)state;
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(policy_masters(s, collect, &w), RC_FULL);
	assert_true(span_is(writer_span(&w), "birth\n"));
	policy_set_unref(s);
}

static void
test_a_set_without_keys(void **state)
{
	struct policy_set *s = loaded("");
	struct writer w;

	(void)state;
	writer_init(&w, NULL, 0);
	assert_int_equal(policy_masters(s, collect, &w), RC_OK);
	policy_set_unref(s);
}

/* Of contexts of OSCORE, and of a bootstrap server that takes over. */
static void
test_other_keys_that_are_made(void **state)
{
	struct policy_set *s = loaded(
	    "identity: a\n"
	    "psk: {derive: birth}\n"
	    "---\n"
	    "policy: p\n"
	    "bootstrap_account: {uri: coaps://b, security: {mode: psk, key: "
	    "{random: seal}}}\n"
	    "servers:\n"
	    "  - {name: a, short_server_id: 1, uri: coap://h, security: {mode: "
	    "nosec, oscore: {key: {derive: context}, recipient_id: "
	    "\"01\"}}}\n");
	uint8_t buf[64];
	struct writer w;

	(void)state;
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(policy_masters(s, collect, &w), RC_OK);
	assert_true(span_is(writer_span(&w), "birth\ncontext\nseal\n"));
	policy_set_unref(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_label_is_told_once),
	    cmocka_unit_test(test_other_keys_that_are_made),
	    cmocka_unit_test(
		test_what_seals_is_told_and_what_was_imported_is_not),
	    cmocka_unit_test(test_whoever_listens_can_stop),
	    cmocka_unit_test(test_a_set_without_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
