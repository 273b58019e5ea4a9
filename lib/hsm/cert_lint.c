/*
 * What must not be signed. Each finding has a code that does not change, the
 * clause, and words for whoever wrote the profile.
 */
#include "hsm/lint_internal.h"

#include <stdarg.h>
#include <stdio.h>

enum { SERIAL_BITS_MIN = 64 };

void
lint_found(struct lint *l, bool error, const char *code, const char *clause,
    const char *fmt, ...)
{
	struct cert_finding *f;
	va_list ap;

	l->out->errors += error;
	if (l->out->count == CERT_FINDINGS_MAX)
		return;
	f = &l->out->list[l->out->count++];
	f->error = error;
	f->code = code;
	f->clause = clause;
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
}

static void
lint_key(struct lint *l)
{
	if (p256_spki_check(l->draft->spki))
		lint_found(l, true, "cert-key", "RFC 5480 2.2",
		    "the public key is not a point on P-256");
	if (l->issuer && !l->issuer->p256)
		lint_found(l, true, "cert-issuer-key", "RFC 5480 2.2",
		    "the issuer's key is not on P-256");
	if (l->issuer && span_equal(l->issuer->spki, l->draft->spki))
		lint_found(l, true, "cert-key-reused", "RFC 5280 6.1",
		    "the subject has the issuer's key");
}

static void
lint_serial(struct lint *l)
{
	const uint8_t *serial = l->draft->serial;
	unsigned bits = 8 * CERT_SERIAL_LEN;

	if (!l->draft->has_serial)
		return;
	while (bits &&
	    !(serial[CERT_SERIAL_LEN - (bits + 7) / 8] >> (bits - 1) % 8 & 1))
		bits--;
	if (bits < SERIAL_BITS_MIN)
		lint_found(l, true, "cert-serial", "RFC 5280 4.1.2.2",
		    "a serial number of %u bits: 1 to %d bytes, not to be "
		    "guessed",
		    bits, CERT_SERIAL_MAX);
}

static void
lint_validity(struct lint *l)
{
	const struct cert_draft *d = l->draft;
	char text[2][24] = {{0}};
	struct writer w;

	if (d->not_before_s < 0 || d->not_after_s > DER_TIME_FOREVER ||
	    d->not_before_s >= d->not_after_s)
		lint_found(l, true, "cert-validity", "RFC 5280 4.1.2.5",
		    "notAfter is not after notBefore");
	else if (d->not_after_s <= d->now_s)
		lint_found(l, true, "cert-expired", "RFC 5280 4.1.2.5",
		    "it is over before it begins");
	if (!l->issuer)
		return;
	writer_init(&w, text[0], sizeof(text[0]) - 1);
	der_print_time(&w, d->not_after_s);
	writer_init(&w, text[1], sizeof(text[1]) - 1);
	der_print_time(&w, l->issuer->not_after_s);
	if (d->not_after_s > l->issuer->not_after_s)
		lint_found(l, true, "cert-validity-nesting", "RFC 5280 6.1.3",
		    "ends %s, its issuer %s: shorten the validity, or clip "
		    "it to the issuer's",
		    text[0], text[1]);
	if (d->not_before_s < l->issuer->not_before_s)
		lint_found(l, true, "cert-validity-nesting", "RFC 5280 6.1.3",
		    "begins before its issuer");
	if (d->now_s > l->issuer->not_after_s ||
	    d->now_s < l->issuer->not_before_s)
		lint_found(l, true, "cert-issuer-validity", "RFC 5280 6.1.3",
		    "the issuer is not valid now (until %s)", text[1]);
}

static void
lint_use(struct lint *l)
{
	const struct cert_profile *p = l->profile;
	unsigned sign = CERT_KEY_CERT_SIGN | CERT_CRL_SIGN;

	if (p->key_usage >> 9)
		lint_found(l, true, "cert-key-usage", "RFC 5280 4.2.1.3",
		    "key usage bits that do not exist");
	if (p->eku & ~(unsigned)(CERT_SERVER_AUTH | CERT_CLIENT_AUTH))
		lint_found(l, true, "cert-eku", "RFC 5280 4.2.1.12",
		    "an extended key usage that is not written here");
	if (l->ca && !(p->key_usage & CERT_KEY_CERT_SIGN))
		lint_found(l, true, "cert-key-usage", "RFC 5280 4.2.1.3",
		    "a CA without keyCertSign");
	if (!l->ca && p->key_usage & sign)
		lint_found(l, true, "cert-key-usage", "RFC 5280 4.2.1.9",
		    "keyCertSign or cRLSign without being a CA");
	if (!l->ca && p->key_usage && !(p->key_usage & CERT_DIGITAL_SIGNATURE))
		lint_found(l, true, "cert-key-usage", "RFC 8422 5.1",
		    "key usage without digitalSignature: no ECDSA handshake");
	if (p->key_usage & (CERT_KEY_ENCIPHERMENT | CERT_DATA_ENCIPHERMENT))
		lint_found(l, true, "cert-key-usage", "RFC 8813 3",
		    "encipherment with an EC key");
	if (l->ca && p->eku)
		lint_found(l, false, "cert-eku", "RFC 5280 4.2.1.12",
		    "extended key usage in a CA: some clients take it as a "
		    "limit, others do not");
	if (p->kind == CERT_SERVER && !(p->eku & CERT_SERVER_AUTH))
		lint_found(l, true, "cert-eku", "RFC 5280 4.2.1.12",
		    "a server without serverAuth");
	if (p->kind == CERT_DEVICE && p->eku && !(p->eku & CERT_CLIENT_AUTH))
		lint_found(l, true, "cert-eku", "RFC 5280 4.2.1.12",
		    "a device without clientAuth");
}

static void
lint_issuer(struct lint *l)
{
	const struct cert *i = l->issuer;

	if (!i) {
		if (l->profile->kind != CERT_ROOT)
			lint_found(l, true, "cert-issuer", "RFC 5280 6.1",
			    "only a root signs itself");
		return;
	}
	if (l->profile->kind == CERT_ROOT)
		lint_found(l, true, "cert-issuer", "RFC 5280 6.1",
		    "a root has no issuer but itself");
	if (!i->is_ca)
		lint_found(l, true, "cert-issuer", "RFC 5280 4.2.1.9",
		    "the issuer is not a CA");
	if (i->has_key_usage && !(i->key_usage & CERT_KEY_CERT_SIGN))
		lint_found(l, true, "cert-issuer", "RFC 5280 4.2.1.3",
		    "the issuer has no keyCertSign");
	if (i->has_eku && !(i->eku & CERT_ANY_EKU) && l->profile->eku & ~i->eku)
		lint_found(l, true, "cert-eku", "RFC 5280 4.2.1.12",
		    "an extended key usage that the issuer is not for");
	if (i->unknown_critical)
		lint_found(l, true, "cert-issuer", "RFC 5280 4.2",
		    "the issuer has a critical extension that is not "
		    "understood");
}

static void
lint_path(struct lint *l)
{
	const struct cert_profile *p = l->profile;
	int room = l->issuer ? l->issuer->path_len : -1;

	if (!l->ca) {
		if (p->path_len >= 0)
			lint_found(l, true, "cert-path-len", "RFC 5280 4.2.1.9",
			    "a path length without being a CA");
		return;
	}
	if (p->path_len < -1 || p->path_len > 255)
		lint_found(l, true, "cert-path-len", "RFC 5280 4.2.1.9",
		    "path length %d is not 0..255", p->path_len);
	if (room == 0)
		lint_found(l, true, "cert-path-len", "RFC 5280 4.2.1.9",
		    "the issuer's path length is 0: no CA below it");
	else if (room > 0 && (p->path_len < 0 || p->path_len >= room))
		lint_found(l, true, "cert-path-len", "RFC 5280 4.2.1.9",
		    "the issuer's path length is %d: this one's is at most %d",
		    room, room - 1);
	if (p->kind == CERT_ISSUING && p->path_len < 0)
		lint_found(l, false, "cert-path-len", "RFC 5280 4.2.1.9",
		    "an issuing CA without path length may make other CAs");
}

enum rc
cert_lint(const struct cert_draft *d, struct cert_findings *findings)
{
	struct lint l = {
	    .draft = d,
	    .profile = d->profile,
	    .issuer = d->issuer,
	    .out = findings,
	    .ca = d->profile->kind == CERT_ROOT ||
		d->profile->kind == CERT_ISSUING,
	};

	findings->count = findings->errors = 0;
	if (d->profile->subject_count > CERT_SUBJECT_MAX ||
	    d->profile->san_count > CERT_SAN_MAX ||
	    d->profile->permitted_count > CERT_PERMITTED_MAX) {
		lint_found(&l, true, "cert-too-many", "RFC 5280 4.1",
		    "more names than fit");
		return RC_DENIED;
	}
	lint_key(&l);
	lint_serial(&l);
	lint_validity(&l);
	lint_use(&l);
	lint_issuer(&l);
	lint_path(&l);
	lint_names(&l);
	return findings->errors ? RC_DENIED : RC_OK;
}
