/*
 * TBSCertificate, RFC 5280 section 4.1, in the fewest bytes. The order of
 * extensions is ours; nothing that has its default value is written.
 */
#include "base/digest.h"
#include "hsm/cert_issue.h"
#include "hsm/x509_internal.h"

enum {
	/* as files have it (policy/yaml.h): "10y" nests in "10y" */
	YEAR_S = 365 * 86400,
	KEY_ID_LEN = 20,
};

void
cert_profile_init(struct cert_profile *p, enum cert_kind kind)
{
	bool ca = kind == CERT_ROOT || kind == CERT_ISSUING;

	*p = (struct cert_profile){.kind = kind, .path_len = -1};
	p->key_ids = kind != CERT_DEVICE;
	if (ca)
		p->key_usage = CERT_KEY_CERT_SIGN | CERT_CRL_SIGN;
	switch (kind) {
	case CERT_ROOT:
		p->validity_s = INT64_C(20) * YEAR_S;
		break;
	case CERT_ISSUING:
		p->path_len = 0;
		p->validity_s = INT64_C(10) * YEAR_S;
		break;
	case CERT_SERVER:
		p->key_usage = CERT_DIGITAL_SIGNATURE;
		p->eku = CERT_SERVER_AUTH;
		p->validity_s = YEAR_S;
		break;
	case CERT_DEVICE:
		p->eku = CERT_CLIENT_AUTH;
		p->validity_s = INT64_C(10) * YEAR_S;
		p->backdate_s = 86400;
		break;
	}
}

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

void
cert_draft_init(struct cert_draft *d, const struct cert_profile *profile,
    const struct cert *issuer, struct span spki, int64_t now_s)
{
	*d = (struct cert_draft){
	    .profile = profile,
	    .issuer = issuer,
	    .spki = spki,
	    .not_before_s = now_s - profile->backdate_s,
	    .now_s = now_s,
	};
	if (profile->validity_s > DER_TIME_FOREVER - now_s)
		d->not_after_s = DER_TIME_FOREVER;
	else
		d->not_after_s = now_s + profile->validity_s;
	if (!issuer)
		return;
	d->not_before_s = later(d->not_before_s, issuer->not_before_s);
	if (profile->clip && d->not_after_s > issuer->not_after_s)
		d->not_after_s = issuer->not_after_s;
}

static const struct {
	uint8_t oid[3];
	uint8_t tag;
} attributes[] = {
    [CERT_CN] = {{0x55, 0x04, 0x03}, DER_UTF8},
    [CERT_O] = {{0x55, 0x04, 0x0a}, DER_UTF8},
    [CERT_OU] = {{0x55, 0x04, 0x0b}, DER_UTF8},
    [CERT_C] = {{0x55, 0x04, 0x06}, DER_PRINTABLE},
    [CERT_L] = {{0x55, 0x04, 0x07}, DER_UTF8},
    [CERT_ST] = {{0x55, 0x04, 0x08}, DER_UTF8},
    [CERT_SERIAL_NUMBER] = {{0x55, 0x04, 0x05}, DER_PRINTABLE},
};

void
cert_put_subject(struct writer *w, const struct cert_profile *p)
{
	size_t name = der_open(w, DER_SEQUENCE);

	for (size_t i = 0; i < p->subject_count; i++) {
		const struct cert_rdn *rdn = &p->subject[i];
		size_t set = der_open(w, DER_SET);
		size_t pair = der_open(w, DER_SEQUENCE);

		der_put(w, DER_OID, span_of(attributes[rdn->attribute].oid, 3));
		der_put(w, attributes[rdn->attribute].tag, rdn->value);
		der_close(w, pair);
		der_close(w, set);
	}
	der_close(w, name);
}

static void
put_ca(struct writer *w, const struct cert_profile *p)
{
	struct x509_open at =
	    x509_extension_open(w, CE_BASIC_CONSTRAINTS, true);
	size_t in = der_open(w, DER_SEQUENCE);

	der_put(w, DER_BOOLEAN, SPAN_LIT("\xff"));
	if (p->path_len >= 0)
		der_put_small(w, DER_INTEGER, (uint64_t)p->path_len);
	der_close(w, in);
	x509_extension_close(w, at);
}

static void
put_use(struct writer *w, const struct cert_profile *p)
{
	struct x509_open at;
	size_t in;

	if (p->key_usage) {
		at = x509_extension_open(w, CE_KEY_USAGE, true);
		der_put_named_bits(w, p->key_usage);
		x509_extension_close(w, at);
	}
	if (p->eku) {
		at = x509_extension_open(w, CE_EKU, false);
		in = der_open(w, DER_SEQUENCE);
		if (p->eku & CERT_SERVER_AUTH)
			der_put(w, DER_OID, oid_eku_server);
		if (p->eku & CERT_CLIENT_AUTH)
			der_put(w, DER_OID, oid_eku_client);
		der_close(w, in);
		x509_extension_close(w, at);
	}
}

static void
put_names(struct writer *w, const struct cert_profile *p)
{
	struct x509_open at;
	size_t in, trees;

	if (p->san_count) {
		/* RFC 5280 4.2.1.6: critical where it is the only name. */
		at = x509_extension_open(w, CE_SAN, p->subject_count == 0);
		in = der_open(w, DER_SEQUENCE);
		for (size_t i = 0; i < p->san_count; i++)
			der_put(w, (uint8_t)(DER_CONTEXT + p->san[i].kind),
			    p->san[i].value);
		der_close(w, in);
		x509_extension_close(w, at);
	}
	if (p->permitted_count) {
		at = x509_extension_open(w, CE_NAME_CONSTRAINTS, true);
		in = der_open(w, DER_SEQUENCE);
		trees = der_open(w, DER_CONTEXT_CONSTRUCTED);
		for (size_t i = 0; i < p->permitted_count; i++) {
			size_t tree = der_open(w, DER_SEQUENCE);

			der_put(w,
			    (uint8_t)(DER_CONTEXT + p->permitted[i].kind),
			    p->permitted[i].value);
			der_close(w, tree);
		}
		der_close(w, trees);
		der_close(w, in);
		x509_extension_close(w, at);
	}
}

/* RFC 7093 section 2: the left 160 bits of SHA-256 over the point. */
static void
put_key_ids(struct writer *w, const struct cert_draft *d)
{
	uint8_t digest[DIGEST_LEN];
	struct span issuer_id =
	    d->issuer ? d->issuer->key_id : span_of(digest, KEY_ID_LEN);
	struct x509_open at;
	size_t in;

	digest_of(span_from(d->spki, P256_SPKI_LEN - P256_POINT_LEN), digest);
	at = x509_extension_open(w, CE_SUBJECT_KEY_ID, false);
	der_put(w, DER_OCTET_STRING, span_of(digest, KEY_ID_LEN));
	x509_extension_close(w, at);
	/* RFC 5280 4.2.1.1: not needed where it would be the same. */
	if (!d->issuer || issuer_id.len == 0)
		return;
	at = x509_extension_open(w, CE_AUTHORITY_KEY_ID, false);
	in = der_open(w, DER_SEQUENCE);
	der_put(w, DER_CONTEXT, issuer_id);
	der_close(w, in);
	x509_extension_close(w, at);
}

static void
put_extensions(struct writer *w, const struct cert_draft *d)
{
	const struct cert_profile *p = d->profile;
	bool ca = p->kind == CERT_ROOT || p->kind == CERT_ISSUING;
	size_t outer, list;

	if (!ca && !p->key_usage && !p->eku && !p->san_count && !p->key_ids)
		return;
	outer = der_open(w, DER_CONTEXT_CONSTRUCTED + 3);
	list = der_open(w, DER_SEQUENCE);
	if (ca)
		put_ca(w, p);
	put_use(w, p);
	put_names(w, p);
	if (p->key_ids)
		put_key_ids(w, d);
	der_close(w, list);
	der_close(w, outer);
}

static bool
writable(const struct cert_profile *p)
{
	if (p->subject_count > CERT_SUBJECT_MAX ||
	    p->san_count > CERT_SAN_MAX ||
	    p->permitted_count > CERT_PERMITTED_MAX)
		return false;
	for (size_t i = 0; i < p->subject_count; i++)
		if ((unsigned)p->subject[i].attribute > CERT_SERIAL_NUMBER)
			return false;
	for (size_t i = 0; i < p->san_count; i++)
		if (p->san[i].kind != CERT_NAME_DNS &&
		    p->san[i].kind != CERT_NAME_URI &&
		    p->san[i].kind != CERT_NAME_IP)
			return false;
	for (size_t i = 0; i < p->permitted_count; i++)
		if (p->permitted[i].kind != CERT_NAME_DNS &&
		    p->permitted[i].kind != CERT_NAME_URI)
			return false;
	return true;
}

enum rc
cert_tbs(const struct cert_draft *d, struct writer *w)
{
	size_t tbs, in;

	if (!writable(d->profile) || d->spki.len != P256_SPKI_LEN ||
	    d->not_before_s < 0 || d->not_after_s > DER_TIME_FOREVER)
		return RC_MALFORMED;
	tbs = der_open(w, DER_SEQUENCE);
	in = der_open(w, DER_CONTEXT_CONSTRUCTED);
	der_put_small(w, DER_INTEGER, 2); /* version 3 */
	der_close(w, in);
	der_put_unsigned(w, span_of(d->serial, sizeof(d->serial)));
	writer_put(w, p256_sha256_algorithm);
	if (d->issuer)
		writer_put(w, d->issuer->subject);
	else
		cert_put_subject(w, d->profile);
	in = der_open(w, DER_SEQUENCE);
	der_put_time(w, d->not_before_s);
	der_put_time(w, d->not_after_s);
	der_close(w, in);
	cert_put_subject(w, d->profile);
	writer_put(w, d->spki);
	put_extensions(w, d);
	der_close(w, tbs);
	return w->full ? RC_TOO_LARGE : RC_OK;
}
