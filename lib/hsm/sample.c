/* Certificates of given lengths: an extension that says nothing fills them
 * up. */
#include "hsm/sample.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdio.h>

enum {
	DAY_S = 24 * 3600,
	SIGNATURE_LEN = 71, /* bytes: 70, 71 and 72 are usual */
	TRIES_MAX = 200, /* half of all have that length */
	FILL_STEPS_MAX = 8, /* until the length of lengths fits */
	CN_MAX = 64, /* characters of a name (RFC 5280 A.1) */
	CN_BESIDE = 40, /* of them, where there is an extension too */
	EXTENSION_LEN = 24, /* bytes of one beside its content, at most */
};

/* What a certificate is made from. */
struct draft {
	const char *subject, *issuer;
	const char *name; /* a server's; NULL */
	EVP_PKEY *key, *by;
	bool authority;
	long serial;
};

static bool
put_extension(X509 *x, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;
	bool done;

	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	done = e && X509_add_ext(x, e, -1) == 1;
	X509_EXTENSION_free(e);
	return done;
}

static bool
put_fill(X509 *x, size_t len)
{
	static const uint8_t zeros[SAMPLE_CERT_MAX];
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *e = NULL;
	bool done = value && len <= sizeof(zeros) &&
	    ASN1_OCTET_STRING_set(value, zeros, (int)len) == 1;

	if (done)
		e = X509_EXTENSION_create_by_NID(
		    NULL, NID_netscape_comment, 0, value);
	done = e && X509_add_ext(x, e, -1) == 1;
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(value);
	return done;
}

static bool
put_name(X509_NAME *n, const char *cn)
{
	return X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_ASC,
		   (const unsigned char *)cn, -1, -1, 0) == 1;
}

static bool
put_uses(X509 *x, const struct draft *d)
{
	char san[300];

	if (d->authority)
		return put_extension(
			   x, NID_basic_constraints, "critical,CA:TRUE") &&
		    put_extension(
			x, NID_key_usage, "critical,keyCertSign,cRLSign");
	if (!put_extension(
		x, NID_ext_key_usage, d->name ? "serverAuth" : "clientAuth"))
		return false;
	if (!d->name)
		return true;
	(void)snprintf(san, sizeof(san), "DNS:%s", d->name);
	return put_extension(x, NID_subject_alt_name, san);
}

/* A longer name where an extension would be too large; but not of a CA, whose
 * name stands elsewhere too. What is left for the extension is in `fill`. */
static bool
put_subject(X509 *x, const struct draft *d, size_t *fill)
{
	char cn[CN_MAX + 1] = {0};
	size_t n = strlen(d->subject), more = 0;

	memcpy(cn, d->subject, n);
	if (!d->authority)
		more = *fill + n <= CN_MAX ? *fill : CN_BESIDE;
	memset(cn + n, '-', more);
	*fill -= more;
	*fill -= *fill < EXTENSION_LEN ? *fill : EXTENSION_LEN;
	return put_name(X509_get_subject_name(x), cn);
}

/* With `fill` bytes more than it needs. Owned; NULL: it cannot be. */
static X509 *
build(const struct draft *d, size_t fill)
{
	X509 *x = X509_new();

	if (x && X509_set_version(x, 2) == 1 &&
	    ASN1_INTEGER_set(X509_get_serialNumber(x), d->serial) == 1 &&
	    X509_gmtime_adj(X509_getm_notBefore(x), -DAY_S) &&
	    X509_gmtime_adj(X509_getm_notAfter(x), DAY_S) &&
	    put_subject(x, d, &fill) &&
	    put_name(X509_get_issuer_name(x), d->issuer) &&
	    X509_set_pubkey(x, d->key) == 1 && put_uses(x, d) &&
	    (fill == 0 || put_fill(x, fill)))
		return x;
	X509_free(x);
	return NULL;
}

/* Sign until the certificate has `len` bytes; 0: until its signature has the
 * usual length. Its length; 0: never. */
static size_t
sign_to(X509 *x, const struct draft *d, size_t len, uint8_t *out)
{
	const ASN1_BIT_STRING *signature;
	uint8_t *p = out;
	int n;

	for (unsigned i = 0; i < TRIES_MAX; i++) {
		if (X509_sign(x, d->by, EVP_sha256()) <= 0)
			return 0;
		n = i2d_X509(x, NULL);
		if (n <= 0 || n > SAMPLE_CERT_MAX)
			return 0;
		X509_get0_signature(&signature, NULL, x);
		if (len ? (size_t)n == len : signature->length == SIGNATURE_LEN)
			return (size_t)i2d_X509(x, &p);
	}
	return 0;
}

/* Errors: RC_MALFORMED (it cannot be as short), RC_MEMORY. */
static enum rc
make_one(const struct draft *d, size_t len, uint8_t *out, size_t *out_len)
{
	size_t fill = 0, is;

	*out_len = 0;
	for (unsigned i = 0; i < FILL_STEPS_MAX && *out_len == 0; i++) {
		X509 *x = build(d, fill);

		is = x ? sign_to(x, d, 0, out) : 0;
		if (len == 0 || is == len)
			*out_len = is;
		else if (is + 1 == len || is == len + 1)
			/* a length of a length has grown with it */
			*out_len = sign_to(x, d, len, out);
		X509_free(x);
		if (is == 0)
			return RC_MEMORY;
		if (is > len && fill <= is - len)
			break;
		fill = fill + len - is;
	}
	return *out_len ? RC_OK : RC_MALFORMED;
}

static enum rc
keep_key(struct sample *s, EVP_PKEY *key)
{
	PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(key);
	int len = p8 ? i2d_PKCS8_PRIV_KEY_INFO(p8, NULL) : 0;
	unsigned char *p = s->spki;
	enum rc rc = RC_MEMORY;

	if (len > 0 && len <= SAMPLE_KEY_MAX &&
	    secret_reserve(&s->private_key, SAMPLE_KEY_MAX) == RC_OK &&
	    i2d_PUBKEY(key, NULL) == P256_SPKI_LEN) {
		unsigned char *at = s->private_key.bytes;

		s->private_key.len = (size_t)i2d_PKCS8_PRIV_KEY_INFO(p8, &at);
		(void)i2d_PUBKEY(key, &p);
		rc = RC_OK;
	}
	PKCS8_PRIV_KEY_INFO_free(p8);
	return rc;
}

static const char *const subjects[SAMPLE_CHAIN_MAX + 1] = {
    "s", "1", "2", "3", "4"};

/* The certificate `i` of the chain; the one behind the last is the root. */
static enum rc
make_link(struct sample *s, EVP_PKEY *const *keys, size_t i, size_t count,
    const char *name, size_t len)
{
	bool root = i == count;
	const struct draft d = {
	    .subject = subjects[i],
	    .issuer = subjects[root ? i : i + 1],
	    .name = name,
	    .key = keys[i],
	    .by = keys[root ? i : i + 1],
	    .authority = i > 0,
	    .serial = (long)i + 1,
	};
	size_t made;
	enum rc rc;

	if (root)
		return make_one(&d, 0, s->root, &s->root_len);
	rc = make_one(&d, len, s->chain + s->chain_len, &made);
	s->chain_len += made;
	return rc;
}

enum rc
sample_make(struct sample *s, const char *name, const size_t *len, size_t count)
{
	EVP_PKEY *keys[SAMPLE_CHAIN_MAX + 1] = {0};
	enum rc rc = RC_OK;

	s->chain_len = s->root_len = 0;
	if (count > SAMPLE_CHAIN_MAX)
		return RC_TOO_LARGE;
	for (size_t i = 0; i < count; i++)
		if (len[i] == 0 || len[i] > SAMPLE_CERT_MAX)
			return RC_TOO_LARGE;
	for (size_t i = 0; i <= count && rc == RC_OK; i++) {
		keys[i] = EVP_EC_gen("P-256");
		if (!keys[i])
			rc = RC_MEMORY;
	}
	if (rc == RC_OK)
		rc = keep_key(s, keys[0]);
	for (size_t i = 0; i <= count && count && rc == RC_OK; i++)
		rc = make_link(s, keys, i, count, name, i < count ? len[i] : 0);
	for (size_t i = 0; i <= count; i++)
		EVP_PKEY_free(keys[i]);
	ERR_clear_error();
	return rc;
}

/* r and s of a signature in DER. */
static bool
split(const uint8_t *der, size_t len, uint8_t *out)
{
	const unsigned char *p = der;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)len);
	bool done = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, 32) == 32 &&
	    BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + 32, 32) == 32;

	ECDSA_SIG_free(sig);
	return done;
}

enum rc
sample_sign(const struct sample *s,
    const uint8_t digest[static P256_DIGEST_LEN],
    uint8_t signature[static P256_SIGNATURE_LEN])
{
	const unsigned char *p = s->private_key.bytes;
	EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &p, (long)s->private_key.len);
	EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
	uint8_t der[P256_SIGNATURE_DER_MAX];
	size_t len = 0;
	bool done = ctx && EVP_PKEY_sign_init(ctx) == 1;

	for (unsigned i = 0; done && len != SIGNATURE_LEN && i < TRIES_MAX;
	     i++) {
		len = sizeof(der);
		done =
		    EVP_PKEY_sign(ctx, der, &len, digest, P256_DIGEST_LEN) == 1;
	}
	done = done && split(der, len, signature);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return done ? RC_OK : RC_MEMORY;
}

void
sample_fini(struct sample *s)
{
	secret_fini(&s->private_key);
}
