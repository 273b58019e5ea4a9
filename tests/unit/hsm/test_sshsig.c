/* Signatures of OpenSSH. Those that its ssh-keygen makes: tests/integration/
 * tool/test_signed_sets.py; here those of security keys, which are made as
 * PROTOCOL.u2f says, and what no ssh-keygen would make. */
#include "hsm/sshsig.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <stdlib.h>

#define KEY_BASE64 \
	"AAAAC3NzaC1lZDI1NTE5AAAAICdEItdKpV2VZMXW" \
	"9+cY7QrCgCNfB+5y6HuJeQRnt7kQ"
#define KEY_FINGERPRINT "SHA256:2rN5nt4GNx8W2BbxnpcGpx6l7JE/zqFC0P0Z1d/kq4o"

#define MESSAGE SPAN_LIT("# bootstrapd policies, serial 1\n")

/* A key, and what its signature is made of; each may be made wrong. */
struct maker {
	EVP_PKEY *pkey;
	enum sshkey_kind kind;
	uint8_t key[512];
	size_t key_len;
	const char *application;
	uint8_t flags; /* as signed, and as sent */
	uint8_t flags_sent;
	const char *algorithm;
};

static void
put_string(struct writer *w, struct span s)
{
	writer_be(w, s.len, 4);
	writer_put(w, s);
}

static void
put_text(struct writer *w, const char *text)
{
	put_string(w, span_str(text));
}

static void
put_mpint(struct writer *w, const BIGNUM *n)
{
	uint8_t bytes[80] = {0};
	int len = BN_bn2bin(n, bytes + 1);
	bool sign = bytes[1] & 0x80;

	put_string(w, span_of(bytes + (sign ? 0 : 1), (size_t)len + sign));
}

static void
make_key(struct maker *m, enum sshkey_kind kind)
{
	uint8_t point[133];
	size_t len = sizeof(point);
	struct writer w;

	*m = (struct maker){.kind = kind,
	    .application = "ssh:",
	    .flags = 1,
	    .flags_sent = 1,
	    .algorithm = sshkey_name(kind)};
	writer_init(&w, m->key, sizeof(m->key));
	put_text(&w, sshkey_name(kind));
	if (kind == SSHKEY_SK_ED25519 || kind == SSHKEY_ED25519) {
		m->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
		assert_int_equal(
		    EVP_PKEY_get_raw_public_key(m->pkey, point, &len), 1);
	} else {
		m->pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
		put_text(&w, "nistp256");
		assert_int_equal(
		    EVP_PKEY_get_octet_string_param(m->pkey,
			OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &len),
		    1);
	}
	put_string(&w, span_of(point, len));
	if (sshkey_is_sk(kind))
		put_text(&w, m->application);
	m->key_len = w.len;
}

static void
put_raw(struct writer *w, const struct maker *m, struct span bytes)
{
	const bool ed =
	    m->kind == SSHKEY_SK_ED25519 || m->kind == SSHKEY_ED25519;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[160], two[80];
	const uint8_t *at = der;
	size_t len = sizeof(der);
	struct writer numbers;
	ECDSA_SIG *sig;

	assert_int_equal(EVP_DigestSignInit(ctx, NULL, ed ? NULL : EVP_sha256(),
			     NULL, m->pkey),
	    1);
	assert_int_equal(EVP_DigestSign(ctx, der, &len, bytes.p, bytes.len), 1);
	EVP_MD_CTX_free(ctx);
	if (ed) {
		put_string(w, span_of(der, len));
		return;
	}
	sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
	writer_init(&numbers, two, sizeof(two));
	put_mpint(&numbers, ECDSA_SIG_get0_r(sig));
	put_mpint(&numbers, ECDSA_SIG_get0_s(sig));
	ECDSA_SIG_free(sig);
	put_string(w, writer_span(&numbers));
}

/* The blob of a signature over MESSAGE. */
static void
make_signature(struct writer *w, const struct maker *m)
{
	uint8_t signed_[256], seen[128], hash[DIGEST512_LEN], inner[256];
	struct writer s, k, i;

	digest512_of(MESSAGE, hash);
	writer_init(&s, signed_, sizeof(signed_));
	writer_str(&s, "SSHSIG");
	put_text(&s, "bootstrapd");
	put_text(&s, "");
	put_text(&s, "sha512");
	put_string(&s, span_of(hash, DIGEST512_LEN));
	writer_init(&k, seen, sizeof(seen));
	if (sshkey_is_sk(m->kind)) {
		digest_of(span_str(m->application), hash);
		writer_put(&k, span_of(hash, DIGEST_LEN));
		writer_be(&k, m->flags, 1);
		writer_be(&k, 7, 4);
		digest_of(writer_span(&s), hash);
		writer_put(&k, span_of(hash, DIGEST_LEN));
		s = k;
	}
	writer_init(&i, inner, sizeof(inner));
	put_text(&i, m->algorithm);
	put_raw(&i, m, writer_span(&s));
	if (sshkey_is_sk(m->kind)) {
		writer_be(&i, m->flags_sent, 1);
		writer_be(&i, 7, 4);
	}
	writer_str(w, "SSHSIG");
	writer_be(w, 1, 4);
	put_string(w, span_of(m->key, m->key_len));
	put_text(w, "bootstrapd");
	put_text(w, "");
	put_text(w, "sha512");
	put_string(w, writer_span(&i));
	assert_false(w->full);
}

static enum rc
verified(struct span blob, const char **why)
{
	struct sshsig sig;
	enum rc rc = sshsig_read(blob, &sig, why);

	return rc == RC_OK ? sshsig_verify(&sig, MESSAGE, why) : rc;
}

static const enum sshkey_kind kinds[] = {
    SSHKEY_ED25519, SSHKEY_ECDSA_P256, SSHKEY_SK_ED25519, SSHKEY_SK_ECDSA_P256};

/* Any bit changed: refused, and so is every part and every addition. */
static void
test_each_kind_and_every_bit_of_it(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof(kinds) / sizeof(kinds[0]); n++) {
		uint8_t blob[1024];
		const char *why;
		struct maker m;
		struct writer w;

		make_key(&m, kinds[n]);
		writer_init(&w, blob, sizeof(blob));
		make_signature(&w, &m);
		assert_int_equal(verified(writer_span(&w), &why), RC_OK);
		for (size_t i = 0; i < w.len * 8; i += 3) {
			blob[i / 8] ^= (uint8_t)(1 << i % 8);
			if (verified(writer_span(&w), &why) == RC_OK)
				fail_msg("%s: bit %zu", m.algorithm, i);
			blob[i / 8] ^= (uint8_t)(1 << i % 8);
		}
		for (size_t i = 0; i < w.len; i++)
			assert_int_not_equal(
			    verified(span_of(blob, i), &why), RC_OK);
		writer_be(&w, 0, 1);
		assert_int_not_equal(verified(writer_span(&w), &why), RC_OK);
		EVP_PKEY_free(m.pkey);
	}
}

static void
expect_why(const struct maker *m, enum rc rc, const char *part)
{
	uint8_t blob[1024];
	struct writer w;
	const char *why;

	writer_init(&w, blob, sizeof(blob));
	make_signature(&w, m);
	assert_int_equal(verified(writer_span(&w), &why), rc);
	if (part && !strstr(why, part))
		fail_msg("%s", why);
}

static void
test_a_security_key_is_touched(void **state)
{
	struct maker m;

	(void)state;
	make_key(&m, SSHKEY_SK_ED25519);
	m.flags = m.flags_sent = 0;
	expect_why(&m, RC_DENIED, "touched");
	m.flags_sent = 1; /* says so, and has not signed it */
	expect_why(&m, RC_DENIED, "not of these bytes");
	m.flags = m.flags_sent = 5; /* touched, and a PIN */
	expect_why(&m, RC_OK, NULL);
	m.application = "ssh:other"; /* signed for another one */
	expect_why(&m, RC_DENIED, "not of these bytes");
	m.application = "ssh:";
	m.algorithm = "ssh-ed25519";
	expect_why(&m, RC_MALFORMED, "not a signature");
	EVP_PKEY_free(m.pkey);
}

static void
expect_key(const uint8_t *p, size_t len, enum rc want, const char *part)
{
	struct sshkey key;
	const char *why;

	assert_int_equal(sshkey_read(span_of(p, len), &key, &why), want);
	if (part && !strstr(why, part))
		fail_msg("%s", why);
}

static size_t
rsa(uint8_t *out, size_t cap, const char *e, size_t e_len, size_t n_len,
    uint8_t first, uint8_t last)
{
	uint8_t n[2100] = {0};
	struct writer w;

	writer_init(&w, out, cap);
	put_text(&w, "ssh-rsa");
	put_string(&w, span_of(e, e_len));
	n[1] = first;
	n[n_len - 1] = last;
	put_string(&w, span_of(n, n_len));
	assert_false(w.full);
	return w.len;
}

static void
test_rsa_keys_that_are_none(void **state)
{
	static const struct {
		const char *e;
		size_t e_len, n_len; /* with the byte of sign */
		uint8_t first, last;
		enum rc want;
	} cases[] = {
	    {"\1\0\1", 3, 257, 0x80, 1, RC_OK}, {"\3", 1, 2049, 0x80, 1, RC_OK},
	    {"\1\0\1", 3, 256, 0x80, 1, RC_UNSUPPORTED}, /* 2040 bits */
	    {"\1\0\1", 3, 2050, 0x80, 1, RC_UNSUPPORTED},
	    {"\1\0\1", 3, 257, 0x80, 2, RC_MALFORMED}, /* even */
	    {"\1\0\2", 3, 257, 0x80, 1, RC_MALFORMED},
	    {"\1", 1, 257, 0x80, 1, RC_MALFORMED}, /* signs by not signing */
	    {"", 0, 257, 0x80, 1, RC_MALFORMED},
	    {"\0\3", 2, 257, 0x80, 1, RC_MALFORMED}, /* not minimal */
	    {"\x83", 1, 257, 0x80, 1, RC_MALFORMED}, /* negative */
	    {"\1\0\0\0\0\0\0\0\1", 9, 257, 0x80, 1, RC_MALFORMED},
	    {"\3", 1, 257, 0x40, 1, RC_MALFORMED}, /* a zero too many */
	};
	uint8_t blob[2400];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = rsa(blob, sizeof(blob), cases[i].e, cases[i].e_len,
		    cases[i].n_len, cases[i].first, cases[i].last);

		expect_key(blob, len, cases[i].want, NULL);
		if (cases[i].want == RC_OK)
			expect_key(blob, len - 1, RC_MALFORMED, NULL);
	}
}

static void
test_points_that_are_none(void **state)
{
	const char *why;
	struct sshkey key;
	struct maker m;
	uint8_t blob[1024];
	struct writer w;

	(void)state;
	make_key(&m, SSHKEY_ECDSA_P256);
	expect_key(m.key, m.key_len, RC_OK, NULL);
	/* the curve of another size */
	m.key[31] ^= 1;
	expect_key(m.key, m.key_len, RC_MALFORMED, NULL);
	m.key[31] ^= 1;
	/* compressed, though as long as one that is not */
	m.key[m.key_len - 65] = 2;
	expect_key(m.key, m.key_len, RC_MALFORMED, NULL);
	m.key[m.key_len - 65] = 4;
	assert_int_equal(
	    sshkey_read(span_of(m.key, m.key_len), &key, &why), RC_OK);
	/* not on the curve: seen when it is used */
	m.key[m.key_len - 1] ^= 1;
	writer_init(&w, blob, sizeof(blob));
	make_signature(&w, &m);
	assert_int_equal(verified(writer_span(&w), &why), RC_DENIED);
	EVP_PKEY_free(m.pkey);
}

/* One that ssh-keygen -l has printed. */
static void
test_a_fingerprint(void **state)
{
	char text[SSHKEY_FINGERPRINT_LEN];
	uint8_t blob[64];
	struct sshkey key;
	struct writer w;
	const char *why;

	(void)state;
	writer_init(&w, blob, sizeof(blob));
	assert_int_equal(text_unbase64(&w, SPAN_LIT(KEY_BASE64)), RC_OK);
	assert_int_equal(sshkey_read(writer_span(&w), &key, &why), RC_OK);
	sshkey_fingerprint(key.blob, text);
	assert_string_equal(text, KEY_FINGERPRINT);
}

static void
test_armor(void **state)
{
#define FIRST "-----BEGIN SSH SIGNATURE-----\n"
#define LAST "-----END SSH SIGNATURE-----"
	static const struct {
		const char *text;
		enum rc want;
	} cases[] = {
	    {FIRST "YWJj\nZGVm\n" LAST "\n", RC_OK},
	    {FIRST "YWJjZGVm\n" LAST, RC_OK},
	    {FIRST "YWJjZGVm\n" LAST "\n\n", RC_OK},
	    {FIRST "YWJjZGVm\n" LAST "\nx", RC_MALFORMED},
	    {FIRST "YWJjZGVm" LAST "\n", RC_MALFORMED},
	    {FIRST "YWJjZGVm\n", RC_MALFORMED},
	    {"\n" FIRST "YWJjZGVm\n" LAST "\n", RC_MALFORMED},
	    {FIRST "YWJjZG Vm\n" LAST "\n", RC_MALFORMED},
	    {FIRST "YWJjZGV\n" LAST "\n", RC_MALFORMED},
	    {FIRST "YWJj_-Vm\n" LAST "\n", RC_MALFORMED},
	    {FIRST LAST "\n", RC_MALFORMED},
	    {"", RC_MALFORMED},
	};
	char large[SSHSIG_TEXT_MAX + 1];
	uint8_t out[64];
	struct writer w;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		writer_init(&w, out, sizeof(out));
		if (sshsig_unarmor(span_str(cases[i].text), &w) !=
		    cases[i].want)
			fail_msg("%s", cases[i].text);
		if (cases[i].want == RC_OK)
			assert_true(span_is(writer_span(&w), "abcdef"));
		else
			assert_int_equal(w.len, 0);
	}
	memset(large, 'A', sizeof(large));
	writer_init(&w, out, sizeof(out));
	assert_int_equal(
	    sshsig_unarmor(span_of(large, sizeof(large)), &w), RC_TOO_LARGE);
}

/* RSA hashes by SHA-2, whatever the name of the key, and has one length. */
static void
test_which_signatures_of_rsa_are_read(void **state)
{
	static const struct {
		const char *name;
		size_t len;
		unsigned bits;
	} t[] = {
	    {"rsa-sha2-512", 256, 512},
	    {"rsa-sha2-256", 256, 256},
	    {"ssh-rsa", 256, 0},
	    {"rsa-sha2-384", 256, 0},
	    {"", 256, 0},
	    {"rsa-sha2-512", 255, 0},
	    {"rsa-sha2-512", 257, 0},
	    {"rsa-sha2-512", 0, 0},
	};
	uint8_t number[257] = {0, 0x80}, key[400], inner[400], blob[1024];

	(void)state;
	number[256] = 1;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct writer k, n, w;
		struct sshsig sig;
		const char *why;
		enum rc rc;

		writer_init(&k, key, sizeof(key));
		put_text(&k, "ssh-rsa");
		put_string(&k, SPAN_LIT("\x01\x00\x01"));
		put_string(&k, span_of(number, sizeof(number)));
		writer_init(&n, inner, sizeof(inner));
		put_text(&n, t[i].name);
		put_string(&n, span_of(number, t[i].len));
		writer_init(&w, blob, sizeof(blob));
		writer_str(&w, "SSHSIG");
		writer_put(&w, SPAN_LIT("\0\0\0\1"));
		put_string(&w, writer_span(&k));
		put_text(&w, "bootstrapd");
		put_text(&w, "");
		put_text(&w, "sha512");
		put_string(&w, writer_span(&n));
		assert_false(w.full);
		rc = sshsig_read(writer_span(&w), &sig, &why);
		assert_int_equal(rc == RC_OK, t[i].bits != 0);
		if (rc == RC_OK)
			assert_int_equal(sig.rsa_bits, t[i].bits);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_which_signatures_of_rsa_are_read),
	    cmocka_unit_test(test_each_kind_and_every_bit_of_it),
	    cmocka_unit_test(test_a_security_key_is_touched),
	    cmocka_unit_test(test_rsa_keys_that_are_none),
	    cmocka_unit_test(test_points_that_are_none),
	    cmocka_unit_test(test_a_fingerprint),
	    cmocka_unit_test(test_armor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
