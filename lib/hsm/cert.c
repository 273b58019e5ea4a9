/* Certificates, RFC 5280 section 4: from DER to a plain value. */
#include "hsm/cert.h"
#include "hsm/p256.h"
#include "hsm/x509_internal.h"

#include <openssl/err.h>
#include <openssl/x509.h>

enum { VERSION_3 = 2, PATH_LEN_MAX = 255 };

static void
read_basic_constraints(struct der_reader *r, struct cert *c)
{
	struct der_reader in;

	r->clause = "RFC 5280 4.2.1.9";
	in = der_enter(r, DER_SEQUENCE);
	if (der_peek(&in) == DER_BOOLEAN)
		c->is_ca = der_boolean(&in);
	if (der_peek(&in)) {
		if (!c->is_ca)
			der_fail(&in, "a path length without cA");
		c->path_len = (int)der_small(&in, DER_INTEGER, PATH_LEN_MAX);
	}
	der_end(&in);
}

static void
read_key_usage(struct der_reader *r, struct cert *c)
{
	r->clause = "RFC 5280 4.2.1.3";
	c->has_key_usage = true;
	c->key_usage = der_named_bits(r);
	if (c->key_usage == 0)
		der_fail(r, "no bit is set");
}

static void
read_eku(struct der_reader *r, struct cert *c)
{
	struct der_reader in;

	r->clause = "RFC 5280 4.2.1.12";
	c->has_eku = true;
	in = der_enter(r, DER_SEQUENCE);
	if (!der_peek(&in))
		der_fail(&in, "no purpose");
	while (der_peek(&in)) {
		struct span oid = der_oid(&in);

		if (span_equal(oid, oid_eku_server))
			c->eku |= CERT_SERVER_AUTH;
		else if (span_equal(oid, oid_eku_client))
			c->eku |= CERT_CLIENT_AUTH;
		else if (span_equal(oid, oid_eku_any))
			c->eku |= CERT_ANY_EKU;
		else
			c->eku |= CERT_OTHER_EKU;
	}
}

/* GeneralSubtrees: their contents. minimum and maximum are not used. */
static struct span
read_subtrees(struct der_reader *r, uint8_t tag)
{
	struct der_reader in = der_enter(r, tag);
	struct span all = span_of(in.p, (size_t)(in.end - in.p));

	if (!der_peek(&in))
		der_fail(&in, "no subtree");
	while (der_peek(&in)) {
		struct der_reader tree = der_enter(&in, DER_SEQUENCE);
		const uint8_t *at = tree.p;
		uint8_t base;
		struct span value = der_take_any(&tree, &base);

		der_end(&tree);
		if (der_ok(&tree) && base == DER_CONTEXT + CERT_NAME_IP &&
		    value.len != 8 && value.len != 32)
			der_fail_at(&tree, at,
			    "an address range of other "
			    "than 8 or 32 bytes");
	}
	return der_ok(r) ? all : span_of(NULL, 0);
}

static void
read_constraints(struct der_reader *r, struct cert *c)
{
	struct der_reader in;

	r->clause = "RFC 5280 4.2.1.10";
	c->has_constraints = true;
	in = der_enter(r, DER_SEQUENCE);
	if (!der_peek(&in))
		der_fail(&in, "no constraint");
	if (der_peek(&in) == DER_CONTEXT_CONSTRUCTED)
		c->permitted = read_subtrees(&in, DER_CONTEXT_CONSTRUCTED);
	if (der_peek(&in) == DER_CONTEXT_CONSTRUCTED + 1)
		c->excluded = read_subtrees(&in, DER_CONTEXT_CONSTRUCTED + 1);
	der_end(&in);
}

static void
read_extension(
    struct der_reader *list, const struct x509_extension *e, struct cert *c)
{
	struct der_reader r = x509_extension_reader(list, e);

	switch (e->ce) {
	case CE_BASIC_CONSTRAINTS:
		read_basic_constraints(&r, c);
		break;
	case CE_KEY_USAGE:
		read_key_usage(&r, c);
		break;
	case CE_EKU:
		read_eku(&r, c);
		break;
	case CE_SAN:
		c->san = x509_general_names_read(&r);
		break;
	case CE_NAME_CONSTRAINTS:
		read_constraints(&r, c);
		break;
	case CE_SUBJECT_KEY_ID:
		r.clause = "RFC 5280 4.2.1.2";
		c->key_id = der_take(&r, DER_OCTET_STRING);
		break;
	case CE_AUTHORITY_KEY_ID:
		c->issuer_key_id = x509_authority_key_read(&r);
		/* what is around the key's name alone */
		if (e->value.len != c->issuer_key_id.len + 4)
			c->other = true;
		break;
	default:
		c->other = true;
		if (e->critical)
			c->unknown_critical = true;
		return;
	}
	der_end(&r);
}

static void
read_extensions(struct der_reader *tbs, unsigned version, struct cert *c)
{
	struct der_reader outer, list;
	struct x509_extension e;
	uint64_t seen = 0;

	tbs->clause = "RFC 5280 4.1.2.9";
	if (!der_peek(tbs))
		return;
	if (version != VERSION_3)
		der_fail(tbs, "extensions in a certificate before version 3");
	outer = der_enter(tbs, DER_CONTEXT_CONSTRUCTED + 3);
	list = der_enter(&outer, DER_SEQUENCE);
	if (!der_peek(&list))
		der_fail(&list, "no extension");
	while (x509_extension_next(&list, &e, &seen))
		read_extension(&list, &e, c);
	der_end(&outer);
}

/* RFC 5280 4.1: TBSCertificate, whose contents `r` reads. */
static void
read_tbs(struct der_reader *r, struct cert *c, struct span *algorithm)
{
	unsigned version = 0;
	struct der_reader in;

	c->path_len = -1;
	r->clause = "RFC 5280 4.1.2.1";
	if (der_peek(r) == DER_CONTEXT_CONSTRUCTED) {
		in = der_enter(r, DER_CONTEXT_CONSTRUCTED);
		version = der_small(&in, DER_INTEGER, VERSION_3);
		der_end(&in);
	}
	r->clause = "RFC 5280 4.1.2.2";
	c->serial = der_unsigned(r, CERT_SERIAL_MAX, false);
	*algorithm = x509_algorithm_read(r);
	c->issuer = x509_name_read(r, &c->issuer_cn);
	r->clause = "RFC 5280 4.1.2.5";
	in = der_enter(r, DER_SEQUENCE);
	c->not_before_s = der_time(&in);
	c->not_after_s = der_time(&in);
	der_end(&in);
	c->subject = x509_name_read(r, &c->cn);
	c->spki = x509_spki_read(r, &c->p256);
	r->clause = "RFC 5280 4.1.2.8";
	if (der_peek(r) == 0x81 || der_peek(r) == 0x82)
		der_fail(r, "a unique identifier");
	read_extensions(r, version, c);
	der_end(r);
}

static enum rc
verdict(struct cert *c, const struct der_fault *fault)
{
	if (!fault->what)
		return RC_OK;
	memset(c, 0, sizeof(*c));
	return RC_MALFORMED;
}

enum rc
cert_parse_tbs(struct span tbs, struct cert *out, struct der_fault *fault)
{
	struct der_reader r, in;
	struct span algorithm;

	memset(out, 0, sizeof(*out));
	der_reader_init(&r, tbs, fault);
	r.clause = "RFC 5280 4.1";
	in = der_enter(&r, DER_SEQUENCE);
	der_end(&r);
	out->tbs = tbs;
	read_tbs(&in, out, &algorithm);
	return verdict(out, fault);
}

/* Two readers of different hands: what either refuses is refused. */
static enum rc
second_opinion(struct span der, struct der_fault *fault)
{
	const uint8_t *at = der.p;
	X509 *x = d2i_X509(NULL, &at, (long)der.len);
	enum rc rc = RC_OK;

	if (!x || at != der.p + der.len) {
		if (ERR_GET_REASON(ERR_peek_last_error()) ==
		    ERR_R_MALLOC_FAILURE) {
			rc = RC_MEMORY;
		} else {
			fault->what = "OpenSSL cannot read it";
			fault->clause = "RFC 5280 4.1";
			fault->offset = x ? (size_t)(at - der.p) : 0;
			rc = RC_MALFORMED;
		}
	}
	X509_free(x);
	ERR_clear_error();
	return rc;
}

enum rc
cert_read(struct span der, struct cert *out, struct der_fault *fault)
{
	struct der_reader r;
	struct span algorithm;
	enum rc rc;

	memset(out, 0, sizeof(*out));
	out->der = x509_signed_read(
	    der, &out->tbs, &out->algorithm, &out->signature, &r, fault);
	read_tbs(&r, out, &algorithm);
	if (der_ok(&r) && !span_equal(algorithm, out->algorithm)) {
		r.clause = "RFC 5280 4.1.1.2";
		der_fail_at(&r, out->algorithm.p,
		    "a signature algorithm that is not the one signed");
	}
	rc = verdict(out, fault);
	if (rc)
		memset(out, 0, sizeof(*out));
	return rc;
}

enum rc
cert_parse(struct span der, struct cert *out, struct der_fault *fault)
{
	enum rc rc = cert_read(der, out, fault);

	if (!rc)
		rc = second_opinion(der, fault);
	if (rc)
		memset(out, 0, sizeof(*out));
	return rc;
}

/* What has been checked when it was read cannot fail. */
static bool
next_value(struct span *rest, uint8_t *tag, struct span *value)
{
	struct der_fault fault;
	struct der_reader r;

	if (rest->len == 0)
		return false;
	der_reader_init(&r, *rest, &fault);
	*value = der_take_any(&r, tag);
	if (!der_ok(&r)) {
		*rest = span_of(NULL, 0);
		return false;
	}
	*rest = span_of(r.p, (size_t)(r.end - r.p));
	return true;
}

bool
cert_name_next(struct span *rest, struct cert_name *out)
{
	uint8_t tag;

	if (!next_value(rest, &tag, &out->value))
		return false;
	out->kind = tag & 0x1f;
	return true;
}

bool
cert_subtree_next(struct span *rest, struct cert_name *out)
{
	struct span tree;
	uint8_t tag;

	return next_value(rest, &tag, &tree) && cert_name_next(&tree, out);
}

enum rc
cert_san_uri(const struct cert *c, const char *prefix, struct span *uri)
{
	struct span rest = c->san;
	struct cert_name n;
	bool found = false;

	*uri = span_of(NULL, 0);
	while (cert_name_next(&rest, &n)) {
		if (n.kind != CERT_NAME_URI ||
		    !span_starts(n.value, span_str(prefix)))
			continue;
		if (found) {
			*uri = span_of(NULL, 0);
			return RC_CONFLICT;
		}
		*uri = n.value;
		found = true;
	}
	return found ? RC_OK : RC_NOT_FOUND;
}

enum rc
cert_signed_by(const struct cert *c, struct span spki)
{
	if (!span_equal(c->algorithm, p256_sha256_algorithm))
		return RC_UNSUPPORTED;
	return p256_verify_message(spki, c->tbs, c->signature);
}
