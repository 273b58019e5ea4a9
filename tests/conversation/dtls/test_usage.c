/* What a device expects of the server it comes to: Certificate Usage and
 * Matching Type of LwM2M, from the device's side. */
#include "pki.h"

#include <openssl/evp.h>

#include <stdlib.h>

static struct world *w;

static int
start(void **state)
{
	(void)state;
	w = malloc(sizeof(*w));
	assert_non_null(w);
	world_start(w, NULL);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	world_stop(w);
	free(w);
	pki_forget();
	return 0;
}

static const enum dtls_client_version versions[] = {
    DTLS_CLIENT_12, DTLS_CLIENT_13};

/** SHA-256, SHA-384, SHA-512: Matching Types 1 to 3. */
static const size_t digest_lens[] = {32, 48, 64};

static struct span
digest(struct span in, size_t len)
{
	static uint8_t out[EVP_MAX_MD_SIZE];
	const EVP_MD *md = len == 32 ? EVP_sha256()
	    : len == 48              ? EVP_sha384()
				     : EVP_sha512();

	assert_int_equal(EVP_Digest(in.p, in.len, out, NULL, md, NULL), 1);
	return span_of(out, len);
}

/** Of the one certificate in a file, or of its key. */
static struct span
digest_of_file(const char *name, const char *suffix, size_t len)
{
	static uint8_t der[8192];
	struct writer out;

	if (strcmp(suffix, "pem") != 0)
		return digest(pki_file(name, suffix), len);
	writer_init(&out, der, sizeof(der));
	assert_int_equal(pki_der(pki_file(name, suffix), &out), RC_OK);
	return digest(writer_span(&out), len);
}

/** A device with a certificate, or a raw key, that expects so much. */
static bool
let_in(struct dtls_client_config config)
{
	struct secret key = {0};
	bool in;

	assert_int_equal(secret_set(&key, pki_file("device", "key")), RC_OK);
	config.private_key = &key;
	if (config.server_raw)
		config.public_key = pki_file("device", "spki");
	else
		config.chain = pki_file("device", "pem");
	world_open(w, 1, &config);
	world_connect(w, 1);
	in = dtls_client_established(w->devices[1].client);
	assert_int_equal(dtls_client_refused(w->devices[1].client), !in);
	secret_fini(&key);
	return in;
}

/* The server's own certificate stands for all: nothing leads to an anchor, and
 * the name is another. */
static void
domain_issued(void **state)
{
	(void)state;
	pki_serve(w, &(struct pki_house){.servers = 1});
	for (size_t v = 0; v < 2; v++)
		for (size_t i = 0; i < 3; i++) {
			size_t len = digest_lens[i];

			assert_true(let_in(
			    (struct dtls_client_config){.version = versions[v],
				.server_name = "other.example",
				.server_digest =
				    digest_of_file("server", "pem", len)}));
			assert_false(let_in(
			    (struct dtls_client_config){.version = versions[v],
				.server_digest =
				    digest_of_file("server-two", "pem", len)}));
			/* Who has issued it is not it. */
			assert_false(let_in(
			    (struct dtls_client_config){.version = versions[v],
				.server_digest =
				    digest_of_file("server-ca", "pem", len)}));
		}
}

/* Likewise where it comes with what leads to an anchor that nobody knows. */
static void
domain_issued_with_a_chain(void **state)
{
	(void)state;
	pki_serve(w, &(struct pki_house){.servers = 1, .anchor_too = true});
	for (size_t v = 0; v < 2; v++) {
		assert_true(
		    let_in((struct dtls_client_config){.version = versions[v],
			.server_digest = digest_of_file("server", "pem", 32)}));
		assert_false(let_in((struct dtls_client_config){
		    .version = versions[v],
		    .server_digest = digest_of_file("server-ca", "pem", 32)}));
	}
}

/* Both have to hold. */
static void
service_constraint(void **state)
{
	static const struct {
		const char *trust, *own, *name;
		bool in;
	} rows[] = {
	    {"server-ca", "server", "bs.example", true},
	    {"server-ca", "server", NULL, true},
	    {"server-ca", "server-two", "bs.example", false},
	    {"other-ca", "server", "bs.example", false},
	    {"server-ca", "server", "other.example", false},
	};

	(void)state;
	pki_serve(w, &(struct pki_house){.servers = 1});
	for (size_t v = 0; v < 2; v++)
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			assert_int_equal(
			    let_in((struct dtls_client_config){
				.version = versions[v],
				.trust = pki_file(rows[i].trust, "pem"),
				.server_name = rows[i].name,
				.server_digest =
				    digest_of_file(rows[i].own, "pem", 32)}),
			    rows[i].in);
}

/* An anchor of which only the digest is known, which the server sends. */
static void
anchor_by_digest(void **state)
{
	static const struct {
		const char *anchor, *name;
		bool in;
	} rows[] = {
	    {"server-ca", "bs.example", true},
	    {"server-ca", NULL, true},
	    {"server-ca", "other.example", false},
	    {"other-ca", "bs.example", false},
	    /* It is no anchor because it is there. */
	    {"server", "bs.example", false},
	};

	(void)state;
	pki_serve(w, &(struct pki_house){.servers = 1, .anchor_too = true});
	for (size_t v = 0; v < 2; v++)
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			assert_int_equal(
			    let_in((struct dtls_client_config){
				.version = versions[v],
				.server_name = rows[i].name,
				.anchor_digest = digest_of_file(rows[i].anchor,
				    "pem", digest_lens[i % 3])}),
			    rows[i].in);
}

static void
anchor_that_is_not_sent(void **state)
{
	(void)state;
	pki_serve(w, &(struct pki_house){.servers = 1});
	for (size_t v = 0; v < 2; v++)
		assert_false(let_in((struct dtls_client_config){
		    .version = versions[v],
		    .anchor_digest = digest_of_file("server-ca", "pem", 32)}));
}

static void
raw_key_by_digest(void **state)
{
	(void)state;
	pki_serve(w, &(struct pki_house){.servers = 1, .raw_keys = {"device"}});
	for (size_t v = 0; v < 2; v++)
		for (size_t i = 0; i < 3; i++) {
			size_t len = digest_lens[i];

			assert_true(let_in(
			    (struct dtls_client_config){.version = versions[v],
				.server_raw = true,
				.server_digest =
				    digest_of_file("server", "spki", len)}));
			assert_false(let_in(
			    (struct dtls_client_config){.version = versions[v],
				.server_raw = true,
				.server_digest = digest_of_file(
				    "server-two", "spki", len)}));
		}
}

/* Expectations that cannot be. */
static void
not_opened(void **state)
{
	static const uint8_t bytes[65];
	struct dtls_client *c;

	(void)state;
	for (size_t len = 1; len <= sizeof(bytes); len++) {
		struct span s = span_of(bytes, len);
		enum rc rc = len == 32 || len == 48 || len == 64
		    ? RC_OK
		    : RC_UNSUPPORTED;

		assert_int_equal(
		    dtls_client_open(
			&(struct dtls_client_config){.server_digest = s}, &c),
		    rc);
		dtls_client_free(c);
		assert_int_equal(
		    dtls_client_open(
			&(struct dtls_client_config){.anchor_digest = s}, &c),
		    rc);
		dtls_client_free(c);
	}
	assert_int_equal(
	    dtls_client_open(&(struct dtls_client_config){.server_raw = true,
				 .trust = pki_file("server-ca", "pem")},
		&c),
	    RC_UNSUPPORTED);
	assert_null(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(domain_issued, start, stop),
	    cmocka_unit_test_setup_teardown(
		domain_issued_with_a_chain, start, stop),
	    cmocka_unit_test_setup_teardown(service_constraint, start, stop),
	    cmocka_unit_test_setup_teardown(anchor_by_digest, start, stop),
	    cmocka_unit_test_setup_teardown(
		anchor_that_is_not_sent, start, stop),
	    cmocka_unit_test_setup_teardown(raw_key_by_digest, start, stop),
	    cmocka_unit_test_setup_teardown(not_opened, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
