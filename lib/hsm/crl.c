/* Revocation lists read, RFC 5280 section 5. */
#include "hsm/crl.h"
#include "hsm/p256.h"
#include "hsm/x509_internal.h"

static const char *const reasons[] = {
    [CRL_UNSPECIFIED] = "unspecified",
    [CRL_KEY_COMPROMISE] = "keyCompromise",
    [CRL_CA_COMPROMISE] = "cACompromise",
    [CRL_AFFILIATION_CHANGED] = "affiliationChanged",
    [CRL_SUPERSEDED] = "superseded",
    [CRL_CESSATION] = "cessationOfOperation",
    [CRL_HOLD] = "certificateHold",
    [CRL_PRIVILEGE_WITHDRAWN] = "privilegeWithdrawn",
    [CRL_AA_COMPROMISE] = "aACompromise",
};

enum {
	REASONS = sizeof(reasons) / sizeof(reasons[0]),
	REMOVE_FROM_CRL = 8, /* of delta lists alone */
	NUMBER_MAX = 20, /* bytes, 5.2.3 */
	VERSION_2 = 1,
};

const char *
crl_reason_name(unsigned reason)
{
	return reason < REASONS ? reasons[reason] : NULL;
}

enum rc
crl_reason_of(const char *name, enum crl_reason *out)
{
	for (unsigned i = 0; i < REASONS; i++) {
		if (!reasons[i] || strcmp(reasons[i], name) != 0)
			continue;
		*out = (enum crl_reason)i;
		return RC_OK;
	}
	return RC_NOT_FOUND;
}

/* `*unsupported`: well formed, but what it means is not known here. */
static void
read_entry(
    struct der_reader *list, struct crl_entry *e, bool *unsupported, bool v2)
{
	struct der_reader r, extensions;
	struct x509_extension x;
	uint64_t seen = 0;

	list->clause = "RFC 5280 5.1.2.6";
	*e = (struct crl_entry){0};
	r = der_enter(list, DER_SEQUENCE);
	e->serial = der_unsigned(&r, CERT_SERIAL_MAX, false);
	e->revoked_s = der_time(&r);
	if (!der_peek(&r)) {
		der_end(&r);
		return;
	}
	if (!v2)
		der_fail(&r, "extensions in a list of version 1");
	extensions = der_enter(&r, DER_SEQUENCE);
	if (!der_peek(&extensions))
		der_fail(&extensions, "no extension");
	while (x509_extension_next(&extensions, &x, &seen)) {
		struct der_reader v = x509_extension_reader(&extensions, &x);
		unsigned reason;

		if (x.ce != CE_REASON) {
			*unsupported = *unsupported || x.critical;
			continue;
		}
		v.clause = "RFC 5280 5.3.1";
		reason = der_small(&v, DER_ENUMERATED, REASONS - 1);
		if (der_ok(&v) && !reasons[reason] && reason != REMOVE_FROM_CRL)
			der_fail_at(&v, x.at, "no reason of that number");
		*unsupported = *unsupported || reason == REMOVE_FROM_CRL;
		e->reason = (enum crl_reason)reason;
		der_end(&v);
	}
	der_end(&r);
}

static void
read_entries(struct der_reader *tbs, struct crl *c, bool *unsupported, bool v2)
{
	struct der_reader list;
	struct crl_entry e;

	tbs->clause = "RFC 5280 5.1.2.6";
	if (der_peek(tbs) != DER_SEQUENCE)
		return;
	list = der_enter(tbs, DER_SEQUENCE);
	if (!der_peek(&list))
		der_fail(&list, "an empty list of certificates");
	c->entries = span_of(list.p, (size_t)(list.end - list.p));
	while (der_peek(&list)) {
		read_entry(&list, &e, unsupported, v2);
		c->entry_count++;
	}
}

static void
read_extensions(
    struct der_reader *tbs, struct crl *c, bool *unsupported, bool v2)
{
	struct der_reader outer, list;
	struct x509_extension x;
	uint64_t seen = 0;

	tbs->clause = "RFC 5280 5.1.2.7";
	if (!der_peek(tbs))
		return;
	if (!v2)
		der_fail(tbs, "extensions in a list of version 1");
	outer = der_enter(tbs, DER_CONTEXT_CONSTRUCTED);
	list = der_enter(&outer, DER_SEQUENCE);
	if (!der_peek(&list))
		der_fail(&list, "no extension");
	while (x509_extension_next(&list, &x, &seen)) {
		struct der_reader v = x509_extension_reader(&list, &x);

		if (x.ce == CE_CRL_NUMBER) {
			v.clause = "RFC 5280 5.2.3";
			c->number = der_unsigned(&v, NUMBER_MAX, true);
			der_end(&v);
		} else if (x.ce == CE_AUTHORITY_KEY_ID) {
			c->issuer_key_id = x509_authority_key_read(&v);
			der_end(&v);
		} else if (x.critical || x.ce == CE_DELTA_CRL) {
			*unsupported = true;
		}
	}
	der_end(&outer);
}

enum rc
crl_parse(struct span der, struct crl *out, struct der_fault *fault)
{
	bool unsupported = false, v2 = false;
	struct span algorithm;
	struct der_reader r;

	memset(out, 0, sizeof(*out));
	out->der = x509_signed_read(
	    der, &out->tbs, &out->algorithm, &out->signature, &r, fault);
	r.clause = "RFC 5280 5.1.2.1";
	if (der_peek(&r) == DER_INTEGER)
		v2 = der_small(&r, DER_INTEGER, VERSION_2) == VERSION_2;
	algorithm = x509_algorithm_read(&r);
	if (der_ok(&r) && !span_equal(algorithm, out->algorithm)) {
		r.clause = "RFC 5280 5.1.1.2";
		der_fail_at(&r, algorithm.p,
		    "a signature algorithm that is not the one signed");
	}
	out->issuer = x509_name_read(&r, NULL);
	r.clause = "RFC 5280 5.1.2.4";
	out->this_update_s = der_time(&r);
	/* RFC 5280 5.1.2.5: it MUST be there. */
	r.clause = "RFC 5280 5.1.2.5";
	out->next_update_s = der_time(&r);
	read_entries(&r, out, &unsupported, v2);
	read_extensions(&r, out, &unsupported, v2);
	der_end(&r);
	if (der_ok(&r) && !unsupported)
		return RC_OK;
	memset(out, 0, sizeof(*out));
	if (!der_ok(&r))
		return RC_MALFORMED;
	fault->what = "an extension that is not understood, a delta list, or "
		      "one of another issuer's certificates";
	fault->clause = "RFC 5280 5.2";
	return RC_UNSUPPORTED;
}

enum rc
crl_verify(const struct crl *c, const struct cert *issuer)
{
	if (!x509_name_same(c->issuer, issuer->subject))
		return RC_CONFLICT;
	if (c->issuer_key_id.len && issuer->key_id.len &&
	    !span_equal(c->issuer_key_id, issuer->key_id))
		return RC_CONFLICT;
	if (!issuer->is_ca ||
	    (issuer->has_key_usage && !(issuer->key_usage & CERT_CRL_SIGN)))
		return RC_DENIED;
	if (!span_equal(c->algorithm, p256_sha256_algorithm))
		return RC_UNSUPPORTED;
	return p256_verify_message(issuer->spki, c->tbs, c->signature);
}

bool
crl_next(struct span *rest, struct crl_entry *out)
{
	bool unsupported = false;
	struct der_fault fault;
	struct der_reader r;

	if (rest->len == 0)
		return false;
	/* Read before: it does not fail. */
	der_reader_init(&r, *rest, &fault);
	read_entry(&r, out, &unsupported, true);
	*rest =
	    der_ok(&r) ? span_of(r.p, (size_t)(r.end - r.p)) : span_of(NULL, 0);
	return der_ok(&r);
}

bool
crl_find(const struct crl *c, struct span serial, struct crl_entry *out)
{
	struct span rest = c->entries;

	while (serial.len && serial.p[0] == 0)
		serial = span_from(serial, 1);
	while (crl_next(&rest, out))
		if (span_equal(out->serial, serial))
			return true;
	return false;
}
