/* What a handshake leaves, as bytes: nothing of them is believed unseen. */
#include "base/evidence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A Finished record of DTLS 1.2, epoch 1, with 20 bytes of ciphertext. */
#define RECORD \
	"\x16\xfe\xfd\0\1\0\0\0\0\0\0\0\x14" \
	"abcdefghijklmnopqrst"

enum { RECORD_AT = 4 + 3 * 32 + 2 };

static struct psk_evidence
sample(void)
{
	struct psk_evidence e = {
	    .extended_master = true,
	    .suite = 0xc0a8,
	    .record = SPAN_LIT(RECORD),
	};

	memset(e.client_random, 1, sizeof(e.client_random));
	memset(e.server_random, 2, sizeof(e.server_random));
	memset(e.session_hash, 3, sizeof(e.session_hash));
	return e;
}

static size_t
encode(const struct psk_evidence *e, uint8_t *buf, size_t cap)
{
	struct writer w;

	writer_init(&w, buf, cap);
	evidence_put(&w, e);
	assert_false(w.full);
	return w.len;
}

static void
test_there_and_back(void **state)
{
	struct psk_evidence in = sample(), out;
	uint8_t buf[EVIDENCE_BYTES_MAX];

	(void)state;
	for (int i = 0; i < 4; i++) {
		in.extended_master = i & 1;
		in.encrypt_then_mac = i & 2;
		assert_int_equal(
		    evidence_get(
			span_of(buf, encode(&in, buf, sizeof(buf))), &out),
		    RC_OK);
		assert_int_equal(out.extended_master, in.extended_master);
		assert_int_equal(out.encrypt_then_mac, in.encrypt_then_mac);
		assert_int_equal(out.suite, 0xc0a8);
		assert_memory_equal(out.client_random, in.client_random, 32);
		assert_memory_equal(out.server_random, in.server_random, 32);
		assert_memory_equal(out.session_hash, in.session_hash, 32);
		assert_true(span_equal(out.record, in.record));
	}
}

static void
test_every_length_is_checked(void **state)
{
	struct psk_evidence e = sample(), out;
	uint8_t buf[EVIDENCE_BYTES_MAX + 1];
	size_t len = encode(&e, buf, sizeof(buf));

	(void)state;
	for (size_t n = 0; n < len; n++)
		assert_int_equal(
		    evidence_get(span_of(buf, n), &out), RC_MALFORMED);
	assert_int_equal(
	    evidence_get(span_of(buf, len + 1), &out), RC_MALFORMED);
}

static void
test_a_record_that_is_no_finished(void **state)
{
	static const struct {
		size_t at; /* in the record */
		uint8_t byte;
	} cases[] = {
	    {0, 23}, /* application data */
	    {1, 0xfd}, {2, 0xff}, /* another version */
	    {4, 0}, {4, 2}, {3, 1}, /* another epoch */
	    {12, 0x13}, {12, 0x15}, {11, 1}, /* another length */
	};
	struct psk_evidence e = sample(), out;
	uint8_t buf[EVIDENCE_BYTES_MAX];
	size_t len = encode(&e, buf, sizeof(buf));

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t *p = buf + RECORD_AT + cases[i].at, was = *p;

		*p = cases[i].byte;
		assert_int_equal(
		    evidence_get(span_of(buf, len), &out), RC_MALFORMED);
		*p = was;
	}
	buf[0] = 2;
	assert_int_equal(evidence_get(span_of(buf, len), &out), RC_UNSUPPORTED);
	buf[0] = 1;
	buf[1] |= 4; /* a flag of the future */
	assert_int_equal(evidence_get(span_of(buf, len), &out), RC_MALFORMED);
}

/* RFC 9146: the length comes behind the Connection ID. */
static void
test_a_record_with_a_connection_id(void **state)
{
	static const uint8_t record[] = "\x19\xfe\xfd\0\1\0\0\0\0\0\1"
					"12345678\0\3abc";
	struct psk_evidence e = sample(), out;
	uint8_t buf[EVIDENCE_BYTES_MAX];
	size_t len;

	(void)state;
	assert_int_equal(evidence_head_len(e.record), EVIDENCE_HEAD_LEN);
	e.record = span_of(record, sizeof(record) - 1);
	assert_int_equal(evidence_head_len(e.record), EVIDENCE_CID_HEAD_LEN);
	len = encode(&e, buf, sizeof(buf));
	assert_int_equal(evidence_get(span_of(buf, len), &out), RC_OK);
	assert_true(span_equal(out.record, e.record));
	buf[RECORD_AT + 20]++; /* its length */
	assert_int_equal(evidence_get(span_of(buf, len), &out), RC_MALFORMED);
	buf[RECORD_AT + 20]--;
	buf[RECORD_AT] = 22; /* then the Connection ID is the length */
	assert_int_equal(evidence_get(span_of(buf, len), &out), RC_MALFORMED);
}

static void
test_the_longest_record(void **state)
{
	uint8_t record[EVIDENCE_RECORD_MAX + 1] = "\x16\xfe\xfd\0\1";
	uint8_t buf[EVIDENCE_BYTES_MAX + 1];
	struct psk_evidence e = sample(), out;
	size_t body = EVIDENCE_RECORD_MAX - EVIDENCE_HEAD_LEN;

	(void)state;
	record[11] = (uint8_t)(body >> 8);
	record[12] = (uint8_t)body;
	e.record = span_of(record, EVIDENCE_RECORD_MAX);
	assert_int_equal(
	    encode(&e, buf, EVIDENCE_BYTES_MAX), EVIDENCE_BYTES_MAX);
	assert_int_equal(
	    evidence_get(span_of(buf, EVIDENCE_BYTES_MAX), &out), RC_OK);
	record[12]++;
	e.record.len++;
	assert_int_equal(
	    evidence_get(span_of(buf, encode(&e, buf, sizeof(buf))), &out),
	    RC_MALFORMED);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_there_and_back),
	    cmocka_unit_test(test_every_length_is_checked),
	    cmocka_unit_test(test_a_record_that_is_no_finished),
	    cmocka_unit_test(test_a_record_with_a_connection_id),
	    cmocka_unit_test(test_the_longest_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
