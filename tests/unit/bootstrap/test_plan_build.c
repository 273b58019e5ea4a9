/* Building plans: the digest, and what does not fit. */
#include "sample.h"

#include "lwm2m/format.h"
#include "lwm2m/object.h"

static void
digest_of_sample(const struct sample *s, uint8_t out[static DIGEST_LEN])
{
	struct secret bytes = {0};

	assert_int_equal(sample_build(s, &bytes, out), RC_OK);
	secret_fini(&bytes);
}

/* policy explain, which has no HSM, shows what the ledger will show. */
static void
the_digest_says_nothing_about_a_key(void **state)
{
	static const char *const keys[] = {
	    "", "another key here", "a key of thirty-two bytes, so it is"};
	uint8_t usual[DIGEST_LEN], other[DIGEST_LEN];
	struct sample s = sample_usual;

	(void)state;
	digest_of_sample(&s, usual);
	for (size_t i = 0; i < 3; i++) {
		s.key = keys[i];
		digest_of_sample(&s, other);
		assert_memory_equal(usual, other, DIGEST_LEN);
	}
}

/* And everything else counts. */
static void
the_digest_depends_on_everything_public(void **state)
{
	enum { VARIANTS = 25 };
	struct sample v[VARIANTS];
	uint8_t digests[VARIANTS][DIGEST_LEN];
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < VARIANTS; i++)
		v[i] = sample_usual;
	n++; /* the first one stays as it is */
	v[n++].flags = 0;
	v[n++].max_message = 501;
	v[n++].delete_flags = 0;
	v[n++].clean = LWM2M_OBJECT(OBJECT_SERVER);
	v[n++].account = 2;
	v[n++].ssid = 102;
	v[n++].security = LWM2M_INSTANCE(OBJECT_SECURITY, 1);
	v[n++].uri = "coaps://eu2.lwm2m.example:5684";
	v[n++].bootstrap = true;
	v[n++].mode = MODE_NOSEC;
	v[n++].label = "psk fleet-2026 epoch 2";
	v[n++].key_resource = SECURITY_IDENTITY;
	v[n++].real = 20.49;
	v[n++].number = 49321;
	v[n++].link = 22;
	v[n++].time = 1700000001;
	v[n++].last = PLAN_VERIFY;
	v[n++].verify = false;
	v[n++].block_size = 512;
	v[n++].version = 10;
	v[n++].own = 1;
	v[n++].format = FORMAT_SENML_JSON;
	v[n++].format_count = 1;
	v[n++].resolve = 2;
	assert_int_equal(n, VARIANTS);
	for (size_t i = 0; i < n; i++) {
		digest_of_sample(&v[i], digests[i]);
		for (size_t j = 0; j < i; j++)
			if (memcmp(digests[i], digests[j], DIGEST_LEN) == 0)
				fail_msg("variants %zu and %zu", j, i);
	}
}

/* Two plans whose bytes run together in the same way are not the same. */
static void
no_ambiguity(void **state)
{
	uint8_t a[DIGEST_LEN], b[DIGEST_LEN];
	struct sample s = sample_usual, t = sample_usual;

	(void)state;
	s.uri = "coaps://a";
	s.label = "b psk";
	t.uri = "coaps://ab";
	t.label = " psk";
	digest_of_sample(&s, a);
	digest_of_sample(&t, b);
	assert_memory_not_equal(a, b, DIGEST_LEN);
}

static struct plan_builder
begun(void)
{
	struct plan_builder b;

	plan_begin(&b, &(struct plan_head){.version = 11});
	return b;
}

static void
fails(struct plan_builder *b, enum rc rc)
{
	struct secret out = {0};
	uint8_t digest[DIGEST_LEN];

	assert_int_equal(plan_end(b, &out, digest), rc);
	assert_int_equal(out.len, 0);
	plan_abandon(b); /* harmless after plan_end */
}

static void
put_text(struct plan_builder *b, uint16_t resource, struct span text)
{
	struct lwm2m_entry e = {
	    LWM2M_RESOURCE(3, 0, resource), LWM2M_VALUE_STRING(text)};

	plan_put(b, &e);
}

static void
misuse(void **state)
{
	struct plan_builder b = begun();
	struct secret key = {0};

	(void)state;
	fails(&b, RC_BUG); /* no step */
	b = begun();
	put_text(&b, 0, SPAN_LIT("x")); /* before any step */
	plan_step(&b, PLAN_FINISH, 0, 0, LWM2M_ROOT);
	fails(&b, RC_BUG);
	b = begun();
	plan_step(&b, PLAN_WRITE, 0, 0, LWM2M_INSTANCE(0, 1));
	plan_put_secret(&b, LWM2M_RESOURCE(0, 1, 5), &key, "");
	fails(&b, RC_BUG); /* a secret without a name */
}

static void
limits(void **state)
{
	static const uint8_t big[0x10000];
	struct plan_builder b = begun();
	struct secret out = {0};
	char label[PLAN_LABEL_MAX + 2];
	struct secret key = {0};

	(void)state;
	for (unsigned i = 0; i < PLAN_STEPS_MAX; i++)
		plan_step(&b, PLAN_DISCOVER, 0, 0, LWM2M_ROOT);
	assert_int_equal(plan_end(&b, &out, NULL), RC_OK);
	secret_fini(&out);
	b = begun();
	for (unsigned i = 0; i <= PLAN_STEPS_MAX; i++)
		plan_step(&b, PLAN_DISCOVER, 0, 0, LWM2M_ROOT);
	fails(&b, RC_TOO_LARGE);

	b = begun();
	plan_step(&b, PLAN_WRITE, 0, 0, LWM2M_INSTANCE(3, 0));
	for (uint16_t i = 0; i <= PLAN_ENTRIES_MAX; i++)
		put_text(&b, i, SPAN_LIT("x"));
	fails(&b, RC_TOO_LARGE);

	b = begun();
	plan_step(&b, PLAN_WRITE, 0, 0, LWM2M_INSTANCE(3, 0));
	put_text(&b, 0, span_of(big, sizeof(big)));
	fails(&b, RC_TOO_LARGE);

	b = begun();
	plan_step(&b, PLAN_WRITE, 0, 0, LWM2M_INSTANCE(3, 0));
	put_text(&b, 0, span_of(big, PLAN_BYTES_MAX));
	fails(&b, RC_TOO_LARGE);

	memset(label, 'x', sizeof(label));
	label[PLAN_LABEL_MAX + 1] = '\0';
	b = begun();
	plan_step(&b, PLAN_WRITE, 0, 0, LWM2M_INSTANCE(0, 1));
	plan_put_secret(&b, LWM2M_RESOURCE(0, 1, 5), &key, label);
	fails(&b, RC_TOO_LARGE);

	b = begun();
	plan_step(&b, PLAN_WRITE, 0, 256, LWM2M_INSTANCE(0, 0));
	fails(&b, RC_TOO_LARGE);

	b = begun();
	plan_step(&b, PLAN_WRITE, 0, 0, LWM2M_OBJECT(0));
	plan_account(&b, 256);
	fails(&b, RC_TOO_LARGE);

	b = begun();
	plan_step(&b, PLAN_WRITE, 0, 0, LWM2M_INSTANCE(2, 0));
	plan_put_instance_of(&b,
	    &(struct lwm2m_entry){
		LWM2M_RESOURCE(2, 0, 1), LWM2M_VALUE_INTEGER(0)},
	    256, 1);
	fails(&b, RC_TOO_LARGE);

	plan_begin(
	    &b, &(struct plan_head){.format_count = PLAN_FORMATS_MAX + 1});
	fails(&b, RC_TOO_LARGE);
	plan_begin(
	    &b, &(struct plan_head){.account_count = PLAN_ACCOUNTS_MAX + 1});
	fails(&b, RC_TOO_LARGE);
}

/* A fault is kept, whatever comes behind it. */
static void
sticky(void **state)
{
	struct plan_builder b = begun();

	(void)state;
	put_text(&b, 0, SPAN_LIT("x"));
	for (unsigned i = 0; i < 2 * PLAN_STEPS_MAX; i++)
		plan_step(&b, PLAN_DISCOVER, 0, 0, LWM2M_ROOT);
	fails(&b, RC_BUG);
}

static void
thrown_away(void **state)
{
	struct plan_builder b = begun();

	(void)state;
	plan_step(&b, PLAN_DISCOVER, 0, 0, LWM2M_ROOT);
	plan_abandon(&b);
	plan_abandon(&b);
	assert_int_equal(b.bytes.cap, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_digest_says_nothing_about_a_key),
	    cmocka_unit_test(the_digest_depends_on_everything_public),
	    cmocka_unit_test(no_ambiguity),
	    cmocka_unit_test(misuse),
	    cmocka_unit_test(limits),
	    cmocka_unit_test(sticky),
	    cmocka_unit_test(thrown_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
