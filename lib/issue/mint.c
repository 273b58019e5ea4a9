#include "issue/mint.h"

#include "issue/rules_internal.h"

#include <stdio.h>

static void
say(char *detail, const char *text)
{
	(void)snprintf(detail, MINT_DETAIL_MAX, "%s", text);
}

static const struct {
	const char *name;
	enum cert_attribute attribute;
} attributes[] = {
    {"CN", CERT_CN},
    {"O", CERT_O},
    {"OU", CERT_OU},
    {"C", CERT_C},
    {"L", CERT_L},
    {"ST", CERT_ST},
    {"serialNumber", CERT_SERIAL_NUMBER},
};

static enum cert_attribute
attribute_of(const char *name)
{
	size_t i = 0;

	while (i + 1 < sizeof(attributes) / sizeof(attributes[0]) &&
	    strcmp(attributes[i].name, name) != 0)
		i++;
	return attributes[i].attribute;
}

/** The names of a certificate while they are filled in. */
struct names {
	struct writer w;
	const struct placeholder_values *device;
	enum rc rc; /**< the first that went wrong */
	const char *missing;
};

static struct span
expand(struct names *n, const char *pattern)
{
	size_t before = n->w.len;

	if (n->rc == RC_OK)
		n->rc = placeholder_expand(&n->w, span_str(pattern), FORM_PLAIN,
		    n->device, &n->missing);
	return span_of(n->w.buf + before, n->w.len - before);
}

/** RFC 3986 section 3: a scheme, a colon and more, of URI characters alone.
 *  Any other endpoint has no place in a URI of the SAN. */
static bool
makes_uri(struct span s)
{
	size_t scheme = 0;

	while (scheme < s.len && s.p[scheme] != ':')
		scheme++;
	if (scheme == 0 || scheme + 1 >= s.len)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		bool digit = c >= '0' && c <= '9';

		if (i < scheme && !letter &&
		    (i == 0 || (!digit && c != '+' && c != '-' && c != '.')))
			return false;
		if (c <= 0x20 || c >= 0x7f || strchr("\"<>\\^`{|}", c))
			return false;
	}
	return true;
}

static void
fill_profile(struct mint *m, const struct policy_issue *issue, struct names *n)
{
	const struct policy_certificate *from = issue->profile;
	struct cert_profile *p = &m->profile;

	cert_profile_init(p, CERT_DEVICE);
	for (size_t i = 0; i < from->subject_count; i++)
		p->subject[p->subject_count++] =
		    (struct cert_rdn){attribute_of(from->subject[i].attribute),
			expand(n, from->subject[i].value)};
	if (from->san_uri) {
		struct span uri = expand(n, from->san_uri);

		if (makes_uri(uri))
			p->san[p->san_count++] =
			    (struct cert_name){CERT_NAME_URI, uri};
	}
	if (from->san_dns)
		p->san[p->san_count++] =
		    (struct cert_name){CERT_NAME_DNS, expand(n, from->san_dns)};
	p->eku = (from->client_auth ? CERT_CLIENT_AUTH : 0U) |
	    (from->server_auth ? CERT_SERVER_AUTH : 0U);
	p->key_usage = from->digital_signature ? CERT_DIGITAL_SIGNATURE : 0U;
	p->key_ids = from->key_ids;
	p->backdate_s = from->backdate_s;
	p->validity_s =
	    issue->validity_s >= 0 ? issue->validity_s : from->validity_s;
	/* rules_check.c has said so where it comes to that */
	p->clip = true;
}

_Static_assert(POLICY_FOREVER == CERT_FOREVER, "one word for no end");
_Static_assert((int)POLICY_SUBJECT_MAX <= (int)CERT_SUBJECT_MAX, "all fit");

enum rc
mint_draft(struct mint *m, const struct issue_authority *ca,
    const struct policy_issue *issue, const struct placeholder_values *device,
    struct span spki, int64_t now_s, char detail[static MINT_DETAIL_MAX])
{
	struct names n = {.device = device, .missing = ""};

	writer_init(&n.w, m->text, sizeof(m->text));
	fill_profile(m, issue, &n);
	if (n.rc == RC_NOT_FOUND) {
		(void)snprintf(detail, MINT_DETAIL_MAX,
		    "no list of devices: says the %s of the device, which its "
		    "certificate is to name",
		    n.missing);
		return RC_DENIED;
	}
	if (n.rc != RC_OK) {
		say(detail, "names of more bytes than a certificate holds");
		return RC_DENIED;
	}
	cert_draft_init(&m->draft, &m->profile, &ca->cert, spki, now_s);
	return RC_OK;
}

static enum rc
first_words(const struct cert_findings *f, char *detail)
{
	for (size_t i = 0; i < f->count; i++) {
		if (!f->list[i].error)
			continue;
		(void)snprintf(detail, MINT_DETAIL_MAX, "%.150s (%.40s)",
		    f->list[i].text, f->list[i].clause);
		break;
	}
	return RC_DENIED;
}

enum rc
mint_lint(const struct mint *m, char detail[static MINT_DETAIL_MAX])
{
	struct cert_findings f;

	if (cert_lint(&m->draft, &f) == RC_OK)
		return RC_OK;
	return first_words(&f, detail);
}

void
mint_describe(const struct mint *m, const struct issue_authority *ca,
    const struct policy_issue *issue, struct issue_credential *c)
{
	c->kind = CREDENTIAL_CERTIFICATE;
	c->ca = ca->document->name;
	c->profile = issue->profile->name;
	c->not_after_s = m->draft.not_after_s;
	digest_of(ca->cert.spki, c->issuer_key);
	memcpy(c->serial, m->draft.serial, sizeof(c->serial));
}

enum rc
mint_certificate(const struct issuer *i, const struct issue_authority *ca,
    const struct policy_issue *issue, const struct placeholder_values *device,
    struct device_key *pair, struct secret *der, struct issue_credential *c,
    char detail[static MINT_DETAIL_MAX])
{
	struct cert_findings findings = {0};
	struct mint m;
	struct writer w;
	enum rc rc = device_key_make(i->hsm, pair);

	if (rc == RC_OK)
		rc = secret_reserve(der, CERT_DER_MAX);
	if (rc == RC_OK)
		rc = mint_draft(&m, ca, issue, device,
		    span_of(pair->spki, sizeof(pair->spki)), i->now_s, detail);
	if (rc)
		return rc;
	writer_init(&w, der->bytes, der->cap);
	rc = cert_issue(i->hsm, &ca->key, &m.draft, &w, &findings);
	der->len = w.len;
	if (rc == RC_DENIED)
		return first_words(&findings, detail);
	if (rc == RC_MALFORMED)
		return RC_TOO_LARGE;
	/* the key is missing, another one, or of another kind: nothing that
	 * the device or its policy can help */
	if (rc && rc != RC_TOO_LARGE && rc != RC_MEMORY)
		return RC_TOKEN;
	if (rc)
		return rc;
	mint_describe(&m, ca, issue, c);
	digest_of(writer_span(&w), c->sha256);
	return RC_OK;
}

void
mint_sample_key(uint8_t spki[static P256_SPKI_LEN])
{
	/* The base point of P-256 (SEC 2, section 2.4.2). */
	static const uint8_t point[P256_POINT_LEN] = {0x04, 0x6b, 0x17, 0xd1,
	    0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4,
	    0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4,
	    0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2,
	    0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e,
	    0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6,
	    0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5};

	p256_spki_of(point, spki);
}

/** Of a DER value with so many bytes inside. */
static size_t
der_len(size_t contents)
{
	if (contents < 0x80)
		return contents + 2;
	return contents + (contents < 0x100 ? 3 : 4);
}

enum rc
mint_size(const struct issue_authority *ca, const struct policy_issue *issue,
    const struct placeholder_values *device, int64_t now_s, size_t *len,
    char detail[static MINT_DETAIL_MAX])
{
	uint8_t spki[P256_SPKI_LEN], tbs[CERT_DER_MAX];
	struct mint m;
	struct writer w;
	enum rc rc;

	mint_sample_key(spki);
	rc = mint_draft(
	    &m, ca, issue, device, span_of(spki, sizeof(spki)), now_s, detail);
	if (rc)
		return rc;
	/* a number with its highest bit set is a byte longer */
	memset(m.draft.serial, 0xff, sizeof(m.draft.serial));
	m.draft.has_serial = true;
	rc = mint_lint(&m, detail);
	if (rc)
		return rc;
	writer_init(&w, tbs, sizeof(tbs));
	if (cert_tbs(&m.draft, &w)) {
		say(detail, "a certificate that is too large to be written");
		return RC_DENIED;
	}
	/* the signature is a BIT STRING of no unused bits */
	*len = der_len(w.len + p256_sha256_algorithm.len +
	    der_len(1 + P256_SIGNATURE_DER_MAX));
	return RC_OK;
}
