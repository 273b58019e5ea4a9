/* From a root in the token to a device: what the openssl program says of it. */
#include "openssl.h"

#include "base/text.h"
#include "hsm/cert_issue.h"
#include "hsm/crl.h"
#include "hsm/device_key.h"
#include "hsm/trust.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#define ENDPOINT "urn:dev:ops:0057F2-WM200-000017" /* 31 bytes */

static struct hsm *h;
static struct hsm_session *s;

static const struct hsm_ec_ref ROOT = {.label = "root"};
static const struct hsm_ec_ref ISSUING = {.label = "device-ca"};
static const struct hsm_ec_ref SERVER = {.label = "bootstrap-server"};

struct made {
	uint8_t bytes[CERT_DER_MAX];
	struct cert c;
};

static struct made root, issuing, server, device;
static struct device_key device_pair;

static void
sign(const struct hsm_ec_ref *ca, struct cert_draft *d, struct made *out)
{
	struct cert_findings f;
	struct der_fault fault;
	struct writer w;

	writer_init(&w, out->bytes, sizeof(out->bytes));
	if (cert_issue(s, ca, d, &w, &f))
		fail_msg("%s", hsm_session_error(s)->text);
	assert_int_equal(f.count, 0);
	assert_int_equal(cert_parse(writer_span(&w), &out->c, &fault), RC_OK);
}

static void
named(struct cert_profile *p, enum cert_kind kind, const char *cn)
{
	cert_profile_init(p, kind);
	p->subject[0] = (struct cert_rdn){CERT_CN, span_str(cn)};
	p->subject_count = 1;
}

static void
device_profile(struct cert_profile *p)
{
	named(p, CERT_DEVICE, ENDPOINT);
	p->san[0] = (struct cert_name){CERT_NAME_URI, SPAN_LIT(ENDPOINT)};
	p->san_count = 1;
	p->clip = true;
}

static void
test_ceremony(void **state)
{
	int64_t now = time(NULL);
	struct hsm_ec_key root_key, issuing_key, server_key;
	struct cert_profile p;
	struct cert_draft d;

	(void)state;
	assert_int_equal(hsm_ec_generate(s, &ROOT, &root_key), RC_OK);
	assert_int_equal(hsm_ec_generate(s, &ISSUING, &issuing_key), RC_OK);
	assert_int_equal(hsm_ec_generate(s, &SERVER, &server_key), RC_OK);

	named(&p, CERT_ROOT, "root");
	cert_draft_init(
	    &d, &p, NULL, span_of(root_key.spki, P256_SPKI_LEN), now);
	sign(&ROOT, &d, &root);

	named(&p, CERT_ISSUING, "device-ca");
	p.permitted[0] =
	    (struct cert_name){CERT_NAME_DNS, SPAN_LIT("lwm2m.example")};
	p.permitted_count = 1;
	cert_draft_init(
	    &d, &p, &root.c, span_of(issuing_key.spki, P256_SPKI_LEN), now);
	sign(&ROOT, &d, &issuing);

	named(&p, CERT_SERVER, "bs.lwm2m.example");
	p.san[0] =
	    (struct cert_name){CERT_NAME_DNS, SPAN_LIT("bs.lwm2m.example")};
	p.san[1] =
	    (struct cert_name){CERT_NAME_IP, SPAN_LIT("\x7f\x00\x00\x01")};
	p.san_count = 2;
	cert_draft_init(
	    &d, &p, &issuing.c, span_of(server_key.spki, P256_SPKI_LEN), now);
	sign(&ISSUING, &d, &server);

	assert_int_equal(device_key_make(s, &device_pair), RC_OK);
	device_profile(&p);
	cert_draft_init(
	    &d, &p, &issuing.c, span_of(device_pair.spki, P256_SPKI_LEN), now);
	sign(&ISSUING, &d, &device);

	put_pem("root.pem", "CERTIFICATE", root.c.der, false);
	put_pem("issuing.pem", "CERTIFICATE", issuing.c.der, false);
	put_pem("server.pem", "CERTIFICATE", server.c.der, false);
	put_pem("device.pem", "CERTIFICATE", device.c.der, false);
}

static void
expect_shell(const char *line)
{
	char out[8192];

	if (shell(out, sizeof(out), line))
		fail_msg("%s\n%s", line, out);
}

static void
test_openssl_accepts_the_chain(void **state)
{
	(void)state;
	expect_shell("openssl verify -x509_strict -CAfile root.pem root.pem "
		     "issuing.pem");
	expect_shell("openssl verify -CAfile root.pem -untrusted issuing.pem "
		     "-purpose sslclient device.pem");
	expect_shell("openssl verify -x509_strict -CAfile root.pem -untrusted "
		     "issuing.pem -purpose sslserver -verify_hostname "
		     "bs.lwm2m.example -verify_ip 127.0.0.1 server.pem");
	assert_int_not_equal(
	    shell(NULL, 0, "openssl verify -CAfile root.pem device.pem"), 0);
	assert_int_not_equal(
	    shell(NULL, 0,
		"openssl verify -CAfile root.pem -untrusted issuing.pem "
		"-purpose sslserver device.pem"),
	    0);
}

/* What stands around the = differs by version. */
#define NAMES "-nameopt sname,sep_comma_plus_space"

static void
expect_text(const char *line, const char *const *parts, size_t count)
{
	char out[8192];

	assert_int_equal(shell(out, sizeof(out), line), 0);
	for (size_t i = 0; i < count; i++)
		if (!strstr(out, parts[i]))
			fail_msg("no \"%s\" in:\n%s", parts[i], out);
}

static void
test_openssl_reads_the_profile(void **state)
{
	static const char *const ca[] = {
	    "Version: 3",
	    "Issuer: CN=root",
	    "Subject: CN=device-ca",
	    "X509v3 Basic Constraints: critical",
	    "CA:TRUE, pathlen:0",
	    "X509v3 Key Usage: critical",
	    "Certificate Sign, CRL Sign",
	    "X509v3 Name Constraints: critical",
	    "DNS:lwm2m.example",
	    "X509v3 Authority Key Identifier",
	};
	static const char *const leaf[] = {
	    "Signature Algorithm: ecdsa-with-SHA256",
	    "Issuer: CN=device-ca",
	    "Subject: CN=" ENDPOINT,
	    "ASN1 OID: prime256v1",
	    "TLS Web Client Authentication",
	    "URI:" ENDPOINT,
	};
	char out[8192];

	(void)state;
	expect_text("openssl x509 -in issuing.pem -noout -text " NAMES, ca,
	    sizeof(ca) / sizeof(ca[0]));
	expect_text("openssl x509 -in device.pem -noout -text " NAMES, leaf,
	    sizeof(leaf) / sizeof(leaf[0]));
	assert_int_equal(
	    shell(out, sizeof(out), "openssl x509 -in device.pem -noout -text"),
	    0);
	assert_null(strstr(out, "Key Identifier"));
	assert_null(strstr(out, "Key Usage: critical"));
}

/* A device that stores little. */
static void
test_sizes(void **state)
{
	(void)state;
	print_message("root %zu, issuing %zu, server %zu, device %zu bytes\n",
	    root.c.der.len, issuing.c.der.len, server.c.der.len,
	    device.c.der.len);
	assert_true(device.c.der.len < 420);
	assert_in_range(device.c.serial.len, 14, 16);
}

/* The certificate, and the key that goes with it. */
static void
test_device_has_its_key(void **state)
{
	(void)state;
	put_file("device.key", secret_expose(&device_pair.private_key));
	expect_shell("openssl pkey -inform DER -in device.key -pubout > a && "
		     "openssl x509 -in device.pem -pubkey -noout | cmp - a");
	expect_shell("rm device.key");
}

static void
test_every_serial_is_new(void **state)
{
	struct cert_profile p;
	struct made one, two;
	struct cert_draft d;

	(void)state;
	device_profile(&p);
	cert_draft_init(&d, &p, &issuing.c,
	    span_of(device_pair.spki, P256_SPKI_LEN), time(NULL));
	sign(&ISSUING, &d, &one);
	d.has_serial = false;
	sign(&ISSUING, &d, &two);
	assert_false(span_equal(one.c.serial, two.c.serial));
}

/* Found before it is signed: no signature is made. */
static void
test_what_is_not_signed(void **state)
{
	struct cert_findings f;
	struct cert_profile p;
	struct cert_draft d;
	uint8_t out[CERT_DER_MAX];
	struct writer w;

	(void)state;
	writer_init(&w, out, sizeof(out));
	named(&p, CERT_SERVER, "bs.other.example");
	p.san[0] =
	    (struct cert_name){CERT_NAME_DNS, SPAN_LIT("bs.other.example")};
	p.san_count = 1;
	cert_draft_init(&d, &p, &issuing.c,
	    span_of(device_pair.spki, P256_SPKI_LEN), time(NULL));
	count_reset();
	assert_int_equal(cert_issue(s, &ISSUING, &d, &w, &f), RC_DENIED);
	assert_int_equal(f.errors, 1);
	assert_string_equal(f.list[0].code, "cert-name-constraint");
	assert_non_null(
	    strstr(hsm_session_error(s)->text, "RFC 5280 4.2.1.10"));
	assert_int_equal(count_of("C_Sign"), 0);
	assert_int_equal(w.len, 0);
}

static void
test_key_that_is_not_the_issuers(void **state)
{
	struct hsm_ec_ref none = {.label = "none"};
	struct cert_profile p;
	struct cert_draft d;
	uint8_t out[CERT_DER_MAX];
	struct writer w;

	(void)state;
	writer_init(&w, out, sizeof(out));
	device_profile(&p);
	cert_draft_init(&d, &p, &issuing.c,
	    span_of(device_pair.spki, P256_SPKI_LEN), time(NULL));
	count_reset();
	assert_int_equal(cert_issue(s, &SERVER, &d, &w, NULL), RC_CONFLICT);
	assert_int_equal(cert_issue(s, &none, &d, &w, NULL), RC_NOT_FOUND);
	assert_int_equal(count_of("C_Sign"), 0);
	assert_int_equal(w.len, 0);
}

static void
expect_issues(void)
{
	struct cert_profile p;
	struct cert_draft d;
	struct made one;

	device_profile(&p);
	cert_draft_init(&d, &p, &issuing.c,
	    span_of(device_pair.spki, P256_SPKI_LEN), time(NULL));
	sign(&ISSUING, &d, &one);
	assert_int_equal(cert_signed_by(&one.c, issuing.c.spki), RC_OK);
}

/* Also forgets that it was reopened before, and the wait that comes of it. */
static void
fresh(void)
{
	hsm_session_give(s);
	hsm_close(h);
	h = open_token();
	s = take(h);
}

/* The session or the login goes, and it is noticed in the signature. */
static void
test_losses_that_nobody_sees(void **state)
{
	static const struct {
		const char *control;
		unsigned long logins;
	} cases[] = {
	    {"C_SignInit 0xb3 1 0\n", 0}, /* a hiccup */
	    {"C_Sign 0xb3 1 0\n", 0}, /* half-way: it is stuck */
	    {"C_Sign 0x91 1 0\n", 0},
	    {"C_SignInit 0x82 1 0\n", 0}, /* its handle is gone */
	    {"C_SignInit close-all 1 0\n", 1},
	    {"C_SignInit logout 1 0\n", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fresh();
		expect_issues();
		faults(cases[i].control);
		count_reset();
		expect_issues();
		if (count_of("C_Finalize") != 0 ||
		    count_of("C_Login") != cases[i].logins)
			fail_msg("%lu times reopened, %lu logins after %s",
			    count_of("C_Finalize"), count_of("C_Login"),
			    cases[i].control);
		faults("");
	}
}

/* Where no session opens, libp11 up to 0.4.13 waits for ever: it is not asked. */
static void
test_no_session_to_be_had(void **state)
{
	struct cert_profile p;
	struct hsm_error err;
	struct cert_draft d;
	uint8_t out[CERT_DER_MAX];
	struct writer w;

	(void)state;
	/* A fresh epoch: nothing is known of the key. */
	fresh();
	device_profile(&p);
	cert_draft_init(&d, &p, &issuing.c,
	    span_of(device_pair.spki, P256_SPKI_LEN), time(NULL));
	writer_init(&w, out, sizeof(out));
	/* The one that is there will do. */
	faults("C_OpenSession 0x32 -1 0\n");
	expect_issues();
	faults("C_OpenSession 0x32 -1 0\nC_SignInit 0xb3 1 0\n");
	assert_int_equal(cert_issue(s, &ISSUING, &d, &w, NULL), RC_TOKEN);
	faults("");
	assert_int_equal(hsm_reopen(h, &err), RC_OK);
	expect_issues();
	faults("C_Sign 0x30 -1 0\n");
	assert_int_equal(cert_issue(s, &ISSUING, &d, &w, NULL), RC_TOKEN);
	faults("");
	assert_int_equal(hsm_reopen(h, &err), RC_OK);
	expect_issues();
	assert_int_equal(w.len, 0);
}

static void *
issue_many(void *arg)
{
	struct hsm_session *mine = take(h);
	struct cert_profile p;
	unsigned *failed = arg;

	device_profile(&p);
	for (int i = 0; i < 100; i++) {
		uint8_t out[CERT_DER_MAX];
		struct cert_draft d;
		struct writer w;

		writer_init(&w, out, sizeof(out));
		cert_draft_init(&d, &p, &issuing.c,
		    span_of(device_pair.spki, P256_SPKI_LEN), time(NULL));
		*failed += cert_issue(mine, &ISSUING, &d, &w, NULL) != RC_OK;
	}
	hsm_session_give(mine);
	return NULL;
}

/* Two threads, and all sessions are killed under them. */
static void
test_threads(void **state)
{
	unsigned failed[2] = {0};
	pthread_t threads[2];

	(void)state;
	hsm_session_give(s);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, issue_many, &failed[i]),
		    0);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	s = take(h);
	assert_int_equal(failed[0] + failed[1], 0);
	expect_issues();
}

/* A list by the openssl program's eyes, and by ours. */
static void
test_revocation(void **state)
{
	static uint8_t out[4096];
	int64_t now = time(NULL);
	struct crl_entry entries[] = {
	    {SPAN_LIT("\x01\x02\x03"), now - 3600, CRL_SUPERSEDED},
	    {device.c.serial, now, CRL_KEY_COMPROMISE},
	    {SPAN_LIT("\xff\x00"), now, CRL_UNSPECIFIED},
	};
	struct crl_draft d = {
	    .issuer = &issuing.c,
	    .this_update_s = now,
	    .next_update_s = now + 86400,
	    .number = 300,
	    .entries = entries,
	    .entry_count = 3,
	};
	struct der_fault fault;
	struct trust_verdict v;
	struct crl_entry e;
	struct writer w;
	struct trust *t;
	struct crl c;

	(void)state;
	writer_init(&w, out, sizeof(out));
	if (crl_sign(s, &ISSUING, &d, &w))
		fail_msg("%s", hsm_session_error(s)->text);
	assert_true(w.len <= crl_size_max(3));
	put_pem("issuing.crl", "X509 CRL", writer_span(&w), false);
	expect_shell("openssl crl -in issuing.crl -noout -CAfile issuing.pem "
		     "-verify");
	expect_shell("openssl crl -in issuing.crl -noout -text | grep -A5 "
		     "'CRL Number' | grep -q 300");
	expect_shell("openssl verify -crl_check -partial_chain -trusted "
		     "issuing.pem -CRLfile issuing.crl server.pem");
	expect_shell("openssl verify -crl_check -partial_chain -trusted "
		     "issuing.pem -CRLfile issuing.crl device.pem 2>&1 | "
		     "grep -q 'certificate revoked'");

	assert_int_equal(crl_parse(writer_span(&w), &c, &fault), RC_OK);
	assert_int_equal(c.entry_count, 3);
	assert_int_equal(crl_verify(&c, &issuing.c), RC_OK);
	assert_int_equal(crl_verify(&c, &root.c), RC_CONFLICT);
	assert_true(crl_find(&c, device.c.serial, &e));
	assert_int_equal(e.reason, CRL_KEY_COMPROMISE);
	assert_int_equal(e.revoked_s, now);
	assert_true(crl_find(&c, SPAN_LIT("\x00\xff\x00"), &e));
	assert_int_equal(e.reason, CRL_UNSPECIFIED);
	assert_false(crl_find(&c, server.c.serial, &e));

	t = trust_new();
	assert_int_equal(trust_add(t, root.c.der, &fault), RC_OK);
	assert_int_equal(trust_add_crl(t, writer_span(&w), &fault), RC_OK);
	assert_int_equal(trust_verify(t, device.c.der, &issuing.c.der, 1,
			     CERT_CLIENT_AUTH, now, &v),
	    RC_DENIED);
	assert_true(v.revoked);
	assert_int_equal(trust_verify(t, server.c.der, &issuing.c.der, 1,
			     CERT_SERVER_AUTH, now, &v),
	    RC_OK);
	trust_free(t);
}

static void
test_lists_that_are_not_signed(void **state)
{
	struct crl_entry bad[] = {
	    {SPAN_LIT(""), 1, CRL_UNSPECIFIED},
	    {SPAN_LIT("\x00\x00"), 1, CRL_UNSPECIFIED},
	    {SPAN_LIT("0123456789abcdefghijk"), 1, CRL_UNSPECIFIED},
	    {SPAN_LIT("\xff"
		      "123456789abcdefghij"),
		1, CRL_UNSPECIFIED},
	    {SPAN_LIT("\x01"), -1, CRL_UNSPECIFIED},
	    {SPAN_LIT("\x01"), 1, (enum crl_reason)7},
	    {SPAN_LIT("\x01"), 1, (enum crl_reason)8},
	};
	struct crl_draft d = {.issuer = &issuing.c,
	    .this_update_s = 1000,
	    .next_update_s = 2000,
	    .entry_count = 1};
	uint8_t out[256];
	struct writer w;

	(void)state;
	writer_init(&w, out, sizeof(out));
	count_reset();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		d.entries = &bad[i];
		assert_int_equal(crl_sign(s, &ISSUING, &d, &w), RC_MALFORMED);
	}
	d.entry_count = 0;
	d.next_update_s = 1000;
	assert_int_equal(crl_sign(s, &ISSUING, &d, &w), RC_MALFORMED);
	d.next_update_s = 2000;
	d.issuer = &server.c;
	assert_int_equal(crl_sign(s, &SERVER, &d, &w), RC_DENIED);
	assert_int_equal(count_of("C_Sign"), 0);
	/* Empty is fine, where there is room. */
	d.issuer = &issuing.c;
	assert_int_equal(crl_sign(s, &ISSUING, &d, &w), RC_OK);
	writer_init(&w, out, 64);
	assert_int_equal(crl_sign(s, &ISSUING, &d, &w), RC_TOO_LARGE);
}

/* What it says counts for years: nobody gets it unseen. */
static void
test_token_that_signs_wrongly(void **state)
{
	struct cert_profile p;
	struct cert_draft c;
	struct crl_draft d = {
	    .issuer = &issuing.c, .this_update_s = 1000, .next_update_s = 2000};
	uint8_t out[CERT_DER_MAX];
	struct writer w;

	(void)state;
	writer_init(&w, out, sizeof(out));
	faults("C_Sign wrong -1 0\n");
	assert_int_equal(crl_sign(s, &ISSUING, &d, &w), RC_TOKEN);
	assert_non_null(strstr(hsm_session_error(s)->text, "does not verify"));
	named(&p, CERT_ISSUING, "device-ca");
	cert_draft_init(&c, &p, &root.c, issuing.c.spki, time(NULL));
	assert_int_equal(cert_issue(s, &ROOT, &c, &w, NULL), RC_TOKEN);
	assert_non_null(strstr(hsm_session_error(s)->text, "does not verify"));
	assert_int_equal(w.len, 0);
	faults("");
	assert_int_equal(crl_sign(s, &ISSUING, &d, &w), RC_OK);
}

/* The root has taken back the CA between: all that is below it is refused. */
static void
test_revoked_in_between(void **state)
{
	int64_t now = time(NULL);
	const struct crl_entry entry = {
	    issuing.c.serial, now, CRL_CA_COMPROMISE};
	const struct crl_draft d = {
	    .issuer = &root.c,
	    .this_update_s = now,
	    .next_update_s = now + 86400,
	    .entries = &entry,
	    .entry_count = 1,
	};
	struct trust *t = trust_new();
	struct trust_verdict v;
	struct der_fault fault;
	uint8_t out[1024];
	struct writer w;

	(void)state;
	writer_init(&w, out, sizeof(out));
	assert_int_equal(crl_sign(s, &ROOT, &d, &w), RC_OK);
	assert_int_equal(trust_add(t, root.c.der, &fault), RC_OK);
	assert_int_equal(trust_verify(t, device.c.der, &issuing.c.der, 1,
			     CERT_CLIENT_AUTH, now, &v),
	    RC_OK);
	assert_int_equal(trust_add_crl(t, writer_span(&w), &fault), RC_OK);
	assert_int_equal(trust_verify(t, device.c.der, &issuing.c.der, 1,
			     CERT_CLIENT_AUTH, now, &v),
	    RC_DENIED);
	assert_true(v.revoked);
	assert_int_equal(v.depth, 1);
	trust_free(t);
}

/* Large: 10,000 revocations. */
static void
test_long_list(void **state)
{
	enum { COUNT = 10000 };
	struct crl_entry *entries = test_calloc(COUNT, sizeof(*entries));
	uint8_t(*serials)[16] = test_calloc(COUNT, sizeof(*serials));
	size_t cap = crl_size_max(COUNT);
	uint8_t *out = test_malloc(cap);
	struct crl_draft d = {.issuer = &issuing.c,
	    .this_update_s = 1000,
	    .next_update_s = 2000,
	    .number = 1,
	    .entries = entries,
	    .entry_count = COUNT};
	struct der_fault fault;
	struct crl_entry e;
	struct writer w;
	struct crl c;

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		memset(serials[i], 0xff, sizeof(serials[i]));
		serials[i][14] = (uint8_t)(i >> 8);
		serials[i][15] = (uint8_t)i;
		entries[i].serial = span_of(serials[i], 16);
		entries[i].revoked_s = DER_TIME_FOREVER;
		entries[i].reason = CRL_AA_COMPROMISE;
	}
	writer_init(&w, out, cap);
	assert_int_equal(crl_sign(s, &ISSUING, &d, &w), RC_OK);
	assert_int_equal(crl_parse(writer_span(&w), &c, &fault), RC_OK);
	assert_int_equal(c.entry_count, COUNT);
	assert_true(crl_find(&c, span_of(serials[COUNT - 1], 16), &e));
	assert_int_equal(crl_verify(&c, &issuing.c), RC_OK);
	test_free(out);
	test_free(serials);
	test_free(entries);
}

static int
setup(void **state)
{
	(void)state;
	h = open_token();
	s = take(h);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	device_key_fini(&device_pair);
	hsm_session_give(s);
	hsm_close(h);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ceremony),
	    cmocka_unit_test(test_openssl_accepts_the_chain),
	    cmocka_unit_test(test_openssl_reads_the_profile),
	    cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_device_has_its_key),
	    cmocka_unit_test(test_every_serial_is_new),
	    cmocka_unit_test(test_what_is_not_signed),
	    cmocka_unit_test(test_key_that_is_not_the_issuers),
	    cmocka_unit_test(test_losses_that_nobody_sees),
	    cmocka_unit_test(test_no_session_to_be_had),
	    cmocka_unit_test(test_threads),
	    cmocka_unit_test(test_revocation),
	    cmocka_unit_test(test_lists_that_are_not_signed),
	    cmocka_unit_test(test_token_that_signs_wrongly),
	    cmocka_unit_test(test_revoked_in_between),
	    cmocka_unit_test(test_long_list),
	};
	int failed;

	if (!fixture_init())
		return TEST_SKIP;
	if (!openssl_there()) {
		puts("skipped: no openssl program here");
		fixture_fini();
		return TEST_SKIP;
	}
	failed = cmocka_run_group_tests(tests, setup, teardown);
	fixture_fini();
	return failed;
}
