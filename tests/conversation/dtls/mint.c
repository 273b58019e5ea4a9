#include "mint.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { DAY_S = 24 * 3600 };

static EVP_PKEY *
new_key(struct mint *m)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	unsigned char *p = m->key;
	int len;

	assert_non_null(key);
	len = i2d_PrivateKey(key, NULL);
	assert_in_range(len, 1, MINT_KEY_MAX);
	m->key_len = (size_t)i2d_PrivateKey(key, &p);
	return key;
}

static void
put_extension(X509 *x, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;

	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(e);
	assert_int_equal(X509_add_ext(x, e, -1), 1);
	X509_EXTENSION_free(e);
}

static void
put_ballast(X509 *x, size_t len)
{
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	uint8_t *bytes = calloc(1, len);
	X509_EXTENSION *e;

	assert_non_null(value);
	assert_non_null(bytes);
	assert_int_equal(ASN1_OCTET_STRING_set(value, bytes, (int)len), 1);
	e = X509_EXTENSION_create_by_NID(NULL, NID_netscape_comment, 0, value);
	assert_non_null(e);
	assert_int_equal(X509_add_ext(x, e, -1), 1);
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(value);
	free(bytes);
}

static void
put_extensions(X509 *x, const struct mint_wish *wish)
{
	char constraints[64] = "critical,CA:TRUE";

	if (wish->path_len) {
		strcat(constraints, ",pathlen:");
		strcat(constraints, wish->path_len);
	}
	put_extension(x, NID_basic_constraints,
	    wish->authority ? constraints : "critical,CA:FALSE");
	put_extension(x, NID_key_usage,
	    wish->authority ? "critical,keyCertSign,cRLSign"
			    : "critical,digitalSignature");
	if (!wish->authority)
		put_extension(x, NID_ext_key_usage, "clientAuth");
	put_extension(x, NID_subject_key_identifier, "hash");
	if (wish->ballast_len)
		put_ballast(x, wish->ballast_len);
}

static void
put_name(X509 *x, const char *name)
{
	X509_NAME *n = X509_get_subject_name(x);

	assert_int_equal(X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC,
			     (const unsigned char *)name, -1, -1, 0),
	    1);
}

static void
sign_by(X509 *x, EVP_PKEY *own, const struct mint *by)
{
	const unsigned char *der, *key;
	EVP_PKEY *pkey;
	X509 *issuer;

	if (!by) {
		assert_int_equal(
		    X509_set_issuer_name(x, X509_get_subject_name(x)), 1);
		assert_true(X509_sign(x, own, EVP_sha256()) > 0);
		return;
	}
	der = by->der;
	key = by->key;
	issuer = d2i_X509(NULL, &der, (long)by->der_len);
	pkey = d2i_AutoPrivateKey(NULL, &key, (long)by->key_len);
	assert_non_null(issuer);
	assert_non_null(pkey);
	assert_int_equal(
	    X509_set_issuer_name(x, X509_get_subject_name(issuer)), 1);
	assert_true(X509_sign(x, pkey, EVP_sha256()) > 0);
	EVP_PKEY_free(pkey);
	X509_free(issuer);
}

void
mint_make(struct mint *m, const char *name, const struct mint *by,
    const struct mint_wish *wish)
{
	static const struct mint_wish plain;
	const struct mint_wish *want = wish ? wish : &plain;
	bool dated = want->from_s || want->until_s;
	static long serial;
	EVP_PKEY *key = new_key(m);
	X509 *x = X509_new();
	unsigned char *p = m->der;

	assert_non_null(x);
	assert_int_equal(X509_set_version(x, 2), 1);
	assert_int_equal(
	    ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial), 1);
	assert_non_null(X509_gmtime_adj(
	    X509_getm_notBefore(x), dated ? want->from_s : -DAY_S));
	assert_non_null(X509_gmtime_adj(
	    X509_getm_notAfter(x), dated ? want->until_s : DAY_S));
	put_name(x, name);
	assert_int_equal(X509_set_pubkey(x, key), 1);
	put_extensions(x, want);
	sign_by(x, key, by);
	assert_in_range(i2d_X509(x, NULL), 1, MINT_DER_MAX);
	m->der_len = (size_t)i2d_X509(x, &p);
	if (want->damaged)
		m->der[m->der_len - 1] ^= 1;
	X509_free(x);
	EVP_PKEY_free(key);
}

struct span
mint_der(const struct mint *m)
{
	return span_of(m->der, m->der_len);
}

struct span
mint_key(const struct mint *m)
{
	return span_of(m->key, m->key_len);
}
