/* Connection IDs that name a worker, and say nothing else. */
#include "dtls/cid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void
the_worker_is_in_it(void **state)
{
	struct dtls_cid_key key;
	uint8_t cid[DTLS_CID_LEN];

	(void)state;
	for (int n = 0; n < 8; n++) {
		dtls_cid_key_make(&key);
		for (unsigned worker = 0; worker < DTLS_CID_WORKERS; worker++) {
			dtls_cid_make(&key, (uint8_t)worker, cid);
			assert_int_equal(dtls_cid_worker(&key, cid), worker);
		}
	}
}

/* The same bytes at any time: what the kernel computes was fixed at the start
 * of the daemon. */
static void
a_known_one(void **state)
{
	static const struct dtls_cid_key key = {
	    .add = 0x12345678, .first = 0x9e3779b1, .second = 0x85ebca77};
	static const uint8_t cid[DTLS_CID_LEN] = {
	    0xde, 0xad, 0xbe, 0xef, 0x01, 0x23, 0x45, 0x67};
	uint32_t h = (0x01234567u ^ key.add) * key.first;

	(void)state;
	h = ((h ^ h >> 15) ^ 0xadbeefu) * key.second;
	assert_int_equal(dtls_cid_worker(&key, cid), 0xde ^ h >> 24);
}

/* Of one worker: each first byte occurs, and no two are the same. Chance leaves
 * one of 256 out once in more than 10^30 times. */
static void
one_worker_has_no_face(void **state)
{
	enum { ALL = 20000 };
	static uint8_t cids[ALL][DTLS_CID_LEN];
	bool seen[256] = {0};
	struct dtls_cid_key key;

	(void)state;
	dtls_cid_key_make(&key);
	for (size_t i = 0; i < ALL; i++) {
		dtls_cid_make(&key, 1, cids[i]);
		seen[cids[i][0]] = true;
	}
	for (size_t i = 0; i < 256; i++)
		assert_true(seen[i]);
	for (size_t i = 1; i < ALL; i++)
		assert_memory_not_equal(cids[i], cids[i - 1], DTLS_CID_LEN);
}

/* Without the key it is another number. */
static void
another_key(void **state)
{
	struct dtls_cid_key key, other;
	uint8_t cid[DTLS_CID_LEN];
	unsigned same = 0;

	(void)state;
	dtls_cid_key_make(&key);
	dtls_cid_key_make(&other);
	assert_memory_not_equal(&key, &other, sizeof(key));
	assert_true(key.first & 1 && key.second & 1);
	for (int i = 0; i < 4096; i++) {
		dtls_cid_make(&key, 5, cid);
		same += dtls_cid_worker(&other, cid) == 5;
	}
	assert_in_range(same, 0, 256);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_worker_is_in_it),
	    cmocka_unit_test(a_known_one),
	    cmocka_unit_test(one_worker_has_no_face),
	    cmocka_unit_test(another_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
