/**
 * x509_made.h - CAs, certificates and revocation lists of another hand, made by
 * OpenSSL as a test wants them. Owned by the caller; failing a test is all that
 * a fault does.
 */
#ifndef TESTS_HSM_X509_MADE_H
#define TESTS_HSM_X509_MADE_H

#include "base/span.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MADE_NOW_S = 1800000000, MADE_DAY_S = 86400 };

struct made_ca {
	EVP_PKEY *key;
	X509_NAME *name;
};

/** One common name, as `type`: V_ASN1_UTF8STRING, V_ASN1_PRINTABLESTRING. */
static inline X509_NAME *
made_name(const char *cn, int type)
{
	X509_NAME *name = X509_NAME_new();

	assert_non_null(name);
	assert_int_equal(X509_NAME_add_entry_by_NID(name, NID_commonName, type,
			     (const unsigned char *)cn, -1, -1, 0),
	    1);
	return name;
}

static inline void
made_ca_init(struct made_ca *ca, const char *cn, int type)
{
	ca->key = EVP_EC_gen("P-256");
	ca->name = made_name(cn, type);
	assert_non_null(ca->key);
}

static inline void
made_ca_fini(struct made_ca *ca)
{
	EVP_PKEY_free(ca->key);
	X509_NAME_free(ca->name);
}

static inline void
made_extension(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(e);
	assert_int_equal(X509_add_ext(x, e, -1), 1);
	X509_EXTENSION_free(e);
}

/** For clients, unless it is the CA's own. DER, for made_free. The key of a
 *  device may be its CA's: nobody asks. */
static inline struct span
made_cert(const struct made_ca *ca, const X509_NAME *subject, long serial,
    EVP_PKEY *key, bool is_ca)
{
	X509 *x = X509_new();
	uint8_t *der = NULL;
	int len;

	assert_non_null(x);
	assert_int_equal(X509_set_version(x, X509_VERSION_3), 1);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
	ASN1_TIME_set(X509_getm_notBefore(x), MADE_NOW_S - MADE_DAY_S);
	ASN1_TIME_set(X509_getm_notAfter(x), MADE_NOW_S + MADE_DAY_S);
	X509_set_issuer_name(x, ca->name);
	X509_set_subject_name(x, subject);
	X509_set_pubkey(x, key);
	if (is_ca)
		made_extension(x, NID_basic_constraints, "critical,CA:TRUE");
	if (X509_NAME_cmp(subject, ca->name) != 0)
		made_extension(x, NID_ext_key_usage, "clientAuth");
	assert_true(X509_sign(x, ca->key, EVP_sha256()) > 0);
	len = i2d_X509(x, &der);
	assert_true(len > 0);
	X509_free(x);
	return span_of(der, (size_t)len);
}

static inline struct span
made_anchor(const struct made_ca *ca)
{
	return made_cert(ca, ca->name, 1, ca->key, true);
}

/** A list by `name`, signed by `key`: serial numbers up to a zero. `number` 0:
 *  none. */
static inline struct span
made_list(const X509_NAME *name, EVP_PKEY *key, long number, int64_t at_s,
    const long *serials)
{
	X509_CRL *c = X509_CRL_new();
	ASN1_TIME *at = ASN1_TIME_set(NULL, (time_t)at_s);
	ASN1_TIME *next = ASN1_TIME_set(NULL, (time_t)at_s + 30 * MADE_DAY_S);
	ASN1_INTEGER *n = ASN1_INTEGER_new();
	uint8_t *der = NULL;
	int len;

	assert_true(c && at && next && n);
	X509_CRL_set_version(c, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(c, name);
	X509_CRL_set1_lastUpdate(c, at);
	X509_CRL_set1_nextUpdate(c, next);
	for (; *serials; serials++) {
		X509_REVOKED *r = X509_REVOKED_new();

		ASN1_INTEGER_set(n, *serials);
		X509_REVOKED_set_serialNumber(r, n);
		X509_REVOKED_set_revocationDate(r, at);
		assert_int_equal(X509_CRL_add0_revoked(c, r), 1);
	}
	ASN1_INTEGER_set(n, number);
	if (number)
		assert_int_equal(
		    X509_CRL_add1_ext_i2d(c, NID_crl_number, n, 0, 0), 1);
	X509_CRL_sort(c);
	assert_true(X509_CRL_sign(c, key, EVP_sha256()) > 0);
	len = i2d_X509_CRL(c, &der);
	assert_true(len > 0);
	X509_CRL_free(c);
	ASN1_TIME_free(at);
	ASN1_TIME_free(next);
	ASN1_INTEGER_free(n);
	return span_of(der, (size_t)len);
}

static inline void
made_free(struct span s)
{
	OPENSSL_free((void *)(uintptr_t)s.p);
}

#endif
