/* Names in a draft: subject, alternative names, and what the CAs above let
 * pass. */
#include "base/text.h"
#include "hsm/lint_internal.h"
#include "hsm/x509_internal.h"

#include <strings.h>

enum {
	DNS_NAME_MAX = 253,
	DNS_LABEL_MAX = 63,
};

/* Names are quoted into a finding, cut where they are long. */
struct quoted {
	char text[100];
};

static struct quoted
quote(struct span s)
{
	struct quoted q;
	struct writer w;

	writer_init(&w, q.text, sizeof(q.text) - 1);
	text_quote(&w, s);
	if (w.full) {
		writer_init(&w, q.text, sizeof(q.text) - 1);
		text_quote(&w, span_of(s.p, 14));
		writer_str(&w, "...");
	}
	q.text[w.len] = '\0';
	return q;
}

/* RFC 1034 3.5, and "*." before it where `wildcard`. */
static bool
dns_name_valid(struct span s, bool wildcard)
{
	size_t label = 0;

	if (wildcard && span_starts(s, SPAN_LIT("*.")))
		s = span_from(s, 2);
	if (s.len == 0 || s.len > DNS_NAME_MAX || s.p[s.len - 1] == '.')
		return false;
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];
		bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '_';

		if (c == '.') {
			if (label == 0 || s.p[i - 1] == '-')
				return false;
			label = 0;
			continue;
		}
		if ((!alnum && (c != '-' || label == 0)) ||
		    ++label > DNS_LABEL_MAX)
			return false;
	}
	return s.p[s.len - 1] != '-';
}

/* RFC 5280 4.2.1.6, RFC 3986: a scheme, a colon, and no odd character. */
static bool
uri_valid(struct span s)
{
	const uint8_t *colon = s.len ? memchr(s.p, ':', s.len) : NULL;

	if (!colon || colon == s.p || colon == s.p + s.len - 1)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= 0x20 || s.p[i] >= 0x7f ||
		    strchr("\"<>\\^`{|}", s.p[i]))
			return false;
	for (const uint8_t *c = s.p; c < colon; c++) {
		bool letter =
		    (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');

		if (!letter &&
		    (c == s.p || (!strchr("+-.0123456789", *c) || !*c)))
			return false;
	}
	return true;
}

static void
lint_rdn(struct lint *l, const struct cert_rdn *rdn)
{
	struct span v = rdn->value;
	size_t max = rdn->attribute == CERT_C ? 2 : CERT_CN_MAX;
	size_t characters = 0;

	for (size_t i = 0; i < v.len; i++)
		characters += (v.p[i] & 0xc0) != 0x80;
	if (v.len == 0 || !x509_text_valid(v))
		lint_found(l, true, "cert-subject", "RFC 5280 4.1.2.6",
		    "subject %s is no text", quote(v).text);
	else if (characters > max)
		lint_found(l, true, "cert-subject", "RFC 5280 A.1",
		    "subject %s has %zu characters, %zu at most", quote(v).text,
		    characters, max);
	if (rdn->attribute == CERT_C &&
	    (v.len != 2 || v.p[0] < 'A' || v.p[0] > 'Z' || v.p[1] < 'A' ||
		v.p[1] > 'Z'))
		lint_found(l, true, "cert-subject", "RFC 5280 A.1",
		    "country %s is not two capital letters", quote(v).text);
	if (rdn->attribute == CERT_SERIAL_NUMBER)
		for (size_t i = 0; i < v.len; i++)
			if (!v.p[i] ||
			    !strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789 '()+,-./:=?",
				v.p[i])) {
				lint_found(l, true, "cert-subject",
				    "RFC 5280 A.1",
				    "serialNumber %s has a character that "
				    "PrintableString has not",
				    quote(v).text);
				break;
			}
}

static void
lint_subject(struct lint *l)
{
	const struct cert_profile *p = l->profile;
	uint8_t name[1024];
	struct writer w;
	unsigned cn = 0;

	for (size_t i = 0; i < p->subject_count; i++) {
		lint_rdn(l, &p->subject[i]);
		cn += p->subject[i].attribute == CERT_CN;
	}
	if (cn > 1)
		lint_found(l, true, "cert-subject", "RFC 5280 4.1.2.6",
		    "two common names: nobody can tell which counts");
	if (p->subject_count == 0 && l->ca)
		lint_found(l, true, "cert-subject", "RFC 5280 4.1.2.6",
		    "a CA without a subject");
	if (p->subject_count == 0 && p->san_count == 0)
		lint_found(l, true, "cert-subject", "RFC 5280 4.1.2.6",
		    "neither a subject nor a name");
	if (!l->issuer)
		return;
	writer_init(&w, name, sizeof(name));
	cert_put_subject(&w, p);
	if (!w.full && span_equal(writer_span(&w), l->issuer->subject))
		lint_found(l, true, "cert-subject", "RFC 5280 6.1",
		    "the subject is called as its issuer");
}

static void
lint_san(struct lint *l)
{
	const struct cert_profile *p = l->profile;

	for (size_t i = 0; i < p->san_count; i++) {
		const struct cert_name *n = &p->san[i];

		if (n->kind == CERT_NAME_DNS && !dns_name_valid(n->value, true))
			lint_found(l, true, "cert-san", "RFC 5280 4.2.1.6",
			    "DNS name %s is none", quote(n->value).text);
		if (n->kind == CERT_NAME_URI && !uri_valid(n->value))
			lint_found(l, true, "cert-san", "RFC 5280 4.2.1.6",
			    "URI %s is none, or not absolute",
			    quote(n->value).text);
		if (n->kind == CERT_NAME_IP && n->value.len != 4 &&
		    n->value.len != 16)
			lint_found(l, true, "cert-san", "RFC 5280 4.2.1.6",
			    "an address of %zu bytes", n->value.len);
		if (n->kind != CERT_NAME_DNS && n->kind != CERT_NAME_URI &&
		    n->kind != CERT_NAME_IP)
			lint_found(l, true, "cert-san", "RFC 5280 4.2.1.6",
			    "a kind of name that is not written here");
	}
	if (p->kind == CERT_SERVER && p->san_count == 0)
		lint_found(l, true, "cert-san", "RFC 9525 3",
		    "a server without a subject alternative name: clients no "
		    "longer look at the common name");
	if (l->ca && p->san_count)
		lint_found(l, false, "cert-san", "RFC 5280 4.2.1.6",
		    "a CA with a subject alternative name");
}

/* RFC 5280 4.2.1.10: the host of a URI, empty where it has none. */
static struct span
uri_host(struct span uri)
{
	const uint8_t *p = memchr(uri.p, ':', uri.len);
	const uint8_t *end = uri.p + uri.len, *host;

	if (!p || end - p < 3 || p[1] != '/' || p[2] != '/')
		return span_of(NULL, 0);
	host = p + 3;
	for (p = host; p < end && *p != '/' && *p != '?' && *p != '#'; p++)
		if (*p == '@')
			host = p + 1;
	end = p;
	for (p = host; p < end && *p != ':'; p++)
		if (*p == '[')
			return span_of(NULL, 0); /* an address, no name */
	return span_of(host, (size_t)(p - host));
}

static bool
same_letters(struct span a, struct span b)
{
	return a.len == b.len &&
	    (a.len == 0 ||
		strncasecmp((const char *)a.p, (const char *)b.p, a.len) == 0);
}

/* ".example" stands for what is below it; "example" for itself, and for DNS
 * also for what is below. */
static bool
host_within(struct span host, struct span base, bool uri)
{
	struct span tail;

	if (base.len == 0)
		return !uri;
	if (same_letters(host, base))
		return base.p[0] != '.';
	if (host.len <= base.len)
		return false;
	tail = span_from(host, host.len - base.len);
	if (!same_letters(tail, base))
		return false;
	if (base.p[0] == '.')
		return true;
	return !uri && host.p[host.len - base.len - 1] == '.';
}

static bool
ip_within(struct span ip, struct span range)
{
	if (range.len != 2 * ip.len)
		return false;
	for (size_t i = 0; i < ip.len; i++)
		if ((ip.p[i] ^ range.p[i]) & range.p[ip.len + i])
			return false;
	return true;
}

static bool
within(const struct cert_name *n, const struct cert_name *base)
{
	switch (n->kind) {
	case CERT_NAME_DNS:
		return host_within(n->value, base->value, false);
	case CERT_NAME_URI:
		return host_within(uri_host(n->value), base->value, true);
	case CERT_NAME_IP:
		return ip_within(n->value, base->value);
	default:
		return false;
	}
}

/* Matches of a name among subtrees, and whether any is of its kind. */
static bool
matches(const struct cert_name *n, struct span trees, bool *any)
{
	struct cert_name base;
	bool match = false;

	*any = false;
	while (cert_subtree_next(&trees, &base)) {
		if (base.kind != n->kind)
			continue;
		*any = true;
		match = match || within(n, &base);
	}
	return match;
}

static void
lint_one_name(struct lint *l, const struct cert_name *n, const char *whose)
{
	bool any, match = matches(n, l->issuer->permitted, &any);

	if (any && n->kind == CERT_NAME_URI && uri_host(n->value).len == 0)
		lint_found(l, true, "cert-name-constraint", "RFC 5280 4.2.1.10",
		    "%s %s has no host, but the issuer limits URIs to hosts",
		    whose, quote(n->value).text);
	else if (any && !match)
		lint_found(l, true, "cert-name-constraint", "RFC 5280 4.2.1.10",
		    "%s %s is not among what the issuer permits", whose,
		    quote(n->value).text);
	if (matches(n, l->issuer->excluded, &any))
		lint_found(l, true, "cert-name-constraint", "RFC 5280 4.2.1.10",
		    "%s %s is among what the issuer excludes", whose,
		    quote(n->value).text);
}

/* A CA below must not permit more than its issuer: its own names would be
 * refused later, by others. */
static void
lint_nested_constraint(struct lint *l, const struct cert_name *n)
{
	struct cert_name base;
	struct span trees = l->issuer->permitted;
	bool any = false, match = false;

	while (cert_subtree_next(&trees, &base)) {
		if (base.kind != n->kind)
			continue;
		any = true;
		match = match || same_letters(base.value, n->value) ||
		    host_within(n->value, base.value, n->kind == CERT_NAME_URI);
	}
	if (any && !match)
		lint_found(l, true, "cert-name-constraint", "RFC 5280 4.2.1.10",
		    "permits %s, which its issuer does not",
		    quote(n->value).text);
}

static void
lint_constraints(struct lint *l)
{
	const struct cert_profile *p = l->profile;
	struct cert_name base;
	struct span trees[2];

	if (p->permitted_count && !l->ca)
		lint_found(l, true, "cert-name-constraint", "RFC 5280 4.2.1.10",
		    "name constraints without being a CA");
	for (size_t i = 0; i < p->permitted_count; i++) {
		struct span v = p->permitted[i].value;

		if (v.len && v.p[0] == '.')
			v = span_from(v, 1);
		if (!dns_name_valid(v, false))
			lint_found(l, true, "cert-name-constraint",
			    "RFC 5280 4.2.1.10",
			    "permitted name %s is no host or domain",
			    quote(v).text);
	}
	if (!l->issuer || !l->issuer->has_constraints)
		return;
	trees[0] = l->issuer->permitted;
	trees[1] = l->issuer->excluded;
	for (int i = 0; i < 2; i++)
		while (cert_subtree_next(&trees[i], &base))
			if (base.kind != CERT_NAME_DNS &&
			    base.kind != CERT_NAME_URI &&
			    base.kind != CERT_NAME_IP)
				lint_found(l, true, "cert-name-constraint",
				    "RFC 5280 4.2.1.10",
				    "the issuer limits a kind of name ([%u]) "
				    "that is not checked here",
				    base.kind);
	for (size_t i = 0; i < p->san_count; i++)
		lint_one_name(l, &p->san[i], "name");
	for (size_t i = 0; l->ca && i < p->permitted_count; i++)
		lint_nested_constraint(l, &p->permitted[i]);
}

void
lint_names(struct lint *l)
{
	lint_subject(l);
	lint_san(l);
	lint_constraints(l);
}
