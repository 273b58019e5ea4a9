/* Certificates and keys that a server has written, as a strict client finds
 * them at Finish; the whole ones are those of a factory image. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "device/consistency.h"
#include "device/pair.h"
#include "file.h"
#include "image.h"

#include "base/text.h"
#include "dtls/keypair.h"
#include "dtls/pem.h"

#include <stdio.h>

static struct image image;
static struct account account;
static struct held store;

static struct span
vector(const char *name, const char *label)
{
	static struct secret text;
	static uint8_t der[4096];
	struct writer w;
	char path[512];

	snprintf(path, sizeof(path), "%s/x509/%s", VECTORS_DIR, name);
	assert_int_equal(file_read(path, sizeof(der), &text), RC_OK);
	writer_init(&w, der, sizeof(der));
	assert_int_equal(pem_unpack(secret_expose(&text), label, &w), RC_OK);
	secret_fini(&text);
	return writer_span(&w);
}

static void
put(uint16_t resource, struct lwm2m_value v)
{
	const struct lwm2m_entry e = {LWM2M_RESOURCE(0, 2, resource), v};

	assert_int_equal(held_put(&store, &e), RC_OK);
}

static void
put_bytes(uint16_t resource, struct span bytes)
{
	put(resource, LWM2M_VALUE_OPAQUE(bytes));
}

static void
put_number(uint16_t resource, uint64_t n)
{
	put(resource, LWM2M_VALUE_UNSIGNED(n));
}

/* /0/2: a certificate and its key, and an anchor. */
static void
put_certificate(void)
{
	held_fini(&store);
	put_bytes(SECURITY_IDENTITY, account.identity);
	put_bytes(SECURITY_SERVER_KEY, account.server_key);
	put_bytes(SECURITY_SECRET_KEY, account.key);
	put_number(SECURITY_CERTIFICATE_USAGE, 2);
}

static void
put_raw_key(void)
{
	uint8_t own[X509_P256_KEY_LEN];

	held_fini(&store);
	assert_int_equal(keypair_public(account.key, own), RC_OK);
	put_bytes(SECURITY_IDENTITY, span_of(own, sizeof(own)));
	put_bytes(SECURITY_SERVER_KEY, span_of(own, sizeof(own)));
	put_bytes(SECURITY_SECRET_KEY, account.key);
}

static void
expect_fault(int64_t mode, const char *expected)
{
	const char *why = pair_fault(&store, 2, mode);

	if (!why != !expected || (why && strcmp(why, expected) != 0))
		fail_msg("%s", why ? why : "nothing");
}

static void
certificate(void **state)
{
	uint8_t chain[2048];
	struct writer w;

	(void)state;
	put_certificate();
	expect_fault(MODE_CERTIFICATE, NULL);
	/* its chain behind it, and something that is none */
	writer_init(&w, chain, sizeof(chain));
	writer_put(&w, account.identity);
	writer_put(&w, account.server_key);
	put_bytes(SECURITY_IDENTITY, writer_span(&w));
	expect_fault(MODE_CERTIFICATE, NULL);
	writer_put(&w, SPAN_LIT("x"));
	put_bytes(SECURITY_IDENTITY, writer_span(&w));
	expect_fault(MODE_CERTIFICATE, "a certificate that cannot be read");
}

static void
certificate_faults(void **state)
{
	struct span cut = account.identity;

	(void)state;
	put_certificate();
	cut.len--;
	put_bytes(SECURITY_IDENTITY, cut);
	expect_fault(MODE_CERTIFICATE, "a certificate that cannot be read");
	put_bytes(SECURITY_IDENTITY, SPAN_LIT("-----BEGIN CERTIFICATE-----"));
	expect_fault(MODE_CERTIFICATE, "a certificate that cannot be read");
	put_bytes(SECURITY_IDENTITY, SPAN_LIT(""));
	expect_fault(
	    MODE_CERTIFICATE, "certificate mode without certificate or key");
	put_bytes(SECURITY_IDENTITY, vector("stranger.pem", "CERTIFICATE"));
	expect_fault(MODE_CERTIFICATE,
	    "a private key that does not belong to its public key");

	put_certificate();
	put_bytes(SECURITY_SECRET_KEY, SPAN_LIT(""));
	expect_fault(
	    MODE_CERTIFICATE, "certificate mode without certificate or key");
	/* SEC 1 */
	put_bytes(SECURITY_SECRET_KEY, vector("device.key", "PRIVATE KEY"));
	expect_fault(MODE_CERTIFICATE, "a private key that is not PKCS #8");
}

static void
server_key_faults(void **state)
{
	static const uint8_t zeros[64];

	(void)state;
	put_certificate();
	put_bytes(SECURITY_SERVER_KEY, SPAN_LIT("certificate"));
	expect_fault(
	    MODE_CERTIFICATE, "a Server Public Key that is no certificate");
	put_bytes(SECURITY_SERVER_KEY, SPAN_LIT(""));
	expect_fault(MODE_CERTIFICATE, "no Server Public Key");
	for (uint64_t type = 1; type <= 3; type++) {
		size_t len = account_matching_len(type);

		put_number(SECURITY_MATCHING_TYPE, type);
		put_bytes(SECURITY_SERVER_KEY, span_of(zeros, len));
		expect_fault(MODE_CERTIFICATE, NULL);
		put_bytes(SECURITY_SERVER_KEY, span_of(zeros, len - 1));
		expect_fault(MODE_CERTIFICATE,
		    "a Server Public Key that is not of its Matching Type");
	}
	put_number(SECURITY_MATCHING_TYPE, 4);
	expect_fault(MODE_CERTIFICATE, "a Matching Type that is none");
	put_number(SECURITY_CERTIFICATE_USAGE, 4);
	expect_fault(MODE_CERTIFICATE, "a Certificate Usage that is none");
	/* of another type than the object says */
	put(SECURITY_CERTIFICATE_USAGE, LWM2M_VALUE_INTEGER(2));
	expect_fault(MODE_CERTIFICATE, "a Certificate Usage that is none");
}

static void
raw_key(void **state)
{
	(void)state;
	put_raw_key();
	expect_fault(MODE_RPK, NULL);
	put_bytes(SECURITY_SERVER_KEY, account.server_key);
	expect_fault(MODE_RPK, "a Server Public Key that is no key on P-256");
	put_raw_key();
	put_bytes(SECURITY_IDENTITY, account.identity);
	expect_fault(MODE_RPK, "a public key that is none on P-256");
	put_bytes(SECURITY_IDENTITY, vector("device.spki", "PUBLIC KEY"));
	expect_fault(
	    MODE_RPK, "a private key that does not belong to its public key");
}

/* With the rest of an account, as at Finish. */
static void
at_finish(void **state)
{
	(void)state;
	put_certificate();
	put(SECURITY_URI, LWM2M_VALUE_STRING(SPAN_LIT("coaps://x")));
	put(SECURITY_BOOTSTRAP, LWM2M_VALUE_BOOLEAN(false));
	put(SECURITY_MODE, LWM2M_VALUE_INTEGER(MODE_CERTIFICATE));
	put(SECURITY_SSID, LWM2M_VALUE_INTEGER(101));
	assert_string_equal(consistency_fault(&store, false),
	    "a Security instance without its Server instance");
	assert_int_equal(
	    held_put(&store,
		&(struct lwm2m_entry){LWM2M_RESOURCE(1, 0, SERVER_SSID),
		    LWM2M_VALUE_INTEGER(101)}),
	    RC_OK);
	assert_string_equal(consistency_fault(&store, false),
	    "a Server instance without Lifetime");
	put_bytes(SECURITY_SECRET_KEY, SPAN_LIT("key"));
	assert_string_equal(consistency_fault(&store, false),
	    "a private key that is not PKCS #8");
	put(SECURITY_MODE, LWM2M_VALUE_INTEGER(MODE_RPK));
	assert_string_equal(consistency_fault(&store, false),
	    "a public key that is none on P-256");
}

static int
setup(void **state)
{
	(void)state;
	if (image_load(VECTORS_DIR "/senml_cbor/anjay-x509-bs.senml.cbor",
		&image) != RC_OK)
		return -1;
	return image_account(&image, &account) == RC_OK ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	held_fini(&store);
	image_fini(&image);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(certificate),
	    cmocka_unit_test(certificate_faults),
	    cmocka_unit_test(server_key_faults),
	    cmocka_unit_test(raw_key),
	    cmocka_unit_test(at_finish),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
