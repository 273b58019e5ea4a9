/*
 * Each rule by an account that breaks it and nothing else. Some of these a
 * client's factory loader takes, although the device could do nothing with them
 * or, without a server's key, too much; the others it refuses, on the line.
 */
#include "account_rules.h"
#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* clang-format off */

#define BS(resource) {OBJECT_SECURITY, 1, (resource), LWM2M_ID_NONE}
#define DM(resource) {OBJECT_SECURITY, 2, (resource), LWM2M_ID_NONE}
#define SERVER(resource) {OBJECT_SERVER, 1, (resource), LWM2M_ID_NONE}

#define TEXT(s) {.type = LWM2M_STRING, .bytes = {(const uint8_t *)(s), sizeof(s) - 1}}
#define BYTES(s) {.type = LWM2M_OPAQUE, .bytes = {(const uint8_t *)(s), sizeof(s) - 1}}
#define INTEGER(n) {.type = LWM2M_INTEGER, .integer = (n)}
#define UNSIGNED(n) {.type = LWM2M_UNSIGNED, .number = (n)}
#define TRUE {.type = LWM2M_BOOLEAN, .boolean = true}
/** In place of a value: it is dropped. */
#define NONE {.type = LWM2M_NONE}

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static const struct {
	void (*account)(struct sample *s);
	struct lwm2m_path path;
	struct lwm2m_value value;
	enum diag_level level;
	const char *code;
	const char *also; /**< findings that follow from it */
} rows[] = {
    {sample_psk, BS(SECURITY_URI), NONE, DIAG_ERROR, "account-no-uri", NULL},
    {sample_psk, BS(SECURITY_BOOTSTRAP), NONE, DIAG_ERROR,
	"account-no-bootstrap-flag", NULL},
    {sample_psk, BS(SECURITY_MODE), NONE, DIAG_ERROR, "account-no-mode", NULL},
    {sample_psk, BS(SECURITY_IDENTITY), NONE, DIAG_ERROR, "account-no-identity",
	NULL},
    {sample_psk, BS(SECURITY_IDENTITY), BYTES(""), DIAG_ERROR,
	"account-no-identity", NULL},
    {sample_psk, BS(SECURITY_SECRET_KEY), NONE, DIAG_ERROR, "account-no-key",
	NULL},
    {sample_psk, BS(SECURITY_SECRET_KEY), BYTES(""), DIAG_ERROR,
	"account-no-key", NULL},
    {sample_psk, BS(SECURITY_IDENTITY), BYTES(HUNDRED TEN TEN "123456789"),
	DIAG_ERROR, "account-identity-long", NULL},
    {sample_psk, BS(SECURITY_SECRET_KEY),
	BYTES(TEN TEN TEN TEN TEN TEN "12345"), DIAG_ERROR, "account-key-long",
	NULL},
    {sample_psk, BS(SECURITY_SECRET_KEY), BYTES("123456789012345"),
	DIAG_WARNING, "account-key-short", NULL},
    {sample_psk, BS(SECURITY_SERVER_KEY), BYTES("x"), DIAG_WARNING,
	"account-server-key-unused", NULL},
    /* a scheme that is not that of the mode */
    {sample_psk, BS(SECURITY_URI), TEXT("coap://bs.example.com"), DIAG_ERROR,
	"account-scheme", NULL},
    {sample_nosec, BS(SECURITY_URI), TEXT("coaps://bs.example.com"), DIAG_ERROR,
	"account-scheme", NULL},
    {sample_psk, BS(SECURITY_URI), TEXT("http://bs.example.com"), DIAG_ERROR,
	"account-scheme", NULL},
    {sample_psk, BS(SECURITY_URI),
	TEXT("coaps://" HUNDRED HUNDRED TEN TEN TEN TEN "12345678"), DIAG_ERROR,
	"account-range", NULL},
    /* modes that no open client loads, and one that is none */
    {sample_psk, BS(SECURITY_MODE), INTEGER(MODE_RPK), DIAG_ERROR,
	"account-mode", NULL},
    {sample_psk, BS(SECURITY_MODE), INTEGER(MODE_EST), DIAG_ERROR,
	"account-mode", NULL},
    {sample_psk, BS(SECURITY_MODE), INTEGER(5), DIAG_ERROR,
	"account-mode", "account-range"},
    {sample_psk, BS(SECURITY_HOLD_OFF), INTEGER(-1), DIAG_ERROR,
	"account-hold-off", NULL},
    {sample_psk, BS(SECURITY_SSID), INTEGER(7), DIAG_WARNING,
	"account-bootstrap-ssid", NULL},
    {sample_psk, BS(99), INTEGER(1), DIAG_WARNING,
	"account-unknown-resource", NULL},
    {sample_psk, BS(SECURITY_SNI), BYTES("x"), DIAG_ERROR, "account-type",
	NULL},
    {sample_psk, BS(SECURITY_URI), BYTES("x"), DIAG_ERROR, "account-type",
	"account-no-uri"},
    /* certificates */
    {sample_x509, BS(SECURITY_SERVER_KEY), NONE, DIAG_ERROR,
	"account-no-server-key", NULL},
    {sample_x509, BS(SECURITY_SERVER_KEY), BYTES(""), DIAG_ERROR,
	"account-no-server-key", NULL},
    {sample_x509, BS(SECURITY_IDENTITY), NONE, DIAG_ERROR,
	"account-no-identity", NULL},
    {sample_x509, BS(SECURITY_SECRET_KEY), NONE, DIAG_ERROR, "account-no-key",
	NULL},
    {sample_x509, BS(SECURITY_IDENTITY), BYTES("garbage"), DIAG_ERROR,
	"account-certificate", NULL},
    {sample_x509, BS(SECURITY_IDENTITY), BYTES("-----BEGIN CERTIFICATE-----"),
	DIAG_ERROR, "account-certificate", NULL},
    {sample_x509, BS(SECURITY_SERVER_KEY), BYTES("\x30\x00"), DIAG_ERROR,
	"account-certificate", NULL},
    /* SEC1, and the begin of PKCS#8 */
    {sample_x509, BS(SECURITY_SECRET_KEY), BYTES("\x30\x77\x02\x01\x01"),
	DIAG_ERROR, "account-private-key", NULL},
    {sample_x509, BS(SECURITY_SECRET_KEY), BYTES("\x30\x81\x87\x02\x01\x00"),
	DIAG_ERROR, "account-private-key", NULL},
    {sample_x509, BS(SECURITY_CERTIFICATE_USAGE), UNSIGNED(4),
	DIAG_ERROR, "account-range", NULL},
    {sample_x509, BS(SECURITY_CERTIFICATE_USAGE), UNSIGNED(3),
	DIAG_WARNING, "account-is-ca", NULL},
    {sample_x509, BS(SECURITY_MATCHING_TYPE), UNSIGNED(2),
	DIAG_ERROR, "account-matching-type", NULL},
    {sample_x509, BS(SECURITY_MATCHING_TYPE), UNSIGNED(4),
	DIAG_ERROR, "account-range", NULL},
    /* two accounts that do not fit each other */
    {sample_two, DM(SECURITY_SSID), NONE, DIAG_ERROR, "account-no-ssid",
	"account-no-security"},
    {sample_two, DM(SECURITY_SSID), INTEGER(102), DIAG_ERROR,
	"account-no-server-object", "account-no-security"},
    {sample_two, SERVER(SERVER_SSID), INTEGER(0), DIAG_ERROR,
	"account-range",
	"account-no-server-object account-no-security"},
    {sample_two, SERVER(SERVER_SSID), INTEGER(65535), DIAG_ERROR,
	"account-range",
	"account-no-server-object account-no-security"},
    {sample_two, DM(SECURITY_BOOTSTRAP), TRUE, DIAG_ERROR,
	"account-two-bootstrap",
	"account-no-security account-bootstrap-ssid"},
    {sample_two, SERVER(SERVER_LIFETIME), NONE, DIAG_ERROR,
	"account-no-lifetime", NULL},
    {sample_two, SERVER(SERVER_STORING), NONE, DIAG_ERROR, "account-no-storing",
	NULL},
    {sample_two, SERVER(SERVER_BINDING), NONE, DIAG_ERROR, "account-no-binding",
	NULL},
    {sample_two, SERVER(SERVER_SSID), NONE, DIAG_ERROR,
	"account-server-no-ssid", "account-no-server-object"},
    {sample_two, SERVER(SERVER_BINDING), TEXT("XYZ"), DIAG_ERROR,
	"account-binding", NULL},
    {sample_two, SERVER(SERVER_BINDING), TEXT("UU"), DIAG_ERROR,
	"account-binding", NULL},
    {sample_two, SERVER(SERVER_LIFETIME), INTEGER(-1), DIAG_ERROR,
	"account-number", NULL},
    {sample_two, SERVER(SERVER_MAX_PERIOD), INTEGER(0), DIAG_ERROR,
	"account-number", NULL},
    {sample_two, SERVER(SERVER_MIN_PERIOD), INTEGER(-1), DIAG_ERROR,
	"account-number", NULL},
    {sample_two, SERVER(SERVER_RETRY_COUNT), UNSIGNED(0),
	DIAG_ERROR, "account-number", NULL},
};

/* clang-format on */

static struct lwm2m_path
bs(uint16_t resource)
{
	return LWM2M_RESOURCE(OBJECT_SECURITY, 1, resource);
}

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]) };

static struct diag *
check(const struct sample *s, bool credentials_only)
{
	struct diag *d = diag_new();

	assert_non_null(d);
	account_rules_check(&s->image, credentials_only, "image", d);
	return d;
}

static void
test_sound(void **state)
{
	static void (*const sound[])(struct sample * s) = {
	    sample_psk, sample_two, sample_x509, sample_nosec};

	(void)state;
	for (size_t i = 0; i < sizeof(sound) / sizeof(sound[0]); i++) {
		struct sample s;
		struct diag *d;

		sound[i](&s);
		d = check(&s, false);
		if (diag_total(d) > 0)
			fail_msg("%zu: %s", i, diag_get(d, 0)->text);
		diag_free(d);
	}
}

static void
test_each_rule(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		struct sample s;
		struct diag *d;
		bool found = false;

		rows[i].account(&s);
		if (rows[i].value.type == LWM2M_NONE)
			sample_drop(&s, rows[i].path);
		else
			sample_put(&s, rows[i].path, rows[i].value);
		d = check(&s, false);
		for (size_t k = 0; k < diag_total(d); k++) {
			const struct diag_finding *f = diag_get(d, k);

			if (strcmp(f->code, rows[i].code) == 0 &&
			    f->level == rows[i].level)
				found = true;
			else if (!rows[i].also ||
			    !strstr(rows[i].also, f->code))
				fail_msg(
				    "%zu (%s): %s", i, rows[i].code, f->text);
		}
		if (!found)
			fail_msg("%zu: no %s", i, rows[i].code);
		diag_free(d);
	}
}

static void
expect(struct diag *d, const char *code)
{
	assert_int_equal(diag_total(d), 1);
	assert_string_equal(diag_get(d, 0)->code, code);
	diag_free(d);
}

/* An empty array is loaded, and wipes a device. */
static void
test_nothing(void **state)
{
	struct sample s = {0};

	(void)state;
	expect(check(&s, false), "account-none");
}

static void
test_without_server(void **state)
{
	struct sample s;

	(void)state;
	sample_two(&s);
	s.image.entry_count -= 4;
	expect(check(&s, false), "account-no-server-object");
}

/* Two accounts by one Short Server ID: each is the other's twin, and the server
 * is theirs. */
static void
test_same_ssid(void **state)
{
	struct sample s;
	struct diag *d;

	(void)state;
	sample_two(&s);
	sample_put(&s, bs(SECURITY_BOOTSTRAP), LWM2M_VALUE_BOOLEAN(false));
	sample_put(&s, bs(SECURITY_SSID), LWM2M_VALUE_INTEGER(101));
	d = check(&s, false);
	assert_int_equal(diag_total(d), 2);
	for (size_t i = 0; i < 2; i++)
		assert_string_equal(diag_get(d, i)->code, "account-same-ssid");
	diag_free(d);
}

/* A key whose two halves differ: it would be found out only when the device
 * first connects. */
static void
test_broken_key(void **state)
{
	static uint8_t key[138];
	struct sample s;
	struct lwm2m_value *v;

	(void)state;
	sample_x509(&s);
	v = sample_value(&s, bs(SECURITY_SECRET_KEY));
	assert_int_equal(v->bytes.len, sizeof(key));
	memcpy(key, v->bytes.p, sizeof(key));
	/* the number alone: the public half in the same PKCS#8 is not its */
	key[50] ^= 1;
	v->bytes = span_of(key, sizeof(key));
	expect(check(&s, false), "account-private-key");
}

/* The certificate of the CA in place of the device's own: a sound key that is
 * not its. */
static void
test_certificate_of_another(void **state)
{
	struct sample s;

	(void)state;
	sample_x509(&s);
	sample_value(&s, bs(SECURITY_IDENTITY))->bytes =
	    sample_value(&s, bs(SECURITY_SERVER_KEY))->bytes;
	expect(check(&s, false), "account-key-of-another");
}

/* A modem has credentials and no address. */
static void
test_credentials_only(void **state)
{
	struct lwm2m_entry held[SAMPLE_ENTRIES_MAX];
	struct sample s;
	struct diag *d;

	(void)state;
	sample_two(&s);
	s.image.entry_count = image_credentials(&s.image, held);
	s.image.entries = held;
	d = check(&s, true);
	assert_int_equal(diag_total(d), 0);
	diag_free(d);
	d = check(&s, false);
	assert_true(diag_count(d, DIAG_ERROR) > 0);
	diag_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sound),
	    cmocka_unit_test(test_each_rule),
	    cmocka_unit_test(test_nothing),
	    cmocka_unit_test(test_without_server),
	    cmocka_unit_test(test_same_ssid),
	    cmocka_unit_test(test_broken_key),
	    cmocka_unit_test(test_certificate_of_another),
	    cmocka_unit_test(test_credentials_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
