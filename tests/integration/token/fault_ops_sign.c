/* Signing keys, and what they sign. */
#include "fault_ops_parts.h"

#include "hsm/cert_issue.h"
#include "hsm/crl.h"
#include "hsm/csr.h"
#include "hsm/device_key.h"

#include <time.h>

#define ENDPOINT "urn:dev:1"

static const struct hsm_ec_ref ca_ref = {.label = "ca"};
static const struct hsm_ec_ref server_ref = {.label = "server"};
static const struct hsm_ec_ref made_ref = {.label = MADE};

/* What is right. */
static uint8_t ca_spki[P256_SPKI_LEN], server_spki[P256_SPKI_LEN];
static uint8_t ca_der[CERT_DER_MAX];
static struct cert ca_cert;

/* What an operation has brought. */
static uint8_t bytes[CERT_DER_MAX];
static struct writer out;
static struct hsm_ec_key pair;
static struct device_key device;
static unsigned seen;

static void
begin(void)
{
	memset(bytes, 0, sizeof(bytes));
	writer_init(&out, bytes, sizeof(bytes));
	memset(&pair, 0, sizeof(pair));
	device_key_fini(&device);
	seen = 0;
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

static const struct fault_op list[] = {
    {"ec_generate", run_ec_generate, right_pair_made, 2, true},
    {"ec_describe", run_ec_describe, right_pair, 0, true},
    {"ec_list", run_ec_list, right_ec_list, 0, true},
    {"ec_public", run_ec_public, right_ec_public, 0, false},
    {"ec_sign", run_ec_sign, right_ec_sign, 0, false},
    {"ec_self_test", run_ec_self_test, fault_op_right_anyway, 0, false},
    {"cert_issue of a device", run_cert_of_a_device, right_cert, 0, false},
    {"cert_issue of a server", run_cert_of_a_server, right_cert, 0, false},
    {"csr_sign", run_csr, right_csr, 0, false},
    {"crl_sign", run_crl, right_crl, 0, false},
    {"device_key_make", run_device_key, right_device_key, 0, false},
};

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

static void
prepare(struct hsm_session *s)
{
	struct der_fault fault;

	need_pair(s, &ca_ref, ca_spki);
	need_pair(s, &server_ref, server_spki);
	begin();
	assert_int_equal(
	    issue(s, CERT_ROOT, span_of(ca_spki, P256_SPKI_LEN), NULL), RC_OK);
	memcpy(ca_der, bytes, out.len);
	assert_int_equal(
	    cert_parse(span_of(ca_der, out.len), &ca_cert, &fault), RC_OK);
}

const struct fault_ops_part fault_ops_sign = {
    list, sizeof(list) / sizeof(list[0]), prepare, begin, begin};
