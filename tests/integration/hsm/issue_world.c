#include "issue_world.h"

#include "base/text.h"
#include "hsm/ec_internal.h"
#include "hsm/x509_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct issue_world world;

static void
generate_ca(struct made *m, const char *label, const struct made *issuer)
{
	struct hsm_ec_key key;
	struct cert_profile p;
	struct cert_draft d;
	struct der_fault fault;
	struct writer w;

	snprintf(m->key.label, sizeof(m->key.label), "%s", label);
	if (hsm_ec_generate(world.session, &m->key, &key))
		fail_msg("%s", hsm_session_error(world.session)->text);
	cert_profile_init(&p, issuer ? CERT_ISSUING : CERT_ROOT);
	p.subject[0] = (struct cert_rdn){CERT_CN, span_str(label)};
	p.subject_count = 1;
	/* devices begin a day back, though not before their CA */
	p.backdate_s = 86400;
	cert_draft_init(&d, &p, issuer ? &issuer->cert : NULL,
	    span_of(key.spki, P256_SPKI_LEN), world.now_s);
	writer_init(&w, m->bytes, sizeof(m->bytes));
	if (cert_issue(
		world.session, issuer ? &issuer->key : &m->key, &d, &w, NULL))
		fail_msg("%s", hsm_session_error(world.session)->text);
	assert_int_equal(cert_parse(writer_span(&w), &m->cert, &fault), RC_OK);
}

static void
put_ca(const char *name, const struct made *m)
{
	put_pem(name, "CERTIFICATE", m->cert.der, false);
}

int
world_open(void **state)
{
	static const char *const masters[] = {
	    "bootstrap-2026", "fleet-2026", "seal-2026"};
	struct hsm_master master;
	char why[256];

	(void)state;
	world.now_s = time(NULL);
	world.hsm = open_token();
	world.session = take(world.hsm);
	generate_ca(&world.root, "root", NULL);
	generate_ca(&world.device_ca, "device-ca", &world.root);
	generate_ca(&world.stranger_ca, "stranger-ca", NULL);
	put_ca("root.pem", &world.root);
	put_ca("device-ca.pem", &world.device_ca);
	put_ca("stranger-ca.pem", &world.stranger_ca);
	for (size_t i = 0; i < sizeof(masters) / sizeof(masters[0]); i++)
		assert_int_equal(
		    hsm_master_generate(world.session, masters[i], &master),
		    RC_OK);
	snprintf(world.ledger_path, sizeof(world.ledger_path), "%s/ledger.db",
	    fixture.dir);
	if (ledger_open(world.ledger_path, LEDGER_WRITE, &world.ledger, why,
		sizeof(why)) ||
	    ledger_open(
		world.ledger_path, LEDGER_READ, &world.store, why, sizeof(why)))
		fail_msg("%s", why);
	return 0;
}

static void
drop_rules(void)
{
	issue_rules_unref(world.rules);
	policy_set_unref(world.set);
	diag_free(world.findings);
	world.rules = NULL;
	world.set = NULL;
	world.findings = NULL;
}

int
world_close(void **state)
{
	(void)state;
	drop_rules();
	ledger_close(world.store);
	ledger_close(world.ledger);
	hsm_session_give(world.session);
	hsm_close(world.hsm);
	return 0;
}

void
world_rules(const char *yaml, struct span crls)
{
	const struct issue_file crl = {"test.crl", crls};
	const struct issue_rules_config config = {
	    .crls = &crl,
	    .crl_count = crls.len ? 1 : 0,
	    .now_s = world.now_s,
	};
	char path[64];

	drop_rules();
	world.findings = diag_new();
	put_file("policies.yaml", span_str(yaml));
	snprintf(path, sizeof(path), "%s/policies.yaml", fixture.dir);
	if (policy_load(path, world.findings, &world.set) ||
	    issue_rules_new(world.set, &config, world.findings, &world.rules)) {
		diag_print(world.findings, stderr);
		fail_msg("no rules");
	}
	world.issuer = (struct issuer){
	    .hsm = world.session,
	    .store = world.store,
	    .rules = world.rules,
	    .now_s = world.now_s,
	};
}

/* --- certificates --------------------------------------------------------- */

void
world_profile(struct cert_profile *p, const char *name)
{
	cert_profile_init(p, CERT_DEVICE);
	p->subject[0] = (struct cert_rdn){CERT_CN, span_str(name)};
	p->subject_count = 1;
	p->san[0] = (struct cert_name){CERT_NAME_URI, span_str(name)};
	p->san_count = 1;
	p->clip = true;
}

static void
draft(const struct made *ca, struct cert_profile *p, struct made *out,
    struct cert_draft *d)
{
	assert_int_equal(device_key_make(world.session, &out->pair), RC_OK);
	cert_draft_init(d, p, &ca->cert, span_of(out->pair.spki, P256_SPKI_LEN),
	    world.now_s);
}

void
world_certificate(
    const struct made *ca, struct cert_profile *p, struct made *out)
{
	struct cert_findings findings;
	struct der_fault fault;
	struct cert_draft d;
	struct writer w;

	*out = (struct made){.key = ca->key};
	draft(ca, p, out, &d);
	writer_init(&w, out->bytes, sizeof(out->bytes));
	if (cert_issue(world.session, &ca->key, &d, &w, &findings))
		fail_msg("%s", hsm_session_error(world.session)->text);
	assert_int_equal(
	    cert_parse(writer_span(&w), &out->cert, &fault), RC_OK);
}

void
world_forged_text(const struct made *ca, struct cert_profile *p,
    const char *from, const char *to, size_t len, struct made *out)
{
	uint8_t tbs[CERT_DER_MAX], signature[P256_SIGNATURE_DER_MAX];
	size_t signature_len;
	struct cert_draft d;
	struct writer w, signed_w;

	*out = (struct made){.key = ca->key};
	draft(ca, p, out, &d);
	memset(d.serial, 0x42, sizeof(d.serial));
	d.has_serial = true;
	writer_init(&w, tbs, sizeof(tbs));
	assert_int_equal(cert_tbs(&d, &w), RC_OK);
	for (size_t i = 0; i + len <= w.len; i++)
		if (memcmp(tbs + i, from, len) == 0)
			memcpy(tbs + i, to, len);
	assert_int_equal(ca_key_sign(world.session, &ca->key, ca->cert.spki,
			     writer_span(&w), signature, &signature_len),
	    RC_OK);
	writer_init(&signed_w, out->bytes, sizeof(out->bytes));
	x509_signed_write(
	    &signed_w, writer_span(&w), span_of(signature, signature_len));
	assert_false(signed_w.full);
	out->cert.der = writer_span(&signed_w);
}

void
world_made_fini(struct made *m)
{
	device_key_fini(&m->pair);
}

void
world_crl(const struct made *ca, struct span serial, int64_t next_update_s,
    struct writer *w)
{
	const struct crl_entry entry = {
	    serial, world.now_s - 60, CRL_KEY_COMPROMISE};
	const struct crl_draft d = {
	    .issuer = &ca->cert,
	    .this_update_s = world.now_s - 3600,
	    .next_update_s = next_update_s,
	    .number = 1,
	    .entries = &entry,
	    .entry_count = 1,
	};

	if (crl_sign(world.session, &ca->key, &d, w))
		fail_msg("%s", hsm_session_error(world.session)->text);
}

/* --- requests ------------------------------------------------------------- */

static struct issue_request
request(enum issue_proof proof)
{
	struct issue_request rq = {.proof = proof, .pct = -1};

	rq.session[0] = ++world.next_session;
	return rq;
}

struct issue_request
by_certificate(const struct made *m, struct span chain)
{
	struct issue_request rq = request(PROOF_CERTIFICATE);

	rq.peer = m->cert.der;
	rq.chain = chain;
	return rq;
}

struct issue_request
by_psk(const char *identity, uint32_t epoch)
{
	struct issue_request rq = request(PROOF_PSK);

	rq.credential = span_str(identity);
	rq.epoch = epoch;
	return rq;
}

enum rc
world_record(
    const struct issue_request *rq, const struct issue_decision *d, bool again)
{
	enum rc rc = ledger_begin(world.ledger);

	assert_int_equal(rc, RC_OK);
	rc = issue_record(world.ledger, world.rules, rq, d, "test", again);
	if (rc)
		ledger_rollback(world.ledger);
	else
		assert_int_equal(ledger_commit(world.ledger), RC_OK);
	return rc;
}

void
world_grant(const struct issue_request *rq, struct issue_decision *d)
{
	issue_begin(&world.issuer, rq, d);
	if (!d->granted)
		fail_msg("refused: %s %s; %s", reason_code(d->reason),
		    d->detail, hsm_session_error(world.session)->text);
	assert_int_equal(world_record(rq, d, false), RC_OK);
}

void
world_refuse(const struct issue_request *rq, enum reason why)
{
	struct issue_decision d;

	issue_begin(&world.issuer, rq, &d);
	assert_false(d.granted);
	assert_string_equal(reason_code(d.reason), reason_code(why));
	assert_int_equal(d.plan.len, 0);
	assert_int_equal(d.credential_count, 0);
	assert_int_equal(world_record(rq, &d, false), RC_OK);
	issue_decision_fini(&d);
}

/* --- the ledger ----------------------------------------------------------- */

const char *
world_hex(struct span bytes)
{
	static char text[129];
	struct writer w;

	writer_init(&w, text, sizeof(text) - 1);
	text_hex(&w, bytes);
	text[w.len] = '\0';
	return text;
}

void
world_revoke(const char *endpoint, const char *const *pairs)
{
	struct field f[8];
	struct ledger_event e = {
	    .kind = "credential_revoked",
	    .endpoint = span_str(endpoint),
	    .fields = f,
	};

	for (; *pairs; pairs += 2)
		f[e.field_count++] = F_TEXT(pairs[0], pairs[1]);
	assert_int_equal(ledger_begin(world.ledger), RC_OK);
	assert_int_equal(ledger_append(world.ledger, &e, NULL), RC_OK);
	assert_int_equal(ledger_commit(world.ledger), RC_OK);
}

void
world_import(const char *collection, const char *name, uint32_t epoch,
    const char *endpoint, struct span key)
{
	const struct issue_vault_item item = {
	    .collection = span_str(collection),
	    .name = span_str(name),
	    .endpoint = span_str(endpoint),
	    .epoch = epoch,
	    .master = "seal-2026",
	};
	uint8_t sealed[LEDGER_SEALED_MAX];
	struct ledger_secret row = {
	    .collection = item.collection,
	    .name = item.name,
	    .epoch = epoch,
	    .endpoint = item.endpoint,
	    .master = span_str(item.master),
	};
	struct secret secret = {0};
	struct writer w;

	assert_int_equal(secret_set(&secret, key), RC_OK);
	writer_init(&w, sealed, sizeof(sealed));
	assert_int_equal(
	    issue_vault_seal(world.session, &item, &secret, &w), RC_OK);
	row.sealed = writer_span(&w);
	assert_int_equal(ledger_begin(world.ledger), RC_OK);
	assert_int_equal(ledger_secret_put(world.ledger, &row, NULL), RC_OK);
	assert_int_equal(ledger_commit(world.ledger), RC_OK);
	secret_fini(&secret);
}

struct rows {
	const char *field;
	char *text;
	size_t count;
};

static enum rc
count_row(void *ctx, const struct ledger_row *row)
{
	struct rows *r = ctx;
	struct writer w;

	r->count++;
	if (!r->field)
		return RC_OK;
	writer_init(&w, r->text, 255);
	if (!ledger_field(row, r->field, &w))
		w.len = 0;
	r->text[w.len] = '\0';
	return RC_OK;
}

size_t
world_rows(const char *kind, const char *field, char *text)
{
	const struct ledger_query q = {.kind = span_str(kind)};
	struct rows r = {field, text, 0};

	assert_int_equal(ledger_read(world.store, &q, count_row, &r), RC_OK);
	return r.count;
}
