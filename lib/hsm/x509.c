/* Names, extensions and signed wholes: RFC 5280 sections 4.1 and 4.2. */
#include "base/text.h"
#include "hsm/p256.h"
#include "hsm/x509_internal.h"

#define OID(name, ...) \
	static const uint8_t name##_bytes[] = {__VA_ARGS__}; \
	const struct span name = {name##_bytes, sizeof(name##_bytes)}

OID(oid_common_name, 0x55, 0x04, 0x03);
OID(oid_eku_server, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01);
OID(oid_eku_client, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02);
OID(oid_eku_any, 0x55, 0x1d, 0x25, 0x00);

static const uint8_t id_ce[] = {0x55, 0x1d};

bool
x509_text_valid(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return text_utf8_valid(s);
}

static bool
ascii_printable(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			return false;
	return true;
}

/* Counts the common names that can be read and those that cannot. */
static void
read_attribute(struct der_reader *set, struct span *cn, unsigned *cn_count)
{
	struct der_reader pair = der_enter(set, DER_SEQUENCE);
	struct span oid = der_oid(&pair);
	const uint8_t *at = pair.p;
	uint8_t tag;
	struct span value = der_take_any(&pair, &tag);

	der_end(&pair);
	if (!der_ok(set) || !span_equal(oid, oid_common_name))
		return;
	++*cn_count;
	if (tag != DER_UTF8 && tag != DER_PRINTABLE && tag != DER_IA5)
		return;
	if (value.len == 0 ||
	    !(tag == DER_UTF8 ? x509_text_valid(value)
			      : ascii_printable(value)))
		der_fail_at(&pair, at, "a common name that is not plain text");
	*cn = value;
}

struct span
x509_name_read(struct der_reader *r, struct span *cn)
{
	const char *outer = r->clause;
	const uint8_t *at = r->p;
	struct span found = {0};
	unsigned cn_count = 0;
	struct der_reader name;

	r->clause = "RFC 5280 4.1.2.4";
	name = der_enter(r, DER_SEQUENCE);
	while (der_peek(&name)) {
		struct der_reader set = der_enter(&name, DER_SET);
		struct span before = {0};

		if (!der_peek(&set))
			der_fail(&set, "an empty RelativeDistinguishedName");
		while (der_peek(&set)) {
			const uint8_t *from = set.p;
			struct span whole;

			read_attribute(&set, &found, &cn_count);
			whole = span_of(from, (size_t)(set.p - from));
			if (der_ok(&set) && before.len &&
			    span_compare(before, whole) > 0) {
				set.clause = "X.690 11.6";
				der_fail_at(&set, from, "a SET out of order");
			}
			before = whole;
		}
	}
	r->clause = outer;
	if (!der_ok(r))
		return span_of(NULL, 0);
	if (cn)
		*cn = cn_count == 1 ? found : span_of(NULL, 0);
	return span_of(at, (size_t)(r->p - at));
}

static void
check_general_name(
    struct der_reader *r, const uint8_t *at, uint8_t tag, struct span value)
{
	switch (tag) {
	case 0x81: /* rfc822Name */
	case DER_CONTEXT + CERT_NAME_DNS:
	case DER_CONTEXT + CERT_NAME_URI:
		if (value.len == 0 || !ascii_printable(value))
			der_fail_at(
			    r, at, "a name that is not printable ASCII");
		break;
	case DER_CONTEXT + CERT_NAME_IP:
		if (value.len != 4 && value.len != 16)
			der_fail_at(r, at,
			    "an address of other than 4 or 16 "
			    "bytes");
		break;
	case 0xa0: /* otherName */
	case 0xa3: /* x400Address */
	case 0xa5: /* ediPartyName */
	case DER_CONTEXT_CONSTRUCTED + CERT_NAME_DIRECTORY:
	case 0x88: /* registeredID */
		break;
	default:
		der_fail_at(r, at, "no kind of GeneralName");
	}
}

struct span
x509_general_names_read(struct der_reader *r)
{
	struct der_reader names;
	struct span all;

	r->clause = "RFC 5280 4.2.1.6";
	names = der_enter(r, DER_SEQUENCE);
	all = span_of(names.p, (size_t)(names.end - names.p));
	if (!der_peek(&names))
		der_fail(&names, "no name");
	while (der_peek(&names)) {
		const uint8_t *at = names.p;
		uint8_t tag;
		struct span value = der_take_any(&names, &tag);

		if (der_ok(&names))
			check_general_name(&names, at, tag, value);
	}
	return der_ok(r) ? all : span_of(NULL, 0);
}

struct span
x509_authority_key_read(struct der_reader *r)
{
	struct der_reader parts;
	struct span id = {0};

	r->clause = "RFC 5280 4.2.1.1";
	parts = der_enter(r, DER_SEQUENCE);
	if (der_peek(&parts) == 0x80)
		id = der_take(&parts, 0x80);
	if (der_peek(&parts) == 0xa1)
		(void)der_take(&parts, 0xa1);
	if (der_peek(&parts) == 0x82)
		(void)der_take(&parts, 0x82);
	der_end(&parts);
	return der_ok(r) ? id : span_of(NULL, 0);
}

struct span
x509_spki_read(struct der_reader *r, bool *p256)
{
	const uint8_t *at = r->p;
	struct der_reader key, algorithm;
	unsigned unused;
	uint8_t tag;
	struct span whole;

	r->clause = "RFC 5280 4.1.2.7";
	key = der_enter(r, DER_SEQUENCE);
	algorithm = der_enter(&key, DER_SEQUENCE);
	(void)der_oid(&algorithm);
	if (der_peek(&algorithm))
		(void)der_take_any(&algorithm, &tag);
	der_end(&algorithm);
	(void)der_bits(&key, &unused);
	der_end(&key);
	*p256 = false;
	if (!der_ok(r))
		return span_of(NULL, 0);
	whole = span_of(at, (size_t)(r->p - at));
	*p256 = p256_spki_check(whole) == RC_OK;
	return whole;
}

struct span
x509_algorithm_read(struct der_reader *r)
{
	const uint8_t *at = r->p;
	struct der_reader algorithm;
	uint8_t tag;

	r->clause = "RFC 5280 4.1.1.2";
	algorithm = der_enter(r, DER_SEQUENCE);
	(void)der_oid(&algorithm);
	if (der_peek(&algorithm))
		(void)der_take_any(&algorithm, &tag);
	der_end(&algorithm);
	return der_ok(r) ? span_of(at, (size_t)(r->p - at)) : span_of(NULL, 0);
}

/* RFC 5758 3.2: ansi-X9-62 signatures(4), all of them. */
bool
x509_ecdsa_is(struct span algorithm)
{
	static const uint8_t arc[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04};
	struct der_fault fault;
	struct der_reader r, in;

	der_reader_init(&r, algorithm, &fault);
	in = der_enter(&r, DER_SEQUENCE);
	return span_starts(der_oid(&in), span_of(arc, sizeof(arc)));
}

bool
x509_ecdsa_read(struct span signature, struct x509_ecdsa *out)
{
	struct der_fault fault;
	struct der_reader r, in;

	der_reader_init(&r, signature, &fault);
	in = der_enter(&r, DER_SEQUENCE);
	der_end(&r);
	out->r = der_unsigned(&in, signature.len, false);
	out->s = der_unsigned(&in, signature.len, false);
	der_end(&in);
	return der_ok(&r);
}

struct span
x509_signed_read(struct span der, struct span *tbs, struct span *algorithm,
    struct span *signature, struct der_reader *tbs_r, struct der_fault *fault)
{
	struct der_reader r, all;
	struct x509_ecdsa pair;
	unsigned unused;
	const uint8_t *at;

	der_reader_init(&r, der, fault);
	r.clause = "RFC 5280 4.1.1";
	all = der_enter(&r, DER_SEQUENCE);
	der_end(&r);
	at = all.p;
	*tbs_r = der_enter(&all, DER_SEQUENCE);
	*tbs = span_of(at, (size_t)(all.p - at));
	*algorithm = x509_algorithm_read(&all);
	all.clause = "RFC 5280 4.1.1.3";
	*signature = der_bits(&all, &unused);
	if (unused)
		der_fail(&all, "a signature of odd bits");
	der_end(&all);
	if (der_ok(&r) && x509_ecdsa_is(*algorithm) &&
	    !x509_ecdsa_read(*signature, &pair))
		der_fail_at(&all, signature->p,
		    "a signature that is no ECDSA-Sig-Value in DER");
	return der_ok(&r) ? der : span_of(NULL, 0);
}

bool
x509_extension_next(
    struct der_reader *list, struct x509_extension *out, uint64_t *seen)
{
	const uint8_t *from = list->p;
	struct der_reader e;

	list->clause = "RFC 5280 4.2";
	if (!der_peek(list))
		return false;
	e = der_enter(list, DER_SEQUENCE);
	*out = (struct x509_extension){.oid = der_oid(&e)};
	/* Some encoders spell out the default, FALSE. */
	if (der_peek(&e) == DER_BOOLEAN)
		out->critical = der_boolean(&e);
	out->value = der_take(&e, DER_OCTET_STRING);
	out->at = out->value.p;
	der_end(&e);
	if (!der_ok(list))
		return false;
	if (out->oid.len == 3 && memcmp(out->oid.p, id_ce, sizeof(id_ce)) == 0)
		out->ce = out->oid.p[2];
	if (out->ce == 0 || out->ce >= 64)
		return true;
	if (*seen >> out->ce & 1) {
		der_fail_at(list, from, "an extension that comes twice");
		return false;
	}
	*seen |= (uint64_t)1 << out->ce;
	return true;
}

struct der_reader
x509_extension_reader(
    const struct der_reader *list, const struct x509_extension *e)
{
	struct der_reader r = *list;

	r.p = e->value.p;
	r.end = e->value.p + e->value.len;
	return r;
}

struct x509_open
x509_extension_open(struct writer *w, unsigned ce, bool critical)
{
	struct x509_open at;

	at.extension = der_open(w, DER_SEQUENCE);
	writer_be(w, DER_OID, 1);
	writer_be(w, 3, 1);
	writer_put(w, span_of(id_ce, sizeof(id_ce)));
	writer_be(w, ce, 1);
	if (critical)
		der_put(w, DER_BOOLEAN, SPAN_LIT("\xff"));
	at.value = der_open(w, DER_OCTET_STRING);
	return at;
}

void
x509_extension_close(struct writer *w, struct x509_open at)
{
	der_close(w, at.value);
	der_close(w, at.extension);
}

void
x509_signed_write(struct writer *w, struct span tbs, struct span signature)
{
	size_t bits, at = der_open(w, DER_SEQUENCE);

	writer_put(w, tbs);
	writer_put(w, p256_sha256_algorithm);
	bits = der_open(w, DER_BIT_STRING);
	writer_be(w, 0, 1);
	writer_put(w, signature);
	der_close(w, bits);
	der_close(w, at);
}
