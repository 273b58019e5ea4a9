/* What a device is given: certificates and keys that openssl takes, rows that
 * tell of them, and nothing secret anywhere but in the plan. */
#include "issue_world.h"

#include "hsm/trust.h"

#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static const char documents[] =
    "authority: device-ca\n"
    "certificate: device-ca.pem\n"
    "---\n"
    "authority: keyless\n"
    "certificate: stranger-ca.pem\n"
    "key: 'pkcs11:object=nowhere'\n"
    "---\n"
    "identity: factory\n"
    "endpoint: '*'\n"
    "psk: {derive: bootstrap-2026}\n"
    "---\n"
    "identity: images\n"
    "endpoint: 'urn:dev:ops:0057F2-*'\n"
    "certificate:\n"
    "  trust: device-ca.pem\n"
    "  endpoint: cn\n"
    "  issue: {ca: device-ca, validity: 5y}\n"
    "  server_certificate: {file: root.pem, usage: trust-anchor,\n"
    "                       sni: bs.example}\n"
    "---\n"
    "policy: keyless\n"
    "match: {endpoint: 'keyless-*'}\n"
    "servers:\n"
    "  - name: eu\n"
    "    short_server_id: 1\n"
    "    uri: coaps://eu.example\n"
    "    security:\n"
    "      mode: certificate\n"
    "      issue: {ca: keyless}\n"
    "      server_certificate: {file: root.pem, usage: trust-anchor}\n"
    "---\n"
    "policy: all\n"
    "servers:\n"
    "  - name: eu\n"
    "    short_server_id: 101\n"
    "    uri: coaps://eu.example\n"
    "    security:\n"
    "      mode: certificate\n"
    "      issue: {ca: device-ca}\n"
    "      server_certificate: {file: root.pem, usage: trust-anchor,\n"
    "                           matching: exact}\n"
    "  - name: raw\n"
    "    short_server_id: 102\n"
    "    uri: coaps://raw.example\n"
    "    security: {mode: rpk, server_key: {file: root.pem}}\n"
    "  - name: psk\n"
    "    short_server_id: 103\n"
    "    uri: coaps://psk.example\n"
    "    security: {mode: psk, key: {derive: fleet-2026, epoch: 4}}\n";

static int
setup(void **state)
{
	int rc = world_open(state);

	world_rules(documents, span_of(NULL, 0));
	return rc;
}

/** The value of a resource of an account, from 1; fails the test. */
static struct span
value_of(const struct plan *plan, unsigned account, uint16_t resource)
{
	for (size_t i = 0; i < plan->step_count; i++) {
		const struct plan_step *s = &plan->steps[i];

		if (s->account != account || s->path.object != 0)
			continue;
		for (size_t k = 0; k < s->entry_count; k++) {
			const struct lwm2m_entry *e =
			    &plan->entries[s->entry_first + k].entry;

			if (e->path.resource == resource &&
			    e->value.type == LWM2M_OPAQUE)
				return e->value.bytes;
		}
	}
	fail_msg("no /0/%u/%u", account, resource);
	return span_of(NULL, 0);
}

static void
expect_shell(const char *line)
{
	char out[8192];

	if (shell(out, sizeof(out), line))
		fail_msg("%s\n%s", line, out);
}

static bool
contains(struct span in, struct span what)
{
	for (size_t i = 0; i + what.len <= in.len; i++)
		if (memcmp(in.p + i, what.p, what.len) == 0)
			return true;
	return false;
}

/* What is looked for, where, and where it was looked for. */
static struct search {
	struct span what;
	bool found;
	size_t files;
	bool ledger;
} search;

static int
look_into(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	uint8_t *bytes;
	struct span all;
	FILE *f;

	(void)at;
	if (kind == FTW_D || kind == FTW_DP)
		return 0;
	assert_int_equal(kind, FTW_F);
	if (!S_ISREG(st->st_mode))
		return 0;
	f = fopen(path, "re");
	assert_non_null(f);
	bytes = test_malloc((size_t)st->st_size + 1);
	all = span_of(bytes, fread(bytes, 1, (size_t)st->st_size, f));
	assert_int_equal(all.len, st->st_size);
	fclose(f);
	search.files++;
	search.ledger |= strcmp(path, world.ledger_path) == 0;
	search.found |= contains(all, search.what) ||
	    contains(all, span_str(world_hex(search.what)));
	test_free(bytes);
	return 0;
}

/** In any file of the fixture's directory, however deep? */
static bool
in_any_file(struct span what)
{
	search = (struct search){.what = what};
	assert_int_equal(nftw(fixture.dir, look_into, 8, FTW_PHYS), 0);
	/* ledger, its log, policies, certificates, the token's own */
	assert_true(search.ledger && search.files > 5);
	return search.found;
}

/* The private number of a PKCS#8 of P-256 (hsm/device_key.h). */
static struct span
scalar(struct span pkcs8)
{
	assert_int_equal(pkcs8.len, DEVICE_KEY_DER_LEN);
	return span_of(pkcs8.p + 36, 32);
}

static void
what_is_handed_out_is_what_openssl_takes(void **state)
{
	struct issue_request rq = by_psk(ENDPOINT, 1);
	struct issue_decision d;
	struct der_fault fault;
	struct span certificate, spki;
	struct plan plan;
	struct cert c;

	(void)state;
	world_grant(&rq, &d);
	assert_int_equal(plan_decode(&d.plan, &plan), RC_OK);
	certificate = value_of(&plan, 1, 3);
	assert_in_range(certificate.len, 300, 419);
	put_pem("device.pem", "CERTIFICATE", certificate, false);
	put_file("device.key", value_of(&plan, 1, 5));
	expect_shell("openssl verify -x509_strict -CAfile root.pem "
		     "-untrusted device-ca.pem -purpose sslclient device.pem "
		     "|| openssl verify -CAfile root.pem -untrusted "
		     "device-ca.pem -purpose sslclient device.pem");
	expect_shell("openssl pkey -inform DER -in device.key -pubout > a && "
		     "openssl x509 -in device.pem -noout -pubkey > b && "
		     "cmp a b");
	expect_shell("openssl x509 -in device.pem -noout -text | "
		     "grep -q 'URI:" ENDPOINT "'");
	expect_shell("openssl x509 -in device.pem -noout -subject "
		     "-nameopt sname | grep -q 'CN=" ENDPOINT "'");
	assert_int_equal(cert_parse(certificate, &c, &fault), RC_OK);
	assert_true(c.not_before_s <= world.now_s - 86400);
	assert_true(span_equal(value_of(&plan, 1, 4), world.root.cert.der));

	spki = value_of(&plan, 2, 3);
	put_pem("raw.pem", "PUBLIC KEY", spki, false);
	put_file("raw.key", value_of(&plan, 2, 5));
	expect_shell("openssl pkey -inform DER -in raw.key -pubout > a && "
		     "cmp a raw.pem");
	assert_true(span_equal(value_of(&plan, 2, 4), world.root.cert.spki));
	expect_shell("rm device.key raw.key");

	/* two key pairs, and no trace of either */
	assert_false(span_equal(
	    scalar(value_of(&plan, 1, 5)), scalar(value_of(&plan, 2, 5))));
	assert_false(in_any_file(scalar(value_of(&plan, 1, 5))));
	assert_false(in_any_file(scalar(value_of(&plan, 2, 5))));
	assert_false(in_any_file(value_of(&plan, 3, 5)));
	/* while what is public is there: the search does find things */
	assert_true(in_any_file(span_of(d.credentials[0].sha256, DIGEST_LEN)));
	plan_fini(&plan);
	issue_decision_fini(&d);
}

static void
expect_field(const char *field, const char *value)
{
	char text[256];

	(void)world_rows("credential_issued", field, text);
	assert_string_equal(text, value);
}

static void
rows_say_what_was_handed_out(void **state)
{
	struct issue_request rq = by_psk("rows-1", 1);
	size_t begun = world_rows("bootstrap_begin", NULL, NULL);
	size_t issued = world_rows("credential_issued", NULL, NULL);
	struct issue_decision d, later;
	char text[256];

	(void)state;
	world_grant(&rq, &d);
	assert_int_equal(world_rows("bootstrap_begin", NULL, NULL), begun + 1);
	assert_int_equal(
	    world_rows("credential_issued", NULL, NULL), issued + 3);
	expect_field("kind", "psk");
	expect_field("source", "derived");
	expect_field("policy", "all");

	/* the same session asks again: what is made anew is said anew, and
	 * only that */
	issue_begin(&world.issuer, &rq, &later);
	assert_true(later.granted);
	assert_memory_equal(later.plan_digest, d.plan_digest, DIGEST_LEN);
	assert_memory_not_equal(
	    later.credentials[0].sha256, d.credentials[0].sha256, DIGEST_LEN);
	assert_memory_equal(later.credentials[2].fingerprint,
	    d.credentials[2].fingerprint, HSM_FINGERPRINT_LEN);
	assert_int_equal(world_record(&rq, &later, true), RC_OK);
	assert_int_equal(world_rows("bootstrap_begin", NULL, NULL), begun + 1);
	assert_int_equal(
	    world_rows("credential_issued", "kind", text), issued + 5);
	assert_string_equal(text, "rpk");
	expect_field("fingerprint",
	    world_hex(span_of(later.credentials[1].sha256, DIGEST_LEN)));
	issue_decision_fini(&later);
	issue_decision_fini(&d);
}

static enum rc
last_certificate(void *ctx, const struct ledger_row *row)
{
	static const char *const names[] = {"fingerprint", "serial",
	    "issuer_key", "not_after", "ca", "profile"};
	char(*texts)[128] = ctx;
	struct writer w;

	writer_init(&w, texts[0], sizeof(texts[0]));
	if (!ledger_field(row, "kind", &w) ||
	    !span_is(writer_span(&w), "certificate"))
		return RC_OK;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		writer_init(&w, texts[i], sizeof(texts[i]) - 1);
		assert_true(ledger_field(row, names[i], &w));
		texts[i][w.len] = '\0';
	}
	return RC_AGAIN;
}

/* What `pki revoke` and `pki crl` find a certificate by. */
static void
a_certificate_has_all_that_takes_it_back(void **state)
{
	const struct ledger_query q = {
	    .kind = SPAN_LIT("credential_issued"), .newest_first = true};
	struct issue_request rq = by_psk("taken-back-1", 1);
	struct issue_decision d;
	char texts[6][128];
	uint8_t digest[DIGEST_LEN];
	struct der_fault fault;
	struct plan plan;
	struct cert c;

	(void)state;
	world_grant(&rq, &d);
	assert_int_equal(plan_decode(&d.plan, &plan), RC_OK);
	assert_int_equal(cert_parse(value_of(&plan, 1, 3), &c, &fault), RC_OK);
	assert_int_equal(
	    ledger_read(world.store, &q, last_certificate, texts), RC_AGAIN);
	digest_of(c.der, digest);
	assert_string_equal(texts[0], world_hex(span_of(digest, DIGEST_LEN)));
	assert_string_equal(texts[1], world_hex(c.serial));
	digest_of(world.device_ca.cert.spki, digest);
	assert_string_equal(texts[2], world_hex(span_of(digest, DIGEST_LEN)));
	assert_int_equal(strlen(texts[3]), 20);
	assert_string_equal(texts[4], "device-ca");
	assert_string_equal(texts[5], "device-p256");
	plan_fini(&plan);
	issue_decision_fini(&d);
}

static void
without_a_token_the_digest_is_the_same(void **state)
{
	const struct issuer explain = {
	    .rules = world.rules, .now_s = world.now_s};
	struct issue_request rq = by_psk(ENDPOINT, 1);
	struct issue_decision with, without;

	(void)state;
	issue_begin(&world.issuer, &rq, &with);
	issue_begin(&explain, &rq, &without);
	assert_true(with.granted);
	assert_true(without.granted);
	assert_memory_equal(with.plan_digest, without.plan_digest, DIGEST_LEN);
	assert_int_equal(with.steps, without.steps);
	assert_true(without.plan.len < with.plan.len);
	issue_decision_fini(&with);
	issue_decision_fini(&without);
}

static void
a_certificate_that_breaks_a_rule_is_told_why(void **state)
{
	struct issue_request rq = by_psk(
	    "urn:dev:ops:0057F2-WM200-0123456789-0123456789-0123456789-0123456",
	    1);
	struct issue_decision d;
	char text[256];

	(void)state;
	count_reset();
	issue_begin(&world.issuer, &rq, &d);
	assert_false(d.granted);
	assert_string_equal(reason_code(d.reason), "certificate-refused");
	assert_non_null(strstr(d.detail, "64 at most"));
	assert_int_equal(d.plan.len, 0);
	assert_int_equal(world_record(&rq, &d, false), RC_OK);
	(void)world_rows("bootstrap_refused", "detail", text);
	assert_string_equal(text, d.detail);
	issue_decision_fini(&d);
}

static void
a_ca_without_its_key_refuses_and_says_so(void **state)
{
	struct issue_request rq = by_psk("keyless-1", 1);
	struct issue_decision d;

	(void)state;
	issue_begin(&world.issuer, &rq, &d);
	assert_false(d.granted);
	assert_string_equal(reason_code(d.reason), "token-away");
	assert_non_null(
	    strstr(hsm_session_error(world.session)->text, "nowhere"));
	issue_decision_fini(&d);
}

/* --- factory images --------------------------------------------------------- */

static void
an_account_has_certificate_and_anchor(void **state)
{
	const struct issue_account account = {
	    .uri = "coaps://bs.example:5684", .hold_off_s = -1};
	const struct identity *id = &world.set->identities[1];
	struct issue_credential c;
	struct secret bytes = {0};
	struct issue_request rq;
	struct issue_decision d;
	char detail[200];
	struct made m = {0};
	struct plan plan;
	struct der_fault fault;

	(void)state;
	assert_int_equal(issue_account(&world.issuer, id, SPAN_LIT(ENDPOINT),
			     &account, &bytes, &c, detail),
	    RC_OK);
	assert_int_equal(c.kind, CREDENTIAL_CERTIFICATE);
	assert_string_equal(c.ca, "device-ca");
	assert_in_range(c.not_after_s, world.now_s + 4 * 365 * 86400LL,
	    world.now_s + 5 * 366 * 86400LL);
	assert_int_equal(plan_decode(&bytes, &plan), RC_OK);
	assert_int_equal(plan.step_count, 1);
	/* the account comes in with it */
	memcpy(m.bytes, plan.entries[3].entry.value.bytes.p,
	    plan.entries[3].entry.value.bytes.len);
	assert_int_equal(
	    cert_parse(span_of(m.bytes, plan.entries[3].entry.value.bytes.len),
		&m.cert, &fault),
	    RC_OK);
	assert_int_equal(plan.entries[4].entry.path.resource, 4);
	assert_true(
	    span_equal(plan.entries[4].entry.value.bytes, world.root.cert.der));
	assert_int_equal(plan.entries[6].entry.path.resource, 14);
	assert_int_equal(plan.entries[7].entry.path.resource, 15);
	assert_int_equal(plan.entries[7].entry.value.number, 2);
	rq = by_certificate(&m, span_of(NULL, 0));
	world_grant(&rq, &d);
	assert_string_equal(d.peer.identity->name, "images");
	issue_decision_fini(&d);
	plan_fini(&plan);

	assert_int_equal(issue_account(&world.issuer, id, SPAN_LIT("another"),
			     &account, &bytes, &c, detail),
	    RC_DENIED);
	assert_string_equal(detail, "");
	assert_int_equal(bytes.len, 0);
}

/* --- threads ---------------------------------------------------------------- */

enum { THREADS = 4, ROUNDS = 12 };

static void *
decide_many(void *arg)
{
	struct issuer mine = world.issuer;
	unsigned *granted = arg;
	char why[256];

	mine.hsm = take(world.hsm);
	if (ledger_open(world.ledger_path, LEDGER_READ, &mine.store, why,
		sizeof(why)) != RC_OK)
		return NULL;
	for (int i = 0; i < ROUNDS; i++) {
		struct issue_request rq = {
		    .proof = PROOF_PSK,
		    .credential = SPAN_LIT(ENDPOINT),
		    .epoch = 1,
		    .pct = -1,
		};
		struct issue_decision d;

		issue_begin(&mine, &rq, &d);
		*granted += d.granted;
		issue_decision_fini(&d);
	}
	ledger_close(mine.store);
	hsm_session_give(mine.hsm);
	return NULL;
}

static void
threads_share_the_rules(void **state)
{
	unsigned granted[THREADS] = {0};
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, decide_many, &granted[i]),
		    0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(granted[i], ROUNDS);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_handed_out_is_what_openssl_takes),
	    cmocka_unit_test(rows_say_what_was_handed_out),
	    cmocka_unit_test(a_certificate_has_all_that_takes_it_back),
	    cmocka_unit_test(without_a_token_the_digest_is_the_same),
	    cmocka_unit_test(a_certificate_that_breaks_a_rule_is_told_why),
	    cmocka_unit_test(a_ca_without_its_key_refuses_and_says_so),
	    cmocka_unit_test(an_account_has_certificate_and_anchor),
	    cmocka_unit_test(threads_share_the_rules),
	};
	int failed;

	if (!fixture_init())
		return TEST_SKIP;
	if (!openssl_there()) {
		puts("skipped: no openssl program here");
		fixture_fini();
		return TEST_SKIP;
	}
	failed = cmocka_run_group_tests(tests, setup, world_close);
	fixture_fini();
	return failed;
}
