/* Secrets of the ledger's store, sealed under a key of the token: each opens in
 * the row it was made for, and in no other. */
#include "fixture.h"

#include "issue/vault.h"

#include <stdio.h>

static struct hsm *h;
static struct hsm_session *s;
static uint8_t bytes[LEDGER_NAME_MAX + 1];

#define KEY "0123456789abcdef0123456789abcdef"

static struct issue_vault_item
meter(void)
{
	return (struct issue_vault_item){
	    .collection = SPAN_LIT("vendor-q3"),
	    .name = SPAN_LIT("meter-17"),
	    .endpoint = SPAN_LIT("urn:dev:ops:A-17"),
	    .epoch = 1,
	    .master = "seal",
	};
}

static enum rc
seal(const struct issue_vault_item *item, struct writer *w)
{
	struct secret key = {0};
	enum rc rc;

	assert_int_equal(secret_set(&key, SPAN_LIT(KEY)), RC_OK);
	rc = issue_vault_seal(s, item, &key, w);
	secret_fini(&key);
	return rc;
}

static struct ledger_secret
row_of(const struct issue_vault_item *item, struct span sealed)
{
	return (struct ledger_secret){
	    .collection = item->collection,
	    .name = item->name,
	    .epoch = item->epoch,
	    .endpoint = item->endpoint,
	    .master = span_str(item->master),
	    .sealed = sealed,
	};
}

static enum rc
open_row(const struct ledger_secret *row)
{
	struct secret out = {0};
	enum rc rc;

	assert_int_equal(secret_set(&out, SPAN_LIT("what was there")), RC_OK);
	rc = issue_vault_open(s, row, &out);
	if (rc == RC_OK)
		assert_true(span_is(secret_expose(&out), KEY));
	else
		assert_null(out.bytes);
	/* Who is refused is told why. */
	if (rc != RC_OK)
		assert_true(hsm_session_error(s)->text[0] != '\0');
	secret_fini(&out);
	return rc;
}

static void
test_through_the_ledger_and_back(void **state)
{
	const struct issue_vault_item item = meter();
	uint8_t buf[128];
	struct ledger_secret row;
	struct writer w;

	(void)state;
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(seal(&item, &w), RC_OK);
	assert_int_equal(w.len, sizeof(KEY) - 1 + SEAL_OVERHEAD);
	row = row_of(&item, writer_span(&w));
	assert_int_equal(open_row(&row), RC_OK);
	assert_null(memmem(buf, w.len, KEY, 8));
}

/* Copied to another row; and parts that only together read the same. */
static void
test_bound_to_its_row(void **state)
{
	const struct issue_vault_item item = meter();
	struct ledger_secret moved[9], row;
	uint8_t buf[128];
	struct writer w;

	(void)state;
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(seal(&item, &w), RC_OK);
	row = row_of(&item, writer_span(&w));
	for (size_t i = 0; i < sizeof(moved) / sizeof(moved[0]); i++)
		moved[i] = row;
	moved[0].collection = SPAN_LIT("vendor-q4");
	moved[1].name = SPAN_LIT("meter-18");
	moved[2].epoch = 2;
	moved[3].endpoint = SPAN_LIT("urn:dev:ops:A-18");
	moved[4].master = SPAN_LIT("seal-too");
	moved[5].collection = SPAN_LIT("vendor-q3m");
	moved[5].name = SPAN_LIT("eter-17");
	moved[6].collection = SPAN_LIT("vendor-q");
	moved[6].name = SPAN_LIT("3meter-17");
	moved[7].name = row.endpoint;
	moved[7].endpoint = row.name;
	moved[8].epoch = 0x01000000;
	for (size_t i = 0; i < sizeof(moved) / sizeof(moved[0]); i++)
		assert_int_equal(open_row(&moved[i]), RC_DENIED);
	for (size_t i = 0; i < w.len; i++) {
		buf[i] ^= 1;
		assert_int_equal(
		    open_row(&row), i == 0 ? RC_MALFORMED : RC_DENIED);
		buf[i] ^= 1;
	}
	assert_int_equal(open_row(&row), RC_OK);
}

/* The longest of everything; and one byte more of each part. */
static void
test_lengths(void **state)
{
	struct issue_vault_item item = {
	    .collection = span_of(bytes, LEDGER_COLLECTION_MAX),
	    .name = span_of(bytes, LEDGER_NAME_MAX),
	    .endpoint = span_of(bytes, LEDGER_NAME_MAX),
	    .epoch = UINT32_MAX,
	    .master = "seal",
	};
	const struct {
		struct span *part, value;
	} cases[] = {
	    {&item.collection, span_of(bytes, LEDGER_COLLECTION_MAX + 1)},
	    {&item.collection, SPAN_LIT("")},
	    {&item.name, span_of(bytes, LEDGER_NAME_MAX + 1)},
	    {&item.name, span_of(bytes, 65536 + 1)},
	    {&item.name, SPAN_LIT("")},
	    {&item.endpoint, span_of(bytes, LEDGER_NAME_MAX + 1)},
	    {&item.endpoint, SPAN_LIT("")},
	};
	uint8_t buf[128], sealed[128];
	struct ledger_secret row;
	struct writer w, none;

	(void)state;
	writer_init(&w, sealed, sizeof(sealed));
	assert_int_equal(seal(&item, &w), RC_OK);
	row = row_of(&item, writer_span(&w));
	assert_int_equal(open_row(&row), RC_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span was = *cases[i].part;

		*cases[i].part = cases[i].value;
		writer_init(&none, buf, sizeof(buf));
		assert_int_equal(seal(&item, &none), RC_MALFORMED);
		assert_int_equal(none.len, 0);
		row = row_of(&item, writer_span(&w));
		assert_int_equal(open_row(&row), RC_MALFORMED);
		*cases[i].part = was;
	}
	item.epoch = 0;
	writer_init(&none, buf, sizeof(buf));
	assert_int_equal(seal(&item, &none), RC_MALFORMED);
	item.epoch = UINT32_MAX;
	/* Rows of somebody else's making. */
	row = row_of(&item, writer_span(&w));
	row.master = SPAN_LIT("seal\0");
	assert_int_equal(open_row(&row), RC_MALFORMED);
	row.master = SPAN_LIT("");
	assert_int_equal(open_row(&row), RC_MALFORMED);
	row.master = span_of(bytes, HSM_LABEL_MAX + 1);
	assert_int_equal(open_row(&row), RC_MALFORMED);
	row.master = SPAN_LIT("never-made");
	assert_int_equal(open_row(&row), RC_NOT_FOUND);
	row.master = SPAN_LIT("seal");
	row.sealed.len = SEAL_OVERHEAD;
	assert_int_equal(open_row(&row), RC_MALFORMED);
	row.sealed.len = 0;
	assert_int_equal(open_row(&row), RC_MALFORMED);
}

static void
test_collections_of_random_keys(void **state)
{
	char name[LEDGER_COLLECTION_MAX + 1];

	(void)state;
	issue_vault_random(101, false, name);
	assert_string_equal(name, "random/101");
	issue_vault_random(65534, false, name);
	assert_string_equal(name, "random/65534");
	issue_vault_random(65534, true, name);
	assert_string_equal(name, "random/65534/oscore");
}

static int
setup(void **state)
{
	struct hsm_master master;

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	h = open_token();
	s = take(h);
	assert_int_equal(hsm_master_generate(s, "seal", &master), RC_OK);
	assert_int_equal(hsm_master_generate(s, "seal-too", &master), RC_OK);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	hsm_session_give(s);
	hsm_close(h);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_through_the_ledger_and_back),
	    cmocka_unit_test(test_bound_to_its_row),
	    cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_collections_of_random_keys),
	};
	int failed;

	if (!fixture_init())
		return TEST_SKIP;
	failed = cmocka_run_group_tests(tests, setup, teardown);
	fixture_fini();
	return failed;
}
