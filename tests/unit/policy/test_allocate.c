/* Allocation by hash: shares are as the weights, and nothing moves that need
 * not. */
#include "policy/allocate.h"

#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

enum { DEVICES = 10000 };

/* A pool of servers s0, s1, ... of these weights; 0: drained. */
static struct policy_set *
pool(const unsigned *weights, size_t count)
{
	struct policy_set *s;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	fputs("identity: i\npsk: {derive: m}\n---\npolicy: p\nservers:\n"
	      "  - pool: eu\n    servers:\n",
	    f);
	for (size_t i = 0; i < count; i++)
		fprintf(f,
		    "      - {name: s%zu, short_server_id: %zu, uri: "
		    "\"coap://s%zu\", security: {mode: nosec}, weight: %u, "
		    "drain: %s}\n",
		    i, i + 1, i, weights[i] ? weights[i] : 1,
		    weights[i] ? "false" : "true");
	fclose(f);
	s = loaded(text);
	free(text);
	return s;
}

/* Where a device goes; -1: nowhere. */
static int
where(const struct policy_set *s, unsigned device)
{
	char name[40];
	const struct policy_facts f = {
	    .identity = &s->identities[0],
	    .endpoint = span_of(name,
		(size_t)snprintf(name, sizeof(name), "urn:imei:%015u", device)),
	};
	struct policy_decided d;

	assert_int_equal(policy_decide(s, &f, &d), RC_OK);
	return d.answer == POLICY_GIVEN ? (int)d.choices[0].server : -1;
}

static void
count(const struct policy_set *s, unsigned *out, size_t n)
{
	memset(out, 0, n * sizeof(*out));
	for (unsigned i = 0; i < DEVICES; i++) {
		int at = where(s, i);

		assert_in_range(at, 0, n - 1);
		out[at]++;
	}
}

/* Chi-square of the shares against the weights, with n - 1 degrees of freedom:
 * above `most` only once in ten thousand fleets, and this fleet is always the
 * same. */
static void
expect_shares(const unsigned *weights, size_t n, double most)
{
	struct policy_set *s = pool(weights, n);
	unsigned got[16];
	double whole = 0, sum = 0;

	for (size_t i = 0; i < n; i++)
		whole += weights[i];
	count(s, got, n);
	for (size_t i = 0; i < n; i++) {
		double want = DEVICES * weights[i] / whole;

		if (weights[i] == 0)
			assert_int_equal(got[i], 0);
		else
			sum += (got[i] - want) * (got[i] - want) / want;
	}
	if (sum > most)
		fail_msg("chi-square %f of %zu servers", sum, n);
	policy_set_unref(s);
}

static void
test_shares_are_as_the_weights(void **state)
{
	(void)state;
	expect_shares((unsigned[]){1, 1}, 2, 15.1);
	expect_shares((unsigned[]){1, 1, 1, 1, 1}, 5, 23.5);
	expect_shares((unsigned[]){1, 2, 3, 4}, 4, 21.1);
	expect_shares((unsigned[]){1, 1000}, 2, 15.1);
	expect_shares((unsigned[]){10, 0, 20, 70}, 4, 18.4);
	expect_shares(
	    (unsigned[]){1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2}, 12, 37.4);
}

/* Behind the last: those who move go to the new one, and they are its share. */
static void
test_a_new_server_takes_its_share_and_nothing_else_moves(void **state)
{
	const unsigned weights[] = {2, 1, 1, 1};
	struct policy_set *before = pool(weights, 3), *after = pool(weights, 4);
	unsigned moved = 0;

	(void)state;
	for (unsigned i = 0; i < DEVICES; i++) {
		int from = where(before, i), to = where(after, i);

		if (from == to)
			continue;
		assert_int_equal(to, 3);
		moved++;
	}
	/* a fifth, within five standard deviations */
	assert_in_range(moved, 2000 - 200, 2000 + 200);
	policy_set_unref(before);
	policy_set_unref(after);
}

/* Its devices alone, and they spread over the others. */
static void
test_a_drained_server_gives_its_devices_to_all_others(void **state)
{
	struct policy_set *before = pool((unsigned[]){1, 1, 1, 1}, 4);
	struct policy_set *after = pool((unsigned[]){1, 1, 0, 1}, 4);
	unsigned to[4] = {0};

	(void)state;
	for (unsigned i = 0; i < DEVICES; i++) {
		int from = where(before, i), now = where(after, i);

		if (from == 2)
			to[now]++;
		else
			assert_int_equal(from, now);
	}
	assert_int_equal(to[2], 0);
	for (size_t i = 0; i < 4; i++)
		if (i != 2)
			assert_in_range(to[i], 833 - 160, 833 + 160);
	policy_set_unref(before);
	policy_set_unref(after);
}

/* Written down once: another machine, compiler or library comes to the same. */
static void
test_where_these_go_is_the_same_everywhere(void **state)
{
	static const int want[] = {1, 3, 1, 2, 0, 2, 0, 3, 2, 3, 3, 3, 2, 0, 2,
	    1, 0, 3, 1, 3, 2, 1, 3, 1, 3, 3, 2, 1, 2, 2, 3, 3};
	struct policy_set *s = pool((unsigned[]){1, 2, 3, 4}, 4);

	(void)state;
	for (unsigned i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_int_equal(where(s, i), want[i]);
	policy_set_unref(s);
}

static void
test_the_logarithm(void **state)
{
	static const struct {
		uint64_t hash, draw;
	} rows[] = {
	    {0x0, 4294967296},
	    {0x1, 4294967296},
	    {0x2, 4227858432},
	    {0x3, 4188602263},
	    {0x3e8, 3626174834},
	    {0xffffffff, 2147483648},
	    {0x100000000, 2147483648},
	    {0x123456789abcdef0, 255938523},
	    {0x8000000000000000, 67108864},
	    {0xc000000000000000, 27852695},
	    {0xffffffffffffffff, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t got = allocate_draw(rows[i].hash);

		/* a millionth */
		assert_in_range(got + 64, rows[i].draw, rows[i].draw + 128);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_shares_are_as_the_weights),
	    cmocka_unit_test(
		test_a_new_server_takes_its_share_and_nothing_else_moves),
	    cmocka_unit_test(
		test_a_drained_server_gives_its_devices_to_all_others),
	    cmocka_unit_test(test_where_these_go_is_the_same_everywhere),
	    cmocka_unit_test(test_the_logarithm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
