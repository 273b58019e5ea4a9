/* What of an account goes into the handshake, and which accounts cannot be
 * gone by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "device/handshake.h"

#include "base/digest.h"

static const uint8_t zeros[128];
static const uint8_t raw_key[X509_P256_KEY_LEN] = {0x30, 0x59, 0x30, 0x13, 0x06,
    0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};

static struct account
account(int64_t mode, const char *uri)
{
	return (struct account){.mode = mode,
	    .uri = span_str(uri),
	    .identity = mode == MODE_RPK ? span_of(raw_key, sizeof(raw_key))
					 : SPAN_LIT("identity"),
	    .key = SPAN_LIT("key"),
	    .server_key = mode == MODE_RPK ? span_of(raw_key, sizeof(raw_key))
					   : SPAN_LIT("certificate"),
	    .usage = USAGE_DOMAIN_ISSUED};
}

static void
uris(void **state)
{
	static const struct {
		const char *text, *host;
		bool secure, literal;
		uint16_t port;
		bool stream;
	} rows[] = {
	    {"coaps://bs.example", "bs.example", true, false, 5684, false},
	    {"coap://bs.example/", "bs.example", false, false, 5683, false},
	    {"coaps://bs.example:1/bs?x", "bs.example", true, false, 1, false},
	    {"coaps://127.0.0.1:65535", "127.0.0.1", true, true, 65535, false},
	    {"coaps://[::1]", "::1", true, true, 5684, false},
	    {"coap://[2001:db8::1]:99", "2001:db8::1", false, true, 99, false},
	    {"coap+tcp://x", "x", false, false, 5683, true},
	    {"coaps+tcp://[::1]/", "::1", true, true, 5684, true},
	};
	static const char *const refused[] = {"", "coaps:/", "coaps://",
	    "coaps://:1", "coap+udp://x", "http://x", "coaps://[::1",
	    "coaps://[::1]1", "coaps://x:", "coaps://x:0", "coaps://x:65536",
	    "coaps://x:1y"};
	struct uri uri;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(uri_read(span_str(rows[i].text), &uri));
		assert_string_equal(uri.host, rows[i].host);
		assert_int_equal(uri.secure, rows[i].secure);
		assert_int_equal(uri.literal, rows[i].literal);
		assert_int_equal(uri.port, rows[i].port);
		assert_int_equal(uri.stream, rows[i].stream);
	}
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (uri_read(span_str(refused[i]), &uri))
			fail_msg("%s", refused[i]);
	assert_false(uri_read(SPAN_LIT("coaps://a\0b"), &uri));
}

static void
no_handshake(void **state)
{
	struct account a = account(MODE_NOSEC, "coap://x");
	struct handshake h;

	(void)state;
	assert_int_equal(handshake_init(&h, &a), RC_OK);
	assert_false(h.secure);
	handshake_fini(&h);
}

static void
pre_shared(void **state)
{
	struct account a = account(MODE_PSK, "coaps://x");
	struct handshake h;

	(void)state;
	assert_int_equal(handshake_init(&h, &a), RC_OK);
	assert_true(h.secure);
	assert_true(span_equal(h.config.identity, a.identity));
	assert_true(span_is(secret_expose(h.config.key), "key"));
	assert_null(h.config.private_key);
	assert_int_equal(h.config.server_digest.len, 0);
	handshake_fini(&h);
}

/* The name is SNI's, else the host's; an address is none. */
static void
names(void **state)
{
	static const struct {
		const char *uri, *sni, *name;
	} rows[] = {
	    {"coaps://bs.example", NULL, "bs.example"},
	    {"coaps://bs.example", "other.example", "other.example"},
	    {"coaps://127.0.0.1", "other.example", "other.example"},
	    {"coaps://127.0.0.1", NULL, NULL},
	    {"coaps://[::1]:1", NULL, NULL},
	};
	struct handshake h;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct account a = account(MODE_CERTIFICATE, rows[i].uri);
		enum rc rc = rows[i].name ? RC_OK : RC_UNSUPPORTED;

		if (rows[i].sni)
			a.sni = span_str(rows[i].sni);
		assert_int_equal(handshake_init(&h, &a), RC_OK);
		if (rows[i].name)
			assert_string_equal(h.config.server_name, rows[i].name);
		else
			assert_null(h.config.server_name);
		handshake_fini(&h);
		/* An anchor is nothing without a name. */
		a.usage = USAGE_TRUST_ANCHOR;
		assert_int_equal(handshake_init(&h, &a), rc);
		assert_int_equal(h.why == NULL, rc == RC_OK);
		handshake_fini(&h);
	}
}

enum expected { REFUSED, TRUST, ANCHOR, OWN };

static void
usages(void **state)
{
	static const struct {
		uint64_t usage, matching;
		size_t len; /**< of /4; 0: a certificate */
		enum expected expected;
	} rows[] = {
	    {USAGE_TRUST_ANCHOR, MATCHING_EXACT, 0, TRUST},
	    {USAGE_TRUST_ANCHOR, MATCHING_SHA256, 32, ANCHOR},
	    {USAGE_TRUST_ANCHOR, MATCHING_SHA384, 48, ANCHOR},
	    {USAGE_TRUST_ANCHOR, MATCHING_SHA512, 64, ANCHOR},
	    {USAGE_DOMAIN_ISSUED, MATCHING_EXACT, 0, OWN},
	    {USAGE_DOMAIN_ISSUED, MATCHING_SHA256, 32, OWN},
	    {USAGE_DOMAIN_ISSUED, MATCHING_SHA384, 48, OWN},
	    {USAGE_DOMAIN_ISSUED, MATCHING_SHA512, 64, OWN},
	    {USAGE_DOMAIN_ISSUED, MATCHING_SHA256, 31, REFUSED},
	    {USAGE_DOMAIN_ISSUED, MATCHING_SHA256, 33, REFUSED},
	    {USAGE_DOMAIN_ISSUED, MATCHING_SHA512, 32, REFUSED},
	    {USAGE_DOMAIN_ISSUED, 4, 32, REFUSED},
	    {USAGE_DOMAIN_ISSUED, UINT64_MAX, 32, REFUSED},
	    {USAGE_CA_CONSTRAINT, MATCHING_EXACT, 0, REFUSED},
	    {USAGE_SERVICE_CONSTRAINT, MATCHING_EXACT, 0, REFUSED},
	    {4, MATCHING_EXACT, 0, REFUSED},
	};
	struct handshake h;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct account a =
		    account(MODE_CERTIFICATE, "coaps://bs.example");
		const struct dtls_client_config *c = &h.config;
		enum expected e = rows[i].expected;
		enum rc rc;

		a.usage = rows[i].usage;
		a.matching = rows[i].matching;
		if (rows[i].len)
			a.server_key = span_of(zeros, rows[i].len);
		rc = handshake_init(&h, &a);
		assert_int_equal(rc == RC_OK, e != REFUSED);
		assert_int_equal(h.why == NULL, e != REFUSED);
		assert_int_equal(c->trust.len > 0, e == TRUST);
		assert_int_equal(c->anchor_digest.len > 0, e == ANCHOR);
		assert_int_equal(c->server_digest.len > 0, e == OWN);
		assert_false(c->server_raw);
		handshake_fini(&h);
	}
}

/* The digest that stands for an exact match is that of all of /4. */
static void
exact(void **state)
{
	struct account a = account(MODE_CERTIFICATE, "coaps://127.0.0.1");
	uint8_t digest[DIGEST_LEN];
	struct handshake h;

	(void)state;
	digest_of(a.server_key, digest);
	assert_int_equal(handshake_init(&h, &a), RC_OK);
	assert_true(span_equal(
	    h.config.server_digest, span_of(digest, sizeof(digest))));
	assert_true(span_equal(h.config.chain, a.identity));
	assert_true(span_is(secret_expose(h.config.private_key), "key"));
	handshake_fini(&h);
}

static void
raw(void **state)
{
	struct account a = account(MODE_RPK, "coaps://127.0.0.1");
	struct handshake h;

	(void)state;
	assert_int_equal(handshake_init(&h, &a), RC_OK);
	assert_true(h.config.server_raw);
	assert_int_equal(h.config.server_digest.len, 32);
	assert_true(span_equal(h.config.public_key, a.identity));
	assert_int_equal(h.config.chain.len, 0);
	handshake_fini(&h);
	a.server_key = span_of(raw_key, sizeof(raw_key) - 1);
	assert_int_equal(handshake_init(&h, &a), RC_MALFORMED);
	handshake_fini(&h);
	a.server_key = span_of(zeros, 48);
	a.matching = MATCHING_SHA384;
	assert_int_equal(handshake_init(&h, &a), RC_OK);
	assert_true(h.config.server_raw);
	assert_int_equal(h.config.server_digest.len, 48);
	handshake_fini(&h);
}

static void
something_is_missing(void **state)
{
	static const int64_t modes[] = {
	    MODE_PSK, MODE_RPK, MODE_CERTIFICATE, MODE_EST, 5, -1};
	struct handshake h;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct account a = account(modes[i], "coaps://x");

		if (modes[i] != MODE_PSK) {
			a.server_key.len = 0;
			assert_int_not_equal(handshake_init(&h, &a), RC_OK);
			assert_non_null(h.why);
			handshake_fini(&h);
		}
		a = account(modes[i], "coaps://x");
		a.key.len = 0;
		assert_int_not_equal(handshake_init(&h, &a), RC_OK);
		assert_non_null(h.why);
		handshake_fini(&h);
		a = account(modes[i], "coaps://x");
		a.identity.len = 0;
		assert_int_not_equal(handshake_init(&h, &a), RC_OK);
		assert_non_null(h.why);
		handshake_fini(&h);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(uris),
	    cmocka_unit_test(no_handshake),
	    cmocka_unit_test(pre_shared),
	    cmocka_unit_test(names),
	    cmocka_unit_test(usages),
	    cmocka_unit_test(exact),
	    cmocka_unit_test(raw),
	    cmocka_unit_test(something_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
