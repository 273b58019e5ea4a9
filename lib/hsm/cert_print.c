/* A certificate in words. Names are of strangers: always quoted. */
#include "base/digest.h"
#include "base/text.h"
#include "hsm/cert.h"

static const struct {
	uint8_t oid[3];
	const char *name;
} attributes[] = {
    {{0x55, 0x04, 0x03}, "CN"},
    {{0x55, 0x04, 0x05}, "serialNumber"},
    {{0x55, 0x04, 0x06}, "C"},
    {{0x55, 0x04, 0x07}, "L"},
    {{0x55, 0x04, 0x08}, "ST"},
    {{0x55, 0x04, 0x0a}, "O"},
    {{0x55, 0x04, 0x0b}, "OU"},
};

static const char *const key_usages[] = {"digitalSignature", "nonRepudiation",
    "keyEncipherment", "dataEncipherment", "keyAgreement", "keyCertSign",
    "cRLSign", "encipherOnly", "decipherOnly"};
static const char *const ekus[] = {
    "serverAuth", "clientAuth", "anyExtendedKeyUsage", "others"};

static void
print_bits(
    unsigned bits, const char *const *names, size_t count, struct writer *w)
{
	const char *comma = "";

	for (size_t i = 0; i < count; i++) {
		if (!(bits >> i & 1))
			continue;
		writer_str(w, comma);
		writer_str(w, names[i]);
		comma = ", ";
	}
}

void
cert_print_key_usage(unsigned bits, struct writer *w)
{
	print_bits(
	    bits, key_usages, sizeof(key_usages) / sizeof(key_usages[0]), w);
}

void
cert_print_eku(unsigned bits, struct writer *w)
{
	print_bits(bits, ekus, sizeof(ekus) / sizeof(ekus[0]), w);
}

static void
print_attribute(struct der_reader *pair, struct writer *w)
{
	struct span oid = der_oid(pair);
	uint8_t tag;
	struct span value = der_take_any(pair, &tag);
	const char *name = NULL;

	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
		if (span_equal(oid, span_of(attributes[i].oid, 3)))
			name = attributes[i].name;
	if (name) {
		writer_str(w, name);
	} else {
		writer_str(w, "#");
		text_hex(w, oid);
	}
	writer_str(w, "=");
	if (tag == DER_UTF8 || tag == DER_PRINTABLE || tag == DER_IA5) {
		text_quote(w, value);
	} else {
		writer_str(w, "#");
		text_hex(w, value);
	}
}

void
cert_print_dn(struct span name, struct writer *w)
{
	struct der_fault fault;
	struct der_reader r, in;
	const char *comma = "";

	der_reader_init(&r, name, &fault);
	in = der_enter(&r, DER_SEQUENCE);
	if (!der_peek(&in))
		writer_str(w, "(empty)");
	while (der_peek(&in)) {
		struct der_reader set = der_enter(&in, DER_SET);

		while (der_peek(&set)) {
			struct der_reader pair = der_enter(&set, DER_SEQUENCE);

			writer_str(w, comma);
			print_attribute(&pair, w);
			comma = ", ";
		}
	}
}

static void
print_address(struct span v, struct writer *w)
{
	if (v.len == 4) {
		writer_fmt(w, "%u.%u.%u.%u", v.p[0], v.p[1], v.p[2], v.p[3]);
		return;
	}
	for (size_t i = 0; i + 1 < v.len; i += 2)
		writer_fmt(w, "%s%x", i ? ":" : "",
		    (unsigned)v.p[i] << 8 | v.p[i + 1]);
}

/* In a constraint address and mask. */
static void
print_ip(struct span v, struct writer *w)
{
	if (v.len == 8 || v.len == 32) {
		print_address(span_of(v.p, v.len / 2), w);
		writer_str(w, "/");
		v = span_from(v, v.len / 2);
	}
	print_address(v, w);
}

void
cert_print_name(const struct cert_name *n, struct writer *w)
{
	switch (n->kind) {
	case CERT_NAME_DNS:
		writer_str(w, "DNS ");
		text_quote(w, n->value);
		break;
	case CERT_NAME_URI:
		writer_str(w, "URI ");
		text_quote(w, n->value);
		break;
	case CERT_NAME_IP:
		writer_str(w, "IP ");
		print_ip(n->value, w);
		break;
	case CERT_NAME_DIRECTORY:
		writer_str(w, "directory ");
		cert_print_dn(n->value, w);
		break;
	default:
		writer_fmt(w, "[%u] ", n->kind);
		text_hex(w, n->value);
	}
}

static void
print_names(const char *head, struct span names,
    bool (*next)(struct span *, struct cert_name *), struct writer *w)
{
	struct cert_name n;

	while (next(&names, &n)) {
		writer_fmt(w, "%-20s", head);
		cert_print_name(&n, w);
		writer_str(w, "\n");
	}
}

static void
print_validity(const struct cert *c, struct writer *w)
{
	writer_fmt(w, "%-20s", "not before");
	der_print_time(w, c->not_before_s);
	writer_fmt(w, "\n%-20s", "not after");
	der_print_time(w, c->not_after_s);
	writer_str(w, "\n");
}

static void
print_use(const struct cert *c, struct writer *w)
{
	writer_fmt(w, "%-20s", "may sign");
	if (!c->is_ca)
		writer_str(w, "no certificates");
	else if (c->path_len < 0)
		writer_str(w, "certificates, of CAs too");
	else if (c->path_len == 0)
		writer_str(w, "certificates, not of CAs (path length 0)");
	else
		writer_fmt(w, "certificates, path length %d", c->path_len);
	writer_str(w, "\n");
	if (c->has_key_usage) {
		writer_fmt(w, "%-20s", "key usage");
		cert_print_key_usage(c->key_usage, w);
		writer_str(w, "\n");
	}
	if (c->has_eku) {
		writer_fmt(w, "%-20s", "extended key usage");
		cert_print_eku(c->eku, w);
		writer_str(w, "\n");
	}
}

static void
print_digest(const char *head, struct span of, struct writer *w)
{
	uint8_t digest[DIGEST_LEN];

	digest_of(of, digest);
	writer_fmt(w, "%-20s", head);
	text_hex(w, span_of(digest, sizeof(digest)));
	writer_str(w, "\n");
}

void
cert_print(const struct cert *c, struct writer *w)
{
	writer_fmt(w, "%-20s", "subject");
	cert_print_dn(c->subject, w);
	writer_fmt(w, "\n%-20s", "issuer");
	cert_print_dn(c->issuer, w);
	writer_str(w, "\n");
	if (c->serial.len) {
		writer_fmt(w, "%-20s", "serial");
		text_hex(w, c->serial);
		writer_str(w, "\n");
	}
	print_validity(c, w);
	print_use(c, w);
	print_names("name", c->san, cert_name_next, w);
	print_names("permitted", c->permitted, cert_subtree_next, w);
	print_names("excluded", c->excluded, cert_subtree_next, w);
	writer_fmt(w, "%-20s%s\n", "key", c->p256 ? "EC P-256" : "other");
	print_digest("SHA-256 of the key", c->spki, w);
	if (c->der.len)
		print_digest("SHA-256", c->der, w);
}
