#include "base/text.h"
#include "hsm/hsm_internal.h"
#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *
hex(struct span bytes)
{
	static char text[2 * HSM_CONTEXT_MAX + 1];
	struct writer w;

	writer_init(&w, text, sizeof(text) - 1);
	text_hex(&w, bytes);
	text[w.len] = '\0';
	return text;
}

static void
test_context_is_what_the_vectors_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < DERIVATION_VECTORS; i++) {
		const struct derivation_vector *v = &derivation_vectors[i];
		struct hsm_derivation d = {"fleet-2026", v->purpose,
		    v->short_server_id, v->epoch, v->endpoint};
		uint8_t buf[HSM_CONTEXT_MAX];
		struct writer w;

		writer_init(&w, buf, sizeof(buf));
		assert_int_equal(hsm_derivation_context(&d, &w), RC_OK);
		assert_string_equal(hex(writer_span(&w)), v->context);
	}
}

static void
test_longest_endpoint_fits(void **state)
{
	uint8_t endpoint[HSM_ENDPOINT_MAX + 1] = {0};
	uint8_t buf[HSM_CONTEXT_MAX];
	struct hsm_derivation d = {
	    "m", HSM_PURPOSE_SERVER, 1, 1, {endpoint, HSM_ENDPOINT_MAX}};
	struct writer w;

	(void)state;
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(hsm_derivation_context(&d, &w), RC_OK);
	assert_int_equal(w.len, 23 + HSM_ENDPOINT_MAX);

	d.endpoint.len++;
	assert_int_equal(hsm_derivation_context(&d, &w), RC_MALFORMED);
}

static void
test_out_of_range_is_refused(void **state)
{
	static const char long_label[] = "0123456789abcdef0123456789abcdef"
					 "0123456789abcdef0123456789abcdef+";
	static const struct {
		const char *why;
		struct hsm_derivation d;
	} cases[] = {
	    {"no endpoint", {"m", HSM_PURPOSE_SERVER, 1, 1, {NULL, 0}}},
	    {"epoch 0",
		{"m", HSM_PURPOSE_SERVER, 1, 0, {(const uint8_t *)"e", 1}}},
	    {"server 0",
		{"m", HSM_PURPOSE_SERVER, 0, 1, {(const uint8_t *)"e", 1}}},
	    {"server 65535",
		{"m", HSM_PURPOSE_SERVER, 65535, 1, {(const uint8_t *)"e", 1}}},
	    {"bootstrap with a server",
		{"m", HSM_PURPOSE_BOOTSTRAP, 1, 1, {(const uint8_t *)"e", 1}}},
	    {"no purpose",
		{"m", (enum hsm_purpose)0, 0, 1, {(const uint8_t *)"e", 1}}},
	    {"unknown purpose",
		{"m", (enum hsm_purpose)4, 1, 1, {(const uint8_t *)"e", 1}}},
	    {"no label",
		{NULL, HSM_PURPOSE_SERVER, 1, 1, {(const uint8_t *)"e", 1}}},
	    {"empty label",
		{"", HSM_PURPOSE_SERVER, 1, 1, {(const uint8_t *)"e", 1}}},
	    {"label of 65 bytes",
		{long_label, HSM_PURPOSE_SERVER, 1, 1,
		    {(const uint8_t *)"e", 1}}},
	    {"label with a newline",
		{"a\nb", HSM_PURPOSE_SERVER, 1, 1, {(const uint8_t *)"e", 1}}},
	    {"label that is not UTF-8",
		{"a\xff", HSM_PURPOSE_SERVER, 1, 1, {(const uint8_t *)"e", 1}}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t buf[HSM_CONTEXT_MAX];
		struct writer w;

		writer_init(&w, buf, sizeof(buf));
		if (hsm_derivation_context(&cases[i].d, &w) != RC_MALFORMED)
			fail_msg("%s was taken", cases[i].why);
	}
}

/*
 * hmac.new(key, b"lwm2m-bs/fingerprint", "sha256").hexdigest()[:16] of
 * Python 3.11.
 */
static void
test_fingerprint(void **state)
{
	static const struct {
		uint8_t first, step;
		size_t len;
		const char *name;
	} cases[] = {
	    {0x00, 1, 16, "5d2a750fa83df560"},
	    {0x40, 1, 32, "21fa61053db57e44"},
	    {0xaa, 0, 131, "f6b552a5fd655464"}, /* longer than a block */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t bytes[131], out[HSM_FINGERPRINT_LEN];
		struct secret key = {0};

		for (size_t n = 0; n < cases[i].len; n++)
			bytes[n] =
			    (uint8_t)(cases[i].first + n * cases[i].step);
		assert_int_equal(
		    secret_set(&key, span_of(bytes, cases[i].len)), RC_OK);
		assert_int_equal(hsm_fingerprint(&key, out), RC_OK);
		assert_string_equal(
		    hex(span_of(out, sizeof(out))), cases[i].name);
		secret_fini(&key);
	}
}

static void
test_no_fingerprint_of_what_can_be_guessed(void **state)
{
	uint8_t out[HSM_FINGERPRINT_LEN] = {0};
	struct secret key = {0};

	(void)state;
	assert_int_equal(hsm_fingerprint(&key, out), RC_MALFORMED);
	assert_int_equal(secret_set(&key, SPAN_LIT("fifteen bytes..")), RC_OK);
	assert_int_equal(hsm_fingerprint(&key, out), RC_MALFORMED);
	secret_fini(&key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_context_is_what_the_vectors_say),
	    cmocka_unit_test(test_longest_endpoint_fits),
	    cmocka_unit_test(test_out_of_range_is_refused),
	    cmocka_unit_test(test_fingerprint),
	    cmocka_unit_test(test_no_fingerprint_of_what_can_be_guessed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
