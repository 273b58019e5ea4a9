/* Bytes that rows name by their SHA-256, kept for good. */
#include "support.h"

#include "ledger/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Of "abc", FIPS 180. */
#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void
put_blob(struct desk *d, struct span bytes, uint8_t sha256[static DIGEST_LEN])
{
	assert_int_equal(ledger_begin(d->ledger), RC_OK);
	assert_int_equal(ledger_blob_put(d->ledger, bytes, sha256), RC_OK);
	assert_int_equal(ledger_commit(d->ledger), RC_OK);
}

static void
test_what_was_put_is_what_comes_back(void **state)
{
	struct desk *d = *state;
	struct arena *a = arena_new(0);
	uint8_t sha256[DIGEST_LEN], empty[DIGEST_LEN];
	struct span out;

	put_blob(d, SPAN_LIT("abc"), sha256);
	put_blob(d, span_of(NULL, 0), empty);
	/* once more: nothing new */
	put_blob(d, SPAN_LIT("abc"), sha256);
	assert_string_equal(
	    raw_text(d->path,
		"SELECT group_concat(lower(hex(sha256)), ' ') FROM blob "
		"WHERE length(bytes) > 0"),
	    ABC);
	assert_string_equal(
	    raw_text(d->path, "SELECT count(*) FROM blob"), "2");
	desk_close(d);
	desk_open(d);
	assert_int_equal(ledger_blob_get(d->ledger, sha256, a, &out), RC_OK);
	assert_true(span_is(out, "abc"));
	assert_int_equal(ledger_blob_get(d->ledger, empty, a, &out), RC_OK);
	assert_int_equal(out.len, 0);
	assert_int_equal(ledger_blob_has(d->ledger, sha256), RC_OK);
	sha256[0] ^= 1;
	assert_int_equal(ledger_blob_has(d->ledger, sha256), RC_NOT_FOUND);
	assert_int_equal(
	    ledger_blob_get(d->ledger, sha256, a, &out), RC_NOT_FOUND);
	assert_int_equal(verified_rows(d->ledger), 0);
	arena_free(a);
}

static void
test_it_belongs_to_a_group(void **state)
{
	struct desk *d = *state;
	uint8_t sha256[DIGEST_LEN];

	assert_int_equal(
	    ledger_blob_put(d->ledger, SPAN_LIT("abc"), sha256), RC_BUG);
	assert_int_equal(ledger_begin(d->ledger), RC_OK);
	assert_int_equal(
	    ledger_blob_put(d->ledger, SPAN_LIT("abc"), sha256), RC_OK);
	/* of this one nothing is read */
	assert_int_equal(ledger_blob_put(d->ledger,
			     span_of("", (size_t)LEDGER_BLOB_MAX + 1), sha256),
	    RC_TOO_LARGE);
	ledger_rollback(d->ledger);
	assert_string_equal(
	    raw_text(d->path, "SELECT count(*) FROM blob"), "0");
}

#define UPSERT \
	"INSERT INTO blob SELECT sha256, x'00' FROM blob WHERE true " \
	"ON CONFLICT DO UPDATE SET bytes = x'00'"

static void
test_none_is_changed_or_taken_away(void **state)
{
	static const char *const cases[] = {
	    "DELETE FROM blob",
	    "UPDATE blob SET bytes = x'00'",
	    "UPDATE OR IGNORE blob SET sha256 = zeroblob(32)",
	    "INSERT OR REPLACE INTO blob SELECT sha256, x'00' FROM blob",
	    UPSERT,
	    "INSERT INTO blob VALUES (zeroblob(31), x'00')",
	    "INSERT INTO blob VALUES (NULL, x'00')",
	};
	struct desk *d = *state;
	uint8_t sha256[DIGEST_LEN];

	put_blob(d, SPAN_LIT("abc"), sha256);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if ((raw_try(d->path, cases[i]) & 0xff) != SQLITE_CONSTRAINT)
			fail_msg("%s", cases[i]);
	assert_string_equal(
	    raw_text(d->path, "SELECT group_concat(bytes) FROM blob"), "abc");
}

/* Somebody with the file: it is found, and said which. */
static void
test_a_changed_one_is_named(void **state)
{
	struct desk *d = *state;
	struct arena *a = arena_new(0);
	uint8_t sha256[DIGEST_LEN], other[DIGEST_LEN];
	struct ledger_verdict v;
	struct span out;

	put_blob(d, SPAN_LIT("abd"), other);
	put_blob(d, SPAN_LIT("abc"), sha256);
	raw(d->path,
	    "DROP TRIGGER blob_keeps_values;"
	    "UPDATE blob SET bytes = x'616263ff' WHERE bytes = x'616263';"
	    "CREATE TRIGGER blob_keeps_values BEFORE UPDATE ON blob BEGIN\n"
	    "\tSELECT RAISE(ABORT, 'what the ledger keeps is append-only');\n"
	    "END");
	assert_int_equal(ledger_verify(d->ledger, &v, NULL, NULL), RC_OK);
	assert_true(v.altered);
	assert_string_equal(v.text,
	    "the chain holds, but the bytes kept as " ABC " are others");
	assert_int_equal(
	    ledger_blob_get(d->ledger, sha256, a, &out), RC_MALFORMED);
	assert_int_equal(ledger_blob_get(d->ledger, other, a, &out), RC_OK);
	arena_free(a);
}

/* A row says that it is kept, and it is not. */
static void
test_a_missing_one_is_an_inconsistency(void **state)
{
	struct desk *d = *state;
	uint8_t sha256[DIGEST_LEN];
	struct ledger_verdict v;

	put_blob(d, SPAN_LIT("abc"), sha256);
	assert_int_equal(ledger_begin(d->ledger), RC_OK);
	PUT(d->ledger, "policies_loaded", 0, "",
	    F_BYTES("policy_set", span_of(sha256, DIGEST_LEN)),
	    F_BOOL("kept", true));
	PUT(d->ledger, "policies_loaded", 0, "",
	    F_BYTES("policy_set", SPAN_LIT("another")), F_BOOL("kept", false));
	assert_int_equal(ledger_commit(d->ledger), RC_OK);
	assert_int_equal(verified_rows(d->ledger), 2);
	raw(d->path,
	    "DROP TRIGGER blob_keeps_rows; DELETE FROM blob;"
	    "CREATE TRIGGER blob_keeps_rows BEFORE DELETE ON blob BEGIN\n"
	    "\tSELECT RAISE(ABORT, 'what the ledger keeps is append-only');\n"
	    "END");
	assert_int_equal(ledger_verify(d->ledger, &v, NULL, NULL), RC_OK);
	assert_true(v.altered);
	assert_non_null(strstr(v.text, "inconsistencies"));
	assert_string_equal(
	    raw_text(d->path, "SELECT name || seq FROM inconsistencies"),
	    "blob1");
}

/* A file that was made before there were any. */
static void
test_an_older_file_has_none(void **state)
{
	struct desk *d = *state;
	const uint8_t sha256[DIGEST_LEN] = {0};
	struct arena *a = arena_new(0);
	char text[65536] = {0};
	struct ledger *l;
	struct span out;
	FILE *f = fopen(LEDGER_VECTORS "/version-1.sql", "r");

	assert_non_null(f);
	assert_true(fread(text, 1, sizeof(text) - 1, f) > 1000);
	fclose(f);
	desk_close(d);
	unlink(d->path);
	raw(d->path, text);
	assert_int_equal(ledger_open(d->path, LEDGER_READ, &l, NULL, 0), RC_OK);
	assert_int_equal(ledger_blob_has(l, sha256), RC_NOT_FOUND);
	assert_int_equal(ledger_blob_get(l, sha256, a, &out), RC_NOT_FOUND);
	ledger_close(l);
	/* brought up, it has room for them */
	desk_open(d);
	put_blob(d, SPAN_LIT("abc"), (uint8_t[DIGEST_LEN]){0});
	assert_int_equal(verified_rows(d->ledger), 8);
	arena_free(a);
}

#define ON_A_DESK(test) \
	cmocka_unit_test_setup_teardown(test, desk_setup, desk_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_A_DESK(test_what_was_put_is_what_comes_back),
	    ON_A_DESK(test_it_belongs_to_a_group),
	    ON_A_DESK(test_none_is_changed_or_taken_away),
	    ON_A_DESK(test_a_changed_one_is_named),
	    ON_A_DESK(test_a_missing_one_is_an_inconsistency),
	    ON_A_DESK(test_an_older_file_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
