/* The certificates and requests of a ceremony: who signs them, what would be
 * signed, and what was. */
#include "ceremony_run.h"

#include "hsm/device_key.h"
#include "hsm/pem.h"
#include "hsm/trust.h"
#include "output.h"

#include <stdio.h>

enum {
	CHAIN_MAX = CEREMONY_STEPS_MAX + 1,
	PEM_MAX = 65536,
	SHOWN_MAX = 8192,
};

/** The certificate of who signs `s`. */
static struct pki_certificate *
issuer_file(struct run *r, const struct ceremony_step *s)
{
	return s->issuer.step ? &run_step(r, s->issuer.step)->own
			      : &run_step(r, s)->issuer;
}

const struct cert *
run_issuer(struct run *r, const struct ceremony_step *s)
{
	if (s->kind == CEREMONY_ROOT || s->kind == CEREMONY_REQUEST)
		return NULL;
	return &issuer_file(r, s)->cert;
}

int
run_certificate_need(struct run *r, const struct ceremony_step *s)
{
	int code = EX_OK;

	if (s->request)
		code = pki_request_read(s->request, &run_step(r, s)->request);
	for (; code == EX_OK && s->kind >= CEREMONY_ISSUING;
	     s = s->issuer.step) {
		const struct ceremony_step *by = s->issuer.step;

		if (by && (run_takes(r, by) || run_step(r, by)->has_own))
			return EX_OK;
		code = pki_certificate_read(
		    s->issuer.certificate, issuer_file(r, s));
		if (!by)
			break;
		run_step(r, by)->has_own = code == EX_OK;
	}
	return code;
}

/** A key in the place of one that is still to be made. */
static enum rc
stand_in(uint8_t spki[static P256_SPKI_LEN])
{
	struct device_key k = {0};
	struct secret seed = {0};
	enum rc rc = secret_reserve(&seed, DEVICE_KEY_SEED_LEN);

	if (rc == RC_OK) {
		random_bytes(seed.bytes, DEVICE_KEY_SEED_LEN);
		seed.len = DEVICE_KEY_SEED_LEN;
		rc = device_key_of(&seed, &k);
	}
	memcpy(spki, k.spki, sizeof(k.spki));
	device_key_fini(&k);
	secret_fini(&seed);
	return rc;
}

static void
log_findings(struct run *r, const struct cert_findings *f)
{
	if (f->count == 0)
		transcript_line(&r->log, "  lint: nothing");
	for (size_t i = 0; i < f->count; i++)
		transcript_line(&r->log, "  lint: %s %s: %s (%s)",
		    f->list[i].error ? "error" : "warning", f->list[i].code,
		    f->list[i].text, f->list[i].clause);
}

static int
lint(struct run *r, const struct ceremony_step *s, const struct cert_draft *d)
{
	struct cert_findings f;
	struct quoted at;
	int code = EX_OK;

	/* RC_DENIED stands for errors, which are counted here */
	if (cert_lint(d, &f) != RC_OK && f.errors == 0)
		return tool_fault(RC_BUG, "lint");
	if (r->dry)
		log_findings(r, &f);
	for (size_t i = 0; i < f.count; i++)
		if (f.list[i].error)
			code = tool_error(EX_DATAERR, NULL, "%s: %s: %s (%s)",
			    run_place(r, s, &at), f.list[i].code,
			    f.list[i].text, f.list[i].clause);
	return code;
}

/** A request must ask in the name that the reviewed file gives. */
static int
check_request(struct run *r, const struct ceremony_step *s)
{
	const struct csr *csr = &run_step(r, s)->request.csr;
	char text[1024];
	struct quoted at;
	struct writer w;

	if (!s->request ||
	    span_equal(csr->subject, run_step(r, s)->own.cert.subject))
		return EX_OK;
	writer_init(&w, text, sizeof(text) - 1);
	cert_print_dn(csr->subject, &w);
	text[w.len] = '\0';
	return tool_error(EX_DATAERR,
	    "ask whoever made it; or correct the subject in the file",
	    "%s: the request is of %s", run_place(r, s, &at), text);
}

/** All but a line of the stand-in's digest. */
static void
show(struct run *r, const struct ceremony_step *s, struct span text)
{
	static const char digest[] = "SHA-256 of the key";

	while (text.len > 0) {
		const uint8_t *end = memchr(text.p, '\n', text.len);
		size_t len = end ? (size_t)(end - text.p) : text.len;

		if (run_step(r, s)->key_known ||
		    !span_starts(text, SPAN_LIT("SHA-256 of the key")))
			transcript_line(&r->log, "    %.*s", (int)len,
			    (const char *)text.p);
		else
			transcript_line(
			    &r->log, "    %-20s(to be made)", digest);
		text = span_from(text, len + 1);
	}
}

static int
unwritable(struct run *r, const struct ceremony_step *s, enum rc rc)
{
	struct quoted at;

	if (rc == RC_MEMORY)
		return tool_fault(rc, "certificate");
	return tool_error(EX_DATAERR, "shorten its names",
	    "%s: a certificate that cannot be written: %s",
	    run_place(r, s, &at), rc_name(rc));
}

/** What would be signed, as if it were: for those below, and to be shown. */
static int
draft_as_own(struct run *r, const struct ceremony_step *s, struct cert_draft *d)
{
	struct run_step *state = run_step(r, s);
	struct der_fault fault;
	struct writer w;
	enum rc rc;

	memset(d->serial, 0x55, sizeof(d->serial));
	writer_init(&w, state->own.der, sizeof(state->own.der));
	rc = cert_tbs(d, &w);
	if (rc == RC_OK)
		rc = cert_parse_tbs(writer_span(&w), &state->own.cert, &fault);
	return rc == RC_OK ? EX_OK : unwritable(r, s, rc);
}

int
run_certificate_look(struct run *r, const struct ceremony_step *s)
{
	struct run_step *state = run_step(r, s);
	char text[SHOWN_MAX];
	struct cert_draft d;
	struct writer w;
	enum rc rc = RC_OK;
	int code;

	if (s->request) {
		memcpy(state->spki, state->request.csr.spki.p,
		    sizeof(state->spki));
		state->key_known = true;
	} else if (!state->key_known) {
		rc = stand_in(state->spki);
	}
	if (rc != RC_OK)
		return unwritable(r, s, rc);
	cert_draft_init(&d, &s->profile, run_issuer(r, s),
	    span_of(state->spki, sizeof(state->spki)), r->now_s);
	code = lint(r, s, &d);
	if (code == EX_OK)
		code = draft_as_own(r, s, &d);
	if (code == EX_OK)
		code = check_request(r, s);
	if (code != EX_OK || !r->dry)
		return code;
	writer_init(&w, text, sizeof(text));
	if (s->kind == CEREMONY_REQUEST) {
		cert_print_dn(state->own.cert.subject, &w);
		transcript_line(
		    &r->log, "  would be asked for: %.*s", (int)w.len, text);
		return EX_OK;
	}
	rc = cert_draft_print(&d, &w);
	if (rc != RC_OK)
		return unwritable(r, s, rc);
	transcript_line(&r->log, "  would be signed:");
	show(r, s, writer_span(&w));
	return EX_OK;
}

/** From the one who signed `s` up: DER, with the root or whoever is last. */
static size_t
chain_of(struct run *r, const struct ceremony_step *s,
    struct span chain[static CHAIN_MAX])
{
	size_t n = 0;

	while (s && s->kind >= CEREMONY_ISSUING && n < CHAIN_MAX) {
		chain[n++] = issuer_file(r, s)->cert.der;
		s = s->issuer.step;
	}
	return n;
}

/** As everybody will verify it, by OpenSSL, from the topmost that is known. */
static int
verify(struct run *r, const struct ceremony_step *s)
{
	const struct cert *own = &run_step(r, s)->own.cert;
	struct span chain[CHAIN_MAX];
	size_t n = chain_of(r, s, chain);
	struct trust *t = trust_new();
	struct trust_verdict verdict = {0};
	struct der_fault fault;
	struct quoted at;
	enum rc rc = t ? RC_OK : RC_MEMORY;

	if (rc == RC_OK)
		rc = trust_add(t, n ? chain[n - 1] : own->der, &fault);
	if (rc == RC_OK)
		rc = trust_verify(t, own->der, chain, n,
		    s->kind == CEREMONY_SERVER ? CERT_SERVER_AUTH : 0, r->now_s,
		    &verdict);
	trust_free(t);
	if (rc == RC_OK) {
		transcript_line(&r->log, "  OpenSSL verifies it%s",
		    n ? ", with all above it" : "");
		return EX_OK;
	}
	transcript_line(&r->log, "  OpenSSL does not verify it: %s",
	    verdict.text[0] ? verdict.text : rc_name(rc));
	return tool_error(EX_SOFTWARE, "it was not written",
	    "%s: OpenSSL does not verify it: %s", run_place(r, s, &at),
	    verdict.text[0] ? verdict.text : rc_name(rc));
}

static int
record_certificate(struct run *r, const struct ceremony_step *s)
{
	const struct cert *cert = &run_step(r, s)->own.cert;
	const struct cert *issuer = run_issuer(r, s);
	uint8_t sha256[3][DIGEST_LEN];
	char subject[1024], until[32];
	struct field f[16];
	struct writer w, t;
	size_t n = 0;

	digest_of(cert->der, sha256[0]);
	digest_of(cert->spki, sha256[1]);
	digest_of(issuer ? issuer->spki : cert->spki, sha256[2]);
	writer_init(&w, subject, sizeof(subject));
	cert_print_dn(cert->subject, &w);
	writer_init(&t, until, sizeof(until));
	der_print_time(&t, cert->not_after_s);
	f[n++] = F_TEXT("role", ceremony_kind_name(s->kind));
	f[n++] = F_TEXT("subject", writer_span(&w));
	f[n++] = F_BYTES("serial", cert->serial);
	f[n++] = F_TEXT("not_after", writer_span(&t));
	f[n++] = F_BYTES("fingerprint", span_of(sha256[0], DIGEST_LEN));
	f[n++] = F_BYTES("key", span_of(sha256[1], DIGEST_LEN));
	f[n++] = F_BYTES("issuer_key", span_of(sha256[2], DIGEST_LEN));
	f[n++] = F_TEXT("token", hsm_token_name(r->token.hsm));
	f[n++] = F_TEXT("file", s->out);
	return run_record(r, s, "certificate_signed", f, n);
}

/** A public file, whole or not at all; the row of the ledger comes first. */
static int
write_out(struct run *r, const struct ceremony_step *s, struct span pem,
    int (*record)(struct run *, const struct ceremony_step *))
{
	struct run_step *state = run_step(r, s);
	struct output o;
	char hex[HEX_TEXT_MAX];
	struct quoted q;
	int code = output_begin_public(&o, s->out, false);

	if (code == EX_OK)
		code = output_write(&o, pem);
	if (code == EX_OK)
		code = record(r, s);
	if (code == EX_OK)
		code = output_commit(&o, pem);
	output_end(&o);
	if (code != EX_OK) {
		transcript_line(
		    &r->log, "  not written: %s", quote_str(&q, s->out));
		return code;
	}
	digest_of(pem, state->sha256);
	state->written = true;
	transcript_line(&r->log, "  written: %s, %zu bytes, SHA-256 %s",
	    quote_str(&q, s->out), pem.len,
	    hex_text(hex, span_of(state->sha256, DIGEST_LEN)));
	return EX_OK;
}

static int
write_certificate(struct run *r, const struct ceremony_step *s)
{
	struct span chain[CHAIN_MAX];
	size_t n = s->chain ? chain_of(r, s, chain) : 0;
	char pem[PEM_MAX];
	struct writer w;

	writer_init(&w, pem, sizeof(pem));
	pem_write(&w, "CERTIFICATE", run_step(r, s)->own.cert.der);
	for (size_t i = 0; i < n; i++) {
		struct der_fault fault;
		struct cert c;

		/* a root is known to who verifies, or it is no root */
		if (cert_parse(chain[i], &c, &fault) == RC_OK &&
		    !span_equal(c.subject, c.issuer))
			pem_write(&w, "CERTIFICATE", chain[i]);
	}
	if (w.full)
		return unwritable(r, s, RC_TOO_LARGE);
	return write_out(r, s, writer_span(&w), record_certificate);
}

int
run_certificate_take(struct run *r, const struct ceremony_step *s)
{
	struct run_step *state = run_step(r, s);
	const struct ceremony_key *ca =
	    s->kind == CEREMONY_ROOT ? &s->key : &s->issuer.key;
	uint8_t der[CERT_DER_MAX];
	struct cert_findings findings = {0};
	char text[SHOWN_MAX];
	struct cert_draft d;
	struct writer w, shown;
	enum rc rc;
	int code = run_token(r, ca->token);

	if (code != EX_OK)
		return code;
	cert_draft_init(&d, &s->profile, run_issuer(r, s),
	    span_of(state->spki, sizeof(state->spki)), r->now_s);
	writer_init(&w, der, sizeof(der));
	rc = cert_issue(r->token.session, &ca->ref, &d, &w, &findings);
	log_findings(r, &findings);
	if (rc != RC_OK)
		return run_token_fault(r, rc);
	code = pki_certificate_take(s->out, writer_span(&w), &state->own);
	if (code != EX_OK)
		return code;
	state->has_own = true;
	writer_init(&shown, text, sizeof(text));
	cert_print(&state->own.cert, &shown);
	transcript_line(&r->log, "  signed:");
	transcript_text(&r->log, "    ", writer_span(&shown));
	code = verify(r, s);
	return code == EX_OK ? write_certificate(r, s) : code;
}

static int
record_request(struct run *r, const struct ceremony_step *s)
{
	uint8_t sha256[DIGEST_LEN];
	struct field f[16];
	size_t n = 0;

	digest_of(span_of(run_step(r, s)->spki, P256_SPKI_LEN), sha256);
	f[n++] = F_TEXT("label", (const char *)s->key.ref.label);
	f[n++] = F_BYTES("key", span_of(sha256, sizeof(sha256)));
	f[n++] = F_TEXT("file", s->out);
	return run_record(r, s, "request_signed", f, n);
}

int
run_request_take(struct run *r, const struct ceremony_step *s)
{
	uint8_t der[CSR_DER_MAX];
	char pem[PEM_MAX];
	struct writer w, p;
	enum rc rc;

	writer_init(&w, der, sizeof(der));
	rc = csr_sign(r->token.session, &s->key.ref, &s->profile, &w);
	if (rc != RC_OK)
		return run_token_fault(r, rc);
	writer_init(&p, pem, sizeof(pem));
	pem_write(&p, "CERTIFICATE REQUEST", writer_span(&w));
	return write_out(r, s, writer_span(&p), record_request);
}
