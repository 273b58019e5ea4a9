/* Whose credential is it? Certificates of a CA in the token, against documents,
 * lists and the ledger. */
#include "issue_world.h"

#include "../../unit/hsm/x509_made.h"
#include "base/text.h"

#include <stdio.h>

static const char documents[] =
    "identity: by-name\n"
    "endpoint: 'urn:dev:ops:0057F2-*'\n"
    "certificate: {trust: root.pem, endpoint: cn}\n"
    "---\n"
    "identity: by-uri\n"
    "endpoint: 'urn:dev:mac:*'\n"
    "certificate: {trust: device-ca.pem, endpoint: san-uri}\n"
    "---\n"
    "policy: all\n"
    "servers:\n"
    "  - name: eu\n"
    "    short_server_id: 101\n"
    "    uri: coaps://eu.example\n"
    "    security: {mode: psk, key: {derive: fleet-2026}}\n";

static struct made device;

static void
load(void)
{
	world_rules(documents, span_of(NULL, 0));
}

static void
good(struct made *out)
{
	struct cert_profile p;

	world_profile(&p, ENDPOINT);
	world_certificate(&world.device_ca, &p, out);
}

static const char *
key_hex(const struct made *ca)
{
	uint8_t sha256[DIGEST_LEN];

	digest_of(ca->cert.spki, sha256);
	return world_hex(span_of(sha256, sizeof(sha256)));
}

static void
a_certificate_proves_the_endpoint_in_it(void **state)
{
	struct issue_request rq;
	struct issue_decision d;
	char text[256];

	(void)state;
	load();
	good(&device);
	/* the root is the anchor: the issuing CA comes along */
	rq = by_certificate(&device, world.device_ca.cert.der);
	world_grant(&rq, &d);
	assert_true(span_is(d.peer.endpoint, ENDPOINT));
	assert_string_equal(d.peer.identity->name, "by-name");
	assert_true(d.peer.has_issuer_key);
	issue_decision_fini(&d);

	(void)world_rows("bootstrap_begin", "kind", text);
	assert_string_equal(text, "certificate");
	(void)world_rows("bootstrap_begin", "credential", text);
	assert_string_equal(text, ENDPOINT);
	(void)world_rows("bootstrap_begin", "fingerprint", text);
	assert_string_equal(
	    text, world_hex(span_of(d.peer.sha256, DIGEST_LEN)));
	(void)world_rows("bootstrap_begin", "serial", text);
	assert_string_equal(text, world_hex(device.cert.serial));
	/* what policies look at, so that they can be asked again later */
	(void)world_rows("bootstrap_begin", "issuer", text);
	assert_string_equal(text, "device-ca");
	(void)world_rows("bootstrap_begin", "san", text);
	assert_string_equal(text, "URI:" ENDPOINT);
	(void)world_rows("bootstrap_begin", "issuer_key", text);
	assert_string_equal(text, key_hex(&world.device_ca));
	(void)world_rows("bootstrap_begin", "anchor_key", text);
	assert_string_equal(text, key_hex(&world.root));

	/* what the device says of itself has to be that */
	rq = by_certificate(&device, world.device_ca.cert.der);
	rq.has_endpoint = true;
	rq.endpoint = SPAN_LIT("urn:dev:ops:0057F2-WM200-000018");
	world_refuse(&rq, REASON_ENDPOINT_MISMATCH);
}

static void
a_chain_is_needed_where_the_anchor_is_above(void **state)
{
	struct issue_request rq;

	(void)state;
	load();
	rq = by_certificate(&device, span_of(NULL, 0));
	/* by-uri trusts device-ca itself; but its glob is another */
	world_refuse(&rq, REASON_NO_IDENTITY);
	world_rules("identity: by-name\n"
		    "certificate: {trust: root.pem, endpoint: cn}\n",
	    span_of(NULL, 0));
	world_refuse(&rq, REASON_UNTRUSTED);
	/* the wrong one in between */
	rq.chain = world.stranger_ca.cert.der;
	world_refuse(&rq, REASON_UNTRUSTED);
}

/* --- what is shown --------------------------------------------------------- */

static void
bytes_that_are_no_certificate_are_refused(void **state)
{
	static uint8_t many[ISSUE_CHAIN_MAX + 64], copy[CERT_DER_MAX];
	struct issue_request rq = by_certificate(&device, span_of(NULL, 0));
	struct span whole = rq.peer;
	struct writer w;

	(void)state;
	load();
	for (size_t len = 0; len < whole.len; len += 7) {
		rq.peer = span_of(whole.p, len);
		world_refuse(&rq, REASON_CERTIFICATE);
	}
	memcpy(copy, whole.p, whole.len);
	copy[whole.len] = 0;
	rq.peer = span_of(copy, whole.len + 1);
	world_refuse(&rq, REASON_CERTIFICATE);
	/* one bit of the signature, one of what is signed */
	copy[whole.len - 1] ^= 1;
	rq.peer = span_of(copy, whole.len);
	rq.chain = world.device_ca.cert.der;
	world_refuse(&rq, REASON_UNTRUSTED);

	rq.peer = whole;
	rq.chain = span_of(whole.p, whole.len - 1);
	world_refuse(&rq, REASON_CERTIFICATE);
	rq.chain = SPAN_LIT("\x30\x80");
	world_refuse(&rq, REASON_CERTIFICATE);
	/* DER, but no certificate: who is good without it does not read it */
	rq.chain = SPAN_LIT("\x30\x00");
	world_refuse(&rq, REASON_NO_IDENTITY);
	world_rules("identity: by-name\n"
		    "certificate: {trust: root.pem, endpoint: cn}\n",
	    span_of(NULL, 0));
	world_refuse(&rq, REASON_CERTIFICATE);
	load();
	/* eleven of them; and more bytes than there are */
	writer_init(&w, many, sizeof(many));
	for (int i = 0; i < 11; i++)
		writer_put(&w, world.device_ca.cert.der);
	rq.chain = writer_span(&w);
	world_refuse(&rq, REASON_CERTIFICATE);
	rq.chain = span_of(many, sizeof(many));
	world_refuse(&rq, REASON_CERTIFICATE);
	rq.peer = span_of(many, ISSUE_PEER_MAX + 1);
	world_refuse(&rq, REASON_CERTIFICATE);
}

static void
a_certificate_of_another_use_is_refused(void **state)
{
	struct issue_request rq;
	struct cert_profile p;
	struct made m;

	(void)state;
	load();
	world_profile(&p, ENDPOINT);
	p.kind = CERT_SERVER;
	p.eku = CERT_SERVER_AUTH;
	p.san[0] = (struct cert_name){CERT_NAME_DNS, SPAN_LIT("a.example")};
	world_certificate(&world.device_ca, &p, &m);
	rq = by_certificate(&m, world.device_ca.cert.der);
	world_refuse(&rq, REASON_CERTIFICATE);
	world_made_fini(&m);
	/* a CA's own certificate is no device's */
	rq = by_certificate(&world.device_ca, span_of(NULL, 0));
	world_refuse(&rq, REASON_CERTIFICATE);
}

static void
a_stranger_with_a_device_s_name_stays_one(void **state)
{
	struct issue_request rq;
	struct cert_profile p;
	struct made m;
	char text[256];

	(void)state;
	load();
	world_profile(&p, ENDPOINT);
	world_certificate(&world.stranger_ca, &p, &m);
	rq = by_certificate(&m, world.stranger_ca.cert.der);
	world_refuse(&rq, REASON_UNTRUSTED);
	/* and nothing is said of that device */
	(void)world_rows("bootstrap_refused", "identity", text);
	assert_string_equal(text, "");
	world_made_fini(&m);
}

static void
dates_are_those_of_the_decision(void **state)
{
	struct issue_request rq;
	struct cert_profile p;
	struct issue_decision d;
	struct made m;

	(void)state;
	load();
	world_profile(&p, ENDPOINT);
	p.validity_s = 3600;
	p.backdate_s = 0;
	world_certificate(&world.device_ca, &p, &m);
	rq = by_certificate(&m, world.device_ca.cert.der);
	world_grant(&rq, &d);
	issue_decision_fini(&d);
	world.issuer.now_s = world.now_s + 3601;
	rq = by_certificate(&m, world.device_ca.cert.der);
	world_refuse(&rq, REASON_EXPIRED);
	world.issuer.now_s = world.now_s - 3600;
	rq = by_certificate(&m, world.device_ca.cert.der);
	world_refuse(&rq, REASON_EXPIRED);
	world_made_fini(&m);
}

/* --- names ------------------------------------------------------------------ */

static void
a_uri_must_be_the_only_one(void **state)
{
	struct issue_request rq;
	struct issue_decision d;
	struct cert_profile p;
	struct made m;

	(void)state;
	load();
	world_profile(&p, "urn:dev:mac:0024befffe804ff1");
	p.san[1] = (struct cert_name){
	    CERT_NAME_URI, SPAN_LIT("https://example.com/meter")};
	p.san_count = 2;
	world_certificate(&world.device_ca, &p, &m);
	rq = by_certificate(&m, span_of(NULL, 0));
	world_grant(&rq, &d);
	assert_string_equal(d.peer.identity->name, "by-uri");
	assert_true(span_is(d.peer.endpoint, "urn:dev:mac:0024befffe804ff1"));
	issue_decision_fini(&d);
	world_made_fini(&m);

	p.san[1].value = SPAN_LIT("urn:dev:mac:0024befffe804ff2");
	world_certificate(&world.device_ca, &p, &m);
	rq = by_certificate(&m, span_of(NULL, 0));
	world_refuse(&rq, REASON_NO_IDENTITY);
	world_made_fini(&m);
}

/* Signed by our own CA, so that nothing but the name can be what is wrong. */
static void
names_that_deceive_prove_nothing(void **state)
{
	static const struct {
		const char *from, *to;
		size_t len;
		enum reason why;
	} cases[] = {
	    /* a NUL, for those who stop at it; CR, LF, escape: for logs */
	    {"000017",
		"\0"
		"00017",
		6, REASON_CERTIFICATE},
	    {"000017", "00001\0", 6, REASON_CERTIFICATE},
	    {"000017", "00\r\n17", 6, REASON_CERTIFICATE},
	    {"000017", "00\x1b[17", 6, REASON_CERTIFICATE},
	    /* not UTF-8: overlong, a surrogate, cut */
	    {"000017", "0000\xc0\x80", 6, REASON_CERTIFICATE},
	    {"000017", "000\xed\xa0\x80", 6, REASON_CERTIFICATE},
	    {"000017", "00001\xc3", 6, REASON_CERTIFICATE},
	    /* UTF-8, and not the name that it looks like: another device */
	    {"0057F2", "0057\xd0\xb0", 6, REASON_NO_IDENTITY},
	};

	(void)state;
	load();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct issue_request rq;
		struct cert_profile p;
		struct made m;

		world_profile(&p, ENDPOINT);
		p.san_count = 0;
		world_forged_text(&world.device_ca, &p, cases[i].from,
		    cases[i].to, cases[i].len, &m);
		rq = by_certificate(&m, world.device_ca.cert.der);
		world_refuse(&rq, cases[i].why);
		world_made_fini(&m);
	}
}

static void
two_common_names_are_none(void **state)
{
	struct issue_request rq;
	struct cert_profile p;
	struct made m;

	(void)state;
	load();
	world_profile(&p, ENDPOINT);
	p.subject[1] = (struct cert_rdn){
	    CERT_CN, SPAN_LIT("urn:dev:ops:0057F2-WM200-000018")};
	p.subject_count = 2;
	p.san_count = 0;
	world_forged_text(&world.device_ca, &p, "000018", "000018", 6, &m);
	rq = by_certificate(&m, world.device_ca.cert.der);
	world_refuse(&rq, REASON_NO_IDENTITY);
	world_made_fini(&m);
}

/* --- tables ----------------------------------------------------------------- */

static void
a_table_says_whose_it_is(void **state)
{
	static const char yaml[] =
	    "identity: listed\n"
	    "endpoint: 'meter-*'\n"
	    "certificate: {trust: device-ca.pem, endpoint: {table: t.csv}}\n"
	    "---\n"
	    "identity: raw\n"
	    "rpk: {table: raw.csv}\n"
	    "---\n"
	    "policy: all\n"
	    "servers:\n"
	    "  - {name: eu, short_server_id: 1, uri: 'coaps://eu.example',\n"
	    "     security: {mode: psk, key: {derive: fleet-2026}}}\n";
	struct issue_request rq;
	struct issue_decision d;
	uint8_t sha256[DIGEST_LEN];
	struct made other;
	char line[256];

	(void)state;
	digest_of(device.cert.der, sha256);
	snprintf(line, sizeof(line), "%s,meter-17\n",
	    world_hex(span_of(sha256, sizeof(sha256))));
	put_file("t.csv", span_str(line));
	digest_of(span_of(device.pair.spki, P256_SPKI_LEN), sha256);
	snprintf(line, sizeof(line), "%s,raw-17\n",
	    world_hex(span_of(sha256, sizeof(sha256))));
	put_file("raw.csv", span_str(line));
	world_rules(yaml, span_of(NULL, 0));

	rq = by_certificate(&device, span_of(NULL, 0));
	world_grant(&rq, &d);
	assert_true(span_is(d.peer.endpoint, "meter-17"));
	issue_decision_fini(&d);
	/* of the same CA, with the same name, but not in the table */
	good(&other);
	rq = by_certificate(&other, span_of(NULL, 0));
	world_refuse(&rq, REASON_NO_IDENTITY);

	rq = by_certificate(&device, span_of(NULL, 0));
	rq.proof = PROOF_RAW_KEY;
	rq.peer = span_of(device.pair.spki, P256_SPKI_LEN);
	world_grant(&rq, &d);
	assert_true(span_is(d.peer.endpoint, "raw-17"));
	issue_decision_fini(&d);
	(void)world_rows("bootstrap_begin", "kind", line);
	assert_string_equal(line, "rpk");
	(void)world_rows("bootstrap_begin", "credential", line);
	assert_string_equal(line, world_hex(span_of(sha256, DIGEST_LEN)));
	rq.session[0]++;
	rq.peer = span_of(other.pair.spki, P256_SPKI_LEN);
	world_refuse(&rq, REASON_RAW_KEY);
	/* the key taken back */
	rq = by_certificate(&device, span_of(NULL, 0));
	rq.proof = PROOF_RAW_KEY;
	rq.peer = span_of(device.pair.spki, P256_SPKI_LEN);
	world_revoke("raw-17",
	    (const char *const[]){
		"fingerprint", world_hex(span_of(sha256, DIGEST_LEN)), NULL});
	world_refuse(&rq, REASON_REVOKED);
	world_made_fini(&other);
}

/* --- revoked ---------------------------------------------------------------- */

static void
a_list_takes_back_and_goes_on_when_it_is_old(void **state)
{
	struct issue_request rq;
	struct issue_decision d;
	uint8_t crl[2048];
	struct writer w;
	struct made bad, fine;
	char text[256];

	(void)state;
	good(&bad);
	good(&fine);
	for (int stale = 0; stale < 2; stale++) {
		writer_init(&w, crl, sizeof(crl));
		world_crl(&world.device_ca, bad.cert.serial,
		    world.now_s + (stale ? -60 : 3600), &w);
		world_rules(documents, writer_span(&w));
		rq = by_certificate(&bad, world.device_ca.cert.der);
		world_refuse(&rq, REASON_REVOKED);
		/* it is the device's own: the row is of it */
		(void)world_rows("bootstrap_refused", "identity", text);
		assert_string_equal(text, "by-name");
		rq = by_certificate(&fine, world.device_ca.cert.der);
		world_grant(&rq, &d);
		issue_decision_fini(&d);
	}
	world_made_fini(&bad);
	world_made_fini(&fine);
}

static void
refused_once_revoked(const char *const *pairs, const char *why_not)
{
	struct issue_request rq;
	struct issue_decision d;
	struct made m;
	uint8_t sha256[DIGEST_LEN];
	char serial[64], fingerprint[80], issuer_key[80];
	const char *f[7] = {NULL};

	good(&m);
	digest_of(m.cert.der, sha256);
	snprintf(fingerprint, sizeof(fingerprint), "%s",
	    world_hex(span_of(sha256, DIGEST_LEN)));
	snprintf(serial, sizeof(serial), "%s", world_hex(m.cert.serial));
	digest_of(world.device_ca.cert.spki, sha256);
	snprintf(issuer_key, sizeof(issuer_key), "%s",
	    world_hex(span_of(sha256, DIGEST_LEN)));
	for (size_t i = 0; pairs[i]; i++)
		f[i] = strcmp(pairs[i], "=fingerprint") == 0 ? fingerprint
		    : strcmp(pairs[i], "=serial") == 0       ? serial
		    : strcmp(pairs[i], "=issuer_key") == 0   ? issuer_key
							     : pairs[i];
	rq = by_certificate(&m, world.device_ca.cert.der);
	world_grant(&rq, &d);
	issue_decision_fini(&d);
	world_revoke(ENDPOINT, f);
	rq = by_certificate(&m, world.device_ca.cert.der);
	if (why_not) {
		world_grant(&rq, &d);
		issue_decision_fini(&d);
	} else {
		world_refuse(&rq, REASON_REVOKED);
	}
	world_made_fini(&m);
}

/* From the moment that the row is durable, whatever it names. */
static void
the_ledger_takes_back_at_once(void **state)
{
	(void)state;
	load();
	refused_once_revoked(
	    (const char *const[]){"fingerprint", "=fingerprint", NULL}, NULL);
	refused_once_revoked((const char *const[]){"serial", "=serial",
				 "issuer_key", "=issuer_key", NULL},
	    NULL);
	refused_once_revoked(
	    (const char *const[]){"serial", "=serial", NULL}, NULL);
	refused_once_revoked(
	    (const char *const[]){"serial", "=serial", "issuer_key",
		"00112233445566778899aabbccddeeff00112233445566778899aabbccdd"
		"eeff",
		NULL},
	    "the number of another CA");
}

/* SEC 2 2.4.2: n of P-256. */
static const struct span order = {
    (const uint8_t[]){0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7,
	0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51},
    32};

/* (r, n - s) holds as well as (r, s), and gives the certificate another
 * fingerprint: it does not give it another fate. */
static void
a_twin_is_taken_back_too(void **state)
{
	struct issue_request rq;
	struct issue_decision d;
	uint8_t bytes[CERT_DER_MAX], sha256[DIGEST_LEN];
	struct made m, twin = {0};
	struct writer w;

	(void)state;
	load();
	good(&m);
	writer_init(&w, bytes, sizeof(bytes));
	assert_int_equal(cert_twin(&m.cert, order, &w), RC_OK);
	twin.cert.der = writer_span(&w);
	assert_false(span_equal(twin.cert.der, m.cert.der));
	/* beyond an intermediate CA, and by its own anchor */
	rq = by_certificate(&twin, world.device_ca.cert.der);
	world_grant(&rq, &d);
	issue_decision_fini(&d);
	digest_of(m.cert.der, sha256);
	world_revoke(ENDPOINT,
	    (const char *const[]){
		"fingerprint", world_hex(span_of(sha256, DIGEST_LEN)), NULL});
	world_refuse(&rq, REASON_REVOKED);
	rq = by_certificate(&m, world.device_ca.cert.der);
	world_refuse(&rq, REASON_REVOKED);
	world_rules("identity: by-name\n"
		    "certificate: {trust: device-ca.pem, endpoint: cn}\n",
	    span_of(NULL, 0));
	rq = by_certificate(&twin, span_of(NULL, 0));
	world_refuse(&rq, REASON_REVOKED);
	world_made_fini(&m);
}

/* Who is revoked may send whatever he likes behind his certificate. */
static void
a_crowd_of_namesakes_hides_no_issuer(void **state)
{
	const uint8_t *at = world.device_ca.cert.subject.p;
	X509_NAME *name =
	    d2i_X509_NAME(NULL, &at, (long)world.device_ca.cert.subject.len);
	uint8_t chain[ISSUE_CHAIN_MAX], sha256[DIGEST_LEN];
	char serial[64], issuer_key[80];
	struct issue_request rq;
	struct made m;
	struct writer w;

	(void)state;
	world_rules("identity: by-name\n"
		    "certificate: {trust: root.pem, endpoint: cn}\n",
	    span_of(NULL, 0));
	good(&m);
	writer_init(&w, chain, sizeof(chain));
	for (int i = 0; i < 9; i++) {
		struct made_ca nobody;
		struct span fake;

		made_ca_init(&nobody, "nobody", V_ASN1_UTF8STRING);
		fake = made_cert(&nobody, name, i + 1, nobody.key, true);
		writer_put(&w, fake);
		made_free(fake);
		made_ca_fini(&nobody);
	}
	writer_put(&w, world.device_ca.cert.der);
	assert_false(w.full);
	snprintf(serial, sizeof(serial), "%s", world_hex(m.cert.serial));
	digest_of(world.device_ca.cert.spki, sha256);
	snprintf(issuer_key, sizeof(issuer_key), "%s",
	    world_hex(span_of(sha256, DIGEST_LEN)));
	world_revoke(ENDPOINT,
	    (const char *const[]){
		"serial", serial, "issuer_key", issuer_key, NULL});
	rq = by_certificate(&m, writer_span(&w));
	world_refuse(&rq, REASON_REVOKED);
	rq.chain = world.device_ca.cert.der;
	world_refuse(&rq, REASON_REVOKED);
	X509_NAME_free(name);
	world_made_fini(&m);
}

/* Signed by an anchor, for clients, with a device's name: and a CA. */
static void
a_ca_is_no_device(void **state)
{
	struct made_ca anchor;
	X509_NAME *name = made_name(ENDPOINT, V_ASN1_UTF8STRING);
	struct made plain = {0}, ca = {0};
	struct issue_request rq;
	struct issue_decision d;
	struct span root;

	(void)state;
	made_ca_init(&anchor, "Anchor", V_ASN1_UTF8STRING);
	root = made_anchor(&anchor);
	put_file("anchor.der", root);
	world_rules("identity: by-name\n"
		    "certificate: {trust: anchor.der, endpoint: cn}\n"
		    "---\n"
		    "policy: all\n"
		    "servers:\n"
		    "  - {name: eu, short_server_id: 1, uri: 'coaps://eu',\n"
		    "     security: {mode: psk, key: {derive: fleet-2026}}}\n",
	    span_of(NULL, 0));
	world.issuer.now_s = MADE_NOW_S;
	plain.cert.der = made_cert(&anchor, name, 2, anchor.key, false);
	ca.cert.der = made_cert(&anchor, name, 3, anchor.key, true);
	rq = by_certificate(&plain, span_of(NULL, 0));
	world_grant(&rq, &d);
	issue_decision_fini(&d);
	rq = by_certificate(&ca, span_of(NULL, 0));
	world_refuse(&rq, REASON_CERTIFICATE);
	made_free(plain.cert.der);
	made_free(ca.cert.der);
	made_free(root);
	X509_NAME_free(name);
	made_ca_fini(&anchor);
}

static void
revoked_says_more_than_expired(void **state)
{
	struct issue_request rq;
	struct cert_profile p;
	struct made m;

	(void)state;
	load();
	world_profile(&p, ENDPOINT);
	p.validity_s = 3600;
	world_certificate(&world.device_ca, &p, &m);
	world_revoke(ENDPOINT,
	    (const char *const[]){"serial", world_hex(m.cert.serial), NULL});
	world.issuer.now_s = world.now_s + 7200;
	rq = by_certificate(&m, world.device_ca.cert.der);
	world_refuse(&rq, REASON_REVOKED);
	world_made_fini(&m);
}

/* Nobody is let in while nobody can say who was taken back. */
static void
no_ledger_no_entrance(void **state)
{
	struct issue_request rq;
	struct issue_decision d;
	char why[256], path[128];
	struct ledger *broken;

	(void)state;
	load();
	assert_int_equal(shell(NULL, 0,
			     "cp ledger.db broken.db && "
			     "cp ledger.db-wal broken.db-wal"),
	    0);
	snprintf(path, sizeof(path), "%s/broken.db", fixture.dir);
	assert_int_equal(
	    ledger_open(path, LEDGER_READ, &broken, why, sizeof(why)), RC_OK);
	assert_int_equal(shell(NULL, 0,
			     "python3 -c 'import sqlite3; "
			     "sqlite3.connect(\"broken.db\")"
			     ".executescript(\"DROP TABLE event\")'"),
	    0);
	world.issuer.store = broken;
	rq = by_certificate(&device, world.device_ca.cert.der);
	issue_begin(&world.issuer, &rq, &d);
	assert_false(d.granted);
	assert_string_equal(reason_code(d.reason), "ledger-away");
	issue_decision_fini(&d);
	world.issuer.store = world.store;
	ledger_close(broken);
}

static int
fini(void **state)
{
	world_made_fini(&device);
	return world_close(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_certificate_proves_the_endpoint_in_it),
	    cmocka_unit_test(a_chain_is_needed_where_the_anchor_is_above),
	    cmocka_unit_test(bytes_that_are_no_certificate_are_refused),
	    cmocka_unit_test(a_certificate_of_another_use_is_refused),
	    cmocka_unit_test(a_stranger_with_a_device_s_name_stays_one),
	    cmocka_unit_test(dates_are_those_of_the_decision),
	    cmocka_unit_test(a_uri_must_be_the_only_one),
	    cmocka_unit_test(names_that_deceive_prove_nothing),
	    cmocka_unit_test(two_common_names_are_none),
	    cmocka_unit_test(a_table_says_whose_it_is),
	    cmocka_unit_test(a_list_takes_back_and_goes_on_when_it_is_old),
	    cmocka_unit_test(the_ledger_takes_back_at_once),
	    cmocka_unit_test(a_twin_is_taken_back_too),
	    cmocka_unit_test(a_crowd_of_namesakes_hides_no_issuer),
	    cmocka_unit_test(a_ca_is_no_device),
	    cmocka_unit_test(revoked_says_more_than_expired),
	    cmocka_unit_test(no_ledger_no_entrance),
	};
	int failed;

	if (!fixture_init())
		return TEST_SKIP;
	failed = cmocka_run_group_tests(tests, world_open, fini);
	fixture_fini();
	return failed;
}
