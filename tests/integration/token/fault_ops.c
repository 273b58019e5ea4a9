#include "fault_ops.h"

#include "hsm/cert_issue.h"
#include "hsm/crl.h"
#include "hsm/csr.h"
#include "hsm/device_key.h"
#include "hsm/hsm_internal.h"
#include "hsm/psk_test.h"
#include "hsm/seal.h"

#include <time.h>

#define ENDPOINT "urn:dev:1"
#define SECRET "what a vendor's list has brought"

enum { RANDOM_BYTES = 200 /* several calls of the token */ };

static const struct hsm_ec_ref ca_ref = {.label = "ca"};
static const struct hsm_ec_ref server_ref = {.label = "server"};
static const struct hsm_ec_ref made_ref = {.label = MADE};

static struct seal_place place = {
    .master = MASTER,
    .version = 1,
    .table = "keys",
    .column = "sealed",
};

/* What is right. */
static struct secret expected_key;
static uint8_t expected_kcv[HSM_KCV_LEN];
static uint8_t expected_premaster[PSK_TEST_PREMASTER_LEN];
static uint8_t ca_spki[P256_SPKI_LEN], server_spki[P256_SPKI_LEN];
static uint8_t ca_der[CERT_DER_MAX];
static struct cert ca_cert;
static uint8_t sealed[SEAL_OVERHEAD + sizeof(SECRET)];
static struct secret secret;

/* What an operation has brought. */
static struct secret key;
static uint8_t bytes[CERT_DER_MAX];
static struct writer out;
static struct hsm_master master;
static struct hsm_ec_key pair;
static struct device_key device;
static unsigned seen;

static void
begin(void)
{
	memset(bytes, 0, sizeof(bytes));
	writer_init(&out, bytes, sizeof(bytes));
	secret_fini(&key);
	memset(&master, 0, sizeof(master));
	memset(&pair, 0, sizeof(pair));
	device_key_fini(&device);
	seen = 0;
}

static enum rc
run_probe(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return hsm_probe(s, NULL);
}

static enum rc
run_probe_with_a_key(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return hsm_probe(s, MASTER);
}

static bool
right_anyway(struct hsm_session *s)
{
	(void)s;
	return true;
}

/* One more session of the pool. */
static enum rc
run_take(struct hsm_session *s, struct hsm_error *err)
{
	struct hsm_session *other;
	enum rc rc = hsm_session_take(s->hsm, &other, err);

	if (rc)
		return rc;
	rc = try_derive(other, ENDPOINT, &key);
	*err = *hsm_session_error(other);
	hsm_session_give(other);
	return rc;
}

static enum rc
run_reopen(struct hsm_session *s, struct hsm_error *err)
{
	session_mark_dead(s);
	return hsm_reopen(s->hsm, err);
}

static enum rc
run_derive(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return try_derive(s, ENDPOINT, &key);
}

static bool
right_key(struct hsm_session *s)
{
	(void)s;
	return secret_equal(&key, &expected_key);
}

static enum rc
run_key_check(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return hsm_key_check(s, MASTER, bytes);
}

static bool
right_kcv(struct hsm_session *s)
{
	(void)s;
	return memcmp(bytes, expected_kcv, HSM_KCV_LEN) == 0;
}

static enum rc
run_random(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return hsm_random(s, bytes, RANDOM_BYTES);
}

static bool
right_random(struct hsm_session *s)
{
	static const uint8_t zeros[16];

	(void)s;
	for (size_t i = 0; i + 16 <= RANDOM_BYTES; i += 16)
		if (memcmp(bytes + i, zeros, 16) == 0)
			return false;
	return true;
}

static enum rc
run_master_generate(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return hsm_master_generate(s, MADE, &master);
}

static bool
right_master_made(struct hsm_session *s)
{
	struct hsm_master again;

	return master.sensitive && !master.extractable && master.sign &&
	    hsm_master_describe(s, MADE, &again) == RC_OK &&
	    memcmp(&again, &master, sizeof(again)) == 0;
}

static enum rc
run_master_describe(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return hsm_master_describe(s, MASTER, &master);
}

static bool
right_master(struct hsm_session *s)
{
	(void)s;
	return strcmp(master.label, MASTER) == 0 && master.id_len == 8 &&
	    master.sensitive && !master.extractable && master.sign &&
	    master.local && master.never_extractable && master.token &&
	    memcmp(master.kcv, expected_kcv, HSM_KCV_LEN) == 0;
}

static enum rc
each_master(void *ctx, const struct hsm_master *m)
{
	(void)ctx;
	if (strcmp(m->label, MASTER) == 0)
		master = *m;
	seen++;
	return RC_OK;
}

static enum rc
run_master_list(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return hsm_master_list(s, each_master, NULL);
}

static bool
right_master_list(struct hsm_session *s)
{
	return seen == 1 && right_master(s);
}

static enum rc
run_ec_generate(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return hsm_ec_generate(s, &made_ref, &pair);
}

static bool
right_pair_made(struct hsm_session *s)
{
	struct hsm_ec_key again;

	return pair.p256 && pair.sensitive && !pair.extractable && pair.sign &&
	    hsm_ec_describe(s, &made_ref, &again) == RC_OK &&
	    memcmp(again.spki, pair.spki, sizeof(again.spki)) == 0 &&
	    hsm_ec_self_test(
		s, &pair.ref, span_of(pair.spki, sizeof(pair.spki))) == RC_OK;
}

static enum rc
run_ec_describe(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return hsm_ec_describe(s, &ca_ref, &pair);
}

static bool
right_pair(struct hsm_session *s)
{
	(void)s;
	return strcmp(pair.ref.label, "ca") == 0 && pair.p256 &&
	    pair.sensitive && !pair.extractable && pair.sign && pair.local &&
	    pair.token && !pair.other_use &&
	    memcmp(pair.spki, ca_spki, sizeof(ca_spki)) == 0;
}

static enum rc
each_pair(void *ctx, const struct hsm_ec_key *k)
{
	(void)ctx;
	if (strcmp(k->ref.label, "ca") == 0)
		pair = *k;
	seen++;
	return RC_OK;
}

static enum rc
run_ec_list(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return hsm_ec_list(s, each_pair, NULL);
}

static bool
right_ec_list(struct hsm_session *s)
{
	return seen == 2 && right_pair(s);
}

static enum rc
run_ec_public(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return hsm_ec_public(s, &server_ref, bytes);
}

static bool
right_ec_public(struct hsm_session *s)
{
	(void)s;
	return memcmp(bytes, server_spki, P256_SPKI_LEN) == 0;
}

static const uint8_t digest[P256_DIGEST_LEN] = "the hash of a handshake";

static enum rc
run_ec_sign(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return hsm_ec_sign(s, &server_ref, digest, bytes);
}

static bool
right_ec_sign(struct hsm_session *s)
{
	(void)s;
	return p256_verify(
		   span_of(server_spki, P256_SPKI_LEN), digest, bytes) == RC_OK;
}

static enum rc
run_ec_self_test(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return hsm_ec_self_test(
	    s, &server_ref, span_of(server_spki, P256_SPKI_LEN));
}

static enum rc
issue(struct hsm_session *s, enum cert_kind kind, struct span spki,
    const struct cert *issuer)
{
	struct cert_profile p;
	struct cert_draft d;

	cert_profile_init(&p, kind);
	p.subject[0] = (struct cert_rdn){
	    CERT_CN, span_str(kind == CERT_ROOT ? "ca" : ENDPOINT)};
	p.subject_count = 1;
	p.san[0] = (struct cert_name){CERT_NAME_URI, SPAN_LIT(ENDPOINT)};
	p.san_count = 1;
	if (kind == CERT_SERVER)
		p.san[0] =
		    (struct cert_name){CERT_NAME_DNS, SPAN_LIT("bs.example")};
	if (kind == CERT_ROOT)
		p.san_count = 0;
	p.clip = true;
	cert_draft_init(&d, &p, issuer, spki, time(NULL));
	return cert_issue(s, &ca_ref, &d, &out, NULL);
}

static enum rc
run_cert_of_a_device(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return issue(
	    s, CERT_DEVICE, span_of(server_spki, P256_SPKI_LEN), &ca_cert);
}

static enum rc
run_cert_of_a_server(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return issue(
	    s, CERT_SERVER, span_of(server_spki, P256_SPKI_LEN), &ca_cert);
}

static bool
right_cert(struct hsm_session *s)
{
	struct der_fault fault;
	struct cert c;

	(void)s;
	return cert_parse(writer_span(&out), &c, &fault) == RC_OK &&
	    cert_signed_by(&c, ca_cert.spki) == RC_OK;
}

static enum rc
run_csr(struct hsm_session *s, struct hsm_error *err)
{
	struct cert_profile p;

	(void)err;
	cert_profile_init(&p, CERT_SERVER);
	p.subject[0] = (struct cert_rdn){CERT_CN, SPAN_LIT("bs.example")};
	p.subject_count = 1;
	return csr_sign(s, &server_ref, &p, &out);
}

static bool
right_csr(struct hsm_session *s)
{
	struct der_fault fault;
	struct csr c;

	(void)s;
	return csr_parse(writer_span(&out), &c, &fault) == RC_OK &&
	    span_equal(c.spki, span_of(server_spki, P256_SPKI_LEN));
}

static enum rc
run_crl(struct hsm_session *s, struct hsm_error *err)
{
	const struct crl_entry entry = {
	    SPAN_LIT("\x01\x02\x03"), 1700000000, CRL_KEY_COMPROMISE};
	const struct crl_draft d = {
	    .issuer = &ca_cert,
	    .this_update_s = 1700000000,
	    .next_update_s = 1800000000,
	    .number = 7,
	    .entries = &entry,
	    .entry_count = 1,
	};

	(void)err;
	return crl_sign(s, &ca_ref, &d, &out);
}

static bool
right_crl(struct hsm_session *s)
{
	struct der_fault fault;
	struct crl c;

	(void)s;
	return crl_parse(writer_span(&out), &c, &fault) == RC_OK &&
	    crl_verify(&c, &ca_cert) == RC_OK;
}

static enum rc
run_seal_close(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return seal_close(s, &place, &secret, &out);
}

static bool
right_seal(struct hsm_session *s)
{
	return seal_open(s, &place, writer_span(&out), &key) == RC_OK &&
	    secret_equal(&key, &secret);
}

static enum rc
run_seal_open(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return seal_open(s, &place, span_of(sealed, sizeof(sealed)), &key);
}

static bool
right_secret(struct hsm_session *s)
{
	(void)s;
	return secret_equal(&key, &secret);
}

static enum rc
run_device_key(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return device_key_make(s, &device);
}

static bool
right_device_key(struct hsm_session *s)
{
	(void)s;
	return device.private_key.len == DEVICE_KEY_DER_LEN &&
	    p256_spki_check(span_of(device.spki, P256_SPKI_LEN)) == RC_OK;
}

static enum rc
run_premaster(struct hsm_session *s, struct hsm_error *err)
{
	(void)err;
	return hsm_master_premaster(s, MASTER, bytes);
}

static bool
right_premaster(struct hsm_session *s)
{
	(void)s;
	return memcmp(bytes, expected_premaster, sizeof(expected_premaster)) ==
	    0;
}

const struct fault_op fault_ops[] = {
    {"reopen", run_reopen, right_anyway, 0, false},
    {"take", run_take, right_key, 0, false},
    {"probe", run_probe, right_anyway, 0, false},
    {"probe with a key", run_probe_with_a_key, right_anyway, 0, false},
    {"derive", run_derive, right_key, 0, false},
    {"key_check", run_key_check, right_kcv, 0, false},
    {"random", run_random, right_random, 0, false},
    {"master_generate", run_master_generate, right_master_made, 1, true},
    {"master_describe", run_master_describe, right_master, 0, true},
    {"master_list", run_master_list, right_master_list, 0, true},
    {"ec_generate", run_ec_generate, right_pair_made, 2, true},
    {"ec_describe", run_ec_describe, right_pair, 0, true},
    {"ec_list", run_ec_list, right_ec_list, 0, true},
    {"ec_public", run_ec_public, right_ec_public, 0, false},
    {"ec_sign", run_ec_sign, right_ec_sign, 0, false},
    {"ec_self_test", run_ec_self_test, right_anyway, 0, false},
    {"cert_issue of a device", run_cert_of_a_device, right_cert, 0, false},
    {"cert_issue of a server", run_cert_of_a_server, right_cert, 0, false},
    {"csr_sign", run_csr, right_csr, 0, false},
    {"crl_sign", run_crl, right_crl, 0, false},
    {"seal_close", run_seal_close, right_seal, 0, false},
    {"seal_open", run_seal_open, right_secret, 0, false},
    {"device_key_make", run_device_key, right_device_key, 0, false},
    {"premaster", run_premaster, right_premaster, 0, false},
};

const size_t fault_op_count = sizeof(fault_ops) / sizeof(fault_ops[0]);

enum rc
fault_op_run(
    const struct fault_op *op, struct hsm_session *s, struct hsm_error *err)
{
	enum rc rc;

	begin();
	memset(err, 0, sizeof(*err));
	rc = op->run(s, err);
	if (rc && !err->text[0])
		*err = *hsm_session_error(s);
	return rc;
}

bool
fault_ops_derives(struct hsm_session *s)
{
	struct secret mine = {0};
	bool same = try_derive(s, ENDPOINT, &mine) == RC_OK &&
	    secret_equal(&mine, &expected_key);

	secret_fini(&mine);
	return same;
}

static void
need_pair(struct hsm_session *s, const struct hsm_ec_ref *ref,
    uint8_t spki[static P256_SPKI_LEN])
{
	struct hsm_ec_key k;

	if (hsm_ec_describe(s, ref, &k) == RC_NOT_FOUND &&
	    hsm_ec_generate(s, ref, &k))
		fail_msg("%s", hsm_session_error(s)->text);
	assert_int_equal(hsm_ec_public(s, ref, spki), RC_OK);
}

void
fault_ops_prepare(struct hsm_session *s)
{
	struct der_fault fault;
	struct writer w;

	if (hsm_master_describe(s, MASTER, &master) == RC_NOT_FOUND &&
	    hsm_master_generate(s, MASTER, &master))
		fail_msg("%s", hsm_session_error(s)->text);
	need_pair(s, &ca_ref, ca_spki);
	need_pair(s, &server_ref, server_spki);

	derive(s, ENDPOINT, &expected_key);
	assert_int_equal(hsm_key_check(s, MASTER, expected_kcv), RC_OK);
	assert_int_equal(
	    hsm_master_premaster(s, MASTER, expected_premaster), RC_OK);

	begin();
	assert_int_equal(
	    issue(s, CERT_ROOT, span_of(ca_spki, P256_SPKI_LEN), NULL), RC_OK);
	memcpy(ca_der, bytes, out.len);
	assert_int_equal(
	    cert_parse(span_of(ca_der, out.len), &ca_cert, &fault), RC_OK);

	place.record = span_str(ENDPOINT);
	assert_int_equal(secret_set(&secret, SPAN_LIT(SECRET "\0")), RC_OK);
	writer_init(&w, sealed, sizeof(sealed));
	assert_int_equal(seal_close(s, &place, &secret, &w), RC_OK);
	assert_int_equal(w.len, sizeof(sealed));
	begin();
}

void
fault_ops_fini(void)
{
	begin();
	secret_fini(&expected_key);
	secret_fini(&secret);
}
