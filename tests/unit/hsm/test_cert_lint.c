/* Profiles that must not become certificates, each with the clause that says
 * so. */
#include "hsm/cert_issue.h"

#include "x509_vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static uint8_t der[4][VECTOR_MAX];
static struct cert root, issuing, server, device;

struct draft {
	struct cert_profile p;
	struct cert_draft d;
};

static void
draft(struct draft *t, enum cert_kind kind)
{
	static const char *const names[] = {
	    [CERT_ROOT] = "root",
	    [CERT_ISSUING] = "sub",
	    [CERT_SERVER] = "bs.lwm2m.example",
	    [CERT_DEVICE] = VECTOR_ENDPOINT,
	};

	cert_profile_init(&t->p, kind);
	t->p.subject[0] = (struct cert_rdn){CERT_CN, span_str(names[kind])};
	t->p.subject_count = 1;
	t->p.validity_s = 365 * 86400;
	if (kind == CERT_SERVER) {
		t->p.san[0] =
		    (struct cert_name){CERT_NAME_DNS, span_str(names[kind])};
		t->p.san_count = 1;
	}
	cert_draft_init(&t->d, &t->p,
	    kind == CERT_ROOT          ? NULL
		: kind == CERT_ISSUING ? &root
				       : &issuing,
	    kind == CERT_SERVER ? server.spki : device.spki, VECTOR_NOW_S);
}

static void
san(struct draft *t, unsigned kind, struct span value)
{
	t->p.san[t->p.san_count++] = (struct cert_name){kind, value};
}

static void
permit(struct draft *t, unsigned kind, struct span value)
{
	t->p.permitted[t->p.permitted_count++] =
	    (struct cert_name){kind, value};
}

static void
again(struct draft *t)
{
	cert_draft_init(&t->d, &t->p, t->d.issuer, t->d.spki, VECTOR_NOW_S);
}

static void
expect_clean(struct draft *t)
{
	struct cert_findings f;

	if (cert_lint(&t->d, &f) || f.count)
		fail_msg("%s: %s", f.list[0].code, f.list[0].text);
}

/* That finding among them, an error unless it says so. */
static void
expect(struct draft *t, const char *code, const char *text, bool error)
{
	struct cert_findings f;

	assert_int_equal(cert_lint(&t->d, &f), error ? RC_DENIED : RC_OK);
	for (size_t i = 0; i < f.count; i++)
		if (strcmp(f.list[i].code, code) == 0 &&
		    strstr(f.list[i].text, text) && f.list[i].error == error &&
		    strncmp(f.list[i].clause, "RFC ", 4) == 0)
			return;
	for (size_t i = 0; i < f.count; i++)
		print_message("%s: %s\n", f.list[i].code, f.list[i].text);
	fail_msg("no %s with \"%s\"", code, text);
}

static void
test_defaults_are_clean(void **state)
{
	struct draft t;

	(void)state;
	for (int kind = CERT_ROOT; kind <= CERT_DEVICE; kind++) {
		draft(&t, (enum cert_kind)kind);
		expect_clean(&t);
	}
}

/* A CA by its defaults under a root that was made in the same second with the
 * "10y" of a file (policy/yaml.h: years of 365 days). */
static void
test_years_nest(void **state)
{
	struct cert ten_years = root;
	struct draft t;

	(void)state;
	ten_years.not_before_s = VECTOR_NOW_S;
	ten_years.not_after_s = VECTOR_NOW_S + INT64_C(10) * 365 * 86400;
	draft(&t, CERT_ISSUING);
	cert_profile_init(&t.p, CERT_ISSUING);
	t.p.subject[t.p.subject_count++] =
	    (struct cert_rdn){CERT_CN, SPAN_LIT("sub")};
	t.d.issuer = &ten_years;
	again(&t);
	expect_clean(&t);
	assert_int_equal(t.d.not_after_s, ten_years.not_after_s);
}

static void
test_keys(void **state)
{
	uint8_t bad[P256_SPKI_LEN];
	struct draft t;

	(void)state;
	draft(&t, CERT_DEVICE);
	memcpy(bad, device.spki.p, sizeof(bad));
	bad[90] ^= 1; /* off the curve */
	t.d.spki = span_of(bad, sizeof(bad));
	expect(&t, "cert-key", "not a point on P-256", true);
	t.d.spki = issuing.spki;
	expect(&t, "cert-key-reused", "issuer's key", true);
}

static void
test_serial(void **state)
{
	struct draft t;

	(void)state;
	draft(&t, CERT_DEVICE);
	t.d.has_serial = true;
	expect(&t, "cert-serial", "0 bits", true);
	t.d.serial[CERT_SERIAL_LEN - 1] = 7;
	expect(&t, "cert-serial", "3 bits", true);
	t.d.serial[CERT_SERIAL_LEN - 8] = 0x80; /* 64 bits */
	expect_clean(&t);
}

static void
test_validity(void **state)
{
	struct draft t;

	(void)state;
	draft(&t, CERT_DEVICE);
	t.p.validity_s = CERT_FOREVER;
	again(&t);
	expect(
	    &t, "cert-validity-nesting", "ends never, its issuer 2040", true);
	t.p.clip = true;
	again(&t);
	expect_clean(&t);
	draft(&t, CERT_ROOT);
	t.p.validity_s = CERT_FOREVER;
	again(&t);
	expect_clean(&t);
	t.p.validity_s = -86400;
	again(&t);
	expect(&t, "cert-validity", "notAfter", true);
	t.p.backdate_s = 10 * 86400;
	again(&t);
	expect(&t, "cert-expired", "over before", true);
	draft(&t, CERT_DEVICE);
	cert_draft_init(
	    &t.d, &t.p, &issuing, device.spki, issuing.not_after_s + 1);
	expect(&t, "cert-issuer-validity", "not valid now", true);
}

static void
test_use(void **state)
{
	struct cert ca;
	struct draft t;

	(void)state;
	draft(&t, CERT_ROOT);
	t.p.key_usage = CERT_CRL_SIGN;
	expect(&t, "cert-key-usage", "without keyCertSign", true);
	draft(&t, CERT_ISSUING);
	t.p.eku = CERT_CLIENT_AUTH;
	expect(&t, "cert-eku", "extended key usage in a CA", false);
	draft(&t, CERT_DEVICE);
	t.p.key_usage = CERT_DIGITAL_SIGNATURE | CERT_KEY_CERT_SIGN;
	expect(&t, "cert-key-usage", "without being a CA", true);
	t.p.key_usage = CERT_KEY_AGREEMENT;
	expect(&t, "cert-key-usage", "without digitalSignature", true);
	t.p.key_usage = CERT_DIGITAL_SIGNATURE | CERT_KEY_ENCIPHERMENT;
	expect(&t, "cert-key-usage", "encipherment", true);
	t.p.key_usage = CERT_DIGITAL_SIGNATURE;
	expect_clean(&t);
	t.p.eku = CERT_SERVER_AUTH;
	expect(&t, "cert-eku", "without clientAuth", true);
	draft(&t, CERT_SERVER);
	t.p.eku = CERT_CLIENT_AUTH;
	expect(&t, "cert-eku", "without serverAuth", true);
	draft(&t, CERT_SERVER);
	ca = *t.d.issuer;
	ca.has_eku = true;
	ca.eku = CERT_CLIENT_AUTH;
	t.d.issuer = &ca;
	expect(&t, "cert-eku", "the issuer is not for", true);
	ca.eku = CERT_CLIENT_AUTH | CERT_ANY_EKU;
	expect_clean(&t);
}

static void
test_issuer_and_path(void **state)
{
	struct cert three = root, no_ca = device, no_sign = root;
	struct draft t;

	(void)state;
	draft(&t, CERT_ISSUING);
	t.d.issuer = &issuing;
	expect(&t, "cert-path-len", "no CA below", true);
	three.path_len = 3;
	t.d.issuer = &three;
	t.p.path_len = 3;
	expect(&t, "cert-path-len", "at most 2", true);
	t.p.path_len = 2;
	expect_clean(&t);
	t.p.path_len = -1;
	expect(&t, "cert-path-len", "at most 2", true);
	t.d.issuer = &root;
	expect(&t, "cert-path-len", "may make other CAs", false);
	t.p.path_len = 256;
	expect(&t, "cert-path-len", "not 0..255", true);
	draft(&t, CERT_DEVICE);
	t.p.path_len = 0;
	expect(&t, "cert-path-len", "without being a CA", true);
	draft(&t, CERT_DEVICE);
	t.d.issuer = &no_ca;
	expect(&t, "cert-issuer", "not a CA", true);
	no_sign.key_usage = CERT_CRL_SIGN;
	t.d.issuer = &no_sign;
	expect(&t, "cert-issuer", "no keyCertSign", true);
	no_sign = root;
	no_sign.unknown_critical = true;
	expect(&t, "cert-issuer", "not understood", true);
	t.d.issuer = NULL;
	expect(&t, "cert-issuer", "only a root", true);
	draft(&t, CERT_ROOT);
	t.d.issuer = &root;
	expect(&t, "cert-issuer", "no issuer but itself", true);
}

static void
test_subject(void **state)
{
	static const char sixty_five[] =
	    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef+";
	struct draft t;

	(void)state;
	draft(&t, CERT_DEVICE);
	t.p.subject[0].value = span_str(sixty_five);
	expect(&t, "cert-subject", "65 characters, 64 at most", true);
	t.p.subject[0].value = span_of(sixty_five, 64);
	expect_clean(&t);
	t.p.subject[0].value = SPAN_LIT("a\nb");
	expect(&t, "cert-subject", "\"a\\nb\" is no text", true);
	t.p.subject[0].value = SPAN_LIT("\xff");
	expect(&t, "cert-subject", "no text", true);
	t.p.subject[0].value = SPAN_LIT("");
	expect(&t, "cert-subject", "no text", true);
	draft(&t, CERT_DEVICE);
	t.p.subject[1] = t.p.subject[0];
	t.p.subject_count = 2;
	expect(&t, "cert-subject", "two common names", true);
	t.p.subject[1] = (struct cert_rdn){CERT_C, SPAN_LIT("de")};
	expect(&t, "cert-subject", "two capital letters", true);
	t.p.subject[1] =
	    (struct cert_rdn){CERT_SERIAL_NUMBER, SPAN_LIT("SN#17")};
	expect(&t, "cert-subject", "PrintableString", true);
	t.p.subject_count = 0;
	expect(&t, "cert-subject", "neither a subject nor a name", true);
	san(&t, CERT_NAME_URI, SPAN_LIT(VECTOR_ENDPOINT));
	expect_clean(&t);
	draft(&t, CERT_DEVICE);
	t.p.subject[0] = (struct cert_rdn){CERT_O, SPAN_LIT("Example")};
	t.p.subject[1] = (struct cert_rdn){CERT_CN, SPAN_LIT("issuing")};
	t.p.subject_count = 2;
	expect(&t, "cert-subject", "called as its issuer", true);
}

static void
test_names(void **state)
{
	static const char label_of_64[] = "0123456789abcdef0123456789abcdef"
					  "0123456789abcdef0123456789abcdef"
					  ".example";
	static const char *const dns[] = {"", ".", "a..b", "-a.example",
	    "a-.example", "a b.example", "exa\xc3\xa4mple.org", "trailing.",
	    "*.", "a.*.example", label_of_64};
	static const char *const uri[] = {"", "urn", ":x", "urn:", "1urn:x",
	    "urn:a b", "urn:<x>", "u\xc3\xa4:x"};
	struct draft t;

	(void)state;
	for (size_t i = 0; i < sizeof(dns) / sizeof(dns[0]); i++) {
		draft(&t, CERT_SERVER);
		t.d.issuer = &root;
		t.p.san[0].value = span_str(dns[i]);
		expect(&t, "cert-san", "is none", true);
	}
	for (size_t i = 0; i < sizeof(uri) / sizeof(uri[0]); i++) {
		draft(&t, CERT_DEVICE);
		san(&t, CERT_NAME_URI, span_str(uri[i]));
		expect(&t, "cert-san", "is none, or not absolute", true);
	}
	draft(&t, CERT_SERVER);
	t.d.issuer = &root;
	t.p.san[0].value = SPAN_LIT("*.lwm2m.example");
	expect_clean(&t);
	t.p.san_count = 0;
	expect(&t, "cert-san", "no longer look at the common name", true);
	san(&t, CERT_NAME_IP, SPAN_LIT("\x7f\0\0\1\0"));
	expect(&t, "cert-san", "5 bytes", true);
}

/* Of the issuing CA: lwm2m.example and below .iot.example; not
 * bad.lwm2m.example, not 10/8. */
static void
test_name_constraints(void **state)
{
	const struct {
		unsigned kind;
		struct span name;
		const char *text; /* NULL: permitted */
	} cases[] = {
	    {CERT_NAME_DNS, SPAN_LIT("lwm2m.example"), NULL},
	    {CERT_NAME_DNS, SPAN_LIT("BS.LwM2M.example"), NULL},
	    {CERT_NAME_DNS, SPAN_LIT("a.iot.example"), NULL},
	    {CERT_NAME_DNS, SPAN_LIT("iot.example"), "not among"},
	    {CERT_NAME_DNS, SPAN_LIT("evillwm2m.example"), "not among"},
	    {CERT_NAME_DNS, SPAN_LIT("example"), "not among"},
	    {CERT_NAME_DNS, SPAN_LIT("x.bad.lwm2m.example"), "excludes"},
	    {CERT_NAME_DNS, SPAN_LIT("bad.lwm2m.example"), "excludes"},
	    {CERT_NAME_IP, SPAN_LIT("\x0a\1\2\3"), "excludes"},
	    {CERT_NAME_IP, SPAN_LIT("\x0b\1\2\3"), NULL},
	    {CERT_NAME_URI, SPAN_LIT("urn:dev:ops:1"), NULL},
	};
	struct draft t;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		draft(&t, CERT_DEVICE);
		san(&t, cases[i].kind, cases[i].name);
		if (cases[i].text)
			expect(&t, "cert-name-constraint", cases[i].text, true);
		else
			expect_clean(&t);
	}
}

/* Constraints on URIs are on their hosts: a urn has none. */
static void
test_uri_constraints(void **state)
{
	/* [0]: URI "bs.example", URI ".net.example" */
	static const uint8_t trees[] = "\x30\x0c\x86\x0a"
				       "bs.example"
				       "\x30\x0e\x86\x0c"
				       ".net.example";
	static const struct {
		const char *uri, *text;
	} cases[] = {
	    {"coaps://bs.example", NULL},
	    {"coaps://bs.example:5684/x", NULL},
	    {"coaps://user@bs.example/", NULL},
	    {"coaps://bs.example@evil.example/", "not among"},
	    {"coaps://a.bs.example", "not among"},
	    {"coaps://a.net.example", NULL},
	    {"coaps://net.example", "not among"},
	    {"coaps://[2001:db8::1]/", "no host"},
	    {"urn:dev:ops:1", "no host"},
	};
	struct cert ca = root;
	struct draft t;

	(void)state;
	ca.has_constraints = true;
	ca.permitted = span_of(trees, sizeof(trees) - 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		draft(&t, CERT_DEVICE);
		t.d.issuer = &ca;
		san(&t, CERT_NAME_URI, span_str(cases[i].uri));
		if (cases[i].text)
			expect(&t, "cert-name-constraint", cases[i].text, true);
		else
			expect_clean(&t);
	}
}

static void
test_constraints_of_a_ca(void **state)
{
	struct cert ca = issuing;
	struct draft t;

	(void)state;
	ca.path_len = -1;
	draft(&t, CERT_ISSUING);
	t.d.issuer = &ca;
	permit(&t, CERT_NAME_DNS, SPAN_LIT("eu.lwm2m.example"));
	expect_clean(&t);
	permit(&t, CERT_NAME_DNS, SPAN_LIT("other.example"));
	expect(&t, "cert-name-constraint", "which its issuer does not", true);
	draft(&t, CERT_ISSUING);
	permit(&t, CERT_NAME_DNS, SPAN_LIT("*.example"));
	expect(&t, "cert-name-constraint", "no host or domain", true);
	draft(&t, CERT_DEVICE);
	permit(&t, CERT_NAME_DNS, SPAN_LIT("lwm2m.example"));
	expect(&t, "cert-name-constraint", "without being a CA", true);
	/* A limit that is not checked here is not passed over. */
	draft(&t, CERT_DEVICE);
	ca.permitted = SPAN_LIT("\x30\x04\xa4\x02\x30\x00");
	t.d.issuer = &ca;
	expect(&t, "cert-name-constraint", "not checked here", true);
}

static int
setup(void **state)
{
	struct {
		const char *pem;
		struct cert *c;
	} all[] = {
	    {root_pem, &root},
	    {issuing_pem, &issuing},
	    {server_pem, &server},
	    {device_pem, &device},
	};
	struct der_fault fault;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		if (cert_parse(vector(all[i].pem, "CERTIFICATE", der[i]),
			all[i].c, &fault))
			return -1;
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_defaults_are_clean),
	    cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_serial),
	    cmocka_unit_test(test_years_nest),
	    cmocka_unit_test(test_validity),
	    cmocka_unit_test(test_use),
	    cmocka_unit_test(test_issuer_and_path),
	    cmocka_unit_test(test_subject),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_name_constraints),
	    cmocka_unit_test(test_uri_constraints),
	    cmocka_unit_test(test_constraints_of_a_ca),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
