#include "dtls/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct address here = {
    .family = 4, .ip = {127, 0, 0, 1}, .port = 1};

static struct span
filled(size_t len)
{
	static uint8_t bytes[DTLS_DATAGRAM_MAX + 1];

	return span_of(bytes, len);
}

static size_t
take(struct output *o)
{
	static uint8_t bytes[DTLS_DATAGRAM_MAX];
	struct address to;
	struct writer w;

	writer_init(&w, bytes, sizeof(bytes));
	if (output_take(o, &to, &w) != RC_OK)
		return 0;
	assert_true(address_equal(&to, &here));
	return w.len;
}

static void
records_share_datagrams(void **state)
{
	struct output o;

	(void)state;
	assert_int_equal(output_init(&o, 8, 1000), RC_OK);
	assert_true(output_put(&o, &here, filled(600)));
	assert_true(output_put(&o, &here, filled(400)));
	assert_true(output_put(&o, &here, filled(1))); /* does not fit */
	assert_true(output_put(&o, &here, filled(1200))); /* nowhere: alone */
	assert_true(output_put(&o, &here, filled(2)));
	output_flush(&o);
	assert_true(output_put(&o, &here, filled(3)));
	assert_false(output_put(&o, &here, filled(DTLS_DATAGRAM_MAX + 1)));
	assert_int_equal(take(&o), 1000);
	assert_int_equal(take(&o), 1);
	assert_int_equal(take(&o), 1200);
	assert_int_equal(take(&o), 2);
	assert_int_equal(take(&o), 3);
	assert_int_equal(take(&o), 0);
	output_fini(&o);
}

static void
full_means_lost(void **state)
{
	struct output o;

	(void)state;
	assert_int_equal(output_init(&o, 3, 1000), RC_OK);
	for (size_t i = 1; i <= 5; i++) {
		assert_true(output_put(&o, &here, filled(i)));
		output_flush(&o);
	}
	assert_int_equal(output_room(&o), 0);
	assert_int_equal(take(&o), 1);
	assert_int_equal(output_room(&o), 1);
	assert_true(output_put(&o, &here, filled(9)));
	assert_int_equal(take(&o), 2);
	assert_int_equal(take(&o), 3);
	assert_int_equal(take(&o), 9);
	assert_int_equal(take(&o), 0);
	output_fini(&o);
}

static void
cancelled_is_never_sent(void **state)
{
	struct output o;
	uint64_t from, end;

	(void)state;
	assert_int_equal(output_init(&o, 4, 1000), RC_OK);
	for (int round = 0; round < 5; round++) {
		assert_true(output_put(&o, &here, filled(1)));
		output_flush(&o);
		from = o.end;
		assert_true(output_put(&o, &here, filled(2)));
		output_flush(&o);
		end = o.end;
		assert_true(output_put(&o, &here, filled(3)));
		output_flush(&o);
		output_cancel(&o, from, end);
		assert_int_equal(take(&o), 1);
		assert_int_equal(take(&o), 3);
		assert_int_equal(take(&o), 0);
	}
	output_fini(&o);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(records_share_datagrams),
	    cmocka_unit_test(full_means_lost),
	    cmocka_unit_test(cancelled_is_never_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
