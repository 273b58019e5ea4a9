/* A device's own account is renewed: what takes the place of what, when the old
 * one is taken back, and that nothing else is. */
#include "issue_world.h"

#include "lwm2m/object.h"

static const char documents[] =
    "authority: device-ca\n"
    "certificate: device-ca.pem\n"
    "---\n"
    "identity: factory\n"
    "endpoint: 'urn:dev:ops:0057F2-*'\n"
    "psk: {derive: bootstrap-2026, epoch: [1, 2, 3]}\n"
    "---\n"
    "identity: vendor\n"
    "endpoint: 'urn:dev:ops:0057F2-*'\n"
    "psk: {imported: module-vendor}\n"
    "---\n"
    "identity: papers\n"
    "endpoint: 'urn:dev:ops:0057F2-paper-*'\n"
    "certificate:\n"
    "  trust: device-ca.pem\n"
    "  endpoint: cn\n"
    "  issue: {ca: device-ca, validity: 5y}\n"
    "  server_certificate: {file: root.pem, usage: trust-anchor}\n"
    "---\n"
    "identity: lab\n"
    "endpoint: 'urn:dev:ops:0057F2-*'\n"
    "nosec: {network: [127.0.0.1/32]}\n"
    "---\n"
    "policy: papers\n"
    "match: {identity: papers}\n"
    "bootstrap_account: {rotate: true, uri: 'coaps://bs.example:5684'}\n"
    "servers:\n"
    "  - name: eu\n"
    "    short_server_id: 101\n"
    "    uri: coaps://eu.example\n"
    "    security: {mode: psk, key: {derive: fleet-2026}}\n"
    "---\n"
    "policy: keys\n"
    "bootstrap_account: {rotate: factory, epoch: 3,\n"
    "  uri: 'coaps://bs.example:5684'}\n"
    "servers:\n"
    "  - name: eu\n"
    "    short_server_id: 101\n"
    "    uri: coaps://eu.example\n"
    "    security: {mode: psk, key: {derive: fleet-2026}}\n";

static int
setup(void **state)
{
	int rc = world_open(state);

	world_rules(documents, span_of(NULL, 0));
	return rc;
}

static size_t
revocations(void)
{
	return world_rows("credential_revoked", NULL, NULL);
}

static void
grant(const struct issue_request *rq)
{
	struct issue_decision d;

	world_grant(rq, &d);
	issue_decision_fini(&d);
}

/** Of the last account that was given. */
static void
last_account(const char *field, char *text)
{
	text[0] = '\0';
	(void)world_rows("credential_issued", field, text);
}

/** Of the key of an endpoint and epoch, by the token. */
static const char *
fingerprint_of(const char *endpoint, uint32_t epoch)
{
	const struct hsm_derivation d = {
	    .master = "bootstrap-2026",
	    .purpose = HSM_PURPOSE_BOOTSTRAP,
	    .epoch = epoch,
	    .endpoint = span_str(endpoint),
	};
	uint8_t fingerprint[HSM_FINGERPRINT_LEN];
	struct secret key = {0};

	assert_int_equal(hsm_derive(world.session, &d, &key), RC_OK);
	assert_int_equal(hsm_fingerprint(&key, fingerprint), RC_OK);
	secret_fini(&key);
	return world_hex(span_of(fingerprint, sizeof(fingerprint)));
}

static void
refused(const struct issue_request *rq)
{
	world_refuse(rq, REASON_REVOKED);
}

/* The life of one account: epoch 1, then 3. */
static void
of_epochs(void **state)
{
	const char *ep = "urn:dev:ops:0057F2-epochs";
	struct issue_request old = by_psk(ep, 1), new = by_psk(ep, 3);
	struct issue_request between = by_psk(ep, 2);
	struct issue_psk_answer answer;
	size_t before = revocations();
	char text[256];

	(void)state;
	/* of what was replaced more than once, the last time counts */
	grant(&between);
	between = by_psk(ep, 2);
	grant(&old);
	last_account("replaces", text);
	assert_string_equal(text, fingerprint_of(ep, 1));
	last_account("fingerprint", text);
	assert_string_equal(text, fingerprint_of(ep, 3));
	/* it may not have kept it */
	old = by_psk(ep, 1);
	grant(&old);
	assert_int_equal(revocations(), before);
	/* nor does another key that is accepted say that it has the new one;
	 * but it is what would be replaced now */
	grant(&between);
	assert_int_equal(revocations(), before);
	last_account("replaces", text);
	assert_string_equal(text, fingerprint_of(ep, 2));
	old = by_psk(ep, 1);
	grant(&old);

	grant(&new);
	assert_int_equal(
	    world_rows("credential_revoked", "fingerprint", text), before + 1);
	assert_string_equal(text, fingerprint_of(ep, 1));
	(void)world_rows("credential_revoked", "reason", text);
	assert_string_equal(text, "superseded");

	/* no handshake is made with it any more, and none that was counts */
	assert_int_equal(
	    issue_psk(&world.issuer, span_str(ep), 1, 0, &answer), RC_OK);
	assert_int_equal(answer.epoch, 3);
	secret_fini(&answer.key);
	old = by_psk(ep, 1);
	refused(&old);
	new = by_psk(ep, 3);
	grant(&new);
	assert_int_equal(revocations(), before + 1);
	/* another device's is another key */
	old = by_psk("urn:dev:ops:0057F2-other", 1);
	grant(&old);
}

/* The session of the new key asks again: the rows stand once. */
static void
asked_again(void **state)
{
	const char *ep = "urn:dev:ops:0057F2-again";
	struct issue_request old = by_psk(ep, 1), new = by_psk(ep, 3);
	struct issue_decision d;
	size_t before = revocations();

	(void)state;
	grant(&old);
	world_grant(&new, &d);
	assert_int_equal(world_record(&new, &d, true), RC_OK);
	assert_int_equal(revocations(), before + 1);
	issue_decision_fini(&d);
}

/* From a key that somebody else has made to one of ours. */
static void
of_an_imported_key(void **state)
{
	static const uint8_t key[16] = "sixteen bytes!!!";
	const char *ep = "urn:dev:ops:0057F2-vendor";
	struct issue_request old = by_psk("vendor-17", 1);
	struct issue_request new = by_psk(ep, 3);
	uint8_t fingerprint[HSM_FINGERPRINT_LEN];
	struct secret s = {0};
	char text[256];

	(void)state;
	world_import(
	    "module-vendor", "vendor-17", 1, ep, span_of(key, sizeof(key)));
	assert_int_equal(secret_set(&s, span_of(key, sizeof(key))), RC_OK);
	assert_int_equal(hsm_fingerprint(&s, fingerprint), RC_OK);
	secret_fini(&s);
	grant(&old);
	last_account("replaces", text);
	assert_string_equal(
	    text, world_hex(span_of(fingerprint, sizeof(fingerprint))));
	grant(&new);
	(void)world_rows("credential_revoked", "fingerprint", text);
	assert_string_equal(
	    text, world_hex(span_of(fingerprint, sizeof(fingerprint))));
	old = by_psk("vendor-17", 1);
	refused(&old);
}

/** What a plan gives the device for its own account. */
static struct lwm2m_value
given(const struct plan *plan, uint16_t resource)
{
	for (size_t i = 0; i < plan->entry_count; i++) {
		const struct plan_entry *e = &plan->entries[i];

		if (e->account == PLAN_ACCOUNT_OURS &&
		    e->entry.path.resource == resource)
			return e->entry.value;
	}
	fail_msg("no /0/x/%u of its own", resource);
	return (struct lwm2m_value){0};
}

static void
of_certificates(void **state)
{
	struct issue_request old, new;
	struct cert_profile profile;
	struct issue_decision d;
	uint8_t digest[DIGEST_LEN];
	struct made first;
	struct plan plan;
	size_t before;
	char text[256];

	(void)state;
	world_profile(&profile, "urn:dev:ops:0057F2-paper-1");
	world_certificate(&world.device_ca, &profile, &first);
	old = by_certificate(&first, span_of(NULL, 0));
	world_grant(&old, &d);
	assert_int_equal(plan_decode(&d.plan, &plan), RC_OK);
	issue_decision_fini(&d);
	before = revocations();

	new = by_psk("", 0);
	new.proof = PROOF_CERTIFICATE;
	new.credential = span_of(NULL, 0);
	new.peer = given(&plan, SECURITY_IDENTITY).bytes;
	/* and how it knows us: without, it would take the CA for our own */
	assert_true(given(&plan, SECURITY_SERVER_KEY).bytes.len > 0);
	assert_int_equal(given(&plan, SECURITY_CERTIFICATE_USAGE).number, 2);
	grant(&new);
	digest_of(first.cert.der, digest);
	assert_int_equal(
	    world_rows("credential_revoked", "fingerprint", text), before + 1);
	assert_string_equal(text, world_hex(span_of(digest, DIGEST_LEN)));
	(void)world_rows("credential_revoked", "serial", text);
	assert_string_equal(text, world_hex(first.cert.serial));
	digest_of(world.device_ca.cert.spki, digest);
	(void)world_rows("credential_revoked", "issuer_key", text);
	assert_string_equal(text, world_hex(span_of(digest, DIGEST_LEN)));
	old = by_certificate(&first, span_of(NULL, 0));
	refused(&old);
	plan_fini(&plan);
	world_made_fini(&first);
}

/* An attempt that failed, or a question that was asked twice: of two that were
 * given the device has the first, and what it had before is taken back. */
static void
of_two_certificates(void **state)
{
	struct issue_request old, new;
	struct cert_profile profile;
	struct issue_decision d;
	uint8_t digest[DIGEST_LEN];
	struct made first;
	struct plan plan;
	size_t before;
	char text[256];

	(void)state;
	world_profile(&profile, "urn:dev:ops:0057F2-paper-2");
	world_certificate(&world.device_ca, &profile, &first);
	old = by_certificate(&first, span_of(NULL, 0));
	world_grant(&old, &d);
	assert_int_equal(plan_decode(&d.plan, &plan), RC_OK);
	issue_decision_fini(&d);
	old = by_certificate(&first, span_of(NULL, 0));
	grant(&old);
	before = revocations();

	new = by_psk("", 0);
	new.proof = PROOF_CERTIFICATE;
	new.credential = span_of(NULL, 0);
	new.peer = given(&plan, SECURITY_IDENTITY).bytes;
	grant(&new);
	digest_of(first.cert.der, digest);
	assert_int_equal(
	    world_rows("credential_revoked", "fingerprint", text), before + 1);
	assert_string_equal(text, world_hex(span_of(digest, DIGEST_LEN)));
	plan_fini(&plan);
	world_made_fini(&first);
}

/* A rollout is called off: the key before is not taken back by the bootstrap
 * that gives it, nor by another one before it is used. */
static void
back_to_the_key_before(void **state)
{
	static const char back[] =
	    "identity: factory\n"
	    "psk: {derive: bootstrap-2026, epoch: [1, 2, 3]}\n"
	    "---\n"
	    "policy: back\n"
	    "bootstrap_account: {rotate: factory, epoch: 1,\n"
	    "  uri: 'coaps://bs.example:5684'}\n"
	    "servers: []\n";
	const char *ep = "urn:dev:ops:0057F2-back";
	struct issue_request first = by_psk(ep, 1), third;
	size_t before = revocations();
	char text[256];

	(void)state;
	grant(&first);
	world_rules(back, span_of(NULL, 0));
	for (int i = 0; i < 2; i++) {
		third = by_psk(ep, 3);
		grant(&third);
		assert_int_equal(revocations(), before);
	}
	first = by_psk(ep, 1);
	grant(&first);
	assert_int_equal(
	    world_rows("credential_revoked", "fingerprint", text), before + 1);
	assert_string_equal(text, fingerprint_of(ep, 3));
	world_rules(documents, span_of(NULL, 0));
}

/* Who came in clear had nothing that could be taken back. */
static void
of_nothing(void **state)
{
	const char *ep = "urn:dev:ops:0057F2-clear";
	struct issue_request old = by_psk(ep, 0), new = by_psk(ep, 3);
	size_t before = revocations();
	char text[256];

	(void)state;
	old.proof = PROOF_NONE;
	old.credential = span_of(NULL, 0);
	old.has_endpoint = true;
	old.endpoint = span_str(ep);
	old.address =
	    (struct address){.family = 4, .ip = {127, 0, 0, 1}, .port = 5683};
	grant(&old);
	last_account("replaces", text);
	assert_string_equal(text, "");
	grant(&new);
	assert_int_equal(revocations(), before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(of_epochs),
	    cmocka_unit_test(asked_again),
	    cmocka_unit_test(of_an_imported_key),
	    cmocka_unit_test(of_certificates),
	    cmocka_unit_test(of_two_certificates),
	    cmocka_unit_test(back_to_the_key_before),
	    cmocka_unit_test(of_nothing),
	};
	int failed;

	if (!fixture_init())
		return TEST_SKIP;
	failed = cmocka_run_group_tests(tests, setup, world_close);
	fixture_fini();
	return failed;
}
