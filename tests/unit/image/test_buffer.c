/* A station's buffer as bytes: what was written is read, and nothing else. */
#include "buffer_file.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROOM_LEN = 4096 };

static const struct buffer_head sample_head = {
    .station = "line-3",
    .id = "0123456789abcde",
    .identity = "factory-2026",
    .image = "",
    .uri = "coaps://bs.example.com:5684",
    .instance = 1,
    .hold_off_s = 10,
    .created_s = 1790000000,
    .expires_s = 1791209600,
    .count = 2,
    .master = "station-seal",
};

static const struct issue_credential sample_psk = {
    .kind = CREDENTIAL_PSK,
    .master = "bootstrap-2026",
    .epoch = 2,
    .fingerprint = {1, 2, 3, 4, 5, 6, 7, 8},
};

static const struct issue_credential sample_certificate = {
    .kind = CREDENTIAL_CERTIFICATE,
    .sha256 = {9},
    .serial = {8},
    .issuer_key = {7},
    .not_after_s = INT64_C(253402300799),
    .ca = "device-ca",
    .profile = "device-p256",
};

static void
secret_of(struct secret *s, uint8_t first, size_t len)
{
	assert_int_equal(secret_reserve(s, len), RC_OK);
	for (size_t i = 0; i < len; i++)
		s->bytes[i] = (uint8_t)(first + i);
	s->len = len;
}

/* The sealed data key stands as zeros: no token is here. */
static void
write_sample(struct writer *w, const struct buffer_head *head)
{
	static const uint8_t no_key[BUFFER_KEY_LEN];
	const struct buffer_entry entries[] = {
	    {
		.number = 1,
		.endpoint = SPAN_LIT("urn:dev:os:32473-000042"),
		.credential = sample_psk,
	    },
	    {
		.number = 2,
		.endpoint = SPAN_LIT("urn:dev:os:32473-000043"),
		.credential = sample_certificate,
	    },
	};
	struct secret key = {0}, plan = {0};
	uint8_t digest[DIGEST_LEN];

	secret_of(&key, 0, SEAL_DATA_KEY_LEN);
	assert_int_equal(buffer_put_head(w, head), RC_OK);
	digest_of(writer_span(w), digest);
	writer_put(w, span_of(no_key, sizeof(no_key)));
	for (uint8_t i = 0; i < 2; i++) {
		secret_of(&plan, (uint8_t)(0x40 * (i + 1)), 40);
		assert_int_equal(
		    buffer_put_entry(w, &key, digest, &entries[i], &plan),
		    RC_OK);
		secret_fini(&plan);
	}
	digest_of(writer_span(w), digest);
	assert_int_equal(buffer_put_end(w, &key, digest), RC_OK);
	assert_false(w->full);
	secret_fini(&key);
}

/* As a station does, once it has the data key. */
static enum rc
accept(struct span bytes, const struct secret *key)
{
	struct buffer_file f;
	enum rc rc = buffer_read(bytes, &f);

	return rc == RC_OK ? buffer_check(&f, key) : rc;
}

static void
test_what_was_written_is_read(void **state)
{
	uint8_t room[ROOM_LEN];
	struct secret key = {0}, plan = {0}, want = {0};
	struct buffer_entry e = {0};
	struct buffer_file f;
	struct writer w;
	struct span rest;

	(void)state;
	writer_init(&w, room, sizeof(room));
	write_sample(&w, &sample_head);
	secret_of(&key, 0, SEAL_DATA_KEY_LEN);
	assert_int_equal(accept(writer_span(&w), &key), RC_OK);
	assert_int_equal(buffer_read(writer_span(&w), &f), RC_OK);
	assert_string_equal(f.head.station, "line-3");
	assert_string_equal(f.head.uri, "coaps://bs.example.com:5684");
	assert_string_equal(f.head.master, "station-seal");
	assert_int_equal(f.head.expires_s, 1791209600);
	assert_int_equal(f.head.instance, 1);
	rest = f.entries;
	assert_true(buffer_next(&rest, &e));
	assert_int_equal(e.number, 1);
	assert_true(span_is(e.endpoint, "urn:dev:os:32473-000042"));
	assert_int_equal(e.credential.epoch, 2);
	assert_string_equal(e.credential.master, "bootstrap-2026");
	assert_memory_equal(e.credential.fingerprint, sample_psk.fingerprint,
	    HSM_FINGERPRINT_LEN);
	assert_int_equal(buffer_open_entry(&f, &key, &e, &plan), RC_OK);
	secret_of(&want, 0x40, 40);
	assert_true(secret_equal(&plan, &want));
	assert_true(buffer_next(&rest, &e));
	assert_int_equal(e.number, 2);
	assert_string_equal(e.credential.ca, "device-ca");
	assert_string_equal(e.credential.profile, "device-p256");
	assert_int_equal(e.credential.not_after_s, INT64_C(253402300799));
	assert_int_equal(buffer_open_entry(&f, &key, &e, &plan), RC_OK);
	secret_of(&want, 0x80, 40);
	assert_true(secret_equal(&plan, &want));
	assert_false(buffer_next(&rest, &e));
	secret_fini(&key);
	secret_fini(&plan);
	secret_fini(&want);
}

/* Laid out once more, by what the header says. */
static void
test_the_bytes_stay_what_they_are(void **state)
{
	static const char head[] = "6273627566666572" /* bsbuffer */
				   "0001"
				   "000000b6"
				   "00066c696e652d3300";
	static const char first_facts[] =
	    "00000038"
	    "001775726e3a6465763a6f733a33323437332d30303030343200"
	    "01"
	    "00000002"
	    "000e626f6f7473747261702d3230323600"
	    "0102030405060708"
	    "00000038";
	char hex[2 * ROOM_LEN + 1];
	uint8_t room[ROOM_LEN];
	struct writer w, text;

	(void)state;
	writer_init(&w, room, sizeof(room));
	write_sample(&w, &sample_head);
	writer_init(&text, hex, sizeof(hex) - 1);
	text_hex(&text, writer_span(&w));
	hex[text.len] = '\0';
	assert_memory_equal(hex, head, sizeof(head) - 1);
	assert_memory_equal(hex + 2 * (14 + 0xb6 + BUFFER_KEY_LEN), first_facts,
	    sizeof(first_facts) - 1);
}

static void
test_every_changed_byte_is_refused(void **state)
{
	uint8_t room[ROOM_LEN];
	struct secret key = {0};
	struct writer w;

	(void)state;
	writer_init(&w, room, sizeof(room));
	write_sample(&w, &sample_head);
	secret_of(&key, 0, SEAL_DATA_KEY_LEN);
	for (size_t at = 0; at < w.len; at++) {
		for (unsigned by = 1; by < 256; by = by * 2 + 1) {
			room[at] ^= (uint8_t)by;
			if (accept(writer_span(&w), &key) == RC_OK)
				fail_msg("byte %zu by %02x", at, by);
			room[at] ^= (uint8_t)by;
		}
	}
	assert_int_equal(accept(writer_span(&w), &key), RC_OK);
	/* cut anywhere, and with something behind it */
	for (size_t len = 0; len < w.len; len++) {
		void *exact = malloc(len ? len : 1);

		assert_non_null(exact);
		memcpy(exact, room, len);
		if (accept(span_of(exact, len), &key) == RC_OK)
			fail_msg("%zu bytes", len);
		free(exact);
	}
	writer_be(&w, 0, 1);
	assert_int_not_equal(accept(writer_span(&w), &key), RC_OK);
	/* another key */
	w.len--;
	key.bytes[31] ^= 1;
	assert_int_equal(accept(writer_span(&w), &key), RC_DENIED);
	secret_fini(&key);
}

/* An account of one buffer in another, or in another's place, by somebody who
 * has no key: it does not open, whatever the end says. */
static void
test_no_account_moves(void **state)
{
	struct buffer_head other = sample_head;
	uint8_t room[ROOM_LEN], other_room[ROOM_LEN];
	struct secret key = {0}, plan = {0};
	struct buffer_entry e = {0}, moved;
	struct buffer_file f, g;
	struct writer w;
	struct span rest;

	(void)state;
	other.id[0] ^= 1;
	writer_init(&w, room, sizeof(room));
	write_sample(&w, &sample_head);
	assert_int_equal(buffer_read(writer_span(&w), &f), RC_OK);
	writer_init(&w, other_room, sizeof(other_room));
	write_sample(&w, &other);
	assert_int_equal(buffer_read(writer_span(&w), &g), RC_OK);
	secret_of(&key, 0, SEAL_DATA_KEY_LEN);
	rest = f.entries;
	assert_true(buffer_next(&rest, &e));
	assert_int_equal(buffer_open_entry(&f, &key, &e, &plan), RC_OK);
	assert_int_equal(buffer_open_entry(&g, &key, &e, &plan), RC_DENIED);
	assert_int_equal(plan.len, 0);
	moved = e;
	moved.number = 2;
	assert_int_equal(buffer_open_entry(&f, &key, &moved, &plan), RC_DENIED);
	assert_true(buffer_next(&rest, &e));
	moved = e;
	moved.sealed = span_of(f.entries.p + 8 + 0x38, 0x38);
	assert_int_equal(buffer_open_entry(&f, &key, &moved, &plan), RC_DENIED);
	secret_fini(&key);
	secret_fini(&plan);
}

static void
test_what_does_not_go_in(void **state)
{
	char longest[LEDGER_STATION_MAX + 2] = {0};
	uint8_t room[ROOM_LEN], digest[DIGEST_LEN] = {0};
	struct buffer_entry e = {.number = 1, .endpoint = SPAN_LIT("ep")};
	struct buffer_head h = sample_head;
	struct secret key = {0}, plan = {0};
	struct writer w;

	(void)state;
	writer_init(&w, room, sizeof(room));
	memset(longest, 'a', sizeof(longest) - 1);
	h.station = longest;
	assert_int_equal(buffer_put_head(&w, &h), RC_TOO_LARGE);
	h.station = "line 3";
	assert_int_equal(buffer_put_head(&w, &h), RC_MALFORMED);
	h.station = "line-3";
	h.count = 0;
	assert_int_equal(buffer_put_head(&w, &h), RC_MALFORMED);
	h.count = BUFFER_COUNT_MAX + 1;
	assert_int_equal(buffer_put_head(&w, &h), RC_MALFORMED);
	h.count = 1;
	w.cap = 20;
	assert_int_equal(buffer_put_head(&w, &h), RC_TOO_LARGE);
	writer_init(&w, room, sizeof(room));
	secret_of(&key, 0, SEAL_DATA_KEY_LEN);
	secret_of(&plan, 0, 40);
	/* an image without security has none */
	assert_int_equal(
	    buffer_put_entry(&w, &key, digest, &e, &plan), RC_UNSUPPORTED);
	e.credential = sample_psk;
	w.cap = 60;
	assert_int_equal(
	    buffer_put_entry(&w, &key, digest, &e, &plan), RC_TOO_LARGE);
	key.len--;
	w = (struct writer){0};
	writer_init(&w, room, sizeof(room));
	assert_int_equal(
	    buffer_put_entry(&w, &key, digest, &e, &plan), RC_MALFORMED);
	secret_fini(&key);
	secret_fini(&plan);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_was_written_is_read),
	    cmocka_unit_test(test_the_bytes_stay_what_they_are),
	    cmocka_unit_test(test_every_changed_byte_is_refused),
	    cmocka_unit_test(test_no_account_moves),
	    cmocka_unit_test(test_what_does_not_go_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
