#include "dtls/x509.h"

#include "dtls/der.h"

#include <strings.h>

enum {
	DNS_NAME = 0x82, /* [2] of GeneralName */
	KEY_POINT_AT = 27, /* bytes before the point */
};

static const uint8_t oid_common_name[] = {0x55, 0x04, 0x03};
static const uint8_t oid_alt_name[] = {0x55, 0x1d, 0x11};
static const uint8_t oid_basic_constraints[] = {0x55, 0x1d, 0x13};
static const uint8_t oid_delta_crl[] = {0x55, 0x1d, 0x1b};
static const uint8_t oid_certificate_issuer[] = {0x55, 0x1d, 0x1d};

#define OID(x) span_of(x, sizeof(x))

/* Whatever the fields, in their order (RFC 5280 4.1). */
static bool
skip(struct span *in, uint8_t tag)
{
	struct der d;

	return der_next_tag(in, tag, &d);
}

/* The last one is the most specific. Absent where the name is odd. */
static struct span
common_name(struct span name)
{
	struct span found = {0};
	struct der set, pair, oid, text;

	while (der_next_tag(&name, DER_SET, &set))
		while (der_next_tag(&set.value, DER_SEQUENCE, &pair))
			if (der_next_tag(&pair.value, DER_OID, &oid) &&
			    span_equal(oid.value, OID(oid_common_name)) &&
			    der_next(&pair.value, &text))
				found = text.value;
	return found;
}

/*
 * The content of the extension `oid` in a list of them, NULL in .p without.
 * False: the list is malformed.
 */
static bool
extension(struct span list, struct span oid, struct span *content)
{
	struct der e, id, octets;

	*content = (struct span){0};
	while (list.len > 0) {
		if (!der_next_tag(&list, DER_SEQUENCE, &e) ||
		    !der_next_tag(&e.value, DER_OID, &id))
			return false;
		(void)skip(&e.value, DER_BOOLEAN);
		if (!der_next_tag(&e.value, DER_OCTET_STRING, &octets) ||
		    e.value.len > 0)
			return false;
		if (span_equal(id.value, oid))
			*content = octets.value;
	}
	return true;
}

static bool
alt_names(struct span list, struct span *names)
{
	struct span content;
	struct der d;

	if (!extension(list, OID(oid_alt_name), &content))
		return false;
	if (!content.p)
		return true;
	if (!der_next_tag(&content, DER_SEQUENCE, &d))
		return false;
	*names = d.value;
	return true;
}

static bool
authority(struct span list, bool *is)
{
	struct span content;
	struct der d, ca;

	if (!extension(list, OID(oid_basic_constraints), &content))
		return false;
	if (!content.p)
		return true;
	if (!der_next_tag(&content, DER_SEQUENCE, &d))
		return false;
	*is = der_next_tag(&d.value, DER_BOOLEAN, &ca) && ca.value.len == 1 &&
	    ca.value.p[0] == 0xff;
	return true;
}

/* What is left of a certificate: its extensions, if any. */
static bool
extensions(struct span tbs, struct x509_certificate *out)
{
	struct der wrapped, list;

	if (!der_next_tag(&tbs, DER_CONTEXT_0 + 3, &wrapped))
		return tbs.len == 0;
	return der_next_tag(&wrapped.value, DER_SEQUENCE, &list) &&
	    alt_names(list.value, &out->alt_names) &&
	    authority(list.value, &out->authority);
}

enum rc
x509_certificate(struct span der, struct x509_certificate *out)
{
	struct der whole, tbs, serial, issuer, subject, key;
	struct span in;

	*out = (struct x509_certificate){0};
	if (!der_next_tag(&der, DER_SEQUENCE, &whole) || der.len > 0 ||
	    !der_next_tag(&whole.value, DER_SEQUENCE, &tbs))
		return RC_MALFORMED;
	in = tbs.value;
	(void)skip(&in, DER_CONTEXT_0); /* version */
	if (!der_next_tag(&in, DER_INTEGER, &serial) ||
	    !skip(&in, DER_SEQUENCE) || /* signature */
	    !der_next_tag(&in, DER_SEQUENCE, &issuer) ||
	    !skip(&in, DER_SEQUENCE) || /* validity */
	    !der_next_tag(&in, DER_SEQUENCE, &subject) ||
	    !der_next_tag(&in, DER_SEQUENCE, &key))
		return RC_MALFORMED;
	(void)skip(&in, 0x81); /* issuerUniqueID */
	(void)skip(&in, 0x82); /* subjectUniqueID */
	out->serial = serial.value;
	out->issuer = issuer.raw;
	out->public_key = key.raw;
	out->common_name = common_name(subject.value);
	return extensions(in, out) ? RC_OK : RC_MALFORMED;
}

static bool
same_text(struct span a, struct span b)
{
	return a.len == b.len && a.len > 0 &&
	    strncasecmp((const char *)a.p, (const char *)b.p, a.len) == 0;
}

static bool
matches(struct span pattern, struct span host)
{
	const uint8_t *dot;

	if (!span_starts(pattern, SPAN_LIT("*.")))
		return same_text(pattern, host);
	dot = host.len ? memchr(host.p, '.', host.len) : NULL;
	if (!dot || dot == host.p)
		return false;
	return same_text(
	    span_from(pattern, 1), span_from(host, (size_t)(dot - host.p)));
}

bool
x509_is_for(const struct x509_certificate *c, struct span host)
{
	struct span names = c->alt_names;
	struct der name;
	bool any = false;

	if (memchr(host.p ? host.p : (const uint8_t *)"", 0, host.len))
		return false;
	while (der_next(&names, &name)) {
		if (name.tag != DNS_NAME)
			continue;
		any = true;
		if (matches(name.value, host))
			return true;
	}
	return !any && matches(c->common_name, host);
}

bool
x509_is_p256_key(struct span der)
{
	static const uint8_t head[KEY_POINT_AT] = {0x30, 0x59, 0x30, 0x13, 0x06,
	    0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
	    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};

	return der.len == X509_P256_KEY_LEN &&
	    span_starts(der, span_of(head, sizeof(head)));
}

static bool
skip_time(struct span *in)
{
	return skip(in, DER_UTC_TIME) || skip(in, DER_GENERALIZED_TIME);
}

/* RFC 5280 5.1. */
enum rc
x509_crl(struct span der, struct x509_crl *out)
{
	struct der whole, tbs, issuer, entries, wrapped, list;
	struct span in, delta;

	*out = (struct x509_crl){0};
	if (!der_next_tag(&der, DER_SEQUENCE, &whole) || der.len > 0 ||
	    !der_next_tag(&whole.value, DER_SEQUENCE, &tbs))
		return RC_MALFORMED;
	in = tbs.value;
	(void)skip(&in, DER_INTEGER); /* version */
	if (!skip(&in, DER_SEQUENCE) || /* signature */
	    !der_next_tag(&in, DER_SEQUENCE, &issuer) || !skip_time(&in))
		return RC_MALFORMED;
	(void)skip_time(&in); /* nextUpdate */
	out->issuer = issuer.raw;
	if (der_next_tag(&in, DER_SEQUENCE, &entries))
		out->entries = entries.value;
	if (in.len == 0)
		return RC_OK;
	if (!der_next_tag(&in, DER_CONTEXT_0, &wrapped) || in.len > 0 ||
	    !der_next_tag(&wrapped.value, DER_SEQUENCE, &list) ||
	    !extension(list.value, OID(oid_delta_crl), &delta))
		return RC_MALFORMED;
	return delta.p ? RC_UNSUPPORTED : RC_OK;
}

enum rc
x509_revoked(struct span *entries, struct span *serial)
{
	struct span other;
	struct der entry, number, list;

	if (entries->len == 0)
		return RC_AGAIN;
	if (!der_next_tag(entries, DER_SEQUENCE, &entry) ||
	    !der_next_tag(&entry.value, DER_INTEGER, &number) ||
	    !skip_time(&entry.value))
		return RC_MALFORMED;
	*serial = number.value;
	if (entry.value.len == 0)
		return RC_OK;
	if (!der_next_tag(&entry.value, DER_SEQUENCE, &list) ||
	    !extension(list.value, OID(oid_certificate_issuer), &other))
		return RC_MALFORMED;
	return other.p ? RC_UNSUPPORTED : RC_OK;
}
