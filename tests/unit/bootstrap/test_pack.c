/* A Bootstrap-Pack of a plan (LwM2M Core 1.2, 6.1.7.2): what is in it, what is
 * not, and when all of it was fetched. */
#include "sample.h"

#include "bootstrap/pack.h"
#include "lwm2m/format.h"
#include "lwm2m/object.h"

enum { ENTRIES_MAX = 64 };

static const uint8_t id[16] = "0123456789abcdef";

/** A plan of Writes that `put` adds, with a Delete before and a Finish behind
 *  it. */
static void
plan_of(void (*put)(struct plan_builder *b), struct plan *out)
{
	const struct plan_head head = {
	    .max_message = 500,
	    .block_size = 1024,
	    .version = 12,
	    .own = LWM2M_ID_NONE,
	    .ssids = {101, 102},
	    .account_count = 2,
	};
	struct secret bytes = {0};
	struct plan_builder b;

	plan_begin(&b, &head);
	plan_step(&b, PLAN_DISCOVER, 0, 0, LWM2M_ROOT);
	plan_step(&b, PLAN_DELETE, 0, 0, LWM2M_OBJECT(OBJECT_SECURITY));
	put(&b);
	plan_step(&b, PLAN_VERIFY, 0, 0, LWM2M_ROOT);
	plan_step(&b, PLAN_FINISH, 0, 0, LWM2M_ROOT);
	/* the correction, for a Finish that a pack does not have */
	plan_step(&b, PLAN_WRITE, 0, 0, LWM2M_INSTANCE(3, 0));
	plan_put(&b,
	    &(struct lwm2m_entry){
		LWM2M_RESOURCE(3, 0, 14), LWM2M_VALUE_STRING(SPAN_LIT("+01"))});
	plan_step(&b, PLAN_FINISH, 0, 0, LWM2M_ROOT);
	assert_int_equal(plan_end(&b, &bytes, NULL), RC_OK);
	assert_int_equal(plan_decode(&bytes, out), RC_OK);
}

static void
put_text(struct plan_builder *b, struct lwm2m_path path, const char *text)
{
	const struct lwm2m_entry e = {path, LWM2M_VALUE_STRING(span_str(text))};

	plan_put(b, &e);
}

/** Two accounts in a Write of the object, a link between objects, and another
 *  object that the plan writes before them. */
static void
two_accounts(struct plan_builder *b)
{
	struct secret key = {0};

	plan_step(b, PLAN_WRITE, 0, 0, LWM2M_INSTANCE(3, 0));
	put_text(b, LWM2M_RESOURCE(3, 0, 15), "Europe/Vienna");
	plan_step(b, PLAN_WRITE, 0, 0, LWM2M_OBJECT(OBJECT_SECURITY));
	for (unsigned account = 2; account > 0; account--) {
		plan_account(b, account);
		put_text(b, LWM2M_RESOURCE(OBJECT_SECURITY, 0, SECURITY_URI),
		    account == 1 ? "coaps://one" : "coaps://two");
		assert_int_equal(
		    secret_set(&key, SPAN_LIT("sixteen bytes!!!")), RC_OK);
		plan_put_secret(b,
		    LWM2M_RESOURCE(OBJECT_SECURITY, 0, SECURITY_SECRET_KEY),
		    &key, "a key");
	}
	plan_step(b, PLAN_WRITE, 0, 1, LWM2M_INSTANCE(OBJECT_SERVER, 0));
	plan_put(b,
	    &(struct lwm2m_entry){LWM2M_RESOURCE(OBJECT_SERVER, 0, SERVER_SSID),
		LWM2M_VALUE_INTEGER(101)});
	plan_step(b, PLAN_WRITE, 0, 0, LWM2M_INSTANCE(2, 0));
	plan_put_instance_of(b,
	    &(struct lwm2m_entry){
		LWM2M_RESOURCE(2, 0, 1), LWM2M_VALUE_INTEGER(0)},
	    2, OBJECT_SECURITY);
	secret_fini(&key);
}

static void
nothing(struct plan_builder *b)
{
	(void)b;
}

static void
its_own_account(struct plan_builder *b)
{
	plan_step(b, PLAN_WRITE, 0, PLAN_ACCOUNT_OURS,
	    LWM2M_INSTANCE(OBJECT_SECURITY, 0));
	put_text(
	    b, LWM2M_RESOURCE(OBJECT_SECURITY, 0, SECURITY_URI), "coaps://us");
}

static void
one_resource_twice(struct plan_builder *b)
{
	for (int i = 0; i < 2; i++) {
		plan_step(b, PLAN_WRITE, 0, 0, LWM2M_INSTANCE(3, 0));
		put_text(b, LWM2M_RESOURCE(3, 0, 15), "Europe/Vienna");
	}
}

static void
by_its_number(struct plan_builder *b)
{
	plan_step(b, PLAN_WRITE, 0, 0, LWM2M_INSTANCE(OBJECT_SECURITY, 7));
	put_text(
	    b, LWM2M_RESOURCE(OBJECT_SECURITY, 7, SECURITY_URI), "coaps://x");
}

static const struct lwm2m_value *
find(const struct lwm2m_entry *entries, size_t count, struct lwm2m_path path)
{
	for (size_t i = 0; i < count; i++)
		if (path_compare(entries[i].path, path) == 0)
			return &entries[i].value;
	return NULL;
}

static void
all_writes_and_nothing_else(void **state)
{
	static const int formats[] = {
	    FORMAT_SENML_JSON, FORMAT_SENML_CBOR, FORMAT_LWM2M_CBOR};
	static uint8_t scratch[8192];
	struct plan plan;

	(void)state;
	plan_of(two_accounts, &plan);
	for (size_t f = 0; f < 3; f++) {
		struct lwm2m_entry got[ENTRIES_MAX];
		const struct lwm2m_value *v;
		struct accounts a = {0};
		struct pack p;
		struct writer w;
		size_t count;

		/* its own is where the second one would be */
		accounts_own(&a, LWM2M_INSTANCE(OBJECT_SECURITY, 101));
		assert_true(pack_format(formats[f]));
		assert_int_equal(
		    pack_make(&p, &plan, &a, formats[f], id), RC_OK);
		writer_init(&w, scratch, sizeof(scratch));
		assert_int_equal(
		    lwm2m_decode(formats[f], LWM2M_ROOT, secret_expose(&p.body),
			&w, got, ENTRIES_MAX, &count),
		    RC_OK);
		assert_int_equal(count, 7);
		v = find(got, count,
		    LWM2M_RESOURCE(OBJECT_SECURITY, 100, SECURITY_URI));
		assert_true(v && span_is(v->bytes, "coaps://one"));
		v = find(got, count,
		    LWM2M_RESOURCE(OBJECT_SECURITY, 102, SECURITY_URI));
		assert_true(v && span_is(v->bytes, "coaps://two"));
		v = find(got, count,
		    LWM2M_RESOURCE(OBJECT_SECURITY, 102, SECURITY_SECRET_KEY));
		assert_true(v && span_is(v->bytes, "sixteen bytes!!!"));
		v = find(got, count, LWM2M_RESOURCE(2, 0, 1));
		assert_true(v && v->integer == 102);
		v = find(got, count, LWM2M_RESOURCE(3, 0, 15));
		assert_true(v && span_is(v->bytes, "Europe/Vienna"));
		/* of the correction */
		assert_null(find(got, count, LWM2M_RESOURCE(3, 0, 14)));
		pack_clear(&p);
	}
	plan_fini(&plan);
}

static void
what_makes_no_pack(void **state)
{
	static const struct {
		void (*put)(struct plan_builder *b);
		int format;
		enum rc rc;
	} cases[] = {
	    {two_accounts, FORMAT_TLV, RC_UNSUPPORTED},
	    {two_accounts, FORMAT_OMA_JSON, RC_UNSUPPORTED},
	    {two_accounts, FORMAT_TEXT, RC_UNSUPPORTED},
	    {two_accounts, -1, RC_UNSUPPORTED},
	    {nothing, FORMAT_SENML_CBOR, RC_UNSUPPORTED},
	    {its_own_account, FORMAT_SENML_CBOR, RC_UNSUPPORTED},
	    {one_resource_twice, FORMAT_SENML_CBOR, RC_MALFORMED},
	    /* nobody knows whether that is its own account */
	    {by_its_number, FORMAT_SENML_CBOR, RC_CONFLICT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct accounts a = {0};
		struct plan plan;
		struct pack p;

		plan_of(cases[i].put, &plan);
		if (pack_make(&p, &plan, &a, cases[i].format, id) !=
		    cases[i].rc)
			fail_msg("case %zu", i);
		assert_null(p.body.bytes);
		assert_false(pack_is_fetched(&p));
		plan_fini(&plan);
	}
}

/* Where its own account is known, an instance that is another one may be
 * written by its number. */
static void
its_own_is_known(void **state)
{
	struct accounts a = {0};
	struct plan plan;
	struct pack p;

	(void)state;
	plan_of(by_its_number, &plan);
	accounts_own(&a, LWM2M_INSTANCE(OBJECT_SECURITY, 7));
	assert_int_equal(
	    pack_make(&p, &plan, &a, FORMAT_SENML_CBOR, id), RC_CONFLICT);
	a = (struct accounts){0};
	accounts_own(&a, LWM2M_INSTANCE(OBJECT_SECURITY, 0));
	assert_int_equal(
	    pack_make(&p, &plan, &a, FORMAT_SENML_CBOR, id), RC_OK);
	pack_clear(&p);
	plan_fini(&plan);
}

/* One ETag for one session, plan and format; and no key has a part in it. */
static void
etags(void **state)
{
	static const uint8_t other_id[16] = "0123456789abcdeg";
	struct accounts a = {0};
	struct pack one, other;
	struct plan plan;

	(void)state;
	plan_of(two_accounts, &plan);
	assert_int_equal(
	    pack_make(&one, &plan, &a, FORMAT_SENML_CBOR, id), RC_OK);
	assert_int_equal(
	    pack_make(&other, &plan, &a, FORMAT_SENML_CBOR, other_id), RC_OK);
	assert_true(secret_equal(&one.body, &other.body));
	assert_memory_not_equal(one.etag, other.etag, PACK_ETAG_LEN);
	pack_clear(&other);
	assert_int_equal(
	    pack_make(&other, &plan, &a, FORMAT_SENML_JSON, id), RC_OK);
	assert_memory_not_equal(one.etag, other.etag, PACK_ETAG_LEN);
	pack_clear(&other);
	/* the bytes of a key do not show in it */
	for (size_t i = 0; i < plan.entry_count; i++)
		if (plan.entries[i].secret)
			plan.entries[i].entry.value.bytes =
			    SPAN_LIT("another key here");
	assert_int_equal(
	    pack_make(&other, &plan, &a, FORMAT_SENML_CBOR, id), RC_OK);
	assert_false(secret_equal(&one.body, &other.body));
	assert_memory_equal(one.etag, other.etag, PACK_ETAG_LEN);
	pack_clear(&other);
	pack_clear(&one);
	plan_fini(&plan);
}

static void
make(struct pack *p)
{
	struct accounts a = {0};
	struct plan plan;

	plan_of(two_accounts, &plan);
	assert_int_equal(pack_make(p, &plan, &a, FORMAT_SENML_JSON, id), RC_OK);
	plan_fini(&plan);
}

static void
blocks_of_every_size(void **state)
{
	(void)state;
	for (size_t size = 16; size <= 1024; size *= 2) {
		uint8_t body[2048];
		struct span block;
		struct pack p;
		size_t len = 0;
		bool more = true;

		make(&p);
		while (more) {
			assert_false(pack_is_fetched(&p));
			assert_int_equal(
			    pack_block(&p, len, size, &block, &more), RC_OK);
			assert_true(more ? block.len == size
					 : block.len > 0 && block.len <= size);
			memcpy(body + len, block.p, block.len);
			len += block.len;
		}
		assert_true(pack_is_fetched(&p));
		assert_true(
		    span_equal(span_of(body, len), secret_expose(&p.body)));
		assert_int_equal(pack_block(&p, (len + size - 1) / size * size,
				     size, &block, &more),
		    RC_MALFORMED);
		pack_clear(&p);
	}
}

static void
no_block(void **state)
{
	struct span block;
	struct pack p;
	bool more;

	(void)state;
	make(&p);
	assert_int_equal(pack_block(&p, 8, 16, &block, &more), RC_MALFORMED);
	assert_int_equal(pack_block(&p, 0, 8, &block, &more), RC_MALFORMED);
	assert_int_equal(
	    pack_block(&p, SIZE_MAX - 15, 16, &block, &more), RC_MALFORMED);
	assert_int_equal(
	    pack_block(&p, (size_t)1024 << 20, 1024, &block, &more),
	    RC_MALFORMED);
	assert_int_equal(p.left, (p.body.len + 15) / 16);
	pack_clear(&p);
	/* nor has the empty one any */
	assert_int_equal(pack_block(&p, 0, 16, &block, &more), RC_MALFORMED);
	assert_false(pack_is_fetched(&p));
}

/* What is fetched twice counts once. */
static void
fetched_when_all_of_it_is(void **state)
{
	struct span block;
	struct pack p;
	bool more;

	(void)state;
	make(&p);
	for (int i = 0; i < 100; i++)
		assert_int_equal(pack_block(&p, 0, 64, &block, &more), RC_OK);
	for (size_t at = (p.body.len - 1) / 64 * 64; at > 64; at -= 64)
		assert_int_equal(pack_block(&p, at, 64, &block, &more), RC_OK);
	assert_int_equal(p.left, 4);
	assert_int_equal(pack_block(&p, 64, 32, &block, &more), RC_OK);
	assert_int_equal(pack_block(&p, 64, 16, &block, &more), RC_OK);
	assert_int_equal(pack_block(&p, 112, 16, &block, &more), RC_OK);
	assert_false(pack_is_fetched(&p));
	assert_int_equal(pack_block(&p, 96, 16, &block, &more), RC_OK);
	assert_true(pack_is_fetched(&p));
	pack_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_writes_and_nothing_else),
	    cmocka_unit_test(what_makes_no_pack),
	    cmocka_unit_test(its_own_is_known),
	    cmocka_unit_test(etags),
	    cmocka_unit_test(blocks_of_every_size),
	    cmocka_unit_test(no_block),
	    cmocka_unit_test(fetched_when_all_of_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
