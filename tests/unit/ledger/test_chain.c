#include "support.h"

#include "base/text.h"
#include "ledger/store.h"

#include <stdlib.h>

/* The canonical form, written out a second time from ledger.h. */
static void
test_the_form_that_is_hashed(void **state)
{
	static const uint8_t form[] =
	    "bootstrapd-ledger-1\0"
	    "\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11"
	    "\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11\x11"
	    "\x00\x00\x00\x00\x00\x00\x00\x07"
	    "\x00\x00\x01\x9a\xa5\xb3\xc4\x00"
	    "\x00\x00\x00\x03"
	    "abc"
	    "\x00\x00\x00\x10"
	    "\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05\x05"
	    "\x00\x00\x00\x02"
	    "ep"
	    "\x00\x00\x00\x02"
	    "{}";
	uint8_t previous[DIGEST_LEN], got[DIGEST_LEN], want[DIGEST_LEN];
	const struct ledger_row row = {
	    .seq = 7,
	    .time_ms = 0x019aa5b3c400,
	    .kind = SPAN_LIT("abc"),
	    .session = session_of(5),
	    .endpoint = SPAN_LIT("ep"),
	    .data = SPAN_LIT("{}"),
	};

	(void)state;
	memset(previous, 0x11, sizeof(previous));
	chain_hash(previous, &row, got);
	digest_of(span_of(form, sizeof(form) - 1), want);
	assert_memory_equal(got, want, DIGEST_LEN);
}

/* Lengths stand before the parts: no byte can move from one to the next. */
static void
test_no_two_rows_share_a_form(void **state)
{
	const struct span a = SPAN_LIT("a"), none = SPAN_LIT("");
	const struct ledger_row rows[] = {
	    {1, 1, a, none, none, none, {0}},
	    {1, 1, none, a, none, none, {0}},
	    {1, 1, none, none, a, none, {0}},
	    {1, 1, none, none, none, a, {0}},
	    {1, 2, a, none, none, none, {0}},
	    {2, 1, a, none, none, none, {0}},
	};
	uint8_t previous[DIGEST_LEN] = {0};
	uint8_t hashes[6][DIGEST_LEN];

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		chain_hash(previous, &rows[i], hashes[i]);
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(
			    hashes[i], hashes[j], DIGEST_LEN);
	}
}

/* In the file, the first row follows 32 zero bytes and each other its own. */
static void
test_rows_in_the_file_follow_each_other(void **state)
{
	struct desk *d = *state;
	uint8_t hash[DIGEST_LEN] = {0}, head[DIGEST_LEN];
	struct ledger_row row = {
	    .kind = SPAN_LIT("handshakes"), .data = SPAN_LIT("{\"asked\":0}")};
	char text[2 * DIGEST_LEN + 1] = "";
	struct writer w;
	uint64_t seq;

	put_rows(d->ledger, 1);
	put_rows(d->ledger, 1);
	for (row.seq = 1; row.seq <= 2; row.seq++) {
		row.time_ms = strtoll(
		    raw_text(d->path,
			row.seq == 1
			    ? "SELECT time_ms FROM event WHERE seq = 1"
			    : "SELECT time_ms FROM event WHERE seq = 2"),
		    NULL, 10);
		chain_hash(hash, &row, hash);
	}
	assert_int_equal(ledger_head(d->ledger, &seq, head), RC_OK);
	assert_int_equal(seq, 2);
	assert_memory_equal(head, hash, DIGEST_LEN);
	writer_init(&w, text, sizeof(text) - 1);
	text_hex(&w, span_of(hash, DIGEST_LEN));
	assert_string_equal(raw_text(d->path,
				"SELECT lower(hex(hash)) FROM event "
				"ORDER BY seq DESC LIMIT 1"),
	    text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_form_that_is_hashed),
	    cmocka_unit_test(test_no_two_rows_share_a_form),
	    cmocka_unit_test_setup_teardown(
		test_rows_in_the_file_follow_each_other, desk_setup,
		desk_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
