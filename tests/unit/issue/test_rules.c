/* What is said of the files that policies and the daemon name. No token: with
 * one, tests/integration/hsm. */
#include "issue/issue.h"
#include "issue/mint.h"
#include "issue/rules_internal.h"

#include "../hsm/x509_made.h"
#include "../hsm/x509_vectors.h"
#include "../policy/folder.h"

#include "hsm/crl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { DAY_S = 86400 };

static struct folder folder;
static uint8_t der[4][VECTOR_MAX];
static struct span root, issuing, device, list;

static int
setup(void **state)
{
	(void)state;
	if (!folder_init(&folder))
		return -1;
	root = vector(root_pem, "CERTIFICATE", der[0]);
	issuing = vector(issuing_pem, "CERTIFICATE", der[1]);
	device = vector(device_pem, "CERTIFICATE", der[2]);
	list = vector(issuing_crl, "X509 CRL", der[3]);
	folder_put(&folder, "root.pem", span_str(root_pem));
	folder_put(&folder, "issuing.pem", span_str(issuing_pem));
	folder_put(&folder, "issuing.der", issuing);
	folder_put(&folder, "server.pem", span_str(server_pem));
	folder_put(&folder, "device.pem", span_str(device_pem));
	folder_put(&folder, "p384.pem", span_str(p384_pem));
	folder_put(&folder, "cut.der", span_of(issuing.p, issuing.len - 9));
	folder_put(&folder, "words.pem", SPAN_LIT("nothing of the kind\n"));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	folder_fini(&folder);
	return 0;
}

/* --- one set, and what was found ------------------------------------------ */

struct found {
	struct diag *d;
	struct policy_set *set;
	struct issue_rules *rules;
	enum rc rc;
};

static void
load(struct found *f, const char *yaml, const struct issue_rules_config *config)
{
	*f = (struct found){.d = diag_new()};
	folder_put(&folder, "p.yaml", span_str(yaml));
	f->rc = policy_load(folder_path(&folder, "p.yaml"), f->d, &f->set);
	if (f->rc != RC_OK) {
		diag_print(f->d, stderr);
		fail_msg("the policies themselves are wrong");
	}
	f->rc = issue_rules_new(f->set, config, f->d, &f->rules);
}

static void
unload(struct found *f)
{
	issue_rules_unref(f->rules);
	policy_set_unref(f->set);
	diag_free(f->d);
}

static const struct diag_finding *
find(const struct found *f, const char *code)
{
	for (size_t i = 0; i < diag_total(f->d); i++)
		if (strcmp(diag_get(f->d, i)->code, code) == 0)
			return diag_get(f->d, i);
	return NULL;
}

static void
expect(const struct found *f, const char *code, enum diag_level level,
    unsigned line, const char *part)
{
	const struct diag_finding *it = find(f, code);

	if (!it) {
		diag_print(f->d, stderr);
		fail_msg("no finding %s", code);
	}
	assert_int_equal(it->level, level);
	assert_int_equal(it->line, line);
	if (!strstr(it->text, part))
		fail_msg("no \"%s\" in: %s", part, it->text);
	assert_int_equal(f->rc, level == DIAG_ERROR ? RC_CONFIG : RC_OK);
}

static const struct issue_rules_config at_vectors = {.now_s = VECTOR_NOW_S};

#define AUTHORITY(file) "authority: ca\ncertificate: " file "\n---\n"
#define IDENTITY(file) \
	"identity: factory\ncertificate: {trust: " file ", endpoint: " \
	"cn}\n---\n"
#define SERVER(more) \
	"policy: p\ndevice: {max_message: 4KiB}\nservers:\n" \
	"  - name: eu\n    short_server_id: 1\n" \
	"    uri: coaps://eu.example\n    security:\n" \
	"      mode: certificate\n" more
#define ISSUE "      issue: {ca: ca}\n"
#define EXPECTED(file, usage) \
	"      server_certificate: {file: " file ", usage: " usage "}\n"

static void
each_kind_of_file_is_taken(void **state)
{
	static const char yaml[] = AUTHORITY("issuing.der") IDENTITY("root.pem")
	    SERVER(ISSUE EXPECTED("issuing.pem", "trust-anchor"));
	struct found f;

	(void)state;
	load(&f, yaml, &at_vectors);
	assert_int_equal(f.rc, RC_OK);
	assert_null(find(&f, "issue-certificate"));
	assert_true(
	    span_equal(issue_rules_authority(f.rules, 0)->cert.der, issuing));
	assert_string_equal(issue_rules_authority(f.rules, 0)->key.label, "ca");
	assert_true(span_equal(
	    rules_server_key(f.rules, &f.set->policies[0].servers[0]),
	    issuing));
	unload(&f);
}

static void
each_fault_has_its_finding(void **state)
{
	static const struct {
		const char *yaml, *code;
		enum diag_level level;
		unsigned line;
		const char *part;
	} cases[] = {
	    {AUTHORITY("device.pem"), "issue-not-a-ca", DIAG_ERROR, 2,
		"RFC 5280 4.2.1.9"},
	    {AUTHORITY("cut.der"), "issue-certificate", DIAG_ERROR, 2,
		"cut.der"},
	    {AUTHORITY("words.pem"), "issue-certificate", DIAG_ERROR, 2,
		"-----BEGIN CERTIFICATE-----"},
	    {IDENTITY("device.pem"), "issue-not-a-ca", DIAG_ERROR, 2,
		"certificate 1"},
	    {IDENTITY("words.pem"), "issue-certificate", DIAG_ERROR, 2,
		"nothing of that kind"},
	    {AUTHORITY("issuing.pem")
		    SERVER(ISSUE EXPECTED("server.pem", "trust-anchor")),
		"issue-usage", DIAG_ERROR, 13, "of a CA"},
	    {AUTHORITY("issuing.pem")
		    SERVER(ISSUE EXPECTED("issuing.pem", "domain")),
		"issue-usage", DIAG_ERROR, 13, "the server's own"},
	    {AUTHORITY("issuing.pem")
		    SERVER(ISSUE EXPECTED("server.pem", "domain")),
		"issue-usage-renewal", DIAG_WARNING, 13, "trust-anchor"},
	    {AUTHORITY("issuing.pem")
		    SERVER("      issue: {ca: ca, validity: 90y}\n" EXPECTED(
			"issuing.pem", "trust-anchor")),
		"issue-validity", DIAG_WARNING, 7, "2040-07-31"},
	    {AUTHORITY("issuing.pem") "certificate_profile: long\nsubject: "
				      "'a name of many words, and sixty four "
				      "of them fit {endpoint}'"
				      "\n---\n" SERVER(
					  "      issue: {ca: ca, profile: "
					  "long}\n" EXPECTED(
					      "issuing.pem", "trust-anchor")),
		"issue-profile", DIAG_ERROR, 10, "64 at most"},
	    {"policy: p\nservers:\n"
	     "  - name: eu\n    short_server_id: 1\n"
	     "    uri: coaps://eu.example\n    security:\n"
	     "      mode: rpk\n      server_key: {file: words.pem}\n",
		"issue-key", DIAG_ERROR, 8, "P-256"},
	    {"policy: p\nservers:\n"
	     "  - name: eu\n    short_server_id: 1\n"
	     "    uri: coaps://eu.example\n    security:\n"
	     "      mode: rpk\n      server_key: {file: p384.pem}\n",
		"issue-key", DIAG_ERROR, 8, "P-256"},
	    {"identity: factory\ncertificate: {endpoint: cn}\n", "issue-trust",
		DIAG_ERROR, 1, "server.trust"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct found f;

		load(&f, cases[i].yaml, &at_vectors);
		expect(&f, cases[i].code, cases[i].level, cases[i].line,
		    cases[i].part);
		unload(&f);
	}
}

/* A CA that is over stops nobody else: what needs it is refused when it is
 * asked for. */
static void
dates_are_spoken_of(void **state)
{
	struct issue_rules_config config = at_vectors;
	struct der_fault fault;
	struct cert c;
	struct found f;

	(void)state;
	assert_int_equal(cert_parse(issuing, &c, &fault), RC_OK);
	config.now_s = c.not_after_s - 30 * DAY_S;
	load(&f,
	    AUTHORITY("issuing.pem")
		SERVER(ISSUE EXPECTED("root.pem", "trust-anchor")),
	    &config);
	expect(&f, "issue-expires", DIAG_WARNING, 2, "30 days");
	unload(&f);
	config.now_s = c.not_after_s + 1;
	load(&f,
	    AUTHORITY("issuing.pem")
		SERVER(ISSUE EXPECTED("root.pem", "trust-anchor")),
	    &config);
	expect(&f, "issue-expired", DIAG_WARNING, 2, "2040-07-31");
	unload(&f);
	config.now_s = c.not_before_s - DAY_S;
	load(&f, IDENTITY("issuing.pem"), &config);
	expect(&f, "issue-not-yet", DIAG_WARNING, 2, "clock");
	unload(&f);
}

/* The size of a Write against what the device takes, and what is done then. */
static void
a_write_that_goes_in_blocks_is_measured(void **state)
{
	static const char yaml[] = AUTHORITY(
	    "issuing.pem") "policy: p\nmatch: {endpoint: "
			   "'urn:dev:ops:0057F2-WM200-*'}\n"
			   "device: {max_message: 500B}\nservers:\n"
			   "  - name: eu\n    short_server_id: 1\n"
			   "    uri: coaps://eu.example\n    security:\n"
			   "      mode: certificate\n" ISSUE
			   "      server_certificate: {file: issuing.pem, "
			   "usage: "
			   "trust-anchor}\n";
	struct found f;

	(void)state;
	load(&f, yaml, &at_vectors);
	expect(&f, "issue-size", DIAG_WARNING, 8,
	    "device.max_message is 500: it goes in 5 blocks of 256 bytes");
	expect(&f, "issue-size", DIAG_WARNING, 8,
	    "urn:dev:ops:0057F2-WM200-000000");
	unload(&f);
	load(&f,
	    AUTHORITY("issuing.pem")
		SERVER(ISSUE "      server_certificate: {file: server.pem, "
			     "usage: domain, matching: sha256}\n"),
	    &at_vectors);
	/* a digest in the place of a certificate: 480 bytes less */
	assert_null(find(&f, "issue-size"));
	unload(&f);
}

/* A Write that cannot go in blocks has to go into one message. */
static void
a_write_without_blocks_has_to_fit(void **state)
{
	static const char yaml[] =
	    AUTHORITY("issuing.pem") "policy: p\ndevice: {%s}\nservers:\n"
				     "  - name: eu\n    short_server_id: 1\n"
				     "    uri: coaps://eu.example\n"
				     "    security:\n"
				     "      mode: certificate\n" ISSUE
				     "      server_certificate: {file: "
				     "issuing.pem, usage: trust-anchor}\n";
	static const struct {
		const char *device;
		enum diag_level level;
		const char *code, *text; /* NULL: none */
	} cases[] = {
	    {"block_size: none, max_message: 500B", DIAG_ERROR, "issue-blocks",
		"a Write of /0 in TLV does not go into one message of 500 "
		"bytes"},
	    {"block_size: 16B, max_message: 500B", DIAG_WARNING, "issue-size",
		"blocks of 16 bytes"},
	    {"key_max: 130B", DIAG_ERROR, "issue-key-length", "/0/x/3 has"},
	    {"key_max: 2KiB", DIAG_WARNING, "issue-key-length", NULL},
	};
	char text[2048];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct found f;

		snprintf(text, sizeof(text), yaml, cases[i].device);
		load(&f, text, &at_vectors);
		if (cases[i].text)
			expect(&f, cases[i].code, cases[i].level, 7,
			    cases[i].text);
		else
			assert_null(find(&f, cases[i].code));
		unload(&f);
	}
}

static void
what_is_expected_of_a_server_can_be_its_digest(void **state)
{
	static const struct {
		const char *matching;
		size_t len;
	} cases[] = {{"exact", 0}, {"sha256", 32}, {"sha512", 64}};
	uint8_t room[VECTOR_MAX], digest[64];
	struct span server = vector(server_pem, "CERTIFICATE", room);
	char yaml[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct found f;
		struct span key;

		snprintf(yaml, sizeof(yaml),
		    AUTHORITY("issuing.pem") SERVER(
			ISSUE "      server_certificate: {file: server.pem, "
			      "usage: domain, matching: %s}\n"),
		    cases[i].matching);
		load(&f, yaml, &at_vectors);
		assert_int_equal(f.rc, RC_OK);
		key = rules_server_key(f.rules, &f.set->policies[0].servers[0]);
		if (cases[i].len == 0) {
			assert_true(span_equal(key, server));
		} else {
			assert_int_equal(key.len, cases[i].len);
			if (key.len == 32)
				digest_of(server, digest);
			else
				digest512_of(server, digest);
			assert_memory_equal(key.p, digest, key.len);
		}
		unload(&f);
	}
}

/* --- the daemon's own files ----------------------------------------------- */

static enum rc
count(void *ctx, struct span one)
{
	assert_true(one.len > 0);
	++*(size_t *)ctx;
	return RC_OK;
}

static size_t
lists_of(const struct found *f)
{
	size_t n = 0;

	assert_int_equal(issue_rules_crls(f->rules, count, &n), RC_OK);
	return n;
}

static void
anchors_are_told_once(void **state)
{
	uint8_t both[2 * VECTOR_MAX];
	struct writer w;
	struct issue_file trust[2];
	struct issue_rules_config config = {
	    .trust = trust, .trust_count = 2, .now_s = VECTOR_NOW_S};
	struct found f;
	size_t n = 0;

	(void)state;
	writer_init(&w, both, sizeof(both));
	writer_put(&w, root);
	writer_put(&w, issuing);
	trust[0] = (struct issue_file){"both.der", writer_span(&w)};
	trust[1] = (struct issue_file){"root.pem", span_str(root_pem)};
	load(&f,
	    IDENTITY("issuing.pem") "identity: other\ncertificate: {}\n---\n",
	    &config);
	/* nothing of the caller's is needed any more */
	memset(both, 0, sizeof(both));
	assert_int_equal(f.rc, RC_OK);
	assert_int_equal(issue_rules_anchors(f.rules, count, &n), RC_OK);
	assert_int_equal(n, 2);
	assert_ptr_not_equal(rules_trust(f.rules, &f.set->identities[0]),
	    rules_trust(f.rules, &f.set->identities[1]));
	unload(&f);
}

static void
lists_count_only_when_their_ca_has_signed_them(void **state)
{
	uint8_t changed[VECTOR_MAX];
	struct issue_file crl = {"list.crl", list};
	struct issue_rules_config config = {
	    .crls = &crl, .crl_count = 1, .now_s = VECTOR_NOW_S};
	struct der_fault fault;
	struct found f;
	struct crl c;

	(void)state;
	assert_int_equal(crl_parse(list, &c, &fault), RC_OK);
	load(&f, IDENTITY("issuing.pem"), &config);
	assert_int_equal(f.rc, RC_OK);
	assert_int_equal(lists_of(&f), 1);
	unload(&f);

	/* out of date: said, and honoured all the same */
	config.now_s = c.next_update_s + 1;
	load(&f, IDENTITY("issuing.pem"), &config);
	expect(&f, "issue-crl-stale", DIAG_WARNING, 0, "stays refused");
	assert_int_equal(lists_of(&f), 1);
	unload(&f);
	config.now_s = VECTOR_NOW_S;

	/* of a CA that is known, but is no anchor: who brings it along */
	load(&f, IDENTITY("root.pem"), &config);
	expect(&f, "issue-crl-issuer", DIAG_WARNING, 0, "no trust anchor");
	assert_int_equal(lists_of(&f), 0);
	unload(&f);

	memcpy(changed, list.p, list.len);
	changed[list.len - 1] ^= 1;
	crl.bytes = span_of(changed, list.len);
	load(&f, IDENTITY("issuing.pem"), &config);
	expect(&f, "issue-crl-signature", DIAG_ERROR, 0, "list.crl");
	unload(&f);

	crl.bytes = root;
	load(&f, IDENTITY("issuing.pem"), &config);
	expect(&f, "issue-crl", DIAG_ERROR, 0, "RFC 5280");
	unload(&f);
	crl.bytes = SPAN_LIT("");
	load(&f, IDENTITY("issuing.pem"), &config);
	expect(&f, "issue-certificate", DIAG_ERROR, 0, "X509 CRL");
	unload(&f);
}

/* A slow mirror, a restored backup, somebody who plays an old one again. */
static void
a_list_is_not_replaced_by_an_older_one(void **state)
{
	static const struct {
		long number, then;
		int64_t age_s;
		bool older;
		const char *part;
	} cases[] = {
	    {2, 1, 0, true, "number 1 of"},
	    {2, 1, 0, true, "number 2 of"},
	    {256, 255, -60, true, "number 255 of"},
	    {2, 2, 0, false, NULL},
	    {2, 3, 60, false, NULL},
	    {2, 2, 60, true, "number 2 of"},
	    {0, 0, 60, true, "without a number"},
	    {0, 0, -60, false, NULL},
	    {2, 0, 60, true, "without a number"},
	    {2, 0, -60, false, NULL},
	};
	const long none[] = {0};
	struct made_ca ca;
	struct span anchor;

	(void)state;
	made_ca_init(&ca, "Device CA", V_ASN1_UTF8STRING);
	anchor = made_anchor(&ca);
	folder_put(&folder, "made.der", anchor);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span now = made_list(
		    ca.name, ca.key, cases[i].number, MADE_NOW_S - 600, none);
		struct span then = made_list(ca.name, ca.key, cases[i].then,
		    MADE_NOW_S - 600 - cases[i].age_s, none);
		struct issue_file files[] = {{"a.crl", now}, {"b.crl", then}};
		struct issue_rules_config config = {
		    .crls = files, .crl_count = 1, .now_s = MADE_NOW_S};
		struct found f, g;

		load(&f, IDENTITY("made.der"), &config);
		assert_int_equal(f.rc, RC_OK);
		config.previous = f.rules;
		config.crls = &files[1];
		load(&g, IDENTITY("made.der"), &config);
		if (cases[i].older)
			expect(&g, "issue-crl-older", DIAG_ERROR, 0,
			    cases[i].part);
		else
			assert_int_equal(g.rc, RC_OK);
		unload(&g);
		/* both of them: the newer one is there */
		config.crls = files;
		config.crl_count = 2;
		load(&g, IDENTITY("made.der"), &config);
		assert_int_equal(g.rc, RC_OK);
		unload(&g);
		unload(&f);
		made_free(now);
		made_free(then);
	}
	made_free(anchor);
	made_ca_fini(&ca);
}

/* --- certificates of devices ---------------------------------------------- */

/* Issue 3 part 2: below 420 bytes, with the endpoint twice. */
static void
the_built_in_profile_is_small(void **state)
{
	const struct span endpoint =
	    SPAN_LIT("urn:dev:ops:0057F2-WM200-000017");
	const struct placeholder_values named = {.endpoint = endpoint};
	char detail[MINT_DETAIL_MAX];
	struct found f;
	size_t len = 0;

	(void)state;
	load(&f,
	    AUTHORITY("issuing.pem")
		SERVER(ISSUE EXPECTED("root.pem", "trust-anchor")),
	    &at_vectors);
	assert_int_equal(mint_size(issue_rules_authority(f.rules, 0),
			     &f.set->policies[0].servers[0].issue, &named,
			     VECTOR_NOW_S, &len, detail),
	    RC_OK);
	assert_in_range(len, 300, 419);
	unload(&f);
}

static void
an_endpoint_that_is_no_name_is_refused_with_words(void **state)
{
	static const struct {
		const char *endpoint;
		size_t endpoint_len;
		const char *part;
	} cases[] = {
	    {"urn:dev:ops:0057F2-WM200-0123456789-0123456789-0123456789-012345",
		64, NULL},
	    {"urn:dev:ops:0057F2-WM200-0123456789-0123456789-0123456789-"
	     "0123456",
		65, "64 at most"},
	    {"meter\n17", 8, "no text"},
	    {"meter\0", 6, "no text"},
	    {"meter\xff", 6, "no text"},
	    /* no URI: it stands as common name alone */
	    {"meter 17", 8, NULL},
	    {"meter-17", 8, NULL},
	};
	struct found f;

	(void)state;
	load(&f,
	    AUTHORITY("issuing.pem")
		SERVER(ISSUE EXPECTED("root.pem", "trust-anchor")),
	    &at_vectors);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct issuer issuer = {
		    .rules = f.rules, .now_s = VECTOR_NOW_S};
		struct issue_decision d = {0};
		/* no token: what would be refused with one is refused here */
		enum rc rc = issue_plan(&issuer, &f.set->policies[0],
		    span_of(cases[i].endpoint, cases[i].endpoint_len), &d);

		assert_int_equal(rc, cases[i].part ? RC_DENIED : RC_OK);
		if (cases[i].part && !strstr(d.detail, cases[i].part))
			fail_msg("no \"%s\" in: %s", cases[i].part, d.detail);
		issue_decision_fini(&d);
	}
	unload(&f);
}

/* What names a key pair in plan and digest, whatever was made. */
static void
labels_stand_where_keys_will(void **state)
{
	static const struct {
		uint16_t resource;
		const char *label;
	} secrets[] = {
	    {3, "certificate ca profile device-p256 ssid 1"},
	    {5, "key of certificate ca profile device-p256 ssid 1"},
	};
	struct issuer issuer = {.now_s = VECTOR_NOW_S};
	struct issue_decision d = {0};
	struct found f;
	struct plan plan;
	size_t n = 0;

	(void)state;
	load(&f,
	    AUTHORITY("issuing.pem")
		SERVER(ISSUE "      server_certificate: {file: issuing.pem, "
			     "usage: trust-anchor, sni: eu.example}\n"),
	    &at_vectors);
	issuer.rules = f.rules;
	assert_int_equal(
	    issue_plan(&issuer, &f.set->policies[0], SPAN_LIT("meter-17"), &d),
	    RC_OK);
	assert_int_equal(d.credential_count, 1);
	assert_int_equal(d.credentials[0].kind, CREDENTIAL_CERTIFICATE);
	assert_string_equal(d.credentials[0].ca, "ca");
	assert_int_equal(plan_decode(&d.plan, &plan), RC_OK);
	for (size_t i = 0; i < plan.entry_count; i++) {
		const struct plan_entry *e = &plan.entries[i];

		if (!e->secret)
			continue;
		assert_int_equal(e->entry.path.resource, secrets[n].resource);
		assert_true(span_is(e->label, secrets[n].label));
		assert_int_equal(e->entry.value.bytes.len, 0);
		n++;
	}
	assert_int_equal(n, 2);
	plan_fini(&plan);
	issue_decision_fini(&d);
	unload(&f);
}

/* Sixteen accounts with certificates are more than a plan holds, or less: never
 * more than it holds. */
static void
many_accounts_have_an_end(void **state)
{
	char yaml[16384] = AUTHORITY("issuing.pem") "policy: p\nservers:\n";
	struct found f;

	(void)state;
	for (unsigned i = 1; i <= POLICY_SERVERS_MAX; i++)
		snprintf(yaml + strlen(yaml), sizeof(yaml) - strlen(yaml),
		    "  - name: s%u\n    short_server_id: %u\n"
		    "    uri: coaps://s%u.example\n    security:\n"
		    "      mode: certificate\n      issue: {ca: ca}\n"
		    "      server_certificate: {file: issuing.pem, usage: "
		    "trust-anchor}\n",
		    i, i, i);
	load(&f, yaml, &at_vectors);
	assert_int_equal(f.rc, RC_OK);
	unload(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_kind_of_file_is_taken),
	    cmocka_unit_test(each_fault_has_its_finding),
	    cmocka_unit_test(dates_are_spoken_of),
	    cmocka_unit_test(a_write_that_goes_in_blocks_is_measured),
	    cmocka_unit_test(a_write_without_blocks_has_to_fit),
	    cmocka_unit_test(what_is_expected_of_a_server_can_be_its_digest),
	    cmocka_unit_test(anchors_are_told_once),
	    cmocka_unit_test(lists_count_only_when_their_ca_has_signed_them),
	    cmocka_unit_test(a_list_is_not_replaced_by_an_older_one),
	    cmocka_unit_test(the_built_in_profile_is_small),
	    cmocka_unit_test(an_endpoint_that_is_no_name_is_refused_with_words),
	    cmocka_unit_test(labels_stand_where_keys_will),
	    cmocka_unit_test(many_accounts_have_an_end),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
