/*
 * fleet - as many devices as one likes, without a device.
 *
 *   fleet papers DIR COUNT           what the policies name: ca.pem with its
 *                                    ca.key, raw-keys.csv
 *   fleet boot LEDGER PATH COUNT     each bootstraps once by the policies at
 *                                    PATH: the rows that the daemon writes
 *   fleet expect PATH COUNT          what each would be decided by those:
 *                                    endpoint,digest|reason,policy,servers
 *   fleet nosec LEDGER PATH          devices of any name come without security
 *                                    from 10.1.0.1: names in hex, one a line
 *
 * The n-th device is always the same one. Requests are those that workers make,
 * decisions issue_begin's, rows issue_record's; only there is no token, so what
 * is a secret in a plan stands by its label.
 */
#include "base/text.h"
#include "issue/issue.h"
#include "issue/kept.h"

#include <err.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	GROUP_ROWS = 5000, /* of a commit */
	NAME_MAX_LEN = 64,
	KINDS = 10,
};

/* --- papers --------------------------------------------------------------- */

static EVP_PKEY *ca_key;
static X509_NAME *ca_name;

static X509_NAME *
name_of(const char *cn)
{
	X509_NAME *name = X509_NAME_new();

	if (!name ||
	    X509_NAME_add_entry_by_NID(name, NID_commonName, V_ASN1_UTF8STRING,
		(const unsigned char *)cn, -1, -1, 0) != 1)
		errx(EXIT_FAILURE, "a name");
	return name;
}

static void
extend(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	if (!e || X509_add_ext(x, e, -1) != 1)
		errx(EXIT_FAILURE, "an extension");
	X509_EXTENSION_free(e);
}

/** Of the CA's own key: nobody here looks at a device's. */
static X509 *
certificate(const char *cn, long serial, bool is_ca)
{
	X509 *x = X509_new();
	X509_NAME *subject = name_of(cn);
	char uri[NAME_MAX_LEN + 16];

	if (!x || X509_set_version(x, 2) != 1)
		errx(EXIT_FAILURE, "a certificate");
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
	X509_gmtime_adj(X509_getm_notBefore(x), -86400);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400L * 365);
	X509_set_issuer_name(x, ca_name);
	X509_set_subject_name(x, subject);
	X509_set_pubkey(x, ca_key);
	if (is_ca) {
		extend(x, NID_basic_constraints, "critical,CA:TRUE");
	} else {
		(void)snprintf(uri, sizeof(uri), "URI:%s", cn);
		extend(x, NID_ext_key_usage, "clientAuth");
		extend(x, NID_subject_alt_name, uri);
	}
	if (X509_sign(x, ca_key, EVP_sha256()) <= 0)
		errx(EXIT_FAILURE, "a signature");
	X509_NAME_free(subject);
	return x;
}

static FILE *
open_in(const char *dir, const char *name, const char *mode)
{
	char path[4096];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, mode);
	if (!f)
		err(EXIT_FAILURE, "%s", path);
	return f;
}

static void
load_ca(const char *dir)
{
	FILE *f = open_in(dir, "ca.key", "r");

	ca_key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	ca_name = name_of("Fleet CA");
	fclose(f);
	if (!ca_key)
		errx(EXIT_FAILURE, "ca.key");
}

/* --- devices -------------------------------------------------------------- */

struct one {
	char endpoint[NAME_MAX_LEN], credential[NAME_MAX_LEN + 8];
	char peer[NAME_MAX_LEN]; /* in place of a SubjectPublicKeyInfo */
	uint8_t *der;
	struct issue_request rq;
};

static void
address(struct one *d, unsigned a, unsigned n)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "10.%u.%u.%u:%u", a, n / 250 % 250,
	    n % 250 + 1, 1024 + n % 60000);
	if (address_parse(span_str(text), &d->rq.address) != RC_OK)
		errx(EXIT_FAILURE, "%s", text);
}

static void
name(struct one *d, const char *family, unsigned n)
{
	(void)snprintf(d->endpoint, sizeof(d->endpoint),
	    "urn:dev:ops:0057F2-%s-%07u", family, n);
	d->rq.has_endpoint = true;
	d->rq.endpoint = span_str(d->endpoint);
}

static void
by_psk(struct one *d, const char *prefix, uint32_t epoch)
{
	(void)snprintf(
	    d->credential, sizeof(d->credential), "%s%s", prefix, d->endpoint);
	d->rq.proof = PROOF_PSK;
	d->rq.credential = span_str(d->credential);
	d->rq.epoch = epoch;
}

static void
by_raw_key(struct one *d)
{
	(void)snprintf(d->peer, sizeof(d->peer), "key of %.40s", d->endpoint);
	d->rq.proof = PROOF_RAW_KEY;
	d->rq.peer = span_str(d->peer);
}

static void
by_certificate(struct one *d, unsigned n)
{
	X509 *x = certificate(d->endpoint, (long)n + 2, false);
	int len = i2d_X509(x, &d->der);

	if (len <= 0)
		errx(EXIT_FAILURE, "DER");
	d->rq.proof = PROOF_CERTIFICATE;
	d->rq.peer = span_of(d->der, (size_t)len);
	X509_free(x);
}

static void
make(struct one *d, unsigned n)
{
	static const char *const families[] = {"WM100", "WM200", "WM300"};

	*d = (struct one){.rq = {.pct = n % 7 == 0 ? 112 : -1, .fresh = true}};
	memcpy(d->rq.session, "fleet", 5);
	memcpy(d->rq.session + 8, &n, sizeof(n));
	switch (n % KINDS) {
	case 6:
		name(d, "HUB", n);
		by_psk(d, "psk/", 1);
		break;
	case 7:
		name(d, "LAB", n);
		d->rq.proof = PROOF_NONE;
		break;
	case 8:
		name(d, "RAW", n);
		by_raw_key(d);
		break;
	case 9:
		name(d, "CRT", n);
		by_certificate(d, n);
		break;
	default:
		name(d, families[n % 3], n);
		by_psk(d, "", n % 4 == 0 ? 2 : 1);
		break;
	}
	address(d, n % KINDS == 7 ? 1 : 20 + n % 3, n);
	d->rq.stream = n % 11 == 0;
}

static void
made_fini(struct one *d)
{
	OPENSSL_free(d->der);
}

/* --- decisions ------------------------------------------------------------ */

static struct issue_rules *
load_rules(const char *path, struct policy_set **set)
{
	struct diag *d = diag_new();
	struct issue_rules *rules = NULL;

	if (!d || policy_load(path, d, set) != RC_OK ||
	    issue_rules_new(*set, NULL, d, &rules) != RC_OK) {
		diag_print(d, stderr);
		errx(EXIT_FAILURE, "%s", path);
	}
	diag_free(d);
	return rules;
}

static void
end_of(struct ledger *l, const struct one *d)
{
	const struct field f[] = {
	    F_TEXT("outcome", "ok"), F_INT("duration_ms", 740)};
	const struct ledger_event e = {
	    .kind = "bootstrap_end",
	    .session = span_of(d->rq.session, LEDGER_SESSION_LEN),
	    .endpoint = d->rq.endpoint,
	    .fields = f,
	    .field_count = sizeof(f) / sizeof(f[0]),
	};

	if (ledger_append(l, &e, NULL) != RC_OK)
		errx(EXIT_FAILURE, "a row");
}

/** As the daemon, when it takes a set into force. */
static void
keep(struct ledger *l, const struct policy_set *set, const char *policies)
{
	const struct field f[] = {
	    F_BYTES("policy_set", span_of(set->digest, DIGEST_LEN)),
	    F_TEXT("source", policies),
	};
	const struct ledger_event e = {
	    .kind = "policies_loaded",
	    .fields = f,
	    .field_count = sizeof(f) / sizeof(f[0]),
	};

	if (ledger_begin(l) != RC_OK || ledger_append(l, &e, NULL) != RC_OK ||
	    issue_set_keep(l, set, NULL) != RC_OK || ledger_commit(l) != RC_OK)
		errx(EXIT_FAILURE, "the set");
}

static int
boot(const char *path, const char *policies, unsigned count)
{
	struct issue_decision *out = calloc(1, sizeof(*out));
	struct policy_set *set = NULL;
	struct issue_rules *rules = load_rules(policies, &set);
	const struct issuer issuer = {
	    .rules = rules, .now_s = (int64_t)time(NULL)};
	struct ledger *l = NULL;
	unsigned granted = 0;
	char why[256];

	load_ca(policies);
	if (!out ||
	    ledger_open(path, LEDGER_WRITE, &l, why, sizeof(why)) != RC_OK)
		errx(EXIT_FAILURE, "%s", why);
	ledger_expect_many(l);
	keep(l, set, policies);
	for (unsigned n = 0; n < count; n++) {
		struct one d;

		if (n % GROUP_ROWS == 0 &&
		    ((n > 0 && ledger_commit(l) != RC_OK) ||
			ledger_begin(l) != RC_OK))
			errx(EXIT_FAILURE, "a commit");
		make(&d, n);
		issue_begin(&issuer, &d.rq, out);
		if (issue_record(l, rules, &d.rq, out, "fleet", false) != RC_OK)
			errx(EXIT_FAILURE, "rows");
		if (out->granted)
			end_of(l, &d);
		granted += out->granted;
		issue_decision_fini(out);
		made_fini(&d);
	}
	if (count > 0 && ledger_commit(l) != RC_OK)
		errx(EXIT_FAILURE, "a commit");
	printf("%u of %u\n", granted, count);
	ledger_close(l);
	issue_rules_unref(rules);
	policy_set_unref(set);
	free(out);
	return EXIT_SUCCESS;
}

static int
come_plain(const char *path, const char *policies)
{
	struct issue_decision *out = calloc(1, sizeof(*out));
	struct policy_set *set = NULL;
	struct issue_rules *rules = load_rules(policies, &set);
	const struct issuer issuer = {
	    .rules = rules, .now_s = (int64_t)time(NULL)};
	struct ledger *l = NULL;
	char why[256], line[1024];
	unsigned n = 0;

	if (!out ||
	    ledger_open(path, LEDGER_WRITE, &l, why, sizeof(why)) != RC_OK ||
	    ledger_begin(l) != RC_OK)
		errx(EXIT_FAILURE, "%s", why);
	while (fgets(line, sizeof(line), stdin)) {
		uint8_t bytes[POLICY_ENDPOINT_MAX];
		struct one d = {.rq = {.pct = -1, .fresh = true}};
		struct writer w;

		writer_init(&w, bytes, sizeof(bytes));
		if (text_unhex(&w, span_of(line, strcspn(line, "\n"))) != RC_OK)
			errx(EXIT_FAILURE, "%s", line);
		d.rq.session[0] = (uint8_t)++n;
		d.rq.has_endpoint = true;
		d.rq.endpoint = writer_span(&w);
		address(&d, 1, 0);
		issue_begin(&issuer, &d.rq, out);
		if (!out->granted ||
		    issue_record(l, rules, &d.rq, out, "fleet", false) != RC_OK)
			errx(EXIT_FAILURE, "%s is refused", line);
		issue_decision_fini(out);
	}
	if (ledger_commit(l) != RC_OK)
		errx(EXIT_FAILURE, "a commit");
	ledger_close(l);
	issue_rules_unref(rules);
	policy_set_unref(set);
	free(out);
	return EXIT_SUCCESS;
}

static void
print_expected(const struct one *d, const struct issue_decision *out)
{
	char hex[2 * DIGEST_LEN + 1];
	struct writer w;

	writer_init(&w, hex, sizeof(hex) - 1);
	text_hex(&w, span_of(out->plan_digest, DIGEST_LEN));
	hex[w.len] = '\0';
	printf("%s,%s,%s,%s\n", d->endpoint,
	    out->granted ? hex : reason_code(out->reason),
	    out->policy ? out->policy->name : "",
	    out->granted ? out->servers : "");
}

static int
expect(const char *policies, unsigned count)
{
	struct issue_decision *out = calloc(1, sizeof(*out));
	struct policy_set *set = NULL;
	struct issue_rules *rules = load_rules(policies, &set);
	const struct issuer issuer = {
	    .rules = rules, .now_s = (int64_t)time(NULL)};

	load_ca(policies);
	for (unsigned n = 0; out && n < count; n++) {
		struct one d;

		make(&d, n);
		issue_begin(&issuer, &d.rq, out);
		print_expected(&d, out);
		issue_decision_fini(out);
		made_fini(&d);
	}
	issue_rules_unref(rules);
	policy_set_unref(set);
	free(out);
	return EXIT_SUCCESS;
}

static int
papers(const char *dir, unsigned count)
{
	FILE *f = open_in(dir, "ca.key", "w");
	X509 *x;

	ca_key = EVP_EC_gen("P-256");
	ca_name = name_of("Fleet CA");
	if (!ca_key ||
	    PEM_write_PrivateKey(f, ca_key, NULL, NULL, 0, NULL, NULL) != 1)
		errx(EXIT_FAILURE, "ca.key");
	fclose(f);
	f = open_in(dir, "ca.pem", "w");
	x = certificate("Fleet CA", 1, true);
	if (PEM_write_X509(f, x) != 1)
		errx(EXIT_FAILURE, "ca.pem");
	X509_free(x);
	fclose(f);
	f = open_in(dir, "raw-keys.csv", "w");
	fputs("sha256,endpoint\n", f);
	for (unsigned n = 8; n < count; n += KINDS) {
		uint8_t sha256[DIGEST_LEN];
		struct one d;

		make(&d, n);
		digest_of(d.rq.peer, sha256);
		for (size_t i = 0; i < DIGEST_LEN; i++)
			fprintf(f, "%02x", sha256[i]);
		fprintf(f, ",%s\n", d.endpoint);
	}
	fclose(f);
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	log_setup("fleet", LOG_WARNING, 2);
	if (argc == 4 && strcmp(argv[1], "papers") == 0)
		return papers(argv[2], (unsigned)strtoul(argv[3], NULL, 10));
	if (argc == 5 && strcmp(argv[1], "boot") == 0)
		return boot(
		    argv[2], argv[3], (unsigned)strtoul(argv[4], NULL, 10));
	if (argc == 4 && strcmp(argv[1], "expect") == 0)
		return expect(argv[2], (unsigned)strtoul(argv[3], NULL, 10));
	if (argc == 4 && strcmp(argv[1], "nosec") == 0)
		return come_plain(argv[2], argv[3]);
	errx(64,
	    "usage: fleet papers DIR COUNT | boot LEDGER PATH COUNT | "
	    "expect PATH COUNT | nosec LEDGER PATH");
}
