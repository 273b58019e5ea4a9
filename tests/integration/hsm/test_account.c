/* Keys of the plans that have more than accounts: the device's own account
 * renewed or handed over, OSCORE contexts, and a correction, which is given
 * nothing that is not on record. */
#include "issue_world.h"

#include <stdio.h>

#define SERVER(ssid, security) \
	"  - name: s" ssid "\n" \
	"    short_server_id: " ssid "\n" \
	"    uri: coaps://s" ssid ".example\n" \
	"    security: " security "\n"

static const char documents[] = "authority: device-ca\n"
				"certificate: device-ca.pem\n"
				"---\n"
				"identity: factory\n"
				"endpoint: 'urn:*'\n"
				"psk:\n"
				"  derive: bootstrap-2026\n"
				"  epoch: [{epoch: 1, until: 2099-01-01}, 2]\n"
				"---\n"
				"identity: papers\n"
				"endpoint: 'none-*'\n"
				"certificate: {trust: device-ca.pem, endpoint: "
				"cn,\n"
				"              issue: {ca: device-ca, "
				"validity: 5y},\n"
				"              server_certificate: {file: "
				"root.pem,\n"
				"                                   usage: "
				"trust-anchor}}\n"
				"---\n"
				"policy: corrected\n"
				"match: {endpoint: 'urn:corrected:*'}\n"
				"device: {profile: anjay, oscore: true, "
				"empty_keys: false}\n"
				"servers:\n" SERVER("101",
				    "{mode: certificate, issue: {ca: "
				    "device-ca},\n"
				    "               server_certificate: {file: "
				    "root.pem,\n"
				    "                                    "
				    "usage: trust-anchor}}") SERVER("102",
				    "{mode: psk, key: {random: seal-2026, "
				    "length: 32},\n"
				    "               oscore: {key: {random: "
				    "seal-2026,\n"
				    "                              length: "
				    "16},\n"
				    "                        recipient_id: "
				    "'01'}}") "correction: {device: "
					      "{empty_keys: true}}\n"
					      "---\n"
					      "policy: rotated\n"
					      "match: {endpoint: "
					      "'urn:rotated:*'}\n"
					      "device: {profile: anjay}\n"
					      "bootstrap_account: {rotate: "
					      "true, uri: "
					      "'coaps://boot.example'}\n"
					      "servers: []\n"
					      "---\n"
					      "policy: to-papers\n"
					      "match: {endpoint: "
					      "'urn:papers:*'}\n"
					      "device: {profile: anjay}\n"
					      "bootstrap_account: {rotate: "
					      "papers, uri: "
					      "'coaps://boot.example'}\n"
					      "servers: []\n"
					      "---\n"
					      "policy: nowhere\n"
					      "match: {endpoint: "
					      "'urn:nowhere:*'}\n"
					      "device: {profile: anjay}\n"
					      "bootstrap_account: rotate\n"
					      "servers: []\n"
					      "---\n"
					      "policy: sold\n"
					      "match: {endpoint: "
					      "'urn:sold:*'}\n"
					      "device: {profile: anjay}\n"
					      "bootstrap_account:\n"
					      "  uri: "
					      "coaps://boot.buyer.example\n"
					      "  security: {mode: psk, key: "
					      "{derive: fleet-2026, epoch: "
					      "7}}\n"
					      "servers: []\n"
					      "---\n"
					      "policy: oscore\n"
					      "match: {endpoint: "
					      "'urn:oscore:*'}\n"
					      "device: {profile: anjay, "
					      "oscore: true}\n"
					      "servers:\n" SERVER("103",
						  "{mode: psk, key: {derive: "
						  "fleet-2026},\n"
						  "               oscore: "
						  "{key: {derive: "
						  "fleet-2026},\n"
						  "                        "
						  "recipient_id: '01'}}");

static int
setup(void **state)
{
	int rc = world_open(state);

	world_rules(documents, span_of(NULL, 0));
	return rc;
}

/** Granted and recorded, taken apart. */
static void
grant(const char *endpoint, uint32_t epoch, struct issue_decision *d,
    struct plan *plan)
{
	struct issue_request rq = by_psk(endpoint, epoch);

	world_grant(&rq, d);
	assert_int_equal(plan_decode(&d->plan, plan), RC_OK);
}

static void
fini(struct issue_decision *d, struct plan *plan)
{
	plan_fini(plan);
	issue_decision_fini(d);
}

/** The n-th secret of the plan, from 0; NULL: there are less. */
static const struct plan_entry *
secret_at(const struct plan *plan, size_t n)
{
	for (size_t i = 0; i < plan->entry_count; i++)
		if (plan->entries[i].secret && n-- == 0)
			return &plan->entries[i];
	return NULL;
}

static void
derived_is(const struct plan_entry *e, const char *master,
    enum hsm_purpose purpose, uint16_t ssid, uint32_t epoch,
    const char *endpoint)
{
	const struct hsm_derivation d = {
	    .master = master,
	    .purpose = purpose,
	    .short_server_id = ssid,
	    .epoch = epoch,
	    .endpoint = span_str(endpoint),
	};
	struct secret key = {0};

	assert_non_null(e);
	assert_int_equal(hsm_derive(world.session, &d, &key), RC_OK);
	assert_true(span_equal(secret_expose(&key), e->entry.value.bytes));
	secret_fini(&key);
}

/* All keys of the correction are those that the first try has: no certificate
 * is signed and no key is made that no row tells of. */
static void
a_correction_has_the_same_keys(void **state)
{
	struct issue_decision d;
	struct plan plan;
	size_t before, secrets = 0;

	(void)state;
	before = world_rows("credential_issued", NULL, NULL);
	grant("urn:corrected:1", 2, &d, &plan);
	assert_int_equal(
	    world_rows("credential_issued", NULL, NULL), before + 3);
	assert_int_equal(d.credential_count, 3);
	assert_int_equal(d.sealed_count, 2);
	while (secret_at(&plan, secrets))
		secrets++;
	assert_int_equal(secrets, 8); /* twice: pair, key, Master Secret */
	for (size_t i = 0; i < secrets / 2; i++) {
		const struct plan_entry *a = secret_at(&plan, i);
		const struct plan_entry *b = secret_at(&plan, secrets / 2 + i);

		assert_true(a->entry.value.bytes.len >= 16);
		assert_int_equal(a->account, b->account);
		assert_int_equal(path_compare(a->entry.path, b->entry.path), 0);
		assert_true(span_equal(a->label, b->label));
		assert_true(
		    span_equal(a->entry.value.bytes, b->entry.value.bytes));
	}
	fini(&d, &plan);
}

/* A Master Secret is no PSK, and the next time it is the same. */
static void
random_master_secrets_are_kept(void **state)
{
	struct issue_decision a, b;
	struct plan first, second;
	const struct plan_entry *psk, *master;

	(void)state;
	grant("urn:corrected:2", 2, &a, &first);
	grant("urn:corrected:2", 2, &b, &second);
	assert_int_equal(a.sealed_count, 2);
	assert_string_equal(a.sealed[0].collection, "random/102");
	assert_string_equal(a.sealed[1].collection, "random/102/oscore");
	assert_int_equal(b.sealed_count, 0);
	psk = secret_at(&first, 2);
	master = secret_at(&first, 3);
	assert_int_equal(psk->entry.path.object, 0);
	assert_int_equal(psk->entry.value.bytes.len, 32);
	assert_int_equal(master->entry.path.object, 21);
	assert_int_equal(master->entry.value.bytes.len, 16);
	assert_true(span_equal(master->entry.value.bytes,
	    secret_at(&second, 3)->entry.value.bytes));
	fini(&a, &first);
	fini(&b, &second);
}

/* Of one master: each purpose has its own key. */
static void
derived_master_secrets(void **state)
{
	struct issue_decision d;
	struct plan plan;
	char text[256];

	(void)state;
	grant("urn:oscore:1", 2, &d, &plan);
	derived_is(secret_at(&plan, 0), "fleet-2026", HSM_PURPOSE_SERVER, 103,
	    1, "urn:oscore:1");
	derived_is(secret_at(&plan, 1), "fleet-2026", HSM_PURPOSE_OSCORE, 103,
	    1, "urn:oscore:1");
	assert_false(span_equal(secret_at(&plan, 0)->entry.value.bytes,
	    secret_at(&plan, 1)->entry.value.bytes));
	(void)world_rows("credential_issued", "purpose", text);
	assert_string_equal(text, "oscore");
	fini(&d, &plan);
}

/* What is written is the key that the device is let in by the next time. */
static void
a_rotated_key(void **state)
{
	struct issue_psk_answer a;
	struct issue_decision d;
	struct plan plan;
	char text[256];

	(void)state;
	grant("urn:rotated:1", 1, &d, &plan);
	assert_int_equal(d.credential_count, 1);
	assert_int_equal(d.credentials[0].epoch, 2);
	derived_is(secret_at(&plan, 0), "bootstrap-2026", HSM_PURPOSE_BOOTSTRAP,
	    0, 2, "urn:rotated:1");
	assert_int_equal(
	    issue_psk(&world.issuer, SPAN_LIT("urn:rotated:1"), 2, 0, &a),
	    RC_OK);
	assert_int_equal(a.epoch, 2);
	assert_true(span_equal(
	    secret_expose(&a.key), secret_at(&plan, 0)->entry.value.bytes));
	secret_fini(&a.key);
	(void)world_rows("credential_issued", "purpose", text);
	assert_string_equal(text, "bootstrap");
	fini(&d, &plan);
	/* with that one it comes for nothing */
	grant("urn:rotated:1", 2, &d, &plan);
	assert_int_equal(d.credential_count, 0);
	assert_null(secret_at(&plan, 0));
	fini(&d, &plan);
}

/* From a pre-shared key to a certificate. */
static void
rotated_to_a_certificate(void **state)
{
	struct issue_decision d;
	struct plan plan;
	struct der_fault fault;
	struct cert c;

	(void)state;
	grant("urn:papers:1", 2, &d, &plan);
	assert_int_equal(d.credentials[0].kind, CREDENTIAL_CERTIFICATE);
	assert_int_equal(d.credentials[0].short_server_id, 0);
	assert_int_equal(secret_at(&plan, 0)->account, PLAN_ACCOUNT_OURS);
	assert_int_equal(
	    cert_parse(secret_at(&plan, 0)->entry.value.bytes, &c, &fault),
	    RC_OK);
	assert_false(c.is_ca);
	fini(&d, &plan);
}

static void
handed_over(void **state)
{
	struct issue_decision d;
	struct plan plan;

	(void)state;
	grant("urn:sold:1", 2, &d, &plan);
	derived_is(secret_at(&plan, 0), "fleet-2026", HSM_PURPOSE_BOOTSTRAP, 0,
	    7, "urn:sold:1");
	assert_int_equal(secret_at(&plan, 0)->account, PLAN_ACCOUNT_OURS);
	fini(&d, &plan);
}

/* Nobody has said where to: nothing is written, and the row says so. */
static void
without_a_place_to_come_to(void **state)
{
	struct issue_request rq = by_psk("urn:nowhere:1", 1);
	struct issue_decision d;
	struct plan plan;
	char text[256];

	(void)state;
	world_refuse(&rq, REASON_NOT_POSSIBLE);
	(void)world_rows("bootstrap_refused", "detail", text);
	assert_non_null(strstr(text, "server.uri"));
	world.issuer.server_uri = "coaps://this.example";
	grant("urn:nowhere:1", 1, &d, &plan);
	assert_int_equal(d.credential_count, 1);
	world.issuer.server_uri = NULL;
	fini(&d, &plan);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_correction_has_the_same_keys),
	    cmocka_unit_test(random_master_secrets_are_kept),
	    cmocka_unit_test(derived_master_secrets),
	    cmocka_unit_test(a_rotated_key),
	    cmocka_unit_test(rotated_to_a_certificate),
	    cmocka_unit_test(handed_over),
	    cmocka_unit_test(without_a_place_to_come_to),
	};
	int rc = TEST_SKIP;

	if (fixture_init())
		rc = cmocka_run_group_tests(tests, setup, world_close);
	fixture_fini();
	return rc;
}
